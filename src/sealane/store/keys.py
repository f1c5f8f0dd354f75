"""The keys that seal secrets: where they come from, and the file that the state directory has for them.

A key source is text with one key in each line, 32 bytes in base64. The first seals; the others only open what was
sealed before. Empty lines and those that begin with ``#`` do not count.
"""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sealane.diag import Fault
from sealane.store import place

KEY_BYTES = 32
VARIABLE = "SEALANE_SEALING_KEY"
FILE = "sealing.key"
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One key; its id is a digest of it and no secret, since keys are random."""

    value: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Tells which key sealed something."""
        return hashlib.sha256(b"sealane sealing key\x00" + self.value).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Source:
    """Where keys come from.

    Args:
        name: As an operator knows it.
        file: The file in the state directory, which is ours to write; None when an operator keeps the keys.
        text: The keys, None when there are none yet.
    """

    name: str
    file: Path | None
    text: str | None = field(repr=False)


def find_source(directory: Path, key_file: Path | None, environment: Mapping[str, str]) -> Source:
    """The operator's file, else the environment, else the file in the state directory.

    Raises:
        Fault: A file cannot be read, or others can read it.
    """
    if key_file is not None:
        return Source(str(key_file), None, _read_private(key_file))
    if VARIABLE in environment:
        return Source(f"the environment variable {VARIABLE}", None, environment[VARIABLE])
    own = directory / FILE
    return Source(str(own), own, _read_private(own) if own.exists() else None)


def parse(source: Source) -> tuple[SealingKey, ...]:
    """The keys of a source, the sealing one first; empty when there are none yet.

    Raises:
        Fault: A line is no key; the line is not shown.
    """
    if source.text is None:
        return ()
    found = []
    for number, line in enumerate(source.text.splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            found.append(_key(source, number, text))
    if not found:
        raise Fault(f"read the sealing key from {source.name}", "there is no key in it", _MAKE_ONE)
    return tuple(dict.fromkeys(found))


_MAKE_ONE = "give 32 random bytes in base64, such as `head -c 32 /dev/urandom | base64` makes"


def _key(source: Source, number: int, text: str) -> SealingKey:
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        value = b""
    if len(value) != KEY_BYTES:
        raise Fault(f"read the sealing key from {source.name}", f"line {number} is no key", _MAKE_ONE)
    return SealingKey(value)


def new_key() -> SealingKey:
    """A fresh key."""
    return SealingKey(os.urandom(KEY_BYTES))


def write_own(file: Path, keys: tuple[SealingKey, ...]) -> None:
    """Replace the file in the state directory; it is on the disk when this returns, the old one or the new one whole.

    Raises:
        Fault: The file system refused; the old file is untouched.
    """
    lines = ["# Seals the secrets in state.db. Keep a copy apart from its backups.\n"]
    lines += [base64.b64encode(key.value).decode() + "\n" for key in keys]
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.writelines(lines)
            opened.flush()
            os.fsync(descriptor)
        draft.replace(file)
        place.sync_directory(file.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise place.as_fault(f"write {file}", error) from error


def _read_private(path: Path) -> str:
    operation = f"read the sealing key from {path}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, encoding="ascii") as file:
            if os.fstat(descriptor).st_mode & _OTHERS:
                raise Fault(operation, "others may read it", f"chmod 600 {path}, and change the key")
            return file.read()
    except UnicodeDecodeError:
        raise Fault(operation, "it is no text", _MAKE_ONE) from None
    except OSError as error:
        raise place.as_fault(operation, error) from error
