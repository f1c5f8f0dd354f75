"""Proving a running network: the comparison with the twin, and the properties on the tables, sessions and SAs read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealane.app.compare import Comparison, compare_live, intended
from sealane.app.host_check import check_root
from sealane.app.live import attach, load_or_reject
from sealane.model import Network
from sealane.twin.converge import Twin
from sealane.verify.explain_line import Line
from sealane.verify.proof import Proof
from sealane.verify.prove_survey import prove_survey
from sealane.verify.prove_text import proof_lines
from sealane.verify.seen_tables import RunningTwin, seen_prefixes
from sealane.verify.survey import Survey
from sealane.verify.violation import Verdict


@dataclass(frozen=True, slots=True)
class LiveProof:
    """What is proved of a running network.

    Args:
        network: What it should be, at the stage and in the mode that it was brought up with.
        stage: That stage.
        comparison: Where it is not as the twin computes it.
        proof: The properties, with the packets forwarded by the tables that were read.
        failed: What was seen to have failed, as text.
        tunnels: Tunnels whose SAs stand.
    """

    network: Network
    stage: str
    comparison: Comparison
    proof: Proof
    failed: tuple[str, ...]
    tunnels: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """Violated also when the network is not as the twin computes it."""
        return self.proof.verdict if self.comparison.agrees else Verdict.VIOLATED

    def lines(self, *, explain: bool) -> Iterator[Line]:
        """For people; ``explain`` follows each counterexample hop by hop."""
        yield Line(f"{self.network.name} as it runs, stage {self.stage}: {self.verdict.value}")
        yield Line(f"tunnels up: {', '.join(self.tunnels) or 'none'}; failed: {', '.join(self.failed) or 'nothing'}")
        if not self.comparison.findings:
            yield Line("every kernel route, BGP session and SA is as computed")
        yield from (Line(str(one)) for one in self.comparison.findings)
        yield from proof_lines(self.proof, self.network, explain=explain)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "stage": self.stage,
            "live": True,
            **self.proof.to_json(),
            "verdict": self.verdict.value,
            "agrees": self.comparison.agrees,
            "failed": list(self.failed),
            "tunnels": list(self.tunnels),
            "differences": [one.to_json() for one in self.comparison.findings],
        }


def prove_live(path: Path, properties: Sequence[str] = ()) -> LiveProof:
    """Read the network of a plan and prove it as it runs now.

    Raises:
        Rejected: The plan has errors.
        Fault: It is not up, or this needs root.
    """
    check_root()
    live = attach(load_or_reject(path))
    network = intended(live)
    comparison = compare_live(live, Twin(network))
    running = RunningTwin(network, comparison.seen)
    survey = Survey(network, 0, seen_prefixes(comparison.seen), running)
    failed = tuple(sorted(map(str, running.meaning.all_failed(running))))
    return LiveProof(
        network, live.stage, comparison, prove_survey(survey, properties), failed, tuple(sorted(running.tunnels))
    )
