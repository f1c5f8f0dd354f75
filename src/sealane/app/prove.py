"""Proving a plan without running it, and a device with known mistakes layer by layer, since they hide one another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealane.app.check import device_texts, unknown_sites
from sealane.app.load import DeviceText, Loaded, load
from sealane.app.rejected import Rejected
from sealane.app.repair_facts import repair_facts
from sealane.app.stages import STAGES
from sealane.diag import Finding, Severity, has_errors
from sealane.model import Network, Platform
from sealane.vendors.cisco_asa import REPAIRS
from sealane.verify import check_device
from sealane.verify.explain_line import Line, Tone
from sealane.verify.proof import Proof
from sealane.verify.prove import prove
from sealane.verify.prove_text import effect_lines, proof_lines
from sealane.verify.violation import Verdict


@dataclass(frozen=True, slots=True)
class Layer:
    """One mistake at a time.

    Args:
        shows: Codes of the mistakes that this layer still has and that are mended next, as ``("D1",)``.
        mended: Those mended before.
        title: What mends it.
        symptom: What a rehearsal shows at this layer.
        network: The network of this layer.
        proof: What is proved of it: with nothing failed, and in the last layer under failures too.
    """

    shows: tuple[str, ...]
    mended: tuple[str, ...]
    title: str
    symptom: str
    network: Network
    proof: Proof

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "shows": list(self.shows),
            "mended": list(self.mended),
            "mended_by": self.title,
            "symptom": self.symptom,
            "proof": self.proof.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof with its network; ``findings`` are those about devices and plan, ``layers`` empty for a sound device."""

    stage: str
    network: Network
    proof: Proof
    findings: tuple[Finding, ...]
    layers: tuple[Layer, ...]

    @property
    def verdict(self) -> Verdict:
        """That of the network as it is given."""
        return self.proof.verdict

    def lines(self, *, explain: bool) -> Iterator[Line]:
        """For people; ``explain`` follows each counterexample hop by hop."""
        yield Line(f"{self.network.name}, stage {self.stage}: {self.verdict.value}")
        yield from proof_lines(self.proof, self.network, explain=explain)
        yield from layer_lines(self.layers)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {"stage": self.stage, **self.proof.to_json(), "layers": [one.to_json() for one in self.layers]}


def prove_plan(
    path: Path, *, stage: str, failures: int, properties: Sequence[str] = (), devices: Sequence[str] = ()
) -> Proved:
    """Prove a plan at a stage; ``devices`` are ``SITE=FILE``.

    Raises:
        Rejected: The input is so wrong that there is no network to speak of.
    """
    texts, problems = device_texts(devices)
    loaded = load(path, devices=texts)
    problems = (*problems, *unknown_sites(texts, loaded))
    network = loaded.network if loaded.network is not None else loaded.draft if texts else None
    if network is None or has_errors(problems) or (loaded.network is not None and has_errors(loaded.findings)):
        raise Rejected((*problems, *loaded.findings))
    found = _known(loaded, network, stage)
    proof = prove(STAGES[stage](network), failures, properties, _causes(found))
    layers = tuple(_layers(path, loaded, texts, stage=stage, failures=failures, properties=properties))
    return Proved(stage, STAGES[stage](network), proof, (*loaded.findings, *found), layers)


def _known(loaded: Loaded, network: Network, stage: str) -> tuple[Finding, ...]:
    """What is wrong with the devices; before the last stage they are not what their configuration says."""
    if stage != "encrypted":
        return ()
    return tuple(one for reading in loaded.readings.values() for one in check_device(reading, network))


def _causes(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(one for one in findings if one.severity is not Severity.INFO or one.code == "DEV-D13")


def _layers(
    path: Path,
    loaded: Loaded,
    texts: Mapping[str, DeviceText],
    *,
    stage: str,
    failures: int,
    properties: Sequence[str],
) -> Iterator[Layer]:
    """Mend the one device of an ASA plan mistake by mistake; nothing where it has none that a repair is known for."""
    site = next(iter(loaded.readings), None)
    network = loaded.draft
    if stage != "encrypted" or site is None or network is None or not network.protections or site not in texts:
        return
    if loaded.readings[site].node.platform is not Platform.ASA:
        return
    text = texts[site]
    mended: list[str] = []
    for repair in REPAIRS:
        current = load(path, devices={**texts, site: text})
        codes = _mistakes(current)
        wanted = [one for one in repair.defects if one in codes]
        changed = repair.apply(text.text, repair_facts(network)) if wanted else text.text
        if changed == text.text or current.draft is None:
            continue
        here = STAGES[stage](current.draft)
        proof = prove(here, 0, properties, _causes(_known(current, current.draft, stage)))
        yield Layer(tuple(wanted), tuple(mended), repair.title, repair.symptom, here, proof)
        mended += wanted
        text = DeviceText(changed, text.file)
    if mended:
        final = load(path, devices={**texts, site: text})
        if final.draft is not None:
            here = STAGES[stage](final.draft)
            proof = prove(here, failures, properties, _causes(_known(final, final.draft, stage)))
            yield Layer((), tuple(mended), "", "", here, proof)


def _mistakes(loaded: Loaded) -> frozenset[str]:
    """Codes of the mistakes that a device still has, without their prefix."""
    assert loaded.draft is not None  # noqa: S101
    found = [*loaded.findings]
    for reading in loaded.readings.values():
        found += check_device(reading, loaded.draft)
    return frozenset(
        one.code.partition("-")[2] for one in found if one.severity is not Severity.INFO and "-D" in one.code
    )


def layer_lines(layers: Sequence[Layer]) -> Iterator[Line]:
    """Layers for people: what each shows that the one before hid."""
    if layers:
        yield Line("")
        yield Line("mended one mistake after the other, since they hide one another:", Tone.HEAD)
    for number, layer in enumerate(layers, 1):
        yield Line("")
        mended = f"{', '.join(layer.mended)} mended" if layer.mended else "as given"
        shows = f"next {', '.join(layer.shows)}. {layer.symptom}" if layer.shows else "no known mistake is left"
        yield Line(f"layer {number}, {mended}; {shows}", Tone.HEAD)
        lines = list(effect_lines(layer.proof))
        yield from lines or [Line("  all is proved", Tone.GOOD)]
        if layer.title:
            yield Line(f"  mended next: {layer.title}")
