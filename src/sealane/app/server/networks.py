"""From documents to Networks, each with what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sealane import kinds
from sealane.app.catalog import DEVICE_READERS
from sealane.cloud import World
from sealane.cloud.to_plan import Carried, as_mark, carried_networks
from sealane.diag import Finding, has_errors, sort_findings
from sealane.memo import Memo
from sealane.model import DeviceReading, Network
from sealane.net import NodeName


@dataclass(frozen=True, slots=True)
class Expanded:
    """A network of documents; ``network`` None when something is wrong, whose place is then the document's id."""

    carried: Carried
    network: Network | None
    findings: tuple[Finding, ...]


def expand(carried: Carried, memo: Memo | None = None) -> Expanded:
    """Make the Network of what documents say; ``memo`` remembers what is made of parts that stay the same."""
    memo = Memo() if memo is None else memo
    plan, findings = kinds.read_tree(as_mark(carried.plan, carried.plan.origin, memo), (), memo)
    if plan is None or has_errors(findings):
        return Expanded(carried, None, sort_findings(findings))
    readings: dict[str, DeviceReading] = {}
    for site, (platform, file, device, _) in kinds.device_configs(plan).items():
        text, name = carried.configs.get(file, ""), NodeName(kinds.slug(device))
        readings[site] = memo.get(("device", platform, text, file, name), (),
                                  partial(DEVICE_READERS[platform], text, file, name))
    found = [*findings, *(finding for reading in readings.values() for finding in reading.findings)]
    keys = {
        tunnel: source.secret
        for tunnel, source in kinds.psk_sources(plan).items()
        if isinstance(source, kinds.PskInline)
    }
    network, problems = kinds.expand(plan, readings, keys, memo)
    found += problems
    return Expanded(carried, None if has_errors(found) else network, sort_findings(found))


def networks(world: World, accounts: Sequence[str], prefix: str) -> Mapping[str, Expanded]:
    """All networks of the accounts by name."""
    return {one.name: expand(one) for one in carried_networks(world, accounts, prefix)}
