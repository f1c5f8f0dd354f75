"""Field tables: a thing is decoded, documented and described to editors from one list of its fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sealane.diag import Origin
from sealane.spec.mark import Fields, Mark, Scalar, describe
from sealane.spec.notes import did_you_mean
from sealane.spec.readers import Reader
from sealane.spec.spot import Spot

T = TypeVar("T")
_NAME = "name"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a thing and each of its fields were written, and which of them could not be read."""

    origin: Origin
    fields: Mapping[str, Origin] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    def of(self, key: str) -> Origin:
        """The place of the field's value, or of the thing when the field was left out."""
        return self.fields.get(key, self.origin)

    def knows(self, *keys: str) -> bool:
        """True when the fields have the values that were meant: written and read, or left out."""
        return self.unread.isdisjoint(keys)


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Args:
        key: Its name in the plan and in the dataclass.
        reader: Reads its value.
        doc: What it means, for editors and documents; names the cloud's parameter where there is one.
        required: True when it cannot be left out.
        default: Value when left out, and what stands in for one that could not be read; of a required field, None lets
            nothing stand in.
    """

    key: str
    reader: Reader[Any]
    doc: str
    required: bool = False
    default: object = None


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """A rule over several fields of one thing; runs when all that it ``needs`` could be read, whatever else is wrong.

    Args:
        check: Looks at no other fields than those named here.
        needs: Fields that must have been read.
        takes: Fields that it takes as they are: where one could not be read, what stands in for it does no harm.
    """

    check: Callable[[T, Spot], None]
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()

    def run(self, thing: T, unread: frozenset[str], spot: Spot) -> None:
        """Check the thing, unless something that it needs is among the ``unread`` fields."""
        if unread.isdisjoint(self.needs):
            self.check(thing, spot)


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A mapping with known fields, read into ``make(**fields, at=Places)``.

    A field that could not be read costs no more than what depends on it: rules that do not need it run, and the thing
    is kept, with what stands in for the field, unless nothing can.

    Args:
        title: What messages call the thing, such as ``vbr``.
        make: The dataclass.
        fields: Its field table.
        rules: Relations between the fields.
    """

    title: str
    make: Callable[..., T]
    fields: tuple[Field, ...]
    doc: str = ""
    rules: tuple[Rule[T], ...] = ()

    def read(self, mark: Mark, spot: Spot) -> T | None:
        """The thing, or None when a field that nothing can stand in for could not be read.

        What is noted tells of the spot too; without a note the thing is made of the mark alone, and remembered.
        """
        notes = spot.notes
        if notes.memo is None:
            return self._read(mark, spot)
        before = notes.state
        return notes.memo.get("thing", (self, mark), lambda: self._read(mark, spot), lambda: notes.state == before)

    def _read(self, mark: Mark, spot: Spot) -> T | None:
        if not isinstance(mark, Fields):
            spot.error("PLAN-012", f"is {describe(mark)}, expected a mapping with {self._keys()}",
                       "write its fields as 'key: value' lines", mark.origin)
            spot.notes.lose_names(mark)
            return None
        subject = self.subject(mark, spot)
        guessed = self._unknown_keys(mark, subject, spot)
        values: dict[str, object] = {}
        lost: set[str] = set()
        for known in self.fields:
            found = self._value(known, mark, Spot(subject, known.key, spot.notes), guessed)
            if found is _FAILED:
                lost.add(known.key)
                found = known.default
                self._lose(known, mark, spot)
            values[known.key] = found
        places = {key: entry.value.origin for key, entry in mark.entries.items()}
        unread = frozenset(lost)
        thing = self.make(**values, at=Places(mark.origin, places, unread))
        for rule in self.rules:
            rule.run(thing, unread, Spot(subject, spot.key, spot.notes))
        if any(known.required and known.default is None for known in self.fields if known.key in unread):
            spot.notes.lose(mark)
            return None
        return thing

    def _lose(self, known: Field, mark: Fields, spot: Spot) -> None:
        """What could not be read is not missing, nor are the names in it unknown."""
        part = mark.entries[known.key].value if known.key in mark.entries else Fields({}, mark.origin)
        if known.key == _NAME:
            spot.notes.lose_names(part)
        else:
            spot.notes.lose(part)

    def subject(self, mark: Fields, spot: Spot) -> str:
        """How messages name this thing: by its own name, else by where it stands."""
        named = mark.entries.get(_NAME)
        if named is not None and isinstance(named.value, Scalar) and not named.value.is_null:
            return f"{self.title} {named.value.text}".strip()
        return f"{spot.subject} {spot.key}".strip()

    def schema(self) -> dict[str, object]:
        """JSON Schema of the mapping."""
        schema: dict[str, object] = {"type": "object"}
        if self.doc:
            schema["description"] = self.doc
        schema["properties"] = {known.key: {**known.reader.schema(), "description": known.doc} for known in self.fields}
        required = [known.key for known in self.fields if known.required]
        if required:
            schema["required"] = required
        schema["additionalProperties"] = False
        return schema

    def _value(self, known: Field, mark: Fields, spot: Spot, guessed: set[str]) -> object:
        entry = mark.entries.get(known.key)
        if entry is None:
            if not known.required:
                return _FAILED if known.key in guessed else known.default
            if known.key not in guessed:
                spot.error("PLAN-011", "is missing", f"add '{known.key}:' ({known.doc})", mark.origin)
            return _FAILED
        if isinstance(entry.value, Scalar) and entry.value.is_null:
            spot.error("PLAN-013", "has no value", "write a value or remove the line", entry.origin)
            return _FAILED
        found = known.reader.read(entry.value, spot)
        return _FAILED if found is None else found

    def _unknown_keys(self, mark: Fields, subject: str, spot: Spot) -> set[str]:
        """Tell of unknown keys; the known ones they probably stand for."""
        known = {one.key for one in self.fields}
        guessed = set()
        for key, entry in mark.entries.items():
            if key in known:
                continue
            close = did_you_mean(key, known - mark.entries.keys())
            if close is not None:
                guessed.add(close)
            remedy = f"did you mean {close}?" if close else f"remove it; known are {self._keys()}"
            spot.notes.error("PLAN-010", subject, f"unknown field {key!r}", remedy, entry.origin)
            spot.notes.lose(entry.value)
        return guessed

    def _keys(self) -> str:
        return ", ".join(known.key for known in self.fields)


class _Failed:
    """Stands for a field that could not be read."""


_FAILED = _Failed()
