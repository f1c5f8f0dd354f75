"""Parameters that an operation of the cloud has and ours refuses, rather than to act as if it had understood."""

from collections.abc import Iterable

from sealane.cloud.document import Fields, Json
from sealane.cloud.error import CloudError


def refuse(params: Fields, names: Iterable[str]) -> None:
    """Refuse a call that gives one of these parameters.

    A parameter that asks for nothing (``False``, an empty text, list or struct) may be given: clients send defaults.

    Args:
        params: The decoded parameters.
        names: Names, with dots for members of structs, such as ``TunnelOptionsSpecification.RemoteCaCertificate``.

    Raises:
        CloudError: ``OperationUnsupported.<name>``.
    """
    for name in names:
        if any(_asks(value) for value in _values(params, name.split("."))):
            last = name.rpartition(".")[2]
            raise CloudError(f"OperationUnsupported.{last}", f"The parameter {name} is not supported.")


def _values(value: Json, path: list[str]) -> Iterable[Json]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _values(one, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _asks(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_asks, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_asks, value))
    return value not in {None, ""} and value is not False


__all__ = ["refuse"]
