"""From documents to Networks, each with what is wrong with it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from sealane import kinds
from sealane.app.catalog import DEVICE_READERS
from sealane.app.server.events import Event
from sealane.cloud import World
from sealane.cloud.to_plan import Carried, Former, as_mark, carried_networks
from sealane.diag import Finding, Severity, has_errors, sort_findings
from sealane.memo import Memo
from sealane.model import DeviceReading, Network
from sealane.net import NodeName

_MOST_EXCLUSIONS = 20


@dataclass(frozen=True, slots=True)
class Expanded:
    """A network of documents; ``network`` None when something is wrong, whose place is then the document's id.

    ``error`` is what nobody expected to go wrong.
    """

    carried: Carried
    network: Network | None
    findings: tuple[Finding, ...]
    error: Exception | None = None


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


class Networks:
    """The networks of documents, each without the documents that stand in its way; for one world and one thread.

    Args:
        prefix: What the names of networks begin with.
        tell: Takes events.
    """

    def __init__(self, prefix: str, tell: Callable[[Event], None]) -> None:
        self._prefix = prefix
        self._tell = tell
        self._former = Former()
        self._refused: dict[str, Mapping[str, str]] = {}

    def of(self, view: Callable[[], AbstractContextManager[World]], account: str) -> Mapping[str, Expanded]:
        """The networks of an account by name.

        ``view`` is held while documents are gathered, not while they are made sense of: reading a device's text takes
        long. So what is refused may have been mended meanwhile; then the world has changed, and the next round sees it.
        """
        refused: dict[str, str] = {}
        found: tuple[Expanded, ...] = ()
        for _ in range(_MOST_EXCLUSIONS):
            with view() as world:
                carried = carried_networks(
                    world, [account], self._prefix, without=frozenset(refused), former=self._former)
            found = tuple(map(self._expanded, carried))
            wrong = {
                place.file: finding
                for one in found
                if one.network is None
                for finding in one.findings
                if finding.severity is Severity.ERROR
                for place in finding.seen_at[:1]
            }
            new = wrong.keys() - refused.keys()
            if not new:
                break
            for name in new:
                refused[name] = _said(wrong[name])
                self._tell(Event(name, "refused", refused[name], account))
        self._refused[account] = refused
        return {one.carried.name: one for one in found}

    def refused(self, account: str) -> Mapping[str, str]:
        """Documents that no network can carry as things are, by id, with the reason."""
        return self._refused.get(account, {})

    def turn(self) -> None:
        """Begin the next round: what the last one did not need is forgotten."""
        self._former.turn()

    def _expanded(self, carried: Carried) -> Expanded:
        try:
            return expand(carried, self._former.memo)
        except Exception as error:  # noqa: BLE001 - no network is to be in the way of others, whatever it is made of
            return Expanded(carried, None, (), error)


def _said(finding: Finding) -> str:
    return f"{finding.code} {finding.subject}: {finding.problem}; {finding.remedy}"
