"""Writing facts entry by entry; hops and conditions are interned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sealane.twin.columns.arrays import Bytes, Ints, Longs
from sealane.twin.columns.facts import ALWAYS, Condition, Facts, Hop, checked

ALWAYS_UP = Condition()
Prefix = tuple[int, int]
"""Address and length."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What entries have in common apart from their prefixes.

    Args:
        table: Number of the table.
        rank: Less is better; equal is used together.
        hop: Its kind, the tunnel or border router, and the site, -1 where there is none.
        condition: What must be up.
        origin: Where it comes from.
    """

    table: int
    rank: int
    hop: tuple[Hop, int, int]
    condition: Condition = ALWAYS_UP
    origin: str = ""


@dataclass(slots=True)
class FactsWriter:
    """Collects entries one by one, or many of one kind at once."""

    borders: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    tunnels: list[tuple[str, int, int, int, bool]] = field(default_factory=list)
    cloud: list[Prefix] = field(default_factory=list)
    protected: list[Prefix] = field(default_factory=list)
    _hops: dict[tuple[Hop, int, int], int] = field(default_factory=dict)
    _conditions: dict[Condition, int] = field(default_factory=lambda: {ALWAYS_UP: ALWAYS})
    _origins: dict[str, int] = field(default_factory=dict)
    _addresses: list[Longs | int] = field(default_factory=list)
    _lengths: list[Bytes | int] = field(default_factory=list)
    _rows: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)

    def tunnel(self, name: str, site: int, *, near: int, far: int, agreed: bool = True) -> int:
        """Add a tunnel; its number."""
        self.tunnels.append((name, site, near, far, agreed))
        return len(self.tunnels) - 1

    def route(self, prefix: Prefix, entry: Entry) -> None:
        """Add an entry."""
        self._add(prefix[0], prefix[1], 1, entry)

    def routes(self, addresses: Longs, lengths: Bytes, entry: Entry) -> None:
        """Add entries that differ in nothing but their prefixes."""
        self._add(addresses, lengths, len(addresses), entry)

    def _add(self, addresses: Longs | int, lengths: Bytes | int, count: int, entry: Entry) -> None:
        self._addresses.append(addresses)
        self._lengths.append(lengths)
        interned = (
            self._hops.setdefault(entry.hop, len(self._hops)),
            self._conditions.setdefault(entry.condition, len(self._conditions)),
            self._origins.setdefault(entry.origin, len(self._origins)),
        )
        self._rows.append((entry.table, entry.rank, *interned, count))

    def facts(self) -> Facts:
        """Everything that was added."""
        rows = np.array(self._rows, np.int64).reshape(-1, 6)
        table, rank, hop, cond, origin = (np.repeat(rows[:, n], rows[:, 5]).astype(np.int32) for n in range(5))
        conditions = list(self._conditions)
        return checked(Facts(
            borders=tuple(self.borders),
            sites=tuple(self.sites),
            tunnels=tuple(one[0] for one in self.tunnels),
            origins=tuple(self._origins),
            cloud_address=np.array([one[0] for one in self.cloud], np.int64),
            cloud_length=np.array([one[1] for one in self.cloud], np.int64),
            protected_address=np.array([one[0] for one in self.protected], np.int64),
            protected_length=np.array([one[1] for one in self.protected], np.int64),
            tunnel_site=_ints(one[1] for one in self.tunnels),
            tunnel_near=np.array([one[2] for one in self.tunnels], np.int64),
            tunnel_far=np.array([one[3] for one in self.tunnels], np.int64),
            tunnel_agreed=np.array([one[4] for one in self.tunnels], np.bool_),
            hop_kind=np.array([one[0] for one in self._hops], np.uint8),
            hop_element=_ints(one[1] for one in self._hops),
            hop_site=_ints(one[2] for one in self._hops),
            cond_tunnel=_ints(one.tunnel for one in conditions),
            cond_session=np.array([one.session for one in conditions], np.bool_),
            cond_border=_ints(one.border for one in conditions),
            cond_needs=np.array([one.needs for one in conditions], np.uint8),
            cond_site=_ints(one.site for one in conditions),
            cond_other_border=_ints(one.other_border for one in conditions),
            cond_other_needs=np.array([one.other_needs for one in conditions], np.uint8),
            route_table=table,
            route_address=_joined(self._addresses, np.int64),
            route_length=_joined(self._lengths, np.uint8),
            route_rank=rank,
            route_hop=hop,
            route_cond=cond,
            route_origin=origin,
        ))


def _joined(parts: Sequence[np.ndarray[Any, Any] | int], kind: type[np.generic]) -> Any:
    if all(isinstance(one, int) for one in parts):
        return np.array(parts, kind)
    return np.concatenate([np.atleast_1d(np.asarray(one, kind)) for one in parts])


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int32)


def cloud_rank(preference: int, path_length: int = 0, user_preference: int = 0) -> int:
    """Rank in a table of the cloud: preference, the greater the better, AS path, the user's preference."""
    return (1023 - preference) << 16 | path_length << 8 | user_preference


def device_rank(distance: int, path_length: int = 0) -> int:
    """Rank in a device's table: administrative distance, then AS path."""
    return distance << 16 | path_length << 8
