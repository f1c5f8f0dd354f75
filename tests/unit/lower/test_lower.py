import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lower_sample import ROOT, RUN, example, lowered, with_end, with_node

from agreed_text import Agreed
from sealane.diag import Origin
from sealane.lower import EspBackend, Lowered
from sealane.model import (
    Attachment,
    AttachmentKind,
    Interface,
    InterfaceKind,
    Mode,
    Network,
    Node,
    Platform,
    StaticRoute,
)
from sealane.net import Address, NodeName, Prefix
from sealane.plan import (
    AddressSpec,
    BirdSpec,
    CableSpec,
    CharonSpec,
    ConnectionSpec,
    FilterSpec,
    FrrSpec,
    Key,
    Kind,
    Payload,
    RouteSpec,
    RuleSpec,
)

KERNEL, USERSPACE = EspBackend.KERNEL, EspBackend.USERSPACE
EXAMPLES = ("hangzhou", "hangzhou-gateway", "bgp-on-vbr", "load-balancing", "active-standby")
BOTH = pytest.mark.parametrize("name", EXAMPLES)
EITHER = pytest.mark.parametrize("esp", list(EspBackend))


def by_key(result: Lowered) -> dict[Key, Payload]:
    return {resource.key: resource.payload for resource in result.resources}


def interfaces(result: Lowered) -> list[tuple[str, str]]:
    """(namespace, name) of every end of every link, TUNs included."""
    found = []
    for resource in result.resources:
        match resource.payload:
            case CableSpec(space, name):
                found += [(resource.key.namespace, resource.key.name), (space, name)]
            case CharonSpec(_, tun) if tun is not None:
                found.append((tun.namespace, tun.name))
            case _ if resource.key.kind is Kind.LINK:
                found.append((resource.key.namespace, resource.key.name))
    return found


@BOTH
@EITHER
def test_every_interface_has_a_name_of_its_own_that_linux_takes(name: str, esp: EspBackend) -> None:
    found = interfaces(lowered(example(name), esp))
    assert len(set(found)) == len(found)
    assert all(0 < len(interface) <= 15 and not set(interface) & set("/: \t") for _, interface in found)


@BOTH
@EITHER
def test_nothing_is_made_without_what_it_stands_on(name: str, esp: EspBackend) -> None:
    result = lowered(example(name), esp)
    keys, ends = by_key(result), set(interfaces(result))
    spaces = {key.namespace for key in keys if key.kind is Kind.NAMESPACE}
    assert len(keys) == len(result.resources)
    for key, payload in keys.items():
        assert key.namespace in spaces
        match payload:
            case AddressSpec() | RouteSpec() | RuleSpec() if payload.interface is not None:
                assert (key.namespace, payload.interface) in ends, key
            case ConnectionSpec():
                assert Key(Kind.CHARON, key.namespace, "") in keys


@BOTH
def test_the_back_ends_agree_on_every_byte_of_the_routing_daemons(name: str) -> None:
    kernel, userspace = (
        {key: payload for key, payload in by_key(lowered(example(name), esp)).items()
         if isinstance(payload, BirdSpec | FrrSpec)}
        for esp in (KERNEL, USERSPACE)
    )
    assert kernel == userspace
    routers = [node for node in example(name).nodes if node.bgp or node.vbr or node.transit_router]
    assert len(kernel) == len(routers)


@BOTH
def test_the_back_ends_differ_only_in_what_carries_esp(name: str) -> None:
    network = example(name)
    kernel, userspace = lowered(network, KERNEL), lowered(network, USERSPACE)
    one, other = by_key(kernel), by_key(userspace)
    endpoints = {end.charon for end in userspace.ends.values()}
    tunnels = {(end.router, end.interface) for end in kernel.ends.values()}
    outer = {(end.router, end.outer_interface) for end in kernel.ends.values()}
    sources = {f"{end.end.local}/32" for end in kernel.ends.values()}
    for key in {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}:
        payload = one.get(key, other.get(key))
        match payload:
            case FilterSpec():
                assert key.name in {"inet sealane_mss", "inet sealane_stateful"}
            case RuleSpec():
                assert (key.namespace, payload.interface) in outer or payload.source in sources
            case CharonSpec() | ConnectionSpec():
                pass
            case AddressSpec():
                assert (key.namespace, payload.interface) in outer | tunnels or key.namespace in endpoints
            case _ if key.kind is Kind.LINK:
                assert (key.namespace, key.name) in outer | tunnels
            case _:
                assert key.namespace in endpoints, key


@BOTH
@EITHER
def test_lowering_is_the_same_each_time(name: str, esp: EspBackend) -> None:
    assert lowered(example(name), esp) == lowered(example(name), esp)


words = st.text(alphabet="ab-1", min_size=1, max_size=20).map(lambda text: f"n{text}n")


def names_of(result: Lowered) -> dict[tuple[str, str], str]:
    return {(place.node.name, name): linux for place in result.places.values() for name, linux in place.names.items()}


def assert_nothing_was_renamed(before: Lowered, after: Lowered) -> None:
    assert names_of(before).items() <= names_of(after).items()
    assert {name: place.namespace for name, place in before.places.items()}.items() <= {
        name: place.namespace for name, place in after.places.items()
    }.items()
    was, now = by_key(before), by_key(after)
    assert was.keys() <= now.keys()
    links = (Kind.NAMESPACE, Kind.LINK, Kind.ADDRESS, Kind.RULE, Kind.ROUTE, Kind.CHARON, Kind.CONNECTION)
    assert {key: one for key, one in was.items() if key.kind in links}.items() <= now.items()


@settings(max_examples=20, deadline=None)
@given(words, words, st.sampled_from(EspBackend))
def test_adding_a_node_changes_no_other(name: str, port: str, esp: EspBackend) -> None:
    network = example()
    node = Node(NodeName(name), Platform.HOST, (Interface(port, InterfaceKind.ETHERNET),))
    assert_nothing_was_renamed(lowered(network, esp), lowered(with_node(network, node), esp))


@settings(max_examples=20, deadline=None)
@given(words, st.sampled_from(EspBackend), st.sampled_from((None, "system")))
def test_adding_an_attachment_changes_no_other(name: str, esp: EspBackend, table: str | None) -> None:
    network = example()
    node = network.node("tr")
    attachment = Attachment(name, AttachmentKind.VPC, "x", None, (name,), table, (), auto_publish=False)
    router = replace(node.transit_router, attachments=(*node.transit_router.attachments, attachment))
    port = Interface(name, InterfaceKind.ETHERNET)
    more = replace(node, transit_router=router, interfaces=(*node.interfaces, port))
    assert_nothing_was_renamed(lowered(network, esp), lowered(with_node(network, more), esp))


@settings(max_examples=20, deadline=None)
@given(words, st.sampled_from(EspBackend))
def test_adding_a_tunnel_changes_no_other(name: str, esp: EspBackend) -> None:
    network = example()
    end = replace(network.node("tr").tunnel_ends[0], name=name, interface=name, local=Address("10.10.10.77"))
    assert_nothing_was_renamed(lowered(network, esp), lowered(with_end(network, "tr", end), esp))


def first_end(network: Network, name: str, **changes: object) -> Network:
    return with_end(network, name, replace(network.node(name).tunnel_ends[0], **changes))


def test_a_kernel_tunnel_is_as_large_as_the_path_allows_and_a_user_space_one_at_most_1400() -> None:
    for name in EXAMPLES:
        assert {end.mtu_bytes for end in lowered(example(name), KERNEL).ends.values()} == {1438}
        assert {end.mtu_bytes for end in lowered(example(name), USERSPACE).ends.values()} == {1400}


def test_the_narrowest_circuit_decides_the_inner_mtu() -> None:
    network = example()
    narrow = replace(network, circuits=tuple(replace(one, mtu_bytes=1300) for one in network.circuits))
    assert {end.mtu_bytes for end in lowered(narrow, KERNEL).ends.values()} == {1230}
    assert {end.mtu_bytes for end in lowered(narrow, USERSPACE).ends.values()} == {1230}


def test_the_segment_size_is_the_least_of_tunnel_end_and_device() -> None:
    network = example("hangzhou-gateway")
    key = ("tr", network.node("tr").tunnel_ends[0].name)
    assert lowered(network, KERNEL).ends[key].mss_bytes == 1398
    assert lowered(first_end(network, "tr", mss_bytes=1300), KERNEL).ends[key].mss_bytes == 1300
    assert lowered(first_end(network, "tr", mss_bytes=1500), KERNEL).ends[key].mss_bytes == 1398
    assert {end.mss_bytes for (node, _), end in lowered(example(), USERSPACE).ends.items() if node == "cgw"} == {1350}


def test_a_stated_mtu_over_1400_is_refused_in_user_space_only() -> None:
    network = first_end(example(), "tr", mtu_bytes=1401, origin=Origin("plan.yaml", 7))
    assert lowered(network, KERNEL).findings == ()
    (finding,) = lowered(network, USERSPACE).findings
    assert str(finding) == (
        "error ESP-001 tunnel IPsecConnection/tunnel-1 of tr: inner MTU 1401, but ESP in user space loses packets over "
        "1400\n"
        "  fix: set 1400 or less, or run with --esp kernel on a kernel that has ESP\n"
        "  at:  plan.yaml:7"
    )


def test_a_stated_mtu_of_1400_is_taken() -> None:
    network = first_end(example(), "tr", mtu_bytes=1400)
    assert lowered(network, USERSPACE).findings == ()
    assert lowered(network, KERNEL).ends["tr", "IPsecConnection/tunnel-1"].mtu_bytes == 1400


def test_two_tunnels_on_one_outer_address_are_refused_in_user_space_only() -> None:
    network = example()
    second = network.node("tr").tunnel_ends[1]
    shared = first_end(network, "tr", local=second.local, origin=None)
    shared = with_end(shared, "tr", replace(second, origin=Origin("plan.yaml", 9)))
    assert lowered(shared, KERNEL).findings == ()
    (finding,) = lowered(shared, USERSPACE).findings
    assert str(finding) == (
        "error ESP-002 tunnel IPsecConnection/tunnel-2 of tr: shares the outer address 10.10.10.50 with "
        "IPsecConnection/tunnel-1; in user space every tunnel needs its own\n"
        "  fix: give each tunnel its own outer address, or run with --esp kernel\n"
        "  at:  plan.yaml:9"
    )


def test_the_mode_of_the_host_reaches_the_meters_and_nothing_else() -> None:
    plain, required = (by_key(lowered(example(), KERNEL, mode=mode)) for mode in (None, Mode.REQUIRED))
    assert {key.name for key in plain if plain[key] != required[key]} == {"inet sealane_meter"}


def test_every_circuit_port_has_a_meter_of_its_own() -> None:
    keys = by_key(lowered(example("load-balancing"), USERSPACE))
    found = {(key.namespace, key.name) for key in keys if key.name.startswith("inet sealane_meter")}
    assert found == {
        ("sealane.load-balancing.vbr1", "inet sealane_meter"),
        ("sealane.load-balancing.vbr2", "inet sealane_meter"),
        ("sealane.load-balancing.cgw", "inet sealane_meter_vbr1"),
        ("sealane.load-balancing.cgw", "inet sealane_meter_vbr2"),
    }
    for space, name in found:
        port = name.removeprefix("inet sealane_meter").removeprefix("_") or "circuit"
        assert f'iifname "{port}"' in keys[Key(Kind.FILTER, space, name)].text  # type: ignore[union-attr]


def test_a_changed_key_changes_that_connection_and_nothing_else() -> None:
    plain = by_key(lowered(example(), KERNEL))
    changed = by_key(lowered(example(), KERNEL, psk_digests={("tr", "IPsecConnection/tunnel-2"): "abc"}))
    (key,) = (key for key in plain if plain[key] != changed[key])
    assert (key.kind, key.namespace) == (Kind.CONNECTION, "sealane.hangzhou.tr")
    assert key.name.startswith("ipsec2-")


def test_without_initiating_every_connection_waits() -> None:
    waiting = by_key(lowered(example(), KERNEL, tunnels_initiate=False)).values()
    asking = by_key(lowered(example(), KERNEL)).values()
    assert {one.initiate for one in waiting if isinstance(one, ConnectionSpec)} == {False}
    assert {one.initiate for one in asking if isinstance(one, ConnectionSpec)} == {False, True}


def test_no_key_is_part_of_a_resource() -> None:
    for esp in EspBackend:
        for end in (end for node in example().nodes for end in node.tunnel_ends if end.psk is not None):
            assert end.psk.reveal() not in repr(lowered(example(), esp).resources)


def shown(key: Key, payload: Payload) -> str:
    """A line per resource; texts of daemons and filters have golden files of their own."""
    match payload:
        case BirdSpec() | FrrSpec() | FilterSpec():
            return str(key)
        case CharonSpec(_, tun):
            return f"{key}: {tun or 'kernel ESP'}"
        case ConnectionSpec(settings, psk, _, initiate):
            child = json.loads(settings)["children"]["child"]
            return f"{key}: if_id {child.get('if_id_in')}, key of {psk}, {'initiates' if initiate else 'waits'}"
    return f"{key}: {payload}"


@EITHER
def test_the_example_is_made_of_these_resources(esp: EspBackend, agreed: Agreed) -> None:
    text = "\n".join(sorted(shown(key, payload) for key, payload in by_key(lowered(example(), esp)).items())) + "\n"
    agreed(Path(__file__).parent / "golden" / f"hangzhou-{esp.value}.txt", text)
    assert str(ROOT) not in text
    assert RUN not in text


def test_a_router_without_a_daemon_discards_in_the_kernel() -> None:
    router = example("hangzhou-gateway").node("core-router")
    route = StaticRoute(Prefix("192.168.0.0/16"), None, discard=True)
    network = with_node(example("hangzhou-gateway"), replace(router, static_routes=(*router.static_routes, route)))
    found = by_key(lowered(network, USERSPACE))
    key = Key(Kind.ROUTE, "sealane.hangzhou-gateway.core-router", "254 192.168.0.0/16")
    assert found[key] == RouteSpec(254, "192.168.0.0/16", None, None, discard=True)
