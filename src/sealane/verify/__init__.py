"""Judgements on a Network: what is wrong, what leaks, and what shows it."""

from sealane.verify.device import check_device

__all__ = ["check_device"]
