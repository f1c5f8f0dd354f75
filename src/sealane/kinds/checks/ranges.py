"""Address ranges that may not overlap: VPCs, sites, transit router CIDRs, circuits, transfer links."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sealane.diag import Origin
from sealane.kinds.transit_router import TRANSFER_RANGE
from sealane.kinds.vpc import Vpc
from sealane.net import Address, Prefix, overlaps
from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan

_VPC, _SWITCH, _SITE, _CIDR, _CIRCUIT = "vpc", "vSwitch", "network", "transit router CIDR", "circuit of vbr"
_CODES = {
    frozenset((_VPC, _SITE)): "PLAN-032",
    frozenset((_SWITCH,)): "PLAN-032",
    frozenset((_SITE,)): "PLAN-032",
    frozenset((_CIDR, _VPC)): "TR-020",
    frozenset((_CIDR, _SITE)): "TR-020",
    frozenset((_CIRCUIT, _VPC)): "VBR-030",
    frozenset((_CIRCUIT, _SITE)): "VBR-030",
    frozenset((_CIRCUIT, _CIDR)): "VBR-030",
}
"""Code of the finding for each two kinds of range that must stay apart; kinds not listed may overlap."""


@dataclass(frozen=True, slots=True)
class _Range:
    kind: str
    owner: str
    scope: str
    prefix: Prefix
    place: Origin


def _blocks(vpc: Vpc) -> Iterator[tuple[Prefix, Origin]]:
    yield vpc.cidr_block, vpc.at.of("cidr_block")
    yield from ((block, vpc.at.of("secondary_cidr_blocks")) for block in vpc.secondary_cidr_blocks)


def _ranges(plan: "Plan") -> Iterator[_Range]:
    for vpc in plan.vpcs:
        yield from (_Range(_VPC, vpc.name, vpc.name, block, place) for block, place in _blocks(vpc))
        for switch in vpc.vswitches:
            yield _Range(_SWITCH, switch.name, vpc.name, switch.cidr_block, switch.at.of("cidr_block"))
    for site in plan.sites:
        for network in site.networks:
            yield _Range(_SITE, network.name, site.name, network.cidr_block, network.at.of("cidr_block"))
    for vbr in plan.virtual_border_routers:
        yield _Range(_CIRCUIT, vbr.name, vbr.name, vbr.local.network, vbr.at.of("local_gateway_ip"))
    for cidr in plan.transit_router.cidrs if plan.transit_router is not None else ():
        yield _Range(_CIDR, str(cidr.cidr), "", cidr.cidr, cidr.at.of("cidr"))


def _overlapping(ranges: list[_Range]) -> Iterator[tuple[int, int]]:
    """Places of every two that overlap. Prefixes overlap only when one contains the other."""
    around: list[int] = []
    keys = [(int(one.prefix.network_address), one.prefix.prefixlen) for one in ranges]
    for place in sorted(range(len(ranges)), key=keys.__getitem__):
        while around and not overlaps(ranges[around[-1]].prefix, ranges[place].prefix):
            around.pop()
        yield from ((other, place) for other in around)
        around.append(place)


def check_ranges(plan: "Plan", notes: Notes) -> None:
    """Every two ranges that must stay apart, and addresses that must not lie in the cloud's ranges."""
    ranges = list(_ranges(plan))
    for first, second in _overlapping(ranges):
        one, other = ranges[max(first, second)], ranges[min(first, second)]
        code = _CODES.get(frozenset((one.kind, other.kind)))
        if code is None or (one.scope and one.scope == other.scope):
            continue
        notes.error(code, f"{one.kind} {one.owner}", f"{one.prefix} overlaps {other.prefix} of {other.kind} "
                    f"{other.owner}", "choose ranges apart from each other", one.place, other.place)
    for one in ranges:
        if one.kind == _CIRCUIT and overlaps(one.prefix, TRANSFER_RANGE):
            notes.error("VBR-031", f"vbr {one.owner}", f"{one.prefix} overlaps {TRANSFER_RANGE}, from which the links "
                        "to the transit router are taken", "use other addresses on the circuit", one.place)
    _check_customer_gateways(plan, notes)
    _check_zones(plan, notes)


def _check_customer_gateways(plan: "Plan", notes: Notes) -> None:
    owners: dict[Address, tuple[str, Origin]] = {}
    cidrs = plan.transit_router.cidrs if plan.transit_router is not None else ()
    cloud = [(f"vpc {vpc.name}", *one) for vpc in plan.vpcs for one in _blocks(vpc)]
    cloud += [("a transit router CIDR", one.cidr, one.at.of("cidr")) for one in cidrs]
    for gateway in plan.customer_gateways:
        address, place = gateway.ip_address, gateway.at.of("ip_address")
        if address in owners:
            other, before = owners[address]
            notes.error("CGW-011", f"customer gateway {gateway.name}", f"{address} is also that of {other}",
                        "register each address once and use it for both tunnels", place, before)
        owners[address] = (gateway.name, place)
        for what, prefix, written in cloud:
            if address in prefix:
                notes.error("CGW-010", f"customer gateway {gateway.name}", f"{address} lies in {prefix} of {what}, "
                            "expected an address of the site", "write the source address of the device's tunnels",
                            place, written)


def _check_zones(plan: "Plan", notes: Notes) -> None:
    for vpc in plan.vpcs:
        for switch in vpc.vswitches:
            if plan.zones and switch.zone_id not in plan.zones and not notes.lost_parts:
                notes.error("VPC-033", f"vSwitch {switch.name}", f"zone_id {switch.zone_id} is not among the plan's "
                            "zones " + ", ".join(plan.zones), "use one of them or add it to zones",
                            switch.at.of("zone_id"), plan.at.of("zones"))
