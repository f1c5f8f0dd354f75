"""What a proof says."""

from collections.abc import Iterable
from dataclasses import dataclass

from sealane.verify.violation import Counterexample, Judgement, Verdict, Violation


@dataclass(frozen=True, slots=True)
class Proof:
    """All verdicts.

    Args:
        network: Its name.
        failures: The largest number of elements that failed at once.
        elements: How many elements can fail.
        scenarios: How many sets of failed elements were looked at, the empty one included.
        classes: How many classes of addresses there are.
        flows: How many flows: places of entry and classes of sources and destinations.
        walks: How many packets had to be walked for it.
        judgements: One for each property asked for.
        not_covered: What the model leaves out of all of them.
        scope: What else limits them: which twin was asked, about which packets and failures; empty for a survey.
    """

    network: str
    failures: int
    elements: int
    scenarios: int
    classes: int
    flows: int
    walks: int
    judgements: tuple[Judgement, ...]
    not_covered: tuple[str, ...]
    scope: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all: violated before not covered before proved."""
        found = {one.verdict for one in self.judgements}
        if Verdict.VIOLATED in found:
            return Verdict.VIOLATED
        return Verdict.NOT_COVERED if self.not_covered or Verdict.NOT_COVERED in found else Verdict.PROVED

    def judgement(self, name: str) -> Judgement:
        """The verdict on one property.

        Raises:
            KeyError: It was not asked for.
        """
        for one in self.judgements:
            if one.name == name:
                return one
        raise KeyError(name)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "network": self.network,
            "failures": self.failures,
            "elements": self.elements,
            "scenarios": self.scenarios,
            "classes": self.classes,
            "flows": self.flows,
            "walks": self.walks,
            "verdict": self.verdict.value,
            "properties": [one.to_json() for one in self.judgements],
            "not_covered": list(self.not_covered),
            **({"scope": list(self.scope)} if self.scope else {}),
        }


def examples(proof: Proof) -> Iterable[tuple[Judgement, Violation, Counterexample]]:
    """Every counterexample with its place."""
    for judgement in proof.judgements:
        for one in judgement.violations:
            if one.example is not None:
                yield judgement, one, one.example
