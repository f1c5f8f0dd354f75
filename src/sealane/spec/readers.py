"""Readers of single fields: each turns a mark into a value or tells what is wrong, and describes itself to editors."""

import re
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sealane.net import Address, Asn, Prefix, Secret, overlaps, parse_address
from sealane.spec.mark import Fields, Items, Mark, Scalar, describe
from sealane.spec.spot import Spot

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_WHOLE = re.compile(r"[0-9]{1,20}")
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False}
MAX_ASN = (1 << 32) - 1
_ASDOT_HALF = 1 << 16

RESERVED = tuple(Prefix(text) for text in ("100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"))
"""Ranges the cloud keeps for itself or for loopback, link-local and multicast (CreateVpc, CreateTransitRouterCidr)."""


class Reader(Protocol[T_co]):
    """Reads one value. None means that it could not be read and that a finding says why."""

    def read(self, mark: Mark, spot: Spot) -> T_co | None:
        """The value."""
        ...

    def schema(self) -> dict[str, object]:
        """JSON Schema of what is accepted."""
        ...


def _scalar(mark: Mark, spot: Spot, expected: str) -> Scalar | None:
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
        scalar = _scalar(mark, spot, self.expected)
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
    first = r"[^\W\d_]" if letter_first else r"(?!https?://)[^\s]"
    lead = ", letter first" if letter_first else ""
    pattern = rf"(?!https?://){first}[^\n]*" if letter_first else rf"{first}[^\n]*"
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
        scalar = _scalar(mark, spot, self._expected())
        if scalar is None:
            return None
        if not scalar.plain or _WHOLE.fullmatch(scalar.text) is None:
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
        scalar = _scalar(mark, spot, "true or false")
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
        scalar = _scalar(mark, spot, expected)
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
class AddressText:
    """An IPv4 address."""

    code: str = "PLAN-015"

    def read(self, mark: Mark, spot: Spot) -> Address | None:
        """The address."""
        scalar = _scalar(mark, spot, "an IPv4 address such as 192.0.2.1")
        if scalar is None:
            return None
        found = parse_address(scalar.text)
        if found is None:
            spot.error(self.code, f"is {describe(scalar)}, expected an IPv4 address such as 192.0.2.1",
                       "write four numbers from 0 to 255 with dots", scalar.origin)
        return found

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "string", "format": "ipv4"}


@dataclass(frozen=True, slots=True)
class PrefixText:
    """An IPv4 prefix whose length lies between ``shortest`` and ``longest``.

    Args:
        length_code: Code of the finding when the length does not fit.
        reserved_code: Code of the finding when it touches a range of RESERVED; None leaves that unchecked.
        may_contain: True for destinations of routes, which may hold a reserved range but not lie in it.
    """

    shortest: int = 0
    longest: int = 32
    length_code: str = "PLAN-016"
    reserved_code: str | None = None
    may_contain: bool = False

    def read(self, mark: Mark, spot: Spot) -> Prefix | None:
        """The prefix; an address without a length is a /32."""
        scalar = _scalar(mark, spot, "an IPv4 prefix such as 192.0.2.0/24")
        if scalar is None:
            return None
        try:
            loose = Prefix(scalar.text, strict=False)
        except ValueError:
            spot.error("PLAN-016", f"is {describe(scalar)}, expected an IPv4 prefix such as 192.0.2.0/24",
                       "write an address, a slash and a length from 0 to 32", scalar.origin)
            return None
        if parse_address(scalar.text.split("/", maxsplit=1)[0]) != loose.network_address:
            spot.error("PLAN-016", f"is {scalar.text}, which has bits set beyond its length", f"write {loose}",
                       scalar.origin)
            return None
        return loose if self._fits(loose, scalar, spot) else None

    def _fits(self, prefix: Prefix, scalar: Scalar, spot: Spot) -> bool:
        if not self.shortest <= prefix.prefixlen <= self.longest:
            spot.error(self.length_code, f"is {prefix}, expected a length from /{self.shortest} to /{self.longest}",
                       f"choose a prefix with a length from /{self.shortest} to /{self.longest}", scalar.origin)
            return False
        reserved = is_reserved(prefix)
        let_pass = reserved is None or (self.may_contain and prefix.prefixlen < reserved.prefixlen)
        if self.reserved_code is not None and not let_pass:
            spot.error(self.reserved_code, f"is {prefix}, which overlaps {reserved}, a range that cannot be used",
                       "choose a range outside " + ", ".join(map(str, RESERVED)), scalar.origin)
            return False
        return True

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "string", "pattern": r"^[0-9.]+(?:/[0-9.]+)?$"}


def is_reserved(prefix: Prefix) -> Prefix | None:
    """The range of RESERVED that a prefix overlaps, or None."""
    return next((reserved for reserved in RESERVED if overlaps(reserved, prefix)), None)


@dataclass(frozen=True, slots=True)
class AsnText:
    """An AS number, plain or in two-part notation ``high.low`` (123.456 is 8061384).

    Args:
        code: Code of the finding when it is none.
        forbidden: Numbers that may not be used, and why.
    """

    code: str
    forbidden: tuple[int, ...] = ()
    why: str = ""

    def read(self, mark: Mark, spot: Spot) -> Asn | None:
        """The AS number."""
        expected = f"an AS number from 1 to {MAX_ASN}"
        scalar = _scalar(mark, spot, expected)
        if scalar is None:
            return None
        number = _as_number(scalar.text)
        if number is None or not 1 <= number <= MAX_ASN:
            spot.error(self.code, f"is {describe(scalar)}, expected {expected}", f"write {expected}", scalar.origin)
            return None
        if number in self.forbidden:
            spot.error(self.code, f"is {number}, {self.why}", "choose another, such as one of 64512 to 65534",
                       scalar.origin)
            return None
        return Asn(number)

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_ASN}, {"type": "number"},
                          {"type": "string", "pattern": r"^[0-9]+(?:\.[0-9]+)?$"}]}


def _as_number(text: str) -> int | None:
    high, dot, low = text.partition(".")
    if not _WHOLE.fullmatch(high):
        return None
    if not dot:
        return int(high)
    if not _WHOLE.fullmatch(low) or int(high) >= _ASDOT_HALF or int(low) >= _ASDOT_HALF:
        return None
    return int(high) * _ASDOT_HALF + int(low)


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
            spot.notes.lose(mark)
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
