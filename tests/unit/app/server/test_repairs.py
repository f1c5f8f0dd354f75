"""A repair is told with the objects that it concerned."""

from pathlib import Path

import pytest

from sealane.app.load import load
from sealane.app.server.repairs import describe_repair
from sealane.lower import EspBackend, LowerOptions, lower
from sealane.plan import Kind, diff

EXAMPLE = Path(__file__).parents[4] / "examples" / "hangzhou" / "plan.yaml"


@pytest.fixture(scope="module")
def lowered():
    network = load(EXAMPLE).network
    return lower(network, LowerOptions(EspBackend.USERSPACE, "/run/x"))


def lost(lowered, *, kind, part):
    """What is said when resources of a kind in namespaces with a part in their names are gone."""
    left = [one for one in lowered.resources if one.key.kind is not kind or part not in one.key.namespace]
    assert len(left) < len(lowered.resources)
    return describe_repair(diff(lowered.resources, left), lowered)


def test_a_daemon_is_told_with_its_node(lowered):
    assert lost(lowered, kind=Kind.BIRD, part=".vbr") == (
        "1 differences of VBR: create bird sealane.hangzhou.vbr")


def test_a_charon_is_told_with_its_tunnel(lowered):
    told = lost(lowered, kind=Kind.CHARON, part=".tr-t1")
    assert told.startswith("2 differences of IPsecConnection/tunnel-1: ")


def test_of_many_a_few_are_named(lowered):
    told = lost(lowered, kind=Kind.ADDRESS, part="sealane.")
    objects, _, changes = told.partition(": ")
    assert objects.count(",") == 4
    assert objects.endswith(" more")
    assert changes.count(";") == 4
    assert changes.endswith(" more")
