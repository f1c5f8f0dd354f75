"""Networks of any size in the shape of the use case, for benchmarks and tests.

Every site has a device with its own tunnels, each with an outer address of its own, a static aggregate over the border
router as the way in clear, /32 routes for the outer addresses, BGP prefixes behind the device and a floating static
towards the cloud.
"""

from dataclasses import dataclass

import numpy as np

from sealane.twin.columns.arrays import Bytes, Longs
from sealane.twin.columns.facts import Condition, Facts, Hop, Need
from sealane.twin.columns.writer import Entry, FactsWriter, Prefix, cloud_rank, device_rank

_VPC, _CUSTOM, _STATIC, _BGP, _PUBLISHED = 800, 1000, 550, 400, 999
_BORDER_STATIC, _BORDER_LEARNED = 300, 100
_FLOATING, _EBGP = 30, 20
CLOUD = 172 << 24 | 16 << 16
_GATEWAYS = 100 << 24
_OUTER = 101 << 24
_SITES = 1 << 24
_PREFIX_LENGTH = 28


def generate(
    sites: int,
    tunnels: int = 2,
    prefixes: int = 10,
    *,
    borders: int = 1,
    vswitches: int = 3,
    host_routes: bool = True,
    route_policy: bool = True,
) -> Facts:
    """A network of so many sites, tunnels of each and prefixes behind each.

    Args:
        sites: Sites; they are dealt out to the border routers.
        tunnels: Tunnels of each site.
        prefixes: Prefixes that each device announces; the outer addresses are behind one of them.
        borders: Circuits, each with its border router.
        vswitches: Prefixes of the cloud.
        host_routes: False leaves out the /32 routes, so that tunnels swallow their own packets.
        route_policy: False tells the /32 routes to the border routers too, which makes a loop of them.

    Raises:
        ValueError: So many do not fit into the address space.
    """
    room = 1 << max(prefixes + 1, tunnels).bit_length()  # slots of a prefix's size at each site
    size = room << (32 - _PREFIX_LENGTH)
    if size * sites > 62 * _SITES or tunnels >= 1 << (32 - _PREFIX_LENGTH):
        raise ValueError("so many sites, tunnels or prefixes have no room")
    writer = FactsWriter()
    writer.borders += [f"vbr-{n + 1}" for n in range(borders)]
    writer.cloud.append((CLOUD, 16))
    cloud = [(CLOUD | n << 8, 24) for n in range(vswitches)]
    for prefix in cloud:
        writer.route(prefix, Entry(0, cloud_rank(_VPC), (Hop.CLOUD, -1, -1), origin="vpc"))
    writer.route((_GATEWAYS, 8), Entry(0, cloud_rank(_PUBLISHED), (Hop.DROP, -1, -1), origin="cidr"))
    for border in range(borders):
        condition = Condition(border=border, needs=Need.LINK)
        for prefix in [*cloud, (_GATEWAYS, 8)]:
            writer.route(prefix, Entry(1 + border, cloud_rank(_BORDER_LEARNED), (Hop.UPLINK, -1, -1), condition))
    offsets = np.arange(1, prefixes + 1, dtype=np.int64) << (32 - _PREFIX_LENGTH)
    lengths = np.full(prefixes, _PREFIX_LENGTH, np.uint8)
    shape = _Shape(tunnels, host_routes, route_policy, size, tuple(cloud), offsets, lengths)
    for site in range(sites):
        _site(writer, shape, site, site % borders, _SITES + site * size)
    return writer.facts()


@dataclass(frozen=True, slots=True)
class _Shape:
    """What all sites have in common."""

    tunnels: int
    host_routes: bool
    route_policy: bool
    size: int
    cloud: tuple[Prefix, ...]
    offsets: Longs
    lengths: Bytes


def _site(writer: FactsWriter, shape: _Shape, site: int, border: int, base: int) -> None:
    name = f"site-{site + 1}"
    writer.sites.append(name)
    device = 1 + len(writer.borders) + site
    aggregate = (base, 32 - (shape.size - 1).bit_length())
    circuit = Condition(border=border, needs=Need.CIRCUIT, site=site)
    learned = Condition(border=border, needs=Need.CIRCUIT | Need.BORDER | Need.LINK, site=site)
    line = Condition(border=border, needs=Need.CIRCUIT | Need.BORDER)
    up = (Hop.LINE, border, -1)
    over = (Hop.CIRCUIT, border, site)
    writer.route(aggregate, Entry(1 + border, cloud_rank(_BORDER_STATIC), over, circuit, "static"))
    writer.route(aggregate, Entry(0, cloud_rank(_STATIC), (Hop.BORDER, border, -1), learned, "static"))
    writer.route((CLOUD, 16), Entry(device, device_rank(_FLOATING), up, line, "floating static"))
    addresses = shape.offsets + base
    writer.protected += covering(int(addresses[0]), len(addresses), _PREFIX_LENGTH) if len(addresses) else []
    writer.routes(addresses, shape.lengths, Entry(device, device_rank(1), (Hop.SITE, -1, -1), origin="site"))
    for n in range(shape.tunnels):
        far = int(addresses[0] if len(addresses) else base) + n + 1
        near = _GATEWAYS + site * shape.tunnels + n
        tunnel = writer.tunnel(f"{name}-tunnel-{n + 1}", site, near=near, far=far)
        session = Condition(tunnel=tunnel, session=True)
        writer.route((far, 32), Entry(device, 0, (Hop.SITE, -1, -1), origin="outer"))
        writer.route((near, 32), Entry(device, device_rank(1), up, line, "gateway"))
        if shape.host_routes:
            attached = Condition(border=border, needs=Need.BORDER | Need.LINK)
            writer.route((far, 32), Entry(0, cloud_rank(_CUSTOM), (Hop.BORDER, border, -1), attached, "host route"))
            if not shape.route_policy:
                writer.route((far, 32), Entry(1 + border, cloud_rank(_BORDER_LEARNED), (Hop.UPLINK, -1, -1), attached))
        inward = Entry(0, cloud_rank(_BGP, 1, 50), (Hop.TUNNEL, tunnel, site), session, "bgp")
        writer.routes(addresses, shape.lengths, inward)
        for prefix in shape.cloud:
            writer.route(prefix, Entry(device, device_rank(_EBGP, 1), (Hop.TUNNEL, tunnel, -1), session, "bgp"))


def covering(address: int, count: int, length: int) -> list[Prefix]:
    """The fewest prefixes that make up so many neighbouring ones of a length."""
    found = []
    while count:
        most = min(address >> (32 - length) & -(address >> (32 - length)) or count, 1 << (count.bit_length() - 1))
        found.append((address, length - (most.bit_length() - 1)))
        address += most << (32 - length)
        count -= most
    return found
