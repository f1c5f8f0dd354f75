"""What a survey of a whole network and a proof site by site say, side by side; and drawn networks to ask both about."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import spokes
from sealane.kinds import expand, read_plan
from sealane.model import Mode, Network, Protection
from sealane.twin.element import Failures
from sealane.verify.proof import Proof
from sealane.verify.prove_survey import prove_survey
from sealane.verify.spokes.part import Parts
from sealane.verify.spokes.prove import prove_by_spokes
from sealane.verify.survey import Survey

Said = dict[str, tuple[str, dict[str, frozenset[frozenset[str]]]]]
"""By property the verdict, and by code of what was found the smallest sets of failures."""


Edit = Callable[[str, int], str]


def _with(old: str, new: str) -> Edit:
    def edit(text: str, sites: int) -> str:
        del sites
        return re.sub(old, new, text)

    return edit


def _of_all(old: str, new: str) -> Edit:
    """What stands for several sites is written once for each."""
    return lambda text, sites: re.sub(old, new.format(", ".join(f"10.{n}.0.0/16" for n in range(1, sites + 1))), text)


def _route_entries(text: str, sites: int) -> str:
    entries = "".join(
        f"      - {{destination_cidr_block: 10.{n}.0.0/16, next_hop: VPC-Attachment}}\n" for n in range(1, sites + 1)
    )
    return text.replace("      - {destination_cidr_block: 10.0.0.0/8, next_hop: VPC-Attachment}\n", entries)


def _one_protection(text: str, sites: int) -> str:
    prefixes = ", ".join(f"10.{n}.20.0/24" for n in range(1, sites + 1))
    found = f"protections:\n  - {{name: sites-vpc, cloud: [172.16.0.0/16], site: [{prefixes}], mode: open}}\n"
    return re.sub(r"(?s)protections:\n.*", found, text)


EDITS: tuple[Edit, ...] = (
    _with(r"(?s)route_maps:.*?cidr_match_mode: Include\n", "route_maps: []\n"),
    _with(r" +- \{destination_cidr_block: 10\.\d+\.40\.159/32, next_hop: VBR-Attachment\d+\}\n", ""),
    _with(r"(?s)  route_entries:\n    - \{destination_cidr_block: 10[\d.]+/32, next_hop: VBR-.*?(?=route_maps)", ""),
    _with(r", 10\.\d+\.40\.0/24\]", "]"),
    _with(r"advertise: \[10\.\d+\.20\.0/24, ", "advertise: ["),
    _with(r"(\d+)\.0\.0/16, next_hop: Circuit", r"\1.20.0/24, next_hop: Circuit"),
    _with(r"publish_cidr_route: true", "publish_cidr_route: false"),
    _with(r"mode: open", "mode: required"),
    _with(r"mode: open", "mode: monitor"),
    _with(r"asn: 646\d\d", "asn: 64600"),
    _with(r"asn: 6460[12]", "asn: 64600"),
    _of_all(r"destination_cidr_blocks: \[10\.0\.0\.0/8\]", "destination_cidr_blocks: [{}]"),
    _route_entries,
    _one_protection,
    _with(r"destination_cidr_blocks: \[10\.0\.0\.0/8\]", "destination_cidr_blocks: [10.1.0.0/16]"),
    _with(r"( +- \{destination_cidr_block: )10\.(\d+)\.0\.0/16(, next_hop: Circuit.*\n)",
          r"\g<1>10.\2.10.136/32\3\g<1>10.\2.40.159/32\3"),
    _with(r"      - \{destination_cidr_block: 10\.0\.0\.0/8, next_hop: VPC-Attachment\}", "      []"),
    _with(r"(?s)(VPN-Attachment1\n.*?)propagations: \[system\]", r"\1propagations: []"),
)
"""What is changed at sites alike: missing policies, routes for tunnels' own packets, announcements, and so on."""


@cache
def edited(sites: int, *edits: int) -> Network:
    """A plain network with some of EDITS made in its plan."""
    text = spokes.plan_text(sites)
    for one in edits:
        text = EDITS[one](text, sites)
    plan, findings = read_plan(text, "spokes.yaml")
    assert plan is not None, findings
    network, findings = expand(plan, {})
    assert network is not None, findings
    return network


def drawn(seed: int, sites: int) -> Network:
    """A network of some sites: all changed alike, then some each by itself, with modes of their own."""
    draw = random.Random(seed)
    network = edited(sites, *(draw.randrange(len(EDITS)) for _ in range(draw.choice((0, 1, 2)))))
    if draw.choice((True, True, False)):
        network = spokes.vary(network, draw.choice)
    if draw.choice((True, False)):
        modes = [draw.choice(tuple(Mode)) for _ in network.protections]
        network = replace(network, protections=tuple(map(_with_mode, network.protections, modes)))
    return network


def _with_mode(one: Protection, mode: Mode) -> Protection:
    return replace(one, mode=mode)


def said(proof: Proof) -> Said:
    """What counts of a proof."""
    found: Said = {}
    for judgement in proof.judgements:
        sets: dict[str, set[frozenset[str]]] = {}
        for one in judgement.violations:
            code = one.finding.code
            # A state of the whole network has one word for its tunnels, those of parts have a word each.
            code = "PRF-04x" if code.startswith("PRF-04") else code
            sets.setdefault(code, set()).update(map(frozenset, one.failures))
        found[judgement.name] = (judgement.verdict.value, {
            code: frozenset(one for one in several if not any(other < one for other in several))
            for code, several in sets.items()
        })
    return found


def differing(network: Network, failures: int = 1) -> dict[str, object]:
    """What both say differently, by property; by ``flows`` whether they speak of equally many.

    Raises:
        Undivided: The network cannot be proved site by site.
    """
    apart = prove_by_spokes(network, failures)
    whole = prove_survey(Survey(network, failures))
    here, there = said(apart), said(whole)
    found: dict[str, object] = {name: (here[name], there[name]) for name in there if here[name] != there[name]}
    numbers = [(one.flows, one.classes, one.elements, one.scenarios) for one in (apart, whole)]
    return found | ({"flows": numbers} if numbers[0] != numbers[1] else {})


def outcomes_differ(network: Network, failures: int = 1) -> Iterator[str]:
    """Every flow of which a part says something else than the whole, or that no part has, in words.

    Raises:
        Undivided: The network cannot be divided.
    """
    parts = Parts(network)
    whole = Survey(network, failures)
    known = {(flow.entry, one.prefix, flow.destination.prefix): flow for flow in whole.flows for one in flow.sources}
    surveys = [parts.survey(part, failures) for kind in parts.kinds for part in kind.parts]
    surveys += [parts.survey_between(parts.pair(*kinds), failures) for kinds in parts.pairs()]
    seen = {(flow.entry, one.prefix, flow.destination.prefix) for survey in surveys for flow in survey.flows
            for one in flow.sources}
    if parts.frame.belong.count == 2:  # of more, not all pairs are looked at
        yield from (f"{known[one]} is in no part" for one in known.keys() - seen)
    for survey in surveys:
        for flow in survey.flows:
            same = known[flow.entry, flow.sources[0].prefix, flow.destination.prefix]
            for failed in survey.failure_sets():
                here, there = (one.outcome(what, one.scenario(failed)) for one, what in ((survey, flow), (whole, same)))
                if here.ends != there.ends:
                    yield f"{flow} while {_words(failed)}: {here} in its part, {there} in the whole"


def _words(failed: Failures) -> str:
    return ", ".join(map(str, failed)) or "nothing"
