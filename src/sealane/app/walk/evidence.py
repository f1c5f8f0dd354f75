"""The evidence folder: figures, captures, the configurations that ran, without keys, and versions."""

import json
from collections.abc import Mapping
from pathlib import Path

from sealane import __version__
from sealane.app.live import Live
from sealane.app.walk.result import WalkResult
from sealane.host import run_unchecked
from sealane.model import Platform
from sealane.plan import ConnectionSpec, FilterSpec, Kind
from sealane.vendors import bird, frr, strongswan

_MAIN_TABLE = 254
_VERSIONS = {
    "kernel": ["uname", "-r"],
    "strongswan": ["dpkg-query", "-W", "-f", "${Version}", "charon-systemd"],
    "bird": ["dpkg-query", "-W", "-f", "${Version}", "bird2"],
    "frr": ["dpkg-query", "-W", "-f", "${Version}", "frr"],
    "nftables": ["dpkg-query", "-W", "-f", "${Version}", "nftables"],
}


def versions() -> dict[str, str]:
    """Versions of everything that moved the packets."""
    found = {name: run_unchecked(command).stdout.strip() for name, command in _VERSIONS.items()}
    return {"sealane": __version__, **found}


def write_evidence(folder: Path, result: WalkResult) -> Path:
    """Write ``evidence.json``; its path."""
    path = folder / "evidence.json"
    path.write_text(json.dumps(result.to_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def write_configurations(folder: Path, live: Live) -> None:
    """Write every configuration of the network as it runs, with keys and passwords left out."""
    target = folder / "configurations"
    target.mkdir(parents=True, exist_ok=True)
    for name, text in configurations(live).items():
        (target / name).write_text(text, encoding="utf-8")


def configurations(live: Live) -> Mapping[str, str]:
    """File name to text, without keys."""
    found: dict[str, str] = {}
    for node in live.staged.nodes:
        place = live.lowered.places[node.name]
        match node.platform:
            case Platform.TRANSIT_ROUTER:
                found[f"{node.name}.bird.conf"] = bird.render_transit_router(
                    live.staged, node, place.names, place.tables, redacted=True
                )
            case Platform.VBR:
                found[f"{node.name}.bird.conf"] = bird.render_vbr(
                    live.staged, node, place.names, _MAIN_TABLE, redacted=True
                )
            case Platform.VPC if node.publisher is not None:
                found[f"{node.name}.bird.conf"] = bird.render_vpc(node, place.names, _MAIN_TABLE)
            case Platform.ASA | Platform.GATEWAY:
                found[f"{node.name}.frr.conf"] = frr.render_device(node, place.names, redacted=True)
    connections: dict[str, dict[str, strongswan.Settings]] = {}
    for resource in live.lowered.resources:
        if isinstance(resource.payload, FilterSpec):
            space = resource.key.namespace.rpartition(".")[2]
            found[f"{space}.{resource.key.name.split()[-1]}.nft"] = resource.payload.text
        if resource.key.kind is Kind.CONNECTION and isinstance(resource.payload, ConnectionSpec):
            space = resource.key.namespace.rpartition(".")[2]
            connections.setdefault(space, {})[resource.key.name] = json.loads(resource.payload.settings)
    for space, settings in connections.items():
        found[f"{space}.swanctl.conf"] = strongswan.render_swanctl({"connections": settings})
    return found
