"""When two parts are the same but for names and addresses, and what in one is what in the other.

Prefixes, names and AS numbers are replaced by their places in order, so that what the twin asks of them has the same
answer in both: whether two are equal, which comes first, which prefix contains which, how long it is. What is not one
spoke's alone stays as it is: it must mean the same to all. How it stands in order to what is replaced does not matter:
the order decides between routes for one prefix, and those of a spoke's prefixes are all the spoke's.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from sealane.diag import Origin
from sealane.model import Network
from sealane.net import Cidr, Secret, dotted
from sealane.twin.element import connection_of
from sealane.verify.universe import Universe

_NO_MATTER = frozenset({"label", "description", "vlan"})
"""Fields that nothing follows from."""
_AS_NUMBERS = frozenset({"asn", "local_asn", "remote_asn", "as_numbers", "prepend", "set_as_path_prepend"})


@dataclass(frozen=True, slots=True)
class Literal:
    """What stays as it is: prefixes, names and AS numbers."""

    prefixes: frozenset[Cidr]
    names: frozenset[str]
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A part without its names and addresses.

    Args:
        key: Equal for parts that are the same but for them.
        prefixes, names, origins: What was replaced, in order; origins are the places of all that was written down.
    """

    key: Hashable
    prefixes: tuple[Cidr, ...]
    names: tuple[str, ...]
    origins: tuple[Origin, ...]


class Reading:
    """Takes a value apart into what stays and what is replaced."""

    def __init__(self) -> None:
        self.read: list[object] = []
        self.prefixes: set[Cidr] = set()
        self.names: set[str] = set()
        self.numbers: set[int] = set()
        self.origins: dict[Origin, int] = {}
        self._secrets: dict[Secret, int] = {}

    def add(self, value: object, field: str = "") -> None:
        """Read a value; ``field`` is where it stands."""
        if value is None or isinstance(value, Enum | bool):
            self.read.append(value)
        elif isinstance(value, str):
            self.names.add(value)
            self.read.append(_Name(value))
        elif isinstance(value, int):
            self._number(value, field)
        elif isinstance(value, tuple):
            self.read.append(len(value))
            for one in value:
                self.add(one, field)
        elif not self._address(value):
            self._other(value)

    def _number(self, value: int, field: str) -> None:
        if field in _AS_NUMBERS:
            self.numbers.add(value)
            self.read.append(_Number(value))
        else:
            self.read.append(value)

    def _address(self, value: object) -> bool:
        if isinstance(value, IPv4Interface):
            found = [Cidr.of(value.network), Cidr.host(int(value.ip))]
        elif isinstance(value, IPv4Address):
            found = [Cidr.host(int(value))]
        elif isinstance(value, IPv4Network):
            found = [Cidr.of(value)]
        else:
            return False
        self.prefixes.update(found)
        self.read += found
        return True

    def _other(self, value: object) -> None:
        if isinstance(value, Origin):
            self.read.append(self.origins.setdefault(value, len(self.origins)))
        elif isinstance(value, Secret):
            self.read.append(self._secrets.setdefault(value, len(self._secrets)))
        elif is_dataclass(value) and not isinstance(value, type):
            self.read.append(type(value).__name__)
            for name in _names_of(type(value)):
                self.add(getattr(value, name), name)
        else:
            raise TypeError(f"a network holds a {type(value).__name__}")


class _Place(int):
    """A place in order, which equals no number that stands for itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is _Place and int(self) == int(other)

    def __hash__(self) -> int:
        return hash((_Place, int(self)))


class _Name(str):
    __slots__ = ()


class _Number(int):
    __slots__ = ()


@cache
def _names_of(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind) if one.init and one.name not in _NO_MATTER)


def read_part(part: Network) -> Reading:
    """Take a part apart."""
    reader = Reading()
    for one in (part.nodes, part.segments, part.circuits, part.protections):
        reader.add(one)
    for pair in part.tunnels():
        reader.add(connection_of(pair.name))
    return reader


def literal_of(core: Network, prefixes: Collection[Cidr], parts: Iterable[Reading]) -> Literal:
    """What stays as it is: what the core has, some prefixes, and AS numbers of several parts."""
    own = read_part(core)
    seen, several = set(own.numbers), set(own.numbers)
    for part in parts:
        several |= seen & part.numbers
        seen |= part.numbers
    return Literal(frozenset(prefixes) | own.prefixes, frozenset(own.names), frozenset(several))


def shape_of(reader: Reading, own: Collection[Cidr], whole: Universe, literal: Literal) -> Shape:
    """The shape of a part.

    Args:
        reader: The part.
        own: The prefixes that it tells apart.
        whole: All classes of addresses of the network it is a part of.
        literal: What stays as it is.
    """
    prefixes = tuple(sorted({*reader.prefixes, *literal.prefixes, *own}))
    mine = tuple(one for one in prefixes if one not in literal.prefixes)
    names = tuple(sorted(reader.names - literal.names))
    numbers = sorted(reader.numbers - literal.numbers)
    places: dict[tuple[type, object], object] = {
        (kind, one): _Place(place)
        for kind, several in ((Cidr, mine), (_Name, names), (_Number, numbers)) for place, one in enumerate(several)
    }
    read = tuple(places.get((type(one), one), one) for one in reader.read)
    key = (read, tuple(_nested(prefixes, whole, places)))
    return Shape(key, mine, names, tuple(reader.origins))


def _nested(
    prefixes: tuple[Cidr, ...], whole: Universe, places: Mapping[tuple[type, object], object]
) -> Iterator[Hashable]:
    """Of each prefix what it is inside of, its length, and whether it has addresses of its own; literal ones first."""
    around: list[Cidr] = []
    found: list[tuple[bool, Hashable]] = []
    for one in prefixes:
        while around and not around[-1].contains(one):
            around.pop()
        outer = places.get((Cidr, around[-1]), around[-1]) if around else None
        here = places.get((Cidr, one), one)
        found.append((here is not one, (here, outer, one.length, one in whole.by_prefix)))
        around.append(one)
    yield from (one for mine, one in found if not mine)
    yield from (one for mine, one in found if mine)


class Renaming:
    """From what one part says to what another of its shape says."""

    def __init__(self, one: Shape, other: Shape) -> None:
        self._names: Mapping[str, str] = dict(zip(one.names, other.names, strict=True))
        pairs = list(zip(one.prefixes, other.prefixes, strict=True))
        self._prefixes = {str(here): str(there) for here, there in pairs}
        hosts = [(here, there) for here, there in pairs if here.length == len("x" * 32)]
        self._addresses = {dotted(here.address): dotted(there.address) for here, there in hosts}
        self._origins = dict(zip(one.origins, other.origins, strict=True))

    def element(self, text: str) -> str:
        """``kind:name``, where the name may be ``NODE/ADDRESS``."""
        kind, _, name = text.partition(":")
        node, slash, address = name.rpartition("/")
        if name in self._names or not slash or address not in self._addresses:
            return f"{kind}:{self._names.get(name, name)}"
        return f"{kind}:{self._names.get(node, node)}/{self._addresses[address]}"

    def packets(self, text: str) -> str:
        """``classes -> classes``."""
        return " -> ".join(", ".join(map(self._class, side.split(", "))) for side in text.split(" -> "))

    def subject(self, text: str) -> str:
        """A kind of thing and its name."""
        kind, _, name = text.partition(" ")
        return f"{kind} {self._names.get(name, name)}"

    def origin(self, one: Origin) -> Origin:
        """A place."""
        return self._origins.get(one, one)

    def _class(self, text: str) -> str:
        found = text.removesuffix(" (rest)")
        rest = text[len(found) :]
        return self._prefixes.get(found, self._addresses.get(found, found)) + rest
