"""What operations may know of the running network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SeenTunnel:
    """A tunnel as it runs.

    Args:
        status: ``ike_sa_not_established``, ``ike_sa_established``, ``ipsec_sa_not_established`` or
            ``ipsec_sa_established``.
        bgp_up: True when the tunnel's BGP session is established.
    """

    status: str = "ike_sa_not_established"
    bgp_up: bool = False


@dataclass(frozen=True, slots=True)
class SeenRoute:
    """A route of a transit router's table.

    Args:
        prefix: Destination, such as ``192.168.0.0/16``.
        attachment: Id of the attachment it leads to; empty for a black hole.
        source: ``Static``, ``System``, ``Custom``, ``BGP`` or ``BlackHole``: what it is.
        status: ``Active``, ``Standby``, ``Rejected``, ``Prohibited`` or ``Candidate``.
        as_path: AS path, nearest first.
        preference: Its priority, 50 unless a route map changed it.
        only_vbr: True for a route that is told to border routers only.
        communities: Such as ``65501:1``.
    """

    prefix: str
    attachment: str
    source: str
    status: str = "Active"
    as_path: Sequence[int] = ()
    preference: int = 50
    only_vbr: bool = False
    communities: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SeenPeer:
    """A BGP session of a border router: ``state`` as in ``Established``, and how many routes each side told."""

    state: str = "Idle"
    received: int = 0
    advertised: int = 0


@dataclass(frozen=True, slots=True)
class LearnedRoute:
    """A route that a border router, a VPC or an IPsec connection has by BGP.

    ``source`` is ``CEN`` (the transit router told it) or ``BGP`` (the site told it).
    """

    prefix: str
    source: str
    as_path: Sequence[int] = ()
    tunnels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a charon's log about a tunnel; ``text`` as charon wrote it, without keys."""

    at_ms: int
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value: counters are cumulative, in bytes or packets."""

    at_ms: int
    value: float


class Observed(Protocol):
    """Reads what is known of the running network; ids are those of documents. Never blocks, never raises."""

    def tunnel(self, tunnel_id: str) -> SeenTunnel:
        """A tunnel by its ``tun-`` id."""
        ...

    def table(self, table_id: str) -> Sequence[SeenRoute]:
        """The learned and static routes of a transit router's table, losers included."""
        ...

    def learned(self, instance_id: str) -> Sequence[LearnedRoute]:
        """What a border router or a VPC learned from the transit router, a border router also from the site."""
        ...

    def vco_routes(self, connection_id: str) -> Sequence[LearnedRoute]:
        """What an IPsec connection exchanged by BGP."""
        ...

    def peer(self, peer_id: str) -> SeenPeer:
        """A border router's BGP session by its ``bgp-`` id."""
        ...

    def log(self, connection_id: str, tunnel_id: str, from_ms: int, to_ms: int) -> Sequence[LogLine]:
        """Lines of an IPsec connection's log, oldest first; ``tunnel_id`` empty for all tunnels."""
        ...

    def metric(self, name: str, instance: str, from_ms: int, to_ms: int) -> Sequence[Point]:
        """Measured values of an instance, oldest first."""
        ...


class Nothing:
    """Nothing runs: what is told while no network is up."""

    def tunnel(self, tunnel_id: str) -> SeenTunnel:  # noqa: ARG002
        """Down."""
        return SeenTunnel()

    def table(self, table_id: str) -> Sequence[SeenRoute]:  # noqa: ARG002
        """Empty."""
        return ()

    def learned(self, instance_id: str) -> Sequence[LearnedRoute]:  # noqa: ARG002
        """Empty."""
        return ()

    def vco_routes(self, connection_id: str) -> Sequence[LearnedRoute]:  # noqa: ARG002
        """Empty."""
        return ()

    def peer(self, peer_id: str) -> SeenPeer:  # noqa: ARG002
        """Idle."""
        return SeenPeer()

    def log(self, connection_id: str, tunnel_id: str, from_ms: int, to_ms: int) -> Sequence[LogLine]:  # noqa: ARG002
        """Empty."""
        return ()

    def metric(self, name: str, instance: str, from_ms: int, to_ms: int) -> Sequence[Point]:  # noqa: ARG002
        """Empty."""
        return ()
