"""Which documents make up one network, and its plan.

A transit router makes one network with everything attached to it. A VPC that is attached to nothing is a network of its
own until it is; so is a border router when something is at the far end of its circuit: a site, or a port's neighbour.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sealane.cloud.document import HOST, Document
from sealane.cloud.to_plan.circuits import carries, circuit_piece, vbr_piece
from sealane.cloud.to_plan.former import Former, Living
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.piece import Piece, Value
from sealane.cloud.to_plan.sites import site_piece
from sealane.cloud.to_plan.transit import route_map_piece, transit_piece
from sealane.cloud.to_plan.tunnels import KeyOf, connection_piece, gateway_piece, inline_key
from sealane.cloud.to_plan.vpcs import View, vpc_piece
from sealane.cloud.world import World

_KINDS = ("vpc", "vbr", "vpn")


@dataclass(frozen=True, slots=True)
class Carried:
    """A network of documents.

    Args:
        name: Its name: the prefix that was asked for and the sequence of the document that it grew from.
        account: Whose it is.
        plan: The plan as a mapping; see Piece.
        configs: Text of each device's configuration by the name that the plan gives its file.
        transit_router: Id of its transit router; empty when it has none.
    """

    name: str
    account: str
    plan: Piece
    configs: Mapping[str, str] = field(repr=False)
    transit_router: str = ""


def carried_networks(
    world: World,
    accounts: Sequence[str],
    prefix: str,
    *,
    readable: bool = False,
    key_of: KeyOf = inline_key,
    without: frozenset[str] = frozenset(),
    former: Former | None = None,
) -> tuple[Carried, ...]:
    """The networks of accounts, in the order in which they came to be.

    Args:
        world: All documents.
        accounts: Whose networks are wanted.
        prefix: What their names begin with.
        readable: See Names.
        key_of: How the plan says pre-shared keys.
        without: Ids of documents that are left out as if they were not there.
        former: Remembers what was made of the same world before with the same names and keys; None begins anew.
    """
    view = Living(world, without)
    former = former or Former()
    return tuple(
        network
        for account in accounts
        for network in _Account(view, account, prefix, key_of, former, readable=readable).networks()
    )


class _Account:
    """The networks of one account."""

    def __init__(
        self, view: Living, account: str, prefix: str, key_of: KeyOf, former: Former, *, readable: bool
    ) -> None:
        self._view = view
        self._former = former
        self._account = account
        self._prefix = prefix
        self._key_of = key_of
        kinds = (*_NAMED, "instance") if readable else ()
        self._names = Names((one for kind in kinds for one in view.of_kind(account, kind)), readable=readable)
        self._attachment_of = {
            one.text("ResourceId"): one for one in view.of_kind(account, "tr_attachment")
        }
        self._sites = tuple(
            site
            for document in view.of_kind(account, "site")
            if (site := former.memo.get("site", (document,), partial(site_piece, document, self._names))) is not None
        )
        self._plugged = {one.text("PhysicalConnectionId") for one in view.of_kind(HOST, "port")}
        self._sited = {one for site in self._sites for one in site.circuits}

    def networks(self) -> Iterator[Carried]:
        """All that carry something."""
        for router in self._view.of_kind(self._account, "transit_router"):
            yield self._of_router(router)
        for vpc in self._view.of_kind(self._account, "vpc"):
            if vpc.id not in self._attachment_of:
                piece = self._vpc(vpc, None)
                if piece is not None:
                    yield self._network(vpc, {"vpcs": [piece]})
        for vbr in self._view.of_kind(self._account, "vbr"):
            reached = vbr.parent in self._plugged or self._names.of(vbr.parent) in self._sited
            if vbr.id not in self._attachment_of and reached and carries(vbr, self._view):
                yield self._network(vbr, self._circuits([vbr]))

    def _of_router(self, router: Document) -> Carried:
        attached: dict[str, list[Document]] = {kind: [] for kind in _KINDS}
        pieces: dict[str, list[Value]] = {"vpcs": [], "ipsec_connections": []}
        borders: list[Document] = []
        for one in self._view.children(router.id, "tr_attachment"):
            resource = self._view.get(one.text("ResourceId"))
            if resource is None:
                continue
            match resource.kind:
                case "vpc":
                    piece = self._vpc(resource, one.id)
                    self._take(piece, one, "vpc", attached, pieces["vpcs"])
                case "vbr" if carries(resource, self._view):
                    borders.append(resource)
                    attached["vbr"].append(one)
                case "vpn_attachment":
                    piece = self._connection(resource)
                    self._take(piece, one, "vpn", attached, pieces["ipsec_connections"])
        carried = {one.text("ResourceId") for kind in attached.values() for one in kind}
        cen = self._view.get(router.parent)
        level = cen.text("ProtectionLevel") if cen is not None else ""
        return self._network(router, {
            **pieces,
            **self._circuits(borders),
            "cen": Piece(router.parent, {"name": self._names.of(router.parent), "protection_level": level or None}),
            "transit_router": self._transit_router(router, attached),
            "route_maps": list(self._route_maps(router, carried)),
            "customer_gateways": list(self._gateways(attached["vpn"])),
        }, router.id)

    def _vpc(self, vpc: Document, attachment: str | None) -> Piece | None:
        return self._former.piece(("vpc", vpc.id, attachment), (vpc,), self._view, lambda view: vpc_piece(
            vpc, view, self._names, attachment, self._former.memo))

    def _connection(self, one: Document) -> Piece | None:
        return self._former.piece(("connection", one.id), (one,), self._view, lambda view: connection_piece(
            one, view, self._names, self._key_of))

    def _transit_router(self, router: Document, attached: Mapping[str, Sequence[Document]]) -> Piece:
        what = ("transit router", router.id, tuple(map(len, attached.values())))
        things = (router, *(one for kind in attached.values() for one in kind))
        return self._former.piece(what, things, self._view, lambda view: transit_piece(
            router, view, self._names, attached, self._former.memo))

    def _route_maps(self, router: Document, carried: set[str]) -> Iterator[Piece]:
        what = ("route map", frozenset(carried))
        for one in self._view.children(router.parent, "route_map"):
            if one.text("CenRegionId") == router.region:
                piece = self._former.memo.get(what, (one,), partial(route_map_piece, one, self._names, carried))
                if piece is not None:
                    yield piece

    @staticmethod
    def _take(
        piece: Piece | None, one: Document, kind: str, attached: dict[str, list[Document]], into: list[Value]
    ) -> None:
        if piece is not None:
            attached[kind].append(one)
            into.append(piece)

    def _gateways(self, attached: Sequence[Document]) -> Iterator[Piece]:
        used = dict.fromkeys(
            tunnel.text("CustomerGatewayId")
            for one in attached
            for tunnel in self._view.children(one.text("ResourceId"), "tunnel")
        )
        found = (self._view.get(one) for one in used)
        return (
            self._former.memo.get("gateway", (one,), partial(gateway_piece, one, self._names))
            for one in found if one is not None
        )

    def _circuits(self, borders: Sequence[Document]) -> dict[str, list[Value]]:
        lines = dict.fromkeys(one.parent for one in borders)
        found = (self._view.get(one) for one in lines)
        return {
            "physical_connections": [self._by_id("circuit", one, circuit_piece) for one in found if one is not None],
            "virtual_border_routers": [self._by_id("vbr", one, vbr_piece) for one in borders],
        }

    def _by_id(self, what: str, one: Document, make: Callable[[Document, View, Names], Piece]) -> Piece:
        return self._former.piece((what, one.id), (one,), self._view, lambda view: make(one, view, self._names))

    def _network(
        self, root: Document, pieces: Mapping[str, Value], transit_router: str = ""
    ) -> Carried:
        name = f"{self._prefix}{root.sequence}"
        lines = pieces.get("physical_connections")
        circuits = {one["name"] for one in lines if isinstance(one, Piece)} if isinstance(lines, list) else set()
        here = [site for site in self._sites if site.circuits <= circuits]
        configs = {file: text for site in here for file, text in site.configs.items()}
        protections = [
            self._former.memo.get("protection", (one,), partial(_protection, one))
            for one in self._view.of_kind(self._account, "protection")
            if transit_router
        ]
        plan = Piece(root.id, {
            "version": 1,
            "name": name,
            "region": root.region,
            **pieces,
            "sites": [site.piece for site in here],
            "protections": protections,
        })
        return Carried(name, self._account, plan, configs, transit_router)


def _protection(one: Document) -> Piece:
    return Piece(one.id, {key: one.fields[key] for key in ("name", "cloud", "site", "mode")})  # type: ignore[misc]


_NAMED = (
    "physical_connection", "vbr", "bgp_group", "vpc", "vswitch", "security_group", "cen", "transit_router",
    "tr_route_table", "tr_attachment", "customer_gateway", "vpn_attachment",
)
