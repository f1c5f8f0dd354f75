"""A VPC with its vSwitches, routes, security groups and instances as a piece of a plan."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from sealane.cloud.document import Document
from sealane.cloud.hops import HOP_INSTANCE
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.piece import Piece, Value
from sealane.memo import Memo
from sealane.net import parse_prefix

_RUNNING = frozenset({"Pending", "Starting", "Running"})
_NORMAL = "normal"
_PROTOCOLS = frozenset({"TCP", "UDP", "ICMP", "GRE", "ALL"})


class View(Protocol):
    """The documents that are not being deleted."""

    def get(self, document_id: str) -> Document | None:
        """The document of that id."""
        ...

    def children(self, parent: str, kind: str) -> Iterator[Document]:
        """The documents of a kind that belong to one."""
        ...

    def of_kind(self, account: str, kind: str) -> Iterator[Document]:
        """An account's documents of a kind."""
        ...


def vpc_piece(vpc: Document, view: View, names: Names, attachment: str | None, memo: Memo) -> Piece | None:
    """The VPC; None while it has no vSwitch and so nothing to carry.

    Args:
        vpc: Its document.
        view: Where to look up what belongs to it.
        names: How things are called.
        attachment: Id of the attachment that joins it to the transit router.
        memo: Remembers the pieces of single documents.
    """
    switches = tuple(view.children(vpc.id, "vswitch"))
    if not switches:
        return None
    instances = [one for switch in switches for one in view.children(switch.id, "instance") if one.status in _RUNNING]
    groups = {one.id: one for one in view.children(vpc.id, "security_group")}
    members = _members(instances)
    used = {_group_ids(one): _group_name(_group_ids(one), names) for one in instances if _group_ids(one)}
    return Piece(vpc.id, {
        "name": names.of(vpc.id),
        "cidr_block": vpc.text("CidrBlock"),
        "secondary_cidr_blocks": list(_texts(vpc, "SecondaryCidrBlocks")) or None,
        "vswitches": [memo.get("vswitch", (one,), partial(_switch, one, names)) for one in switches],
        "route_entries": list(_routes(vpc, view, names, attachment, {one.id for one in instances}, memo)),
        "security_groups": [
            Piece(ids[0], {"name": name, "rules": list(_rules([groups[one] for one in ids if one in groups], view,
                                                              members, memo))})
            for ids, name in used.items()
        ],
        "instances": [
            Piece(one.id, {"name": names.of(one.id), "vswitch": names.of(one.parent),
                           "private_ip_address": one.text("PrivateIpAddress"),
                           "security_group": used.get(_group_ids(one))})
            for one in instances
        ],
    })


def _switch(one: Document, names: Names) -> Piece:
    return Piece(one.id, {"name": names.of(one.id), "zone_id": one.text("ZoneId"), "cidr_block": one.text("CidrBlock")})


def _routes(  # noqa: PLR0917 - what a VPC is made of
    vpc: Document, view: View, names: Names, attachment: str | None, running: Collection[str], memo: Memo
) -> Iterator[Piece]:
    """Routes to the transit router and to instances, each destination once: of all tables, the system table first.

    A route to an instance that does not run loses its packets.
    """
    seen = set()
    for table in view.children(vpc.id, "route_table"):
        for one in view.children(table.id, "route_entry"):
            destination, instance = one.text("DestinationCidrBlock"), one.text(HOP_INSTANCE)
            if destination in seen or (not instance and one.text("NextHopId") != attachment):
                continue
            seen.add(destination)
            lost = bool(instance) and instance not in running
            yield memo.get(("vpc route", lost), (one,), partial(_route, one, names, lost=lost))


def _route(one: Document, names: Names, *, lost: bool) -> Piece:
    instance = one.text(HOP_INSTANCE)
    return Piece(one.id, {"destination_cidr_block": one.text("DestinationCidrBlock"),
                          "next_hop_type": "Instance" if instance and not lost else None,
                          "next_hop": "BlackHole" if lost else names.of(instance or one.text("NextHopId"))})


def _texts(document: Document, field: str) -> tuple[str, ...]:
    found = document.fields.get(field)
    return tuple(map(str, found)) if isinstance(found, Sequence) and not isinstance(found, str) else ()


def _group_ids(instance: Document) -> tuple[str, ...]:
    return tuple(sorted(_texts(instance, "SecurityGroupIds")))


def _group_name(ids: tuple[str, ...], names: Names) -> str:
    """One group keeps its name; an instance in several gets their union, under a name of its own."""
    if len(ids) == 1:
        return names.of(ids[0])
    return "groups-" + hashlib.sha256(" ".join(ids).encode()).hexdigest()[:12]


def _members(instances: Sequence[Document]) -> Mapping[str, tuple[str, ...]]:
    """Addresses of the instances in each group."""
    found: dict[str, list[str]] = {}
    for one in instances:
        for group in _group_ids(one):
            found.setdefault(group, []).append(f"{one.text('PrivateIpAddress')}/32")
    return {group: tuple(sorted(addresses)) for group, addresses in found.items()}


def _rules(
    groups: Sequence[Document], view: View, members: Mapping[str, tuple[str, ...]], memo: Memo
) -> Iterator[Piece]:
    for group in groups:
        for rule in view.children(group.id, "security_rule"):
            peers = _peers(rule, members)
            yield from memo.get(("rule", peers), (rule,), partial(_rule, rule, peers))
        if group.text("SecurityGroupType") in ("", _NORMAL) and group.text("InnerAccessPolicy") != "Drop":
            for address in members.get(group.id, ()):  # members of a normal group reach each other unless told not to
                yield Piece(group.id, {"direction": "ingress", "ip_protocol": "ALL", "source_cidr_ip": address,
                                       "priority": 100})


def _peers(rule: Document, members: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    cidr, group = ("SourceCidrIp", "SourceGroupId") if _ingress(rule) else ("DestCidrIp", "DestGroupId")
    written = rule.text(cidr)
    return (written,) if written else members.get(rule.text(group), ())


def _ingress(rule: Document) -> bool:
    return rule.text("Direction") in ("", "ingress")


def _rule(rule: Document, peers: tuple[str, ...]) -> tuple[Piece, ...]:
    protocol = rule.text("IpProtocol").upper()
    if protocol not in _PROTOCOLS:
        return ()
    prefixes = (prefix for prefix in map(parse_prefix, peers) if prefix is not None)
    entries: dict[str, Value | None] = {
        "direction": rule.text("Direction") or "ingress",
        "ip_protocol": protocol,
        "port_range": rule.text("PortRange") or None,
        "policy": (rule.text("Policy") or "accept").lower(),
        "priority": int(rule.text("Priority") or 1),
    }
    key = "source_cidr_ip" if _ingress(rule) else "dest_cidr_ip"
    return tuple(Piece(rule.id, {**entries, key: str(prefix)}) for prefix in prefixes)
