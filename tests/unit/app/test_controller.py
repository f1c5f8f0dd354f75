import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pytest

from sealane.app.controller import Controller, Rejected, Spared
from sealane.app.load import load
from sealane.app.runstate import RunDirectory, RunRecord
from sealane.app.tunnel_keys import check_keys, tunnel_keys
from sealane.diag import Fault
from sealane.model import Mode, Network
from sealane.net import Secret
from sealane.plan import BridgeSpec, Key, Kind, NamespaceSpec, Plan, RealPortSpec, Resource

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


def with_password(network: Network, name: str, password: Secret) -> Network:
    """The network with that BGP key at one node."""
    node = network.node(name)
    if node.transit_router is not None:
        attachments = tuple(
            replace(one, neighbors=tuple(replace(peer, password=password) for peer in one.neighbors))
            for one in node.transit_router.attachments
        )
        node = replace(node, transit_router=replace(node.transit_router, attachments=attachments))
    else:
        assert node.bgp is not None
        peers = tuple(replace(peer, password=password) for peer in node.bgp.neighbors)
        node = replace(node, bgp=replace(node.bgp, neighbors=peers))
    return replace(network, nodes=tuple(node if one.name == name else one for one in network.nodes))


def test_a_device_that_masks_its_keys_has_the_clouds() -> None:
    network = with_cloud_ends(example(), Secret("key"))
    assert list(check_keys(network, tunnel_keys(network))) == []


def test_a_tunnel_end_without_a_key_is_rejected_before_anything_is_written(tmp_path: Path) -> None:
    network = with_cloud_ends(example(), None, there=False)
    with pytest.raises(Rejected) as rejected:
        Controller("rv-keys", "userspace", tmp_path).lowered(network)
    assert [finding.code for finding in rejected.value.findings] == ["KEY-003", "KEY-003"]
    assert "cgw" in rejected.value.findings[0].subject
    assert list(tmp_path.iterdir()) == []


GOOD = RunRecord("rv-record", "/plan.yaml", "encrypted", None, "kernel", complete=True)


def with_record(root: Path, **wrong: object) -> Controller:
    folder = root / "rv-record"
    folder.mkdir()
    (folder / "record.json").write_text(json.dumps(asdict(GOOD) | wrong))
    return Controller("rv-record", "auto", root)


@pytest.mark.parametrize("wrong", [{"stage": "lunch"}, {"stage": ["encrypted"]}, {"stage": None}, {"mode": "lax"},
                                   {"mode": {}}])
def test_an_unknown_stage_or_mode_in_the_record_is_a_fault_with_a_way_out(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    with pytest.raises(Fault, match="damaged") as fault:
        with_record(tmp_path, **wrong).recorded()
    assert "sealane down --name rv-record" in str(fault.value)


@pytest.mark.parametrize("esp", ["quantum", None, []])
def test_an_unknown_back_end_in_the_record_is_a_fault(tmp_path: Path, esp: object) -> None:
    with pytest.raises(Fault, match="damaged"):
        with_record(tmp_path, esp=esp).esp()


def test_a_good_record_is_read_and_a_missing_one_is_none(tmp_path: Path) -> None:
    assert Controller("rv-none", "auto", tmp_path).recorded() is None
    assert with_record(tmp_path, mode="required").recorded() == ("encrypted", Mode.REQUIRED)


def test_of_scratch_directories_only_those_of_ended_commands_are_removed(tmp_path: Path) -> None:
    controller = with_record(tmp_path)
    for name in ("scratch-foo", "scratch-", "scratch-4194305-x", f"scratch-{os.getpid()}-y"):
        (controller.directory.path / name).mkdir()
    controller._end_orphans()
    left = {one.name for one in controller.directory.path.iterdir()}
    assert left == {"record.json", "scratch-foo", "scratch-", f"scratch-{os.getpid()}-y"}


@pytest.mark.parametrize(
    ("name", "password"),
    [("tr", "schl\u00fcssel"), ("tr", 'quo"te'), ("tr", "x" * 300), ("cgw", "schl\u00fcssel"), ("cgw", "two words"),
     ("cgw", "x" * 81)],
)
def test_a_bgp_key_that_no_daemon_takes_is_rejected_and_not_shown(tmp_path: Path, name: str, password: str) -> None:
    network = with_password(with_cloud_ends(example(), Secret("key")), name, Secret(password))
    with pytest.raises(Rejected) as rejected:
        Controller("rv-bgp", "userspace", tmp_path).lowered(network)
    assert [finding.code for finding in rejected.value.findings] == ["RUN-001"]
    assert password not in str(rejected.value)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Like tmp_path, but not as deep as that may be."""
    with TemporaryDirectory() as name:
        yield Path(name)


def test_a_run_root_too_long_for_sockets_is_rejected_and_nothing_is_left(short_path: Path) -> None:
    network = with_cloud_ends(example(), Secret("key"))
    longest = len(f"/{'n' * 8}/cgw-t1-00000/charon/charon.vici")
    fits = short_path / ("x" * (107 - len(str(short_path)) - 1 - longest))
    lowered, _ = Controller("n" * 8, "userspace", fits).lowered(network)
    assert lowered.resources
    with pytest.raises(Rejected) as rejected:
        Controller("n" * 8, "userspace", fits.with_name(f"{fits.name}x")).lowered(network)
    (finding,) = rejected.value.findings
    assert finding.code == "RUN-002"
    assert "a path of 108 bytes, and the kernel takes 107" in finding.problem
    assert "shorten SEALANE_RUN" in finding.remedy
    assert finding.remedy.endswith("by 1")


def test_down_looks_at_the_host_once_and_gives_a_real_line_back_before_its_namespace_goes(tmp_path: Path) -> None:
    space = "sealane.rv-record.vbr"
    linux = mock.Mock(handles=frozenset({Kind.NAMESPACE, Kind.LINK}))
    linux.observe.return_value = (
        Resource(Key(Kind.NAMESPACE, space, ""), NamespaceSpec(forwarding=True)),
        Resource(Key(Kind.LINK, space, "circuit"), RealPortSpec("eth1", 0, 1500)),
        Resource(Key(Kind.LINK, space, "stub"), BridgeSpec(1500)),
    )
    linux.apply.side_effect = lambda stage: applied.append([str(change.key) for change in stage.changes])
    applied: list[list[str]] = []
    controller = with_record(tmp_path)
    with (
        mock.patch("sealane.app.controller.LinuxDriver", return_value=linux),
        mock.patch("sealane.app.controller.remove_stale"),
        mock.patch("sealane.app.controller.find_processes", return_value={}),
        mock.patch("sealane.app.controller.list_namespaces", return_value=(space,)),
    ):
        assert controller.down()
    assert linux.observe.call_count == 1
    assert applied == [[f"link {space}/circuit"], [f"namespace {space}"]]
    assert not controller.directory.path.exists()


@pytest.mark.parametrize("spared", [None, Spared(mock.Mock())])
def test_only_who_reads_again_and_again_leaves_something_out(tmp_path: Path, spared: Spared | None) -> None:
    strongswan = mock.Mock()
    strongswan.initiate_idle.return_value = frozenset[str]()
    drivers = mock.Mock(strongswan=strongswan, all=lambda: ())
    drivers.bird.directory = drivers.frr.directory = strongswan.directory = lambda space: Path("/run", space)
    controller = Controller("rv-apply", "userspace", tmp_path)
    limit = controller._limit = mock.Mock()

    def read(*_: object) -> Plan:
        time.sleep(0.05)
        return Plan(())

    with (
        mock.patch("sealane.app.controller.check_host"),
        mock.patch("sealane.app.controller.make_drivers", return_value=drivers),
        mock.patch("sealane.app.controller.LinuxDriver") as linux,
        mock.patch("sealane.app.controller.make_plan", read),
        mock.patch("sealane.app.controller.execute"),
    ):
        controller.apply(with_cloud_ends(example(), Secret("key")), plan_path=tmp_path / "p", spared=spared)
    assert linux.call_args.args[2] is (None if spared is None else spared.memory)
    assert strongswan.initiate_idle.call_args == mock.call(turns=None if spared is None else spared.charons)
    asked = {call.args[0] for call in strongswan.spis.call_args_list}
    assert len(asked) == 4, "nobody carries, so both ends of both tunnels are asked"
    assert limit.claim.call_args.args[0] == controller.directory.path
    assert 0.05 <= controller.read_s < 5


def test_room_for_neighbors_is_given_back_before_nobody_knows_of_the_network(tmp_path: Path) -> None:
    controller = with_record(tmp_path)
    limit = controller._limit = mock.Mock()
    limit.release.side_effect = lambda path: there.append(path.is_dir())
    there: list[bool] = []
    with (
        mock.patch("sealane.app.controller.remove_stale"),
        mock.patch("sealane.app.controller.find_processes", return_value={}),
        mock.patch("sealane.app.controller.list_namespaces", return_value=()),
        mock.patch("sealane.app.controller.make_plan", return_value=Plan(())),
    ):
        assert controller.down()
        assert not controller.down()
        assert there == [True, False], "a command that is killed in between is made up for"
        RunDirectory("rv-record", tmp_path).save(RunRecord("rv-record", "/p", "plain", None, "auto", complete=True))
        limit.release.side_effect = Fault("write", "no space left", "free space")
        with pytest.raises(Fault):
            controller.down()
    assert not controller.directory.path.exists(), "a full disk is no reason to keep what fills it"
