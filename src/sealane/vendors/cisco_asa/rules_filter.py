"""Access lists, prefix lists and route maps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sealane.model import FilterRule, PortRange, PrefixListEntry
from sealane.net import Address, Asn, Prefix, parse_address
from sealane.vendors.cisco_asa.draft import AccessListDraft, Draft, RouteMapEntryDraft
from sealane.vendors.cisco_asa.grammar import Args, Mode, Rule, is_mask, nothing, number_up_to, rules
from sealane.vendors.cisco_asa.words import ICMP_TYPES, PORTS, PROTOCOLS

_HIGHEST_PORT = 65535
_HIGHEST_PROTOCOL = 255
_WITH_PORTS = (6, 17, 132)
_ICMP = 1
_LONGEST_PREFIX = 32
_HIGHEST_ASN = 2**32 - 1


class _NotARule(Exception):  # noqa: N818 - caught here, becomes a finding
    """The words are not a rule; the text says what was expected and found."""

    def __init__(self, expected: str, found: str | None) -> None:
        super().__init__(f"expected {expected}, found {'the end of the line' if found is None else repr(found)}")


@dataclass(slots=True)
class _Words:
    """The words of a rule, taken from the left."""

    left: tuple[str, ...]

    def peek(self) -> str | None:
        return self.left[0].lower() if self.left else None

    def take(self, expected: str) -> str:
        if not self.left:
            raise _NotARule(expected, None)
        word, self.left = self.left[0], self.left[1:]
        return word

    def address(self) -> Address:
        word = self.take("an IPv4 address")
        found = parse_address(word)
        if found is None:
            raise _NotARule("an IPv4 address", word)
        return found


def _number(word: str, highest: int, names: Mapping[str, int | None], expected: str) -> int | None:
    if word.lower() in names:
        return names[word.lower()]
    number = number_up_to(word, highest)
    if number is None:
        raise _NotARule(expected, word)
    return number


def _port(words: _Words) -> int:
    word = words.take("a port")
    found = _number(word, _HIGHEST_PORT, PORTS, "a port number or name")
    return found if found is not None else 0


def _place(words: _Words) -> Prefix | None:
    """An address specification; None is any."""
    word = words.take("an address").lower()
    if word in ("any", "any4"):
        return None
    if word == "host":
        return Prefix(int(words.address()))
    address = parse_address(word)
    if address is None:
        raise _NotARule("any, host, or a network with its mask", word)
    mask = words.address()
    if not is_mask(mask):
        raise _NotARule("a netmask such as 255.255.255.0", str(mask))
    return Prefix((int(address) & int(mask), int(mask).bit_count()))


def _ports(words: _Words) -> PortRange | None:
    match words.peek():
        case "eq":
            words.take("eq")
            port = _port(words)
            return PortRange(port, port)
        case "range":
            words.take("range")
            return PortRange(_port(words), _port(words))
        case "gt":
            words.take("gt")
            return PortRange(min(_port(words) + 1, _HIGHEST_PORT), _HIGHEST_PORT)
        case "lt":
            words.take("lt")
            return PortRange(0, max(_port(words) - 1, 0))
        case _:
            return None


def _icmp_type(words: _Words) -> int | None:
    word = words.peek()
    if word is None or (word not in ICMP_TYPES and not word.isdecimal()):
        return None
    return _number(words.take("a type"), 255, ICMP_TYPES, "an ICMP type")


def _parse_rule(written: tuple[str, ...]) -> FilterRule | None:
    """The rule, or None for one that is switched off (``inactive``)."""
    words = _Words(written)
    action = words.take("permit or deny").lower()
    if action not in ("permit", "deny"):
        raise _NotARule("permit or deny", action)
    protocol = _number(words.take("a protocol"), _HIGHEST_PROTOCOL, PROTOCOLS, "a protocol number or name")
    source = _place(words)
    source_ports = _ports(words) if protocol in _WITH_PORTS else None
    destination = _place(words)
    destination_ports = _ports(words) if protocol in _WITH_PORTS else None
    icmp_type = _icmp_type(words) if protocol == _ICMP else None
    log = words.peek() == "log"
    if log:
        words.take("log")
        while words.peek() not in (None, "inactive"):
            words.take("a log option")
    if words.left and words.left != ("inactive",):
        raise _NotARule("log, inactive or the end of the line", words.left[0])
    if words.left:
        return None
    return FilterRule(
        action == "permit", protocol, source, source_ports, destination, destination_ports, icmp_type, log
    )


def _read_rule(draft: Draft, args: Args) -> FilterRule | None:
    name = args.text("name")
    try:
        return _parse_rule(args.words("rule"))
    except _NotARule as wrong:
        draft.error(
            "ASA-003",
            f"access-list {name}",
            f"the rule is not understood: {wrong}",
            "write the rule with addresses, protocols and ports; object groups are not read. The rule was left out",
        )
        return None


def _list_of(draft: Draft, args: Args) -> AccessListDraft:
    return draft.access_lists.setdefault(args.text("name"), AccessListDraft())


def _access_list(draft: Draft, args: Args) -> None:
    rule, found = _read_rule(draft, args), _list_of(draft, args)
    if rule is not None and rule not in found.known:
        found.entries.append((rule, draft.at))
        found.known.add(rule)


def _access_list_line(draft: Draft, args: Args) -> None:
    rule = _read_rule(draft, args)
    if rule is not None:
        found = _list_of(draft, args)
        found.entries.insert(args.number("line") - 1, (rule, draft.at))
        found.known.add(rule)


def _no_access_list(draft: Draft, args: Args) -> None:
    rule = _read_rule(draft, args)
    found = draft.access_lists.get(args.text("name"), AccessListDraft())
    if rule in found.known:
        found.known.discard(rule)
        found.entries = [(known, at) for known, at in found.entries if known != rule]


def _remark(draft: Draft, args: Args) -> None:
    _list_of(draft, args)


def _access_group(draft: Draft, args: Args) -> None:
    draft.access_groups[args.text("nameif")] = (args.text("name"), draft.at)


def _no_access_group(draft: Draft, args: Args) -> None:
    draft.access_groups.pop(args.text("nameif"), None)


def _access_group_elsewhere(draft: Draft, args: Args) -> None:
    draft.warning(
        "ASA-004",
        f"access-group {args.text('name')}",
        "only access lists on arriving packets (`in interface`) are modelled; this one was left out",
        "judge its effect on the tunnels and on the circuit by hand",
    )


def _prefix_entry(draft: Draft, args: Args, seq: int | None, *, permit: bool) -> None:
    entries = draft.prefix_lists.setdefault(args.text("name"), {})
    number = seq if seq is not None else max(entries, default=0) // 5 * 5 + 5
    bounds = dict(_bounds(draft, args))
    prefix = args.prefix("prefix")
    entries[number] = PrefixListEntry(number, permit, prefix, bounds.get("ge"), bounds.get("le"), draft.at)


def _bounds(draft: Draft, args: Args) -> Iterator[tuple[str, int]]:
    words = args.words("bounds")
    for word, value in zip(words[::2], words[1::2], strict=False):
        length = number_up_to(value, _LONGEST_PREFIX)
        if word.lower() in ("ge", "le") and length is not None:
            yield word.lower(), length
        else:
            words = ("wrong",)
    if len(words) % 2:
        draft.error(
            "ASA-003",
            f"prefix-list {args.text('name')}",
            f"expected 'ge' or 'le' with a length up to 32 after the prefix, found {' '.join(args.words('bounds'))!r}",
            "write for instance `le 24`; the bound was left out",
        )


def _prefix_rules() -> Iterator[Rule]:
    for word, permit in (("permit", True), ("deny", False)):

        def with_seq(draft: Draft, args: Args, *, permit: bool = permit) -> None:
            _prefix_entry(draft, args, args.number("seq"), permit=permit)

        def without_seq(draft: Draft, args: Args, *, permit: bool = permit) -> None:
            _prefix_entry(draft, args, None, permit=permit)

        yield Rule(
            Mode.GLOBAL, f"prefix-list <name:word> seq <seq:1-4294967294> {word} <prefix:prefix> <bounds:any>", with_seq
        )
        yield Rule(Mode.GLOBAL, f"prefix-list <name:word> {word} <prefix:prefix> <bounds:any>", without_seq)


def _no_prefix_list(draft: Draft, args: Args) -> None:
    match args.words("rest"):
        case ():
            draft.prefix_lists.pop(args.text("name"), None)
        case ("seq", seq, *_) if (number := number_up_to(seq, _HIGHEST_ASN)) is not None:
            draft.prefix_lists.get(args.text("name"), {}).pop(number, None)
        case _:
            draft.warning(
                "ASA-004",
                f"prefix-list {args.text('name')}",
                "this form of `no prefix-list` is not modelled",
                "remove entries by `no prefix-list NAME seq NUMBER`",
            )


def _route_map_entry(draft: Draft, name: str, seq: int, *, permit: bool) -> None:
    entry = draft.route_maps.setdefault(name, {}).setdefault(seq, RouteMapEntryDraft(seq, permit, draft.at))
    entry.permit = permit
    draft.route_map_entry = entry


def _route_map_permit(draft: Draft, args: Args) -> None:
    _route_map_entry(draft, args.text("name"), args.number("seq"), permit=True)


def _route_map_deny(draft: Draft, args: Args) -> None:
    _route_map_entry(draft, args.text("name"), args.number("seq"), permit=False)


def _route_map_first(draft: Draft, args: Args) -> None:
    _route_map_entry(draft, args.text("name"), 10, permit=True)


def _no_route_map(draft: Draft, args: Args) -> None:
    draft.route_maps.pop(args.text("name"), None)


def _entry(draft: Draft) -> RouteMapEntryDraft:
    if draft.route_map_entry is None:
        raise LookupError("route-map mode without an entry")
    return draft.route_map_entry


def _match_prefix_lists(draft: Draft, args: Args) -> None:
    _entry(draft).prefix_lists += args.words("names")


def _set_local_pref(draft: Draft, args: Args) -> None:
    _entry(draft).local_pref = args.number("value")


def _set_metric(draft: Draft, args: Args) -> None:
    _entry(draft).med = args.number("value")


def _set_next_hop(draft: Draft, args: Args) -> None:
    _entry(draft).next_hop = args.address("address")


def _set_prepend(draft: Draft, args: Args) -> None:
    words = args.words("asns")
    good = [number for word in words if (number := number_up_to(word, _HIGHEST_ASN))]
    _entry(draft).prepend = tuple(Asn(number) for number in good)
    if len(good) < len(words):
        draft.error(
            "ASA-003",
            "set as-path prepend",
            f"expected AS numbers from 1 to 4294967295, found {' '.join(words)!r}",
            "write the numbers separated by blanks; the others were left out",
        )


RULES: tuple[Rule, ...] = (
    *rules(
        Mode.GLOBAL,
        ("access-list <name:word> extended <rule:words>", _access_list),
        ("access-list <name:word> line <line:1-2147483647> extended <rule:words>", _access_list_line),
        ("access-list <name:word> remark <text:any>", _remark),
        ("access-list <name:word> line <line:1-2147483647> remark <text:any>", _remark),
        ("no access-list <name:word> extended <rule:words>", _no_access_list),
        ("no access-list <name:word> remark <text:any>", nothing),
        ("access-group <name:word> in interface <nameif:word>", _access_group),
        ("access-group <name:word> out interface <nameif:word>", _access_group_elsewhere),
        ("access-group <name:word> global", _access_group_elsewhere),
        ("no access-group <name:word> in interface <nameif:word>", _no_access_group),
        ("prefix-list <name:word> description <text:any>", nothing),
        ("no prefix-list <name:word> <rest:any>", _no_prefix_list),
    ),
    *_prefix_rules(),
    Rule(Mode.GLOBAL, "route-map <name:word> permit <seq:0-65535>", _route_map_permit, enters=Mode.ROUTE_MAP),
    Rule(Mode.GLOBAL, "route-map <name:word> deny <seq:0-65535>", _route_map_deny, enters=Mode.ROUTE_MAP),
    Rule(Mode.GLOBAL, "route-map <name:word>", _route_map_first, enters=Mode.ROUTE_MAP),
    Rule(Mode.GLOBAL, "no route-map <name:word>", _no_route_map),
    *rules(
        Mode.ROUTE_MAP,
        ("match ip address prefix-list <names:words>", _match_prefix_lists),
        ("set local-preference <value:0-4294967295>", _set_local_pref),
        ("set metric <value:0-4294967295>", _set_metric),
        ("set ip next-hop <address:address>", _set_next_hop),
        ("set as-path prepend <asns:words>", _set_prepend),
        ("description <text:any>", nothing),
    ),
)
