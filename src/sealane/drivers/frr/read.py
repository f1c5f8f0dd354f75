"""Answers of vtysh. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrrSession:
    """A BGP session of bgpd: neighbor, state in RFC 4271's words, time in it, and prefix counts."""

    neighbor: str
    state: str
    up_s: float
    received: int
    advertised: int


def read_summary(answer: str) -> tuple[FrrSession, ...]:
    """From ``show bgp ipv4 unicast summary json``; empty when BGP is not configured."""
    try:
        peers = json.loads(answer).get("peers", {})
    except json.JSONDecodeError:
        return ()
    return tuple(
        FrrSession(
            neighbor,
            str(peer.get("state", "Idle")),
            float(peer.get("peerUptimeMsec", 0)) / 1000,
            int(peer.get("pfxRcd", 0)),
            int(peer.get("pfxSnt", 0)),
        )
        for neighbor, peer in sorted(peers.items())
    )


_DECIDED = frozenset({"bgp", "static"})
Hop = tuple[str, str | None]
"""Interface and gateway; None sends to the destination itself."""


def read_chosen(answer: str) -> Mapping[str, frozenset[Hop]]:
    """From ``show ip route json``: next hops in use, by prefix, of the BGP and static routes that zebra chose.

    None discard. What is connected is the kernel's affair.
    """
    try:
        prefixes = json.loads(answer or "{}")
    except json.JSONDecodeError:
        return {}
    found = {}
    for prefix, routes in prefixes.items():
        for route in routes:
            if route.get("selected") and route.get("protocol") in _DECIDED:
                active = [hop for hop in route.get("nexthops", ()) if hop.get("fib")]
                found[prefix] = frozenset((str(hop["interfaceName"]), hop.get("ip")) for hop in active
                                          if "interfaceName" in hop)
    return found
