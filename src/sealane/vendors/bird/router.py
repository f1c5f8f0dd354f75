"""A transit router as one BIRD.

Every attachment has a table of its own (``att_``) that its routes arrive in and its published routes leave from. Pipes
join it to the tables of the transit router (``tr_``): towards a table it propagates to, with the RegionIn policies;
from the table it is associated with when it auto-publishes. A session announces only the best route of each prefix, so
RegionOut policies and split horizon stand in its export filter: a denied best route is not replaced by a standby.

Ranking is BIRD's preference (see marks), then the AS path, then the user's preference as MED; equal routes are merged
into one multipath route in the kernel.

Source: BIRD 2.0 User's Guide, 6.3 "BGP", 6.10 "Pipe", 6.14 "Static"; reference/Cbn on ranking and publication.
"""

from collections.abc import Iterable, Iterator, Mapping

from sealane.model import (
    DEFAULT_VBR_ASN,
    Attachment,
    AttachmentKind,
    BgpNeighbor,
    MapDirection,
    Network,
    Node,
    RouteType,
    TransitRouter,
    TransitTable,
)
from sealane.net import Prefix, in_order
from sealane.vendors.bird.base import kernel, kernel_protocol, preamble, router_id, session, timers
from sealane.vendors.bird.links import own_address, peer_address
from sealane.vendors.bird.maps import function_name, render_maps
from sealane.vendors.bird.marks import (
    DECLARATIONS,
    DEFAULT_PREFERENCE,
    KIND,
    OWN_PREFERENCE,
    STRIP_WIRE_MARKS,
    TYPE,
    preference,
    source_id,
    wire_mark,
)
from sealane.vendors.bird.text import address_symbol, block, comment, linux_name, pair_symbol, slug


def render_transit_router(
    network: Network,
    node: Node,
    names: Mapping[str, str],
    tables: Mapping[str, int],
    socket: str | None = None,
    *,
    log: str | None = None,
    redacted: bool = False,
) -> str:
    """The complete ``bird.conf`` of a transit router.

    Args:
        network: Where the far ends of its links are found.
        node: The transit router.
        names: Model interface name -> Linux name in the node's namespace.
        tables: Route table name -> kernel table number.
        socket: Control socket, for the reader's benefit; BIRD takes it as ``-s``.
        log: Log file; None is standard error.
        redacted: True leaves BGP keys out; such a text is evidence, not configuration.

    Raises:
        KeyError: ``names`` or ``tables`` lacks an entry, or a route names an unknown attachment.
        ValueError: A value cannot be expressed in BIRD, or a link has no far address.
    """
    router = node.transit_router
    if router is None:
        raise ValueError(f"{node.name} is not a transit router")
    writer = _Writer(network, node, router, names, redacted=redacted)
    lines = [*preamble(node, router_id(node), log, socket), *DECLARATIONS, ""]
    for table in sorted(router.tables, key=lambda found: found.name):
        lines.extend(writer.table(table, tables[table.name]))
    for attachment in sorted(router.attachments, key=lambda found: found.name):
        lines.extend(writer.attachment(attachment))
    return "\n".join(lines) + "\n"


class _Writer:
    """Holds what every part of the text needs."""

    def __init__(
        self, network: Network, node: Node, router: TransitRouter, names: Mapping[str, str], *, redacted: bool
    ) -> None:
        self._network = network
        self._node = node
        self._router = router
        self._names = names
        self._redacted = redacted

    def table(self, table: TransitTable, number: int) -> Iterator[str]:
        """A route table: its policies, its own routes and its way to the kernel."""
        symbol = f"tr_{slug(table.name)}"
        yield comment(f"route table {table.name}")
        yield f"ipv4 table {symbol};"
        yield from kernel(kernel_protocol(table.name), symbol, number)
        for direction in MapDirection:
            yield from render_maps(self._router, table.name, direction)
        yield from self._own_routes(table, symbol)
        yield from self._cidrs(table, symbol)

    def _own_routes(self, table: TransitTable, symbol: str) -> Iterator[str]:
        if not table.routes:
            return
        hops: dict[str | None, str] = {None: "blackhole"} | {
            name: self._hops(self._router.attachment(name))
            for name in {route.attachment for route in table.routes if route.attachment is not None}
        }
        routes = [
            f"route {route.prefix} {hops[route.attachment]};"
            for route in sorted(table.routes, key=lambda found: in_order(found.prefix))
        ]
        marks = _marks(0, 0, RouteType.CUSTOM, OWN_PREFERENCE)
        yield from _static(f"own_{slug(table.name)}", symbol, marks, routes)

    def _cidrs(self, table: TransitTable, symbol: str) -> Iterator[str]:
        """Published CIDRs stand as black holes in the tables that learn from a VPN attachment."""
        learns_vpn = any(
            table.name in found.propagations
            for found in self._router.attachments
            if found.kind is AttachmentKind.VPN
        )
        prefixes = sorted({cidr.prefix for cidr in self._router.cidrs if cidr.publish})
        if learns_vpn and prefixes:
            # One above a custom route would hide it; one below lets the user's own route for the CIDR win.
            marks = [*_marks(0, 0, RouteType.SYSTEM, OWN_PREFERENCE - 1), "sl_permit_vbr = 1;"]
            yield from _static(
                f"cidr_{slug(table.name)}", symbol, marks, [f"route {prefix} blackhole;" for prefix in prefixes]
            )

    def attachment(self, attachment: Attachment) -> Iterator[str]:
        """An attachment: its table, what it contributes and its pipes."""
        symbol = f"att_{slug(attachment.name)}"
        yield comment(f"attachment {attachment.name} ({attachment.kind.value} {attachment.instance})")
        yield f"ipv4 table {symbol};"
        yield ""
        if attachment.prefixes:
            yield from self._contribution(attachment, symbol)
        if attachment.kind is AttachmentKind.VBR:
            yield from self._border_session(attachment, symbol)
        if attachment.kind is AttachmentKind.VPC and attachment.auto_publish:
            yield from self._vpc_session(attachment, symbol)
        for neighbor in sorted(attachment.neighbors, key=lambda found: found.address):
            yield from self._tunnel_session(attachment, neighbor, symbol)
        yield from self._pipes(attachment, symbol)

    def _contribution(self, attachment: Attachment, symbol: str) -> Iterator[str]:
        route_type = RouteType.SYSTEM if attachment.kind is AttachmentKind.VPC else RouteType.CUSTOM
        marks = _attachment_marks(attachment, route_type)
        hops = self._hops(attachment)
        routes = [f"route {prefix} {hops};" for prefix in _sorted(attachment.prefixes)]
        yield from _static(f"from_{slug(attachment.name)}", symbol, marks, routes)

    def _hops(self, attachment: Attachment) -> str:
        """Next hops of an attachment: the peer's address, or every tunnel interface that is up.

        Raises:
            ValueError: It has no interface.
        """
        if not attachment.interfaces:
            raise ValueError(f"attachment {attachment.name} has no interface to route over")
        if attachment.peer is None:
            return " ".join(f"via {linux_name(self._names, found)}" for found in sorted(attachment.interfaces))
        interface = attachment.interfaces[0]
        return f"via {peer_address(self._network, self._node, interface, attachment.peer)}"

    def _border_session(self, attachment: Attachment, symbol: str) -> Iterator[str]:
        """Carries a VBR's routes here and published routes there; invisible to customers."""
        typed = [
            f"if {wire_mark(RouteType.BGP)} ~ bgp_large_community then",
            "{",
            *(f"    {line}" for line in _attachment_marks(attachment, RouteType.BGP)),
            "} else {",
            *(f"    {line}" for line in _attachment_marks(attachment, RouteType.CUSTOM)),
            "}",
            STRIP_WIRE_MARKS,
        ]
        body = [
            *self._link_session(attachment),
            *_channel(symbol, [*typed, *_NORMAL], self._publication(attachment)),
        ]
        yield from block(f"protocol bgp border_{slug(attachment.name)}", body)
        yield ""

    def _vpc_session(self, attachment: Attachment, symbol: str) -> Iterator[str]:
        """Carries published routes to a VPC, which tells nothing; the pipe has applied the policies."""
        body = [
            *self._link_session(attachment),
            *block(
                "ipv4",
                [
                    f"table {symbol};",
                    "next hop self;",
                    "import none;",
                    *block("export filter", [*_withheld(attachment), "unset(bgp_med);", "accept;"], "};"),
                ],
                "};",
            ),
        ]
        yield from block(f"protocol bgp vpc_{slug(attachment.name)}", body)
        yield ""

    def _link_session(self, attachment: Attachment) -> Iterator[str]:
        """The statements, but for the channel, of the session with a VBR or VPC.

        Internal BGP keeps AS paths as the customer sent them; reflection (RFC 4456) lets a policy join two VBRs.
        """
        if attachment.peer is None or not attachment.interfaces:
            raise ValueError(f"attachment {attachment.name} has no link")
        interface = attachment.interfaces[0]
        yield f"local {own_address(self._node, interface).ip} as {DEFAULT_VBR_ASN};"
        yield f"neighbor {peer_address(self._network, self._node, interface, attachment.peer)} as {DEFAULT_VBR_ASN};"
        yield "direct;"
        yield f"interface {linux_name(self._names, interface)};"
        yield "rr client;"
        yield from timers(10, 30)

    def _tunnel_session(self, attachment: Attachment, neighbor: BgpNeighbor, symbol: str) -> Iterator[str]:
        speaker = self._node.bgp
        local_asn = neighbor.local_asn or (speaker.asn if speaker else DEFAULT_VBR_ASN)
        interface = None if neighbor.interface is None else linux_name(self._names, neighbor.interface)
        arriving = [STRIP_WIRE_MARKS, *_attachment_marks(attachment, RouteType.BGP), *_NORMAL]
        body = [
            *session(
                neighbor, local_asn=local_asn, local_address=None, interface=interface, redacted=self._redacted
            ),
            *_channel(symbol, arriving, [*self._publication(attachment), STRIP_WIRE_MARKS]),
        ]
        yield from block(f"protocol bgp vpn_{slug(attachment.name)}_{address_symbol(neighbor.address)}", body)
        yield ""

    def _publication(self, attachment: Attachment) -> list[str]:
        """What the export filter of an attachment does before it accepts."""
        lines = _withheld(attachment)
        if attachment.association is not None:
            name = function_name(MapDirection.REGION_OUT, attachment.association)
            lines.append(f"if !{name}({source_id(attachment)}, {KIND[attachment.kind]}) then reject;")
        return [*lines, "unset(bgp_med);"]

    def _pipes(self, attachment: Attachment, symbol: str) -> Iterator[str]:
        published = attachment.association if attachment.auto_publish else None
        wanted = {*attachment.propagations, *([published] if published is not None else [])}
        for table in sorted(found.name for found in self._router.tables if found.name in wanted):
            body = [f"table tr_{slug(table)};", f"peer table {symbol};"]
            body.extend(self._learning(attachment, table))
            if table != published:
                body.append("export none;")
            elif attachment.kind is AttachmentKind.VPC:
                # The policies stand here, so that the table shows what the VPC is told.
                body.extend(block("export filter", [*self._publication(attachment), "accept;"], "};"))
            else:
                body.extend(block("export filter", [*_withheld(attachment), "accept;"], "};"))
            yield from block(f"protocol pipe {pair_symbol('pipe', attachment.name, table)}", body)
            yield ""

    def _learning(self, attachment: Attachment, table: str) -> list[str]:
        if table not in attachment.propagations:
            return ["import none;"]
        return block(
            "import filter",
            [
                f"if !defined(sl_source) || sl_source != {source_id(attachment)} then reject;",
                f"if !{function_name(MapDirection.REGION_IN, table)}() then reject;",
                "accept;",
            ],
            "};",
        )


_NORMAL = (
    # Neither the neighbor's MED nor its origin ranks routes in the cloud; the MED carries the user's preference.
    "bgp_origin = ORIGIN_IGP;",
    f"bgp_med = {DEFAULT_PREFERENCE};",
    "bgp_local_pref = 100;",
)


def _withheld(attachment: Attachment) -> list[str]:
    """Split horizon, and the transit router's CIDR for VBR attachments only."""
    lines = [f"if sl_source = {source_id(attachment)} then reject;"]
    if attachment.kind is not AttachmentKind.VBR:
        lines.append("if defined(sl_permit_vbr) then reject;")
    return lines


def _marks(source: int, kind: int, route_type: RouteType, rank: int) -> list[str]:
    return [
        f"sl_source = {source};",
        f"sl_kind = {kind};",
        f"sl_type = {TYPE[route_type]};",
        f"preference = {rank};",
    ]


def _attachment_marks(attachment: Attachment, route_type: RouteType) -> list[str]:
    rank = preference(attachment.kind, bgp=route_type is RouteType.BGP)
    return _marks(source_id(attachment), KIND[attachment.kind], route_type, rank)


def _channel(symbol: str, arriving: Iterable[str], leaving: Iterable[str]) -> list[str]:
    return block(
        "ipv4",
        [
            f"table {symbol};",
            "next hop self;",
            *block("import filter", [*arriving, "accept;"], "};"),
            *block("export filter", [*leaving, "accept;"], "};"),
        ],
        "};",
    )


def _static(name: str, symbol: str, marks: Iterable[str], routes: Iterable[str]) -> Iterator[str]:
    """``check link``: a next hop without carrier is as dead as one whose interface is down."""
    channel = block("ipv4", [f"table {symbol};", *block("import filter", [*marks, "accept;"], "};")], "};")
    yield from block(f"protocol static {name}", ["check link yes;", *channel, *routes])
    yield ""


def _sorted(prefixes: Iterable[Prefix]) -> list[Prefix]:
    return sorted(set(prefixes))
