"""Prefix lists and route maps in FRR's words. Source: FRR 8.4 user guide, "Filtering" and "Route Maps"."""

from collections.abc import Iterator

from sealane.model import Node, PrefixList, RouteMap, RouteMapEntry
from sealane.vendors.frr.text import word


def prefix_lists(node: Node) -> Iterator[str]:
    """All prefix lists of a node, by name."""
    for found in sorted(node.prefix_lists, key=lambda one: one.name):
        yield from _prefix_list(found)


def _prefix_list(one: PrefixList) -> Iterator[str]:
    for entry in sorted(one.entries, key=lambda found: found.seq):
        limits = (("ge", entry.ge), ("le", entry.le))
        bounds = "".join(f" {name} {value}" for name, value in limits if value is not None)
        action = "permit" if entry.permit else "deny"
        yield f"ip prefix-list {word(one.name)} seq {entry.seq} {action} {entry.prefix}{bounds}"
    if one.entries:
        yield "!"


def route_maps(node: Node) -> Iterator[str]:
    """All route maps of a node, by name."""
    for found in sorted(node.route_maps, key=lambda one: one.name):
        yield from _route_map(found)


def _route_map(one: RouteMap) -> Iterator[str]:
    """An entry that matches any of several lists becomes one entry per list, since FRR keeps one list per entry."""
    entries = sorted(one.entries, key=lambda found: found.seq)
    several = any(len(entry.match_prefix_lists) > 1 for entry in entries)
    seq = 0
    for entry in entries:
        for wanted in entry.match_prefix_lists or (None,):
            seq = seq + 1 if several else entry.seq
            yield f"route-map {word(one.name)} {'permit' if entry.permit else 'deny'} {seq}"
            if wanted is not None:
                yield f" match ip address prefix-list {word(wanted)}"
            yield from _sets(entry)
            yield "exit"
            yield "!"


def _sets(entry: RouteMapEntry) -> Iterator[str]:
    if entry.set_local_pref is not None:
        yield f" set local-preference {entry.set_local_pref}"
    if entry.set_med is not None:
        yield f" set metric {entry.set_med}"
    if entry.set_as_path_prepend:
        yield f" set as-path prepend {' '.join(str(asn) for asn in entry.set_as_path_prepend)}"
    if entry.set_next_hop is not None:
        yield f" set ip next-hop {entry.set_next_hop}"
