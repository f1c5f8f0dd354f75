import re
from dataclasses import replace

import pytest

from sealane.drivers.linux import write
from sealane.drivers.linux.driver import LinuxDriver, _made, _removed
from sealane.plan import (
    AddressSpec,
    BridgeSpec,
    CableSpec,
    Delete,
    Key,
    Kind,
    Payload,
    RealPortSpec,
    Resource,
    RouteSpec,
    RuleSpec,
    Update,
    XfrmSpec,
)

KEY = Key(Kind.LINK, "space", "link")
CABLE = CableSpec("peer-space", "peer", 1400, "sw0", "sw1")
KINDS = (CABLE, BridgeSpec(1500), XfrmSpec(7, 1438), RealPortSpec("eth1", 0, 1500), RealPortSpec("eth1", 10, 1500))


def test_a_cable_is_made_at_once_with_both_ends_in_their_namespaces() -> None:
    ((where, line),) = write.link_itself(KEY, CABLE)
    assert where is None
    assert re.sub(r" address 02(:[0-9a-f]{2}){5}\b", "", line) == (
        "link add name link mtu 1400 netns space type veth peer name peer mtu 1400 netns peer-space")
    assert list(write.link_settings(KEY, CABLE)) == [
        ("space", 'link set dev link alias "sealane cable peer-space peer 1400 sw0 sw1"'),
        ("peer-space", 'link set dev peer alias "sealane far-end"'),
        ("space", "link set dev link master sw0"),
        ("peer-space", "link set dev peer master sw1"),
        ("peer-space", "link set dev peer up"),
    ]
    assert list(write.link_finish(KEY, CABLE)) == [("space", "link set dev link up")]


def test_a_cable_that_is_made_again_has_the_addresses_that_its_neighbors_know() -> None:
    def addresses(key: Key, cable: CableSpec) -> list[str]:
        ((_, line),) = write.link_itself(key, cable)
        return re.findall(r" address (\S+)", line)

    one = addresses(KEY, CABLE)
    assert addresses(KEY, replace(CABLE, mtu_bytes=1300)) == one
    other = addresses(Key(Kind.LINK, "space", "link2"), replace(CABLE, peer_name="peer2"))
    assert len({*one, *other}) == 4


@pytest.mark.parametrize("payload", KINDS)
def test_a_name_that_is_a_word_of_ip_is_taken_for_a_name(payload: Payload) -> None:
    """``ip link add type ...`` would take the name ``type`` for its own word; ``name`` and ``dev`` stand before it."""
    key = Key(Kind.LINK, "space", "type")
    made = [*write.link_itself(key, payload), *write.link_settings(key, payload), *write.link_finish(key, payload)]
    lines = [*made, *write.unmake_link(key, payload)]
    for _, line in lines:
        words = line.split()
        for at, word in enumerate(words):
            if word == "type" and words[at + 1 : at + 2] not in (["veth"], ["bridge"], ["xfrm"], ["vlan"]):
                assert words[at - 1] in {"name", "dev"}, line


@pytest.mark.parametrize("payload", KINDS)
def test_a_link_whose_making_was_cut_short_is_not_taken_for_whole(payload: Payload) -> None:
    """Both ends are in different namespaces, whose lines are carried out side by side: what tells comes after them."""
    before, last = list(write.link_settings(KEY, payload)), list(write.link_finish(KEY, payload))
    mark = next(line for _, line in (*before, *last) if " alias " in line)
    assert mark.startswith('link set dev link alias "sealane ')
    if isinstance(payload, XfrmSpec):
        assert last == [("space", "link set dev link down"), ("space", mark)]
    else:
        assert before[0] == ("space", mark)
        assert last == [("space", "link set dev link up")]
        assert ("space", "link set dev link up") not in before


def test_an_xfrm_interface_has_its_id() -> None:
    assert list(write.link_itself(KEY, XfrmSpec(7, 1438))) == [
        ("space", "link add name link type xfrm dev lo if_id 7")
    ]


def test_a_real_port_is_moved_in_and_given_back_under_its_old_name() -> None:
    port = RealPortSpec("eth1", 0, 1500)
    assert list(write.link_itself(KEY, port)) == [(None, "link set dev eth1 netns space name link")]
    back = f"link set dev link down alias '' name eth1 netns {write.HOME}"
    assert write.remove_link(KEY, port) == ("space", back)
    assert list(write.unmake_link(KEY, port)) == [("space", back)]


def test_a_tagged_real_port_is_a_subinterface_that_is_simply_deleted() -> None:
    port = RealPortSpec("eth1", 10, 1500)
    assert list(write.link_itself(KEY, port)) == [(None, "link add link eth1 name link netns space type vlan id 10")]
    assert write.remove_link(KEY, port) == ("space", "link del dev link")


def test_both_ends_of_an_unfinished_cable_are_taken_away() -> None:
    assert list(write.unmake_link(KEY, CABLE)) == [
        ("peer-space", "link del dev peer"), ("space", "link del dev link")
    ]


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (RuleSpec(100, "x", 7), "pref 100 from all iif x lookup 7"),
        (RuleSpec(101, "x", None), "pref 101 from all iif x unreachable"),
        (RuleSpec(50, None, 50, "10.0.0.1/32"), "pref 50 from 10.0.0.1/32 lookup 50"),
    ],
)
def test_a_rule_is_removed_by_all_that_it_was_made_of(spec: RuleSpec, line: str) -> None:
    assert write.make_rule(spec) == f"rule add {line}"
    assert write.remove_rule(spec) == f"rule del {line}"


def test_a_route_carries_our_protocol_number_so_that_it_is_known_again() -> None:
    route = RouteSpec(100, "10.9.0.0/16", "10.66.0.1", "x", onlink=True)
    assert write.make_route(route) == "route replace 10.9.0.0/16 via 10.66.0.1 dev x onlink table 100 proto 83"
    assert write.remove_route(route) == "route del 10.9.0.0/16 table 100 proto 83"
    connected = RouteSpec(254, "10.0.0.0/8", None, "x")
    assert write.make_route(connected) == "route replace 10.0.0.0/8 dev x table 254 proto 83"


def test_a_route_that_discards_is_a_black_hole_and_removed_like_any_other() -> None:
    route = RouteSpec(254, "192.168.0.0/16", None, None, discard=True)
    assert write.make_route(route) == "route replace blackhole 192.168.0.0/16 table 254 proto 83"
    assert write.remove_route(route) == "route del 192.168.0.0/16 table 254 proto 83"


def test_an_address_is_replaced_so_that_making_it_twice_succeeds() -> None:
    spec = AddressSpec("x", "10.0.0.1/24")
    assert write.make_address(spec) == "address replace 10.0.0.1/24 dev x"
    assert write.remove_address(spec) == "address del 10.0.0.1/24 dev x"


@pytest.mark.parametrize(
    ("route", "interface"),
    [
        (RouteSpec(254, "10.0.0.0/8", "10.1.0.1", "x"), None),
        (RouteSpec(254, "10.0.0.0/8", "10.1.0.1", "x", onlink=True), "x"),
        (RouteSpec(254, "10.0.0.0/8", None, "x"), "x"),
    ],
)
def test_the_egress_counts_only_where_no_next_hop_decides_it(route: RouteSpec, interface: str | None) -> None:
    driver = LinuxDriver("sealane.x.")
    canonical = driver.canonical(Resource(Key(Kind.ROUTE, "s", "r"), route))
    assert canonical.payload.interface == interface
    assert driver.canonical(canonical) == canonical


ADDRESS = AddressSpec("x", "10.0.0.1/24")
AT = Key(Kind.ADDRESS, "s", "x 10.0.0.1/24")


def test_what_is_only_made_again_is_never_taken_away_meanwhile() -> None:
    """With an interface's last address the kernel drops the routes of daemons, who do not put them back."""
    again = Update(AT, ADDRESS, ADDRESS)
    assert list(_removed(again)) == []
    assert list(_made(again)) == [("s", "address replace 10.0.0.1/24 dev x")]
    assert list(_removed(Delete(AT, ADDRESS))) == [("s", "address del 10.0.0.1/24 dev x")]


def test_a_rule_that_changes_goes_before_it_comes_since_the_kernel_keeps_both() -> None:
    change = Update(Key(Kind.RULE, "s", "100 iif x from -"), RuleSpec(100, "x", 7), RuleSpec(100, "x", 8))
    assert list(_removed(change)) == [("s", "rule del pref 100 from all iif x lookup 7")]
    assert list(_made(change)) == [("s", "rule add pref 100 from all iif x lookup 8")]
