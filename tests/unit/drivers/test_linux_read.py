from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import example, recorded, recorded_json
from sealane.drivers.linux.driver import LinuxDriver
from sealane.drivers.linux.read import (
    FAR_END,
    KernelHop,
    KernelRoute,
    alias_of,
    check_far_ends,
    is_whole,
    payload_of,
    read_carrier,
    read_far_ends,
    read_filters,
    read_foreign,
    read_links,
    read_own,
    read_routes,
    read_rules,
    read_tables,
    rule_name,
)
from sealane.lower import EspBackend, LowerOptions, lower
from sealane.plan import (
    AddressSpec,
    BridgeSpec,
    CableSpec,
    FilterSpec,
    Key,
    Kind,
    NamespaceSpec,
    RealPortSpec,
    Resource,
    RouteSpec,
    RuleSpec,
    XfrmSpec,
)

CABLE = CableSpec("slu-2", "far1", 1400, "sw0", "sw1")


@pytest.mark.parametrize(
    ("ends", "whole"),
    [
        ({("slu-2", "far1"): (1400, "sw1")}, True),
        ({}, False),
        ({("slu-3", "far1"): (1400, "sw1")}, False),
        ({("slu-2", "far1"): (1300, "sw1")}, False),
        ({("slu-2", "far1"): (1400, None)}, False),
    ],
)
def test_a_cable_whose_far_end_is_not_there_is_made_anew(
    ends: dict[tuple[str, str], tuple[int, str | None]], whole: bool
) -> None:
    """A namespace deleted by name lives on with the daemon in it, and the cable to it has a carrier all the same."""
    others = [resource(Kind.LINK, "sw0", BridgeSpec(1500)), resource(Kind.ROUTE, "x", AddressSpec("x", "10.0.0.1"))]
    found = list(check_far_ends([resource(Kind.LINK, "c1", CABLE), *others], ends))
    assert found == [resource(Kind.LINK, "c1", CABLE if whole else replace(CABLE, mtu_bytes=0)), *others]


def test_far_ends_are_read_by_their_alias() -> None:
    answer = recorded_json("linux/scratch-address.json")
    assert set(read_far_ends("slu-1", answer)) == {("slu-1", link["ifname"]) for link in answer
                                                  if link.get("ifalias") == FAR_END}
    assert read_far_ends("slu-1", [{"ifname": "a", "ifalias": FAR_END, "mtu": 1400, "master": "sw0"}]) == {
        ("slu-1", "a"): (1400, "sw0")}


names = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,14}", fullmatch=True)
sizes = st.integers(68, 65535)
links = (
    st.builds(CableSpec, names, names, sizes, st.none() | names, st.none() | names)
    | st.builds(BridgeSpec, sizes)
    | st.builds(RealPortSpec, names, st.integers(0, 4094), sizes)
    | st.builds(XfrmSpec, st.integers(1, 2**31), sizes)
)


@given(links)
def test_an_alias_gives_the_link_back(payload: CableSpec | BridgeSpec | RealPortSpec | XfrmSpec) -> None:
    assert payload_of(alias_of(payload)) == payload


@given(links)
def test_an_alias_fits_the_kernel_and_one_quoted_word(payload: CableSpec) -> None:
    assert len(alias_of(payload)) < 256
    assert '"' not in alias_of(payload)


@pytest.mark.parametrize("alias", ["", FAR_END, "uplink to rack 7", "sealane", "other bridge 1500", "sealane bridge"])
def test_an_alias_that_makes_no_link_of_ours_is_none(alias: str) -> None:
    assert payload_of(alias) is None


def test_only_links_have_aliases() -> None:
    with pytest.raises(TypeError, match="NamespaceSpec is not a link"):
        alias_of(NamespaceSpec(forwarding=True))


def resource(kind: Kind, name: str, payload: object) -> Resource:
    return Resource(Key(kind, "slu-1", name), payload)


def test_links_and_addresses_are_read_and_foreign_ones_passed_over() -> None:
    answer = recorded_json("linux/scratch-address.json")
    assert {link["ifname"] for link in answer} >= {"lo", "far2"}
    assert set(read_links("slu-1", answer)) == {
        resource(Kind.LINK, "sw0", BridgeSpec(1500)),
        resource(Kind.LINK, "c1", CableSpec("slu-2", "far1", 1400, "sw0", None)),
        resource(Kind.ADDRESS, "sw0 10.1.0.1/24", AddressSpec("sw0", "10.1.0.1/24")),
        resource(Kind.ADDRESS, "sw0 10.2.0.1/30", AddressSpec("sw0", "10.2.0.1/30")),
        resource(Kind.ADDRESS, "sw0 192.0.2.1/32", AddressSpec("sw0", "192.0.2.1/32")),
    }


@pytest.mark.parametrize("lost", ["UP", "LOWER_UP"])
def test_a_cable_that_is_down_at_either_end_is_made_anew(lost: str) -> None:
    answer = recorded_json("linux/scratch-address.json")
    for link in answer:
        link["flags"] = [one for one in link["flags"] if one != lost]
    found = {one.key.name: one.payload for one in read_links("slu-1", answer)}
    assert found["c1"] == CableSpec("slu-2", "far1", 0, "sw0", None)
    assert found["sw0"] == BridgeSpec(0 if lost == "UP" else 1500)


def test_a_namespace_is_whole_once_lo_is_up() -> None:
    answer = recorded_json("linux/tr-address.json")
    assert is_whole(answer)
    (lo,) = (link for link in answer if link["ifname"] == "lo")
    lo["flags"] = ["LOOPBACK"]
    assert not is_whole(answer)
    assert not is_whole([])


def test_rules_are_read_as_they_were_made_without_the_kernels_and_charons() -> None:
    assert [one.payload for one in read_rules("slu-1", recorded_json("linux/scratch-rule.json"))] == [
        RuleSpec(50, None, 50),
        RuleSpec(100, "sw0", 100),
        RuleSpec(100, None, 4711, "10.1.0.0/24"),
        RuleSpec(101, "sw0", None),
        RuleSpec(102, None, 254, "192.0.2.1/32"),
        RuleSpec(32800, None, 100),
    ]


def test_a_rule_is_named_by_all_that_tells_it_from_others() -> None:
    found = [one.key.name for one in read_rules("slu-1", recorded_json("linux/scratch-rule.json"))]
    assert found[1:3] == ["100 iif sw0 from -", "100 iif - from 10.1.0.0/24"]
    assert rule_name(RuleSpec(1, None, None)) == "1 iif - from -"
    assert len(set(found)) == len(found)


def test_our_routes_are_read_with_full_prefixes_and_numbers_of_tables() -> None:
    assert [one.payload for one in read_routes("slu-1", recorded_json("linux/scratch-route.json"))] == [
        RouteSpec(50, "192.0.2.7/32", None, "sw0"),
        RouteSpec(100, "10.9.0.0/16", "10.66.0.1", "sw0", onlink=True),
        RouteSpec(254, "0.0.0.0/0", "10.1.0.254", "sw0"),
        RouteSpec(254, "10.3.0.0/24", "10.2.0.2", "sw0"),
    ]


def test_a_route_that_discards_is_read_as_it_was_made() -> None:
    """The answer of iproute2 6.1 to what ``make_route`` writes; older kernels name lo."""
    for more in ({}, {"dev": "lo"}):
        answer = [{"type": "blackhole", "dst": "192.168.0.0/16", "flags": [], **more}]
        (found,) = read_routes("slu-1", answer)
        assert found.key.name == "254 192.168.0.0/16"
        assert found.payload == RouteSpec(254, "192.168.0.0/16", None, None, discard=True)


SCRATCH_DIGEST = "9d6098f78b276aee"


def test_a_filter_is_read_by_its_digest_a_half_made_one_without_and_a_foreign_one_not_at_all() -> None:
    assert list(read_filters("slu-1", recorded("linux/scratch-filters.nft"))) == [
        resource(Kind.FILTER, "inet sealane_x", FilterSpec(SCRATCH_DIGEST)),
        resource(Kind.FILTER, "inet sealane_half", FilterSpec("")),
    ]
    assert list(read_filters("slu-1", "")) == []


@pytest.mark.parametrize("node", ["tr", "cgw", "ecs1", "scratch"])
def test_a_filter_of_which_anything_was_changed_by_hand_is_not_as_it_was_made(node: str) -> None:
    """A chain that is flushed lets everything pass; its table and its digest's chain are still there."""
    listing = recorded(f"linux/{node}-filters.nft")
    lines = listing.splitlines()
    whole = {one.key: one.payload for one in read_filters("slu-1", listing)}
    told = [place for place, line in enumerate(lines) if line.startswith("\t\t")]
    assert told
    for place in told:
        for instead in ([], ["\t\taccept"]):
            changed = "\n".join([*lines[:place], *instead, *lines[place + 1 :]]) + "\n"
            found = {one.key: one.payload for one in read_filters("slu-1", changed)}
            different = [key for key in whole if found[key] != whole[key]]
            assert [found[key] for key in different] == [FilterSpec("")], lines[place]


def test_the_order_of_a_set_is_nobody_s_doing() -> None:
    listing = recorded("linux/scratch-filters.nft")
    assert "{ 80, 443 }" in listing
    assert list(read_filters("s", listing.replace("{ 80, 443 }", "{ 443, 80 }"))) == list(read_filters("s", listing))


@pytest.mark.parametrize("change", [{"mtu": 1300}, {"master": "sw9"}, {"master": None}])
def test_a_link_that_is_not_as_its_alias_says_is_to_be_made_anew(change: dict[str, object]) -> None:
    answer = recorded_json("linux/scratch-address.json")
    (cable,) = (link for link in answer if link["ifname"] == "c1")
    cable |= change
    found = {one.key.name: one.payload for one in read_links("slu-1", answer) if one.key.kind is Kind.LINK}
    assert found["c1"] == CableSpec("slu-2", "far1", 0, "sw0", None)
    assert found["sw0"] == BridgeSpec(1500)


@pytest.mark.parametrize("node", ["tr", "cgw", "ecs1", "tr-t1"])
def test_a_namespace_reads_back_as_what_it_was_lowered_to(node: str) -> None:
    """The recordings are of the same example; digests are left out, since filters may be written otherwise by now."""
    network = example("hangzhou-gateway")
    options = LowerOptions(EspBackend.USERSPACE, "/run/sealane/unit-rec")
    driver = LinuxDriver("sealane.hangzhou-gateway.")

    def plain(one: Resource) -> tuple[Key, object]:
        payload = FilterSpec("") if isinstance(one.payload, FilterSpec) else one.payload
        if isinstance(payload, CableSpec):
            space = payload.peer_namespace.replace("sealane.unit-rec.", "sealane.hangzhou-gateway.")
            payload = CableSpec(space, payload.peer_name, payload.mtu_bytes, payload.master, payload.peer_master)
        return one.key, payload

    space = f"sealane.hangzhou-gateway.{'tr-t1-282bd' if node == 'tr-t1' else node}"
    wanted = {
        plain(driver.canonical(one))
        for one in lower(network, options).resources
        if one.key.namespace == space and one.key.kind in driver.handles - {Kind.NAMESPACE}
    }
    found = [
        *read_links(space, recorded_json(f"linux/{node}-address.json")),
        *read_rules(space, recorded_json(f"linux/{node}-rule.json")),
        *read_routes(space, recorded_json(f"linux/{node}-route.json")),
        *read_filters(space, recorded(f"linux/{node}-filters.nft")),
    ]
    assert {plain(driver.canonical(one)) for one in found} == wanted


def test_tables_hold_what_forwards_or_discards_and_of_several_routes_the_one_in_use() -> None:
    answer = recorded_json("linux/cgw-tables.json")
    tables = read_tables(answer)
    assert set(tables) == {254}
    assert tables[254]["172.16.10.0/24"] == KernelRoute(
        "172.16.10.0/24",
        (KernelHop("ipsec1-8eaee", "169.254.10.1", lost=False), KernelHop("ipsec2-1bb54", "169.254.20.1", lost=False)),
        "bgp",
        20,
    )
    assert tables[254]["10.10.10.49/32"].hops == (KernelHop("vbr", "10.0.0.1", lost=False),)
    better = {"dst": "172.16.10.0/24", "type": "blackhole", "protocol": "boot", "flags": []}
    worse = {"dst": "172.16.10.0/24", "dev": "vbr", "metric": 30, "flags": ["linkdown"]}
    assert read_tables([*answer, better, worse])[254]["172.16.10.0/24"].hops == ()
    assert read_tables([{"dst": "default", "dev": "vbr", "flags": ["dead", "linkdown"], "table": "100"}]) == {
        100: {"0.0.0.0/0": KernelRoute("0.0.0.0/0", (KernelHop("vbr", None, lost=True),), "", 0)}
    }


def test_own_addresses_are_known_with_their_interfaces() -> None:
    own = read_own(recorded_json("linux/cgw-tables.json"))
    assert own["10.0.0.2"] == "vbr"
    assert own["192.168.50.215"] == "private"
    assert "192.168.50.255" not in own, "a broadcast address is nobody's"


def test_an_interface_has_carrier_when_it_is_up_and_its_far_end_is_too() -> None:
    answer = recorded_json("linux/cgw-links.json")
    assert set(read_carrier(answer).values()) == {True}
    lost = [{"ifname": "vbr", "flags": ["NO-CARRIER", "UP"], "linkinfo": {"info_kind": "veth"}},
            {"ifname": "alone", "flags": ["NO-CARRIER", "UP"], "linkinfo": {"info_kind": "bridge"}},
            {"ifname": "private", "flags": ["BROADCAST"]}]
    assert read_carrier(lost) == {"vbr": False, "alone": True, "private": False}


def test_what_is_foreign_is_told_in_words_and_ours_is_not() -> None:
    """As iproute2 6.1 answers for routes that were written by hand."""
    routes = [
        {"dst": "192.168.20.6", "dev": "circuit", "table": "100", "protocol": "boot", "scope": "link", "flags": []},
        {"dst": "default", "gateway": "10.0.0.1", "dev": "x", "protocol": "static", "flags": []},
        {"type": "blackhole", "dst": "10.0.0.0/8", "protocol": "boot", "flags": []},
        {"dst": "0.0.0.0/1", "dev": "ipsec0", "table": "220", "protocol": "static", "flags": []},  # charon's own
    ]
    assert list(read_foreign("slu-1", routes, recorded("linux/scratch-filters.nft"))) == [
        "route 192.168.20.6/32 dev circuit table 100 in slu-1",
        "route 0.0.0.0/0 via 10.0.0.1 dev x in slu-1",
        "route 10.0.0.0/8 in slu-1",
        "table inet other in slu-1",
    ]
    for node in ("tr", "cgw", "ecs1", "tr-t1"):
        assert not list(read_foreign(node, [], recorded(f"linux/{node}-filters.nft")))
