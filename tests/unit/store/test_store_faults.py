"""What a store says when the world refuses, and that nothing acknowledged is lost by it."""

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.diag import Fault
from sealane.reconcile import Append, Put
from sealane.store import SqliteStore, opening, restore, sqlite
from sealane.store.group import Group
from sealane.store.schema import MIGRATIONS

VALUES = {f"vpc-{number:04}": os.urandom(20) * 20 for number in range(120)}
LATE = {f"late-{number}": os.urandom(400) for number in range(12)}
"""Of a crashed directory: what is only in the log beside the file."""


def filled(directory: Path) -> SqliteStore:
    store = SqliteStore(directory)
    for key, value in VALUES.items():
        store.commit([Put("s", key, value), Append("log", len(key), value[:20])])
    return store


def content(store: SqliteStore) -> tuple[dict[str, bytes], int]:
    return dict(store.read("s")), len(store.log("log"))


def files(directory: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in directory.iterdir() if one.name in {"state.db", "state.db-wal"}}


@pytest.fixture(scope="module")
def crashed() -> Iterator[Path]:
    """A directory as a crash leaves it: most in the file, some in the log beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        store = filled(Path(scratch, "state"))
        store._open.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for key, value in LATE.items():
            store.commit([Put("s", key, value)])
        shutil.copytree(Path(scratch, "state"), Path(scratch, "crashed"))
        store.close()
        yield Path(scratch, "crashed")


@contextmanager
def copy_of(directory: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        yield shutil.copytree(directory, Path(scratch, "state"))


def refused_or_right(directory: Path) -> bool:
    """True when a damaged directory is refused; it is then as it was. Else everything in it must be right."""
    before = files(directory)
    try:
        store = SqliteStore(directory)
    except Fault:
        assert files(directory) == before
        return True
    with closing(store):
        try:
            found = content(store)
        except Fault:
            return True
    assert found == (VALUES | LATE, 120)
    return False


def test_what_a_crash_left_is_read(crashed: Path) -> None:
    with copy_of(crashed) as directory:
        assert not refused_or_right(directory)


@given(st.sampled_from(["state.db", "state.db-wal"]), st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_never_read_as_content(crashed: Path, name: str, data: st.DataObject) -> None:
    with copy_of(crashed) as directory:
        path = directory / name
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(data.draw(st.integers(0, size - 1)))
            file.write(data.draw(st.binary(min_size=1, max_size=3) | st.sampled_from([bytes(4096), b"\xff" * 4096])))
            file.truncate(size)
        refused_or_right(directory)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_log_that_was_cut_short_is_refused(crashed: Path, data: st.DataObject) -> None:
    with copy_of(crashed) as directory:
        size = (directory / "state.db-wal").stat().st_size
        os.truncate(directory / "state.db-wal", data.draw(st.just(0) | st.just(size - 1) | st.integers(0, size - 1)))
        assert refused_or_right(directory)


def test_a_log_that_is_gone_is_refused_and_a_backup_cures_it(crashed: Path, tmp_path: Path) -> None:
    with copy_of(crashed) as directory:
        store = SqliteStore(directory)
        store.backup(tmp_path / "backup")
        store.close()
    with copy_of(crashed) as directory:
        (directory / "state.db-wal").unlink()
        with pytest.raises(Fault, match="12 of 132 acknowledged commits are missing") as refused:
            SqliteStore(directory)
        assert f"sealane restore BACKUP --state {directory}" in refused.value.remedy
        restore(tmp_path / "backup", directory)
        assert not refused_or_right(directory)


@pytest.mark.parametrize("damage", [bytes(4096), b"\xff" * 4096])
def test_a_corrupt_last_page_is_refused(crashed: Path, damage: bytes) -> None:
    with copy_of(crashed) as directory:
        size = (directory / "state.db").stat().st_size
        with (directory / "state.db").open("r+b") as file:
            file.seek(size - len(damage))
            file.write(damage)
        assert refused_or_right(directory)


@pytest.mark.parametrize("text", [b"", b"plan: hangzhou\n" * 500])
def test_a_file_of_somebody_else_is_refused(tmp_path: Path, text: bytes) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "state.db").write_bytes(text)
    with pytest.raises(Fault, match="damaged"):
        SqliteStore(tmp_path)
    assert (tmp_path / "state.db").read_bytes() == text


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        other.execute("CREATE TABLE entry (a)")
    with pytest.raises(Fault, match="not written by Sealane"):
        SqliteStore(tmp_path)


def test_a_newer_schema_is_refused_and_stays(tmp_path: Path) -> None:
    filled(tmp_path / "state").close()
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as newer:
        newer.execute("PRAGMA user_version = 99")
    before = files(tmp_path / "state")
    with pytest.raises(Fault, match="version 99") as refused:
        SqliteStore(tmp_path / "state")
    assert "newer Sealane" in refused.value.remedy
    assert files(tmp_path / "state")["state.db"] == before["state.db"]


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    filled(tmp_path).close()
    (tmp_path / "state.db").rename(tmp_path / "elsewhere")
    with pytest.raises(Fault, match="gone, but 120 commits"):
        SqliteStore(tmp_path)
    (tmp_path / "elsewhere").rename(tmp_path / "state.db")
    SqliteStore(tmp_path).close()


@pytest.mark.parametrize("name", ["state.db", "state.db-wal"])
def test_writes_nothing_into_a_file_that_was_removed(tmp_path: Path, name: str) -> None:
    store = filled(tmp_path / "state")
    (tmp_path / "state" / name).unlink()
    with pytest.raises(Fault, match="removed or replaced"):
        store.commit([Put("s", "k", b"")])
    assert content(store)[0] == VALUES
    store.close()


def test_an_older_schema_is_brought_forward_or_left(tmp_path: Path) -> None:
    filled(tmp_path / "state").close()
    database = tmp_path / "state" / "state.db"
    broken = (*MIGRATIONS, ("CREATE TABLE more (one)", "INSERT INTO nothing VALUES (1)"))
    with pytest.raises(Fault, match="nothing"):
        opening.open_database(database, broken)
    whole = (*MIGRATIONS, ("CREATE TABLE more (one)",), ("INSERT INTO more VALUES (1)",))
    opened = opening.open_database(database, whole)
    assert opened.connection.execute("SELECT * FROM more").fetchall() == [(1,)]
    assert opened.connection.execute("SELECT count(*) FROM entry").fetchone() == (120,)
    opened.close()
    with pytest.raises(Fault, match=f"version {len(MIGRATIONS) + 2}"):
        SqliteStore(tmp_path / "state")


def test_the_sizes_of_the_logs_of_a_first_state_are_counted(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    opened = opening.open_database(tmp_path / "state.db", MIGRATIONS[:1])
    for number in range(7):
        opened.connection.execute("INSERT INTO log VALUES (?, ?, ?, x'', 0)", ("ab"[number % 2], number, number))
    opened.close()
    store = SqliteStore(tmp_path)
    assert (store.logs(), store.log_size("a"), store.log_size("b"), store.log_size("c")) == (("a", "b"), 4, 3, 0)
    store.close()


def test_a_start_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "state.db.new").write_bytes(b"SQLite format 3\x00 and then")
    (tmp_path / "state.db.new-journal").write_bytes(b"half")
    store = SqliteStore(tmp_path)
    store.commit([Put("s", "k", b"v")])
    store.close()
    assert not list(tmp_path.glob("*.new*"))


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """No file of this process grows beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_goes_on_when_a_disk_that_refused_takes_more(tmp_path: Path) -> None:
    store = filled(tmp_path / "state")
    wanted = content(store)[0]
    for chapter in range(3):
        size = max(one.stat().st_size for one in (tmp_path / "state").iterdir())
        with files_end_at(size + 150_000), pytest.raises(Fault) as refused:  # noqa: PT012
            for number in range(500):
                key, value = f"{chapter}-{number}", os.urandom(3000)
                store.commit([Put("s", key, value), Put("s", f"{key}b", value)])
                wanted |= {key: value, f"{key}b": value}
        assert refused.value.remedy
        assert content(store)[0] == wanted
        store.commit([Put("s", "after", bytes([chapter]))])
        wanted["after"] = bytes([chapter])
    shutil.copytree(tmp_path / "state", tmp_path / "crashed")
    store.close()
    for directory in ("state", "crashed"):
        store = SqliteStore(tmp_path / directory)
        assert content(store)[0] == wanted
        store.close()


def test_the_second_process_learns_who_holds_it(tmp_path: Path) -> None:
    program = "import sys, pathlib, sealane.store as s; s.SqliteStore(pathlib.Path(sys.argv[1])); print(); input()"
    command = [sys.executable, "-c", program, tmp_path / "state"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"\n"
        with pytest.raises(Fault, match=f"process {holder.pid}"):
            SqliteStore(tmp_path / "state")
        holder.kill()
    SqliteStore(tmp_path / "state").close()


def test_another_program_that_has_the_file_open_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_PATIENCE_S", 0.02)
    SqliteStore(tmp_path / "state").close()
    with closing(sqlite3.connect(tmp_path / "state" / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Fault, match="another program"):
            SqliteStore(tmp_path / "state")
    store = SqliteStore(tmp_path / "state")
    other = sqlite3.connect(tmp_path / "state" / "state.db", timeout=0.02)
    with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("SELECT * FROM entry")
    store.commit([Put("s", "k", b"")])
    store.close()


def test_everything_is_private_and_synced(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        store = filled(tmp_path / "deep" / "state")
        store.backup(tmp_path / "backup")
    finally:
        os.umask(former)
    found = [*(tmp_path / "deep" / "state").iterdir(), tmp_path / "backup"]
    names = {one.name for one in found}
    assert names == {"lock", "state.db", "state.db-wal", "state.db-shm", "state.db.mark", "backup"}
    assert {stat.S_IMODE(one.stat().st_mode) for one in found} == {0o600}
    assert stat.S_IMODE((tmp_path / "deep" / "state").stat().st_mode) == 0o700
    assert store._open.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._open.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_a_directory_that_is_no_place_for_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault, match="no directory"):
        SqliteStore(tmp_path / "file")
    with pytest.raises(Fault, match="use /proc/nothing"):
        SqliteStore(Path("/proc/nothing"))
    tmp_path.chmod(0o755)
    with pytest.raises(Fault, match="holds other things"):
        SqliteStore(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    SqliteStore(tmp_path / "state").close()
    (tmp_path / "state").chmod(0o770)
    with pytest.raises(Fault, match="others may write"):
        SqliteStore(tmp_path / "state")
    (tmp_path / "state").chmod(0o755)
    SqliteStore(tmp_path / "state").close()
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_directory_of_another_user_or_without_write_access_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch, "state")
        SqliteStore(directory).close()
        mine = os.geteuid()
        with monkeypatch.context() as patch:
            patch.setattr(os, "geteuid", lambda: mine + 1)
            with pytest.raises(Fault, match=f"belongs to user {mine}"):
                SqliteStore(directory)
        if mine == 0:
            Path(scratch).chmod(0o755)
            os.chown(directory, 65534, 65534)
            os.seteuid(65534)
        try:
            directory.chmod(0o500)
            with pytest.raises(Fault, match="Permission denied"):
                SqliteStore(directory)
            directory.chmod(0o700)
        finally:
            os.seteuid(mine)


def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "state")
    with pytest.raises(Fault, match="No such file"):
        store.backup(tmp_path / "missing" / "backup")
    with files_end_at(20_000), pytest.raises(Fault):
        store.backup(tmp_path / "backup")
    assert [one.name for one in tmp_path.iterdir()] == ["state"]
    store.commit([Put("s", "k", b"")])
    store.close()


def test_commits_go_on_during_a_backup_and_are_whole_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_STEP_PAGES", 4)
    store = filled(tmp_path / "state")
    done, stop = 0, threading.Event()

    def work() -> None:
        nonlocal done
        while not stop.is_set():
            store.commit([Put("s", key, bytes([done % 250]) * 400) for key in VALUES])
            done += 1

    worker = threading.Thread(target=work)
    worker.start()
    during = []
    for number in range(3):
        before = done
        store.backup(tmp_path / f"backup-{number}")
        during.append(done - before)
    stop.set()
    worker.join(10)
    store.close()
    assert sum(during) > 0
    for number in range(3):
        (tmp_path / f"copy-{number}").mkdir(mode=0o700)
        (tmp_path / f"backup-{number}").rename(tmp_path / f"copy-{number}" / "state.db")
        copy = SqliteStore(tmp_path / f"copy-{number}")
        values = dict(copy.read("s"))
        assert values.keys() == VALUES.keys()
        assert values == VALUES or len(set(values.values())) == 1
        copy.close()


def test_closing_ends_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_STEP_PAGES", 1)
    store = filled(tmp_path / "state")
    monkeypatch.setattr(sqlite.time, "sleep", lambda _: store.close())
    with pytest.raises(Fault, match="closed"):
        store.backup(tmp_path / "backup")
    assert [one.name for one in tmp_path.iterdir()] == ["state"]
    monkeypatch.undo()
    store = SqliteStore(tmp_path / "state")
    assert content(store)[0] == VALUES
    store.close()


def test_an_error_amid_a_commit_leaves_nothing_of_it(tmp_path: Path) -> None:
    store = filled(tmp_path / "state")
    with pytest.raises(TypeError):
        store.commit([Put("s", "half", b"1"), Put("s", "k", "no bytes")])
    store.commit([Put("s", "later", b"2")])
    assert content(store)[0] == VALUES | {"later": b"2"}
    store.close()


def test_one_batch_that_fails_takes_no_other_with_it() -> None:
    written: list[str] = []
    begun, others = threading.Event(), threading.Event()

    def write(batches: list[tuple[str, ...]]) -> None:
        if not begun.is_set():
            begun.set()
            assert others.wait(10)
        if any("too large" in batch for batch in batches):
            raise Fault("write", "full", "free space")
        written.extend(one for batch in batches for one in batch)

    group: Group[str] = Group(write)
    failed: list[str] = []

    def commit(text: str) -> None:
        try:
            group.commit([text])
        except Fault:
            failed.append(text)

    texts = ["first", "a", "too large", "b", "c"]
    threads = [threading.Thread(target=commit, args=(one,)) for one in texts]
    threads[0].start()
    assert begun.wait(10)
    for one in threads[1:]:
        one.start()
    while len(group._waiting) < 4:
        pass
    others.set()
    for one in threads:
        one.join(10)
    assert failed == ["too large"]
    assert sorted(written) == ["a", "b", "c", "first"]
    group.commit(["later"])
    assert written[-1] == "later"
