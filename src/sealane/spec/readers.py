"""Readers of single fields: each turns a mark into a value or tells what is wrong, and describes itself to editors."""

import re
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sealane.net import Secret
from sealane.spec.mark import Fields, Items, Mark, Scalar, describe
from sealane.spec.spot import Spot

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

WHOLE = re.compile(r"[0-9]{1,20}")
"""Digits that stand for a number."""
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False}


class Reader(Protocol[T_co]):
    """Reads one value. None means that it could not be read and that a finding says why."""

    def read(self, mark: Mark, spot: Spot) -> T_co | None:
        """The value."""
        ...

    def schema(self) -> dict[str, object]:
        """JSON Schema of what is accepted."""
        ...


def read_scalar(mark: Mark, spot: Spot, expected: str) -> Scalar | None:
    """The value of a field that holds one; noted and None when there is none or several."""
    if isinstance(mark, Scalar) and not mark.is_null:
        return mark
    spot.error("PLAN-012", f"is {describe(mark)}, expected {expected}", f"write {expected}", mark.origin)
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """A text between ``shortest`` and ``longest`` characters.

    Args:
        expected: What messages say is wanted.
        pattern: Regular expression for the whole text; None accepts any.
        code: Code of the finding when length or pattern does not fit.
    """

    expected: str = "a text"
    shortest: int = 1
    longest: int = 256
    pattern: str | None = None
    code: str = "PLAN-014"

    def read(self, mark: Mark, spot: Spot) -> str | None:
        """The text."""
        scalar = read_scalar(mark, spot, self.expected)
        if scalar is None:
            return None
        fits = self.shortest <= len(scalar.text) <= self.longest
        if not fits or (self.pattern is not None and re.fullmatch(self.pattern, scalar.text) is None):
            spot.error(self.code, f"is {describe(scalar)}, expected {self.expected}", f"write {self.expected}",
                       scalar.origin)
            return None
        return scalar.text

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        schema: dict[str, object] = {"type": "string", "minLength": self.shortest, "maxLength": self.longest}
        if self.pattern is not None:
            schema["pattern"] = f"^(?:{self.pattern})$"
        return schema


def name_reader(code: str, shortest: int = 1, longest: int = 128, *, letter_first: bool = False) -> Text:
    """A name as the cloud accepts it: not a URL, and for some products a letter first (parameter Name)."""
    control = r"\x00-\x1f\x7f-\x9f"  # terminals obey them
    first = r"[^\W\d_]" if letter_first else rf"[^\s{control}]"
    lead = ", letter first" if letter_first else ""
    pattern = rf"(?!https?://){first}[^{control}]*"
    return Text(f"a name of {shortest} to {longest} characters{lead}, not beginning with http:// or https://",
                shortest, longest, pattern, code)


def description_reader(code: str, longest: int = 256) -> Text:
    """A free text that is not a URL (parameter Description)."""
    return Text(f"a text of 1 to {longest} characters, not beginning with http:// or https://", 1, longest,
                r"(?!https?://)[\s\S]*", code)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``first`` to ``last``, or one of ``only``."""

    first: int
    last: int
    code: str
    unit: str = ""
    only: tuple[int, ...] = ()

    def read(self, mark: Mark, spot: Spot) -> int | None:
        """The number."""
        scalar = read_scalar(mark, spot, self._expected())
        if scalar is None:
            return None
        if not scalar.plain or WHOLE.fullmatch(scalar.text) is None:
            code = "PLAN-014" if re.fullmatch(r"-[0-9]+", scalar.text) is None else self.code
            spot.error(code, f"is {describe(scalar)}, expected {self._expected()}", f"write {self._expected()}",
                       scalar.origin)
            return None
        number = int(scalar.text)
        if not self.first <= number <= self.last or (self.only and number not in self.only):
            spot.error(self.code, f"is {number}, expected {self._expected()}", f"write {self._expected()}",
                       scalar.origin)
            return None
        return number

    def _expected(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        if self.only:
            return "one of " + ", ".join(map(str, self.only)) + unit
        if self.first == self.last:
            return str(self.first)
        return f"a whole number from {self.first} to {self.last}{unit}"

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        if self.only:
            return {"enum": list(self.only)}
        return {"type": "integer", "minimum": self.first, "maximum": self.last}


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false``."""

    def read(self, mark: Mark, spot: Spot) -> bool | None:
        """The truth value."""
        scalar = read_scalar(mark, spot, "true or false")
        if scalar is None:
            return None
        if not scalar.plain or scalar.text not in _BOOLEANS:
            spot.error("PLAN-014", f"is {describe(scalar)}, expected true or false", "write true or false",
                       scalar.origin)
            return None
        return _BOOLEANS[scalar.text]

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; ``code`` is that of the finding for any other."""

    values: tuple[str, ...]
    code: str
    why: str = ""

    def read(self, mark: Mark, spot: Spot) -> str | None:
        """The word, in the cloud's spelling whatever the case it was written in."""
        expected = "one of " + ", ".join(self.values)
        scalar = read_scalar(mark, spot, expected)
        if scalar is None:
            return None
        by_lower = {value.lower(): value for value in self.values}
        found = by_lower.get(scalar.text.lower())
        if found is None:
            problem = f"is {describe(scalar)}, expected {expected}" + (f" ({self.why})" if self.why else "")
            spot.error(self.code, problem, f"choose {expected}", scalar.origin)
        return found

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"enum": list(self.values)}


@dataclass(frozen=True, slots=True)
class SecretText:
    """A text that becomes a Secret at once and never appears in a finding."""

    code: str
    pattern: str
    longest: int
    expected: str

    def read(self, mark: Mark, spot: Spot) -> Secret | None:
        """The secret."""
        if not isinstance(mark, Scalar):
            spot.error("PLAN-012", f"is not a text, expected {self.expected}", f"write {self.expected}", mark.origin)
            return None
        return self.secret(mark, spot)

    def secret(self, scalar: Scalar, spot: Spot) -> Secret | None:
        """The secret of a scalar, when its characters and length are right."""
        what = self.problem(scalar.text)
        if what is None:
            return Secret(scalar.text)
        spot.error(self.code, f"{what}, expected {self.expected}", f"choose {self.expected}", scalar.origin)
        return None

    def problem(self, text: str) -> str | None:
        """What is wrong with the characters or the length, without any of them; None when nothing is."""
        wrong = next((n for n, one in enumerate(text, 1) if re.fullmatch(self.pattern, one) is None), None)
        if 1 <= len(text) <= self.longest and wrong is None:
            return None
        return f"has {len(text)} characters" if wrong is None else f"has a wrong character at position {wrong}"

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "string", "minLength": 1, "maxLength": self.longest}


@dataclass(frozen=True, slots=True)
class ListOf(Generic[T]):
    """A list; entries that cannot be read are left out after their findings were noted.

    Args:
        item: Reader of one entry.
        fewest, most: Bounds of the number of entries.
        code: Code of the finding when the bounds are missed.
    """

    item: Reader[T]
    fewest: int = 0
    most: int = 1000
    code: str = "PLAN-017"

    def read(self, mark: Mark, spot: Spot) -> tuple[T, ...] | None:
        """The entries in written order."""
        if not isinstance(mark, Items):
            spot.error("PLAN-012", f"is {describe(mark)}, expected a list", "begin each entry with '- '", mark.origin)
            spot.notes.lose_names(mark)
            return None
        if not self.fewest <= len(mark.items) <= self.most:
            bounds = f"{self.fewest}" if self.fewest == self.most else f"{self.fewest} to {self.most}"
            spot.error(self.code, f"has {len(mark.items)} entries, expected {bounds}", f"write {bounds} entries",
                       mark.origin)
            spot.notes.lose(mark)
            return None
        read = (self.item.read(item, spot.item(index)) for index, item in enumerate(mark.items, 1))
        entries = tuple(one for one in read if one is not None)
        if len(entries) < len(mark.items):
            spot.notes.lose(mark)
        return entries if len(entries) >= self.fewest else None

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        schema: dict[str, object] = {"type": "array", "items": self.item.schema()}
        if self.fewest:
            schema["minItems"] = self.fewest
        return schema


@dataclass(frozen=True, slots=True)
class MapOf(Generic[T]):
    """A mapping from free words to values of one kind; ``key`` says what the words are."""

    value: Reader[T]
    key: str

    def read(self, mark: Mark, spot: Spot) -> tuple[tuple[str, T], ...] | None:
        """Pairs in written order."""
        if not isinstance(mark, Fields):
            spot.error("PLAN-012", f"is {describe(mark)}, expected a mapping from {self.key}",
                       f"write '{self.key}: ...' lines", mark.origin)
            return None
        read = ((key, self.value.read(entry.value, spot.inside(key))) for key, entry in mark.entries.items())
        pairs = tuple((key, value) for key, value in read if value is not None)
        if len(pairs) < len(mark.entries):
            spot.notes.lost_parts = True
        return pairs

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "object", "additionalProperties": self.value.schema()}
