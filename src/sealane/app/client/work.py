"""Apply, destroy and export: what the commands do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from sealane import kinds
from sealane.app.client import attachments, circuit, native, network, transit, tunnels
from sealane.app.client.carry import carry_out
from sealane.app.client.changes import ADD, CHANGE, REMOVE, REPLACE, Change, compare, observe
from sealane.app.client.sdk import AccessKey, Endpoint, NativeClient, SdkCloud
from sealane.app.client.session import Native, Session
from sealane.app.client.thing import Found, Key, Thing
from sealane.app.load import given_keys, load
from sealane.app.rejected import Rejected
from sealane.diag import Fault, Finding, Severity, has_errors
from sealane.host.files import make_private_directory, write_private
from sealane.kinds import Plan
from sealane.kinds.vpc import BLACK_HOLE

_NATIVE = frozenset(native.KINDS)
_SETTLED = "settled"
_HERE_PAUSE_S, _HERE_LIMIT_S, _HERE_TOGETHER = 0.1, 120.0, 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """A plan as things, and the findings that do not keep it from being carried out."""

    plan: Plan
    things: Mapping[Key, Thing]


def read_wish(path: Path, *, ours: bool) -> Wish:
    """Read a plan.

    Args:
        path: Its file.
        ours: False leaves out what only ``sealane serve`` has.

    Raises:
        Rejected: It has errors, or the cloud cannot do what it says.
    """
    loaded = load(path)
    if loaded.network is None or loaded.sources is None or has_errors(loaded.findings):
        raise Rejected(loaded.findings)
    plan, findings = kinds.read_plan(loaded.sources.text, str(path))
    if plan is None:
        raise Rejected(findings)
    keys, missing = given_keys(plan, path)
    problems = (*missing, *_impossible(plan))
    if problems:
        raise Rejected(problems)
    parts = [network.wanted(plan), circuit.wanted(plan), transit.wanted(plan), attachments.wanted(plan),
             tunnels.wanted(plan, keys)]
    if ours:
        parts.append(native.wanted(plan, path, loaded.sources.text))
    return Wish(plan, {one.key: one for part in parts for one in part})


def _impossible(plan: Plan) -> Iterator[Finding]:
    for vpc in plan.vpcs:
        for one in vpc.instances:
            if one.security_group is None:
                yield Finding("APPLY-001", Severity.ERROR, f"instance {one.name}", "is in no security group",
                              "write security_group: the cloud makes no instance without one", (one.at.origin,))
        for route in vpc.route_entries:
            if route.next_hop == BLACK_HOLE:
                yield Finding("APPLY-002", Severity.ERROR, f"route of vpc {vpc.name} to {route.destination_cidr_block}",
                              "discards, which no call of the cloud can say", "remove the route, or let it lead to "
                              "the attachment or an instance", (route.at.origin,))


def connect(endpoint: Endpoint, key: AccessKey, plan: Plan) -> Session:
    """A session for a plan; at a loopback address things are soon done, many at a time, and often looked at."""
    router = plan.transit_router
    cloud = SdkCloud(endpoint, key, plan.region)
    session = Session(cloud, plan.region, plan.name)
    if endpoint.is_ours:
        session = Session(cloud, plan.region, plan.name, NativeClient(endpoint, key), _HERE_LIMIT_S, _HERE_PAUSE_S,
                          _HERE_TOGETHER)
    session.ids["system table", ""] = {"Name": router.system_table if router is not None else "system"}
    return session


def plan_changes(session: Session, wish: Wish, *, destroy: bool = False) -> tuple[Change, ...]:
    """What has to be done so that the plan is there, or nothing of it."""
    there = {key: one for key, one in observe(session).items() if _is_ours(one, wish, session)}
    return compare({} if destroy else wish.things, there)


def _is_ours(one: Found, wish: Wish, session: Session) -> bool:
    """Native things bear no tag: they are the plan's when it names them, or when all they need is."""
    if one.thing.key[0] not in _NATIVE or one.thing.key in wish.things:
        return True
    return bool(one.thing.needs) and all(need in session.ids for need in one.thing.needs)


def counted(changes: Sequence[Change]) -> tuple[int, int, int]:
    """How many are to be added, changed and destroyed; what is made again counts as both."""
    signs = [one.sign for one in changes]
    again = signs.count(REPLACE)
    return signs.count(ADD) + again, signs.count(CHANGE), signs.count(REMOVE) + again


def summary(changes: Sequence[Change]) -> str:
    """The last line of a plan that is shown."""
    add, change, destroy = counted(changes)
    return f"Plan: {add} to add, {change} to change, {destroy} to destroy."


def lines(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """Every change and its fields, as sign and text."""
    for one in changes:
        yield one.sign, one.title
        for name, before, after in one.fields():
            if one.sign in (ADD, REMOVE):
                yield one.sign, f"    {name} = {_shown(after if one.sign == ADD else before)}"
            else:
                yield CHANGE, f"    {name}: {_shown(before)} -> {_shown(after)}"


_LONGEST = 60


def _shown(value: object) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else "(none)" if value in (None, "") else str(value)
    return text if len(text) <= _LONGEST and "\n" not in text else f"({len(text)} characters)"


def to_json(changes: Sequence[Change]) -> dict[str, object]:
    """As plain values; keys are masked."""
    add, change, destroy = counted(changes)
    return {
        "add": add, "change": change, "destroy": destroy,
        "changes": [{"sign": one.sign, "kind": one.thing.key[0], "name": one.thing.key[1],
                     "fields": {name: [_shown(before), _shown(after)] for name, before, after in one.fields()}}
                    for one in changes],
    }


def apply(session: Session, changes: Sequence[Change], tell: Callable[[Change], None]) -> None:
    """Carry the changes out, see ``carry_out``; where the networks can be asked for, wait until they are so.

    Raises:
        Fault: Something was refused, or a network is not as it should be in time.
    """
    carry_out(session, changes, tell)
    if session.native is not None:
        session.wait("the network", partial(_state, session.native), _SETTLED)


def _state(ask: Native) -> str:
    waiting = [one for one in ask("GET", "/networks")["networks"] if not one["settled"]]
    return str(waiting[0]["reason"] or "being made") if waiting else _SETTLED


def export(endpoint: Endpoint, key: AccessKey, folder: Path) -> Sequence[Path]:
    """Write each running network as a plan with its devices' texts; keys are named, not written.

    Raises:
        Fault: The endpoint is not ``sealane serve``.
    """
    if not endpoint.is_ours:
        raise Fault(f"export from {endpoint}", "networks are told as plans by sealane serve only",
                    "name its endpoint with --endpoint")
    return write_plans(NativeClient(endpoint, key)("GET", "/plans")["plans"], folder)


def write_plans(told: Mapping[str, Any], folder: Path) -> Sequence[Path]:
    """Write plans that were told; only their owner may read them, for a device's text may hold keys."""
    written = []
    for name, one in sorted(told.items()):
        own = folder / Path(name).name if len(told) > 1 else folder
        make_private_directory(own)
        for file, text in one["files"].items():
            write_private(own / Path(file).name, text)
        path = own / "plan.yaml"
        write_private(path, yaml.safe_dump(one["plan"], sort_keys=False, allow_unicode=True, width=120))
        written.append(path)
    return written
