"""Promises that nothing could break or keep."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from sealane.net import Prefix, overlaps
from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan


_PAST = 1 << 32


def _site_prefixes(plan: "Plan") -> Iterator[Prefix]:
    for site in plan.sites:
        yield from (network.cidr_block for network in site.networks)
        if site.device is not None:
            yield from site.device.advertise
    for vbr in plan.virtual_border_routers:
        yield from (route.destination_cidr_block for route in vbr.route_entries)


def check_protections(plan: "Plan", notes: Notes) -> None:
    """Both sides of a protection exist, and a required one has a tunnel to go through."""
    cloud = [block for vpc in plan.vpcs for block in vpc.blocks]
    sites = sorted({(int(one.network_address), int(one.broadcast_address)) for one in _site_prefixes(plan)})
    latest = list(accumulate((last for _, last in sites), max))
    attached = plan.transit_router is not None and plan.transit_router.attachments.vpn
    for spec in plan.protections:
        subject = f"protection {spec.name}"
        for prefix in spec.cloud:
            if not any(overlaps(prefix, one) for one in cloud):
                notes.error("PROT-010", subject, f"nothing in the cloud is in {prefix}; the VPCs are "
                            + (", ".join(map(str, cloud)) or "none"), "write a prefix of a VPC", spec.at.of("cloud"))
        for prefix in spec.site:
            before = bisect_right(sites, (int(prefix.broadcast_address), _PAST))
            if not before or latest[before - 1] < int(prefix.network_address):
                notes.error("PROT-011", subject, f"no site network and no route to a site is in {prefix}",
                            "write a prefix of a site", spec.at.of("site"))
        if spec.mode == "required" and not attached:
            notes.warning("PROT-012", subject, "is required, but no IPsec connection is attached: all of it is "
                          "dropped", "attach an IPsec connection", spec.at.of("mode"))
