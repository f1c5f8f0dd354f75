"""Starting FRR daemons and speaking with vtysh."""

import shutil
import time
from pathlib import Path

from sealane.diag import Fault
from sealane.host import Tag, alive, last_words, run, run_unchecked, spawn, write_private

_BINARIES = Path("/usr/lib/frr")
_RELOAD = _BINARIES / "frr-reload.py"
_START_LIMIT_S = 10.0
_POLL_S = 0.01
_OWNER = "frr"

DAEMONS = ("zebra", "staticd", "bfdd", "bgpd")
"""Started in this order; zebra first, since the others report to it."""

_EXTRA = {"zebra": ["-s", "8388608"]}


def vtysh(directory: Path, *commands: str, timeout_s: float = 15) -> str:
    """What vtysh answers.

    Raises:
        Fault: The daemons do not answer or refused a command.
    """
    words = [word for command in commands for word in ("-c", command)]
    return run(["vtysh", "--vty_socket", str(directory), *words], timeout_s=timeout_s)


def prepare(directory: Path) -> None:
    """An empty directory that FRR's own user may write, without what a killed instance left."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    shutil.chown(directory, _OWNER, _OWNER)
    write_private(directory / "vtysh.conf", "service integrated-vtysh-config\n", 0o644)


def start(directory: Path, network: str, namespace: str) -> None:
    """Start the daemons and wait until each answers.

    Raises:
        Fault: One ended or did not answer in time.
    """
    pids = {}
    for daemon in DAEMONS:
        config = directory / f"{daemon}.conf"
        write_private(config, "", 0o640)
        shutil.chown(config, _OWNER, _OWNER)
        options = ["-z", f"{directory}/zserv.api", "--vty_socket", str(directory), "-i", f"{directory}/{daemon}.pid"]
        options += ["-f", str(config), "--log", f"file:{directory}/{daemon}.log", "-P", "0", *_EXTRA.get(daemon, [])]
        if daemon == "bfdd":
            options += ["--bfdctl", f"{directory}/bfdd.sock"]
        command = [str(_BINARIES / daemon), *options]
        pids[daemon] = spawn(command, Tag(network, namespace, daemon), directory / f"{daemon}.out").pid
        if daemon == "zebra":
            _await(directory / "zserv.api", pids[daemon], daemon, namespace)
    for daemon, pid in pids.items():
        _await(directory / f"{daemon}.vty", pid, daemon, namespace)


def _await(path: Path, pid: int, daemon: str, namespace: str) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while not path.exists():
        if not alive(pid) or time.monotonic() > deadline:
            log = path.parent / f"{daemon}.log"
            said = last_words(log.with_suffix(".out"), otherwise="it ended or does not answer")
            raise Fault(f"start {daemon} in {namespace}", said, f"look at {log}")
        time.sleep(_POLL_S)


def load(directory: Path, config: Path, namespace: str) -> None:
    """Load an integrated configuration into fresh daemons.

    Raises:
        Fault: A line was refused.
    """
    done = run_unchecked(["vtysh", "--vty_socket", str(directory), "-f", str(config)], timeout_s=60)
    refused = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("%", "line "))]
    if done.returncode != 0 or refused:
        answer = "; ".join(refused) or done.stderr.strip() or f"exit status {done.returncode}"
        raise Fault(f"load FRR configuration in {namespace}", answer[:600], f"look at {config}")


def reload(directory: Path, config: Path, namespace: str) -> None:
    """Change running daemons to a configuration; what did not change is not touched.

    Raises:
        Fault: The change was refused.
    """
    command = [str(_RELOAD), "--reload", "--stdout", "--vty_socket", str(directory), "--rundir", str(directory)]
    command += ["--confdir", str(directory), "--bindir", "/usr/bin", str(config)]
    done = run_unchecked(command, timeout_s=60)
    if done.returncode != 0:
        answer = (done.stdout + done.stderr).strip()[-600:]
        raise Fault(f"reload FRR configuration in {namespace}", answer, f"look at {config}")


_PROTOCOLS = (11, 186, 196)
"""As which zebra marks its own routes, those of BGP and statics in the kernel (FRR 8.4, rt_netlink.h).

By number: ``static`` is what FRR calls 196, and iproute2 calls 4.
"""


def flush_routes(namespace: str) -> None:
    """Remove what killed daemons left in the kernel, since zebra reads it when it starts and may keep to it."""
    lines = [f"route flush table all proto {protocol}" for protocol in _PROTOCOLS]
    run_unchecked(["ip", "-n", namespace, "-force", "-batch", "-"], text="\n".join([*lines, "nexthop flush"]) + "\n")
