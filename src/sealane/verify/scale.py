"""Proofs of networks that are too large for a survey, by the twin at scale; imports numpy.

Every protected flow is followed to the transit router or the device that it meets first, in the state without
failures; from there on the twin at scale says what becomes of it in every state. Each kind of violation is shown by a
packet that the general twin has walked.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np

from sealane.diag import Finding
from sealane.model import Network
from sealane.net import Cidr, NodeName, PrefixMap
from sealane.twin.columns import Columns, Course, Extracted, NotCovered, State, Verdict, build, evaluate, extract
from sealane.twin.columns.element import all_up
from sealane.twin.columns.forest import address_of, length_of
from sealane.twin.element import NOTHING, Element, Failures, elements
from sealane.verify.ground import Ground
from sealane.verify.proof import Proof
from sealane.verify.properties import mtu, overlap
from sealane.verify.scale_judge import LEFT_OUT, Judges, Seen, Watched
from sealane.verify.survey import Flow, Survey
from sealane.verify.violation import Judgement
from sealane.verify.violation import Verdict as Word

MOST_FAILURES = 2
_MOST_SETS = 30_000
"""Sets of failures that are evaluated, a few milliseconds each."""


def prove_at_scale(
    network: Network, failures: int = 1, properties: Iterable[str] = (), causes: Sequence[Finding] = ()
) -> Proof:
    """Judge properties as ``prove`` does; ``scope`` of the proof says what it speaks for.

    Raises:
        NotCovered: The twin at scale does not model the network, or both twins differ about it.
    """
    if failures > MOST_FAILURES:
        raise NotCovered("more than two failures at once")
    demanded = tuple(properties)
    found = extract(network)
    columns = build(found.facts)
    known, unknown = _known(network, found)
    cases = _cases(known, found, columns, failures)
    ground = Ground(Survey(network, 0), causes)
    watched = tuple(_watched(ground, found, columns))
    seen = Seen(ground, watched)
    index = np.array([one.at for one in watched], np.int64)
    for failed in cases:
        state = evaluate(columns, found.elements(failed))
        verdicts = np.concatenate((state.inward, state.outward))[index]
        seen.add(failed, verdicts, settled=state.worst is Course.STABLE, mixed=_mixed(columns, found, failed, state))
    judges = Judges(ground, seen, len(unknown) if failures else 0)
    by_name = {**judges.by_name, overlap.NAME: overlap.judge, mtu.NAME: mtu.judge}
    judged = [
        by_name[name](ground, demanded=name in demanded) if name in by_name
        else Judgement(name, Word.NOT_COVERED, reason, (), ())
        for name, reason in LEFT_OUT.items()
        if not demanded or name in demanded
    ]
    count = len(known)
    return Proof(
        network.name, failures, count, _spoken_for(count, failures), len(columns.classes),
        sum(len(one.flows) for one in watched), ground.survey.walks, tuple(judged), (),
        tuple(_scope(known, unknown, failures)),
    )


def _known(network: Network, found: Extracted) -> tuple[tuple[Element, ...], tuple[Element, ...]]:
    """Elements whose failures the twin at scale models, and the others."""
    every = elements(network)
    known = tuple(one for one in every if found.sites.element(one) is not None)
    return known, tuple(one for one in every if one not in set(known))


def _cases(known: Sequence[Element], found: Extracted, columns: Columns, failures: int) -> list[Failures]:
    """Sets to evaluate: two elements matter together only to packets that both can matter to, those of their group."""
    cases = [NOTHING, *(frozenset({one}) for one in known)] if failures else [NOTHING]
    if failures == MOST_FAILURES:
        groups: dict[int, list[Element]] = {}
        for one in known:
            for group in _groups(found, columns, one):
                groups.setdefault(group, []).append(one)
        pairs = {frozenset(pair) for several in groups.values() for pair in combinations(several, 2)}
        cases += sorted(pairs, key=sorted)
    if len(cases) > _MOST_SETS:
        raise NotCovered(f"{len(cases)} sets of failures are too many to evaluate")
    return cases


def _groups(found: Extracted, columns: Columns, element: Element) -> set[int]:
    depends, groups = columns.depends, set[int]()
    for kind, number in found.elements([element]):
        if kind.value in {"tunnel", "session"}:
            groups.add(int(depends.site_group[columns.facts.tunnel_site[number]]))
        else:
            groups.add(int((depends.site_group if kind.value == "device" else depends.border_group)[number]))
    return groups


def _spoken_for(count: int, failures: int) -> int:
    return 1 + (count if failures else 0) + (count * (count - 1) // 2 if failures == MOST_FAILURES else 0)


def _watched(ground: Ground, found: Extracted, columns: Columns) -> Iterator[Watched]:
    """The protected flows by what the twin at scale says of them; flows that end before they get there are left out.

    Raises:
        NotCovered: A flow has no one place to start, or both twins say different things of it with nothing failed.
    """
    facts = columns.facts
    prefixes = zip(address_of(columns.classes).tolist(), length_of(columns.classes).tolist(), strict=True)
    classes = PrefixMap({Cidr(address, length): number for number, (address, length) in enumerate(prefixes)})
    pairs = zip(columns.cell_site.tolist(), columns.cell_class.tolist(), strict=True)
    cells = {pair: number for number, pair in enumerate(pairs)}
    groups: dict[tuple[int, str], list[Flow]] = {}
    for flow in ground.protected:
        node = _first(ground, found, flow)
        number = classes.longest(flow.destination.address)
        if node is None:
            continue
        if number is None:
            raise NotCovered(f"packets to {flow.destination}")
        at = number if node == found.sites.hub.name else None
        if node in found.sites.site:
            cell = cells.get((found.sites.site[node], number))
            at = None if cell is None else len(columns.classes) + cell
        if at is None:
            raise NotCovered(f"packets {flow} that begin at {node}")
        groups.setdefault((at, ground.protection(flow).name), []).append(flow)
    calm = evaluate(columns)
    verdicts = np.concatenate((calm.inward, calm.outward))
    up = frozenset(facts.tunnels[number] for number in np.flatnonzero(calm.tunnel_up))
    if calm.worst is Course.STABLE and ground.calm.states != (up,):
        raise NotCovered("the two twins disagree about the tunnels with nothing failed")
    for (at, _), flows in groups.items():
        if calm.worst is Course.STABLE:
            _compare(ground, flows, Verdict(int(verdicts[at])))
        yield Watched(at, tuple(flows), ground.protection(flows[0]))


def _first(ground: Ground, found: Extracted, flow: Flow) -> NodeName | None:
    """The transit router, border router or device that a flow meets first; None when it ends before."""
    sites = found.sites
    inner = {sites.hub.name, *sites.border, *sites.site}
    trips = ground.survey.walked(flow, NOTHING, ground.calm.states[0]).trips
    firsts = {next((hop.node for hop in trip.hops if hop.node in inner), None) for trip in trips}
    if len(firsts) > 1:
        raise NotCovered(f"packets {flow} that enter in several places")
    return next(iter(firsts), None)


def _compare(ground: Ground, flows: Sequence[Flow], verdict: Verdict) -> None:
    """Both twins must agree where both look; a meter is known to the general one only."""
    for flow in flows:
        trips = ground.survey.walked(flow, NOTHING, ground.calm.states[0]).trips
        if any(trip.clear_circuits() for trip in trips) != bool(verdict & (Verdict.CLEAR | Verdict.LEAKED)):
            raise NotCovered(f"the two twins disagree about packets {flow}")


def _mixed(columns: Columns, found: Extracted, failed: Failures, state: State) -> bool:
    """True when a tunnel is down by itself while another of its block is up, which its own packets might be sent into.

    Only a tunnel that is up draws packets in, and only those of its block.
    """
    facts, up = columns.facts, all_up(columns.facts, found.elements(failed))
    down = facts.tunnel_agreed & up.tunnel & up.device[facts.tunnel_site] & ~state.tunnel_up
    block = columns.depends.site_block[facts.tunnel_site]
    return bool(np.intersect1d(block[down], block[state.tunnel_up]).size)


def _scope(known: Sequence[Element], unknown: Sequence[Element], failures: int) -> Iterator[str]:
    yield "proved with the twin at scale, since a survey of so many tunnels takes minutes"
    yield (
        "packets: those of protections, by their destinations, from the transit router or the first device on; "
        "behind a device's inside or a VPC's attachment they count as arrived"
    )
    if failures:
        kinds = ", ".join(sorted({one.kind.value for one in known}))
        yield f"failures: {len(known)} elements ({kinds})"
        if unknown:
            names = ", ".join(map(str, unknown[:6])) + (f" and {len(unknown) - 6} more" if len(unknown) > 6 else "")  # noqa: PLR2004
            yield f"failures not looked at: {names}"
