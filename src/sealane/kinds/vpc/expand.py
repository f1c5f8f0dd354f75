"""A VPC as a router node and one host node for each instance."""

from sealane.kinds.vpc.security import IP_PROTOCOLS, WITH_PORTS, SecurityGroupSpec, SecurityRule
from sealane.kinds.vpc.spec import BLACK_HOLE, INSTANCE, Instance, Vpc, VpcRoute, VSwitch
from sealane.model import (
    FilterRule,
    Interface,
    InterfaceKind,
    Node,
    Platform,
    PortRange,
    Publisher,
    SecurityGroup,
    StaticRoute,
)
from sealane.net import Address, InterfaceAddress, NodeName, Prefix

TRANSIT = "tr"
_ANYWHERE = Prefix("0.0.0.0/0")
_GATEWAY_FROM_END = 3


def vswitch_gateway(vswitch: VSwitch) -> InterfaceAddress:
    """The cloud's own address in a vSwitch, third from the end: .253 of a /24."""
    last = int(vswitch.cidr_block.broadcast_address)
    return InterfaceAddress((last - _GATEWAY_FROM_END + 1, vswitch.cidr_block.prefixlen))


def vpc_node(
    spec: Vpc,
    name: NodeName,
    transfer: InterfaceAddress | None,
    transit_router: Address | None,
    publisher: NodeName | None = None,
) -> Node:
    """The VPC's router.

    Args:
        spec: The VPC.
        name: Its node name.
        transfer: Its address towards the transit router; None while it is not attached.
        transit_router: The transit router's address on that link; None likewise.
        publisher: The transit router's node name when it publishes its routes to the VPC, else None.
    """
    interfaces = [
        Interface(one.name, InterfaceKind.ETHERNET, (vswitch_gateway(one),), origin=one.at.origin)
        for one in sorted(spec.vswitches, key=lambda one: one.name)
    ]
    if transfer is not None:
        interfaces.append(Interface(TRANSIT, InterfaceKind.ETHERNET, (transfer,)))
    routes = sorted(spec.route_entries, key=lambda route: route.destination_cidr_block)
    statics = tuple(made for route in routes if (made := _static(spec, route, transit_router)) is not None)
    takes = None
    if publisher is not None and transit_router is not None:
        takes = Publisher(publisher, TRANSIT, transit_router)
    return Node(name, Platform.VPC, tuple(interfaces), statics, publisher=takes, label=spec.name, origin=spec.at.origin)


def _static(spec: Vpc, route: VpcRoute, transit_router: Address | None) -> StaticRoute | None:
    """None towards a transit router that the VPC is not attached to."""
    prefix, origin = route.destination_cidr_block, route.at.origin
    if route.next_hop == BLACK_HOLE:
        return StaticRoute(prefix, None, discard=True, origin=origin)
    instance = spec.instance(route.next_hop) if route.next_hop_type == INSTANCE else None
    if instance is not None:
        return StaticRoute(prefix, instance.private_ip_address, instance.vswitch, origin=origin)
    return None if transit_router is None else StaticRoute(prefix, transit_router, TRANSIT, origin=origin)


def instance_node(spec: Instance, vswitch: VSwitch, group: SecurityGroupSpec | None, name: NodeName) -> Node:
    """An instance with one interface and a default route."""
    address = InterfaceAddress((int(spec.private_ip_address), vswitch.cidr_block.prefixlen))
    return Node(
        name,
        Platform.HOST,
        (Interface("eth0", InterfaceKind.ETHERNET, (address,), origin=spec.at.of("private_ip_address")),),
        (StaticRoute(_ANYWHERE, vswitch_gateway(vswitch).ip, "eth0"),),
        security_group=_security_group(group) if group is not None else None,
        label=spec.name,
        origin=spec.at.origin,
    )


def _security_group(spec: SecurityGroupSpec) -> SecurityGroup:
    """Rules in deciding order: priority, then drop before accept, then as their values sort."""
    rules = sorted(spec.rules, key=lambda rule: (rule.priority, rule.policy == "accept", _tie(rule)))
    return SecurityGroup(
        spec.name,
        tuple(_rule(rule) for rule in rules if rule.direction == "ingress"),
        tuple(_rule(rule) for rule in rules if rule.direction == "egress"),
    )


def _tie(rule: SecurityRule) -> str:
    return f"{rule.ip_protocol} {rule.port_range} {rule.source_cidr_ip} {rule.dest_cidr_ip}"


def _rule(rule: SecurityRule) -> FilterRule:
    ports: PortRange | None = rule.port_range if rule.ip_protocol in WITH_PORTS else None
    return FilterRule(
        permit=rule.policy == "accept",
        protocol=IP_PROTOCOLS[rule.ip_protocol],
        source=rule.source_cidr_ip,
        destination=rule.dest_cidr_ip,
        destination_ports=ports,
        origin=rule.at.origin,
    )
