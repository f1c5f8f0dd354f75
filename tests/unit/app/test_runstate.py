import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealane.app.runstate import DEFAULT_ROOT, RunDirectory, RunRecord, Sources, known_networks, run_root
from sealane.diag import Fault
from sealane.net import Secret

RECORD = RunRecord("lab", "/plan.yaml", "plain", None, "userspace", complete=True)


@pytest.mark.parametrize("name", ["", ".", "..", "../etc", "a/b", "A", "a b", "-a", "x" * 33, "a\n"])
def test_no_name_leads_out_of_the_run_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(Fault, match="not a name of a network"):
        RunDirectory(name, tmp_path)


def test_only_directories_that_a_command_made_are_networks(tmp_path: Path) -> None:
    RunDirectory("lab", tmp_path).save(RECORD)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "file").write_text("keep me")
    (tmp_path / "Alice").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "lab")
    assert known_networks(tmp_path) == ("lab",)


def test_an_empty_directory_that_a_killed_command_left_with_its_lock_is_a_network(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    assert known_networks(tmp_path) == ()
    (tmp_path / ".lab.lock").write_text("123")
    assert known_networks(tmp_path) == ("lab",)
    (tmp_path / "lab" / ".keys.json.new").write_text("{")
    assert known_networks(tmp_path) == ("lab",)
    (tmp_path / "lab" / "photo.jpg").write_text("keep me")
    assert known_networks(tmp_path) == ()


def test_a_removal_that_is_cut_short_leaves_what_tells_of_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = RunDirectory("lab", tmp_path)
    directory.save(RECORD)
    directory.keep_sources(Sources("/plan.yaml", "psk: secret", {}))
    (directory.path / "tr").mkdir()
    whole, left = shutil.rmtree, [3]

    def cut_short(path: Path, *, ignore_errors: bool) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        whole(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", cut_short)
    with pytest.raises(KeyboardInterrupt):
        directory.remove()
    assert [one.name for one in directory.path.iterdir()] == ["record.json"]
    assert known_networks(tmp_path) == ("lab",)


def test_a_network_that_goes_meanwhile_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        RunDirectory(name, tmp_path).save(RECORD)
    (tmp_path / "lab").mkdir()
    (tmp_path / ".lab.lock").touch()
    whole = Path.iterdir

    def gone(self: Path) -> Iterator[Path]:
        if self.name == "lab":
            raise FileNotFoundError
        return whole(self)

    monkeypatch.setattr(Path, "iterdir", gone)
    assert known_networks(tmp_path) == ("a", "b")


def test_of_what_was_made_in_vain_only_that_is_deleted(tmp_path: Path) -> None:
    unused, foreign = RunDirectory("unused", tmp_path), RunDirectory("foreign", tmp_path)
    for one in (unused, foreign):
        one.digests({"t": Secret("k")})
    (foreign.path / "photo.jpg").write_text("keep me")
    for one in (unused, foreign, RunDirectory("none", tmp_path)):
        one.remove_unused()
    assert [one.name for one in tmp_path.iterdir()] == ["foreign"]
    assert [one.name for one in foreign.path.iterdir()] == ["photo.jpg"]


def test_of_a_symbolic_link_only_the_link_is_removed_and_no_key_is_written_behind_it(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "lab").symlink_to(elsewhere)
    directory = RunDirectory("lab", root)
    with pytest.raises(Fault, match="symbolic link"):
        directory.keep_keys({"t": Secret("k")})
    directory.remove()
    assert elsewhere.is_dir()
    assert not list(elsewhere.iterdir())
    assert not (root / "lab").exists()


@pytest.mark.parametrize("text", ["{", "[]", "3", "null", '"salt"', '{"t": 3}', '{"t": null}', '{"salt": ["x"]}',
                                  "[" * 100_000])
def test_a_damaged_key_store_is_told_of_with_the_way_out(tmp_path: Path, text: str) -> None:
    RunDirectory("lab", tmp_path).save(RECORD)
    (tmp_path / "lab" / "keys.json").write_text(text)
    for use in (lambda one: one.generated_key("t"), lambda one: one.digests({"t": Secret("k")}),
                lambda one: one.keep_keys({"u": Secret("k")})):
        with pytest.raises(Fault, match=r"keys\.json: it is damaged"):
            use(RunDirectory("lab", tmp_path))
    with pytest.raises(Fault) as told:
        RunDirectory("lab", tmp_path).generated_key("t")
    assert "sealane down --name lab" in str(told.value)


def test_a_key_and_its_digest_stay_the_same_until_down(tmp_path: Path) -> None:
    directory = RunDirectory("lab", tmp_path)
    key, made = directory.generated_key("t")
    directory.keep_keys({"t": key})
    assert made
    assert directory.generated_key("t") == (key, False)
    digests = directory.digests({"t": key, "again": key, "other": Secret("other")})
    assert digests["t"] == digests["again"] == directory.digests({"t": key})["t"] != digests["other"]
    assert (tmp_path / "lab" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_relative_run_root_counts_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_root("run/here") == tmp_path / "run" / "here"
    assert run_root("/elsewhere/") == Path("/elsewhere")
    assert run_root(None) == run_root("") == DEFAULT_ROOT == run_root("/run/sealane/")


def test_keys_that_another_command_stored_meanwhile_are_not_replaced(tmp_path: Path) -> None:
    one, other = RunDirectory("lab", tmp_path), RunDirectory("lab", tmp_path)
    mine, theirs = one.generated_key("t")[0], other.generated_key("t")[0]
    other.keep_keys({"t": theirs})
    other.keep_keys({"t": theirs})
    with pytest.raises(Fault, match="another command has done so meanwhile"):
        one.keep_keys({"t": mine})
    assert one.generated_key("t") == (theirs, False)


def test_a_lock_leaves_no_file_where_there_is_no_network_even_after_a_failure(tmp_path: Path) -> None:
    directory = RunDirectory("lab", tmp_path)

    def fail() -> None:
        with directory.locked():
            assert [one.name for one in tmp_path.iterdir()] == [".lab.lock"]
            raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        fail()
    assert list(tmp_path.iterdir()) == []
    directory.save(RECORD)
    with directory.locked():
        pass
    assert sorted(one.name for one in tmp_path.iterdir()) == [".lab.lock", "lab"]


def test_a_lock_is_that_of_the_file_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that its holder removed between opening and locking it keeps nobody off."""
    real = fcntl.flock
    path = tmp_path / ".lab.lock"
    removals = iter((True, False))

    def removed_meanwhile(descriptor: int, operation: int) -> None:
        if next(removals, False):
            path.unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    other = RunDirectory("lab", tmp_path).locked()
    with RunDirectory("lab", tmp_path).locked(), pytest.raises(Fault, match=f"process {os.getpid()}"), other:
        pass
