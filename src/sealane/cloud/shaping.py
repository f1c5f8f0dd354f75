"""Answers brought into the form that the models of SDKs declare."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sealane.cloud.document import Fields, Json


class ShapeError(ValueError):
    """An answer holds what the operation's model does not have: an error of its handler."""


class _WrongType(Exception):  # noqa: N818 - never leaves this file
    pass


_Shape: TypeAlias = Callable[[Any, list[str]], Any]


class Shaper:
    """Shapes the answers of one operation; compiled once.

    Args:
        response: Members with their types, see ``cloud.schema``.
    """

    __slots__ = ("_shape",)

    def __init__(self, response: Mapping[str, Any]) -> None:
        self._shape = _struct(response, "")

    def shape(self, answer: Fields, lost: list[str]) -> dict[str, Json]:
        """The answer in its form; what does not fit is left out and told in ``lost``."""
        shaped: dict[str, Json] = self._shape(answer, lost)
        return shaped


def _compile(spec: Any, path: str) -> tuple[type, _Shape]:
    """The class whose instances are right as they are, and what is done to all others."""
    if isinstance(spec, list):
        return _Nothing, _list(spec[0], path)
    if isinstance(spec, dict):
        return _Nothing, _map(spec["*"], path) if "*" in spec else _struct(spec, path)
    return _SCALARS[spec]


def _struct(spec: Mapping[str, Any], path: str) -> _Shape:
    members = {name: _compile(inner, f"{path}.{name}" if path else name) for name, inner in spec.items()}
    right = {name: member[0] for name, member in members.items()}
    only = next(iter(spec)) if len(spec) == 1 and isinstance(next(iter(spec.values())), list) else None

    def shape(value: Any, lost: list[str]) -> dict[str, Any]:
        if value.__class__ is not dict:
            value = _members(value, only)
        shaped = {}
        for name, one in value.items():
            if right.get(name) is one.__class__:
                shaped[name] = one
            elif name not in members:
                lost.append(f"{path or 'the answer'} has no {name}")
            elif one is not None:
                try:
                    shaped[name] = members[name][1](one, lost)
                except _WrongType:
                    lost.append(f"{path}.{name}: {type(one).__name__} is not {spec[name]}".lstrip("."))
        return shaped

    return shape


def _members(value: Any, only: str | None) -> Mapping[str, Any]:
    if only is not None and isinstance(value, list | tuple):
        return {only: value}
    if isinstance(value, Mapping):
        return value
    raise _WrongType


def _list(spec: Any, path: str) -> _Shape:
    right, other = _compile(spec, path)

    def shape(value: Any, lost: list[str]) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise _WrongType
        return [one if one.__class__ is right else other(one, lost) for one in value]

    return shape


def _map(spec: Any, path: str) -> _Shape:
    right, other = _compile(spec, path)

    def shape(value: Any, lost: list[str]) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _WrongType
        return {str(name): one if one.__class__ is right else other(one, lost) for name, one in value.items()}

    return shape


def _text(value: Any, _lost: list[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    raise _WrongType


def _integer(value: Any, _lost: list[str]) -> int:
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise _WrongType from None
    raise _WrongType


def _boolean(value: Any, _lost: list[str]) -> bool:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if isinstance(value, int) and value in {0, 1}:
        return bool(value)
    raise _WrongType


def _float(value: Any, _lost: list[str]) -> float:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise _WrongType from None
    raise _WrongType


class _Nothing:
    """A class without instances."""


_SCALARS: Mapping[str, tuple[type, _Shape]] = {
    "str": (str, _text),
    "int": (int, _integer),
    "bool": (bool, _boolean),
    "float": (float, _float),
    "any": (_Nothing, lambda value, _lost: value),
}

__all__ = ["ShapeError", "Shaper"]
