"""Names: every name that is used is written somewhere, and no name is written twice in one scope."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from sealane.kinds.transit_router import BLACK_HOLE, TransitRouterSpec
from sealane.kinds.vpc import ATTACHMENT, INSTANCE
from sealane.spec import Notes, Places, did_you_mean

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan


class _Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def at(self) -> Places: ...


def check_references(plan: "Plan", notes: Notes) -> None:
    """Every reference of the plan, and every scope of names."""
    _check_scopes(plan, notes)
    resolver = _Resolver(notes)
    _check_vpcs(plan, resolver)
    _check_circuits(plan, resolver)
    if plan.transit_router is not None:
        _check_transit_router(plan, plan.transit_router, resolver)
    _check_route_maps(plan, resolver)
    gateways = _names(plan.customer_gateways)
    for connection in plan.ipsec_connections:
        for index, tunnel in enumerate(connection.tunnels, 1):
            resolver.check(f"ipsec connection {connection.name} tunnels[{index}]", "customer_gateway",
                           tunnel.customer_gateway, gateways, tunnel.at)


class _Resolver:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def check(self, subject: str, key: str, name: str | None, known: Iterable[str], at: Places) -> None:
        """Note a name that nothing has; a name whose thing could not be read is let pass."""
        candidates = known if isinstance(known, frozenset) else frozenset(known)
        if name is None or not self._notes.is_unknown(name, candidates):
            return
        close = did_you_mean(name, candidates)
        remedy = f"did you mean {close}?" if close else (
            "known are " + ", ".join(sorted(candidates)) if candidates else "write it into the plan first")
        self._notes.error("PLAN-030", subject, f"{key} names {name!r}, which is unknown", remedy, at.of(key))


def _names(things: Iterable[_Named]) -> list[str]:
    return [thing.name for thing in things]


def _check_scopes(plan: "Plan", notes: Notes) -> None:
    _once("physical connection", plan.physical_connections, notes)
    _once("customer gateway", plan.customer_gateways, notes)
    _once("ipsec connection", plan.ipsec_connections, notes)
    _once("site", plan.sites, notes)
    _once("protection", plan.protections, notes)
    for vpc in plan.vpcs:
        _once("vSwitch", vpc.vswitches, notes)
        _once("security group", vpc.security_groups, notes)
    for vbr in plan.virtual_border_routers:
        _once("BGP group", vbr.bgp_groups, notes)
    for site in plan.sites:
        _once("network", site.networks, notes)
    router = plan.transit_router
    if router is not None:
        _once("route table", router.route_tables, notes)
        _once("attachment", tuple(router.attachments), notes)


def _once(what: str, things: Sequence[_Named], notes: Notes) -> None:
    seen: dict[str, _Named] = {}
    for thing in things:
        if thing.name in seen:
            notes.error("PLAN-031", f"{what} {thing.name}", "its name is written twice, expected one of each",
                        "rename one of the two", thing.at.of("name"), seen[thing.name].at.of("name"))
        seen[thing.name] = thing


def _check_vpcs(plan: "Plan", resolver: _Resolver) -> None:
    attached = plan.transit_router.attachments.vpc if plan.transit_router is not None else ()
    for vpc in plan.vpcs:
        own = frozenset(one.name for one in attached if one.vpc == vpc.name)
        switches, groups = frozenset(_names(vpc.vswitches)), frozenset(_names(vpc.security_groups))
        hops = {ATTACHMENT: own | {BLACK_HOLE}, INSTANCE: frozenset((*_names(vpc.instances), BLACK_HOLE))}
        for index, route in enumerate(vpc.route_entries, 1):
            known = hops[route.next_hop_type]
            if route.next_hop not in known:
                resolver.check(f"vpc {vpc.name} route_entries[{index}]", "next_hop", route.next_hop, known, route.at)
        for instance in vpc.instances:
            subject = f"instance {instance.name}"
            resolver.check(subject, "vswitch", instance.vswitch, switches, instance.at)
            resolver.check(subject, "security_group", instance.security_group, groups, instance.at)


def _check_circuits(plan: "Plan", resolver: _Resolver) -> None:
    lines = _names(plan.physical_connections)
    for vbr in plan.virtual_border_routers:
        resolver.check(f"vbr {vbr.name}", "physical_connection", vbr.physical_connection, lines, vbr.at)
    for site in plan.sites:
        if site.device is None:
            continue
        for interface, port in site.device.ports:
            resolver.check(f"device {site.device.name}, port {interface}", "circuit", port.circuit, lines, port.at)
        for name in site.device.customer_gateways:
            resolver.check(f"device {site.device.name}", "customer_gateways", name, _names(plan.customer_gateways),
                           site.device.at)


def _tables(router: TransitRouterSpec) -> list[str]:
    return [*_names(router.route_tables), router.system_table]


def _check_transit_router(plan: "Plan", router: TransitRouterSpec, resolver: _Resolver) -> None:
    for vpc in router.attachments.vpc:
        resolver.check(f"VPC attachment {vpc.name}", "vpc", vpc.vpc, _names(plan.vpcs), vpc.at)
        home = next((one for one in plan.vpcs if one.name == vpc.vpc), None)
        for index, mapping in enumerate(vpc.zone_mappings, 1):
            if home is not None:
                resolver.check(f"VPC attachment {vpc.name} zone_mappings[{index}]", "vswitch", mapping.vswitch,
                               _names(home.vswitches), mapping.at)
    for vbr in router.attachments.vbr:
        resolver.check(f"VBR attachment {vbr.name}", "vbr", vbr.vbr, _names(plan.virtual_border_routers), vbr.at)
    for vpn in router.attachments.vpn:
        resolver.check(f"VPN attachment {vpn.name}", "ipsec_connection", vpn.ipsec_connection,
                       _names(plan.ipsec_connections), vpn.at)
    tables = frozenset(_tables(router))
    for one in router.attachments:
        resolver.check(f"attachment {one.name}", "association", one.association, tables, one.at)
        for name in one.propagations:
            resolver.check(f"attachment {one.name}", "propagations", name, tables, one.at)
    hops = frozenset((*_names(tuple(router.attachments)), BLACK_HOLE))
    for index, route in enumerate(router.route_entries, 1):
        if route.next_hop in hops and (route.route_table is None or route.route_table in tables):
            continue  # there may be thousands
        subject = f"transit router {router.name} route_entries[{index}]"
        resolver.check(subject, "next_hop", route.next_hop, hops, route.at)
        resolver.check(subject, "route_table", route.route_table, tables, route.at)


def _check_route_maps(plan: "Plan", resolver: _Resolver) -> None:
    instances = [*_names(plan.vpcs), *_names(plan.virtual_border_routers), *_names(plan.ipsec_connections)]
    for spec in plan.route_maps:
        subject = f"route map {spec.transmit_direction} {spec.priority}"
        if plan.transit_router is not None:
            resolver.check(subject, "route_table", spec.route_table, _tables(plan.transit_router), spec.at)
        for key in ("source_instances", "destination_instances"):
            for name in getattr(spec, key):
                resolver.check(subject, key, name, instances, spec.at)
