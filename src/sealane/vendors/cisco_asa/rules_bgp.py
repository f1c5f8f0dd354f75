"""The BGP process."""

from collections.abc import Callable

from sealane.net import Asn, Secret
from sealane.vendors.cisco_asa.draft import BgpDraft, Draft, NeighborDraft
from sealane.vendors.cisco_asa.grammar import Action, Args, Mode, Rule, nothing, rules

_ASN = "1-4294967295"


def _bgp(draft: Draft, args: Args) -> None:
    asn = Asn(args.number("asn"))
    if draft.bgp is None:
        draft.bgp = BgpDraft(asn, draft.at)
    elif draft.bgp.asn != asn:
        draft.error(
            "ASA-065",
            f"router bgp {asn}",
            f"the device already runs AS {draft.bgp.asn}; it has one AS",
            f"configure everything under `router bgp {draft.bgp.asn}`; the block was read as part of it",
            draft.at,
            draft.bgp.origin,
        )


def _process(draft: Draft) -> BgpDraft:
    if draft.bgp is None:
        raise LookupError("BGP mode without a process")
    return draft.bgp


def _router_id(draft: Draft, args: Args) -> None:
    _process(draft).router_id = args.address("address")


def _no_router_id(draft: Draft, _: Args) -> None:
    _process(draft).router_id = None


def _process_timers(draft: Draft, args: Args) -> None:
    _process(draft).keepalive_s, _process(draft).hold_time_s = args.number("keepalive"), args.number("hold")


def _neighbor(draft: Draft, args: Args) -> NeighborDraft:
    address = args.address("address")
    return _process(draft).neighbors.setdefault(address, NeighborDraft(address, draft.at))


def _remote_as(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).remote_asn = Asn(args.number("asn"))


def _local_as(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).local_asn = Asn(args.number("asn"))


def _description(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).description = draft.hide(args.text("text"))


def _multihop(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).multihop_ttl = args.number("ttl")


def _multihop_most(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).multihop_ttl = 255


def _timers(draft: Draft, args: Args) -> None:
    neighbor = _neighbor(draft, args)
    neighbor.keepalive_s, neighbor.hold_time_s = args.number("keepalive"), args.number("hold")


def _activate(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).activated = True


def _no_activate(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).activated = False


def _password(draft: Draft, args: Args) -> None:
    neighbor, word = _neighbor(draft, args), args.words("key")[-1]
    neighbor.password, neighbor.password_at = Secret(word) if word.strip("*") else None, draft.at


def _no_password(draft: Draft, args: Args) -> None:
    neighbor = _neighbor(draft, args)
    neighbor.password, neighbor.password_at = None, None


def _bfd(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).bfd_at = draft.at


def _no_bfd(draft: Draft, args: Args) -> None:
    _neighbor(draft, args).bfd_at = None


def _no_neighbor(draft: Draft, args: Args) -> None:
    _process(draft).neighbors.pop(args.address("address"), None)


def _filter(kind: str, direction: str) -> Action:
    def act(draft: Draft, args: Args) -> None:
        _neighbor(draft, args).filters[kind, direction] = (args.text("name"), draft.at)

    return act


def _no_filter(kind: str, direction: str) -> Action:
    def act(draft: Draft, args: Args) -> None:
        _neighbor(draft, args).filters.pop((kind, direction), None)

    return act


def _filter_rules(prefix: str, make: Callable[[str, str], Action]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            Mode.BGP_FAMILY,
            f"{prefix}neighbor <address:address> {kind} <name:word> {direction}",
            make(kind, direction),
        )
        for kind in ("prefix-list", "route-map")
        for direction in ("in", "out")
    )


def _network(draft: Draft, args: Args) -> None:
    prefix = draft.prefix(args.address("network"), args.address("mask"), f"network {args.address('network')}")
    _process(draft).networks.setdefault(prefix, draft.at)


def _no_network(draft: Draft, args: Args) -> None:
    prefix = draft.prefix(args.address("network"), args.address("mask"), f"no network {args.address('network')}")
    _process(draft).networks.pop(prefix, None)


def _maximum_paths(draft: Draft, args: Args) -> None:
    _process(draft).maximum_paths = args.number("paths")


def _one_path(draft: Draft, _: Args) -> None:
    _process(draft).maximum_paths = 1


_NEIGHBOR = "neighbor <address:address>"

RULES: tuple[Rule, ...] = (
    Rule(Mode.GLOBAL, f"router bgp <asn:{_ASN}>", _bgp, enters=Mode.BGP),
    Rule(Mode.BGP, "address-family ipv4 unicast", nothing, enters=Mode.BGP_FAMILY),
    Rule(Mode.BGP, "address-family ipv4", nothing, enters=Mode.BGP_FAMILY),
    *rules(
        Mode.BGP,
        ("bgp router-id <address:address>", _router_id),
        ("no bgp router-id <old:any>", _no_router_id),
        ("bgp log-neighbor-changes", nothing),
        ("no bgp log-neighbor-changes", nothing),
        ("timers bgp <keepalive:0-65535> <hold:0-65535>", _process_timers),
        ("timers bgp <keepalive:0-65535> <hold:0-65535> <least:0-65535>", _process_timers),
    ),
    *rules(
        Mode.BGP_FAMILY,
        (f"{_NEIGHBOR} remote-as <asn:{_ASN}>", _remote_as),
        (f"{_NEIGHBOR} local-as <asn:{_ASN}>", _local_as),
        (f"{_NEIGHBOR} description <text:any>", _description),
        (f"{_NEIGHBOR} ebgp-multihop <ttl:1-255>", _multihop),
        (f"{_NEIGHBOR} ebgp-multihop", _multihop_most),
        (f"{_NEIGHBOR} timers <keepalive:0-65535> <hold:0-65535>", _timers),
        (f"{_NEIGHBOR} timers <keepalive:0-65535> <hold:0-65535> <least:0-65535>", _timers),
        (f"{_NEIGHBOR} activate", _activate),
        (f"{_NEIGHBOR} password <key:words>", _password),
        (f"no {_NEIGHBOR} password", _no_password),
        (f"no {_NEIGHBOR} password <old:any>", _no_password),
        (f"{_NEIGHBOR} fall-over bfd", _bfd),
        (f"{_NEIGHBOR} fall-over bfd single-hop", _bfd),
        (f"no {_NEIGHBOR} fall-over <old:any>", _no_bfd),
        (f"{_NEIGHBOR} transport path-mtu-discovery <rest:any>", nothing),
        (f"no {_NEIGHBOR} activate", _no_activate),
        (f"no {_NEIGHBOR}", _no_neighbor),
        (f"no {_NEIGHBOR} remote-as <old:any>", _no_neighbor),
        ("network <network:address> mask <mask:mask>", _network),
        ("no network <network:address> mask <mask:mask>", _no_network),
        ("maximum-paths <paths:1-8>", _maximum_paths),
        ("no maximum-paths <old:any>", _one_path),
        ("no auto-summary", nothing),
        ("no synchronization", nothing),
        ("bgp router-id <address:address>", _router_id),
        ("exit-address-family", nothing),
    ),
    *_filter_rules("", _filter),
    *_filter_rules("no ", _no_filter),
)
