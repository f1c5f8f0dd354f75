"""What a rule of a security group may say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.ecs.groups import group_of
from sealane.cloud.error import CloudError
from sealane.cloud.texts import prefix
from sealane.cloud.world import Transaction

PROTOCOLS: Mapping[str, str] = {one.upper(): one for one in ("TCP", "UDP", "ICMP", "ICMPv6", "GRE", "ALL")}
ANY_PORT = "-1/-1"
_WITH_PORTS = frozenset({"TCP", "UDP"})
_HIGHEST_PORT = 65535
_LOWEST_PRIORITY = 100
_LONGEST_DESCRIPTION = 512
SAME = ("Direction", "IpProtocol", "PortRange", "SourceCidrIp", "DestCidrIp", "SourceGroupId", "DestGroupId",
        "Policy", "Priority")
"""What makes two rules the same one."""


@dataclass(frozen=True, slots=True)
class Side:
    """A direction, and the names of what is on the other side."""

    direction: str
    cidr: str
    group: str
    word: str


INGRESS = Side("ingress", "SourceCidrIp", "SourceGroupId", "Source")
EGRESS = Side("egress", "DestCidrIp", "DestGroupId", "Dest")


def given(call: Call) -> Sequence[Fields]:
    """The rules that a call writes: a list, or one in the parameters themselves.

    Raises:
        CloudError: ``MissingParameter``: there is none.
    """
    found = call.structs("Permissions") or ((call.params,) if call.has("IpProtocol") else ())
    if not found:
        raise CloudError("MissingParameter", "Permissions.1.IpProtocol is mandatory for this action.")
    return found


def read(call: Call, state: Transaction, one: Fields, side: Side, group: Document) -> dict[str, Json]:
    """The fields of a rule's document.

    Raises:
        CloudError: As the cloud refuses rules; rules for packets from certain ports are not supported.
    """
    if _text(one, "SourcePortRange") not in ("", ANY_PORT):
        raise CloudError("OperationUnsupported.SourcePortRange", f"SourcePortRange must be {ANY_PORT} or left out.")
    written = _text(one, "IpProtocol")
    protocol = PROTOCOLS.get(written.upper())
    if protocol is None:
        raise CloudError("InvalidIpProtocol.ValueNotSupported", f"IpProtocol {written or 'is missing; it'} must be one "
                         f"of {', '.join(PROTOCOLS.values())}.")
    return {
        "Direction": side.direction,
        "IpProtocol": protocol,
        "PortRange": _ports(_text(one, "PortRange"), protocol),
        **_peer(call, state, one, side, group),
        "Policy": _policy(_text(one, "Policy")),
        "Priority": _priority(_text(one, "Priority")),
        "Description": _description(_text(one, "Description")),
    }


def _text(one: Fields, name: str) -> str:
    value = one.get(name)
    return "" if value is None else str(value)


def _ports(written: str, protocol: str) -> str:
    if protocol not in _WITH_PORTS:
        if written in {"", ANY_PORT}:
            return ANY_PORT
        raise CloudError("InvalidParam.PortRange", f"PortRange {written} must be {ANY_PORT} for {protocol}.")
    first, between, last = written.partition("/")
    numbers = [int(one) for one in (first, last) if one.isascii() and one.isdigit() and len(one) <= len("65535")]
    if written == ANY_PORT or (between and len(numbers) == len((first, last))
                               and 1 <= numbers[0] <= numbers[1] <= _HIGHEST_PORT):
        return written
    raise CloudError("InvalidParam.PortRange", f"PortRange {written!r} must be first/last from 1 to {_HIGHEST_PORT}.")


def _peer(call: Call, state: Transaction, one: Fields, side: Side, group: Document) -> dict[str, Json]:
    """A prefix or a group; the prefix when both are given, as in the cloud."""
    if written := _text(one, side.cidr):
        error = CloudError(f"Invalid{side.cidr}.Malformed", f"{side.cidr} {written} is not an IPv4 address or prefix.")
        return {side.cidr: str(prefix(written, error, host_bits=True)) if "/" in written else _host(written, error)}
    other = _text(one, side.group)
    if not other:
        raise CloudError(f"MissingParameter.{side.word}", f"{side.cidr} or {side.group} is mandatory for this action.")
    found = group_of(call, state, other, CloudError(
        f"Invalid{side.group}.NotFound", f"The security group {other} does not exist.", 404))
    if found.parent != group.parent:
        raise CloudError(f"Invalid{side.group}.Mismatch", f"{other} and {group.id} are not in the same VPC.", 403)
    return {side.group: other}


def _host(written: str, error: CloudError) -> str:
    return str(prefix(written, error).network_address)


def _policy(written: str) -> str:
    policy = (written or "accept").capitalize()
    if policy not in {"Accept", "Drop"}:
        raise CloudError("InvalidPolicy.Malformed", f"Policy {written} must be accept or drop.")
    return policy


def _priority(written: str) -> int:
    written = written or "1"
    if not (written.isascii() and written.isdigit() and len(written) <= len("100")
            and 1 <= int(written) <= _LOWEST_PRIORITY):
        raise CloudError("InvalidPriority.ValueNotSupported", f"Priority {written} must be 1 to {_LOWEST_PRIORITY}.")
    return int(written)


def _description(written: str) -> str:
    if len(written) > _LONGEST_DESCRIPTION or written.lower().startswith(("http://", "https://")):
        raise CloudError("InvalidSecurityGroupDiscription.Malformed", "Description must be at most "
                         f"{_LONGEST_DESCRIPTION} characters and must not begin with http:// or https://.")
    return written


def is_same(rule: Fields, other: Fields) -> bool:
    """True when two rules say the same, whatever their descriptions; an address is the same as its /32."""
    return all(_plain(rule.get(name)) == _plain(other.get(name)) for name in SAME)


def _plain(value: Json) -> Json:
    return value.removesuffix("/32") if isinstance(value, str) else value
