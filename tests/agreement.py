"""What the twin and the checker say of one network and one set of failures, side by side."""

import types

from sealane.model import Network, Platform
from sealane.net import Address
from sealane.twin import packet as twin_packet
from sealane.twin.converge import Converged, Twin
from sealane.twin.element import Failures
from sealane.twin.state import MAIN
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


ROUTERS = (Platform.TRANSIT_ROUTER, Platform.VBR, Platform.ASA, Platform.GATEWAY)


def twin_tables(state: Converged) -> dict:
    """(node, table) -> prefix -> hops, for every router that may talk BGP and has not failed."""
    return {
        (node.name, "" if table == MAIN else table): {
            prefix.to_prefix(): frozenset(
                (hop.interface, None if hop.gateway is None else Address(hop.gateway))
                for route in decision.routes
                for hop in route.next_hops
            )
            for prefix, decision in routes.items()
        }
        for node in state.twin.network.of_platform(*ROUTERS)
        if ("node", node.name) not in named(state.failed)
        for table, routes in state.tables.nodes[node.name].tables.items()
    }


def checker_tables(network: Network, tables: dict) -> dict:
    """The same of the checker; a transit router's main table is asked by nobody."""
    routers = {one.name: one.platform for one in network.of_platform(*ROUTERS)}
    return {
        key: routes
        for key, routes in tables.items()
        if key[0] in routers and (key[1] or routers[key[0]] is not Platform.TRANSIT_ROUTER)
    }


def agree(network: Network, failed: Failures, checker: types.ModuleType = real, shapes=SHAPES) -> None:
    """Both say the same of the tunnels and of every way of every packet between hosts.

    Raises:
        AssertionError: They do not; its text says what differs.
    """
    state = Twin(network).converge(failed)
    names = named(failed)
    tunnels, *cycle = checker.cold_start(network, names)
    assert (tunnels, set(cycle)) == (state.liveness.tunnels, set(state.liveness.cycle)), "tunnels"
    assert checker_tables(network, checker.route_tables(network, names, tunnels)) == twin_tables(state), "routes"
    walker, walk = state.walker(), checker.state_walk(network, names, tunnels)
    for start, source in hosts(network):
        for end, destination in hosts(network):
            for shape in shapes if start != end else ():
                trips = walker.send(twin_packet.Packet(int(source), int(destination), *shape), start)
                twins = {(word(one), frozenset(one.clear_circuits()), frozenset(one.tunnels())) for one in trips}
                sent = checker.Packet(source, destination, *shape)
                ways = walk.send(sent, start)
                own = {(checker.outcome(way), way.clear, way.tunnels) for way in ways}
                assert own == twins, f"{start} to {end}, protocol {shape[0]}"
