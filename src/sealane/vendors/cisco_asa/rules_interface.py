"""Interfaces, traffic zones and static routes."""

import re

from sealane.model import Bfd, InterfaceKind
from sealane.net import Address, InterfaceAddress
from sealane.vendors.cisco_asa.draft import Draft, InterfaceDraft, RouteDraft
from sealane.vendors.cisco_asa.grammar import Args, Mode, Rule, nothing, rules
from sealane.vendors.cisco_asa.words import INTERFACE_KINDS, INTERFACE_SPELLING

_NAME = re.compile(r"([A-Za-z-]+)\s*(\S*)")


def interface_name(written: str) -> tuple[str, InterfaceKind | None]:
    """The name as the device prints it, and its kind; None for a type that is not known."""
    parts = _NAME.fullmatch(written)
    kind = parts and INTERFACE_KINDS.get(parts[1].lower())
    if not parts or kind is None:
        return "".join(written.split()), None
    return INTERFACE_SPELLING[parts[1].lower()] + parts[2], kind


def _interface(draft: Draft, args: Args) -> None:
    name, kind = interface_name(args.text("name"))
    if kind is None:
        draft.warning(
            "ASA-012",
            f"interface {name}",
            f"interface type of '{name}' is not known; expected one of {', '.join(INTERFACE_SPELLING.values())}",
            "write the interface's full name as `show interface` prints it; it was read as an Ethernet port",
        )
    found = draft.interfaces.setdefault(name, InterfaceDraft(name, kind or InterfaceKind.ETHERNET, draft.at))
    draft.interface = found


def _of(draft: Draft) -> InterfaceDraft:
    if draft.interface is None:
        raise LookupError("interface mode without an interface")
    return draft.interface


def _nameif(draft: Draft, args: Args) -> None:
    _of(draft).nameif = args.text("nameif")


def _no_nameif(draft: Draft, _: Args) -> None:
    _of(draft).nameif = None


def _level(draft: Draft, args: Args) -> None:
    _of(draft).security_level = args.number("level")


def _no_level(draft: Draft, _: Args) -> None:
    _of(draft).security_level = None


def _address(draft: Draft, args: Args) -> None:
    bits = int(args.address("mask")).bit_count()
    _of(draft).address = InterfaceAddress(f"{args.address('address')}/{bits}")


def _no_address(draft: Draft, _: Args) -> None:
    _of(draft).address = None


def _shutdown(draft: Draft, _: Args) -> None:
    _of(draft).enabled = False


def _no_shutdown(draft: Draft, _: Args) -> None:
    _of(draft).enabled = True


def _zone(draft: Draft, args: Args) -> None:
    draft.zones.setdefault(args.text("zone"), draft.at)


def _no_zone(draft: Draft, args: Args) -> None:
    draft.zones.pop(args.text("zone"), None)


def _zone_member(draft: Draft, args: Args) -> None:
    _of(draft).zone, _of(draft).zone_at = args.text("zone"), draft.at


def _no_zone_member(draft: Draft, _: Args) -> None:
    _of(draft).zone = _of(draft).zone_at = None


def _bfd(draft: Draft, args: Args) -> None:
    """The slower of the two intervals is what both directions keep to: the far end is told the one it may send at."""
    _of(draft).bfd = Bfd(max(args.number("send"), args.number("receive")), args.number("multiplier"))


def _no_bfd(draft: Draft, _: Args) -> None:
    _of(draft).bfd = None


def _tunnel_source(draft: Draft, args: Args) -> None:
    _of(draft).tunnel_source, _of(draft).tunnel_at = args.text("nameif"), draft.at


def _tunnel_destination(draft: Draft, args: Args) -> None:
    _of(draft).tunnel_destination = args.address("address")


def _tunnel_mode(draft: Draft, args: Args) -> None:
    _of(draft).tunnel_mode = args.text("mode").lower()


def _tunnel_profile(draft: Draft, args: Args) -> None:
    _of(draft).tunnel_profile = args.text("profile")


def _mtu(draft: Draft, args: Args) -> None:
    draft.mtus[args.text("nameif")] = (args.number("mtu"), draft.at)


def _add_route(draft: Draft, args: Args, nameif: str | None, next_hop: Address | None, distance: int) -> None:
    prefix = draft.prefix(args.address("network"), args.address("mask"), f"route {nameif or 'null0'}")
    known = draft.routes.setdefault((nameif, prefix), {})
    known.setdefault((next_hop, distance), RouteDraft(nameif, prefix, next_hop, distance, draft.at))


def _route(draft: Draft, args: Args) -> None:
    _add_route(draft, args, args.text("nameif"), args.address("gateway"), 1)


def _route_distance(draft: Draft, args: Args) -> None:
    _add_route(draft, args, args.text("nameif"), args.address("gateway"), args.number("distance"))


def _route_null(draft: Draft, args: Args) -> None:
    _add_route(draft, args, None, None, 1)


def _route_null_distance(draft: Draft, args: Args) -> None:
    _add_route(draft, args, None, None, args.number("distance"))


def _no_route(draft: Draft, args: Args) -> None:
    nameif = None if args.text("nameif").lower() == "null0" else args.text("nameif")
    prefix = draft.prefix(args.address("network"), args.address("mask"), f"no route {args.text('nameif')}")
    rest = args.words("gateway-and-distance")
    known = draft.routes.get((nameif, prefix), {})
    for next_hop, distance in tuple(known):
        if rest[:2] == (str(next_hop), str(distance))[: len(rest)]:
            del known[next_hop, distance]


_ROUTE = "route <nameif:word> <network:address> <mask:mask> <gateway:address>"

RULES: tuple[Rule, ...] = (
    Rule(Mode.GLOBAL, "interface <name:text>", _interface, enters=Mode.INTERFACE),
    *rules(
        Mode.INTERFACE,
        ("nameif <nameif:word>", _nameif),
        ("no nameif <old:any>", _no_nameif),
        ("security-level <level:0-100>", _level),
        ("no security-level <old:any>", _no_level),
        ("ip address <address:address> <mask:mask>", _address),
        ("ip address <address:address> <mask:mask> standby <standby:address>", _address),
        ("no ip address <old:any>", _no_address),
        ("description <rest:any>", nothing),
        ("no description <rest:any>", nothing),
        ("duplex <rest:text>", nothing),
        ("speed <rest:text>", nothing),
        ("management-only <rest:any>", nothing),
        ("vlan <tag:1-4094>", nothing),
        ("shutdown", _shutdown),
        ("no shutdown", _no_shutdown),
        ("zone-member <zone:word>", _zone_member),
        ("no zone-member <old:any>", _no_zone_member),
        ("bfd interval <send:50-999> min_rx <receive:50-999> multiplier <multiplier:3-50>", _bfd),
        ("no bfd interval <old:any>", _no_bfd),
        ("tunnel source interface <nameif:word>", _tunnel_source),
        ("tunnel destination <address:address>", _tunnel_destination),
        ("tunnel mode <mode:text>", _tunnel_mode),
        ("tunnel protection ipsec profile <profile:word>", _tunnel_profile),
    ),
    *rules(
        Mode.GLOBAL,
        ("zone <zone:word>", _zone),
        ("no zone <zone:word>", _no_zone),
        ("mtu <nameif:word> <mtu:64-9198>", _mtu),
        ("route null0 <network:address> <mask:mask>", _route_null),
        ("route null0 <network:address> <mask:mask> <distance:1-254>", _route_null_distance),
        (_ROUTE, _route),
        (f"{_ROUTE} <distance:1-254>", _route_distance),
        ("no route <nameif:word> <network:address> <mask:mask> <gateway-and-distance:any>", _no_route),
    ),
)
