"""Networks of our own for live tests: copies of the examples under other names, and what the host must look like."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sealane.app.compare import intended
from sealane.app.live import Live, attach, load_or_reject
from sealane.app.status import carries
from sealane.app.walk.foretell import Foretold, between, differences, foretell
from sealane.twin.converge import Twin
from sealane.twin.element import NOTHING, Failures

ROOT = Path(__file__).resolve().parents[2]
SEALANE = str(Path(sys.executable).with_name("sealane"))
RUN = Path("/run/sealane")


def copy_plan(folder: Path, suffix: str, *edits: tuple[str, str], example: str = "hangzhou") -> Path:
    """A copy of an example under a name that nobody else uses; ``edits`` replace text that must be there."""
    for file in sorted((ROOT / "examples" / example).iterdir()):
        shutil.copy(file, folder)
    path = folder / "plan.yaml"
    edit(path, (f"\nname: {example}\n", f"\nname: live-{os.getpid()}-{suffix}\n"), *edits)
    return path


def edit(path: Path, *edits: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is in {path} {text.count(old)} times"
        text = text.replace(old, new)
    path.write_text(text)


def name_of(plan: Path) -> str:
    found = re.search(r"^name: (\S+)$", plan.read_text(), re.MULTILINE)
    assert found
    return found[1]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1", **(more or {})}


def sealane(
    *words: object, timeout_s: float = 150, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [SEALANE, *map(str, words)], capture_output=True, text=True, timeout=timeout_s, check=False,
        env=environment(env), cwd="/",
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


def ok(*words: object, **more: object) -> str:
    done = sealane(*words, **more)  # type: ignore[arg-type]
    assert done.returncode == 0, (words, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def ok_json(*words: object) -> dict:
    return json.loads(ok(*words, "--json"))


def start(*words: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A command in a process group of its own."""
    return subprocess.Popen(
        [SEALANE, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env=environment(env), cwd="/",
    )


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str]:
    """Send a signal to the command's group; what it had said."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    said = process.communicate(timeout=90)
    assert "Traceback" not in "".join(said), said
    return said


def live(plan: Path) -> Live:
    return attach(load_or_reject(plan))


def wait_for(condition: Callable[[], bool], limit_s: float = 45) -> bool:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def probe(plan: Path, source: str = "ecs1", destination: str = "client", count: int = 10) -> dict:
    """A probe that may fail; repeated once, since others work on this machine."""
    words = ("probe", plan, source, destination, "--count", count, "--interval", "0.02", "--json")
    for _ in range(2):
        done = sealane(*words)
        if done.returncode == 0:
            break
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def assert_encrypted(plan: Path) -> None:
    assert wait_for(lambda: carries(live(plan).observer)), ok("status", plan, "--json")
    found = probe(plan)
    assert (found["verdict"], found["lost"]) == ("encrypted", 0), found


def foretold(plan: Path, source: str, destination: str, failed: Failures = NOTHING) -> Foretold:
    """What the twin says of pings; kernel routes, BGP sessions and SAs must not differ from it either."""
    net = live(plan)
    twin = Twin(intended(net))
    found = differences(net, twin, failed)
    assert not found, "\n".join(map(str, found))
    return foretell(twin, between(net.host(source), net.host(destination)), failed)


def ip(space: str | None, *words: str) -> list[dict]:
    where = [] if space is None else ["-n", space]
    text = subprocess.run(["ip", *where, "-j", *words], capture_output=True, text=True, check=True).stdout
    return json.loads(text or "[]")


def routes(space: str, table: str) -> dict[str, frozenset[str]]:
    """Destination to egress interfaces, or the type of a route without one."""
    found = {}
    for route in ip(space, "route", "show", "table", table):
        hops = route.get("nexthops") or [route]
        found[str(route["dst"])] = frozenset(str(hop.get("dev") or route.get("type")) for hop in hops)
    return found


def space(plan: Path, node: str) -> str:
    return f"sealane.{name_of(plan)}.{node}"


def processes(name: str) -> dict[int, str]:
    """Processes that carry the network's tag, read independently of the product: pid to tag."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "environ").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            tags = [word.decode() for word in words if word.startswith(f"SEALANE_PROCESS={name}:".encode())]
            if tags and state != "Z":
                found[int(entry.name)] = tags[0].partition("=")[2]
    return found


def pids(name: str, role: str, node: str = "") -> list[int]:
    wanted = re.compile(rf"{name}:sealane\.{name}\.{node}[^:]*:{role}")
    return [pid for pid, tag in processes(name).items() if wanted.fullmatch(tag)]


def leftovers(name: str, root: Path = RUN) -> list[str]:
    """Whatever of a network is still on this host."""
    found = [f"process {pid} {tag}" for pid, tag in processes(name).items()]
    for folder in (Path("/run/netns"), Path("/etc/netns")):
        if folder.exists():
            found += [str(one) for one in folder.iterdir() if one.name.startswith(f"sealane.{name}.")]
    found += [str(path) for path in (root / name, root / f".{name}.lock") if path.exists()]
    found += [f"link {one['ifname']}" for one in ip(None, "link") if str(one.get("ifalias", "")).startswith("sealane")]
    return found


def down(plan: Path) -> None:
    ok("down", plan)
    assert leftovers(name_of(plan)) == []


@contextmanager
def network(plan: Path, *up: object) -> Iterator[Path]:
    """The network of a plan, up; down afterwards whatever happens."""
    try:
        ok("up", plan, *up)
        yield plan
    finally:
        done = sealane("down", "--name", name_of(plan))
        assert done.returncode == 0, done.stderr
        assert leftovers(name_of(plan)) == []


_COMMANDS = (
    ("ip", "-j", "link"),
    ("ip", "-j", "route", "show", "table", "all"),
    ("ip", "-j", "rule"),
    ("nft", "list", "ruleset"),
    ("iptables-save",),
)


def host_state() -> dict[str, object]:
    """Everything of the host that a network must leave alone; networks of others come and go and are left out."""
    state: dict[str, object] = {}
    for command in _COMMANDS:
        if shutil.which(command[0]):
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            state[" ".join(command)] = json.loads(text or "[]") if "-j" in command else _no_counters(text)
    state["addresses"] = [
        (link["ifname"], sorted((one["local"], one["prefixlen"]) for one in link["addr_info"]))
        for link in ip(None, "address")
    ]
    for folder in ("/etc/netns", "/etc", "/etc/frr", "/etc/bird", "/etc/swanctl", "/run/frr"):
        path = Path(folder)
        names = [one.name for one in path.iterdir()] if path.exists() else None
        state[folder] = None if names is None else sorted(names)
    # iproute2 makes this folder and mounts it upon itself with a host's first namespace, for good.
    state["/run/netns"] = sorted(one.name for one in Path("/run/netns").glob("*") if _own(one.name))
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    ours = re.compile(r"/(run|etc|var|sys|proc|dev)(/|$)")  # where a network could mount; others may elsewhere
    state["mounts"] = sorted(
        path for path in mounts
        if ours.match(path) and path != "/run/netns" and ("/netns/" not in path or _own(path.rpartition("/")[2]))
    )
    state["sysctl"] = {
        one: Path("/proc/sys/net/ipv4", one).read_text()
        for one in ("ip_forward", "conf/all/rp_filter", "icmp_ratelimit")
    }
    return state


def _own(namespace: str) -> bool:
    """Namespaces of this run of the tests; others' come and go meanwhile."""
    return f"live-{os.getpid()}-" in namespace


def _no_counters(text: str) -> str:
    return "\n".join(re.sub(r"packets \d+ bytes \d+|\[\d+:\d+\]", "", line) for line in text.splitlines()
                     if not line.startswith("#"))
