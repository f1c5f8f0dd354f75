"""Why a tunnel is not up: from the lines that charon wrote to the cloud's codes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sealane.cloud.observed import LogLine

CRITICAL, WARN, NORMAL = "Critical", "Warn", "Normal"


@dataclass(frozen=True, slots=True)
class Expected:
    """How the cloud's end of a tunnel is configured and what it has come to.

    Args:
        peer: Address of the customer gateway.
        local_id: The cloud's identity.
        remote_id: The identity that the device is to show.
        ike_up: True when there is an IKE SA.
        child_up: True when there is a child SA, so that packets go through.
    """

    peer: str
    local_id: str
    remote_id: str
    ike_up: bool = False
    child_up: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A code of the cloud with its reason, the line it was told by and what either side has; empty when unknown."""

    code: str
    reason: str
    severity: str = CRITICAL
    line: LogLine | None = None
    local: str = ""
    remote: str = ""


class _Weight(IntEnum):
    """A line outweighs those of less weight in the same attempt, and later ones those before."""

    VAGUE = 1
    TELLING = 2
    EXACT = 3


@dataclass(frozen=True, slots=True)
class _Rule:
    """A line that tells of a cause; groups named ``local`` and ``remote`` are what the sides have."""

    pattern: re.Pattern[str]
    code: str
    weight: _Weight


def _rule(pattern: str, code: str, weight: _Weight = _Weight.EXACT) -> _Rule:
    return _Rule(re.compile(pattern), code, weight)


RULES: Sequence[_Rule] = (
    _rule(r"tried \d+ shared keys? for .*MAC mismatched", "PskMismatch"),
    _rule(r"no shared key found for ", "PskMismatch"),
    _rule(r"invalid (?:ID|HASH)_V1 payload length, decryption failed", "PskMismatch"),
    _rule(r"received AUTHENTICATION_FAILED (?:notify error|error notify)", "PskMismatch", _Weight.TELLING),
    _rule(r"IDir '(?P<remote>.*)' does not match to '(?P<local>.*)'", "PeerIdMismatch"),
    _rule(r"DH group (?P<remote>\S+) unacceptable, requesting (?P<local>\S+)", "DhGroupMismatch"),
    _rule(r"peer didn't accept DH group (?P<local>\S+), it requested (?P<remote>\S+)", "DhGroupMismatch"),
    _rule(r"traffic selectors (?P<local>.*) === (?P<remote>.*) unacceptable", "TrafficSelectorMismatch"),
    _rule(r"no matching CHILD_SA config found for (?P<remote>.*) === (?P<local>.*)", "TrafficSelectorMismatch"),
    _rule(r"received TS_UNACCEPTABLE notify, no CHILD_SA built", "TrafficSelectorMismatch"),
    _rule(r"received INVALID_ID_INFORMATION error notify", "TrafficSelectorMismatch"),
    _rule(r"Aggressive Mode PSK disabled for security reasons", "NegotiationModeMismatch"),
    _rule(r"received NO_PROPOSAL_CHOSEN (?:notify|error)", "ProposalMismatch", _Weight.TELLING),
    _rule(r"received DELETE for (?:IKE_SA|ESP CHILD_SA) ", "ReceiveDeleteNotify", _Weight.TELLING),
    _rule(r"DPD check timed out", "DpdTimeout"),
    _rule(r"deleting half open IKE_SA with .* after timeout", "Phase1NegotiationTimeout", _Weight.TELLING),
    _rule(r"giving up after \d+ retransmits|peer not responding", "NoResponse", _Weight.TELLING),
    _rule(r"(?:sending )?retransmit \d+ of (?:request|response)", "NoResponse", _Weight.VAGUE),
    _rule(r"failed to establish CHILD_SA", "NegotiationFailed", _Weight.VAGUE),
)
"""The first that fits a line; what needs more than one line stands in ``_Reader``."""

REASONS = {
    "PeerMismatch": "Packets come from an address that is not the customer gateway's.",
    "IkeVersionMismatch": "The peer speaks another version of IKE.",
    "AlgorithmMismatch": "More than one algorithm differs between the two sides.",
    "EncryptionAlgorithmMismatch": "The encryption algorithms differ.",
    "AuthenticationAlgorithmMismatch": "The authentication algorithms differ.",
    "DhGroupMismatch": "The Diffie-Hellman groups of IKE differ.",
    "PfsMismatch": "The Diffie-Hellman groups of IPsec (PFS) differ.",
    "SecurityProtocolMismatch": "The peer wants another protocol than ESP.",
    "ProposalMismatch": "The sides have no algorithms in common.",
    "PskMismatch": "Authentication failed: the pre-shared keys differ.",
    "PeerIdMismatch": "The identities (LocalId, RemoteId) of the two sides do not fit each other.",
    "NegotiationModeMismatch": "The peer negotiates in aggressive mode, here it is main mode.",
    "TrafficSelectorMismatch": "The protected networks (LocalSubnet, RemoteSubnet) of the two sides do not fit.",
    "DpdTimeout": "The peer was there and answers no more.",
    "NoResponse": "The peer does not answer.",
    "Phase1NegotiationTimeout": "Phase 1 (IKE) did not come to an end in time.",
    "Phase2NegotiationTimeout": "Phase 2 (IPsec) did not come to an end in time.",
    "NegotiationFailed": "The negotiation failed.",
    "ReceiveDeleteNotify": "The peer has ended the tunnel.",
    "NoExceptionFound": "Nothing is wrong.",
}
"""By code."""

_PASSING = frozenset({"ReceiveDeleteNotify", "NoResponse", "Phase1NegotiationTimeout", "NegotiationFailed"})
"""What is nothing wrong while packets go through: SAs are renewed, packets are repeated."""
_BEGINS = re.compile(r"\[IKE\] (?:initiating (?:\w+ Mode )?IKE_SA|\S+ is initiating an? )")
_IKE_UP = re.compile(r"\[IKE\] IKE_SA \S+ established between|\[IKE\] sending DPD request")
_CHILD_UP = re.compile(r"\[IKE\] CHILD_SA \S+ established with SPIs")
_HEARD = re.compile(r"\[NET\] received packet|\[ENC\] parsed ")
_PROPOSALS = re.compile(r"(?P<side>received|configured) proposals: (?P<list>.*)")
_NO_PROPOSAL = re.compile(r"received proposals unacceptable|no (?:acceptable |matching )?proposal found")
_LOOKING = re.compile(r"looking for .*peer configs matching \S+?(?:\[(?P<local>.*?)\])?\.\.\.\S+?\[(?P<remote>.*)\]")
_NO_PEER = re.compile(r"no (?:matching )?peer config found")
_NO_CONFIG = re.compile(r"no IKE config found for \S+?\.\.\.(?P<remote>[0-9.]+), sending NO_PROPOSAL_CHOSEN")
_SORTS = (
    ("EncryptionAlgorithmMismatch", re.compile(r"AES|DES|CAMELLIA|CHACHA|NULL|BLOWFISH|CAST")),
    ("AuthenticationAlgorithmMismatch", re.compile(r"HMAC_")),
    ("AuthenticationAlgorithmMismatch", re.compile(r"PRF_")),
    ("DhGroupMismatch", re.compile(r"MODP|ECP|CURVE")),
)
"""What the words of a proposal are about, the first that fits; PRF_AES128_XCBC and AES_CMAC are never offered here."""


def diagnose(lines: Iterable[LogLine], expected: Expected) -> Diagnosis:
    """What is wrong with a tunnel.

    Args:
        lines: What charon wrote of it lately, oldest first.
        expected: The cloud's end.
    """
    told = tuple(lines)
    reader = _Reader(expected)
    reader.read(told)
    if expected.child_up:
        if reader.found is None or reader.found.code in _PASSING or reader.found.weight is _Weight.VAGUE:
            return Diagnosis("NoExceptionFound", REASONS["NoExceptionFound"], NORMAL)
        return _told(reader.found, WARN)
    if reader.found is not None:
        return _told(reader.found, CRITICAL)
    if not any(_HEARD.search(line.text) for line in told):
        return Diagnosis("NoResponse", "No packet of the peer has come.")
    code = "Phase2NegotiationTimeout" if expected.ike_up else "Phase1NegotiationTimeout"
    return Diagnosis(code, REASONS[code])


@dataclass(frozen=True, slots=True)
class _Found:
    code: str
    weight: _Weight
    line: LogLine
    local: str = ""
    remote: str = ""


def _told(found: _Found, severity: str) -> Diagnosis:
    return Diagnosis(found.code, REASONS[found.code], severity, found.line, found.local, found.remote)


class _Reader:
    """Reads lines in order and keeps the cause that the last attempt with one had."""

    def __init__(self, expected: Expected) -> None:
        self.found: _Found | None = None
        self._expected = expected
        self._is_new = False
        self._was_up = False
        self._proposals: dict[str, str] = {}
        self._identities = ("", "")

    def read(self, lines: Iterable[LogLine]) -> None:
        """Read lines."""
        for line in lines:
            self._note(line)
            found = self._together(line) or self._alone(line)
            if found is not None and self._counts(found):
                self.found, self._is_new = found, False

    def _counts(self, found: _Found) -> bool:
        if self.found is None or found.weight >= self.found.weight:
            return True
        return self._is_new and found.weight > _Weight.VAGUE

    def _note(self, line: LogLine) -> None:
        if _BEGINS.search(line.text):
            self._is_new, self._was_up = True, False
        if _IKE_UP.search(line.text):
            self._was_up = True
        if _CHILD_UP.search(line.text):
            self.found = None
        if said := _PROPOSALS.search(line.text):
            self._proposals[said["side"]] = said["list"]
        if said := _LOOKING.search(line.text):
            self._identities = (said["local"] or "", said["remote"])

    def _together(self, line: LogLine) -> _Found | None:
        """A line that means something only with those before it."""
        if _NO_PROPOSAL.search(line.text):
            local, remote = (self._proposals.get(side, "") for side in ("configured", "received"))
            return _Found(_difference(local, remote), _Weight.EXACT, line, local, remote)
        if _NO_PEER.search(line.text):
            local, remote = self._identities
            if remote == self._expected.remote_id and local:
                return _Found("PeerIdMismatch", _Weight.EXACT, line, self._expected.local_id, local)
            return _Found("PeerIdMismatch", _Weight.EXACT, line, self._expected.remote_id, remote)
        if said := _NO_CONFIG.search(line.text):
            known = said["remote"] == self._expected.peer
            code = "IkeVersionMismatch" if known else "PeerMismatch"
            return _Found(code, _Weight.EXACT, line, "" if known else self._expected.peer, said["remote"])
        return None

    def _alone(self, line: LogLine) -> _Found | None:
        for rule in RULES:
            if said := rule.pattern.search(line.text):
                code = "DpdTimeout" if rule.code == "NoResponse" and self._was_up else rule.code
                groups = said.groupdict()
                return _Found(code, rule.weight, line, groups.get("local") or "", groups.get("remote") or "")
        return None


def _difference(local: str, remote: str) -> str:
    """The code of what two lists of proposals differ in."""
    if not local or not remote:
        return "ProposalMismatch"
    protocols = [{one.strip().partition(":")[0] for one in side.split(",")} for side in (local, remote)]
    if protocols[0].isdisjoint(protocols[1]):
        return "SecurityProtocolMismatch"
    codes = tuple(dict.fromkeys(code for code in _different(local, remote)))
    if "IKE" not in protocols[0]:
        codes = tuple("PfsMismatch" if one == "DhGroupMismatch" else one for one in codes)
        if len(codes) > 1:  # the first child SA is negotiated without a group, which then does not count
            codes = tuple(one for one in codes if one != "PfsMismatch")
    match codes:
        case ():
            return "ProposalMismatch"
        case (code,):
            return code
        case _:
            return "AlgorithmMismatch"


def _different(local: str, remote: str) -> Iterator[str]:
    sides = [set(re.findall(r"[A-Z0-9_]+", re.sub(r"[A-Z]+:", " ", side))) for side in (local, remote)]
    for code, sort in _SORTS:
        ours, theirs = ({word for word in side if _sort(word) is sort} for side in sides)
        if ours.isdisjoint(theirs) and (ours or theirs):
            yield code


def _sort(word: str) -> re.Pattern[str] | None:
    return next((sort for _, sort in _SORTS if sort.match(word)), None)
