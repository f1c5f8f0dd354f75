"""Parameters as they come over the wire, brought into the nesting and types that an operation declares."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Never, TypeAlias

from sealane.cloud.document import Fields, Json
from sealane.cloud.error import CloudError

PROTOCOL = frozenset({
    "AccessKeyId", "Action", "Format", "RegionId", "SecurityToken", "Signature", "SignatureMethod", "SignatureNonce",
    "SignatureType", "SignatureVersion", "Timestamp", "Version",
})  # fmt: skip
"""May come with any operation, whether it has them or not."""

COMMON = frozenset({"OwnerAccount", "OwnerId", "ResourceOwnerAccount", "ResourceOwnerId"})
"""Accepted without effect by every operation."""

DEEPEST = 12
"""Parts of the longest name that is looked at."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")

_Tree: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class _Job:
    """One decoding: names that the operation does not have are collected."""

    unknown: list[str]


_Read: TypeAlias = Callable[[Any, str, _Job], Json]
"""Reads a text, a tree of texts or a value from JSON; gets its flat name."""


class Decoder:
    """Decodes the parameters of one operation; compiled once.

    Args:
        request: Parameters with their types, see ``cloud.schema``.
        required: Names that must be given, with dots for members of structs.
    """

    __slots__ = ("_members", "_required")

    def __init__(self, request: Mapping[str, Any], required: Iterable[str]) -> None:
        self._required = sorted(name for name in required if "." not in name)
        self._members = {name: _compile(spec, _below(required, name)) for name, spec in request.items()}

    def decode(self, flat: Mapping[str, str], unknown: list[str]) -> Fields:
        """See ``cloud.schema.decode``."""
        job = _Job(unknown)
        decoded: dict[str, Json] = {}
        for name, value in _tree(flat, job).items():
            member = self._members.get(name)
            if member is not None:
                read = member(value, name, job)
                if read is not None:
                    decoded[name] = read
            elif name not in PROTOCOL and name not in COMMON:
                unknown.extend(_names(value, name))
        for name in self._required:
            if decoded.get(name) in (None, "", []):
                raise CloudError(f"Missing{name}", f"{name} is mandatory for this action.")
        return decoded


def _tree(flat: Mapping[str, str], job: _Job) -> _Tree:
    tree: _Tree = {}
    for name, value in flat.items():
        node = tree
        *parents, last = name.split(".")
        if len(parents) >= DEEPEST:
            job.unknown.append(name)
            continue
        for part in parents:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                _invalid(name, "it is given both whole and in parts")
        if isinstance(node.get(last), dict):
            _invalid(name, "it is given both whole and in parts")
        node[last] = value
    return tree


def _names(value: Any, name: str) -> Iterable[str]:
    """The flat names below one."""
    if isinstance(value, dict):
        for part, inner in value.items():
            yield from _names(inner, f"{name}.{part}")
    else:
        yield name


def _below(required: Iterable[str], name: str) -> frozenset[str]:
    return frozenset(one.removeprefix(f"{name}.") for one in required if one.startswith(f"{name}."))


def _compile(spec: Any, required: frozenset[str]) -> _Read:
    if isinstance(spec, list):
        return _list(_compile(spec[0], required))
    if isinstance(spec, dict):
        return _map(_compile(spec["*"], frozenset())) if "*" in spec else _struct(spec, required)
    return _SCALARS[spec]


def _list(element: _Read) -> _Read:
    def read(value: Any, name: str, job: _Job) -> Json:
        value = _parsed(value, name, list)
        if value is None:
            return None
        if isinstance(value, list):
            numbered = [(str(place), one) for place, one in enumerate(value, 1)]
        else:
            numbered = []
            for place, one in value.items():
                if place.isascii() and place.isdigit() and len(place) <= DEEPEST and int(place):
                    numbered.append((place, one))
                else:
                    job.unknown.extend(_names(one, f"{name}.{place}"))
            numbered.sort(key=lambda pair: int(pair[0]))
        found = (element(one, f"{name}.{place}", job) for place, one in numbered)
        return [one for one in found if one is not None]

    return read


def _struct(spec: Mapping[str, Any], required: frozenset[str]) -> _Read:
    members = {name: _compile(inner, _below(required, name)) for name, inner in spec.items()}
    mandatory = sorted(one for one in required if "." not in one)

    def read(value: Any, name: str, job: _Job) -> Json:
        value = _parsed(value, name, dict)
        if value is None:
            return None
        decoded: dict[str, Json] = {}
        for part, one in value.items():
            member = members.get(part)
            if member is None:
                job.unknown.extend(_names(one, f"{name}.{part}"))
            elif (inner := member(one, f"{name}.{part}", job)) is not None:
                decoded[part] = inner
        for part in mandatory:
            if part not in decoded:
                raise CloudError(f"MissingParam.{part}", f"{name}.{part} is mandatory for this action.")
        return decoded

    return read


def _map(element: _Read) -> _Read:
    def read(value: Any, name: str, job: _Job) -> Json:
        value = _parsed(value, name, dict)
        if value is None:
            return None
        pairs = ((flat.removeprefix(f"{name}."), one) for flat, one in _leaves(value, name))
        return {part: element(one, f"{name}.{part}", job) for part, one in pairs if one is not None}

    return read


def _leaves(value: _Tree, name: str) -> Iterable[tuple[str, Any]]:
    """Names that callers choose may have dots, which the tree took for nesting."""
    for part, one in value.items():
        if isinstance(one, dict):
            yield from _leaves(one, f"{name}.{part}")
        else:
            yield f"{name}.{part}", one


def _parsed(value: Any, name: str, wanted: type) -> Any:
    """A tree as it is, JSON text parsed; None for an empty text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_constant=_no_number)
        except (ValueError, RecursionError):
            _invalid(name, f"{'a list' if wanted is list else 'a struct'} is expected, in parts or as JSON")
        if value is None:
            return None
        if not isinstance(value, wanted):
            _invalid(name, f"a JSON {'list' if wanted is list else 'object'} is expected")
    elif not isinstance(value, dict | wanted):
        _invalid(name, f"{'a list' if wanted is list else 'a struct'} is expected")
    return value


def _no_number(_text: str) -> Never:
    raise ValueError


def _text(value: Any, name: str, _job: _Job) -> Json:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            _invalid(name, "it holds half a character")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return None if value is None else _invalid(name, "a text is expected")


def _integer(value: Any, name: str, _job: _Job) -> Json:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    return None if value is None or value == "" else _invalid(name, "an integer is expected")


def _boolean(value: Any, name: str, _job: _Job) -> Json:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return None if value is None or value == "" else _invalid(name, "true or false is expected")


def _float(value: Any, name: str, _job: _Job) -> Json:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(value) if isinstance(value, str) and value else None
    except ValueError:
        number = float("nan")
    if number is None and value not in {None, ""}:
        _invalid(name, "a number is expected")
    if number is not None and not abs(number) < float("inf"):
        _invalid(name, "a number is expected")
    return number


def _invalid(name: str, why: str) -> Never:
    raise CloudError("InvalidParameter", f"The value of the parameter {name} is not valid: {why}.")


_SCALARS: Mapping[str, _Read] = {"str": _text, "int": _integer, "bool": _boolean, "float": _float}

__all__ = ["COMMON", "PROTOCOL", "Decoder"]
