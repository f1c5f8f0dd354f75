"""Explaining a plan with the twin: read it, find what was named, ask. Nothing is run."""

from collections.abc import Sequence
from pathlib import Path

from sealane.app.load import load
from sealane.app.rejected import Rejected
from sealane.app.stages import STAGES
from sealane.diag import has_errors
from sealane.model import Network, Node
from sealane.twin.converge import Twin
from sealane.twin.element import Failures, elements, find_element
from sealane.verify.explain_node import NodeExplained, explain_node, tables_of


class Unknown(Exception):  # noqa: N818 - a word of the user's that names nothing
    """Something that was named is not there; the text lists what is."""


def network_at(path: Path, stage: str) -> Network:
    """The network of a plan at a stage.

    Raises:
        Rejected: The plan has errors.
    """
    loaded = load(path)
    if loaded.network is None or has_errors(loaded.findings):
        raise Rejected(loaded.findings)
    return STAGES[stage](loaded.network)


def routes(network: Network, name: str, failed: Sequence[str], table: str | None) -> NodeExplained:
    """Tables and sessions of a node.

    Raises:
        Unknown: The node, table or element is not there.
    """
    node = _node(network, name)
    known = tables_of(node)
    if table is not None and table not in known:
        raise Unknown(f"{node.label or node.name} has no table {table}; it has: {', '.join(known)}")
    return explain_node(Twin(network), node.name, failures(network, failed), table)


def failures(network: Network, texts: Sequence[str]) -> Failures:
    """The elements that a user means.

    Raises:
        Unknown: A text means none, or several.
    """
    known = elements(network)
    found = set()
    for text in texts:
        meant = find_element(known, text)
        if len(meant) != 1:
            several = f"may be {', '.join(map(str, meant))}" if meant else "is no element of this network"
            raise Unknown(f"{text} {several}; elements are:\n  " + "\n  ".join(map(str, known)))
        found |= set(meant)
    return frozenset(found)


def _node(network: Network, name: str) -> Node:
    for node in network.nodes:
        if name.lower() in {node.name.lower(), node.label.lower()}:
            return node
    known = "\n  ".join(f"{node.label or node.name} ({node.platform.value})" for node in network.nodes)
    raise Unknown(f"{name} is no node of this network; nodes are:\n  {known}")
