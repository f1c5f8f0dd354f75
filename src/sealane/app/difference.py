"""Two plans, or the running network and its plan, side by side. Nothing is run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sealane.app.controller import unwritable
from sealane.app.explain import network_at
from sealane.app.host_check import choose_esp
from sealane.app.rejected import Rejected
from sealane.app.runstate import RUN_ROOT
from sealane.app.tunnel_keys import tunnel_keys
from sealane.lower import EspBackend, LowerOptions, lower, on_this_host
from sealane.model import Network, without_secrets
from sealane.plan import Resource, ResourceDifference, compare
from sealane.twin.converge import Twin
from sealane.verify.diff_flows import FlowDifference, diff_flows
from sealane.verify.diff_protections import ProtectionChange, diff_protections
from sealane.verify.diff_routes import RouteDifference, diff_routes
from sealane.verify.diff_text import flow_lines, protection_lines, resource_lines, route_lines
from sealane.verify.explain_line import Line, Tone


@dataclass(frozen=True, slots=True)
class Difference:
    """What one network changes of another.

    Args:
        names: Both names. Resources are compared as if the old network had the new one's.
        resources: On this host.
        protections: What must be encrypted.
        routes: Tables, tunnels and sessions while nothing has failed.
        flows: What becomes of packets, failures included.
    """

    names: tuple[str, str]
    resources: ResourceDifference
    protections: tuple[ProtectionChange, ...]
    routes: RouteDifference
    flows: FlowDifference

    def __bool__(self) -> bool:
        renamed = self.names[0] != self.names[1]
        return bool(renamed or self.resources or self.protections or self.routes or self.flows)

    @property
    def worse(self) -> bool:
        """True when something protected becomes clear or is lost."""
        return self.flows.worse

    @property
    def covered(self) -> bool:
        """False when BGP does not come to rest in some state, so that what is said of it may not hold."""
        return self.routes.settled and self.flows.settled

    def lines(self) -> Iterator[Line]:
        """For people."""
        if self.names[0] != self.names[1]:
            yield Line(f"another name, so another network beside the old one: {self.names[0]} -> {self.names[1]}")
        yield from resource_lines(self.resources)
        yield from protection_lines(self.protections)
        yield from route_lines(self.routes)
        yield from flow_lines(self.flows)
        if not self.covered:
            yield Line("not covered by the model: BGP does not come to rest in some state", Tone.BAD)
        if not self.flows.proved:
            yield Line("too many tunnels depend on one another to try every state of them: some may be missing")
        yield self._verdict()

    def _verdict(self) -> Line:
        if not self:
            return Line("no difference")
        if self.worse:
            return Line("worse: something protected becomes clear or is lost", Tone.BAD)
        return Line("nothing protected becomes clear or is lost", Tone.GOOD)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "networks": list(self.names),
            "different": bool(self),
            "worse": self.worse,
            "covered": self.covered,
            "resources": self.resources.to_json(),
            "protections": [one.to_json() for one in self.protections],
            "routes": self.routes.to_json(),
            "encryption": self.flows.to_json(),
        }


def compare_plans(old: Path, new: Path, failures: int, esp: str) -> Difference:
    """What the second plan changes of the first.

    Raises:
        Rejected: One of them has errors.
    """
    networks = tuple(network_at(path, "encrypted") for path in (old, new))
    return compare_networks(networks[0], networks[1], failures, choose_esp(esp))


def compare_networks(
    old: Network, new: Network, failures: int, esp: EspBackend, *, everything: bool = True
) -> Difference:
    """What the second network changes of the first; no secret gets into the answer.

    Args:
        old: The network before.
        new: The network afterwards.
        failures: How many elements may fail at once.
        esp: Who does ESP on this host.
        everything: False compares packets of no protection in the state without failures only.

    Raises:
        Rejected: A daemon cannot be told of a value.
    """
    before, after = without_secrets((old, new))
    return Difference(
        (old.name, new.name),
        compare(_resources(replace(before, name=new.name), esp), _resources(after, esp)),
        diff_protections(before, after),
        diff_routes(Twin(before), Twin(after)),
        diff_flows(before, after, failures, everything=everything),
    )


def _resources(network: Network, esp: EspBackend) -> tuple[Resource, ...]:
    digests = {end: key.reveal() for end, key in tunnel_keys(network).items()}  # words in place of keys
    options = LowerOptions(esp, str(RUN_ROOT / network.name), digests)
    try:
        return lower(on_this_host(network), options).resources
    except ValueError as error:
        raise Rejected((unwritable(network, error),)) from None
