"""Answers of birdc. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BgpSession:
    """A BGP session as a daemon reports it.

    Args:
        name: The daemon's name for it.
        neighbor: Address of the neighbor.
        state: Its state in RFC 4271's words (``Established``, ``Active``, ``Idle`` ...).
        since: When it entered the state, as the daemon prints it; empty when not told.
        received, advertised: Numbers of prefixes.
        last_error: The daemon's last error text or empty.
    """

    name: str
    neighbor: str
    state: str
    since: str = ""
    received: int = 0
    advertised: int = 0
    last_error: str = ""


_PROTOCOL = re.compile(r"^(?P<name>\S+)\s+BGP\s+(?P<table>\S+)\s+(?P<state>\S+)\s+(?P<since>\S+)\s*(?P<info>.*)$")
_ROUTES = re.compile(r"Routes:\s+(\d+) imported(?:, \d+ filtered)?, (\d+) exported")


def read_protocols(answer: str) -> tuple[BgpSession, ...]:
    """From ``birdc show protocols all``: the BGP sessions in order."""
    sessions = []
    for block in re.split(r"\n\s*\n", answer):
        lines = block.strip().splitlines()
        head = next((found for line in lines if (found := _PROTOCOL.match(line))), None)
        if head is None:
            continue
        fields = dict(line.strip().split(":", 1) for line in lines if ":" in line)
        counts = _ROUTES.search(block)
        sessions.append(
            BgpSession(
                name=head["name"],
                neighbor=fields.get("Neighbor address", "").strip().split("%")[0],
                state=fields.get("BGP state", head["info"] or "Down").strip(),
                since=head["since"],
                received=int(counts[1]) if counts else 0,
                advertised=int(counts[2]) if counts else 0,
                last_error=fields.get("Last error", "").strip(),
            )
        )
    return tuple(sessions)


_TABLE = re.compile(r"^\s+(?:Table|Peer table):\s+(\S+)", re.MULTILINE)
_UPDATES = re.compile(r"^\s+(?:Import|Export) (?:updates|withdraws):.*$", re.MULTILINE)


def read_updates(answer: str) -> Mapping[str, str]:
    """From the same: by table, text that differs as soon as a protocol has brought a route into it or out of it."""
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n\s*\n", answer):
        told = "\n".join((block.strip().partition("\n")[0], *_UPDATES.findall(block)))
        for table in dict.fromkeys(_TABLE.findall(block)):
            found.setdefault(table, []).append(told)
    return {table: "\n".join(texts) for table, texts in found.items()}


_ROUTE = re.compile(r"^(?P<prefix>[0-9.]+/[0-9]+)?\s+(?P<kind>unicast|blackhole|unreachable|prohibit) \[")
_VIA = re.compile(r"^\s+via (?P<gateway>[0-9.]+) on (?P<interface>\S+)")
_DEVICE = re.compile(r"^\s+dev (?P<interface>\S+)")

Hop = tuple[str, str | None]
"""Interface and gateway; None sends to the destination itself."""


def read_exported(answer: str) -> Mapping[str, frozenset[Hop]]:
    """From ``birdc show route export PROTOCOL`` of a kernel protocol: next hops by prefix; none discard."""
    found: dict[str, set[Hop]] = {}
    hops: set[Hop] = set()
    for line in answer.splitlines():
        head = _ROUTE.match(line)
        if head is not None and head["prefix"]:
            hops = found.setdefault(head["prefix"], set())
        elif via := _VIA.match(line):
            hops.add((via["interface"], via["gateway"]))
        elif device := _DEVICE.match(line):
            hops.add((device["interface"], None))
    return {prefix: frozenset(one) for prefix, one in found.items()}


@dataclass(frozen=True, slots=True)
class TableRoute:
    """A route of a BIRD table, chosen or not.

    Args:
        prefix: Destination.
        protocol: BIRD's name of where it came from.
        chosen: True for the best; several of equal rank are told apart by order only.
        preference: BIRD's preference.
        hops: Next hops; empty for one that discards.
        as_path: AS path, nearest first.
        med: MED, None without.
        own: Our own attributes by name, such as ``sl_type``.
        communities: Communities (RFC 1997) as pairs.
    """

    prefix: str
    protocol: str
    chosen: bool
    preference: int
    hops: frozenset[Hop]
    as_path: tuple[int, ...]
    med: int | None
    own: Mapping[str, int]
    communities: tuple[tuple[int, int], ...] = ()


_PAIR = re.compile(r"\((\d+),(\d+)\)")
_TABLE_ROUTE = re.compile(
    r"^(?P<prefix>[0-9.]+/[0-9]+)?\s+(?:unicast|blackhole|unreachable|prohibit) \[(?P<protocol>\S+) [^\]]*\]"
    r"(?P<chosen> \*)? \((?P<preference>[0-9]+)"
)


def read_table(answer: str) -> tuple[TableRoute, ...]:
    """From ``birdc show route table TABLE all``: every route, the best of a prefix first."""
    found: list[TableRoute] = []
    prefix = ""
    head: re.Match[str] | None = None
    lines: list[str] = []
    for line in [*answer.splitlines(), "0.0.0.0/0 unicast [end 0] (0)"]:
        starts = _TABLE_ROUTE.match(line)
        if starts is None:
            lines.append(line)
            continue
        if head is not None:
            found.append(_table_route(prefix, head, lines))
        prefix, head, lines = starts["prefix"] or prefix, starts, []
    return tuple(found)


def _table_route(prefix: str, head: re.Match[str], lines: list[str]) -> TableRoute:
    hops: set[Hop] = set()
    fields: dict[str, str] = {}
    for line in lines:
        if via := _VIA.match(line):
            hops.add((via["interface"], via["gateway"]))
        elif device := _DEVICE.match(line):
            hops.add((device["interface"], None))
        else:
            name, _, value = line.strip().partition(":")
            fields[name] = value.strip()
    path = fields.get("BGP.as_path", "").split()
    med = fields.get("BGP.med", "")
    return TableRoute(
        prefix,
        head["protocol"],
        head["chosen"] is not None,
        int(head["preference"]),
        frozenset(hops),
        tuple(int(one) for one in path if one.isdigit()),
        int(med) if med.isdigit() else None,
        {name: int(value) for name, value in fields.items() if name.startswith("sl_") and value.isdigit()},
        tuple((int(high), int(low)) for high, low in _PAIR.findall(fields.get("BGP.community", ""))),
    )
