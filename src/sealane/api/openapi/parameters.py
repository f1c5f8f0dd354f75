"""Parameters of query and body under their flat names."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Never
from urllib.parse import parse_qsl

from sealane.api.openapi.limits import Limits
from sealane.api.openapi.wire import Pairs, Wire
from sealane.cloud import CloudError

_DEPTH = 16  # the deepest parameter of the four products has 5 levels


def read_query(wire: Wire, limits: Limits) -> dict[str, str]:
    """The parameters of the query.

    Raises:
        CloudError: They are malformed, too many, or one is given twice.
    """
    return _unique(_form(wire.query, limits), limits)


def read_body(wire: Wire, limits: Limits) -> dict[str, str]:
    """The parameters of the body, a form or JSON.

    Raises:
        CloudError: As for the query, or the content type is another.
    """
    if not wire.body:
        return {}
    kind = wire.header("content-type").partition(";")[0].strip().lower()
    if kind in ("", "application/x-www-form-urlencoded"):
        return _unique(_form(wire.body, limits), limits)
    if kind == "application/json":
        return _unique(_json(wire.body), limits)
    raise CloudError("UnsupportedContentType", f"The body is {kind}; expected a form or JSON.", 415)


def merge(query: dict[str, str], body: dict[str, str], limits: Limits) -> dict[str, str]:
    """Both together.

    Raises:
        CloudError: One is given in both with different values, or they are too many.
    """
    for name in query.keys() & body.keys():
        if query[name] != body[name]:
            raise _malformed(f"{name} is given in the query and differently in the body")
    merged = query | body
    _check_number(len(merged), limits)
    return merged


def _form(text: bytes, limits: Limits) -> Pairs:
    _check_number(text.count(b"&"), limits)
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise _malformed("the parameters are not UTF-8") from None


def _json(text: bytes) -> Iterator[tuple[str, str]]:
    try:
        # Numbers stay as they are written; a float would lose digits.
        body = json.loads(
            text.decode(),
            parse_float=str,
            parse_int=str,
            parse_constant=_no_number,
            object_pairs_hook=_struct,
        )
    except (ValueError, RecursionError):
        raise _malformed("the body is not JSON") from None
    if not isinstance(body, dict):
        raise _malformed("the body is not a JSON object")
    return _flatten("", body, 0)


def _no_number(text: str) -> Never:
    raise _malformed(f"{text} is not a JSON number")


def _struct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    struct = dict(pairs)
    if len(struct) < len(pairs):
        raise _malformed("a name is given twice in one JSON object")
    return struct


def _flatten(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Flat names of a JSON value: ``Tag.1.Key``; null is left out."""
    if depth > _DEPTH:
        raise _malformed(f"the body is nested deeper than {_DEPTH} levels")
    match value:
        case None:
            return
        case dict():
            inner: Iterable[tuple[str, Any]] = value.items()
        case list():
            inner = ((str(index), one) for index, one in enumerate(value, 1))
        case bool():
            yield name, "true" if value else "false"
            return
        case _:
            yield name, value
            return
    for key, one in inner:
        yield from _flatten(f"{name}.{key}" if name else key, one, depth + 1)


def _unique(pairs: Iterable[tuple[str, str]], limits: Limits) -> dict[str, str]:
    """The pairs by name, each checked."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise _malformed(f"{name[:100]} is given twice")
        if not (name + value).isascii():
            _check_text(name, value)
        if "." in name:
            _check_indices(name, limits)
        found[name] = value
    return found


def _check_text(name: str, value: str) -> None:
    """JSON can name half of a surrogate pair, which no text has and no file can keep."""
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        raise _malformed("a parameter holds half of a surrogate pair") from None


def _check_indices(name: str, limits: Limits) -> None:
    for part in name.split("."):
        if part.isascii() and part.isdigit() and (len(part) > 9 or int(part) > limits.list_length):  # noqa: PLR2004
            raise _malformed(f"{name[:100]}: a list has more than {limits.list_length} items")


def _check_number(number: int, limits: Limits) -> None:
    if number > limits.parameters:
        raise _malformed(f"there are more than {limits.parameters} parameters")


def _malformed(problem: str) -> CloudError:
    return CloudError("InvalidParameter", f"The request is malformed: {problem}.")
