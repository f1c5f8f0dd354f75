"""Which key seals a state, and how it is changed: whatever is interrupted goes on at the next start.

The store has one witness for each key that something may be sealed with. The order of a change of keys:

1. The file has the new key and the old ones.
2. The store has a witness of the new key.
3. Everything is sealed anew, in portions.
4. The witnesses of the old keys go.
5. The file has only the new key.

A secret is sealed only with a key that has a witness, and a key leaves the file only without one.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from sealane.diag import Fault
from sealane.reconcile import Put, Remove, Store
from sealane.store import keys
from sealane.store.seal import Sealer

SPACE = "sealing"
"""The space of the witnesses, by key id."""

Reseal: TypeAlias = Callable[[Sealer, str, bytes], bytes]
"""From a key of a space and its value to the value with its secrets under the sealer's first key."""

_WITNESS = "sealane"
_PORTION = 200


def reseal_documents(sealer: Sealer, key: str, value: bytes) -> bytes:
    """How a space of documents is sealed anew."""
    del key
    return sealer.reseal_document(value)


def open_sealer(
    store: Store,
    directory: Path,
    spaces: Mapping[str, Reseal],
    *,
    key_file: Path | None = None,
    environment: Mapping[str, str],
) -> Sealer:
    """The sealer of a state, with a key made when the state is new; finishes a change of keys that was begun.

    An operator who keeps the keys changes them by writing a new one above the old one and starting the server; the old
    one may go once that is done. Call it before anything else writes to the store.

    Args:
        store: Has the witnesses.
        directory: The state directory.
        spaces: How each space that holds secrets is sealed anew.
        key_file: An operator's file.
        environment: May hold the key.

    Raises:
        Fault: The key is missing or another one than the state was sealed with.
    """
    source = keys.find_source(directory, key_file, environment)
    found = keys.parse(source)
    witnesses = dict(store.read(SPACE))
    if not found:
        if witnesses or source.file is None:
            raise Fault(
                f"read the sealing key from {source.name}",
                "there is none, but the state was sealed with one",
                "put the file back from where a copy of it is kept; without it the secrets cannot be read",
            )
        found = (keys.new_key(),)
        keys.write_own(source.file, found)
    sealer = Sealer(found)
    _see_witnesses(sealer, witnesses, source)
    _finish(store, sealer, witnesses, spaces, source)
    return Sealer(found[:1])


def rotate(store: Store, directory: Path, spaces: Mapping[str, Reseal], *, environment: Mapping[str, str]) -> Sealer:
    """Seal everything with a fresh key that the state directory keeps; nothing else may write meanwhile.

    Raises:
        Fault: An operator keeps the key, or something was refused; then the next start or call goes on with it.
    """
    former = open_sealer(store, directory, spaces, environment=environment)
    source = keys.find_source(directory, None, environment)
    if source.file is None:
        remedy = "write the new key above the old one there and start the server; then take the old one away"
        raise Fault("change the sealing key", f"it comes from {source.name}", remedy)
    keys.write_own(source.file, (keys.new_key(), *former.keys))
    return open_sealer(store, directory, spaces, environment=environment)


def _see_witnesses(sealer: Sealer, witnesses: Mapping[str, bytes], source: keys.Source) -> None:
    """See that every key that something is sealed with is there, and is the one it seems to be."""
    for key_id, witness in witnesses.items():
        if key_id not in {key.id for key in sealer.keys}:
            raise Fault(
                f"use the sealing key from {source.name}",
                "the state was sealed with another key",
                "give the key that it was sealed with; a new one is written above the old one, not in its place",
            )
        sealer.open(witness.decode(errors="replace"), SPACE, key_id)


def _finish(
    store: Store, sealer: Sealer, witnesses: Mapping[str, bytes], spaces: Mapping[str, Reseal], source: keys.Source
) -> None:
    if sealer.key_id not in witnesses:
        witness = sealer.seal(_WITNESS, SPACE, sealer.key_id).encode()
        store.commit([Put(SPACE, sealer.key_id, witness)])
    former = [key_id for key_id in witnesses if key_id != sealer.key_id]
    if former:
        for space, reseal in spaces.items():
            for portion in _portions(store, sealer, space, reseal):
                store.commit(portion)
        store.commit([Remove(SPACE, key_id) for key_id in former])
    if source.file is not None and len(sealer.keys) > 1:
        keys.write_own(source.file, sealer.keys[:1])


def _portions(store: Store, sealer: Sealer, space: str, reseal: Reseal) -> Iterable[list[Put]]:
    portion: list[Put] = []
    for key, value in store.read(space):
        renewed = reseal(sealer, key, value)
        if renewed != value:
            portion.append(Put(space, key, renewed))
        if len(portion) == _PORTION:
            yield portion
            portion = []
    if portion:
        yield portion
