"""The example plans as networks."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from sealane.app.load import load
from sealane.lower import EspBackend, Lowered, LowerOptions, lower
from sealane.model import Network, Node, TunnelEnd

ROOT = Path(__file__).parents[3]
RUN = "/run/sealane/example"


@cache
def example(name: str = "hangzhou") -> Network:
    loaded = load(ROOT / "examples" / name / "plan.yaml")
    assert loaded.network is not None, loaded.findings
    return loaded.network


def lowered(network: Network, esp: EspBackend, **options: object) -> Lowered:
    return lower(network, LowerOptions(esp, RUN, **options))


def with_node(network: Network, node: Node) -> Network:
    """The network with one node put in or replaced, in order of names."""
    nodes = {one.name: one for one in network.nodes} | {node.name: node}
    return replace(network, nodes=tuple(nodes[name] for name in sorted(nodes)))


def with_end(network: Network, name: str, end: TunnelEnd) -> Network:
    """The network with one more tunnel end on a node, or one replaced."""
    node = network.node(name)
    ends = {one.name: one for one in node.tunnel_ends} | {end.name: end}
    return with_node(network, replace(node, tunnel_ends=tuple(ends.values())))
