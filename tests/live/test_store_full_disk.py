"""A disk that is really full: a small file system of memory in a mount namespace of its own."""

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from sealane.diag import Fault
from sealane.reconcile import Put
from sealane.store import SqliteStore, open_sealer, rotate

pytestmark = [pytest.mark.live, pytest.mark.beside]


def test_a_full_disk_loses_nothing_and_is_cured_without_a_restart(tmp_path: Path) -> None:
    mounted = tmp_path / "disk"
    mounted.mkdir()
    script = 'mount -t tmpfs -o size=1500k,mode=0755 none "$1" && exec "$2" "$3" "$1"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", mounted, sys.executable, __file__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


def inside(disk: Path) -> None:
    directory, filler = disk / "state", disk / "filler"
    store = SqliteStore(directory)
    open_sealer(store, directory, {}, environment={})
    wanted: dict[str, bytes] = {}
    for chapter in range(4):
        with suppress(OSError):
            filler.write_bytes(bytes(300_000))
        try:
            for number in range(10_000):
                key, value = f"{chapter}-{number % 60}", f"{number}".encode() * 800
                store.commit([Put("s", key, value), Put("s", f"{key}+", value)])
                wanted |= {key: value, f"{key}+": value}
        except Fault as fault:
            refused = fault
        assert "is full" in refused.answer, refused
        for act in (
            lambda: rotate(store, directory, {}, environment={}),
            lambda: store.backup(disk / "backup"),
            lambda: store.commit([Put("s", "large", bytes(900_000))]),
        ):
            with pytest.raises(Fault):
                act()
        assert dict(store.read("s")) == wanted
        crashed = shutil.copytree(directory, Path("/dev/shm", f"sealane-crashed-{disk.parent.name}"))
        try:
            copy = SqliteStore(crashed)
            assert dict(copy.read("s")) == wanted
            copy.close()
        finally:
            shutil.rmtree(crashed)
        filler.unlink()
        store.commit([Put("s", "cured", f"{chapter}".encode())])
        wanted["cured"] = f"{chapter}".encode()
    assert [one.name for one in disk.iterdir()] == ["state"]
    store.close()
    store = SqliteStore(directory)
    assert dict(store.read("s")) == wanted
    store.close()
    print("done")


if __name__ == "__main__":
    inside(Path(sys.argv[1]))
