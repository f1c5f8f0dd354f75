"""What becomes of a document when the network has reached what it says."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from sealane.cloud.document import Document
from sealane.cloud.world import Transaction

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "physical_connection": {"Initial": "Allocated", "Terminating": "Terminated"},
    "vbr": {"terminating": "terminated", "recovering": "active"},
    "bgp_group": {"Pending": "Available", "Modifying": "Available"},
    "bgp_peer": {"Pending": "Available", "Modifying": "Available"},
    "bgp_network": {"Pending": "Available"},
    "vpc": {"Pending": "Available"},
    "vswitch": {"Pending": "Available"},
    "route_table": {"Pending": "Available"},
    "route_entry": {"Pending": "Available", "Modifying": "Available"},
    "instance": {"Pending": "Running", "Starting": "Running", "Stopping": "Stopped"},
    "cen": {"Creating": "Active"},
    "transit_router": {"Creating": "Active", "Modifying": "Active"},
    "tr_attachment": {"Attaching": "Attached", "Modifying": "Attached"},
    "tr_route_table": {"Creating": "Active"},
    "tr_association": {"Associating": "Active", "Replacing": "Active"},
    "tr_propagation": {"Enabling": "Active"},
    "tr_route_entry": {"Creating": "Active"},
    "route_map": {"Creating": "Active", "Modifying": "Active"},
    "vpn_attachment": {"attaching": "attached", "detaching": "init"},
    "tunnel": {"updating": "active"},
}
"""By kind: the state that follows a transitional one. Any other state stays."""

Settling: TypeAlias = Callable[[Document, Transaction], None]
"""A kind's own consequences; it gets the document as it was before it settles."""

_ON_SETTLED: dict[str, list[Settling]] = {}
_ON_GONE: dict[str, list[Settling]] = {}


def settles(kind: str) -> Callable[[Settling], Settling]:
    """Register what else happens when a document of a kind settles."""
    return _registering(_ON_SETTLED, kind)


def goes(kind: str) -> Callable[[Settling], Settling]:
    """Register what else happens when a document of a kind is removed; runs before it is."""
    return _registering(_ON_GONE, kind)


def _registering(hooks: dict[str, list[Settling]], kind: str) -> Callable[[Settling], Settling]:
    def register(hook: Settling) -> Settling:
        hooks.setdefault(kind, []).append(hook)
        return hook

    return register


def settle(document: Document, state: Transaction) -> None:
    """The network is as the document says: give it its lasting state, or remove it when it was deleted.

    Args:
        document: As it was when the network was made; when it was changed since, nothing is done, and the change
            settles later.
        state: Takes the changes.
    """
    now = state.get(document.id)
    if now is None or now.generation != document.generation or now.deleting != document.deleting:
        return
    if now.deleting:
        remove(now, state)
        return
    for hook in _ON_SETTLED.get(now.kind, ()):
        hook(now, state)
    now = state.get(document.id) or now
    following = TRANSITIONS.get(now.kind, {}).get(now.status, now.status)
    state.put(replace(now, status=following, settled=now.generation))


def remove(document: Document, state: Transaction) -> None:
    """Remove a document and whatever belongs to it, the latter first."""
    for child in tuple(state.children(document.id)):
        remove(child, state)
    for hook in _ON_GONE.get(document.kind, ()):
        hook(document, state)
    state.remove(document.id)
