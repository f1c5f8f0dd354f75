"""Which documents make up one network, and its plan.

A transit router makes one network with everything attached to it. A VPC or a border router that is attached to nothing
is a network of its own until it is.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sealane.cloud.document import Document
from sealane.cloud.to_plan.circuits import carries, circuit_piece, vbr_piece
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.piece import Piece, Value
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


class _Living:
    """The documents that are not being deleted and are not to be left out."""

    def __init__(self, world: World, without: Container[str]) -> None:
        self._world = world
        self._without = without

    def get(self, document_id: str) -> Document | None:
        found = self._world.get(document_id)
        return found if found is not None and self._lives(found) else None

    def children(self, parent: str, kind: str) -> Iterator[Document]:
        return filter(self._lives, self._world.children(parent, kind))

    def of_kind(self, account: str, kind: str) -> Iterator[Document]:
        return filter(self._lives, self._world.of_kind(account, kind))

    def _lives(self, document: Document) -> bool:
        return not document.deleting and document.id not in self._without


def carried_networks(
    world: World,
    accounts: Sequence[str],
    prefix: str,
    *,
    readable: bool = False,
    key_of: KeyOf = inline_key,
    without: Container[str] = (),
) -> tuple[Carried, ...]:
    """The networks of accounts, in the order in which they came to be.

    Args:
        world: All documents.
        accounts: Whose networks are wanted.
        prefix: What their names begin with.
        readable: See Names.
        key_of: How the plan says pre-shared keys.
        without: Ids of documents that are left out as if they were not there.
    """
    view = _Living(world, without)
    return tuple(
        network
        for account in accounts
        for network in _Account(view, account, prefix, key_of, readable=readable).networks()
    )


class _Account:
    """The networks of one account."""

    def __init__(self, view: View, account: str, prefix: str, key_of: KeyOf, *, readable: bool) -> None:
        self._view = view
        self._account = account
        self._prefix = prefix
        self._key_of = key_of
        kinds = (*_NAMED, "instance") if readable else ()
        self._names = Names((one for kind in kinds for one in view.of_kind(account, kind)), readable=readable)
        self._attachment_of = {
            one.text("ResourceId"): one for one in view.of_kind(account, "tr_attachment")
        }

    def networks(self) -> Iterator[Carried]:
        """All that carry something."""
        for router in self._view.of_kind(self._account, "transit_router"):
            yield self._of_router(router)
        for vpc in self._view.of_kind(self._account, "vpc"):
            if vpc.id not in self._attachment_of:
                piece = vpc_piece(vpc, self._view, self._names, None)
                if piece is not None:
                    yield self._network(vpc, {"vpcs": [piece]})
        for vbr in self._view.of_kind(self._account, "vbr"):
            if vbr.id not in self._attachment_of and carries(vbr, self._view):
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
                    piece = vpc_piece(resource, self._view, self._names, one.id)
                    self._take(piece, one, "vpc", attached, pieces["vpcs"])
                case "vbr" if carries(resource, self._view):
                    borders.append(resource)
                    attached["vbr"].append(one)
                case "vpn_attachment":
                    piece = connection_piece(resource, self._view, self._names, self._key_of)
                    self._take(piece, one, "vpn", attached, pieces["ipsec_connections"])
        carried = {one.text("ResourceId") for kind in attached.values() for one in kind}
        cen = self._view.get(router.parent)
        level = cen.text("ProtectionLevel") if cen is not None else ""
        return self._network(router, {
            **pieces,
            **self._circuits(borders),
            "cen": Piece(router.parent, {"name": self._names.of(router.parent), "protection_level": level or None}),
            "transit_router": transit_piece(router, self._view, self._names, attached),
            "route_maps": [
                piece for one in self._view.children(router.parent, "route_map")
                if one.text("CenRegionId") == router.region
                and (piece := route_map_piece(one, self._names, carried)) is not None
            ],
            "customer_gateways": list(self._gateways(attached["vpn"])),
        }, router.id)

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
        return (gateway_piece(one, self._names) for one in found if one is not None)

    def _circuits(self, borders: Sequence[Document]) -> dict[str, list[Value]]:
        lines = dict.fromkeys(one.parent for one in borders)
        found = (self._view.get(one) for one in lines)
        return {
            "physical_connections": [circuit_piece(one, self._view, self._names) for one in found if one is not None],
            "virtual_border_routers": [vbr_piece(one, self._view, self._names) for one in borders],
        }

    def _network(
        self, root: Document, pieces: Mapping[str, Value], transit_router: str = ""
    ) -> Carried:
        name = f"{self._prefix}{root.sequence}"
        lines = pieces.get("physical_connections")
        circuits = {one["name"] for one in lines if isinstance(one, Piece)} if isinstance(lines, list) else set()
        sites = []
        configs: dict[str, str] = {}
        for site in self._view.of_kind(self._account, "site"):
            piece = self._site(site, circuits, configs)
            if piece is not None:
                sites.append(piece)
        protections = [
            Piece(one.id, {key: one.fields[key] for key in ("name", "cloud", "site", "mode")})  # type: ignore[misc]
            for one in self._view.of_kind(self._account, "protection")
            if transit_router
        ]
        plan = Piece(root.id, {
            "version": 1,
            "name": name,
            "region": root.region,
            **pieces,
            "sites": sites,
            "protections": protections,
        })
        return Carried(name, self._account, plan, configs, transit_router)

    def _site(self, site: Document, circuits: set[Value], configs: dict[str, str]) -> Piece | None:
        """The site when all its circuits are of this network; its device's text goes to ``configs``."""
        written = site.fields.get("site")
        if not isinstance(written, Mapping):
            return None
        entries: dict[str, Value | None] = dict(written)  # type: ignore[arg-type]
        device = entries.get("device")
        if isinstance(device, Mapping):
            ports = device.get("ports")
            named = ports.values() if isinstance(ports, Mapping) else ()
            used = {self._names.of(str(one["circuit"])) for one in named if isinstance(one, Mapping) and
                    one.get("circuit")}
            if not used or not used <= circuits:
                return None
            fixed = {key: self._port(one) for key, one in ports.items()} if isinstance(ports, Mapping) else {}
            entries["device"] = Piece(site.id, {**device, "ports": Piece(site.id, fixed), **self._gateways_of(device)})
            if device.get("config"):
                configs[str(device["config"])] = site.secrets.get("config", "")
        return Piece(site.id, {"name": site.text("Name"), **entries})

    def _gateways_of(self, device: Mapping[str, Value]) -> dict[str, Value]:
        named = device.get("customer_gateways")
        if not isinstance(named, Sequence) or isinstance(named, str):
            return {}
        return {"customer_gateways": [self._names.of(str(one)) for one in named]}

    def _port(self, port: Value) -> Value:
        if isinstance(port, Mapping) and port.get("circuit"):
            return {**port, "circuit": self._names.of(str(port["circuit"]))}
        return port


_NAMED = (
    "physical_connection", "vbr", "bgp_group", "vpc", "vswitch", "security_group", "cen", "transit_router",
    "tr_route_table", "tr_attachment", "customer_gateway", "vpn_attachment",
)
