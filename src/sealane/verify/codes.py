"""Codes of what a proof may find, each with its meaning in one line; ``docs/findings.md`` lists the same."""

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "PRF-001": "Protected packets cross a circuit in clear with nothing failed.",
    "PRF-002": "Under failures protected packets cross in clear on some of several equal routes.",
    "PRF-010": "Packets go round in a loop.",
    "PRF-020": "Protected packets are lost with nothing failed.",
    "PRF-021": "Protected packets are lost under failures although lines still join both sides.",
    "PRF-022": "A firewall lets nothing of a protection open a connection in one direction.",
    "PRF-030": "The two directions of a protected pair do not cross alike.",
    "PRF-031": "A firewall sees the two directions of a protected pair on different interfaces and drops answers.",
    "PRF-040": "Tunnels come and go for ever.",
    "PRF-041": "Tunnels do not come to rest in one state, or send their own packets into a tunnel.",
    "PRF-050": "Under failures protected packets fall back to clear text against the plan's mode.",
    "PRF-051": "Under failures protected packets fall back to clear text, as mode open declares.",
    "PRF-060": "Two interfaces have one address.",
    "PRF-061": "Two links have overlapping networks.",
    "PRF-062": "Packets belong to several protections of different modes.",
    "PRF-070": "A tunnel's MTU is larger than what fits the links below it.",
    "PRF-071": "TCP is clamped to segments that do not fit the tunnel.",
    "PRF-080": "A single failure takes protected packets out of their tunnels.",
    "PRF-090": "Packets of no protection cross a circuit in clear with nothing failed.",
    "PRF-091": "Packets to addresses that are protected, but nobody's, cross a circuit in clear with nothing failed.",
    "PRF-092": "Configured routes that neither a protected packet nor a tunnel's own uses in any state.",
}
