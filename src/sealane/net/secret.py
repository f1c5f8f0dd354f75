"""A value that must not be printed."""

from typing import Never


class Secret:
    """Wraps key material so that str, repr, format and pickling never show it.

    ``reveal`` is the only way out; call it where the value is handed to a daemon, nowhere else.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("secret", self._value))

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "Secret(***)"

    def __reduce__(self) -> Never:
        raise TypeError("a Secret is not pickled")
