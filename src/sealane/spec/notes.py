"""The collector of findings while one plan is read: everything wrong is told at once."""

from collections.abc import Iterable, Iterator

from sealane.diag import Finding, Origin, Severity, sort_findings
from sealane.memo import Memo
from sealane.spec.mark import Fields, Items, Mark, Scalar


class Notes:
    """Findings so far, and the names of things that could not be read.

    ``broken`` keeps a second finding from following out of the first: a reference to a thing that was written but
    not understood is not a reference to an unknown thing. ``nameless`` is True when even their names are not known:
    then nothing that is referred to is unknown for certain. ``memo`` remembers the things that were read without a
    note.
    """

    def __init__(self, memo: Memo | None = None) -> None:
        self.memo = memo
        self._findings: list[Finding] = []
        self.broken: set[str] = set()
        self.lost_parts = False
        self.nameless = False

    def error(self, code: str, subject: str, problem: str, remedy: str, *seen_at: Origin) -> None:
        """Note an error."""
        self._findings.append(Finding(code, Severity.ERROR, subject, problem, remedy, seen_at))

    def warning(self, code: str, subject: str, problem: str, remedy: str, *seen_at: Origin) -> None:
        """Note a warning."""
        self._findings.append(Finding(code, Severity.WARNING, subject, problem, remedy, seen_at))

    @property
    def state(self) -> tuple[int, int, bool, bool]:
        """Another value after each note."""
        return len(self._findings), len(self.broken), self.lost_parts, self.nameless

    def extend(self, findings: Iterable[Finding]) -> None:
        """Take over findings made elsewhere."""
        self._findings.extend(findings)

    def lose(self, mark: Mark) -> None:
        """A part of the plan could not be used: remember every name it holds."""
        self.lost_parts = True
        self.broken.update(names_inside(mark))

    def lose_names(self, mark: Mark) -> None:
        """The same of a part whose names cannot be told, such as a word where things are expected."""
        self.lose(mark)
        self.nameless = True

    def is_unknown(self, name: str, known: Iterable[str]) -> bool:
        """True for a name that nothing written can have."""
        return name not in known and name not in self.broken and not self.nameless

    def findings(self) -> tuple[Finding, ...]:
        """All of them, errors first, each once."""
        return sort_findings(self._findings)


def names_inside(mark: Mark) -> Iterator[str]:
    """Every ``name`` written anywhere inside."""
    match mark:
        case Items(items=items):
            for item in items:
                yield from names_inside(item)
        case Fields(entries=entries):
            for key, entry in entries.items():
                if key == "name" and isinstance(entry.value, Scalar):
                    yield entry.value.text
                else:
                    yield from names_inside(entry.value)
        case Scalar():
            return


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to a mistyped one; None when nothing is close."""
    from difflib import get_close_matches  # noqa: PLC0415 - costs start-up time, needed only when something is wrong

    candidates = {candidate.lower(): candidate for candidate in sorted(known)}
    close = get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return candidates[close[0]] if close else None
