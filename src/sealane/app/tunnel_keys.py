"""The pre-shared keys of a Network, and ends that have none."""

from collections.abc import Iterator, Mapping

from sealane.diag import Finding, Severity
from sealane.model import Network
from sealane.net import Secret


def tunnel_keys(network: Network) -> Mapping[tuple[str, str], Secret]:
    """The key of every tunnel end by (node, tunnel).

    A device whose configuration masks its key, as ``show running-config`` does, is taken to hold the cloud's.
    """
    keys: dict[tuple[str, str], Secret] = {}
    for pair in network.tunnels():
        if pair.near.psk is not None:
            keys[pair.near_node, pair.near.name] = pair.near.psk
        if pair.far is not None and pair.far_node is not None:
            key = pair.far.psk or pair.near.psk
            if key is not None:
                keys[pair.far_node, pair.far.name] = key
    for node in network.nodes:
        for end in node.tunnel_ends:
            if end.psk is not None:
                keys.setdefault((node.name, end.name), end.psk)
    return keys


def check_keys(network: Network, keys: Mapping[tuple[str, str], Secret]) -> Iterator[Finding]:
    """The tunnel ends that have no key."""
    for node in network.nodes:
        for end in node.tunnel_ends:
            if (node.name, end.name) not in keys:
                yield Finding(
                    "KEY-003",
                    Severity.ERROR,
                    f"tunnel {end.name} of {node.label or node.name}",
                    "has no key: neither the device's text nor an IPsec connection of the cloud tells it",
                    f"add the IPsec connection's tunnel from {end.remote} to {end.local}, or remove the tunnel",
                    () if end.origin is None else (end.origin,),
                )
