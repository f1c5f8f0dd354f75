"""A host's security group: stateful, inbound denied and outbound accepted unless a rule says otherwise.

Source: reference Ecs 2014-05-26, normal security groups.
"""

from collections.abc import Iterable, Iterator

from sealane.model import FilterRule, Node
from sealane.vendors.nftables.rules import match
from sealane.vendors.nftables.text import chain, table

GROUP_TABLE = "sealane_group"


def security_group(node: Node) -> str:
    """Table ``inet sealane_group`` of a host; without a security group the table is removed."""
    group = node.security_group
    if group is None:
        return table(GROUP_TABLE, [])
    start = ["ct state established,related accept"]
    inbound = [*start, 'iifname "lo" accept', *_rules(group.inbound), "counter"]
    outbound = [*start, *_rules(group.outbound)]
    return table(
        GROUP_TABLE,
        [
            *chain("inbound", "type filter hook input priority 0; policy drop;", inbound),
            *chain("outbound", "type filter hook output priority 0; policy accept;", outbound),
        ],
    )


def _rules(rules: Iterable[FilterRule]) -> Iterator[str]:
    for rule in rules:
        yield f"{match(rule)}counter {'accept' if rule.permit else 'drop'}"
