"""Routes of the twin, and how they are ranked."""

from dataclasses import dataclass
from enum import StrEnum

from sealane.diag import Origin
from sealane.model import AttachmentKind, RouteType
from sealane.net import Cidr, dotted


class Protocol(StrEnum):
    """Where a route comes from."""

    CONNECTED = "connected"
    STATIC = "static"
    BGP = "BGP"
    CUSTOM = "custom"
    """Custom route of a transit router table or a VBR."""
    CIDR = "CIDR"
    """Published CIDR of a transit router: a black hole."""
    VPC = "VPC"
    """Route that a VPC attachment contributes."""
    VPN = "VPN"
    """Destination-based route of an IPsec connection."""


@dataclass(frozen=True, slots=True, order=True)
class NextHop:
    """Where a packet goes: out of an interface, to a gateway there or (``gateway`` None) to its destination itself."""

    interface: str
    gateway: int | None = None

    def __str__(self) -> str:
        return self.interface if self.gateway is None else f"{dotted(self.gateway)} over {self.interface}"


@dataclass(frozen=True, slots=True)
class Path:
    """What BGP tells of a route (RFC 4271, 5.1).

    ``med`` None means not sent. ``route_type`` is the type that travels between a VBR and its transit router; None
    where it does not travel. ``next_hop`` None is the teller itself; inside an AS a device leaves an external one as it
    is.
    """

    as_path: tuple[int, ...] = ()
    local_pref: int = 100
    med: int | None = None
    communities: frozenset[tuple[int, int]] = frozenset()
    route_type: RouteType | None = None
    next_hop: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One candidate for a prefix.

    Args:
        next_hops: Empty discards.
        rank: Smaller is better, field by field; the fields' names are the profile's.
        told_by: Whom or what it comes from, in words.
        path: BGP attributes; None where BGP has no part in it.
        session: The session it was learned over; None otherwise.
        attachment: Attachment of a transit router that it belongs to; None is the router's own.
        link_type: Link type of that attachment.
        route_type: Type as route maps see it; None outside the cloud's routers.
        circuit_side: On a VBR: it came from the customer's side.
        vbr_only: It is published to VBR attachments only (tag PermitVbr).
    """

    prefix: Cidr
    protocol: Protocol
    next_hops: tuple[NextHop, ...]
    rank: tuple[int, ...]
    told_by: str
    origin: Origin | None = None
    path: Path | None = None
    session: str | None = None
    attachment: str | None = None
    link_type: AttachmentKind | None = None
    route_type: RouteType | None = None
    circuit_side: bool = False
    vbr_only: bool = False

    def describe(self) -> str:
        """In words: ``static by cgw.asa.cfg:88 to 10.0.0.1 over GigabitEthernet0/0``."""
        hops = " and ".join(str(hop) for hop in self.next_hops) or "discard"
        return f"{self.told_by}, to {hops}" if self.next_hops else f"{self.told_by}, {hops}"


@dataclass(frozen=True, slots=True)
class Loser:
    """A candidate that is not used: the field of the rank that decided, and both values there."""

    route: Route
    field: str
    value: int
    best: int

    def describe(self) -> str:
        """Why, in words."""
        if not self.field:
            return "one path only is used here"
        return f"{self.field}: {_shown(self.field, self.value)} against {_shown(self.field, self.best)}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table holds for one prefix: the routes in use (several are ECMP), and the others with the reason."""

    prefix: Cidr
    routes: tuple[Route, ...]
    losers: tuple[Loser, ...] = ()

    @property
    def best(self) -> Route:
        """The one that is told to others."""
        return self.routes[0]

    @property
    def next_hops(self) -> tuple[NextHop, ...]:
        """All next hops; empty discards."""
        if len(self.routes) == 1 and len(self.routes[0].next_hops) < 2:  # noqa: PLR2004
            return self.routes[0].next_hops
        return tuple(sorted({hop for route in self.routes for hop in route.next_hops}))


@dataclass(frozen=True, slots=True)
class Profile:
    """How a platform ranks routes, as data.

    Args:
        name: Whose behaviour it is.
        fields: Names of the rank's fields, in order.
        equal_fields: Routes that agree in so many leading fields share the load.
        sources: Where each rule is stated.
    """

    name: str
    fields: tuple[str, ...]
    equal_fields: int
    sources: tuple[str, ...]


def decide(profile: Profile, candidates: list[Route], maximum_paths: int = 16) -> Decision:
    """Rank the candidates of one prefix; ``candidates`` is not empty.

    Ties beyond all fields go to the smallest next hop, so that the answer does not depend on the order given.
    """
    if len(candidates) == 1:
        return Decision(candidates[0].prefix, (candidates[0],))
    ordered = sorted(candidates, key=lambda route: (route.rank, route.next_hops))
    best = ordered[0]
    share = best.rank[: profile.equal_fields]
    equal = [route for route in ordered if route.rank[: profile.equal_fields] == share]
    used = equal[:maximum_paths]
    rest = [*equal[maximum_paths:], *ordered[len(equal) :]]
    return Decision(best.prefix, tuple(used), tuple(_loser(profile, route, route.rank, best.rank) for route in rest))


def decide_paths(profile: Profile, candidates: list[Route], maximum_paths: int) -> Decision:
    """Like ``decide`` for BGP of a device: paths are compared in pairs, MED only between those of one neighbor AS.

    Source:
        RFC 4271, 9.1.2.2 c; FRR 8.4, bgp_path_info_cmp, without ``bgp always-compare-med``. Where that leads round in a
        circle, FRR goes by arrival and this by rank.
    """
    ordered = sorted(candidates, key=lambda route: (route.rank, route.next_hops))
    best = ordered[0]
    for one in ordered[1:]:
        if beside(profile, one, best) < beside(profile, best, one):
            best = one
    used, losers = [best], []
    for one in (other for other in ordered if other is not best):
        own, winning = beside(profile, one, best), beside(profile, best, one)
        if own[: profile.equal_fields] == winning[: profile.equal_fields] and len(used) < maximum_paths:
            used.append(one)
        else:
            losers.append(_loser(profile, one, own, winning))
    return Decision(best.prefix, tuple(used), tuple(losers))


def beside(profile: Profile, route: Route, other: Route) -> tuple[int, ...]:
    """The rank of a path as far as it counts beside another: 0 for a MED that is not compared."""
    first, second = (() if one.path is None else one.path.as_path[:1] for one in (route, other))
    if first == second:
        return route.rank
    return tuple(0 if name == "MED" else value for name, value in zip(profile.fields, route.rank, strict=False))


def _loser(profile: Profile, route: Route, own: tuple[int, ...], best: tuple[int, ...]) -> Loser:
    for name, value, winning in zip(profile.fields, own, best, strict=False):
        if value != winning:
            return Loser(route, name, value, winning)
    return Loser(route, "", 0, 0)


_NEGATED = frozenset({"preference", "weight", "local preference"})


def _shown(field: str, value: int) -> int:
    """Fields where more is better are ranked by their negative."""
    return -value if field in _NEGATED else value
