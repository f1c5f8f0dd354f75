"""Failures made on purpose on a live network, measured, and undone."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import kill
from pathlib import Path

from sealane.app.capture import Capture, Counts, read_capture
from sealane.app.controller import wait_until
from sealane.app.flows import Flows, FlowsResult
from sealane.app.live import Live, host_address
from sealane.app.load import load_again
from sealane.app.probe import counts_between, ping, read_meters
from sealane.app.status import carries, judged, outer_pairs
from sealane.diag import Fault
from sealane.drivers.linux import io as linux_io
from sealane.host import find_processes, run
from sealane.model import Circuit, Node, Platform, TunnelPair
from sealane.net import Address
from sealane.vendors import nftables

_RECOVERY_LIMIT_S = 40.0
_WARM_UP_S = 0.5
_SETTLE_S = 0.5
BGP_DRILL_TABLE = "sealane_drill_bgp"


@dataclass(frozen=True, slots=True)
class Element:
    """Something that can be made to fail.

    Args:
        name: What the user calls it: ``tunnel-1``, ``circuit``, ``bgp:tunnel-1``, ``charon:tr/tunnel-1``, ``bgpd:cgw``.
        fail: Makes it fail.
        restore: Takes the failure back; what died is started again by bringing the network up.
    """

    name: str
    fail: Callable[[], None]
    restore: Callable[[], None]


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What a drill measured.

    Args:
        elements: What failed.
        flows: See FlowsResult: from before the failure to after the recovery.
        clear_packets: Protected packets that crossed a circuit in clear, by the meter at the cloud's port.
        counts: Packets per class on all circuits, by the meters at the cloud's ports.
        captured: The same by the captures.
        capture_complete: True when the captures hold at least what the meters counted and lost nothing.
        recovered_s: Seconds from taking the failure back until all tunnels carried traffic again; None when they did
            not.
        blocked: Protected packets that the meters dropped instead of letting them cross.
        first_clear_s: Seconds from the failure to the first clear packet that the meter showed; None without any.
    """

    elements: tuple[str, ...]
    flows: FlowsResult
    clear_packets: int
    counts: Counts
    captured: Counts
    capture_complete: bool
    recovered_s: float | None
    blocked: int
    first_clear_s: float | None

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "elements": list(self.elements),
            "sent": self.flows.sent,
            "received": self.flows.received,
            "longest_gap_ms": self.flows.longest_gap_ms,
            "flows_hit": self.flows.flows_hit,
            "flows": self.flows.flows,
            "clear_packets": self.clear_packets,
            "blocked_packets": self.blocked,
            "circuit": self.counts.to_json(),
            "captured": self.captured.to_json(),
            "capture_complete": self.capture_complete,
            "recovered_s": self.recovered_s,
            "first_clear_s": self.first_clear_s,
        }


def find_elements(live: Live, names: Sequence[str]) -> tuple[Element, ...]:
    """The elements of those names.

    Raises:
        Fault: A name is unknown or means several.
    """
    return tuple(_find(live, name) for name in names)


def _find(live: Live, name: str) -> Element:
    kind, _, rest = name.partition(":")
    match kind:
        case "bgp" if rest:
            return _bgp(live, name, find_tunnel(live, rest))
        case "charon" if rest:
            node, _, tunnel = rest.partition("/")
            return _daemon(live, name, *_charon(live, node, tunnel))
        case "bgpd" if rest:
            return _daemon(live, name, _node(live, rest), "bird" if _is_cloud(live, rest) else "bgpd")
        case "circuit":
            return _circuit(live, name, rest)
    for circuit in live.staged.circuits:
        if name.lower() == circuit.name.lower():
            return _circuit(live, name, circuit.name)
    return _black_hole(live, name, find_tunnel(live, name))


def find_tunnel(live: Live, name: str) -> TunnelPair:
    """The tunnel of that name, or of that last part of a name.

    Raises:
        Fault: There is none, or there are several.
    """
    pairs = live.staged.tunnels()
    found = [pair for pair in pairs if name in {pair.name, pair.name.rpartition("/")[2]}]
    if len(found) == 1:
        return found[0]
    known = ", ".join(pair.name for pair in pairs)
    problem = "means several tunnels" if found else "is not in the network as it is up now"
    raise Fault(f"fail {name}", problem, f"use one of: {known or 'none; bring it up further'}; circuit; bgp:TUNNEL")


def _node(live: Live, name: str) -> Node:
    if live.staged.has_node(name.lower()):
        return live.staged.node(name.lower())
    known = ", ".join(node.name for node in live.staged.nodes)
    raise Fault(f"fail a daemon of {name}", "there is no such node", f"use one of: {known}")


def _is_cloud(live: Live, name: str) -> bool:
    return _node(live, name).runs_bird


def _charon(live: Live, name: str, tunnel: str) -> tuple[Node, str, str]:
    node = _node(live, name)
    ends = [end for (owner, _), end in live.lowered.ends.items() if owner == node.name]
    found = [end for end in ends if tunnel in {end.end.name, end.end.name.rpartition("/")[2]}]
    if len(found) != 1:
        known = ", ".join(f"charon:{name}/{end.end.name.rpartition('/')[2]}" for end in ends)
        raise Fault(f"fail charon of {name}", f"there is no tunnel {tunnel or 'named'}", f"use one of: {known}")
    return node, "charon", found[0].charon


def _black_hole(live: Live, name: str, pair: TunnelPair) -> Element:
    """Outer packets vanish at the border router: neither end is told."""
    key = (pair.near.local, pair.near.remote)
    spaces = [live.lowered.places[node.name].namespace for node in live.staged.of_platform(Platform.VBR)]

    def load(*, failed: bool) -> None:
        holes = _HOLES.setdefault(live.network.name, set())
        holes.add(key) if failed else holes.discard(key)
        for space in spaces:
            linux_io.load_filters(space, nftables.drill(holes) if holes else _no_table(nftables.DRILL_TABLE))

    return Element(name, lambda: load(failed=True), lambda: load(failed=False))


_HOLES: dict[str, set[tuple[Address, Address]]] = {}
"""Tunnels that are black-holed by this process, by network."""


def _no_table(name: str) -> str:
    return f"add table inet {name}\ndelete table inet {name}\n"


def _bgp(live: Live, name: str, pair: TunnelPair) -> Element:
    """The session's packets vanish; everything else passes."""
    near = live.lowered.ends[pair.near_node, pair.near.name]
    chains = "".join(
        f"  chain {hook} {{\n    type filter hook {hook} priority 0; policy accept;\n"
        f'    {match} "{near.interface}" tcp dport 179 drop\n    {match} "{near.interface}" tcp sport 179 drop\n  }}\n'
        for hook, match in (("output", "oifname"), ("input", "iifname"))
    )
    text = f"{_no_table(BGP_DRILL_TABLE)}table inet {BGP_DRILL_TABLE} {{\n{chains}}}\n"
    return Element(
        name,
        lambda: linux_io.load_filters(near.router, text),
        lambda: linux_io.load_filters(near.router, _no_table(BGP_DRILL_TABLE)),
    )


def _circuit(live: Live, shown: str, name: str) -> Element:
    circuits: list[Circuit] = [one for one in live.staged.circuits if not name or one.name.lower() == name.lower()]
    if len(circuits) != 1:
        known = ", ".join(one.name for one in live.staged.circuits)
        raise Fault(f"fail {shown}", "it does not name one circuit", f"use one of: {known}")
    place = live.lowered.places[circuits[0].cloud.node]
    interface = place.names[circuits[0].cloud.interface]

    def switch(state: str) -> None:
        run(["ip", "-n", place.namespace, "link", "set", "dev", interface, state])

    return Element(shown, lambda: switch("down"), lambda: switch("up"))


def _daemon(live: Live, name: str, node: Node, role: str, namespace: str | None = None) -> Element:
    space = namespace or live.lowered.places[node.name].namespace

    def fail() -> None:
        found = [
            pid for pid, tag in find_processes(live.network.name).items() if tag.namespace == space and tag.role == role
        ]
        if not found:
            raise Fault(f"fail {name}", f"no {role} runs there", "name a node that has one, or bring the network up")
        for pid in found:
            kill(pid, signal.SIGKILL)

    return Element(name, fail, lambda: None)


def mend(live: Live) -> None:
    """Bring everything back that a drill took away.

    A plan that was edited meanwhile is left for ``up``, which shows what it changes and may refuse it.
    """
    loaded = live.loaded
    kept = live.controller.directory.sources()
    if kept is not None and loaded.sources is not None and not kept.same_texts(loaded.sources):
        loaded = load_again(kept)
    if loaded.network is not None:
        live.controller.apply(
            loaded.network, plan_path=live.loaded.path.resolve(), stage=live.stage, mode=live.mode
        )


@contextmanager
def failed(live: Live, elements: Sequence[Element]) -> Iterator[None]:
    """The elements fail inside the block; whatever happens there, they are restored."""
    done: list[Element] = []
    try:
        for element in elements:
            done.append(element)
            element.fail()
        yield
    finally:
        with ExitStack() as stack:
            stack.callback(mend, live)
            for element in done:
                stack.callback(element.restore)


def drill(
    live: Live,
    elements: Sequence[Element],
    source: Node,
    destination: Node,
    *,
    hold_s: float = 4.0,
    directory: Path | None = None,
    during: Callable[[], None] | None = None,
) -> DrillResult:
    """Fail elements while flows run, hold, restore, and wait for the recovery.

    Args:
        live: The network.
        elements: What fails, all at once.
        source: Host that sends the flows.
        destination: Host that answers them.
        hold_s: How long the failure lasts at least.
        directory: Where the captures are kept; None throws them away.
        during: Called while the failure lasts, after ``hold_s``.

    Raises:
        Fault: A tool failed; the elements are restored all the same.
    """
    with ExitStack() as stack:
        # nobody may bring the network up, and so mend the failure, or take it down meanwhile
        stack.enter_context(live.controller.locked())
        folder = directory or Path(stack.enter_context(live.controller.directory.scratch()))
        folder.mkdir(parents=True, exist_ok=True)
        captures = [stack.enter_context(capture) for capture in _captures(live, folder)]
        before, blocked = read_meters(live), _blocked(live)
        flows = stack.enter_context(Flows(live, source, destination))
        time.sleep(_WARM_UP_S)
        with failed(live, elements):
            first_clear_s = _watch(live, hold_s)
            if during is not None:
                during()
        restored = time.monotonic()
        well = wait_until(lambda: _recovered(live, source, destination), _RECOVERY_LIMIT_S)
        recovered_s = round(time.monotonic() - restored, 2) if well else None
        time.sleep(_SETTLE_S)
        measured = flows.finish()
        after = read_meters(live)
        captured = Counts()
        dropped = 0
        for capture in captures:
            dropped += capture.close()
            captured = add(captured, read_capture(capture.path, live.network.protections, outer_pairs(live.staged)))
        counts = Counts()
        for name, reading in after.items():
            counts = add(counts, counts_between(before[name], reading))
    return DrillResult(
        tuple(element.name for element in elements),
        measured,
        counts.clear_protected,
        counts,
        captured,
        dropped == 0 and captured.total() >= counts.total(),
        recovered_s,
        _blocked(live) - blocked,
        first_clear_s,
    )


def _recovered(live: Live, source: Node, destination: Node) -> bool:
    """True when the tunnels carry what they should, or an echo comes back where there is nothing to judge them by."""
    if judged(live.observer):
        return carries(live.observer)
    return ping(live.lowered.places[source.name].namespace, host_address(destination), count=1).received == 1


def add(one: Counts, other: Counts) -> Counts:
    """The sum of two counts."""
    return Counts(
        one.esp + other.esp,
        one.ike + other.ike,
        one.routing + other.routing,
        one.clear_protected + other.clear_protected,
        one.other + other.other,
    )


def _captures(live: Live, folder: Path) -> Iterator[Capture]:
    for circuit in live.network.circuits:
        place = live.lowered.places[circuit.cloud.node]
        path = folder / f"drill-{circuit.name}.pcap"
        yield Capture(live.network.name, place.namespace, place.names[circuit.cloud.interface], path)


def _watch(live: Live, hold_s: float) -> float | None:
    """Wait, looking at the meters; seconds until the first clear packet showed."""
    start = time.monotonic()
    base = {name: reading.clear_protected.packets for name, reading in read_meters(live).items()}
    seen = None
    while (elapsed := time.monotonic() - start) < hold_s:
        if seen is None and any(
            reading.clear_protected.packets > base[name] for name, reading in read_meters(live).items()
        ):
            seen = round(elapsed, 2)
        time.sleep(0.05)
    return seen


def _blocked(live: Live) -> int:
    return sum(reading.blocked.packets + reading.refused.packets for reading in live.observer.meters().values())
