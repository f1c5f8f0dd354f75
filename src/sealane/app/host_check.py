"""What a live run needs of the host, asked before anything is touched."""

import os
import shutil
from pathlib import Path

from sealane.diag import Fault
from sealane.lower import EspBackend

_PROGRAMS = {
    "ip": "iproute2",
    "nft": "nftables",
    "bird": "bird2",
    "birdc": "bird2",
    "vtysh": "frr",
    "charon-systemd": "charon-systemd",
    "tcpdump": "tcpdump",
    "ping": "iputils-ping",
}
"""Program to Debian package."""

_FILES = {
    Path("/usr/lib/frr/bgpd"): "frr",
    Path("/usr/lib/frr/frr-reload.py"): "frr-pythontools",
    Path("/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so"): "libcharon-extra-plugins",
    Path("/usr/lib/ipsec/plugins/libstrongswan-openssl.so"): "libstrongswan-standard-plugins",
}
"""File to Debian package, for what is not on the search path."""

_SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TUN = Path("/dev/net/tun")
_MOUNTS = Path("/proc/self/mountinfo")


def check_host(esp: EspBackend) -> None:
    """Raise one Fault for the first thing that is missing.

    Raises:
        Fault: Not root, a package missing, no place for network namespaces, or no TUN device for ESP in user space.
    """
    missing = sorted({package for program, package in _PROGRAMS.items() if not shutil.which(program, path=_SEARCH)})
    missing = sorted({*missing, *(package for path, package in _FILES.items() if not path.exists())})
    if missing:
        packages = " ".join(missing)
        raise Fault("prepare a live run", f"these packages are missing: {packages}", f"apt-get install {packages}")
    check_root()
    _check_mounts()
    if esp is EspBackend.USERSPACE:
        _check_tun()


def _check_mounts() -> None:
    """``ip netns`` mounts below a root that must be a mount point itself, which that of a plain chroot is not."""
    mounts = _lines(_MOUNTS)
    if not mounts:
        raise Fault("prepare a live run", f"{_MOUNTS} cannot be read", "mount -t proc proc /proc")
    if all(line.split(" ")[4] != "/" for line in mounts):
        raise Fault(
            "prepare network namespaces",
            "the root directory is not a mount point, so ip netns cannot work",
            "before chroot: mount --bind DIRECTORY DIRECTORY",
        )


def _check_tun() -> None:
    if not _TUN.exists():
        remedy = f"mkdir -p {_TUN.parent} && mknod {_TUN} c 10 200"
        raise Fault("prepare ESP in user space", f"{_TUN} is missing", remedy)
    try:
        os.close(os.open(_TUN, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        raise Fault(
            "prepare ESP in user space",
            f"{_TUN} cannot be opened: {error.strerror}",
            "modprobe tun; in a container, give it the device (--device /dev/net/tun)",
        ) from error


def check_root() -> None:
    """Raise a Fault unless we are root.

    Raises:
        Fault: We are not.
    """
    if os.geteuid() != 0:
        raise Fault("work on a live network", "not running as root", "run it with sudo; sealane check works without")


def choose_esp(wanted: str) -> EspBackend:
    """``kernel``, ``userspace``, or for ``auto`` the kernel where it has ESP and xfrm interfaces.

    Raises:
        Fault: ``kernel`` was asked for and the kernel has none.
    """
    match wanted:
        case "userspace":
            return EspBackend.USERSPACE
        case "kernel":
            if not kernel_has_esp():
                raise Fault(
                    "use ESP in the kernel",
                    "this kernel has no ESP or no xfrm interfaces",
                    "modprobe esp4 xfrm_interface, or run with --esp userspace",
                )
            return EspBackend.KERNEL
    return EspBackend.KERNEL if kernel_has_esp() else EspBackend.USERSPACE


def kernel_has_esp() -> bool:
    """True when the kernel, or a module it can load, has ESP for IPv4 and xfrm interfaces."""
    release = os.uname().release
    built_in = _listed(Path("/lib/modules", release, "modules.builtin"))
    loadable = _listed(Path("/lib/modules", release, "modules.dep"))
    loaded = {line.split(" ", 1)[0] for line in _lines(Path("/proc/modules"))}
    return {"esp4", "xfrm_interface"} <= built_in | loadable | loaded


def _listed(path: Path) -> set[str]:
    return {Path(line.split(":", 1)[0]).name.split(".", 1)[0] for line in _lines(path)}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
