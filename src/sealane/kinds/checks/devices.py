"""Rules between the plan and the devices' own configurations."""

from collections.abc import Mapping

from sealane.kinds.plan import Plan
from sealane.model import DeviceReading
from sealane.spec import Notes


def check_devices(plan: Plan, devices: Mapping[str, DeviceReading], notes: Notes) -> None:
    """Every device that is not generated was read."""
    for site in plan.sites:
        device = site.device
        if device is not None and not device.is_gateway and site.name not in devices:
            notes.error("SITE-020", f"device {device.name}", "its configuration was not read",
                        f"give the text of {device.config}", device.at.of("config"))
