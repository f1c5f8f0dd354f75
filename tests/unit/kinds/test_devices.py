import json
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest
from corruptions import ASA

from sealane.diag import Origin
from sealane.kinds import expand, psk_sources, read_plan
from sealane.kinds.plan import Plan
from sealane.model import (
    DeviceReading,
    Dpd,
    Encryption,
    EspProposal,
    IkeProposal,
    Integrity,
    Interface,
    InterfaceKind,
    Network,
    Node,
    Platform,
    StaticRoute,
    TunnelEnd,
)
from sealane.net import NodeName, Secret

CONFIG = "cgw.asa.cfg"
IKE = IkeProposal(2, (Encryption.AES128,), (Integrity.SHA1,), (Integrity.SHA1,), (14,), 86400)
ESP = EspProposal((Encryption.AES128,), (Integrity.SHA1,), 14, 86400)


def port(name: str, address: str, kind: InterfaceKind = InterfaceKind.ETHERNET, line: int = 1) -> Interface:
    return Interface(name, kind, (IPv4Interface(address),), origin=Origin(CONFIG, line))


def tunnel(index: int, local: str, remote: str) -> TunnelEnd:
    return TunnelEnd(f"Tunnel{index}", f"Tunnel{index}", IPv4Interface(f"169.254.{index}0.2/30"), IPv4Address(local),
                     f"Loopback{index}", IPv4Address(remote), IKE, ESP, local, remote, None, Dpd(10, 30),
                     initiates=True, origin=Origin(CONFIG, 40 + index))


NODE = Node(
    NodeName("cgw"),
    Platform.ASA,
    (
        port("GigabitEthernet0/0", "10.0.0.2/30", line=3),
        port("GigabitEthernet0/2", "192.168.50.215/24", line=7),
        port("Loopback1", "192.168.10.136/24", InterfaceKind.LOOPBACK),
        port("Loopback2", "192.168.40.159/24", InterfaceKind.LOOPBACK),
    ),
    tunnel_ends=(tunnel(1, "192.168.10.136", "10.10.10.49"), tunnel(2, "192.168.40.159", "10.10.10.50")),
)


def plan() -> Plan:
    found, findings = read_plan(ASA, "plan.yaml")
    assert found is not None
    assert not findings
    return found


def codes(node: Node) -> list[str]:
    _, findings = expand(plan(), {"dc": DeviceReading(node, (), ())})
    return [one.code for one in findings]


def changed(index: int, interface: Interface) -> Node:
    interfaces = list(NODE.interfaces)
    interfaces[index] = interface
    return replace(NODE, interfaces=tuple(interfaces))


DEFECTS = {
    "SITE-021": changed(1, port("GigabitEthernet0/1", "192.168.50.215/24")),
    "SITE-022": changed(1, port("GigabitEthernet0/2", "192.168.50.215/24", InterfaceKind.LOOPBACK)),
    "SITE-023": changed(0, port("GigabitEthernet0/0", "10.0.0.1/30")),
    "SITE-024": changed(1, port("GigabitEthernet0/2", "192.168.51.215/24")),
    "SITE-025": changed(1, port("GigabitEthernet0/2", "192.168.50.216/24")),
    "SITE-026": replace(
        NODE,
        interfaces=(*NODE.interfaces, port("GigabitEthernet0/3", "192.168.11.1/24")),
        static_routes=(StaticRoute(IPv4Network("10.9.0.0/16"), IPv4Address("192.168.11.2"), "GigabitEthernet0/3"),),
    ),
    "SITE-027": replace(NODE, platform=Platform.ROUTER),
    "SITE-028": changed(2, port("Loopback1", "192.168.10.137/24", InterfaceKind.LOOPBACK)),
    "SITE-029": replace(NODE, tunnel_ends=(NODE.tunnel_ends[0], tunnel(2, "192.168.40.159", "10.10.10.51"))),
}


@pytest.mark.parametrize("code", DEFECTS)
def test_a_defect_of_a_configuration_yields_one_code(code: str) -> None:
    assert codes(DEFECTS[code]) == [code]


def test_swapped_circuit_addresses_are_called_swapped() -> None:
    network, findings = expand(plan(), {"dc": DeviceReading(DEFECTS["SITE-023"], (), ())})
    assert network is not None
    assert str(findings[0]) == (
        "warning SITE-023 device cgw, port GigabitEthernet0/0: has 10.0.0.1, which is VBR's own: the two ends are "
        "swapped; expected 10.0.0.2\n"
        "  fix: configure 10.0.0.2 on GigabitEthernet0/0\n"
        f"  at:  cgw.asa.cfg:1, plan.yaml:{line_of('GigabitEthernet0/0')}, plan.yaml:{line_of('peer_gateway_ip')}"
    )


def line_of(text: str) -> int:
    return ASA[: ASA.index(text)].count("\n") + 1


def test_a_device_that_was_not_read_is_an_error() -> None:
    network, findings = expand(plan(), {})
    assert network is None
    assert [one.code for one in findings] == ["SITE-020"]


def test_a_plan_with_errors_is_not_expanded() -> None:
    broken, _ = read_plan(ASA.replace("vlan_id: 0", "vlan_id: 9999"), "plan.yaml")
    assert broken is not None
    network, findings = expand(broken, {"dc": DeviceReading(NODE, (), ())})
    assert network is None
    assert [one.code for one in findings] == ["PLAN-040"]


def network(secrets: dict[str, Secret] | None = None) -> Network:
    found, findings = expand(plan(), {"dc": DeviceReading(NODE, (), ())}, secrets)
    assert found is not None
    assert not findings
    return found


def test_a_masked_key_is_taken_from_the_other_end_and_a_shown_one_is_kept() -> None:
    keys = {name: Secret(f"key of {name}") for name in psk_sources(plan())}
    assert [end.psk for end in network(keys).node("cgw").tunnel_ends] == list(keys.values())
    shown = replace(NODE, tunnel_ends=(replace(NODE.tunnel_ends[0], psk=Secret("own")), NODE.tunnel_ends[1]))
    found, _ = expand(plan(), {"dc": DeviceReading(shown, (), ())}, keys)
    assert found is not None
    assert found.node("cgw").tunnel_ends[0].psk == Secret("own")


def test_bfd_stays_off_towards_a_device_that_cannot() -> None:
    router = network().node("tr").transit_router
    assert router is not None
    assert {one.bfd for one in router.attachment("VPN-Attachment").neighbors} == {None}


def test_the_figures_of_the_use_case() -> None:
    found = network()
    router = found.node("tr")
    assert router.transit_router is not None
    assert [(str(end.local), str(end.remote), str(end.inside)) for end in router.tunnel_ends] == [
        ("10.10.10.49", "192.168.10.136", "169.254.10.1/30"),
        ("10.10.10.50", "192.168.40.159", "169.254.20.1/30"),
    ]
    assert {end.initiates for end in router.tunnel_ends} == {False}
    assert {end.table for end in router.tunnel_ends} == {"system"}
    assert [end.ike.dh_groups for end in router.tunnel_ends] == [(14,), (14,)]
    assert [(n.local_asn, n.remote_asn, n.keepalive_s, n.hold_time_s) for n in
            router.transit_router.attachment("VPN-Attachment").neighbors] == [(65534, 65530, 2, 6)] * 2
    assert [str(one) for one in router.transit_router.attachment("VPC-Attachment").prefixes] == [
        "172.16.10.0/24", "172.16.20.0/24", "172.16.30.0/24"]
    assert [str(route.prefix) for route in router.transit_router.tables[0].routes] == [
        "192.168.10.136/32", "192.168.40.159/32"]
    vbr = found.node("vbr")
    assert vbr.vbr is not None
    assert str(vbr.interface("circuit").addresses[0]) == "10.0.0.1/30"
    assert [str(route.prefix) for route in vbr.vbr.circuit_routes] == ["192.168.0.0/16"]
    assert [str(found.node(name).interface("eth0").addresses[0].ip) for name in ("ecs1", "ecs2", "client")] == [
        "172.16.10.225", "172.16.10.226", "192.168.20.6"]
    assert [str(route.prefix) for route in found.node("vpc").static_routes] == [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
    (line,) = found.circuits
    assert (line.cloud.node, line.site and line.site.interface) == ("vbr", "GigabitEthernet0/0")
    (promise,) = found.protections
    assert [list(map(str, side)) for side in (promise.cloud, promise.site)] == [["172.16.0.0/16"], ["192.168.20.0/24"]]


@pytest.mark.parametrize("name", ["eth0#", '"eth0"', "eth0'", "-n", "eth0;", "eth\\0", "a\x1bb", "$(id)"])
def test_an_interface_s_name_is_one_word_of_ip(name: str) -> None:
    """ip(8) in a batch cuts lines at a number sign, takes quotes away, and options begin with a hyphen."""
    written = ASA.replace("port: {rehearsal: true}", f"port: {{interface: {json.dumps(name)}}}")
    assert written != ASA
    _, findings = read_plan(written, "plan.yaml")
    assert "PC-005" in {one.code for one in findings}
