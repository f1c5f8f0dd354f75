"""The transit router: what it attaches, and its routing policies."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sealane.diag import Origin
from sealane.kinds.route_map import RouteMapSpec
from sealane.kinds.transit_router import TransitRouterSpec, VpcAttachment
from sealane.kinds.vpc import Vpc
from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan

_TWO_ZONES = 2


def check_transit(plan: "Plan", notes: Notes) -> None:
    """Every attachment and route map, and things that are attached to nothing."""
    router = plan.transit_router
    if router is None:
        if plan.route_maps and not notes.lost_parts:
            notes.error("RMAP-020", "plan", "has route maps but no transit router", "add transit_router",
                        plan.at.of("route_maps"))
        return
    if plan.cen is None and not notes.lost_parts:
        notes.error("TR-021", f"transit router {router.name}", "belongs to no CEN instance", "add cen with a name",
                    router.at.origin)
    _check_twice(router, notes)
    _check_tables(router, notes)
    vpcs = {vpc.name: vpc for vpc in plan.vpcs}
    for one in router.attachments.vpc:
        if one.vpc in vpcs:
            _check_vpc(one, vpcs[one.vpc], notes)
    if not notes.lost_parts:
        _check_unattached(plan, router, notes)
    _check_route_maps(plan.route_maps, router, notes)


def _instances(router: TransitRouterSpec) -> Iterator[tuple[str, str, Origin]]:
    for vpc in router.attachments.vpc:
        yield "vpc", vpc.vpc, vpc.at.of("vpc")
    for vbr in router.attachments.vbr:
        yield "vbr", vbr.vbr, vbr.at.of("vbr")
    for vpn in router.attachments.vpn:
        yield "ipsec connection", vpn.ipsec_connection, vpn.at.of("ipsec_connection")


def _check_twice(router: TransitRouterSpec, notes: Notes) -> None:
    seen: dict[tuple[str, str], Origin] = {}
    for kind, name, place in _instances(router):
        if (kind, name) in seen:
            notes.error("TR-025", f"{kind} {name}", f"is attached twice to {router.name}, expected once",
                        "remove one attachment", place, seen[kind, name])
        seen[kind, name] = place


def _check_tables(router: TransitRouterSpec, notes: Notes) -> None:
    for one in router.attachments:
        if one.association is None and one.at.knows("association"):
            notes.warning("TR-026", f"attachment {one.name}", "has no association: packets that arrive over it are "
                          "dropped", f"add association: {router.system_table}", one.at.origin)
        if not one.propagations and not notes.lost_parts:
            notes.warning("TR-027", f"attachment {one.name}", "has no propagation: no route table learns its routes",
                          f"add propagations: [{router.system_table}]", one.at.origin)


def _check_vpc(spec: VpcAttachment, vpc: Vpc, notes: Notes) -> None:
    subject = f"VPC attachment {spec.name}"
    for mapping in spec.zone_mappings:
        switch = vpc.vswitch(mapping.vswitch)
        if switch is None:
            continue
        if switch.zone_id != mapping.zone_id:
            notes.error("TR-022", subject, f"maps zone {mapping.zone_id} to vSwitch {switch.name}, which is in "
                        f"{switch.zone_id}", f"name a vSwitch of {mapping.zone_id}", mapping.at.of("vswitch"),
                        switch.at.of("zone_id"))
        used = sum(instance.vswitch == switch.name for instance in vpc.instances)
        if used >= switch.usable:
            notes.error("TR-024", subject, f"vSwitch {switch.name} has {switch.usable} addresses, all used by "
                        "instances, and none for the transit router", "choose a larger or an idle vSwitch",
                        mapping.at.of("vswitch"), switch.at.of("cidr_block"))
    zones = {mapping.zone_id for mapping in spec.zone_mappings}
    if not notes.lost_parts and len(zones) < _TWO_ZONES <= len({switch.zone_id for switch in vpc.vswitches}):
        notes.warning("TR-023", subject, f"uses {len(zones)} zone, although {vpc.name} has vSwitches in more",
                      "map a second zone, so that one zone can fail", spec.at.of("zone_mappings"))


def _check_unattached(plan: "Plan", router: TransitRouterSpec, notes: Notes) -> None:
    attached = {(kind, name) for kind, name, _ in _instances(router)}
    for kind, things in (("vpc", plan.vpcs), ("vbr", plan.virtual_border_routers),
                         ("ipsec connection", plan.ipsec_connections)):
        for thing in things:
            if (kind, thing.name) not in attached:
                notes.warning("TR-028", f"{kind} {thing.name}", f"is not attached to {router.name}",
                              "add an attachment, or remove it", thing.at.origin)
    published = {one.vpc for one in router.attachments.vpc if one.auto_publish_route_enabled}
    for vpc in plan.vpcs:
        if ("vpc", vpc.name) in attached and vpc.name not in published and not vpc.route_entries:
            notes.warning("VPC-034", f"vpc {vpc.name}", f"is attached, but no route entry leads to {router.name}, and "
                          "no routes are published to it",
                          "add route_entries with its attachment as next hop, or set the attachment's "
                          "auto_publish_route_enabled", vpc.at.origin)


def _check_route_maps(maps: tuple[RouteMapSpec, ...], router: TransitRouterSpec, notes: Notes) -> None:
    def scope(spec: RouteMapSpec) -> tuple[str, str]:
        return spec.route_table or router.system_table, spec.transmit_direction

    seen: dict[tuple[tuple[str, str], int], RouteMapSpec] = {}
    for spec in maps:
        key = (scope(spec), spec.priority)
        if key in seen:
            notes.error("RMAP-021", f"route map {spec.transmit_direction} {spec.priority}", "its priority is already "
                        f"taken in table {key[0][0]}", "give each route map of a table and direction its own priority",
                        spec.at.of("priority"), seen[key].at.of("priority"))
        seen[key] = spec
    for spec in maps:
        following = (scope(spec), spec.next_priority)
        goes_on = spec.next_priority is not None and spec.map_result == "Permit"
        if goes_on and following not in seen and not notes.lost_parts:
            notes.error("RMAP-022", f"route map {spec.transmit_direction} {spec.priority}", f"next_priority is "
                        f"{spec.next_priority}, but no route map of that table and direction has it",
                        "name the priority of another route map", spec.at.of("next_priority"))
