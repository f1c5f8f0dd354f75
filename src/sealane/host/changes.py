"""What the kernel tells of changes in named network namespaces, so that they need not be read to find out.

The kernel passes on the notifications of every namespace that has a number in ours (NETLINK_LISTEN_ALL_NSID,
netlink(7)). A number does not keep a namespace alive, and goes with it. Of a carrier that was lost at the other end
of a cable the kernel tells up to a second late.
"""

import errno
import json
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping

from sealane.host.run import run_unchecked

_SOL_NETLINK, _ADD_MEMBERSHIP, _LISTEN_ALL_NSID = 270, 1, 8
_RCVBUFFORCE = 33
_NETFILTER = 12
_BUFFER_BYTES = 16 << 20
_DATAGRAM_BYTES = 1 << 16
_LINK, _ADDRESS, _ROUTE, _RULE, _SETTING, _NUMBER = 1, 5, 7, 8, 24, 28  # RTNLGRP_*, rtnetlink(7)
_TABLES = 7  # NFNLGRP_NFTABLES
_ROUTE_MESSAGES, _NUMBER_MESSAGES = frozenset({24, 25}), frozenset({88, 89})  # RTM_NEWROUTE and DEL, NEWNSID and DEL
_REPLACES = 0x100  # NLM_F_REPLACE
_HEADER = struct.Struct("=IHHII")
_PROTOCOL_AT = _HEADER.size + 5  # in struct rtmsg
_NUMBER_AT = _HEADER.size + 4 + 4  # behind struct rtgenmsg, padded, and the attribute's head


class NamespaceChanges:
    """Collects what the kernel tells. Made and used in the host's namespace, by one thread at a time.

    Args:
        routes: Protocol numbers of the routes that matter; those of others are passed over, unless they take the place
            of a route, which may have been one that matters.

    Raises:
        OSError: The kernel does not offer it, or not to us: it takes CAP_NET_BROADCAST.
    """

    def __init__(self, routes: Iterable[int]) -> None:
        self._routes = frozenset(routes)
        self._sockets: list[socket.socket] = []
        try:
            self._listen(socket.NETLINK_ROUTE, (_LINK, _ADDRESS, _ROUTE, _RULE, _SETTING, _NUMBER))
            self._listen(_NETFILTER, (_TABLES,))
        except OSError:
            self.close()
            raise

    def _listen(self, protocol: int, groups: Iterable[int]) -> None:
        listening = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._sockets.append(listening)
        listening.setblocking(False)
        try:
            listening.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER_BYTES)
        except PermissionError:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)  # as much as is allowed
        listening.setsockopt(_SOL_NETLINK, _LISTEN_ALL_NSID, 1)
        listening.bind((0, 0))
        for group in groups:
            listening.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)

    def take(self) -> frozenset[int] | None:
        """Numbers of the namespaces in which something changed since the last time; None when some may be unknown.

        A number that was given or taken away counts as changed: it may be another namespace's now.
        """
        found: set[int] = set()
        lost = False
        for listening in self._sockets:
            while True:
                try:
                    data, more, _, _ = listening.recvmsg(_DATAGRAM_BYTES, socket.CMSG_SPACE(4))
                except BlockingIOError:
                    break
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise
                    lost = True
                    continue
                found.update(self._told(data, more))
        return None if lost else frozenset(found)

    def _told(self, data: bytes, more: Iterable[tuple[int, int, bytes]]) -> Iterator[int]:
        whose = [struct.unpack_from("=i", value)[0] for level, kind, value in more
                 if (level, kind) == (_SOL_NETLINK, _LISTEN_ALL_NSID)]
        at = 0
        while at + _HEADER.size <= len(data):
            length, kind, flags, _, _ = _HEADER.unpack_from(data, at)
            if kind in _NUMBER_MESSAGES and not whose:
                yield from struct.unpack_from("=i", data, at + _NUMBER_AT)
            elif kind not in _ROUTE_MESSAGES or flags & _REPLACES or data[at + _PROTOCOL_AT] in self._routes:
                yield from whose
            at += max(_HEADER.size, length + 3 & ~3)

    def numbered(self, names: Iterable[str]) -> Mapping[str, int]:
        """The numbers of namespaces by name, which those get that have none; what is gone has none."""
        numbers = _numbers()
        bare = [name for name in names if name not in numbers]
        if bare:
            lines = "".join(f"netns set {name} auto\n" for name in bare)
            run_unchecked(["ip", "-force", "-batch", "-"], text=lines)
            numbers = _numbers()
        return numbers

    def close(self) -> None:
        """Stop listening."""
        for listening in self._sockets:
            listening.close()


def _numbers() -> Mapping[str, int]:
    done = run_unchecked(["ip", "-j", "netns", "list"])
    listed = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    return {one["name"]: one["id"] for one in listed if one.get("id", -1) >= 0}
