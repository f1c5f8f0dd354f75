"""Files that a command writes beside what it prints: looked at before the work, written after it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sealane.app.rejected import Rejected
from sealane.diag import Fault, Finding, Severity
from sealane.host import why_unwritable, write_whole


def check_outputs(places: Mapping[str, Path]) -> None:
    """Refuse files that cannot be written before any work is done for them.

    Args:
        places: Where to write, by the option that says so.

    Raises:
        Rejected: A file cannot be written, or two options name the same one.
    """
    found = tuple(_findings(places))
    if found:
        raise Rejected(found)


def _findings(places: Mapping[str, Path]) -> Iterator[Finding]:
    options: dict[Path, str] = {}
    for option, path in places.items():
        answer = why_unwritable(path)
        if answer:
            remedy = "name a file in a directory that exists and may be written to"
            yield Finding("FILE-003", Severity.ERROR, f"option {option}", f"{path} cannot be written: {answer}", remedy)
            continue
        other = options.setdefault(path.resolve(), option)
        if other != option:
            problem = f"{path} is what {other} names too, and one would replace the other"
            yield Finding("FILE-004", Severity.ERROR, f"option {option}", problem, "name another file")


def write_outputs(texts: Mapping[Path, str]) -> None:
    """Write all files that can be written.

    Raises:
        Fault: One could not be; of several the first is told.
    """
    faults = []
    for path, text in texts.items():
        try:
            write_whole(path, text)
        except Fault as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
