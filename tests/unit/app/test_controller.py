from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from sealane.app.controller import Controller, Rejected, check_keys, tunnel_keys
from sealane.app.load import load
from sealane.model import Network
from sealane.net import Secret

ROOT = Path(__file__).parents[3]


@cache
def example() -> Network:
    loaded = load(ROOT / "examples" / "hangzhou-gateway" / "plan.yaml")
    assert loaded.network is not None, loaded.findings
    return loaded.network


def with_cloud_ends(network: Network, key: Secret | None, *, there: bool = True) -> Network:
    """The network with that key at the cloud's ends, or without the cloud's ends."""
    nodes = tuple(
        replace(node, tunnel_ends=tuple(replace(end, psk=key) for end in node.tunnel_ends) if there else ())
        if node.name == "tr"
        else replace(node, tunnel_ends=tuple(replace(end, psk=None) for end in node.tunnel_ends))
        for node in network.nodes
    )
    return replace(network, nodes=nodes)


def test_a_device_that_masks_its_keys_has_the_clouds() -> None:
    network = with_cloud_ends(example(), Secret("key"))
    assert list(check_keys(network, tunnel_keys(network))) == []


def test_a_tunnel_end_without_a_key_is_rejected_before_anything_is_written(tmp_path: Path) -> None:
    network = with_cloud_ends(example(), None, there=False)
    with pytest.raises(Rejected) as rejected:
        Controller("rv-keys", "kernel", tmp_path).lowered(network)
    assert [finding.code for finding in rejected.value.findings] == ["KEY-003", "KEY-003"]
    assert "cgw" in rejected.value.findings[0].subject
    assert list(tmp_path.iterdir()) == []
