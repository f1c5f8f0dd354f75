"""Starting charon, placing its TUN, and speaking vici."""

import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sealane.diag import Fault
from sealane.host import (
    InterfaceState,
    Start,
    Tag,
    alive,
    has_interface,
    interface_state,
    last_words,
    read_text,
    run,
    run_unchecked,
)
from sealane.plan import TunSpec

ROLE = "charon"
_SOCKET = "charon.vici"
_LOG = "charon.out"
_BINARY = "/usr/sbin/charon-systemd"
_START_LIMIT_S = 10.0
_ANSWER_LIMIT_S = 10.0
_POLL_S = 0.005
_OWN_TUN = "ipsec0"
"""The name charon gives the first TUN of a namespace, and looks for when it installs a child SA."""


@contextmanager
def vici_session(directory: Path) -> Iterator[Any]:
    """A vici session with the charon of a directory.

    Raises:
        Fault: charon does not answer.
    """
    import vici  # noqa: PLC0415 - only where it is used: it costs start-up time

    before = sys.exc_info()[1]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_ANSWER_LIMIT_S)
    try:
        connection.connect(str(directory / "charon.vici"))
        yield vici.Session(connection)
    except (OSError, vici.exception.SessionException, vici.exception.CommandException) as error:
        interruption = _hidden_by(error, before)
        if interruption is not None:
            raise interruption from None
        raise Fault(f"speak with charon in {directory.parent.name}", str(error), "run sealane up again") from error
    finally:
        connection.close()


def _hidden_by(error: BaseException, before: BaseException | None) -> KeyboardInterrupt | None:
    """The interruption after which vici cleaned up and stumbled over a late answer; not one that came earlier."""
    found = error.__context__
    while found is not None and found is not before:
        if isinstance(found, KeyboardInterrupt):
            return found
        found = found.__context__
    return None


def prepared(directory: Path, network: str, namespace: str) -> Start:
    """How to start charon, after what one before it left is gone."""
    (directory / _SOCKET).unlink(missing_ok=True)
    environment = {"STRONGSWAN_CONF": str(directory / "strongswan.conf")}
    return Start([_BINARY], Tag(network, namespace, ROLE), directory / _LOG, environment)


def await_vici(directory: Path, namespace: str, pid: int) -> None:
    """Wait until the charon that was started answers.

    Raises:
        Fault: It ended or did not answer in time.
    """
    vici_socket, log = directory / _SOCKET, directory / _LOG
    deadline = time.monotonic() + _START_LIMIT_S
    while not _answers(vici_socket):
        if not alive(pid) or time.monotonic() > deadline:
            said = last_words(directory / "charon.log", log, otherwise="it ended or does not answer")
            raise Fault(f"start charon in {namespace}", said, f"look at {log}")
        time.sleep(_POLL_S)


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(str(path))
    except OSError:
        return False
    return True


def place_tun(namespace: str, tun: TunSpec) -> None:
    """Move charon's TUN to the router's namespace and leave a decoy where charon looks for it.

    A TUN stays attached to the file it was opened with, so plaintext appears in the router while IKE and ESP sockets
    stay in the endpoint. Without the decoy charon 5.9.8 fails to install the child SA, and the peer is told
    ``TS_UNACCEPTABLE``. The interface stays down until the child SA is up.

    Raises:
        Fault: The TUN did not appear or could not be moved.
    """
    deadline = time.monotonic() + _START_LIMIT_S
    while not has_interface(namespace, _OWN_TUN):
        if time.monotonic() > deadline:
            raise Fault(f"start ESP in {namespace}", "charon made no TUN", "check that /dev/net/tun is there")
        time.sleep(_POLL_S)
    lines = (
        f"link set dev {_OWN_TUN} netns {tun.namespace} name {tun.name}",
        f"link add {_OWN_TUN} type bridge",
        f"link set dev {_OWN_TUN} up",
    )
    run(["ip", "-n", namespace, "-batch", "-"], text="\n".join(lines) + "\n")
    inner = [f"link set dev {tun.name} mtu {tun.mtu_bytes}"]
    if tun.address is not None:
        inner.append(f"address replace {tun.address} dev {tun.name}")
    run(["ip", "-n", tun.namespace, "-batch", "-"], text="\n".join(inner) + "\n")


def has_decoy(namespace: str) -> bool:
    """True while ``place_tun``'s decoy is there."""
    return has_interface(namespace, _OWN_TUN)


def remove_decoy(namespace: str) -> None:
    """Take away what ``place_tun`` left, or the next charon would name its TUN otherwise."""
    if has_interface(namespace, _OWN_TUN):
        run_unchecked(["ip", "-n", namespace, "link", "del", "dev", _OWN_TUN])


_WAN = "wan"
WAY_PROTOCOL = "84"
"""Protocol number of an endpoint's way out (unassigned in iproute2's rt_protos)."""


def open_way(namespace: str, next_hop: str) -> None:
    """Give an endpoint its way out, when its connections are loaded.

    Raises:
        Fault: The kernel refused.
    """
    way = ["default", "via", next_hop, "dev", _WAN, "onlink", "proto", WAY_PROTOCOL]
    run(["ip", "-n", namespace, "route", "replace", *way])


def has_way(pid: int) -> bool:
    """True while the endpoint that a charon is in has its way out; see proc(5), ``/proc/PID/net/route``."""
    routes = (read_text(Path("/proc", str(pid), "net", "route")) or "").splitlines()
    return any(line.split()[1:2] == ["00000000"] for line in routes)


def close_way(namespace: str) -> None:
    """Take the way out away.

    A charon that knows no connection yet answers a peer with a refusal, after which the peer does not try again;
    without a way out the peer hears nothing, and repeats its request.
    """
    run_unchecked(["ip", "-n", namespace, "route", "del", "default"])


def tun_state(tun: TunSpec) -> InterfaceState | None:
    """The TUN in the router's namespace; None when it is gone."""
    return interface_state(tun.namespace, tun.name)


def load_connection(session: Any, name: str, settings: Mapping[str, Any], key: str, owners: Sequence[str]) -> None:
    """Load the key, then the connection that uses it."""
    session.load_shared({"id": name, "type": "IKE", "data": key, "owners": list(owners)})
    session.load_conn({name: settings})


def initiate(session: Any, name: str) -> None:
    """Start negotiating and return at once; charon keeps trying."""
    for _ in session.initiate({"child": "child", "ike": name, "timeout": "-1"}):
        pass


def terminate(session: Any, name: str) -> None:
    """Close the IKE SA, telling the peer."""
    import vici  # noqa: PLC0415 - see vici_session

    try:
        for _ in session.terminate({"ike": name, "timeout": "2000"}):
            pass
    except vici.exception.CommandException:
        return  # there was none


_FORGET_MS = "200"


def forget(session: Any, name: str) -> None:
    """Drop the IKE SA of a peer that does not know it any more, without waiting for its word."""
    import vici  # noqa: PLC0415 - see vici_session

    try:
        for _ in session.terminate({"ike": name, "force": "yes", "timeout": _FORGET_MS}):
            pass
    except vici.exception.CommandException:
        return  # there was none


def rekey(directory: Path, name: str, *, ike: bool) -> None:
    """Rekey the child SA of a connection, or its IKE SA.

    Raises:
        Fault: charon refused, or there is none.
    """
    wanted = {"ike": name} if ike else {"ike": name, "child": "child"}
    with vici_session(directory) as session:
        answer = session.rekey(wanted)
        if answer.get("success") != b"yes":
            raise Fault(f"rekey {name}", str(answer.get("errmsg", b"no SA"), "utf-8"), "sealane status")


def list_sas(directory: Path) -> Sequence[Mapping[str, Any]]:
    """The ``list-sas`` events."""
    with vici_session(directory) as session:
        return cast("Sequence[Mapping[str, Any]]", list(session.list_sas()))
