"""What is kept on this host about a network that is up: below /run/sealane, gone with a reboot like the network."""

import hashlib
import hmac
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

from sealane.diag import Fault
from sealane.host import Held, make_private_directory, read_text, take_lock, write_private
from sealane.net import Secret, is_short_name

K = TypeVar("K")
DEFAULT_ROOT = Path("/run/sealane")


def run_root(wanted: str | None) -> Path:
    """The absolute path of where run directories are; daemons and their scripts run elsewhere than the command."""
    return Path(wanted).absolute() if wanted else DEFAULT_ROOT


RUN_ROOT = run_root(os.environ.get("SEALANE_RUN"))
_KEY_BYTES = 24
_SOURCES = "sources.json"
_SALT = "salt"
_KEYS = "keys.json"
_TELLING = ("record.json", _KEYS)
_HALF_MADE = frozenset(f".{name}.new" for name in _TELLING)
SCRATCH = "scratch-"
"""Names of scratch directories begin with it, followed by the process number of their command."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What was last asked for.

    Args:
        network: Name of the network.
        plan: Absolute path of the plan.
        stage: Stage id.
        mode: Mode override or None.
        esp: ESP back end.
        complete: False while it is being applied; stays False after a crash.
    """

    network: str
    plan: str
    stage: str
    mode: str | None
    esp: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Sources:
    """What a network was last brought up from, so that an edited plan can be compared with it.

    Args:
        plan: Absolute path of the plan.
        text: Its text.
        devices: Text and file of each device's configuration, by site.
    """

    plan: str
    text: str = field(repr=False)
    devices: Mapping[str, tuple[str, str]] = field(repr=False)

    def same_texts(self, other: "Sources") -> bool:
        """True when both say the same, wherever it is written."""
        devices = ({site: text for site, (text, _) in one.devices.items()} for one in (self, other))
        return self.text == other.text and next(devices) == next(devices)


class RunDirectory:
    """The private directory of one network.

    Raises:
        Fault: Not a name that a plan may give a network, so no directory of ours.
    """

    def __init__(self, network: str, root: Path = RUN_ROOT) -> None:
        if not is_short_name(network):
            raise Fault(
                f"work on network {network!r}",
                "that is not a name of a network",
                "names have lower-case letters, digits and inner hyphens; sealane status lists what is up",
            )
        self.network = network
        self.path = root / network
        self._root = root

    def record(self) -> RunRecord | None:
        """The stored record; None when there is none or it cannot be read."""
        text = read_text(self.path / "record.json")
        try:
            return None if text is None else RunRecord(**json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return None

    def save(self, record: RunRecord) -> None:
        """Store the record."""
        self._make()
        write_private(self.path / "record.json", json.dumps(asdict(record), indent=1))

    def keep_sources(self, sources: Sources) -> None:
        """Store what the network is brought up from; keys may be in it, so it is as private as they are."""
        self._make()
        write_private(self.path / _SOURCES, json.dumps(asdict(sources)))

    def sources(self) -> Sources | None:
        """What was stored last; None when there is nothing or it cannot be read."""
        text = read_text(self.path / _SOURCES)
        try:
            found = None if text is None else json.loads(text)
            if found is None:
                return None
            devices = {str(site): (str(one), str(file)) for site, (one, file) in found["devices"].items()}
            return Sources(str(found["plan"]), str(found["text"]), devices)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def scratch(self) -> "tempfile.TemporaryDirectory[str]":
        """A directory for the command that is running now; removed with it, or later if it is killed."""
        return tempfile.TemporaryDirectory(dir=self.path, prefix=f"{SCRATCH}{os.getpid()}-")

    def remove(self) -> None:
        """Delete the directory with all that is in it, last what tells that it is ours; of a symbolic link the link."""
        if self.path.is_symlink():
            self.path.unlink()
        for one in self.path.iterdir() if self.path.is_dir() else ():
            if one.name not in _TELLING:
                shutil.rmtree(one, ignore_errors=True)
                with suppress(OSError):
                    one.unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_unused(self) -> None:
        """Delete what was made for a network that then was not brought up, and nothing else."""
        with suppress(OSError):
            if not self.path.is_symlink():
                (self.path / _KEYS).unlink(missing_ok=True)
                self.path.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands off this network.

        Raises:
            Fault: Another command is at work on it.
        """
        make_private_directory(self._root, 0o755)
        path = self._root / f".{self.network}.lock"
        try:
            descriptor = take_lock(path)
        except Held as held:
            raise Fault(
                f"work on network {self.network}",
                f"another command (process {held.holder}) is at work on it",
                "wait until it is done",
            ) from None
        try:
            yield
        finally:
            if not self.path.exists():
                path.unlink(missing_ok=True)
            os.close(descriptor)

    def generated_key(self, name: str) -> tuple[Secret, bool]:
        """The key made for ``generate: true``, and whether it was made now; ``keep_keys`` keeps it until ``down``."""
        kept = self._keys().get(name)
        return Secret(kept or secrets.token_urlsafe(_KEY_BYTES)), kept is None

    def keep_keys(self, keys: Mapping[str, Secret]) -> None:
        """Store generated keys by name.

        Raises:
            Fault: Others have been stored since these were made; both ends of a tunnel must have the same.
        """
        if not keys:
            return
        kept, made = self._keys(), {name: key.reveal() for name, key in keys.items()}
        if any(kept.get(name, key) != key for name, key in made.items()):
            raise Fault(f"bring {self.network} up", "another command has done so meanwhile", "run it again")
        self._write_keys({**kept, **made})

    def digests(self, secrets_of: Mapping[K, Secret]) -> dict[K, str]:
        """Stand for keys where their change must be noticed; tell nothing without this directory's salt."""
        if not secrets_of:
            return {}
        keys = self._keys()
        if _SALT not in keys:
            keys[_SALT] = secrets.token_hex(_KEY_BYTES)
            self._write_keys(keys)
        salt = keys[_SALT].encode()
        return {
            one: hmac.new(salt, key.reveal().encode(), hashlib.sha256).hexdigest()[:16]
            for one, key in secrets_of.items()
        }

    def _keys(self) -> dict[str, str]:
        damaged = Fault(f"read {self.path / _KEYS}", "it is damaged", f"sealane down --name {self.network}")
        try:
            keys = json.loads(read_text(self.path / _KEYS) or "{}")
        except (ValueError, RecursionError) as error:
            raise damaged from error
        if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
            raise damaged
        return keys

    def _write_keys(self, keys: Mapping[str, str]) -> None:
        self._make()
        write_private(self.path / _KEYS, json.dumps(keys))

    def _make(self) -> None:
        make_private_directory(self._root, 0o755)
        if self.path.is_symlink():
            raise Fault(f"use {self.path}", "it is a symbolic link", "remove the link; keys are kept in no other place")
        make_private_directory(self.path, 0o755)


def known_networks(root: Path = RUN_ROOT) -> tuple[str, ...]:
    """Names of networks with a directory."""
    try:
        return tuple(sorted(entry.name for entry in root.iterdir() if _is_ours(entry)))
    except FileNotFoundError:
        return ()


def _is_ours(entry: Path) -> bool:
    """True for a directory that a network's command made; whatever else is there is not touched.

    A command that was killed at once has left an empty one, or with half a file, and its lock beside it.
    """
    if not is_short_name(entry.name) or entry.is_symlink() or not entry.is_dir():
        return False
    if any((entry / name).exists() for name in _TELLING):
        return True
    begun = entry.with_name(f".{entry.name}.lock").exists()
    try:
        return begun and all(one.name in _HALF_MADE for one in entry.iterdir())
    except FileNotFoundError:  # removed meanwhile
        return False
