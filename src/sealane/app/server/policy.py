"""Policies in the cloud's form, for the actions that are served: who may do what.

A policy is ``{"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["vpc:Describe*"], "Resource": "*"}]}``. An
action is allowed when a statement allows it and none denies it (RAM: explicit denial wins).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from sealane.diag import Finding, Severity

Wrong: TypeAlias = Callable[[str, str, str], None]
_READING = ("Describe*", "List*", "Check*", "Download*", "Diagnose*")
_PRODUCTS = ("vpc", "cbn", "cen", "ecs", "cms", "sealane")
_SAME = {"cbn": ("cbn", "cen")}
"""Policies call the product of transit routers cen, the API calls it Cbn."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: patterns of ``product:Action``, allowed or denied."""

    allows: bool
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A named policy."""

    name: str
    statements: tuple[Statement, ...]


def _system(name: str, *actions: str) -> Policy:
    return Policy(name, (Statement(allows=True, actions=actions),))


SYSTEM_POLICIES: Mapping[str, Policy] = {
    one.name: one
    for one in (
        _system("AdministratorAccess", "*"),
        _system("ReadOnlyAccess", *(f"*:{verb}" for verb in _READING), "sealane:Get*"),
        _system("AliyunVPCFullAccess", "vpc:*"),
        _system("AliyunVPCReadOnlyAccess", *(f"vpc:{verb}" for verb in _READING)),
        _system("AliyunCENFullAccess", "cen:*"),
        _system("AliyunCENReadOnlyAccess", *(f"cen:{verb}" for verb in _READING)),
        _system("AliyunECSFullAccess", "ecs:*"),
        _system("AliyunECSReadOnlyAccess", *(f"ecs:{verb}" for verb in _READING)),
        _system("AliyunCloudMonitorReadOnlyAccess", *(f"cms:{verb}" for verb in _READING)),
    )
}
"""The policies that every account has, under the cloud's names."""


def allows(policies: Iterable[Policy], product: str, action: str) -> bool:
    """True when a statement allows an action and none denies it."""
    names = [f"{one}:{action}" for one in _SAME.get(product.lower(), (product.lower(),))]
    allowed = False
    for policy in policies:
        for statement in policy.statements:
            if any(_pattern(pattern).fullmatch(name) for pattern in statement.actions for name in names):
                if not statement.allows:
                    return False
                allowed = True
    return allowed


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in text)
    return re.compile("".join(parts), re.IGNORECASE)


def read_policy(name: str, document: object) -> tuple[Policy | None, tuple[Finding, ...]]:
    """Read a policy; what could not be honoured is refused rather than ignored.

    Args:
        name: Its name.
        document: The JSON of it.

    Returns:
        The policy, None when something is wrong, and every finding.
    """
    findings: list[Finding] = []

    def wrong(code: str, problem: str, remedy: str) -> None:
        findings.append(Finding(code, Severity.ERROR, f"policy {name}", problem, remedy))

    if not isinstance(document, Mapping) or document.get("Version") != "1":
        wrong("POL-001", 'is not an object with "Version": "1"', 'write {"Version": "1", "Statement": [...]}')
        return None, tuple(findings)
    statements = []
    written = document.get("Statement")
    if not isinstance(written, list) or not written:
        wrong("POL-002", "has no list Statement", 'add "Statement": [{"Effect": "Allow", "Action": "vpc:*", '
              '"Resource": "*"}]')
        written = []
    for index, one in enumerate(written, 1):
        statement = _statement(one, index, wrong)
        if statement is not None:
            statements.append(statement)
    return (None if findings else Policy(name, tuple(statements))), tuple(findings)


def _statement(one: object, index: int, wrong: Wrong) -> Statement | None:
    place = f"statement {index}"
    if not isinstance(one, Mapping):
        wrong("POL-002", f"{place} is not an object", "write Effect, Action and Resource")
        return None
    effect, resource = one.get("Effect"), one.get("Resource")
    if effect not in {"Allow", "Deny"}:
        wrong("POL-003", f"{place} has Effect {effect!r}, expected Allow or Deny", "write one of them")
    if resource not in ("*", ["*"]):
        wrong("POL-004", f'{place} names Resource {resource!r}, expected "*": single objects are not told apart',
              'write "Resource": "*", or use an account of its own')
    for key in one.keys() - {"Effect", "Action", "Resource"}:
        wrong("POL-005", f"{place} has {key}, which is not honoured", f"remove {key}")
    actions = one.get("Action")
    found = (actions,) if isinstance(actions, str) else tuple(actions) if isinstance(actions, list) else ()
    good = tuple(str(action) for action in found if _is_action(action))
    if not found or len(good) != len(found):
        bad = next((action for action in found if not _is_action(action)), actions)
        wrong("POL-006", f"{place} has Action {bad!r}, expected product:Action",
              "write such as vpc:Describe*, or *; products are " + ", ".join(_PRODUCTS))
    return Statement(effect == "Allow", good)


def _is_action(action: object) -> bool:
    if not isinstance(action, str):
        return False
    product, _, name = action.partition(":")
    return action == "*" or (product.lower() in (*_PRODUCTS, "*") and re.fullmatch(r"[A-Za-z*?]+", name) is not None)
