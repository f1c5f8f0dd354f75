"""Planned work on a live network that must lose no packet: rekeying, and restarting a tunnel end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sealane.app.controller import wait_until
from sealane.app.drill import find_tunnel, mend
from sealane.app.live import Live
from sealane.app.status import carries, judged, protected_next_hops
from sealane.diag import Fault
from sealane.drivers.bird import read_protocols
from sealane.drivers.bird.io import birdc
from sealane.drivers.strongswan.io import rekey as rekey_sa
from sealane.host import find_processes, stop
from sealane.lower import PlacedEnd
from sealane.model import Node, TunnelPair

_DRAIN_LIMIT_S = 15.0
_IN_FLIGHT_S = 0.5
_READY_LIMIT_S = 60.0


def rekey(live: Live, tunnel: str, *, ike: bool) -> None:
    """Rekey a tunnel's child SA, or its IKE SA, from the cloud end, while traffic flows.

    Raises:
        Fault: There is no such tunnel, or charon refused.
    """
    pair = find_tunnel(live, tunnel)
    end = live.lowered.ends[pair.near_node, pair.near.name]
    rekey_sa(live.drivers.strongswan.directory(end.charon), end.interface, ike=ike)


def restart(live: Live, tunnel: str, *, at_device: bool) -> float:
    """Restart the charon of one tunnel end after traffic has been led around it; the seconds it took.

    Args:
        live: The network.
        tunnel: Name of the tunnel.
        at_device: True restarts the device's end, False the cloud's.

    Raises:
        Fault: There is no such tunnel, no other to lead traffic to, or it did not come back.
    """
    begun = time.monotonic()
    pair = find_tunnel(live, tunnel)
    if len(live.staged.tunnels()) < 2:  # noqa: PLR2004
        raise Fault(
            f"restart {tunnel}", "no other tunnel can carry its traffic", "add a tunnel, or accept a gap: drill"
        )
    node, end = _end(live, pair, at_device=at_device)
    with live.controller.locked(), _drained(live, pair):
        pids = [
            pid
            for pid, tag in find_processes(live.network.name).items()
            if tag.namespace == end.charon and tag.role == "charon"
        ]
        stop(pids)
        mend(live)
        if not wait_until(lambda: live.observer.sa(end).child_state == "INSTALLED", _READY_LIMIT_S):
            raise Fault(f"restart {tunnel} at {node.name}", "its child SA did not come back", "sealane status")
    if judged(live.observer) and not wait_until(lambda: carries(live.observer), _READY_LIMIT_S):
        raise Fault(f"restart {tunnel} at {node.name}", "it does not carry traffic again", "sealane status")
    return time.monotonic() - begun


def _end(live: Live, pair: TunnelPair, *, at_device: bool) -> tuple[Node, PlacedEnd]:
    if not at_device:
        return live.staged.node(pair.near_node), live.lowered.ends[pair.near_node, pair.near.name]
    if pair.far_node is None or pair.far is None:
        raise Fault(f"restart {pair.name} at the device", "the device is not rehearsed", "restart it on the device")
    return live.staged.node(pair.far_node), live.lowered.ends[pair.far_node, pair.far.name]


@contextmanager
def _drained(live: Live, pair: TunnelPair) -> Iterator[None]:
    """Inside the block BGP has led both directions away from the tunnel."""
    space = live.lowered.places[pair.near_node].namespace
    directory = live.drivers.bird.directory(space)
    neighbor = None if pair.far is None or pair.far.inside is None else str(pair.far.inside.ip)
    sessions = read_protocols(birdc(directory, "show", "protocols", "all"))
    names = [session.name for session in sessions if session.neighbor == neighbor]
    if not names:
        raise Fault(f"drain {pair.name}", "no BGP session runs over it", "bring the network up to stage encrypted")
    birdc(directory, "disable", names[0])
    try:
        if not wait_until(lambda: not _used(live, pair), _DRAIN_LIMIT_S):
            raise Fault(f"drain {pair.name}", "traffic is still routed into it", "sealane status")
        time.sleep(_IN_FLIGHT_S)
        yield
    finally:
        birdc(directory, "enable", names[0])


def _used(live: Live, pair: TunnelPair) -> bool:
    """True while either end's kernel has a route through the tunnel besides its connected one."""
    used = {(pair.near_node, live.lowered.ends[pair.near_node, pair.near.name].interface)}
    if pair.far_node is not None and pair.far is not None:
        used.add((pair.far_node, live.lowered.ends[pair.far_node, pair.far.name].interface))
    return any((sending.node, hop) in used for sending, hops in protected_next_hops(live.observer) for hop in hops)
