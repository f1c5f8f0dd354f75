"""Writes a case as Python, to be kept in a test."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

from fidelity.case import Case

_WIDTH = 100


def written(case: Case) -> str:
    """An expression that makes an equal case; fields that have their default are left out."""
    return _text(case, 0)


def _text(value: object, indent: int) -> str:
    if is_dataclass(value) and not isinstance(value, type):
        return _call(type(value).__name__, list(_arguments(value, indent)), indent)
    match value:
        case tuple():
            parts = [_text(one, indent + 4) for one in value]
            return _call("", [*parts, ""] if len(parts) == 1 else parts, indent)
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case IPv4Network():
            return f'Prefix("{value}")'
        case IPv4Address():
            return f'Address("{value}")'
        case int() | None:
            return str(value)
        case str():
            return f'"{value}"'
        case _:
            raise TypeError(f"{value!r} has no Python text")


def _arguments(value: object, indent: int) -> Iterator[str]:
    """Those without a default by position, the others by name."""
    for one in fields(value):  # type: ignore[arg-type]
        own = getattr(value, one.name)
        if one.default is MISSING and one.default_factory is MISSING:
            yield _text(own, indent + 4)
        elif own != one.default:
            yield f"{one.name}={_text(own, indent + 4)}"


def _call(name: str, parts: list[str], indent: int) -> str:
    line = f"{name}({', '.join(parts).rstrip(' ') if parts[-1:] == [''] else ', '.join(parts)})"
    if len(line) + indent <= _WIDTH and "\n" not in line:
        return line
    inner = "".join(f"\n{' ' * (indent + 4)}{one}," for one in parts if one)
    return f"{name}({inner}\n{' ' * indent})"
