import errno
import os
import stat
from pathlib import Path

import pytest

from sealane.diag import Fault
from sealane.host import make_private_directory, read_text, why_unwritable, write_private, write_whole


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_the_owners_alone_whatever_it_was(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for before in (0o644, 0o666, 0o400, 0o777):
        path.unlink(missing_ok=True)
        path.write_text("old")
        path.chmod(before)
        write_private(path, "new")
        assert (path.read_text(), mode_of(path)) == ("new", 0o600)


def test_a_mode_is_given_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        write_private(tmp_path / "script", "x", 0o700)
        write_private(tmp_path / "config", "x", 0o644)
    finally:
        os.umask(before)
    assert (mode_of(tmp_path / "script"), mode_of(tmp_path / "config")) == (0o700, 0o644)


def test_an_open_mode_left_on_the_temporary_file_does_not_pass_on(tmp_path: Path) -> None:
    stale = tmp_path / ".key.new"
    stale.write_text("half")
    stale.chmod(0o666)
    write_private(tmp_path / "key", "new")
    assert (mode_of(tmp_path / "key"), sorted(one.name for one in tmp_path.iterdir())) == (0o600, ["key"])


def test_a_reader_sees_the_old_or_the_new_file_but_no_mixture(tmp_path: Path) -> None:
    path = tmp_path / "config"
    write_private(path, "old")
    with path.open(encoding="utf-8") as reader:
        write_private(path, "new" * 1000)
        assert reader.read() == "old"
    assert path.read_text() == "new" * 1000


@pytest.mark.parametrize("call", ["fchmod", "open", "replace"])
def test_a_refused_step_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "key"
    write_private(path, "old")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if call == "replace":
        monkeypatch.setattr(Path, "replace", refuse)
    else:
        monkeypatch.setattr(os, call, refuse)
    with pytest.raises(Fault, match="No space left on device") as caught:
        write_private(path, "new")
    monkeypatch.undo()
    assert caught.value.operation == f"write {path}"
    assert "free space" in caught.value.remedy
    assert path.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["key"]


def test_a_disk_that_is_full_at_the_first_byte_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The temporary file is opened on /dev/full, so that the kernel itself refuses the write."""
    path = tmp_path / "key"
    write_private(path, "old")
    real = os.open

    def open_full(_: object, *arguments: object) -> int:
        return real("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", open_full)
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    with pytest.raises(Fault, match="No space left on device"):
        write_private(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["key"]


def test_a_missing_directory_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="No such file or directory"):
        write_private(tmp_path / "none" / "key", "x")


def test_a_private_directory_is_made_once_with_its_parents(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    make_private_directory(path)
    make_private_directory(path)
    assert mode_of(path) == 0o700


def test_a_file_in_place_of_a_directory_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(Fault, match=r"make .*: (File exists|Not a directory)"):
        make_private_directory(tmp_path / "a")


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "text").write_text("é", encoding="utf-8")
    assert read_text(tmp_path / "none") is None
    assert read_text(tmp_path) is None
    assert read_text(tmp_path / "binary") is None
    assert read_text(tmp_path / "text") == "é"


@pytest.mark.parametrize("call", ["fchmod", "replace"])
def test_a_refused_step_of_a_users_file_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "report"
    write_whole(path, "old")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*((Path, "replace") if call == "replace" else (os, call)), refuse)
    with pytest.raises(Fault, match=f"write {path}: No space left on device"):
        write_whole(path, "new")
    monkeypatch.undo()
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("report", "old")]


def test_a_users_file_keeps_its_mode_and_the_link_to_it(tmp_path: Path) -> None:
    path, link = tmp_path / "report", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to("report")
    assert why_unwritable(link) == ""
    write_whole(link, "new")
    assert (path.read_text(), mode_of(path), link.is_symlink()) == ("new", 0o640, True)
    write_whole(tmp_path / "other", "é")
    umask = os.umask(0o022)
    os.umask(umask)
    assert mode_of(tmp_path / "other") == 0o666 & ~umask
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "other", "report"]


def test_a_pipe_is_not_opened_to_look_and_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert why_unwritable(pipe) == ""
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_open_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+", encoding="utf-8") as out:
        print("before", file=out, flush=True)
        write_whole(Path(f"/dev/fd/{out.fileno()}"), "text")
    assert (tmp_path / "out").read_text() == "before\ntext"


def test_why_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert why_unwritable(tmp_path) == "Is a directory"
    assert why_unwritable(tmp_path / "none" / "a") == "No such file or directory"
    assert why_unwritable(tmp_path / "file" / "a") == "Not a directory"
    assert why_unwritable(Path("/dev/full")) == ""
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_file_of_somebody_else_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("theirs")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert why_unwritable(path) == "Permission denied"
