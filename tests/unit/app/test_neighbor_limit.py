"""Room for neighbors is made once more than half of it is needed, and given back when the last network goes."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.app.neighbor_limit import NeighborLimit, neighbors_of
from sealane.diag import Fault
from sealane.host import take_lock
from sealane.lower import Lowered
from sealane.plan import AddressSpec, CableSpec, Key, Kind, Resource

DEFAULTS = {"gc_thresh2": 512, "gc_thresh3": 1024}


class Host:
    """A host with limits, and run directories that exist."""

    def __init__(self, path: Path) -> None:
        self.limits = path / "limits"
        self.limits.mkdir()
        self.runs = path / "runs"
        self.write(DEFAULTS)
        self.kept = path / "kept" / ".neighbor_limit.json"

    @property
    def limit(self) -> NeighborLimit:
        """As another command has it."""
        return NeighborLimit(self.kept.parent, self.limits)

    def write(self, values: dict[str, int]) -> None:
        for name, value in values.items():
            (self.limits / name).write_text(str(value))

    def read(self) -> dict[str, int]:
        return {name: int((self.limits / name).read_text()) for name in DEFAULTS}

    def up(self, name: str, entries: int) -> None:
        (self.runs / name).mkdir(parents=True, exist_ok=True)
        self.limit.claim(self.runs / name, entries)

    def down(self, name: str) -> None:
        (self.runs / name).rmdir()
        self.limit.release(self.runs / name)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_small_network_changes_nothing(host: Host) -> None:
    host.up("a", 512)
    assert host.read() == DEFAULTS
    host.down("a")
    assert host.read() == DEFAULTS
    assert not host.kept.exists()


def test_many_small_networks_count_together(host: Host) -> None:
    host.up("a", 400)
    host.up("b", 200)
    assert host.read() == {"gc_thresh2": 512 + 600, "gc_thresh3": 1024 + 1200}
    host.down("a")
    assert host.read()["gc_thresh3"] == 2224
    host.down("b")
    assert host.read() == DEFAULTS
    assert not host.kept.exists()


def test_of_a_network_that_grows_what_it_was_is_forgotten(host: Host) -> None:
    for entries in (100, 700, 1000):
        host.up("a", entries)
    assert host.read()["gc_thresh3"] == 1024 + 2000
    host.down("a")
    assert host.read() == DEFAULTS


def test_a_limit_that_is_large_enough_is_left_alone(host: Host) -> None:
    host.write({"gc_thresh2": 30_000, "gc_thresh3": 60_000})
    host.up("a", 20_000)
    host.down("a")
    assert host.read() == {"gc_thresh2": 30_000, "gc_thresh3": 60_000}


@pytest.mark.parametrize("name", DEFAULTS)
@pytest.mark.parametrize("value", [700, 1600, 9000])
@pytest.mark.parametrize("grown", [None, 1000, 1500, 20_000])
def test_a_limit_that_somebody_has_set_meanwhile_stays_theirs(
    host: Host, name: str, value: int, grown: int | None
) -> None:
    host.up("a", 1000)
    host.write({name: value})
    if grown is not None:
        host.up("a", grown)
        assert host.read()["gc_thresh3"] >= 2 * grown
        assert host.read()["gc_thresh2"] >= grown
    host.down("a")
    assert host.read() == {**DEFAULTS, name: value}


def test_a_limit_that_somebody_sets_to_what_we_once_set_is_theirs(host: Host) -> None:
    host.up("a", 1000)
    once = host.read()
    host.up("a", 2000)
    host.write(once)
    host.down("a")
    assert host.read() == once


def test_a_network_whose_directory_is_gone_needs_nothing(host: Host) -> None:
    host.up("gone", 1000)
    (host.runs / "gone").rmdir()
    host.up("a", 10)
    host.down("a")
    assert host.read() == DEFAULTS


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"needs": {}}', '{"other": 1}', '{"needs": 3}',
                                  '{"needs": {"/x": Infinity}}',
                                  '{"needs": {"/x": "y"}}', '{"former": 3}', '{"former": {}, "ours": {}}'])
def test_what_was_kept_and_is_damaged_is_in_nobodys_way(host: Host, text: str) -> None:
    host.kept.parent.mkdir()
    host.kept.write_text(text)
    host.up("a", 1000)
    assert host.read()["gc_thresh3"] == 1024 + 2000
    host.down("a")
    assert host.read() == DEFAULTS


def test_where_there_are_no_limits_nothing_is_done(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    limit = NeighborLimit(tmp_path / "kept", tmp_path / "none")
    limit.claim(tmp_path / "a", 10**6)
    limit.release(tmp_path / "a")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("refused", DEFAULTS)
def test_a_host_that_does_not_let_us_is_told_of_with_what_to_do(
    host: Host, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    whole = Path.write_text

    def refuse(self: Path, *args: str) -> int:
        if self.name == refused:
            raise PermissionError(13, "Permission denied")
        return whole(self, *args)

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(Fault) as told:
        host.up("a", 1000)
    assert "sysctl -w net.ipv4.neigh.default.gc_thresh3=3024 net.ipv4.neigh.default.gc_thresh2=1512" in str(told.value)
    monkeypatch.undo()
    remedy = {"gc_thresh2": 1512, "gc_thresh3": 3024}
    host.write(remedy)
    host.up("a", 1000)
    assert host.read() == remedy
    host.down("a")
    assert host.read()[refused] == remedy[refused], "it is theirs"


@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("dying", ["up", "growth", "down"])
def test_whoever_is_killed_at_any_point_has_left_word_of_what_to_give_back(
    host: Host, monkeypatch: pytest.MonkeyPatch, dying: str, at: int
) -> None:
    """Killed before the file system is changed for the so-many-th time."""
    changes = 0

    def counted(whole: Callable[..., object]) -> Callable[..., object]:
        def change(*args: object, **options: object) -> object:
            nonlocal changes
            if changes == at:
                raise KeyboardInterrupt
            changes += 1
            return whole(*args, **options)

        return change

    if dying != "up":
        host.up("a", 1000)
    for where, name in ((Path, "write_text"), (Path, "unlink"), (Path, "replace")):
        monkeypatch.setattr(where, name, counted(getattr(where, name)))
    with suppress(KeyboardInterrupt):
        if dying == "down":
            host.limit.release(host.runs / "a")
        else:
            host.up("a", 1000 if dying == "up" else 2000)
    monkeypatch.undo()
    host.up("b", 10)
    host.down("b")
    host.down("a")
    assert host.read() == DEFAULTS
    assert not list(host.kept.parent.iterdir())


@pytest.mark.parametrize("refused", DEFAULTS)
def test_what_was_raised_before_growth_is_refused_is_given_back(
    host: Host, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    host.up("a", 1000)
    whole = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda one, *to: (refuse if one.name == refused else whole)(one, *to))
    with pytest.raises(Fault):
        host.up("a", 2000)
    monkeypatch.undo()
    host.down("a")
    assert host.read() == DEFAULTS


def refuse(*_: object) -> int:
    raise PermissionError(13, "Permission denied")


def test_while_one_goes_another_comes_and_has_room(host: Host) -> None:
    for number in range(40):
        host.up("a", 1000)
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(host.down, "a"), pool.submit(host.up, "b", 1000)]:
                done.result()
        assert host.read()["gc_thresh3"] >= 2000, number
        host.down("b")
        assert host.read() == DEFAULTS


def test_two_commands_at_once_lose_nothing_of_each_other(host: Host) -> None:
    names = [f"n{number}" for number in range(12)]
    for step, limit in ((lambda name: host.up(name, 100), 1024 + 2400), (host.down, 1024)):
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(step, names))
        assert host.read()["gc_thresh3"] == limit


def test_nobody_waits_for_ever_for_one_that_holds_the_lock(host: Host) -> None:
    host.up("a", 10)
    held = take_lock(host.kept.with_suffix(".lock"))
    try:
        begun = time.monotonic()
        host.up("a", 10)  # nothing is to be done
        assert time.monotonic() - begun < 1
        with pytest.raises(Fault, match=f"process {os.getpid()} is at work"):
            NeighborLimit(host.kept.parent, host.limits, patience_s=0.1).claim(host.runs / "a", 20)
    finally:
        os.close(held)
    assert host.kept.with_suffix(".lock").stat().st_mode & 0o777 == 0o600


STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 3000))), max_size=12)


@given(steps=STEPS)
def test_there_is_room_for_what_is_up_and_afterwards_all_is_as_before(
    steps: list[tuple[str, int | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    host, needs = Host(tmp_path_factory.mktemp("host")), {}
    for name, entries in steps:
        if entries is not None:
            host.up(name, entries)
            needs[name] = entries
        elif needs.pop(name, None) is not None:
            host.down(name)
        assert host.read()["gc_thresh3"] >= 2 * sum(needs.values())
        assert host.read()["gc_thresh2"] >= sum(needs.values())
    for name in needs:
        host.down(name)
    assert host.read() == DEFAULTS


def test_each_end_of_a_cable_and_each_address_is_a_neighbor() -> None:
    lowered = Lowered(resources=(
        Resource(Key(Kind.LINK, "n", "e0"), CableSpec("m", "e0", 1500, None, None)),
        Resource(Key(Kind.ADDRESS, "n", "e0 10.0.0.1/30"), AddressSpec("e0", "10.0.0.1/30")),
    ), places={}, ends={}, findings=())
    assert neighbors_of(lowered) == 3
