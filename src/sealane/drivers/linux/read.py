"""Answers of ip(8) and nft(8) as resources. Pure.

How each object is known as ours after a restart: a namespace by the prefix of its name; a link by its alias, which
also says how it was made; an address by the link it is on; a rule by being in a namespace of ours and not the
kernel's or charon's; a route by its protocol number; an nftables table by its name. The digests of the text that a
table was made from, and of what nft said of it then, are kept as the name of an empty chain in it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sealane.plan import (
    AddressSpec,
    BridgeSpec,
    CableSpec,
    FilterSpec,
    Key,
    Kind,
    Payload,
    RealPortSpec,
    Resource,
    RouteSpec,
    RuleSpec,
    XfrmSpec,
)

ROUTE_PROTOCOL = 83
"""Protocol number of our own routes (rtnetlink(7); unassigned in iproute2's rt_protos)."""

MARK = "sealane"
FAR_END = f"{MARK} far-end"

_KERNEL_RULES = frozenset({0, 32766, 32767})
_CHARON_RULE = 33000
_MAIN = {"main": 254, "default": 253, "local": 255}
_DIGEST_CHAIN = "digest_"

LinkSpec = CableSpec | BridgeSpec | RealPortSpec | XfrmSpec

Answer = Sequence[Mapping[str, Any]]


def digest_chain(digest: str, content: str) -> str:
    """Name of the empty chain that carries the digests of a table's text and of its content."""
    return f"{_DIGEST_CHAIN}{digest}_{content}"


def alias_of(payload: Payload) -> str:
    """The alias that lets ``read_links`` give the same payload back."""
    match payload:
        case CableSpec(space, name, mtu, master, peer_master):
            return f"{MARK} cable {space} {name} {mtu} {master or '-'} {peer_master or '-'}"
        case BridgeSpec(mtu):
            return f"{MARK} bridge {mtu}"
        case RealPortSpec(interface, vlan, mtu):
            return f"{MARK} real {interface} {vlan} {mtu}"
        case XfrmSpec(if_id, mtu):
            return f"{MARK} xfrm {if_id} {mtu}"
    raise TypeError(f"{type(payload).__name__} is not a link")


def payload_of(alias: str) -> LinkSpec | None:
    """The payload an alias of ours describes; None for far ends and for what is not ours."""
    match alias.split():
        case [mark, "cable", space, name, mtu, master, peer_master] if mark == MARK:
            return CableSpec(
                space, name, int(mtu), None if master == "-" else master, None if peer_master == "-" else peer_master
            )
        case [mark, "bridge", mtu] if mark == MARK:
            return BridgeSpec(int(mtu))
        case [mark, "real", interface, vlan, mtu] if mark == MARK:
            return RealPortSpec(interface, int(vlan), int(mtu))
        case [mark, "xfrm", if_id, mtu] if mark == MARK:
            return XfrmSpec(int(if_id), int(mtu))
    return None


def is_whole(answer: Answer) -> bool:
    """From ``ip -j address show``: True when lo is up, which is the last that is done when a namespace is made."""
    return any(link.get("ifname") == "lo" and "UP" in link.get("flags", ()) for link in answer)


def read_links(namespace: str, answer: Answer) -> Iterator[Resource]:
    """From ``ip -j -d address show``: links of ours and the addresses on them.

    A link that is down at either end, as a drill leaves it that was killed, or is not as its alias says, is reported
    with an MTU of 0, so that it is made anew; an XFRM interface is down whenever its tunnel is.
    """
    for link in answer:
        alias = str(link.get("ifalias", ""))
        if not alias.startswith(MARK):
            continue
        name = str(link["ifname"])
        payload = payload_of(alias)
        if payload is not None:
            usable = _is_usable(payload, frozenset(link.get("flags", ()))) and _is_as_made(payload, link)
            yield Resource(Key(Kind.LINK, namespace, name), payload if usable else replace(payload, mtu_bytes=0))
        for found in link.get("addr_info", ()):
            if found.get("family") == "inet":
                text = f"{found['local']}/{found['prefixlen']}"
                yield Resource(Key(Kind.ADDRESS, namespace, f"{name} {text}"), AddressSpec(name, text))


def _is_usable(payload: LinkSpec, flags: frozenset[str]) -> bool:
    """A cable has a carrier exactly while both of its ends are up; the far end may be in another namespace."""
    match payload:
        case XfrmSpec():
            return True
        case CableSpec():
            return flags >= {"UP", "LOWER_UP"}
    return "UP" in flags


def _is_as_made(payload: LinkSpec, link: Mapping[str, Any]) -> bool:
    """What somebody else may have changed of a link, without its alias; the kernel fits a bridge to its ports."""
    master = payload.master if isinstance(payload, CableSpec) else None
    fits = isinstance(payload, BridgeSpec) or link.get("mtu") == payload.mtu_bytes
    return fits and link.get("master") == master


FarEnds = Mapping[tuple[str, str], tuple[int, str | None]]
"""MTU and bridge of the far ends of cables, by namespace and name."""


def read_far_ends(namespace: str, answer: Answer) -> FarEnds:
    """From the same."""
    ends = (link for link in answer if link.get("ifalias") == FAR_END)
    return {(namespace, str(link["ifname"])): (int(link["mtu"]), link.get("master")) for link in ends}


def check_far_ends(resources: Iterable[Resource], ends: FarEnds) -> Iterator[Resource]:
    """Resources of a whole network; a cable whose far end is not as it should be is reported to be made anew.

    A namespace that was deleted by name lives on while a daemon is in it, and so do the links between it and others.
    """
    for one in resources:
        match one.payload:
            case CableSpec(space, name, mtu, _, master) as cable if ends.get((space, name)) != (mtu, master):
                yield replace(one, payload=replace(cable, mtu_bytes=0))
            case _:
                yield one


def read_rules(namespace: str, answer: Answer) -> Iterator[Resource]:
    """From ``ip -j rule show``."""
    for rule in answer:
        priority = int(rule["priority"])
        if priority in _KERNEL_RULES or priority == _CHARON_RULE:
            continue
        table = None if rule.get("action") == "unreachable" else _table(rule.get("table", "main"))
        source = None if rule.get("src", "all") == "all" else f"{rule['src']}/{rule.get('srclen', 32)}"
        spec = RuleSpec(priority, rule.get("iif"), table, source)
        yield Resource(Key(Kind.RULE, namespace, rule_name(spec)), spec)


def rule_name(spec: RuleSpec) -> str:
    """The key name of a rule."""
    return f"{spec.priority} iif {spec.interface or '-'} from {spec.source or '-'}"


_DISCARDS_SILENTLY = "blackhole"
_DISCARDS = frozenset({_DISCARDS_SILENTLY, "unreachable", "prohibit"})
_FORWARDS = "unicast"


def read_routes(namespace: str, answer: Answer) -> Iterator[Resource]:
    """From ``ip -j route show table all proto ROUTE_PROTOCOL``."""
    for route in answer:
        table = _table(route.get("table", "main"))
        prefix = _full_prefix(str(route["dst"]))
        if route.get("type") == _DISCARDS_SILENTLY:  # the kernel's answer may name lo
            spec = RouteSpec(table, prefix, None, None, discard=True)
        else:
            spec = RouteSpec(table, prefix, route.get("gateway"), route.get("dev"), "onlink" in route.get("flags", ()))
        yield Resource(Key(Kind.ROUTE, namespace, f"{table} {prefix}"), spec)


@dataclass(frozen=True, slots=True)
class KernelHop:
    """A next hop: interface, gateway (None: the destination itself), and whether it has lost its carrier."""

    interface: str
    gateway: str | None
    lost: bool


@dataclass(frozen=True, slots=True)
class KernelRoute:
    """The route that the kernel takes for a prefix; without next hops it discards. ``protocol`` as iproute2 says."""

    prefix: str
    hops: tuple[KernelHop, ...]
    protocol: str
    metric: int




def read_tables(answer: Answer) -> Mapping[int, Mapping[str, KernelRoute]]:
    """From ``ip -j -d route show table all``: by table and prefix the route of the least metric, which is the one used.

    The table of local addresses and routes that are neither forwarding nor discarding are left out.
    """
    tables: dict[int, dict[str, KernelRoute]] = {}
    for route in answer:
        kind, number = str(route.get("type", _FORWARDS)), _table(route.get("table", "main"))
        if number == _MAIN["local"] or (kind != _FORWARDS and kind not in _DISCARDS):
            continue
        hops = () if kind in _DISCARDS else tuple(map(_hop, route.get("nexthops") or [route]))
        prefix = _full_prefix(str(route["dst"]))
        found = KernelRoute(prefix, hops, str(route.get("protocol", "")), int(route.get("metric", 0)))
        table = tables.setdefault(number, {})
        if prefix not in table or found.metric < table[prefix].metric:
            table[prefix] = found
    return tables


def read_own(answer: Answer) -> Mapping[str, str]:
    """From the same: own addresses with their interfaces. An address with a /32 has no other route than this."""
    return {
        str(route["dst"]): str(route.get("dev", ""))
        for route in answer
        if route.get("type") == "local" and "/" not in str(route["dst"])
    }


def _hop(hop: Mapping[str, Any]) -> KernelHop:
    lost = bool({"linkdown", "dead"} & set(hop.get("flags", ())))
    return KernelHop(str(hop.get("dev", "")), hop.get("gateway"), lost)


def read_carrier(answer: Answer) -> Mapping[str, bool]:
    """From ``ip -j -d link show``: by interface whether it is up and has carrier.

    A bridge that stands for a line or network without a far end has none, and needs none.
    """
    found = {}
    for link in answer:
        flags = set(link.get("flags", ()))
        alone = link.get("linkinfo", {}).get("info_kind") == "bridge"
        found[str(link["ifname"])] = "UP" in flags and (alone or "NO-CARRIER" not in flags)
    return found


def _table(name: object) -> int:
    text = str(name)
    return _MAIN[text] if text in _MAIN else int(text)


def _full_prefix(text: str) -> str:
    if text == "default":
        return "0.0.0.0/0"
    return text if "/" in text else f"{text}/32"


def read_filters(namespace: str, listing: str) -> Iterator[Resource]:
    """From ``nft -s list ruleset``: our tables, each with the digest of the text it was made from.

    A table without a digest was not finished, or is what a drill left that was killed; one whose content is another
    than when it was made was changed by somebody else. Their digest is empty.
    """
    for table, content in read_contents(listing).items():
        digest = content.text_digest if content.digest == content.digest_when_made else ""
        yield Resource(Key(Kind.FILTER, namespace, table), FilterSpec(digest))


FOREIGN_ROUTES = (3, 4)
"""Protocols of routes that people write, ``boot`` and ``static`` (FRR calls 196 ``static``); nothing of ours does."""
_CHARON_TABLE = "220"
_ANY_TABLE = re.compile(r"^table (\w+ \w+) {", re.MULTILINE)


def read_foreign(namespace: str, routes: Answer, listing: str) -> Iterator[str]:
    """What somebody else put into a namespace of ours: routes of FOREIGN_ROUTES, and filters that are not ours.

    It is not touched, but may lead packets elsewhere or drop them.
    """
    for route in routes:
        if str(route.get("table")) == _CHARON_TABLE:
            continue
        words = (("via", route.get("gateway")), ("dev", route.get("dev")), ("table", route.get("table")))
        way = "".join(f" {word} {value}" for word, value in words if value)
        yield f"route {_full_prefix(str(route['dst']))}{way} in {namespace}"
    for table in _ANY_TABLE.findall(listing):
        if not table.split()[1].startswith(f"{MARK}_"):
            yield f"table {table} in {namespace}"


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds, by its digest, and what the empty chain in it says."""

    digest: str
    text_digest: str = ""
    digest_when_made: str = ""


_TABLE = re.compile(rf"^table (\w+ {MARK}_\w+) {{\n(.*?)^}}", re.MULTILINE | re.DOTALL)
_CARRIER = re.compile(rf"^\tchain {_DIGEST_CHAIN}(\w+?)_(\w+) {{\n\t}}\n", re.MULTILINE)
_SET = re.compile(r"{ ([^{}\n]*) }")


def read_contents(listing: str) -> Mapping[str, Content]:
    """From the same: the contents of our tables by family and name."""
    return {table: _content(body) for table, body in _TABLE.findall(listing)}


def _content(body: str) -> Content:
    carried = _CARRIER.search(body)
    plain = _CARRIER.sub("", body)
    plain = _SET.sub(lambda found: "{ " + ", ".join(sorted(found[1].split(", "))) + " }", plain)  # sets have no order
    digest = hashlib.sha256("\n".join(filter(str.strip, plain.splitlines())).encode()).hexdigest()[:16]
    return Content(digest) if carried is None else Content(digest, carried[1], carried[2])
