"""A request as it came over the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Pairs: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wire:
    """One HTTP request.

    Args:
        method: In capitals.
        path: As sent.
        query: What follows the question mark, as sent.
        headers: Values of each header by its lower-case name.
        body: As sent.
        client: Address of the client; empty when it is not known.
    """

    method: str
    path: str
    query: bytes = field(repr=False)
    headers: Mapping[str, Sequence[str]] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    client: str = ""

    def header(self, name: str) -> str:
        """The value of a header, several joined as one; empty when it is missing."""
        return ",".join(one.strip() for one in self.headers.get(name, ()))
