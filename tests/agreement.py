"""What the twin and the checker say of one network and one set of failures, side by side."""

import types

from sealane.model import Network, Platform
from sealane.net import Address
from sealane.twin import packet as twin_packet
from sealane.twin.converge import Twin
from sealane.twin.element import Failures
from sealane.verify import checker as real

SHAPES = ((1, 0, 8), (6, 40000, 443))


def word(trip: twin_packet.Trip) -> str:
    if trip.fate is twin_packet.Fate.LOOP:
        return "loop"
    if not trip.delivered:
        return "dropped"
    return "clear" if trip.clear_circuits() else "encrypted" if trip.tunnels() else "local"


def hosts(network: Network) -> list[tuple[str, Address]]:
    return [(one.name, one.interfaces[0].addresses[0].ip) for one in network.of_platform(Platform.HOST)]


def named(failed: Failures) -> frozenset[tuple[str, str]]:
    return frozenset((one.kind.value, one.name) for one in failed)


def agree(network: Network, failed: Failures, checker: types.ModuleType = real, shapes=SHAPES) -> None:
    """Both say the same of the tunnels and of every way of every packet between hosts.

    Raises:
        AssertionError: They do not; its text says what differs.
    """
    state = Twin(network).converge(failed)
    names = named(failed)
    tunnels, *cycle = checker.cold_start(network, names)
    assert (tunnels, set(cycle)) == (state.liveness.tunnels, set(state.liveness.cycle)), "tunnels"
    walker = state.walker()
    for start, source in hosts(network):
        for end, destination in hosts(network):
            for shape in shapes if start != end else ():
                trips = walker.send(twin_packet.Packet(int(source), int(destination), *shape), start)
                twins = {(word(one), frozenset(one.clear_circuits()), frozenset(one.tunnels())) for one in trips}
                sent = checker.Packet(source, destination, *shape)
                own = checker.possible_outcomes(network, names, sent, (start, None), tunnels)
                assert own == twins, f"{start} to {end}, protocol {shape[0]}"
