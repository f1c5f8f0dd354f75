"""One verdict out of those on parts, told of all parts that are alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from sealane.verify.ground import sets_text
from sealane.verify.properties import encrypted, fail_closed, no_blackhole, redundancy, symmetric
from sealane.verify.properties.coverage import UNPROTECTED
from sealane.verify.spokes.part import Kind, Pair, Renamed
from sealane.verify.violation import Judgement, Verdict, Violation

_WORST = (Verdict.VIOLATED, Verdict.NOT_COVERED, Verdict.DECLARED, Verdict.REPORTED, Verdict.PROVED)
_OF_PROTECTIONS = frozenset(
    one.NAME for one in (encrypted, fail_closed, no_blackhole, symmetric, redundancy)
)
_MOST_SETS = 10_000
"""Sets of failures that are told of packets between sites: pairs of elements of two sites may be very many."""
_MOST_NAMED = 4
_MOST_SUMMARIES = 3
_Sets = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict on the first part of a kind."""

    kind: Kind
    judgement: Judgement


def merged(name: str, several: Sequence[Told], more: Iterable[Violation] = ()) -> Judgement:
    """The verdict on a property of the whole network; ``more`` is what was found of packets between parts."""
    told = list(_that_count(name, several))
    between = tuple(more)
    found = (*dict.fromkeys(violation for one in told for violation in spread(one)), *between)
    verdicts = {one.judgement.verdict for one in told} | ({Verdict.VIOLATED} if between else set())
    verdict = min(verdicts, key=_WORST.index)
    texts = dict.fromkeys(_summary(one) for one in told if one.judgement.verdict is verdict)
    summaries = [*texts, *dict.fromkeys(f"{one.finding.subject} go round" for one in between)]
    summary = "; ".join(summaries[:_MOST_SUMMARIES])
    if len(summaries) > _MOST_SUMMARIES:
        summary += f"; {len(summaries) - _MOST_SUMMARIES} more"
    left_out = tuple(dict.fromkeys(text for one in told for text in one.judgement.not_covered))
    return Judgement(name, verdict, summary, found, left_out)


def _that_count(name: str, several: Sequence[Told]) -> Iterable[Told]:
    """Parts without protections say nothing of them beside others, nor those that carry nothing of its loss."""
    found = [one for one in several if name not in _OF_PROTECTIONS or one.kind.first.network.protections] or several
    if name == redundancy.NAME:
        empty = (Verdict.REPORTED, ())
        found = [one for one in found if (one.judgement.verdict, one.judgement.violations) != empty] or found
    return found


def _summary(one: Told) -> str:
    parts = one.kind.parts
    return f"{parts[0].name}: {one.judgement.summary}" + (f" ({len(parts) - 1} alike)" if len(parts) > 1 else "")


def spread(told: Told) -> Iterator[Violation]:
    """What was found of the first part, said of all."""
    for one in told.judgement.violations:
        yield _said_of_all(one, told.kind)


def _said_of_all(one: Violation, kind: Kind) -> Violation:
    if len(kind.parts) == 1:
        return one
    renamings = [to.names for to in kind.renamings(kind.first)]
    sets = dict.fromkeys(tuple(sorted(map(to.element, failed))) for to in renamings for failed in one.failures)
    packets = dict.fromkeys(to.packets(text) for text in one.packets for to in renamings)
    subjects = dict.fromkeys(to.subject(one.finding.subject) for to in renamings)
    told = len(subjects) - 1
    finding = replace(one.finding, subject=one.finding.subject + (f" and {told} more" if told else ""))
    names = [part.name for part in kind.parts]
    detail = f"told of {names[0]}; so it is of {sets_text([(name,) for name in names[1:]], _MOST_NAMED)}"
    return Violation(finding, tuple(packets), tuple(sorted(sets, key=len)), one.example, (*one.detail, detail))


def said_between(one: Violation, pair: Pair) -> Violation:
    """What was found of packets between two parts, said of all such pairs."""
    if len(pair.one.parts) * len(pair.other.parts) == 1:
        return one
    sets = dict.fromkeys(found for failed in one.failures for found in _renamed(failed, pair))
    detail = f"told of packets between {pair.ends[0].name} and {pair.ends[1].name}; so it is between all like them"
    return replace(one, failures=tuple(sorted(sets, key=len)), detail=(*one.detail, detail))


def _renamed(failed: tuple[str, ...], pair: Pair) -> Iterator[tuple[str, ...]]:
    """The elements of each side in the names of all that are alike; those of the core keep theirs."""
    kinds = zip(pair.ends, (pair.one, pair.other), strict=True)
    sides = [kind.renamings(end) for end, kind in kinds if end.elements.intersection(failed)]
    for chosen in islice(product(*sides), _MOST_SETS):
        if len({id(to.target) for to in chosen}) == len(chosen):
            yield tuple(sorted(_in_names(text, chosen) for text in failed))


def _in_names(text: str, chosen: Iterable[Renamed]) -> str:
    return next((to.names.element(text) for to in chosen if text in to.source.elements), text)


def in_one(several: Iterable[Violation]) -> Iterator[Violation]:
    """Packets that no protection covers, of all parts and pairs, by direction in one each; others as they are."""
    groups: dict[str, list[Violation]] = {}
    for one in several:
        if one.finding.code == UNPROTECTED:
            groups.setdefault(one.finding.subject.partition(" to ")[0], []).append(one)
        else:
            yield one
    for start, found in groups.items():
        packets = dict.fromkeys(text for one in found for text in one.packets)
        there = tuple(dict.fromkeys(name for text in packets for name in text.partition(" -> ")[2].split(", ")))
        more = f" and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
        finding = replace(found[0].finding, subject=f"{start} to {', '.join(there[:_MOST_NAMED])}{more}")
        detail = dict.fromkeys(text for one in found for text in one.detail)
        yield Violation(finding, tuple(packets), detail=tuple(detail))
