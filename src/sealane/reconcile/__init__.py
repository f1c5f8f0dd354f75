"""The loop that makes the host as desired, and what it asks of drivers."""

from sealane.reconcile.loop import execute, make_plan, observe
from sealane.reconcile.ports import Driver

__all__ = ["Driver", "execute", "make_plan", "observe"]
