"""A backup that is put back is the state; whatever is wrong leaves the former one as it was."""

import pytest
from click.testing import CliRunner

from sealane.cli.restore import command
from sealane.diag import Fault
from sealane.reconcile import Put
from sealane.store import SqliteStore, restore


def put(directory, value):
    store = SqliteStore(directory)
    store.commit([Put("document", "one", value)])
    return store


def read(directory):
    store = SqliteStore(directory)
    found = dict(store.read("document"))
    store.close()
    return found


def test_a_backup_is_put_back_and_the_former_state_is_kept(tmp_path):
    state, backup = tmp_path / "state", tmp_path / "backup.db"
    store = put(state, b"then")
    store.backup(backup)
    store.commit([Put("document", "one", b"now"), Put("document", "two", b"more")])
    store.close()
    answer = CliRunner().invoke(command, [str(backup), "--state", str(state)], catch_exceptions=False)
    assert f"the former state is {state}/state.db.before-1" in answer.output
    assert read(state) == {"one": b"then"}
    restore(state / "state.db.before-1", state)
    assert read(state) == {"one": b"now", "two": b"more"}
    assert all(one.stat().st_mode & 0o077 == 0 for one in state.iterdir())


def test_a_damaged_state_is_replaced_and_a_new_directory_filled(tmp_path):
    state, backup = tmp_path / "state", tmp_path / "backup.db"
    store = put(state, b"then")
    store.backup(backup)
    store.close()
    (state / "state.db").write_bytes(b"x" * 5000)
    with pytest.raises(Fault, match="damaged"):
        SqliteStore(state)
    restore(backup, state)
    assert read(state) == {"one": b"then"}
    assert restore(backup, tmp_path / "other") is None
    assert read(tmp_path / "other") == {"one": b"then"}


def test_a_wrong_backup_or_a_running_server_changes_nothing(tmp_path):
    state, backup, wrong = tmp_path / "state", tmp_path / "backup.db", tmp_path / "wrong.db"
    store = put(state, b"then")
    store.backup(backup)
    store.commit([Put("document", "one", b"now")])
    with pytest.raises(Fault, match="another server holds it"):
        restore(backup, state)
    store.close()
    wrong.write_bytes(backup.read_bytes()[:5000])
    for bad in (wrong, tmp_path / "nothing.db"):
        with pytest.raises(Fault):
            restore(bad, state)
    assert read(state) == {"one": b"now"}
