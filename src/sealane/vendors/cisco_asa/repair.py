"""Repairs: one known mistake of a text corrected at a time, so that it shows which mistake hides which."""

from collections.abc import Callable
from dataclasses import dataclass

from sealane.vendors.cisco_asa import repair_access, repair_routing
from sealane.vendors.cisco_asa.editing import RepairFacts

Transformation = Callable[[str, RepairFacts], str]


@dataclass(frozen=True, slots=True)
class Repair:
    """A step of a demonstration.

    Args:
        defects: What it repairs, as ``("D1",)``; see docs/vendors/cisco-asa.md.
        title: What it changes.
        symptom: What a rehearsal shows before it, all earlier repairs being made.
        apply: The transformation; applying it twice is applying it once.
    """

    defects: tuple[str, ...]
    title: str
    symptom: str
    apply: Transformation


def repair(text: str, defect: str, facts: RepairFacts) -> str:
    """The text with one defect repaired; unchanged where the defect is absent.

    Raises:
        KeyError: No repair is known for the defect.
    """
    for one in (*REPAIRS, *OPTIONAL_REPAIRS):
        if defect in one.defects:
            return one.apply(text, facts)
    raise KeyError(f"no repair for {defect}")


REPAIRS: tuple[Repair, ...] = (
    Repair(
        ("D10", "D11"),
        "make device input of the document",
        "The device refuses almost every line, and one of its notes inverts the rule for security levels.",
        repair_access.device_input,
    ),
    Repair(
        ("D1",),
        "give the device its own circuit address and the border router as next hop",
        "Nothing crosses the circuit in either direction: both ends claim the same address.",
        repair_routing.circuit_addresses,
    ),
    Repair(
        ("D5",),
        "let the cloud in from the circuit",
        "The data centre reaches the VPC in clear; pings lose their answers, and what the VPC starts is dropped.",
        repair_access.let_cloud_in,
    ),
    Repair(
        ("D14",),
        "use the cloud's pre-shared keys",
        "Both directions work, wholly in clear; the tunnels are down because the keys are placeholders.",
        repair_access.mask_keys,
    ),
    Repair(
        ("D3",),
        "move the tunnel sources to loopbacks",
        "Still wholly in clear: IKE arrives on the circuit port for addresses of other ports and gets no answer.",
        repair_access.loopbacks,
    ),
    Repair(
        ("D4",),
        "step the static route back behind BGP",
        "Tunnels and BGP are green, but what the cloud announces at the static route's length leaves in clear.",
        repair_routing.floating_static,
    ),
    Repair(
        ("D2",),
        "put the client network into the routing table",
        "Requests leave encrypted, answers return in clear and are dropped; what the VPC starts stays in clear.",
        repair_routing.client_route,
    ),
    Repair(
        ("D6",),
        "join the tunnels in one traffic zone",
        "All is encrypted, but about half of the flows hang: their answers take the other tunnel and are dropped.",
        repair_routing.zone,
    ),
    Repair(
        ("D9",),
        "shorten the BGP timers",
        "All works encrypted; a dead tunnel swallows traffic for the hold time, 180 s by this end's proposal.",
        repair_routing.timers,
    ),
    Repair(
        ("D12",),
        "filter what BGP learns and tells",
        "All works encrypted; a default route or the gateways' network would be believed if announced.",
        repair_routing.filters,
    ),
    Repair(
        ("D13",),
        "narrow the clear fallback to what the tunnels carry",
        "All works encrypted; packets to VPC addresses outside the announced prefixes leave in clear.",
        repair_routing.narrow_fallback,
    ),
)
"""In the order in which the mistakes hide one another."""

OPTIONAL_REPAIRS: tuple[Repair, ...] = (
    Repair(
        ("D7",),
        "stop announcing the networks of the outer addresses",
        "Where the transit router has no host routes over the circuit, both tunnels flap.",
        repair_routing.keep_outer_networks_back,
    ),
    Repair(
        ("D8",),
        "remove the clear fallback",
        "While no tunnel is up, traffic crosses the circuit in clear; right for a plan in mode open.",
        repair_routing.fail_closed,
    ),
)
"""Choices rather than mistakes: the plan's own routes cure D7, and its mode may ask for D8."""
