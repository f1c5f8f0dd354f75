"""Everything that can be said of a plan without running it."""

from collections.abc import Sequence
from pathlib import Path

from sealane.app.load import DeviceText, load
from sealane.diag import Fault, Finding, has_errors, sort_findings
from sealane.verify import check_device


def check(path: Path, devices: Sequence[str] = ()) -> tuple[tuple[Finding, ...], bool]:
    """All findings, and True when the input is so wrong that there is no network to speak of.

    Args:
        path: The plan.
        devices: ``SITE=FILE`` for device configurations that replace the plan's.

    Raises:
        Fault: A replacement cannot be read.
    """
    loaded = load(path, devices=dict(_device(one) for one in devices))
    if loaded.network is None:
        return loaded.findings, True
    found = list(loaded.findings)
    for reading in loaded.readings.values():
        found += check_device(reading, loaded.network)
    return sort_findings(found), has_errors(loaded.findings)


def _device(option: str) -> tuple[str, DeviceText]:
    site, _, file = option.partition("=")
    try:
        return site, DeviceText(Path(file).read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"read --device {option}", str(error), "write SITE=FILE with a file that can be read") from error
