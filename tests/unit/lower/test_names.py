import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.lower import linux_names, namespace, network_prefix
from sealane.lower.names import slug, table_numbers, tunnel_names

# Names that meet: long common beginnings, letters that slugs drop, words of ip(8), digits only.
STEMS = ("VPN-Attachment", "vpn-attachment", "vpn attachment", "GigabitEthernet0/0", "GigabitEthernet0/1", "eth0", "up",
         "lo", "any", "7", "", "--", "東京", "a" * 15, "a" * 16, "a" * 17)
names = st.sampled_from(STEMS) | st.text(alphabet="ab-/0 É", max_size=18)
VALID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?")


@given(st.lists(names, unique=True))
def test_every_linux_name_is_valid_and_unique(found: list[str]) -> None:
    linux = linux_names(found)
    assert set(linux) == set(found)
    assert len(set(linux.values())) == len(found)
    for name in linux.values():
        assert VALID.fullmatch(name), name
        assert not name.isdigit()
        assert name not in {"lo", "up", "down", "any", "all", "default"}


@given(st.lists(names, unique=True), st.randoms(use_true_random=False))
def test_linux_names_do_not_depend_on_order_or_repetition(found: list[str], rng: object) -> None:
    shuffled = found * 2
    rng.shuffle(shuffled)
    assert linux_names(shuffled) == linux_names(found)


@given(st.lists(names, unique=True), st.lists(names, unique=True))
def test_adding_names_renames_only_what_they_collide_with(old: list[str], more: list[str]) -> None:
    before, after = linux_names(old), linux_names([*old, *more])
    added = {slug(name) for name in set(more) - set(old)}
    assert all(after[name] == before[name] for name in old if slug(name) not in added)


@given(st.text(max_size=40))
def test_a_slug_is_plain_and_its_own_slug(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(text))
    assert slug(slug(text)) == slug(text)


@given(st.lists(st.text(alphabet="ab/-0123456789", min_size=1, max_size=30), unique=True, max_size=8))
def test_tunnel_names_are_valid_unique_and_independent_of_each_other(found: list[str]) -> None:
    linux = tunnel_names(found)
    assert len(set(linux.values())) == len(found)
    for name, short in linux.items():
        assert VALID.fullmatch(short), short
        assert tunnel_names([name])[name] == short


def test_a_tunnel_keeps_the_number_of_its_name_where_people_look() -> None:
    assert tunnel_names(["IPsecConnection/tunnel-2"])["IPsecConnection/tunnel-2"].startswith("ipsec2-")
    assert tunnel_names(["backup"])["backup"].startswith("ipsec-")


@given(st.lists(st.text(max_size=12), unique=True, max_size=20))
def test_table_numbers_are_unique_and_clear_of_the_kernels(others: list[str]) -> None:
    numbers = table_numbers("system", [name for name in others if name != "system"])
    assert numbers["system"] == 100
    assert len(set(numbers.values())) == len(numbers)
    assert not set(numbers.values()) & {0, 50, 220, 253, 254, 255}


@given(names, names)
def test_no_name_can_pass_for_the_linux_name_of_another_or_of_a_tunnel(one: str, other: str) -> None:
    taken = linux_names([one])[one]
    for name in (taken, tunnel_names([other])[other]):
        found = linux_names([one, name])
        assert name == one or found[name] != found[one]
    tunnel = tunnel_names([other])[other]
    assert linux_names([tunnel])[tunnel] != tunnel


WRONG = {
    "cut without a checksum": (
        lambda found: {name: slug(name)[:15].rstrip("-") for name in found},
        test_every_linux_name_is_valid_and_unique),
    "not cut": (
        lambda found: {name: f"{slug(name)}-{number}x" for number, name in enumerate(sorted(found))},
        test_every_linux_name_is_valid_and_unique),
    "numbered in order": (
        lambda found: {name: f"eth{number}" for number, name in enumerate(sorted(set(found)))},
        test_adding_names_renames_only_what_they_collide_with),
    "numbered as given": (
        lambda found: {name: f"eth{number}" for number, name in enumerate(found)},
        test_linux_names_do_not_depend_on_order_or_repetition),
}


@pytest.mark.parametrize("bug", WRONG)
def test_a_wrong_way_of_naming_breaks_a_law(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, law = WRONG[bug]
    monkeypatch.setitem(globals(), "linux_names", wrong)
    with pytest.raises((AssertionError, ExceptionGroup)):
        law()


@pytest.mark.parametrize(("network", "node"), [("a", "b"), ("hangzhou", "tr"), ("a-b", "c")])
def test_a_namespace_belongs_to_exactly_its_network(network: str, node: str) -> None:
    assert namespace(network, node).startswith(network_prefix(network))
    assert not namespace(f"{network}-x", node).startswith(network_prefix(network))
