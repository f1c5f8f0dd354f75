"""From files to a Network: reads the plan, the device configurations it names, and the keys."""

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sealane import kinds
from sealane.app.catalog import DEVICE_READERS
from sealane.app.runstate import RunDirectory, Sources
from sealane.diag import Finding, Origin, Severity, has_errors, sort_findings
from sealane.model import DeviceReading, Network
from sealane.net import NodeName, Secret

_LARGEST_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DeviceText:
    """A device configuration to use instead of the file that the plan names."""

    text: str
    file: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plan with everything it refers to.

    ``network`` is None when ``findings`` holds errors. ``readings`` are by site name. ``made_keys`` are those that were
    generated just now, by tunnel; bringing the network up keeps them. ``draft`` is there also when only the text of a
    device has errors: good for judging it, not for bringing anything up. ``sources`` is what was read; None when the
    plan's file could not be.
    """

    path: Path
    name: str
    network: Network | None
    readings: Mapping[str, DeviceReading]
    findings: tuple[Finding, ...]
    made_keys: Mapping[str, Secret] = field(default_factory=dict)
    draft: Network | None = None
    sources: Sources | None = field(default=None, repr=False)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Hold the collector of cyclic garbage: reading makes hundreds of thousands of values and hardly any garbage.

    With 400 sites it takes a quarter of the time otherwise.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_collecting_later()
def load(
    path: Path, *, live: bool = False, devices: Mapping[str, DeviceText] | None = None, text: str | None = None
) -> Loaded:
    """Read a plan completely; never raises for bad input.

    Args:
        path: The plan file.
        live: True resolves keys, making those that are to be generated; False leaves them out. Nothing is written.
        devices: Configurations by site that replace the files named in the plan.
        text: The plan itself, in place of what is in its file now.
    """
    shown = str(path)
    if text is None:
        text, problem = _read(path, Origin(shown, 1))
        if problem is not None:
            return Loaded(path, path.stem, None, {}, (problem,))
    plan, findings = kinds.read_plan(text, shown)
    if plan is None:
        return Loaded(path, path.stem, None, {}, sort_findings(findings))
    collected = list(findings)
    readings = {}
    texts: dict[str, tuple[str, str]] = {}
    for site, source in kinds.device_configs(plan).items():
        device, problems = _device_text(path, source, (devices or {}).get(site))
        collected += problems
        if device is not None:
            texts[site] = (device.text, device.file)
            readings[site] = _device(source, device)
            collected += readings[site].findings
    keys, made, problems = _keys(plan, path, live=live)
    collected += problems
    if has_errors(findings):  # expanding would only say so once more
        return Loaded(path, plan.name, None, readings, sort_findings(collected), made)
    network, problems = kinds.expand(plan, readings, keys)
    collected += problems
    failed = has_errors(collected)
    draft = None if has_errors(problems) else network
    sources = Sources(str(path.resolve()), text, texts)
    found = sort_findings(collected)
    return Loaded(path, plan.name, None if failed else network, readings, found, made, draft, sources)


def load_again(sources: Sources) -> Loaded:
    """A plan as it was when its network was brought up, whatever its files hold now."""
    devices = {site: DeviceText(text, file) for site, (text, file) in sources.devices.items()}
    return load(Path(sources.plan), live=True, devices=devices, text=sources.text)


def _read(path: Path, origin: Origin) -> tuple[str, Finding | None]:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise OSError(f"larger than {_LARGEST_FILE_BYTES} bytes")  # noqa: TRY301
        return path.read_text(encoding="utf-8"), None
    except (OSError, UnicodeDecodeError) as error:
        answer = getattr(error, "strerror", None) or str(error)
        finding = Finding(
            "FILE-001",
            Severity.ERROR,
            str(path),
            f"cannot be read: {answer}",
            "name a file that is there, readable and UTF-8 text",
            (origin,),
        )
        return "", finding


def _device_text(
    plan_path: Path, source: tuple[str, str, str, Origin], instead: DeviceText | None
) -> tuple[DeviceText | None, tuple[Finding, ...]]:
    """A device's configuration, or why there is none."""
    if instead is not None:
        return instead, ()
    _, config, _, origin = source
    file = plan_path.parent / config
    text, problem = _read(file, origin)
    return (DeviceText(text, str(file)), ()) if problem is None else (None, (problem,))


def _device(source: tuple[str, str, str, Origin], found: DeviceText) -> DeviceReading:
    platform, _, device, _ = source
    return DEVICE_READERS[platform](found.text, found.file, NodeName(kinds.slug(device)))


def given_keys(plan: kinds.Plan, path: Path) -> tuple[Mapping[str, Secret], tuple[Finding, ...]]:
    """The keys that a plan gives, by tunnel, and what is wrong with others; those to be generated are left out."""
    read = {tunnel: _key(path, tunnel, source) for tunnel, source in kinds.psk_sources(plan).items()}
    return ({tunnel: one for tunnel, one in read.items() if isinstance(one, Secret)},
            tuple(one for one in read.values() if isinstance(one, Finding)))


def _keys(
    plan: kinds.Plan, path: Path, *, live: bool
) -> tuple[Mapping[str, Secret], Mapping[str, Secret], tuple[Finding, ...]]:
    """All keys, those of them that were generated just now, and what is wrong with the others."""
    keys = {}
    made: dict[str, Secret] = {}
    findings = []
    for tunnel, source in kinds.psk_sources(plan).items():
        if isinstance(source, kinds.PskGenerate):
            if live:
                keys[tunnel], new = RunDirectory(plan.name).generated_key(tunnel)
                made |= {tunnel: keys[tunnel]} if new else {}
            continue
        found = _key(path, tunnel, source)
        if isinstance(found, Secret):
            keys[tunnel] = found
        elif found is not None and live:
            findings.append(found)
    return keys, made, tuple(findings)


def _key(path: Path, tunnel: str, source: kinds.PskSource) -> Secret | Finding | None:
    """The key that a plan gives, or why there is none."""
    here = Origin(str(path), 1)
    match source:
        case kinds.PskInline(secret):
            return secret
        case kinds.PskEnv(variable):
            value = os.environ.get(variable)
            if not value:
                return _no_key(tunnel, f"environment variable {variable} is not set", here)
            return _ruled(tunnel, f"environment variable {variable}", value, here)
        case kinds.PskFile(file):
            text, problem = _read(path.parent / file, here)
            return _ruled(tunnel, f"file {file}", text.strip(), here) if problem is None else problem
        case kinds.PskGenerate():
            return None  # made where it is needed


def _no_key(tunnel: str, problem: str, origin: Origin) -> Finding:
    remedy = "set it, then run the command again"
    return Finding("KEY-001", Severity.ERROR, f"tunnel {tunnel}", problem, remedy, (origin,))


def _ruled(tunnel: str, place: str, value: str, origin: Origin) -> Secret | Finding:
    """The key, when it obeys the rule that keys in a plan obey too; no finding shows any of it."""
    problem = kinds.PSK.problem(value)
    if problem is None:
        return Secret(value)
    expected = kinds.PSK.expected
    what = f"the key in {place} {problem}, expected {expected}"
    return Finding("KEY-002", Severity.ERROR, f"tunnel {tunnel}", what, f"choose {expected}", (origin,))
