"""What the cloud's operations take and answer, as the models of its SDKs declare it.

``schemas/*.json`` hold names, types and nesting; ``scripts/generate-api-schemas`` writes them from the SDKs. A type is
``str``, ``int``, ``bool``, ``float`` or ``any``; ``[type]`` is a list, ``{"name": type}`` a struct and ``{"*": type}``
a struct with names that callers choose.
"""

import functools
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sealane.cloud.decoding import Decoder
from sealane.cloud.document import Fields
from sealane.cloud.error import CloudError
from sealane.cloud.shaping import ShapeError, Shaper

Spec: TypeAlias = Any
"""A type as the JSON files have it."""

PRODUCTS = ("Vpc", "Cbn", "Ecs", "Cms")


@dataclass(frozen=True, slots=True)
class Schema:
    """One operation.

    Args:
        request: Parameters with their types.
        response: Members of the answer with their types.
        required: Parameters that must be given; with dots for those that must be given in every struct of that name.
        json: Parameters that SDKs send as JSON text.
    """

    request: Mapping[str, Spec]
    response: Mapping[str, Spec]
    required: frozenset[str] = frozenset()
    json: frozenset[str] = frozenset()
    decoder: Decoder = field(init=False, repr=False, compare=False)
    shaper: Shaper = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoder", Decoder(self.request, self.required))
        object.__setattr__(self, "shaper", Shaper(self.response))


def actions(product: str) -> tuple[str, ...]:
    """The operations of a product that are described here, served or not."""
    return tuple(_file(product)["operations"])


def version(product: str) -> str:
    """The version of a product's API, such as ``2016-04-28``."""
    return str(_file(product)["version"])


@functools.cache
def schema(product: str, action: str) -> Schema:
    """What an operation takes and answers.

    Raises:
        CloudError: The product has no such operation.
    """
    found = _file(product)["operations"].get(action) if product in PRODUCTS else None
    if found is None:
        raise CloudError("InvalidAction.NotFound", f"The action {action} of {product} is not found.", 404)
    return Schema(
        found["request"], found["response"], frozenset(found.get("required", ())), frozenset(found.get("json", ()))
    )


def decode(product: str, action: str, flat: Mapping[str, str], *, unknown: list[str] | None = None) -> Fields:
    """Parameters as they came over the wire, nested and in their types.

    Args:
        product: Such as ``Vpc``.
        action: Such as ``CreateVpc``.
        flat: Values by flat names, such as ``Tag.1.Key``; lists begin at 1 and may have gaps. A list or struct may also
            be given as JSON text.
        unknown: Gets the names that the operation does not have; they are ignored.

    Raises:
        CloudError: A parameter is missing, or its value is not of its type.
    """
    return schema(product, action).decoder.decode(flat, [] if unknown is None else unknown)


def shape(product: str, action: str, answer: Fields, *, strict: bool = False) -> Fields:
    """An answer as the SDKs expect it.

    Numbers and booleans become texts where the model says so, and the reverse; what is None is left out. A plain list
    may be given where the model has a struct that does nothing but hold a list, such as ``Vpcs`` for ``Vpcs.Vpc``.

    Args:
        product: Such as ``Vpc``.
        action: Such as ``DescribeVpcs``.
        answer: What a handler returned.
        strict: Raise where something is not in the model; otherwise it is dropped.

    Raises:
        ShapeError: See ``strict``.
    """
    lost: list[str] = []
    shaped = schema(product, action).shaper.shape(answer, lost)
    if strict and lost:
        raise ShapeError(f"{product} {action}: {'; '.join(lost)}")
    return shaped


@functools.cache
def _file(product: str) -> Mapping[str, Any]:
    text = importlib.resources.files("sealane.cloud").joinpath("schemas", f"{product.lower()}.json").read_text("utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


__all__ = ["PRODUCTS", "Schema", "ShapeError", "Spec", "actions", "decode", "schema", "shape", "version"]
