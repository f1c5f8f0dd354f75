"""Sites as pieces of a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sealane.cloud.document import Document
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.piece import Piece, Value


@dataclass(frozen=True, slots=True)
class SitePiece:
    """A site.

    Args:
        piece: As a plan says it.
        circuits: What the plan calls the circuits that its device is plugged into.
        configs: Text of its device's configuration by the name that the plan gives its file.
    """

    piece: Piece
    circuits: frozenset[str]
    configs: Mapping[str, str] = field(repr=False)


def site_piece(site: Document, names: Names) -> SitePiece | None:
    """The site; None when it has a device that is plugged into no circuit, and so belongs to no network."""
    written = site.fields.get("site")
    if not isinstance(written, Mapping):
        return None
    entries: dict[str, Value | None] = dict(written)  # type: ignore[arg-type]
    device = entries.get("device")
    used: frozenset[str] = frozenset()
    configs: dict[str, str] = {}
    if isinstance(device, Mapping):
        ports = device.get("ports")
        named = ports.values() if isinstance(ports, Mapping) else ()
        used = frozenset(names.of(str(one["circuit"])) for one in named if isinstance(one, Mapping) and
                         one.get("circuit"))
        if not used:
            return None
        fixed = {key: _port(one, names) for key, one in ports.items()} if isinstance(ports, Mapping) else {}
        entries["device"] = Piece(site.id, {**device, "ports": Piece(site.id, fixed), **_gateways_of(device, names)})
        if device.get("config"):
            configs[str(device["config"])] = site.secrets.get("config", "")
    return SitePiece(Piece(site.id, {"name": site.text("Name"), **entries}), used, configs)


def _gateways_of(device: Mapping[str, Value], names: Names) -> dict[str, Value]:
    named = device.get("customer_gateways")
    if not isinstance(named, Sequence) or isinstance(named, str):
        return {}
    return {"customer_gateways": [names.of(str(one)) for one in named]}


def _port(port: Value, names: Names) -> Value:
    if isinstance(port, Mapping) and port.get("circuit"):
        return {**port, "circuit": names.of(str(port["circuit"]))}
    return port
