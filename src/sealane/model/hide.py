"""Networks without their secrets: for whatever is shown, compared or kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from sealane.model.bgp import BgpNeighbor, BgpSpeaker
from sealane.model.network import Network
from sealane.model.node import Node
from sealane.net import Secret

Word = Callable[[Secret | None], Secret | None]


def without_secrets(networks: Sequence[Network]) -> tuple[Network, ...]:
    """The networks with ``hidden-1``, ``hidden-2`` ... for their secrets: the same word for the same secret in all.

    The words do not depend on the order of the networks.
    """
    found = {one.reveal() for network in networks for node in network.nodes for one in _of_node(node)}
    ordered = sorted(found, key=lambda one: sha256(one.encode()).digest())
    words = {one: Secret(f"hidden-{number}") for number, one in enumerate(ordered, 1)}

    def word(secret: Secret | None) -> Secret | None:
        return None if secret is None else words[secret.reveal()]

    return tuple(replace(one, nodes=tuple(_hidden(node, word) for node in one.nodes)) for one in networks)


def _of_node(node: Node) -> Iterator[Secret]:
    yield from (end.psk for end in node.tunnel_ends if end.psk is not None)
    yield from (one.password for one in _neighbors(node) if one.password is not None)


def _neighbors(node: Node) -> Iterator[BgpNeighbor]:
    if node.bgp is not None:
        yield from node.bgp.neighbors
    if node.vbr is not None:
        yield from node.vbr.neighbors
    for one in () if node.transit_router is None else node.transit_router.attachments:
        yield from one.neighbors


def _hidden(node: Node, word: Word) -> Node:
    ends = tuple(replace(end, psk=word(end.psk)) for end in node.tunnel_ends)
    bgp: BgpSpeaker | None = node.bgp
    if bgp is not None:
        bgp = replace(bgp, neighbors=_told(bgp.neighbors, word))
    border = node.vbr
    if border is not None:
        border = replace(border, neighbors=_told(border.neighbors, word))
    router = node.transit_router
    if router is not None:
        attachments = tuple(replace(one, neighbors=_told(one.neighbors, word)) for one in router.attachments)
        router = replace(router, attachments=attachments)
    return replace(node, tunnel_ends=ends, bgp=bgp, vbr=border, transit_router=router)


def _told(neighbors: Sequence[BgpNeighbor], word: Word) -> tuple[BgpNeighbor, ...]:
    return tuple(replace(one, password=word(one.password)) for one in neighbors)
