"""What a host lacks is told in one Fault with its remedy, before anything is touched."""

from unittest import mock

import pytest

from sealane.app import host_check
from sealane.diag import Fault
from sealane.lower import EspBackend

ROOTED = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
CHROOT = "23 22 0:21 / /proc rw,relatime - proc proc rw\n"


@pytest.fixture
def host(tmp_path):
    """A host that has everything; the path of its TUN and of its list of mounts."""
    tun, mounts = tmp_path / "tun", tmp_path / "mountinfo"
    tun.write_text("")
    mounts.write_text(CHROOT + ROOTED)
    with (
        mock.patch.multiple(host_check, _TUN=tun, _MOUNTS=mounts, _FILES={}),
        mock.patch("shutil.which", return_value="/bin/true"),
        mock.patch("os.geteuid", return_value=0),
    ):
        yield tun, mounts


def told(esp=EspBackend.USERSPACE):
    with pytest.raises(Fault) as raised:
        host_check.check_host(esp)
    return str(raised.value)


def test_host_that_has_everything(host):
    host_check.check_host(EspBackend.USERSPACE)


def test_missing_package(host):
    with mock.patch("shutil.which", side_effect=lambda name, **_: None if name.startswith("bird") else "/bin/true"):
        assert "apt-get install bird2" in told()


def test_no_root(host):
    with mock.patch("os.geteuid", return_value=1000):
        assert "sudo" in told()


def test_tun(host):
    tun, _ = host
    tun.unlink()
    assert "mknod" in told()
    host_check.check_host(EspBackend.KERNEL)
    tun.mkdir()  # opening it fails, as it does when the module is missing or a container may not
    assert "modprobe tun" in told()


def test_root_that_is_no_mount_point(host):
    _, mounts = host
    mounts.write_text(CHROOT)
    assert "mount --bind" in told()
    mounts.unlink()
    assert "mount -t proc" in told()
