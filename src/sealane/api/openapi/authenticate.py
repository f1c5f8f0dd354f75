"""Who calls: the signature of a call, by either version, is that of an access key, and the call is fresh."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane.api.openapi import canonical
from sealane.api.openapi.contract import Key, Keys
from sealane.api.openapi.freshness import Freshness, read_timestamp
from sealane.api.openapi.wire import Wire
from sealane.cloud import CloudError

_AUTHORIZATION = re.compile(r"(\S+)\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]+)")
_PROTOCOL_V1 = frozenset(
    {
        "AccessKeyId",
        "Action",
        "Format",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
        "Version",
    }
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a call says of itself; nothing of it is believed before the signature is checked."""

    access_key_id: str
    token: str = field(repr=False)
    timestamp: str
    nonce: str


def is_v3(wire: Wire) -> bool:
    """True for a call that is signed in its headers; the others are signed in their parameters, version 1.0."""
    return "authorization" in wire.headers or ("x-acs-action" in wire.headers and "x-acs-date" in wire.headers)


def operation_parameters(wire: Wire, parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters without those of the protocol; version 3 has its own in headers."""
    if is_v3(wire):
        return dict(parameters)
    return {name: value for name, value in parameters.items() if name not in _PROTOCOL_V1}


class Authenticator:
    """Checks calls.

    Args:
        keys: The access keys.
        freshness: The nonces that were heard.
    """

    def __init__(self, keys: Keys, freshness: Freshness) -> None:
        self._keys = keys
        self._freshness = freshness

    def check(self, wire: Wire, query: Mapping[str, str], parameters: Mapping[str, str], now_ms: int) -> Key:
        """The key that signed the call.

        Args:
            wire: The request.
            query: Parameters of its query.
            parameters: Parameters of its query and body.
            now_ms: Unix time in milliseconds.

        Raises:
            CloudError: The call is not to be carried out.
        """
        return self._v3(wire, query, now_ms) if is_v3(wire) else self._v1(wire, parameters, now_ms)

    def named(self, wire: Wire, parameters: Mapping[str, str]) -> Key | None:
        """The key that a call names, whoever made it."""
        match = _AUTHORIZATION.fullmatch(wire.header("authorization"))
        name = match[2] if match is not None else parameters.get("AccessKeyId", "")
        return self._keys.find(name)

    def _v3(self, wire: Wire, query: Mapping[str, str], now_ms: int) -> Key:
        match = _AUTHORIZATION.fullmatch(wire.header("authorization"))
        if match is None or match[1] != canonical.ALGORITHM_V3:
            raise _incomplete(f"the Authorization header is not one of {canonical.ALGORITHM_V3}")
        signed = match[3].split(";")
        _check_signed(wire, signed)
        for name in ("x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"):
            if name not in wire.headers:
                raise _incomplete(f"the header {name} is missing")
        claim = _Claim(
            match[2],
            wire.header("x-acs-security-token"),
            wire.header("x-acs-date"),
            wire.header("x-acs-signature-nonce"),
        )
        named = wire.header("x-acs-accesskey-id")
        if named and named != claim.access_key_id:
            raise _incomplete("x-acs-accesskey-id and Credential differ")
        key, stamped_ms = self._known(claim, now_ms)
        to_sign = canonical.to_sign_v3(wire, query, signed)
        if not canonical.same(canonical.sign_v3(to_sign, key.secret), match[4]):
            raise _mismatch(to_sign)
        return self._fresh(key, claim, stamped_ms, now_ms)

    def _v1(self, wire: Wire, parameters: Mapping[str, str], now_ms: int) -> Key:
        for name in ("AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"):
            if not parameters.get(name):
                raise missing(name)
        if not parameters.get("Signature"):
            raise _incomplete("there is no Signature")
        if (parameters["SignatureMethod"], parameters["SignatureVersion"]) != ("HMAC-SHA1", "1.0"):
            raise _incomplete("the signature is neither HMAC-SHA1 of version 1.0 nor ACS3-HMAC-SHA256")
        claim = _Claim(
            parameters["AccessKeyId"],
            parameters.get("SecurityToken", ""),
            parameters["Timestamp"],
            parameters["SignatureNonce"],
        )
        key, stamped_ms = self._known(claim, now_ms)
        signed = {name: value for name, value in parameters.items() if name != "Signature"}
        to_sign = canonical.to_sign_v1(wire.method, signed)
        if not canonical.same(canonical.sign_v1(to_sign, key.secret), parameters["Signature"]):
            raise _mismatch(to_sign)
        return self._fresh(key, claim, stamped_ms, now_ms)

    def _known(self, claim: _Claim, now_ms: int) -> tuple[Key, int]:
        """The key that is claimed, and the time stamp."""
        key = self._keys.find(claim.access_key_id)
        if key is None:
            raise CloudError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
        if not key.active:
            raise CloudError("InvalidAccessKeyId.Inactive", "Specified access key is disabled.", 403)
        stamped_ms = read_timestamp(claim.timestamp)
        self._freshness.check_time(key.id, stamped_ms, now_ms)
        return key, stamped_ms

    def _fresh(self, key: Key, claim: _Claim, stamped_ms: int, now_ms: int) -> Key:
        """What only the holder of the secret is told."""
        _check_token(key, claim.token, now_ms)
        self._freshness.hear(key.id, claim.nonce, stamped_ms, now_ms)
        return key


def missing(name: str) -> CloudError:
    """A parameter of the protocol is missing."""
    return CloudError(f"Missing{name}", f"{name} is mandatory for this action.")


def _check_signed(wire: Wire, signed: list[str]) -> None:
    """What decides on the meaning of a call must be signed, or it could be changed on the way."""
    decisive = {name for name in wire.headers if name.startswith("x-acs-")} | {"host"}
    if wire.body and "content-type" in wire.headers:
        decisive.add("content-type")
    unsigned = decisive - set(signed)
    if unsigned:
        raise _incomplete(f"not signed: {', '.join(sorted(unsigned))}")


def _check_token(key: Key, token: str, now_ms: int) -> None:
    if key.token is None:
        if token:
            raise CloudError("InvalidSecurityToken.MismatchWithAccessKey", "The access key is used without a token.")
        return
    if not token:
        raise CloudError("MissingSecurityToken", "SecurityToken is mandatory for this action.")
    if not canonical.same(token, key.token.reveal()):
        raise CloudError("InvalidSecurityToken.MismatchWithAccessKey", "The token is not that of the access key.")
    if key.expires_ms is not None and now_ms >= key.expires_ms:
        raise CloudError("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")


def _incomplete(problem: str) -> CloudError:
    return CloudError("IncompleteSignature", f"The request signature does not conform to the standards: {problem}.")


def _mismatch(to_sign: str) -> CloudError:
    # The older SDK reads what stands behind the first colon, and fails when there is none.
    return CloudError(
        "SignatureDoesNotMatch",
        f"Specified signature is not matched with our calculation. server string to sign is:{to_sign}",
    )
