"""What cures packets in clear.

A known mistake of the device, a route that keeps tunnels' own packets out of tunnels, or a missing announcement.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.diag import Origin
from sealane.model import Node, Platform
from sealane.net import Prefix
from sealane.verify.explain_cycle import explain_cycle
from sealane.verify.explain_trip import Step, Way
from sealane.verify.ground import Ground, known
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Counterexample

_DOWN = ("DEV-D1", "DEV-D14", "DEV-D3")
"""Mistakes that keep tunnels down."""
_TO_SITE = ("DEV-118", "DEV-D2")
_TO_CLOUD = ("DEV-D4", "DEV-118", "DEV-D2")


@dataclass(frozen=True, slots=True)
class Cure:
    """What to change, the places that it is about, and what else a reader should know."""

    remedy: str
    places: tuple[Origin, ...] = ()
    detail: tuple[str, ...] = ()


def cause_cure(ground: Ground, *codes: str) -> Cure | None:
    """The cure of the first known mistake among some; None when the devices have none of them."""
    cause = ground.cause(*codes)
    if cause is None:
        return None
    return Cure(cause.remedy, cause.seen_at, (f"cause: {cause.code} {cause.subject}: {cause.problem}",))


def cure(ground: Ground, flow: Flow, scenario: Scenario, example: Counterexample | None) -> Cure:
    """What to change so that a flow is encrypted in a scenario."""
    carrying = any(scenario.states)
    ends = tuple(one.code for one in ground.causes if one.code.startswith("DEV-1"))
    codes = (_TO_SITE if ground.to_site(flow) else _TO_CLOUD) if carrying else (*_DOWN, *ends)
    cause = cause_cure(ground, *codes)
    if cause is not None:
        return cause
    repairs = tuple(cycle_repairs(scenario))
    if repairs:
        return Cure("add " + "; ".join(repairs))
    places = () if example is None else places_of(example.way)
    if not ground.network.tunnels():
        return Cure("build an IPsec connection over the circuit and let longer prefixes lead into it", places)
    if not carrying:
        reasons = {name: one.reason for name, one in scenario.converged.tunnels.items() if not one.carries}
        return Cure("bring the tunnels up", places, tuple(f"{name}: {why}" for name, why in reasons.items()))
    return Cure("; ".join(_announcements(ground, flow, example)), places)


def cycle_repairs(scenario: Scenario) -> Iterator[str]:
    """Routes that keep the tunnels' own packets where they were before the tunnels came up, each once."""
    cycle = explain_cycle(scenario.converged)
    turns = () if cycle is None else tuple(turn for phase in cycle.phases for turn in phase.turns)
    yield from dict.fromkeys(turn.repair for turn in turns if turn.repair)


def _announcements(ground: Ground, flow: Flow, example: Counterexample | None) -> Iterator[str]:
    """What must be told over the tunnels, by the devices that the packet comes by; by any when it comes by none."""
    met = set() if example is None else {step.node for step in example.way.steps}
    devices = ground.network.devices()
    protection = ground.protection(flow)
    if not ground.to_site(flow):
        wanted = ", ".join(map(str, protection.cloud))
        yield f"let the device learn {wanted} over the tunnels, by prefixes longer than its own routes over the circuit"
        return
    destination = flow.destination.address
    for prefix in protection.site:
        if int(prefix.network_address) <= destination <= int(prefix.broadcast_address):
            for device in [one for one in devices if one.name in met] or devices:
                yield f"let {device.label or device.name} announce {prefix} over the tunnels: {_lines(device, prefix)}"


def _lines(device: Node, prefix: Prefix) -> str:
    if device.platform is not Platform.ASA:
        return f"add {prefix} to the prefixes that it advertises"
    words = f"{prefix.network_address} {prefix.netmask}"
    number = "ASN" if device.bgp is None else device.bgp.asn
    lines = [f"router bgp {number}", "address-family ipv4 unicast"]
    lines.append(f"network {prefix.network_address} mask {prefix.netmask}")
    covering = [one for one in device.static_routes if one.next_hop is not None and prefix.subnet_of(one.prefix)]
    route = max(covering, key=lambda one: one.prefix.prefixlen, default=None)
    if route is not None and route.prefix != prefix:
        names = {one.name: one.nameif or one.name for one in device.interfaces}
        lines.append(f"route {names.get(route.interface or '', 'IFNAME')} {words} {route.next_hop}")
    return "enter " + ", then ".join(f"`{line}`" for line in lines)


def places_of(way: Way) -> tuple[Origin, ...]:
    """Where the routes stand that led into a circuit in clear, or to where a way ends; the nearest first."""
    crossed = [index for index, step in enumerate(way.steps) if step.crossing is not None and step.crossing.clear]
    steps = way.steps[: crossed[0] + 1] if crossed else way.steps
    return known(*(origin for step in reversed(steps) for origin in _origins(step)))[:3]


def _origins(step: Step) -> Iterator[Origin | None]:
    for note in () if step.choice is None else step.choice.used:
        yield note.route.origin
        yield from (one.origin for one in note.sources)
