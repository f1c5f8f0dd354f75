"""Named network namespaces (ip-netns(8)), entered without a helper process."""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from sealane.diag import Fault

_DIRECTORY = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def namespace_path(name: str) -> Path:
    """Where the namespace is bound."""
    return _DIRECTORY / name


def exists(name: str) -> bool:
    """True when the namespace has a name here; a file that an interrupted ip-netns(8) left is not one."""
    try:
        return namespace_path(name).stat().st_dev != _DIRECTORY.stat().st_dev
    except FileNotFoundError:
        return False


def list_namespaces(prefix: str) -> tuple[str, ...]:
    """Names that begin with ``prefix``, sorted."""
    try:
        return tuple(
            sorted(entry.name for entry in _DIRECTORY.iterdir() if entry.name.startswith(prefix) and exists(entry.name))
        )
    except FileNotFoundError:
        return ()


def has_interface(namespace: str, name: str) -> bool:
    """True when the namespace has an interface of that name; asked often, so without running ip(8)."""
    try:
        with entered(namespace):
            socket.if_nametoindex(name)
    except (OSError, Fault):
        return False
    return True


@dataclass(frozen=True, slots=True)
class InterfaceState:
    """An interface as it is: whether it is up, its MTU, and its first IPv4 address as ``a.b.c.d/len``."""

    up: bool
    mtu_bytes: int
    address: str | None


def interface_state(namespace: str, name: str) -> InterfaceState | None:
    """The state of an interface, None when there is none; without running ip(8), like ``has_interface``."""
    try:
        with entered(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            (flags,) = struct.unpack_from("H", _asked(asked, _GET_FLAGS, name))
            (mtu,) = struct.unpack_from("i", _asked(asked, _GET_MTU, name))
            try:
                address = IPv4Address(_asked(asked, _GET_ADDRESS, name)[4:8])
                mask = IPv4Address(_asked(asked, _GET_MASK, name)[4:8])
            except OSError:  # it has none
                return InterfaceState(bool(flags & _UP), mtu, None)
    except (OSError, Fault):
        return None
    return InterfaceState(bool(flags & _UP), mtu, str(IPv4Interface(f"{address}/{mask}")))


_GET_FLAGS, _GET_ADDRESS, _GET_MASK, _GET_MTU = 0x8913, 0x8915, 0x891B, 0x8921  # netdevice(7)
_UP = 1
_NAME_BYTES = 16


def _asked(asked: socket.socket, what: int, name: str) -> bytes:
    """The part of an ``ifreq`` behind the name."""
    return fcntl.ioctl(asked, what, struct.pack("16s24x", name.encode()))[_NAME_BYTES:]


def remove_stale(prefix: str) -> None:
    """Remove the files of namespaces whose making was interrupted."""
    if not _DIRECTORY.exists():
        return
    for entry in _DIRECTORY.iterdir():
        if entry.name.startswith(prefix) and not exists(entry.name):
            entry.unlink(missing_ok=True)


@contextmanager
def entered(name: str | None) -> Iterator[None]:
    """Run the calling thread, and the processes it starts, in a namespace; None stays where it is.

    Raises:
        Fault: The namespace is gone or entering needs root.
    """
    if name is None:
        yield
        return
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            there = os.open(namespace_path(name), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Fault(f"enter namespace {name}", str(error), "run sealane up again") from error
        try:
            _setns(there, name)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home, "the host's")
    finally:
        os.close(home)


def _setns(descriptor: int, name: str) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        answer = os.strerror(ctypes.get_errno())
        raise Fault(f"enter namespace {name}", answer, "run as root")
