"""The machinery of the grammar: a rule is a pattern of words and an action; a mode is a table of rules.

A pattern is a line of literals and slots, as in ``ip address <address:address> <mask:mask>``. A slot's kind is one of
``KINDS``, a range ``1-255``, or one of the three that take the rest of the line: ``words`` and ``text`` (at least one
word) and ``any``.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sealane.model import LineVerdict
from sealane.net import Address, Prefix, parse_address, parse_prefix
from sealane.vendors.cisco_asa.draft import Draft

Value = Address | Prefix | int | str | tuple[str, ...]


class Mode(StrEnum):
    """A configuration mode of the command line."""

    GLOBAL = "global"
    INTERFACE = "interface"
    IKEV2_POLICY = "ikev2-policy"
    IPSEC_PROPOSAL = "ipsec-proposal"
    IPSEC_PROFILE = "ipsec-profile"
    GROUP_POLICY = "group-policy"
    TUNNEL_GENERAL = "tunnel-group-general"
    TUNNEL_IPSEC = "tunnel-group-ipsec"
    ROUTE_MAP = "route-map"
    BGP = "router-bgp"
    BGP_FAMILY = "address-family"
    POLICY_MAP = "policy-map"
    POLICY_CLASS = "policy-map-class"
    QUIET = "quiet"
    """Inside a block that is known and changes nothing that is modelled."""
    OPAQUE = "opaque"
    """Inside a block that is not understood."""


PARENT = {Mode.BGP_FAMILY: Mode.BGP, Mode.POLICY_CLASS: Mode.POLICY_MAP}
"""Where a mode's command line looks next for a word it does not know; global for the modes not named."""


@dataclass(frozen=True, slots=True)
class Args:
    """The values of a rule's slots; asking for a value by the wrong type is a bug in the rule."""

    _values: Mapping[str, Value]

    def text(self, name: str) -> str:
        """A word, or the rest of the line joined by single blanks."""
        match self._values[name]:
            case str(text):
                return text
            case tuple(words):
                return " ".join(words)
            case other:
                raise TypeError(f"{name} is {other!r}")

    def words(self, name: str) -> tuple[str, ...]:
        """The rest of the line."""
        value = self._values[name]
        if not isinstance(value, tuple):
            raise TypeError(f"{name} is {value!r}")
        return value

    def number(self, name: str) -> int:
        """A number of a range."""
        value = self._values[name]
        if not isinstance(value, int):
            raise TypeError(f"{name} is {value!r}")
        return value

    def address(self, name: str) -> Address:
        """An address or a dotted mask."""
        value = self._values[name]
        if not isinstance(value, Address):
            raise TypeError(f"{name} is {value!r}")
        return value

    def prefix(self, name: str) -> Prefix:
        """A prefix written with its length."""
        value = self._values[name]
        if not isinstance(value, Prefix):
            raise TypeError(f"{name} is {value!r}")
        return value


Action = Callable[[Draft, Args], None]


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    kind: str
    says: str


_RANGE = re.compile(r"(\d+)-(\d+)")
_REST_KINDS = {"words": 1, "text": 1, "any": 0}


def is_mask(mask: Address) -> bool:
    """True for a netmask: ones, then zeros."""
    inverse = ~int(mask) & 0xFFFFFFFF
    return inverse & (inverse + 1) == 0


def _parse_mask(word: str) -> Address | None:
    mask = parse_address(word)
    return mask if mask is not None and is_mask(mask) else None


def _parse_word(word: str) -> str:
    return word


KINDS: Mapping[str, tuple[str, Callable[[str], Value | None]]] = {
    "word": ("a name", _parse_word),
    "address": ("an IPv4 address", parse_address),
    "mask": ("a netmask such as 255.255.255.0", _parse_mask),
    "prefix": ("a prefix such as 192.0.2.0/24 without host bits", parse_prefix),
}


def _compile_element(element: str) -> str | _Slot:
    if not element.startswith("<"):
        return element
    name, kind = element[1:-1].split(":")
    if kind in KINDS:
        return _Slot(name, kind, KINDS[kind][0])
    if kind in _REST_KINDS:
        return _Slot(name, kind, f"{name} (one or more words)")
    return _Slot(name, kind, f"a number from {kind.replace('-', ' to ')}")


def _slot_value(slot: _Slot, word: str) -> Value | None:
    if bounds := _RANGE.fullmatch(slot.kind):
        number = number_up_to(word, int(bounds[2]))
        return number if number is not None and number >= int(bounds[1]) else None
    return KINDS[slot.kind][1](word)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where a rule stopped to fit: ``depth`` words fitted, then ``expected`` was not ``found`` (None: line ended)."""

    depth: int
    expected: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One command: the mode it belongs to, its pattern, what it does, and the mode it opens (None: none)."""

    mode: Mode
    pattern: str
    act: Action
    enters: Mode | None = None
    verdict: LineVerdict = LineVerdict.UNDERSTOOD
    _elements: tuple[str | _Slot, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_elements", tuple(_compile_element(element) for element in self.pattern.split()))

    @property
    def first(self) -> str:
        """The first word, always a literal."""
        return self.pattern.split()[0]

    def match(self, words: tuple[str, ...]) -> Args | Mismatch:
        """Fit the rule to the words of a command."""
        values: dict[str, Value] = {}
        for depth, element in enumerate(self._elements):
            found = words[depth] if depth < len(words) else None
            if isinstance(element, str):
                if found is None or found.lower() != element:
                    return Mismatch(depth, f"'{element}'", found)
            elif element.kind in _REST_KINDS:
                if len(words) - depth < _REST_KINDS[element.kind]:
                    return Mismatch(depth, element.says, None)
                values[element.name] = words[depth:]
                return Args(values)
            else:
                value = None if found is None else _slot_value(element, found)
                if value is None:
                    return Mismatch(depth, element.says, found)
                values[element.name] = value
        if len(words) > len(self._elements):
            return Mismatch(len(self._elements), "the end of the line", words[len(self._elements)])
        return Args(values)


def number_up_to(word: str, highest: int) -> int | None:
    """The number a word writes in ASCII digits, when it is at most ``highest``; None otherwise."""
    # isdecimal alone also holds for digits of other scripts; a device knows ASCII only
    if not (word.isascii() and word.isdecimal() and len(word) <= len(str(highest))):
        return None
    return int(word) if int(word) <= highest else None


def nothing(_: Draft, __: Args) -> None:
    """The command is known and shapes nothing by itself."""


def rules(mode: Mode, *pairs: tuple[str, Action], verdict: LineVerdict = LineVerdict.UNDERSTOOD) -> tuple[Rule, ...]:
    """A table of one mode's commands that open no mode of their own."""
    return tuple(Rule(mode, pattern, act, verdict=verdict) for pattern, act in pairs)


class Grammar:
    """The rules of all modes."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        table: defaultdict[tuple[Mode, str], list[Rule]] = defaultdict(list)
        for rule in rules:
            table[rule.mode, rule.first].append(rule)
        self._table = {key: tuple(found) for key, found in table.items()}

    def find(self, mode: Mode, words: tuple[str, ...]) -> tuple[Rule, Args] | tuple[Mismatch, ...]:
        """The first rule of the mode that fits, or how far the nearest ones got (empty: none knows the first word)."""
        misses: list[Mismatch] = []
        for rule in self._table.get((mode, words[0].lower()), ()):
            match rule.match(words):
                case Mismatch() as miss:
                    misses.append(miss)
                case Args() as args:
                    return rule, args
        deepest = max((miss.depth for miss in misses), default=0)
        return tuple(miss for miss in misses if miss.depth == deepest)
