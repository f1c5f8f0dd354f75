"""Chooses how the properties of a network are judged over all packets and all failures of up to some elements."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sealane.diag import Finding
from sealane.model import Network
from sealane.verify.proof import Proof
from sealane.verify.prove_survey import prove_survey
from sealane.verify.survey import Survey

_LARGEST_SURVEYED = 40
"""Tunnels: 20 sites with two each. A survey of all single failures takes half a minute for 14, minutes for more."""
_ALWAYS_SURVEYED = 4
"""Tunnels of a network that is surveyed whole, although its sites could be looked at one by one."""


def prove(
    network: Network, failures: int = 1, properties: Iterable[str] = (), causes: Sequence[Finding] = ()
) -> Proof:
    """Judge properties.

    A network of several sites is proved site by site, where these do not matter to each other. One with more than 40
    tunnels of which that cannot be said is left to the twin at scale, where that models it.

    Args:
        network: The network.
        failures: The largest number of elements that fail at once.
        properties: Names of those to judge, all of which are demanded then; none means all.
        causes: What is known to be wrong with its devices: the remedies of violations are taken from there.
    """
    demanded = tuple(properties)
    count = len(network.tunnels())
    if count <= _ALWAYS_SURVEYED:
        return prove_survey(Survey(network, failures), demanded, causes)
    from sealane.verify.spokes.belong import Undivided  # noqa: PLC0415 - costs start-up time
    from sealane.verify.spokes.prove import prove_by_spokes  # noqa: PLC0415 - costs start-up time

    try:
        return prove_by_spokes(network, failures, demanded, causes)
    except Undivided as reason:
        undivided = f"not proved site by site: {reason}"
    if count <= _LARGEST_SURVEYED:
        return replace(prove_survey(Survey(network, failures), demanded, causes), scope=(undivided,))
    from sealane.twin.columns.facts import NotCovered  # noqa: PLC0415 - numpy costs start-up time
    from sealane.verify.scale import prove_at_scale  # noqa: PLC0415 - numpy costs start-up time

    try:
        found = prove_at_scale(network, failures, demanded, causes)
    except NotCovered as reason:
        found = prove_survey(Survey(network, failures), demanded, causes)
        return replace(found, scope=(undivided, f"not proved with the twin at scale: {reason}"))
    return replace(found, scope=(undivided, *found.scope))
