"""Fields and rules of security groups (CreateSecurityGroup, AuthorizeSecurityGroup, reference Ecs 2014-05-26)."""

from dataclasses import dataclass, field

from sealane.model import PortRange
from sealane.net import Prefix
from sealane.spec import (
    Choice,
    Field,
    ListOf,
    Mark,
    Places,
    PrefixText,
    Record,
    Rule,
    Scalar,
    Spot,
    Whole,
    describe,
    description_reader,
    name_reader,
)

IP_PROTOCOLS = {"TCP": 6, "UDP": 17, "ICMP": 1, "GRE": 47, "ALL": None}
"""The cloud's words to IANA numbers; None is any protocol."""
WITH_PORTS = ("TCP", "UDP")
ANY_PORT = "-1/-1"
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One permission; ``port_range`` None is every port, a peer prefix of None is not written."""

    direction: str
    ip_protocol: str
    port_range: PortRange | None
    source_cidr_ip: Prefix | None
    dest_cidr_ip: Prefix | None
    policy: str
    priority: int
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class SecurityGroupSpec:
    """A security group as written."""

    name: str
    rules: tuple[SecurityRule, ...]
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Ports:
    """``first/last``; ``-1/-1`` is every port."""

    def read(self, mark: Mark, spot: Spot) -> PortRange | None:
        """The range; every port comes as 0 to 65535."""
        text = mark.text if isinstance(mark, Scalar) else ""
        if text == ANY_PORT:
            return PortRange(0, _HIGHEST_PORT)
        first, _, last = text.partition("/")
        if first.isascii() and last.isascii() and first.isdigit() and last.isdigit():
            found = PortRange(int(first), int(last))
            if 1 <= found.first <= found.last <= _HIGHEST_PORT:
                return found
        spot.error("VPC-020", f"is {describe(mark)}, expected first/last from 1 to {_HIGHEST_PORT}, or -1/-1 for all",
                   "write two ports such as 80/80", mark.origin)
        return None

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "string", "pattern": r"^(?:-1/-1|[0-9]{1,5}/[0-9]{1,5})$"}


def _check_peer(rule: SecurityRule, spot: Spot) -> None:
    wanted, other = ("source_cidr_ip", "dest_cidr_ip")
    if rule.direction == "egress":
        wanted, other = other, wanted
    if getattr(rule, wanted) is None or getattr(rule, other) is not None:
        spot.notes.error("VPC-021", spot.subject, f"a rule for {rule.direction} needs {wanted} and no {other}",
                         f"write {wanted}, 0.0.0.0/0 for everything", rule.at.origin)


def _check_ports(rule: SecurityRule, spot: Spot) -> None:
    everything = rule.port_range in (None, PortRange(0, _HIGHEST_PORT))
    if rule.ip_protocol not in WITH_PORTS and not everything:
        spot.notes.error("VPC-022", spot.subject, f"{rule.ip_protocol} has no ports, but port_range names some",
                         f"write port_range: {ANY_PORT} or leave it out", rule.at.of("port_range"))


_RULE: Record[SecurityRule] = Record("rule", SecurityRule, (
    Field("direction", Choice(("ingress", "egress"), "VPC-023"), "ingress or egress", default="ingress"),
    Field("ip_protocol", Choice(tuple(IP_PROTOCOLS), "VPC-024"), "IpProtocol", required=True),
    Field("port_range", _Ports(), "PortRange, first/last; -1/-1 or left out: all"),
    Field("source_cidr_ip", PrefixText(), "SourceCidrIp, for ingress"),
    Field("dest_cidr_ip", PrefixText(), "DestCidrIp, for egress"),
    Field("policy", Choice(("accept", "drop"), "VPC-025"), "Policy", default="accept"),
    Field("priority", Whole(1, 100, "VPC-026"), "Priority, 1 is tried first", default=1),
    Field("description", description_reader("VPC-001"), "Description"),
), "One permission.", (
    Rule(_check_peer, ("direction", "source_cidr_ip", "dest_cidr_ip")),
    Rule(_check_ports, ("ip_protocol", "port_range")),
))

SECURITY_GROUP: Record[SecurityGroupSpec] = Record("security group", SecurityGroupSpec, (
    Field("name", name_reader("VPC-001", 2), "SecurityGroupName", required=True),
    Field("rules", ListOf(_RULE), "permissions; inbound is denied and outbound allowed without", default=()),
    Field("description", description_reader("VPC-001"), "Description"),
), "A stateful packet filter of instances.")
