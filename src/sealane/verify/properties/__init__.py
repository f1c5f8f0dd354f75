"""The properties, one file each: ``NAME`` and ``judge``."""

from collections.abc import Mapping
from typing import Protocol

from sealane.verify.ground import Ground
from sealane.verify.properties import (
    coverage,
    encrypted,
    fail_closed,
    mtu,
    no_blackhole,
    no_loop,
    no_recursion,
    overlap,
    redundancy,
    symmetric,
)
from sealane.verify.violation import Judgement


class Judge(Protocol):
    """Judges one property.

    ``demanded`` is True when the user named the property: what is only reported otherwise is a violation then.
    """

    def __call__(self, ground: Ground, *, demanded: bool) -> Judgement:
        """The verdict."""


PROPERTIES: Mapping[str, Judge] = {
    one.NAME: one.judge
    for one in (
        encrypted, fail_closed, no_recursion, no_loop, no_blackhole, symmetric, overlap, mtu, redundancy, coverage,
    )
}
"""By name, in the order in which they are reported."""
