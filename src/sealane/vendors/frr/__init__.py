"""FRR 8.4 configuration of customer gateway devices: pure functions from a Node to text."""

from sealane.vendors.frr.device import render_device

__all__ = ["render_device"]
