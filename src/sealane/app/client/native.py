"""Sites, ports and protections: what only ``sealane serve`` has, over ``/v1``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from sealane.app.client.kind import Ids, Kind
from sealane.app.client.session import Answer, Session
from sealane.app.client.thing import Found, Key, Thing, fields
from sealane.kinds import Plan, device_configs

_KINDS = ("ports", "protections", "sites")


def wanted(plan: Plan, path: Path, text: str) -> Iterator[Thing]:
    """Things of a plan, the devices' texts read."""
    for line in plan.physical_connections:
        if line.port.interface is not None:
            yield Thing(("port", _slug(line.name)), fields(
                interface=line.port.interface, mtu=line.mtu, physical_connection=line.name), (("circuit", line.name),))
    for one in plan.protections:
        yield Thing(("protection", one.name), fields(cloud=one.cloud, site=one.site, mode=one.mode))
    configs = device_configs(plan)
    written = {one["name"]: one for one in (yaml.safe_load(text) or {}).get("sites") or ()}
    for site in plan.sites:
        body = {key: inner for key, inner in written[site.name].items() if key != "name"}
        device = dict(body.get("device") or {})
        device.pop("config", None)
        if device:
            body["device"] = device
        config = ""
        if site.name in configs:
            config = (path.parent / configs[site.name][1]).read_text(encoding="utf-8")
        yield Thing(("site", site.name), fields(site=_canonical(body), config=config), tuple(_needs(body)),
                    {"site": body})


def _slug(name: str) -> str:
    """A circuit's name as one that ``/v1`` takes."""
    return "".join(letter if letter.isalnum() or letter in "_.-" else "-" for letter in name)


def _canonical(body: object) -> str:
    return json.dumps(body, sort_keys=True, default=str)


def _needs(body: Mapping[str, Any]) -> Iterator[Key]:
    device = body.get("device") or {}
    for port in (device.get("ports") or {}).values():
        if isinstance(port, Mapping) and port.get("circuit"):
            yield ("circuit", str(port["circuit"]))
    for gateway in device.get("customer_gateways") or ():
        yield ("customer gateway", str(gateway))


def found(session: Session) -> Iterator[Found]:
    """What is there. All of an account's are one plan's: they have no tags."""
    if session.native is None:
        return
    lines = {ids["Id"]: name for (kind, name), ids in session.ids.items() if kind == "circuit"}
    gateways = {ids["Id"]: name for (kind, name), ids in session.ids.items() if kind == "customer gateway"}
    told: dict[str, list[Answer]] = {kind: session.native("GET", f"/{kind}")[kind] for kind in _KINDS}
    for one in told["ports"]:
        line = str(lines.get(one["physical_connection"], one["physical_connection"]))
        key = ("port", _slug(line) if line in lines.values() else one["name"])  # the operator may call it otherwise
        yield Found(Thing(key, fields(
            interface=one["interface"], mtu=one["mtu"], physical_connection=line), (("circuit", line),)),
            {"Id": one["name"]})
    for one in told["protections"]:
        yield Found(Thing(("protection", one["name"]), fields(
            cloud=one["cloud"], site=one["site"], mode=one["mode"])), {})
    texts: dict[str, str] = {}
    for plan in session.native("GET", "/plans")["plans"].values():
        texts |= plan["files"]
    for one in told["sites"]:
        body = _exchanged(one["site"], lines, gateways)
        device = dict(body.get("device") or {})
        config = texts.get(str(device.pop("config", "")), "")
        if device:
            body["device"] = device
        yield Found(Thing(("site", one["name"]), fields(site=_canonical(body), config=config), tuple(_needs(body))), {})


def _exchanged(body: Mapping[str, Any], lines: Mapping[str, str], gateways: Mapping[str, str]) -> dict[str, Any]:
    """A site with its circuits and customer gateways called otherwise."""
    found = dict(body)
    if not isinstance(body.get("device"), Mapping):
        return found
    device = dict(body["device"])
    ports = device.get("ports") or {}
    device["ports"] = {
        name: {**port, "circuit": lines.get(port["circuit"], port["circuit"])} if port.get("circuit") else port
        for name, port in ports.items()
    }
    if device.get("customer_gateways"):
        device["customer_gateways"] = [gateways.get(one, one) for one in device["customer_gateways"]]
    return {**found, "device": device}


def _put(session: Session, kind: str, thing: Thing, body: object) -> Ids:
    if session.native is not None:
        session.native("PUT", f"/{kind}/{thing.key[1]}", body)
    return {}


def _put_port(session: Session, thing: Thing, name: str = "") -> Ids:
    if session.native is not None:
        session.native("PUT", f"/ports/{name or thing.key[1]}", {
            "interface": thing.text("interface"), "mtu": int(thing.text("mtu")),
            "physical_connection": session.id("circuit", thing.text("physical_connection"))})
    return {}


def _change_port(session: Session, there: Found, thing: Thing) -> None:
    _put_port(session, thing, there.ids.get("Id", ""))


def _put_protection(session: Session, thing: Thing) -> Ids:
    return _put(session, "protections", thing, {
        key: list(one) if isinstance(one, tuple) else one for key, one in thing.fields.items()})


def _put_site(session: Session, thing: Thing) -> Ids:
    lines = {name: ids["Id"] for (kind, name), ids in session.ids.items() if kind == "circuit"}
    gateways = {name: ids["Id"] for (kind, name), ids in session.ids.items() if kind == "customer gateway"}
    written = thing.given["site"]
    body = {"site": _exchanged(written, lines, gateways) if isinstance(written, Mapping) else {}}
    return _put(session, "sites", thing, {**body, "config": thing.text("config") or None})


def _delete(session: Session, there: Found) -> None:
    if session.native is not None:
        session.native("DELETE", f"/{there.thing.key[0]}s/{there.ids.get('Id', there.thing.key[1])}")


KINDS = {
    "port": Kind("port", 21, 145, _put_port, _delete, _change_port),
    "protection": Kind("protection", 46, 230, _put_protection, _delete,
                       lambda session, _, thing: _ignore(_put_protection(session, thing))),
    "site": Kind("site", 70, 1, _put_site, _delete, lambda session, _, thing: _ignore(_put_site(session, thing))),
}


def _ignore(_: Ids) -> None:
    return None
