"""What is said when a tunnel's own packet is routed into a tunnel."""

from pathlib import Path

from sealane.app.load import load
from sealane.app.stages import bgp_without_host_routes
from sealane.twin.converge import Twin
from sealane.twin.element import NOTHING
from sealane.twin.packet import Fate

PLAN = Path(__file__).resolve().parents[3] / "examples" / "hangzhou" / "plan.yaml"


def test_the_tunnel_entered_is_named_and_only_its_own_is_called_itself():
    network = load(PLAN).network
    assert network is not None
    twin = Twin(bgp_without_host_routes(network))
    walker = twin.walker(NOTHING, frozenset(twin.pairs))
    pair = twin.pairs["IPsecConnection/tunnel-2"]
    trips = walker.send_outer(pair, pair.near, pair.near_node)
    assert {trip.fate for trip in trips} == {Fate.RECURSION}
    assert sorted(trip.reason for trip in trips) == [
        "the outer packet of IPsecConnection/tunnel-2 would enter IPsecConnection/tunnel-1",
        "the outer packet of IPsecConnection/tunnel-2 would enter IPsecConnection/tunnel-2 itself",
    ]
