"""A slow, plain second opinion on what the engine states: one network, one set of failures, one packet at a time.

Nothing of ``twin`` is used but the names of elements. Where the two disagree one of them is wrong, and what is claimed
must not be printed as proved.
"""

from sealane.verify.checker.claim import (
    Claim,
    check_claim,
    cold_start,
    next_state,
    outcome,
    possible_states,
    route_tables,
    state_walk,
)
from sealane.verify.checker.packet import Packet
from sealane.verify.checker.proof import check_encrypted, failing_elements
from sealane.verify.checker.state import NotCoveredError

__all__ = [
    "Claim",
    "NotCoveredError",
    "Packet",
    "check_claim",
    "check_encrypted",
    "cold_start",
    "failing_elements",
    "next_state",
    "outcome",
    "possible_states",
    "route_tables",
    "state_walk",
]
