"""Everything that can be said of a plan without running it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sealane.app.load import DeviceText, Loaded, load
from sealane.diag import Finding, Severity, sort_findings
from sealane.verify import check_device


def check(path: Path, devices: Sequence[str] = ()) -> tuple[tuple[Finding, ...], bool]:
    """All findings, and True when the input is so wrong that there is no network to speak of.

    Args:
        path: The plan.
        devices: ``SITE=FILE`` for device configurations that replace the plan's.
    """
    texts, problems = device_texts(devices)
    loaded = load(path, devices=texts)
    if loaded.draft is None or problems:
        return sort_findings((*problems, *loaded.findings)), True
    unknown = unknown_sites(texts, loaded)
    found = [*loaded.findings, *unknown]
    for reading in loaded.readings.values():
        found += check_device(reading, loaded.draft)
    return sort_findings(found), loaded.network is None or bool(unknown)


def unknown_sites(texts: Mapping[str, DeviceText], loaded: Loaded) -> tuple[Finding, ...]:
    """What is wrong with the sites that configurations were given for."""
    return tuple(_unknown(site, sorted(loaded.readings)) for site in texts if site not in loaded.readings)


def device_texts(options: Sequence[str]) -> tuple[Mapping[str, DeviceText], tuple[Finding, ...]]:
    """The configurations of options ``SITE=FILE`` by site, and what is wrong with them."""
    texts = {}
    problems = []
    for option in options:
        site, _, file = option.partition("=")
        try:
            texts[site] = DeviceText(Path(file).read_text(encoding="utf-8"), file)
        except (OSError, UnicodeDecodeError, ValueError) as error:
            answer = getattr(error, "strerror", None) or str(error)
            remedy = "write SITE=FILE with a file that is there, readable and UTF-8 text"
            problem = f"cannot be read: {answer}"
            problems.append(Finding("FILE-001", Severity.ERROR, f"--device {option}", problem, remedy))
    return texts, tuple(problems)


def _unknown(site: str, known: Sequence[str]) -> Finding:
    return Finding(
        "FILE-002",
        Severity.ERROR,
        f"--device {site}",
        "the plan has no site of that name whose device has a configuration",
        f"use one of: {', '.join(known)}" if known else "leave --device out",
    )
