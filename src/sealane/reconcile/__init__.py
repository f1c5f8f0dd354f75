"""The loop that makes the host as desired, and what it asks of drivers and of a store."""

from sealane.reconcile.loop import execute, make_plan, observe, plan_since
from sealane.reconcile.ports import Driver, Interrupted
from sealane.reconcile.store_port import Append, Change, Entry, Put, Remove, Store
from sealane.reconcile.turns import Turns

__all__ = ["Append", "Change", "Driver", "Entry", "Interrupted", "Put", "Remove", "Store", "Turns", "execute",
           "make_plan", "observe", "plan_since"]
