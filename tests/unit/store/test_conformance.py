"""One suite for every store: the one on the disk and the one in memory."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sealane.diag import Fault
from sealane.reconcile import Append, Entry, Put, Remove, Store
from sealane.store import FakeStore, Kept, SqliteStore


class OnDisk:
    def __init__(self) -> None:
        in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # this suite needs no disk that syncs
        self.folder = Path(tempfile.mkdtemp(prefix="sealane-store-", dir=in_memory))

    def open(self) -> Store:
        return SqliteStore(self.folder / "state")

    def restored(self, path: Path) -> Store:
        other = self.folder / f"restored-{path.name}"
        other.mkdir(mode=0o700)
        shutil.copyfile(self.folder / path, other / "state.db")
        return SqliteStore(other)

    def path(self, name: str) -> Path:
        return self.folder / name

    def end(self) -> None:
        shutil.rmtree(self.folder)


class InMemory:
    def __init__(self) -> None:
        self.kept = Kept()

    def open(self) -> Store:
        return FakeStore(self.kept)

    def restored(self, path: Path) -> Store:
        return FakeStore(self.kept.backups[path])

    def path(self, name: str) -> Path:
        return Path("/nowhere", name)

    def end(self) -> None:
        pass


Ground = OnDisk | InMemory
GROUNDS = (OnDisk, InMemory)

SPACES = st.sampled_from(["documents", "Documents", "", "ü"])
KEYS = st.sampled_from(["", "a", "B", "vpc-1", "ab", "b\x00c", "é", "𝄞", "\uffff"])
VALUES = st.binary(max_size=40) | st.just(b"x" * 9000)
TIMES = st.integers(-3, 8) | st.sampled_from([-(2**63), 2**63 - 1])
CHANGES = st.one_of(
    st.builds(Put, SPACES, KEYS, VALUES), st.builds(Remove, SPACES, KEYS), st.builds(Append, SPACES, TIMES, VALUES)
)


class AgainstDict(RuleBasedStateMachine):
    """A store beside what it should hold: a dict, and a list of each log."""

    make: Callable[[], Ground]

    def __init__(self) -> None:
        super().__init__()
        self.ground = type(self).make()
        self.values: dict[str, dict[str, bytes]] = {}
        self.logs: dict[str, list[Entry]] = {}
        self.number = 0
        self.backups = 0

    @initialize()
    def start(self) -> None:
        self.store = self.ground.open()

    @rule(changes=st.lists(CHANGES, max_size=6))
    def commit(self, changes: list[Put | Remove | Append]) -> None:
        self.store.commit(changes)
        for change in changes:
            match change:
                case Put(space, key, value):
                    self.values.setdefault(space, {})[key] = value
                case Remove(space, key):
                    self.values.get(space, {}).pop(key, None)
                case Append(space, at_ms, value):
                    self.number += 1
                    self.logs.setdefault(space, []).append(Entry(self.number, at_ms, value))

    @rule(good=CHANGES, bad=st.sampled_from([Put("s", "\ud800", b""), Remove("\ud800", "k"), Append("s", 2**63, b"")]))
    def refuse(self, good: Put, bad: Put) -> None:
        with pytest.raises(ValueError):
            self.store.commit([good, bad])

    @rule(space=SPACES, before_ms=TIMES, keep=st.none() | st.integers(-1, 6), most=st.none() | st.integers(-1, 4))
    def trim(self, space: str, before_ms: int, keep: int | None, most: int | None) -> None:
        self.store.trim(space, before_ms, keep=keep, most=most)
        known = sorted(self.logs.get(space, []), key=lambda one: (one.at_ms, one.number))
        number = len(known)
        gone = [one for place, one in enumerate(known)
                if one.at_ms < before_ms or (keep is not None and number - place > max(0, keep))]
        self.logs[space] = known[len(gone if most is None else gone[:max(0, most)]):]

    @rule(
        space=SPACES,
        span=st.tuples(st.none() | TIMES, st.none() | TIMES),
        before=st.none() | st.tuples(TIMES, st.integers(0, 20)),
        limit=st.none() | st.integers(-1, 4),
        newest_first=st.booleans(),
    )
    def look_up(
        self, space: str, span: tuple[int | None, int | None], before: tuple[int, int] | None, limit: int | None,
        newest_first: bool,
    ) -> None:
        since, until = span
        wanted = sorted(self.logs.get(space, []), key=lambda one: (one.at_ms, one.number), reverse=newest_first)
        wanted = [one for one in wanted if since is None or one.at_ms >= since]
        wanted = [one for one in wanted if until is None or one.at_ms < until]
        wanted = [one for one in wanted if before is None or (one.at_ms, one.number) < before]
        found = self.store.log(
            space, since_ms=since, until_ms=until, before=before, limit=limit, newest_first=newest_first)
        assert found == tuple(wanted if limit is None else wanted[: max(0, limit)])

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store.close()
        self.store = self.ground.open()

    @rule()
    def back_up(self) -> None:
        self.backups += 1
        path = self.ground.path(f"backup-{self.backups}")
        self.store.backup(path)
        copy = self.ground.restored(path)
        self.same(copy)
        copy.commit([Put("documents", "only in the copy", b"")])
        copy.close()
        with pytest.raises(Fault, match="there already"):
            self.store.backup(path)

    @invariant()
    def holds_what_it_should(self) -> None:
        self.same(self.store)

    def same(self, store: Store) -> None:
        for space in ("documents", "Documents", "", "ü"):
            assert list(store.read(space)) == sorted(self.values.get(space, {}).items())
            wanted = sorted(self.logs.get(space, []), key=lambda one: (one.at_ms, one.number))
            assert store.log(space) == tuple(wanted)
            assert store.log_size(space) == len(wanted)
        assert store.logs() == tuple(sorted(space for space, entries in self.logs.items() if entries))

    def teardown(self) -> None:
        self.store.close()
        self.ground.end()


@pytest.mark.parametrize("ground", GROUNDS)
def test_holds_what_a_dict_would_hold(ground: Callable[[], Ground]) -> None:
    machine = type("Machine", (AgainstDict,), {"make": staticmethod(ground)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture(params=GROUNDS)
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    made = request.param()
    yield made
    made.end()


def test_is_closed_for_good(ground: Ground) -> None:
    store = ground.open()
    store.close()
    for use in (
        lambda: store.commit([Put("s", "k", b"")]),
        lambda: list(store.read("s")),
        lambda: store.log("s"),
        lambda: store.trim("s", 0),
        lambda: store.log_size("s"),
        store.logs,
        lambda: store.backup(ground.path("b")),
    ):
        with pytest.raises(Fault, match="closed"):
            use()


def test_only_one_at_a_time(ground: Ground) -> None:
    store = ground.open()
    with pytest.raises(Fault, match="another"):
        ground.open()
    store.close()
    ground.open().close()


def test_commits_while_one_reads(ground: Ground) -> None:
    store = ground.open()
    keys = [f"{number:05}" for number in range(1200)]
    store.commit([Put("s", key, b"1") for key in keys])
    found = store.read("s")
    first = next(found)
    store.commit([Remove("s", key) for key in keys[700:]])
    assert first == ("00000", b"1")
    rest = [key for key, _ in found]
    assert rest[:699] == keys[1:700]
    assert keys[-1] not in rest
    store.close()


def test_threads_lose_nothing_of_each_other(ground: Ground) -> None:
    store = ground.open()

    def work(thread: int) -> None:
        for number in range(25):
            store.commit([Put("s", f"{thread}-{number}", b"v"), Append("s", number, f"{thread}".encode())])
            assert dict(store.read("s"))[f"{thread}-{number}"] == b"v"

    threads = [threading.Thread(target=work, args=(one,)) for one in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(list(store.read("s"))) == 150
    assert len({one.number for one in store.log("s")}) == 150
    store.close()
    store = ground.open()
    assert len(list(store.read("s"))) == 150
    store.close()
