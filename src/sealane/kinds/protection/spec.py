"""Fields and rules of a protection."""

from dataclasses import dataclass, field

from sealane.model import Mode
from sealane.net import Prefix, overlaps
from sealane.spec import Choice, Field, ListOf, Places, PrefixText, Record, Rule, Spot, description_reader, name_reader


@dataclass(frozen=True, slots=True)
class ProtectionSpec:
    """A protection as written."""

    name: str
    cloud: tuple[Prefix, ...]
    site: tuple[Prefix, ...]
    mode: str
    description: str | None
    at: Places = field(compare=False)


def _check(spec: ProtectionSpec, spot: Spot) -> None:
    for cloud in spec.cloud:
        for site in spec.site:
            if overlaps(cloud, site):
                spot.notes.error("PROT-002", spot.subject, f"{cloud} stands for the cloud and overlaps {site}, which "
                                 "stands for the site", "keep the two sides apart", spec.at.of("site"),
                                 spec.at.of("cloud"))


PROTECTION: Record[ProtectionSpec] = Record("protection", ProtectionSpec, (
    Field("name", name_reader("PROT-001"), "name", required=True),
    Field("cloud", ListOf(PrefixText(), 1, code="PROT-003"), "prefixes in the cloud", required=True),
    Field("site", ListOf(PrefixText(), 1, code="PROT-003"), "prefixes at the site", required=True),
    Field("mode", Choice(tuple(mode.value for mode in Mode), "PROT-004"),
          "without a tunnel: open falls back to clear text, monitor does and alarms, required drops", default="open"),
    Field("description", description_reader("PROT-001"), "what this is for"),
), "Traffic between two prefix sets that must not cross a circuit in clear.", (Rule(_check, ("cloud", "site")),))
