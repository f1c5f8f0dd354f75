"""Where a packet starts: at the node that has its source address, else where packets from there enter."""

from collections.abc import Iterator

from sealane.model import Port
from sealane.net import dotted
from sealane.twin.converge import Twin
from sealane.twin.packet import Packet
from sealane.verify.entry import Entries, Entry


def starts(twin: Twin, packet: Packet) -> Iterator[tuple[Entry | None, str]]:
    """Every place where a packet starts, in words too; None where no router has a part in it or nobody can send it."""
    for name, addresses in sorted(twin.topology.addresses.items()):
        if packet.source in addresses:
            yield Entry(name), f"{name} itself has {dotted(packet.source)}"
            return
    entries = Entries(twin.network).of(packet.source)
    if not entries:
        yield None, f"nobody in the plan can have {dotted(packet.source)}"
    for entry in entries:
        link = twin.topology.links.get(Port(entry.node, entry.arrived))
        where = entry.arrived if link is None else link.name
        connected = [one.cidr for one in twin.topology.connected[entry.node] if one.interface == entry.arrived]
        here = [cidr for cidr in connected if cidr.covers(packet.source)]
        if any(cidr.covers(packet.destination) for cidr in here):
            yield None, f"both addresses are on {where}: no router is asked"
            return
        word = f"on {where}" if here else f"behind {where}"
        yield entry, f"no host of the plan has {dotted(packet.source)}; it is {word}, so {entry.node} gets the packet"


def known_source(twin: Twin, address: int) -> bool:
    """True when somebody can have an address."""
    entry, _ = next(starts(twin, Packet(address, 0)))
    return entry is not None
