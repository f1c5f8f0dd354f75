"""The document: what the control plane keeps of one object of a user."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
HOST = "host"
"""Owner of what is this host's and no account's, as its ports are; no number of an account."""
Fields: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Document:
    """One object.

    Args:
        id: Its id, such as ``vpc-hz0a1b2c3d4e``; unique among all accounts.
        kind: What it is, such as ``vpc``; see ``cloud.kinds``.
        account: The account that owns it.
        region: RegionId; empty for a global object.
        parent: Id of the one object that it belongs to and cannot outlive; empty when there is none.
        status: In the cloud's words for this kind; empty for a kind without states.
        fields: What its owner sees, under the names of the cloud's responses; shapes are those of the kind's Describe.
        secrets: Values that are sealed where they are kept and never logged, by name.
        created_ms: Unix time of creation in milliseconds.
        generation: Raised by every change of what is wanted.
        settled: The generation that the network has reached; below ``generation`` while a change is under way.
        deleting: True from the accepted deletion until nothing of it is left.
        sequence: Order of creation within the store.
    """

    id: str
    kind: str
    account: str
    region: str
    parent: str = ""
    status: str = ""
    fields: Fields = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    created_ms: int = 0
    generation: int = 1
    settled: int = 0
    deleting: bool = False
    sequence: int = 0

    def text(self, name: str) -> str:
        """A field as text; empty when it is missing or None."""
        value = self.fields.get(name)
        return "" if value is None else str(value)

    def encode(self) -> bytes:
        """As it is kept."""
        kept = {name: getattr(self, name) for name in _NAMES}
        return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, value: bytes) -> "Document":
        """What ``encode`` made.

        Raises:
            ValueError, TypeError: It is damaged.
        """
        return cls(**json.loads(value))


_NAMES = tuple(one.name for one in fields(Document))
