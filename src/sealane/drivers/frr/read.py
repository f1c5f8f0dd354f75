"""Answers of vtysh. Pure."""

import json
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
