"""What bringing a network up would change of it, and whether that makes clear what must not be. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sealane.app.controller import Controller
from sealane.app.difference import Difference, compare_networks
from sealane.app.load import Loaded, load_again
from sealane.app.rejected import Rejected
from sealane.app.stages import STAGES
from sealane.diag import Finding, Origin, Severity
from sealane.model import Mode, Network
from sealane.verify.required import Breach, Cleared, made_clear

COMPLETE = "encrypted"
"""The stage at which everything that the plan says is configured."""
_MOST_TUNNELS = 4
"""Tunnels up to which single failures are looked at: trying all states of more of them takes longer than an ``up`` may;
``sealane diff`` and ``sealane prove`` take their time."""
_CODES = {Breach.RELEASED: "CLEAR-001", Breach.PAST_TUNNELS: "CLEAR-002", Breach.SENT_BY_DEVICE: "CLEAR-003"}
_PROBLEMS = {
    Breach.RELEASED: (
        "mode required does not hold for {what} any more, and {example} crosses {circuits} in clear {when}"
    ),
    Breach.PAST_TUNNELS: (
        "routes lead {what} past the tunnels: {when} {example} would cross {circuits} in clear, "
        "and nothing but a meter can drop it"
    ),
    Breach.SENT_BY_DEVICE: (
        "the device sends {what} in clear: {when} {example} crosses {circuits}, whose far port is not on this host, "
        "so that no meter can drop it before"
    ),
}
_UNKEPT = "mode required does not hold for {what} any more: {example} is encrypted, but nothing keeps it so"
_REMEDIES = {
    Breach.RELEASED: "keep mode required for these addresses",
    Breach.PAST_TUNNELS: "let the longest prefixes at both ends lead into the tunnels; sealane trace shows the way",
    Breach.SENT_BY_DEVICE: "take the device's fallback route away, or block the pair on its circuit port",
}
_ALLOWED = "; or allow it with --allow-clear"


@dataclass(frozen=True, slots=True)
class Review:
    """What would change.

    Args:
        difference: To the network that is up; None when there is none, or when it was brought up from the same texts,
            to the same stage, in the same mode.
        findings: What would be made clear; empty when nothing is.
    """

    difference: Difference | None
    findings: tuple[Finding, ...]


def review(loaded: Loaded, controller: Controller, stage: str, mode: Mode | None) -> Review:
    """Compare what is up with what a plan would make of it.

    Args:
        loaded: The plan, read for a live run.
        controller: Of the network.
        stage: To which it would be brought up.
        mode: That would replace the mode of every protection; None keeps the plan's.

    Raises:
        Rejected: The plan has errors.
        Fault: What is kept of the network is damaged.
    """
    if loaded.network is None:
        raise Rejected(loaded.findings)
    recorded = controller.recorded()
    new = _as_run(loaded.network, stage, mode)
    if recorded is None:
        return Review(None, _findings(None, new, stage))
    kept = controller.directory.sources()
    unedited = kept is None or (loaded.sources is not None and kept.same_texts(loaded.sources))
    if unedited and recorded == (stage, mode):
        return Review(None, ())
    before = loaded if unedited or kept is None else load_again(kept)
    old = _as_run(before.network or before.draft or loaded.network, *recorded)
    difference = compare_networks(old, new, _failures(old, new), controller.esp(), everything=False)
    return Review(difference, _findings(old, new, stage))


def _failures(*networks: Network) -> int:
    return 1 if max(len(one.tunnels()) for one in networks) <= _MOST_TUNNELS else 0


def _as_run(network: Network, stage: str, mode: Mode | None) -> Network:
    """The network at a stage, with the mode that replaces the plan's."""
    staged = STAGES[stage](network)
    if mode is None:
        return staged
    return replace(staged, protections=tuple(replace(one, mode=mode) for one in staged.protections))


def _findings(old: Network | None, new: Network, stage: str) -> tuple[Finding, ...]:
    failures = _failures(new if old is None else old, new)
    found = made_clear(old, new, complete=stage == COMPLETE, failures=failures)
    return tuple(message(one, new if old is None else old, new) for one in found)


def message(one: Cleared, old: Network, new: Network) -> Finding:
    """What to tell of packets that a change makes clear."""
    failed = " and ".join(one.failures)
    what = "its packets" if one.pairs == 1 else f"packets of {one.pairs} pairs of ranges"
    problem = (_PROBLEMS[one.breach] if one.circuits else _UNKEPT).format(
        what=what,
        example=one.example,
        circuits=" and ".join(one.circuits),
        when=f"when {failed} has failed" if failed else "while nothing has failed",
    )
    return Finding(
        _CODES[one.breach],
        Severity.ERROR,
        f"protection {', '.join(one.protections)}",
        problem,
        _REMEDIES[one.breach] + _ALLOWED,
        tuple(_places(one, old, new)),
    )


def _places(one: Cleared, old: Network, new: Network) -> Iterator[Origin]:
    """Where the protection is written now; where it was, when it is gone."""
    for name in one.protections:
        found = [each.origin for net in (new, old) for each in net.protections if each.name == name]
        yield from (place for place in found[:1] if place is not None)
