"""Route policy of a device: prefix lists and route maps in the common Cisco/FRR sense."""

from dataclasses import dataclass

from sealane.diag import Origin
from sealane.net import Address, Asn, Prefix


@dataclass(frozen=True, slots=True)
class PrefixListEntry:
    """One line of a prefix list.

    ``ge`` and ``le`` bound the prefix length; None in both means the length of ``prefix`` exactly.
    """

    seq: int
    permit: bool
    prefix: Prefix
    ge: int | None = None
    le: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class PrefixList:
    """Entries in order of ``seq``; no entry matching means deny."""

    name: str
    entries: tuple[PrefixListEntry, ...]


@dataclass(frozen=True, slots=True)
class RouteMapEntry:
    """One numbered entry; all matches must hold, an empty match holds always, the first matching entry decides."""

    seq: int
    permit: bool
    match_prefix_lists: tuple[str, ...] = ()
    set_local_pref: int | None = None
    set_med: int | None = None
    set_as_path_prepend: tuple[Asn, ...] = ()
    set_next_hop: Address | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class RouteMap:
    """Entries in order of ``seq``; no entry matching means deny."""

    name: str
    entries: tuple[RouteMapEntry, ...]
