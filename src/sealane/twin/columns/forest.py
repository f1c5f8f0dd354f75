"""Prefixes of many tables in one sorted array, and which contains which.

A prefix is a number: table, address, length, so that sorting puts every prefix before those it contains.
"""

import numpy as np

from sealane.twin.columns.arrays import Bytes, Ints, Longs, spans

_TABLE, _ADDRESS = 38, 6
_WITHOUT_TABLE = (1 << _TABLE) - 1
_LENGTH = (1 << _ADDRESS) - 1


def pack(table: Longs | Ints | int, address: Longs, length: Longs | Bytes) -> Longs:
    """The numbers of prefixes; table 0 where tables do not matter."""
    shifted = np.asarray(table, np.int64) << _TABLE
    found: Longs = shifted | (address << _ADDRESS) | length
    return found


def first_key(table: int) -> int:
    """A number not above any prefix of a table, and above all of the tables before it."""
    return table << _TABLE


def without_table(keys: Longs) -> Longs:
    """The same prefixes in table 0."""
    return keys & _WITHOUT_TABLE


def table_of(keys: Longs) -> Longs:
    """The tables."""
    return keys >> _TABLE


def address_of(keys: Longs) -> Longs:
    """The first addresses."""
    return (keys & _WITHOUT_TABLE) >> _ADDRESS


def length_of(keys: Longs) -> Longs:
    """The lengths."""
    return keys & _LENGTH


def past(keys: Longs) -> Longs:
    """For each prefix a number above all it contains and not above any that comes after them."""
    return (keys & ~np.int64(_LENGTH)) + (np.int64(1) << (32 - length_of(keys) + _ADDRESS))


def parents(keys: Longs) -> Ints:
    """The nearest prefix that contains each, -1 for none; ``keys`` are sorted and different.

    Few prefixes contain others. Each writes itself over the span of those it contains, shorter ones first.
    """
    found = np.full(len(keys), -1, np.int32)
    if len(keys) < 2:  # noqa: PLR2004 -- one contains nothing
        return found
    inner = np.flatnonzero(keys[1:] < past(keys[:-1]))
    lengths = length_of(keys[inner])
    ends = np.searchsorted(keys, past(keys[inner]))
    for length in np.unique(lengths).tolist():
        chosen = lengths == length
        counts = ends[chosen] - inner[chosen] - 1
        found[spans(inner[chosen] + 1, counts)] = np.repeat(inner[chosen], counts)
    return found


def look_up(keys: Longs, parent: Ints, wanted: Longs) -> Longs:
    """For each wanted prefix the longest of the same table that contains it, -1 for none."""
    at = np.searchsorted(keys, wanted, side="right") - 1
    while True:
        off = (at >= 0) & (wanted >= past(keys[at]))
        if not off.any():
            return at
        at = np.where(off, parent[at], at)


def nearest(parent: Ints, value: Ints) -> Ints:
    """For each prefix its own value, else that of the nearest containing one that has any; -1 is no value."""
    found = value.copy()
    rows = np.flatnonzero((found < 0) & (parent >= 0))
    up = parent[rows]
    while rows.size:
        got = value[up]
        found[rows] = got
        open_ = (got < 0) & (parent[up] >= 0)
        rows, up = rows[open_], parent[up[open_]]
    return found
