"""A plan together with the network that is up for it."""

from dataclasses import dataclass
from pathlib import Path

from sealane.app.controller import Controller, Drivers, Progress
from sealane.app.load import DeviceText, Loaded, load
from sealane.app.rejected import Rejected
from sealane.app.stages import STAGES
from sealane.app.status import Observer
from sealane.diag import Fault, has_errors
from sealane.lower import Lowered, on_this_host
from sealane.model import Mode, Network, Node, Platform
from sealane.net import Address, parse_address
from sealane.plan import Plan


@dataclass(frozen=True, slots=True)
class Live:
    """What a command needs to work on a live network.

    ``network`` is the plan's, ``staged`` what is configured at the stage it is up at.
    """

    loaded: Loaded
    controller: Controller
    network: Network
    staged: Network
    lowered: Lowered
    drivers: Drivers
    stage: str
    mode: Mode | None

    @property
    def observer(self) -> Observer:
        """Reads its state."""
        return Observer(self.staged, self.lowered, self.drivers, self.loaded.network)

    def host(self, name: str) -> Node:
        """A host of the plan by its name there, in any case.

        Raises:
            Fault: There is none.
        """
        hosts = self.network.of_platform(Platform.HOST)
        for node in hosts:
            if name.lower() in {node.name.lower(), node.label.lower()}:
                return node
        known = ", ".join(sorted(node.label or node.name for node in hosts))
        raise Fault(f"find host {name}", "the plan has no host of that name", f"use one of: {known}")

    def address(self, name: str) -> Address:
        """The address of a host of the plan, or an address as it stands.

        Raises:
            Fault: Neither.
        """
        literal = parse_address(name)
        return literal if literal is not None else host_address(self.host(name))


def host_address(node: Node) -> Address:
    """A host's first address.

    Raises:
        Fault: It has none.
    """
    for interface in node.interfaces:
        for address in interface.addresses:
            return address.ip
    raise Fault(f"find an address of {node.name}", "it has none", "give the host an address in the plan")


def load_or_reject(path: Path, devices: dict[str, DeviceText] | None = None) -> Loaded:
    """Read a plan for a live run.

    Raises:
        Rejected: It has errors; nothing was touched.
    """
    loaded = load(path, live=True, devices=devices)
    if loaded.network is None or has_errors(loaded.findings):
        raise Rejected(loaded.findings)
    return loaded


def worth_reviewing(loaded: Loaded, controller: Controller, mode: Mode | None) -> bool:
    """False when nothing is up and nothing is required to be encrypted: then nothing can be made worse."""
    if controller.recorded() is not None or loaded.network is None:
        return True
    modes = [mode or one.mode for one in loaded.network.protections]
    return Mode.REQUIRED in modes


def bring_up(
    loaded: Loaded,
    controller: Controller,
    *,
    stage: str = "encrypted",
    mode: Mode | None = None,
    progress: Progress | None = None,
) -> tuple[Live, Plan]:
    """Make the host as the plan says up to a stage, and what was changed for it.

    Args:
        loaded: The plan, read for a live run.
        controller: Of its network; whoever has looked at what is up holds the network's lock since then.
        stage: Id from STAGES.
        mode: Replaces the mode of every protection; None keeps the plan's.
        progress: Told what is being done.

    Raises:
        Rejected: The input cannot be carried; nothing was changed.
        Fault: The host refused.
    """
    if loaded.network is None:
        raise Rejected(loaded.findings)
    plan, lowered, drivers = controller.apply(
        loaded.network,
        plan_path=loaded.path.resolve(),
        stage=stage,
        mode=mode,
        progress=progress,
        made_keys=loaded.made_keys,
        sources=loaded.sources,
    )
    staged = on_this_host(STAGES[stage](loaded.network))
    return Live(loaded, controller, on_this_host(loaded.network), staged, lowered, drivers, stage, mode), plan


def attach(loaded: Loaded) -> Live:
    """The live network of a plan as it was last brought up.

    Raises:
        Fault: It is not up, or what is kept of it is damaged.
        Rejected: The plan has errors.
    """
    if loaded.network is None:
        raise Rejected(loaded.findings)
    controller = Controller(loaded.name)
    recorded = controller.recorded()
    if recorded is None:
        raise Fault(f"work on network {loaded.name}", "it is not up", f"sealane up {loaded.path}")
    stage, mode = recorded
    staged = on_this_host(STAGES[stage](loaded.network))
    lowered, drivers = controller.lowered(staged, mode)
    return Live(loaded, controller, on_this_host(loaded.network), staged, lowered, drivers, stage, mode)
