"""Secrets at rest, and the change of their keys."""

import base64
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.cloud import Document
from sealane.diag import Fault
from sealane.reconcile import Change, Put, Store
from sealane.store import FakeStore, Kept, Sealer, SqliteStore, open_sealer, reseal_documents, rotate, rotation
from sealane.store import keys as key_files
from sealane.store.keys import VARIABLE, new_key
from sealane.store.rotation import SPACE

TEXT = st.text(max_size=30)
SPACES = {"documents": reseal_documents}
SECRET = "Tr0ub4dor-and-3"


def tunnel(number: int) -> Document:
    fields = {"TunnelIndex": number, "TunnelIkeConfig": {"IkeVersion": "ikev2"}}
    secrets = {"Psk": f"{SECRET}-{number}"}
    return Document(f"tun-{number}", "tunnel", "1" * 16, "cn-hangzhou", fields=fields, secrets=secrets)


@given(TEXT, st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=3))
def test_opens_only_where_it_belongs(secret: str, where: list[str], elsewhere: list[str]) -> None:
    sealer = Sealer([new_key()])
    sealed = sealer.seal(secret, *where)
    assert sealed != sealer.seal(secret, *where)
    assert sealer.open(sealed, *where) == secret
    if where != elsewhere:
        with pytest.raises(Fault, match="moved"):
            sealer.open(sealed, *elsewhere)


@given(st.data())
def test_a_changed_one_is_refused_and_not_shown(data: st.DataObject) -> None:
    sealer = Sealer([new_key()])
    sealed = sealer.seal(SECRET, "tun-1", "Psk")
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:at] + data.draw(st.characters().filter(lambda one: one != sealed[at])) + sealed[at + 1 :]
    with pytest.raises(Fault) as refused:
        sealer.open(changed, "tun-1", "Psk")
    for shown in (str(refused.value), repr(refused.value.__cause__), refused.value.remedy):
        assert SECRET not in shown
        assert sealed[-20:] not in shown
    with pytest.raises(Fault):
        sealer.open(sealed[:at], "tun-1", "Psk")


def test_a_document_is_kept_without_its_secrets() -> None:
    sealer = Sealer([new_key()])
    value = sealer.seal_document(tunnel(1))
    assert SECRET.encode() not in value
    assert sealer.open_document(value) == tunnel(1)
    with pytest.raises(Fault, match="moved"):
        sealer.open_document(value.replace(b"tun-1", b"tun-2"))
    with pytest.raises(Fault, match="another key"):
        Sealer([new_key()]).open_document(value)
    with pytest.raises(Fault, match="damaged") as refused:
        sealer.open_document(value[:-1])
    assert refused.value.__cause__ is None


def test_a_key_is_made_at_the_first_start_only(tmp_path: Path) -> None:
    store = FakeStore()
    first = open_sealer(store, tmp_path, SPACES, environment={})
    file = tmp_path / "sealing.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert open_sealer(store, tmp_path, SPACES, environment={}).key_id == first.key_id
    assert file.read_text() == text
    file.unlink()
    with pytest.raises(Fault, match="there is none, but"):
        open_sealer(store, tmp_path, SPACES, environment={})
    assert not file.exists()


def line(value: bytes) -> str:
    return base64.b64encode(value).decode()


def test_a_wrong_key_is_told_without_showing_anything(tmp_path: Path) -> None:
    store = FakeStore()
    right, wrong = line(os.urandom(32)), line(os.urandom(32))
    sealer = open_sealer(store, tmp_path, SPACES, environment={VARIABLE: right})
    assert not (tmp_path / "sealing.key").exists()
    store.commit([Put("documents", "tun-1", sealer.seal_document(tunnel(1)))])
    with pytest.raises(Fault, match="another key") as refused:
        open_sealer(store, tmp_path, SPACES, environment={VARIABLE: wrong})
    assert wrong not in str(refused.value)
    assert right not in str(refused.value)
    with pytest.raises(Fault, match="another key"):
        open_sealer(store, tmp_path, SPACES, environment={VARIABLE: wrong})


@pytest.mark.parametrize("text", ["", "# none\n", "correct horse", line(b"short"), line(bytes(33)), "é"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(0o600)
    for given_file, environment in ((file, {}), (None, {VARIABLE: text})):
        with pytest.raises(Fault, match="key") as refused:
            open_sealer(FakeStore(), tmp_path, SPACES, key_file=given_file, environment=environment)
        assert not text.strip("# \n") or text not in str(refused.value)
    assert not (tmp_path / "sealing.key").exists()


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(line(os.urandom(32)))
    file.chmod(0o640)
    with pytest.raises(Fault, match="others may read it"):
        open_sealer(FakeStore(), tmp_path, SPACES, key_file=file, environment={})
    with pytest.raises(Fault, match="No such file"):
        open_sealer(FakeStore(), tmp_path, SPACES, key_file=tmp_path / "missing", environment={})


def test_an_operator_changes_the_key_by_a_line_above_the_old_one(tmp_path: Path) -> None:
    store = FakeStore()
    old, new = line(os.urandom(32)), line(os.urandom(32))
    sealer = open_sealer(store, tmp_path, SPACES, environment={VARIABLE: old})
    store.commit([Put("documents", f"tun-{one}", sealer.seal_document(tunnel(one))) for one in range(450)])
    with pytest.raises(Fault, match="environment variable"):
        rotate(store, tmp_path, SPACES, environment={VARIABLE: old})
    open_sealer(store, tmp_path, SPACES, environment={VARIABLE: f"{new}\n{old}\n"})
    sealer = open_sealer(store, tmp_path, SPACES, environment={VARIABLE: new})
    assert [sealer.open_document(value).secrets for _, value in store.read("documents")] == [
        tunnel(int(key[4:])).secrets for key, _ in store.read("documents")
    ]


class Killed(BaseException):
    pass


class Dying:
    """Lets a process die before or after the n-th thing that it makes durable: a commit, or a key file."""

    def __init__(self, store: Store, last: int, *, after: bool) -> None:
        self.store, self.left, self.after = store, last, after

    def read(self, space: str) -> Iterator[tuple[str, bytes]]:
        return self.store.read(space)

    def commit(self, changes: Sequence[Change]) -> None:
        self.step(lambda: self.store.commit(changes))

    def step(self, act: object) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        act()
        if self.left == 0:
            raise Killed


@pytest.mark.parametrize("after", [False, True])
def test_a_change_of_keys_survives_death_at_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(rotation, "_PORTION", 2)
    write, steps = key_files.write_own, 0
    for steps in range(1, 40):
        directory, kept = tmp_path / str(steps), Kept()
        directory.mkdir()
        store = FakeStore(kept)
        first = open_sealer(store, directory, SPACES, environment={})
        store.commit([Put("documents", f"tun-{one}", first.seal_document(tunnel(one))) for one in range(5)])
        dying = Dying(store, steps, after=after)
        monkeypatch.setattr(key_files, "write_own", lambda *given, dying=dying: dying.step(lambda: write(*given)))
        try:
            rotate(dying, directory, SPACES, environment={})
        except Killed:
            died = True
        else:
            died = False
        monkeypatch.setattr(key_files, "write_own", write)
        sealer = open_sealer(store, directory, SPACES, environment={})
        for one, (_, value) in zip(range(5), store.read("documents"), strict=True):
            assert sealer.open_document(value).secrets == tunnel(one).secrets
        assert len(list(store.read(SPACE))) == 1
        assert sum(not text.startswith("#") for text in (directory / "sealing.key").read_text().splitlines()) == 1
        assert (sealer.key_id == first.key_id) == (died and steps == 1 and not after)
        if not died:
            break
    assert steps == 8  # two key files, two commits of witnesses, three portions: died in each, and then in none


def test_a_backup_opens_with_the_key_of_its_time(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state")
    sealer = open_sealer(store, tmp_path / "state", SPACES, environment={})
    store.commit([Put("documents", "tun-1", sealer.seal_document(tunnel(1)))])
    former = (tmp_path / "state" / "sealing.key").read_text()
    store.backup(tmp_path / "backup")
    rotate(store, tmp_path / "state", SPACES, environment={})
    store.close()
    assert SECRET.encode() not in (tmp_path / "backup").read_bytes()
    (tmp_path / "state" / "state.db").unlink()
    (tmp_path / "state" / "state.db.mark").unlink()
    (tmp_path / "backup").rename(tmp_path / "state" / "state.db")
    store = SqliteStore(tmp_path / "state")
    with pytest.raises(Fault, match="another key"):
        open_sealer(store, tmp_path / "state", SPACES, environment={})
    (tmp_path / "state" / "sealing.key").write_text(former)
    sealer = open_sealer(store, tmp_path / "state", SPACES, environment={})
    assert [sealer.open_document(value) for _, value in store.read("documents")] == [tunnel(1)]
    store.close()


def test_a_full_disk_leaves_the_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FakeStore()
    open_sealer(store, tmp_path, SPACES, environment={})
    before = (tmp_path / "sealing.key").read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(Fault, match="No space left"):
            rotate(store, tmp_path, SPACES, environment={})
    assert [one.name for one in tmp_path.iterdir()] == ["sealing.key"]
    assert (tmp_path / "sealing.key").read_text() == before
