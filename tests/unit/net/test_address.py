from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.net import (
    contains,
    host_prefix,
    is_short_name,
    overlaps,
    parse_address,
    parse_interface_address,
    parse_prefix,
)

# Close together, so that prefixes often touch, nest and are equal.
prefixes = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.integers(0x0A000000, 0x0A00000F),
    st.integers(24, 32),
)


@given(st.text(max_size=20) | st.from_regex(r"[0-9./]{1,18}", fullmatch=True))
def test_no_text_raises_and_what_is_read_prints_itself(text: str) -> None:
    for parse in (parse_address, parse_prefix, parse_interface_address):
        value = parse(text)
        assert value is None or parse(str(value)) == value


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.256", "010.0.0.1", "::1", "10.0.0.1/33", "10.0.0.1/24", "1"])
def test_what_is_no_prefix_is_none(text: str) -> None:
    assert parse_prefix(text) is None


def test_a_prefix_may_be_given_by_a_dotted_mask() -> None:
    assert str(parse_prefix("10.0.0.0/255.255.255.252")) == "10.0.0.0/30"
    assert str(parse_interface_address("10.0.0.1/255.255.255.252")) == "10.0.0.1/30"


@given(prefixes, prefixes)
def test_overlap_is_a_shared_address_and_containing_is_all_of_them(one: IPv4Network, other: IPv4Network) -> None:
    assert overlaps(one, other) == bool(set(one) & set(other))
    assert contains(one, other) == (set(other) <= set(one))


def test_a_host_prefix_holds_its_address_alone() -> None:
    address = parse_address("192.0.2.1")
    assert list(host_prefix(address)) == [address]


@pytest.mark.parametrize(
    ("name", "short"),
    [("a", True), ("a-1", True), ("a" * 32, True), ("a" * 33, False), ("", False), ("-a", False), ("a-", False),
     ("A", False), ("a.b", False), ("a\n", False), ("a_b", False), ("é", False)],
)
def test_a_short_name_is_lower_case_digits_and_inner_hyphens(name: str, short: bool) -> None:
    assert is_short_name(name) == short
