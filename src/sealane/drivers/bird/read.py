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
