"""Readers of what networks are numbered with: addresses, prefixes, AS numbers."""

from dataclasses import dataclass

from sealane.net import Address, Asn, Prefix, overlaps, parse_address
from sealane.spec.mark import Mark, Scalar, describe
from sealane.spec.readers import WHOLE, read_scalar
from sealane.spec.spot import Spot

MAX_ASN = (1 << 32) - 1
_ASDOT_HALF = 1 << 16

RESERVED = tuple(Prefix(text) for text in ("100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"))
"""Ranges the cloud keeps for itself or for loopback, link-local and multicast (CreateVpc, CreateTransitRouterCidr)."""


@dataclass(frozen=True, slots=True)
class AddressText:
    """An IPv4 address."""

    code: str = "PLAN-015"

    def read(self, mark: Mark, spot: Spot) -> Address | None:
        """The address."""
        scalar = read_scalar(mark, spot, "an IPv4 address such as 192.0.2.1")
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
class AddressOr:
    """An IPv4 address, or a word in its place."""

    word: str

    def read(self, mark: Mark, spot: Spot) -> Address | str | None:
        """The address, or the word."""
        expected = f"an IPv4 address such as 192.0.2.1, or {self.word}"
        scalar = read_scalar(mark, spot, expected)
        if scalar is None or scalar.text == self.word:
            return None if scalar is None else self.word
        found = parse_address(scalar.text)
        if found is None:
            spot.error("PLAN-015", f"is {describe(scalar)}, expected {expected}",
                       f"write four numbers from 0 to 255 with dots, or {self.word}", scalar.origin)
        return found

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"anyOf": [{"type": "string", "format": "ipv4"}, {"const": self.word}]}


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
        scalar = read_scalar(mark, spot, "an IPv4 prefix such as 192.0.2.0/24")
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
        scalar = read_scalar(mark, spot, expected)
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
    if not WHOLE.fullmatch(high):
        return None
    if not dot:
        return int(high)
    if not WHOLE.fullmatch(low) or int(high) >= _ASDOT_HALF or int(low) >= _ASDOT_HALF:
        return None
    return int(high) * _ASDOT_HALF + int(low)
