"""A hub-and-spoke network as arrays: what every table can hold, and what each entry needs to be there.

Tables are numbered: 0 is the transit router's, then one for each border router (VBR), then one for each site's device.
An entry says which prefix, how it ranks, where it leads (a hop) and what must be up (a condition). Hops and conditions
are interned, so that an entry is six numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np

from sealane.twin.columns.arrays import Bools, Bytes, Ints, Longs

FORMAT = 1
ALWAYS = 0
"""The condition that always holds."""
TRANSIT = 0
"""The table of the transit router."""


class NotCovered(Exception):  # noqa: N818 -- not an error: the answer that the columns do not model something
    """The network has what the columns do not model; the text says what."""


class Hop(IntEnum):
    """Where an entry leads."""

    DROP = 0
    CLOUD = 1
    """Into a VPC."""
    SITE = 2
    """Into the site behind the device, or to the device itself."""
    BORDER = 3
    """From the transit router to a border router."""
    TUNNEL = 4
    """Into a tunnel, from either end."""
    CIRCUIT = 5
    """From a border router over its circuit to a device."""
    LINE = 6
    """From a device over a circuit to its border router."""
    UPLINK = 7
    """From a border router to the transit router."""


class Need(IntFlag):
    """Which parts of a border router's path a condition needs."""

    NONE = 0
    CIRCUIT = 1
    BORDER = 2
    LINK = 4
    """The attachment that joins border router and transit router."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be up: a tunnel, its BGP session too, parts of one or two border routers' paths, a device."""

    tunnel: int = -1
    session: bool = False
    border: int = -1
    needs: Need = Need.NONE
    site: int = -1
    other_border: int = -1
    other_needs: Need = Need.NONE


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The network. Arrays of one prefix of names have one length.

    Args:
        borders, sites, tunnels: Names, in order of their numbers.
        origins: Where entries come from; ``route_origin`` points into it.
        cloud_address, cloud_length: The prefixes that devices send to the cloud for; both directions are judged there.
        protected_address, protected_length: The prefixes of sites whose packets must not cross a circuit in clear.
        tunnel_near, tunnel_far: Outer addresses at the transit router and at the device.
        tunnel_agreed: Both ends exist and agree, so that nothing but routing keeps the tunnel down.
        route_rank: Less is better; equal is used together.
    """

    borders: tuple[str, ...]
    sites: tuple[str, ...]
    tunnels: tuple[str, ...]
    origins: tuple[str, ...]
    cloud_address: Longs
    cloud_length: Longs
    protected_address: Longs
    protected_length: Longs
    tunnel_site: Ints
    tunnel_near: Longs
    tunnel_far: Longs
    tunnel_agreed: Bools
    hop_kind: Bytes
    hop_element: Ints
    hop_site: Ints
    cond_tunnel: Ints
    cond_session: Bools
    cond_border: Ints
    cond_needs: Bytes
    cond_site: Ints
    cond_other_border: Ints
    cond_other_needs: Bytes
    route_table: Ints
    route_address: Longs
    route_length: Bytes
    route_rank: Ints
    route_hop: Ints
    route_cond: Ints
    route_origin: Ints

    def border_table(self, border: int) -> int:
        """Number of a border router's table."""
        return 1 + border

    def device_table(self, site: int) -> int:
        """Number of the table of a site's device."""
        return 1 + len(self.borders) + site

    def dumps(self) -> str:
        """Compact JSON: columns, those with long runs as values and their counts."""
        shown: dict[str, object] = {"format": FORMAT}
        for one in fields(self):
            value = getattr(self, one.name)
            shown[one.name] = list(value) if isinstance(value, tuple) else _packed(value)
        return json.dumps(shown, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> "Facts":
        """Read what ``dumps`` wrote.

        Raises:
            ValueError: It is of another format, or inconsistent.
        """
        shown = json.loads(text)
        if not isinstance(shown, dict) or shown.get("format") != FORMAT:
            raise ValueError(f"columns of format {FORMAT} are expected")
        columns: dict[str, Any] = {one.name: _unpacked(one.name, shown[one.name]) for one in fields(cls)}
        return checked(Facts(**columns))


_TYPES: Mapping[str, type[np.generic]] = {
    "cloud_address": np.int64, "cloud_length": np.int64,
    "protected_address": np.int64, "protected_length": np.int64,
    "tunnel_site": np.int32, "tunnel_near": np.int64, "tunnel_far": np.int64, "tunnel_agreed": np.bool_,
    "hop_kind": np.uint8, "hop_element": np.int32, "hop_site": np.int32,
    "cond_tunnel": np.int32, "cond_session": np.bool_, "cond_border": np.int32, "cond_needs": np.uint8,
    "cond_site": np.int32, "cond_other_border": np.int32, "cond_other_needs": np.uint8,
    "route_table": np.int32, "route_address": np.int64, "route_length": np.uint8, "route_rank": np.int32,
    "route_hop": np.int32, "route_cond": np.int32, "route_origin": np.int32,
}
_WORTH = 4  # runs this long on average are written as runs


def _packed(values: np.ndarray[Any, Any]) -> object:
    plain = values.astype(np.int64)
    if len(plain) < _WORTH:
        return plain.tolist()
    starts = np.flatnonzero(np.concatenate(([True], plain[1:] != plain[:-1])))
    if len(starts) * _WORTH > len(plain):
        return plain.tolist()
    counts = np.diff(np.concatenate((starts, [len(plain)])))
    return {"values": plain[starts].tolist(), "counts": counts.tolist()}


def _unpacked(name: str, shown: Any) -> object:
    if name not in _TYPES:
        return tuple(shown)
    if isinstance(shown, dict):
        return np.repeat(np.array(shown["values"], _TYPES[name]), np.array(shown["counts"], np.int64))
    return np.array(shown, _TYPES[name])


def checked(facts: Facts) -> Facts:
    """The facts, when their numbers fit together.

    Raises:
        ValueError: They do not.
    """
    groups: dict[str, int] = {}
    for name in _TYPES:
        group = name.split("_", 1)[0]
        if groups.setdefault(group, len(getattr(facts, name))) != len(getattr(facts, name)):
            raise ValueError(f"{name} has another length than its neighbours")
    limits = (
        ("route_table", 0, 1 + len(facts.borders) + len(facts.sites)),
        ("route_hop", 0, groups["hop"]), ("route_cond", 0, groups["cond"]), ("route_length", 0, 33),
        ("route_address", 0, 1 << 32), ("route_rank", 0, 1 << 31), ("route_origin", 0, max(1, len(facts.origins))),
        ("hop_kind", 0, len(Hop)), ("hop_site", -1, len(facts.sites)), ("cond_site", -1, len(facts.sites)),
        ("cond_tunnel", -1, len(facts.tunnels)), ("cond_border", -1, len(facts.borders)),
        ("tunnel_site", 0, len(facts.sites)), ("tunnel_near", 0, 1 << 32), ("tunnel_far", 0, 1 << 32),
        ("cloud_address", 0, 1 << 32), ("cloud_length", 0, 33), ("cond_other_border", -1, len(facts.borders)),
        ("protected_address", 0, 1 << 32), ("protected_length", 0, 33),
    )
    for name, least, most in limits:
        column = getattr(facts, name)
        if column.size and not (least <= int(column.min()) and int(column.max()) < most):
            raise ValueError(f"{name} has a value outside {least}..{most - 1}")
    return facts
