"""Keys and algorithms: ``DEV-101``, ``DEV-D14``, ``DEV-D15``."""

from collections.abc import Iterator

from sealane.diag import Finding
from sealane.model import Encryption, Integrity
from sealane.net import Secret
from sealane.verify.device_case import Case, enter, error, info, join, known, warning

_WEAK_INTEGRITY = frozenset({Integrity.MD5, Integrity.SHA1})
_WEAK_ENCRYPTION = frozenset({Encryption.DES, Encryption.DES3, Encryption.NULL})
_SMALLEST_GROUP = 14


def _is_placeholder(key: Secret) -> bool:
    """A key that a document has blanked out in part, like ``abc****``; the key itself is looked at, never shown."""
    return "***" in key.reveal()


def _keys(case: Case) -> Iterator[Finding]:
    for pair in case.pairs:
        key = pair.far.psk
        if key is None:
            continue
        group = f"tunnel-group {pair.near.local} ipsec-attributes"
        header = case.places(group, pair.far.origin)
        start = max(place.line for place in header)
        lines = tuple(one for one in case.places("*****") if one.line > start)[:2]
        differs = pair.near.psk is not None and pair.near.psk != key
        remedy = enter(
            group, "ikev2 remote-authentication pre-shared-key KEY", "ikev2 local-authentication pre-shared-key KEY"
        )
        if _is_placeholder(key):
            yield (warning if pair.near.psk == key else error)(
                code="DEV-D14",
                subject=f"tunnel-group {pair.near.local}",
                problem="its pre-shared key is the blanked-out placeholder of a document, expected the cloud's key; "
                "no tunnel comes up, and traffic in both directions stays in clear",
                remedy=remedy + f" with the key of {pair.near.name}",
                seen_at=(*lines, *header),
            )
        elif differs:
            yield error(
                code="DEV-101",
                subject=f"tunnel-group {pair.near.local}",
                problem=f"its pre-shared key is not the one of {pair.near.name}; authentication fails, no tunnel comes "
                "up, and traffic in both directions stays in clear",
                remedy=remedy + f" with the key of {pair.near.name}",
                seen_at=(*lines, *header, *known(pair.near.origin)),
            )


def _d15(case: Case) -> Iterator[Finding]:
    weak = [
        end
        for end in case.device.tunnel_ends
        if _WEAK_INTEGRITY & {*end.ike.integrity, *end.ike.prf, *end.esp.integrity}
        or _WEAK_ENCRYPTION & {*end.ike.encryption, *end.esp.encryption}
        or any(group < _SMALLEST_GROUP for group in end.ike.dh_groups)
    ]
    if weak:
        yield info(
            code="DEV-D15",
            subject=f"tunnels {join(end.name for end in weak)}",
            problem="they use the cloud's defaults, which work but are weak by today's measure (SHA-1 or older "
            "algorithms); nothing leaks or drops",
            remedy="set aes256, sha256 and group14 on the cloud's tunnels and "
            + enter("encryption aes-256", "integrity sha256", "prf sha256")
            + " in the policy, and `protocol esp integrity sha-256` in the proposal, at the same time",
            seen_at=known(*dict.fromkeys(place for end in weak for place in (end.ike.origin, end.esp.origin))),
        )


STRENGTH = (_keys, _d15)
