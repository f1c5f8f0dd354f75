"""Answers of vici as values. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SaState:
    """The SAs of one connection.

    Args:
        connection: Name of the connection.
        ike_state: charon's word, such as ``ESTABLISHED`` or ``CONNECTING``; ``NONE`` without an IKE SA.
        child_state: ``INSTALLED``, ``REKEYING`` ...; ``NONE`` without a child SA.
        ike_proposal, child_proposal: What was negotiated, in charon's words; empty before.
        bytes_in, bytes_out, packets_in, packets_out: Of the newest child SA.
        encapsulated: True for ESP in UDP (RFC 3948).
    """

    connection: str
    ike_state: str = "NONE"
    child_state: str = "NONE"
    ike_proposal: str = ""
    child_proposal: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    packets_in: int = 0
    packets_out: int = 0
    encapsulated: bool = False


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _number(section: Mapping[str, Any], name: str) -> int:
    text = _text(section.get(name, "0"))
    return int(text) if text.isdigit() else 0


def _proposal(section: Mapping[str, Any]) -> str:
    words = ("encr-alg", "encr-keysize", "integ-alg", "prf-alg", "dh-group")
    return "-".join(_text(section[word]) for word in words if word in section)


def read_spis(events: Iterable[Mapping[str, Any]]) -> Mapping[str, frozenset[str]]:
    """From the ``list-sas`` events: both SPIs of every IKE SA that a peer has answered, by connection name."""
    found: dict[str, frozenset[str]] = {}
    for event in events:
        for name, ike in event.items():
            ours, theirs = (_text(ike.get(f"{end}-spi", "")) for end in ("initiator", "responder"))
            if theirs.strip("0"):
                found[name] = found.get(name, frozenset()) | {f"{ours} {theirs}"}
    return found


_RANK = ("INSTALLED", "REKEYED", "REKEYING", "UPDATING", "INSTALLING")


def read_sas(events: Iterable[Mapping[str, Any]]) -> Mapping[str, SaState]:
    """From the ``list-sas`` events: the state of each connection that has an IKE SA, the best where it has several."""
    found: dict[str, SaState] = {}
    for event in events:
        for name, ike in event.items():
            state = _read_ike(name, ike)
            if name not in found or _better(state, found[name]):
                found[name] = state
    return found


def _better(one: SaState, other: SaState) -> bool:
    def rank(state: SaState) -> tuple[bool, bool]:
        return state.child_state == "INSTALLED", state.ike_state == "ESTABLISHED"

    return rank(one) > rank(other)


def _read_ike(name: str, ike: Mapping[str, Any]) -> SaState:
    children = sorted(
        ike.get("child-sas", {}).values(),
        key=lambda child: _RANK.index(_text(child["state"])) if _text(child["state"]) in _RANK else len(_RANK),
    )
    child = children[0] if children else {}
    return SaState(
        connection=name,
        ike_state=_text(ike.get("state", "NONE")),
        child_state=_text(child.get("state", "NONE")),
        ike_proposal=_proposal(ike),
        child_proposal=_proposal(child),
        bytes_in=_number(child, "bytes-in"),
        bytes_out=_number(child, "bytes-out"),
        packets_in=_number(child, "packets-in"),
        packets_out=_number(child, "packets-out"),
        encapsulated=_text(child.get("encap", "no")) == "yes",
    )
