"""Two sets of resources side by side, for people: what one has that the other has not, down to the line.

Unlike a plan to carry out it lists nothing that is made again or goes along with something else, so that the
comparison the other way round is its mirror.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields

from sealane.plan.resource import ConnectionSpec, FilterSpec, Key, Payload, Resource


@dataclass(frozen=True, slots=True)
class Detail:
    """One line or setting of a resource.

    Args:
        added: True when it is there afterwards only, False when it was there before only.
        within: The enclosing blocks, outermost first.
        text: The line.
    """

    added: bool
    within: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{'+' if self.added else '-'} {': '.join((*self.within, self.text))}"


@dataclass(frozen=True, slots=True)
class Changed:
    """A resource that is there before and after, but not as it was."""

    key: Key
    old: Payload
    new: Payload

    def details(self) -> tuple[Detail, ...]:
        """What differs; what goes comes before what comes."""
        old, new = Counter(_lines(self.old)), Counter(_lines(self.new))
        gone = [Detail(False, *line) for line in (old - new).elements()]
        return (*gone, *(Detail(True, *line) for line in (new - old).elements()))


@dataclass(frozen=True, slots=True)
class ResourceDifference:
    """What changes, each part by key."""

    created: tuple[Resource, ...]
    changed: tuple[Changed, ...]
    deleted: tuple[Resource, ...]

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.deleted)

    def mirrored(self) -> "ResourceDifference":
        """The difference the other way round."""
        changed = tuple(Changed(one.key, one.new, one.old) for one in self.changed)
        return ResourceDifference(self.deleted, changed, self.created)

    def applied(self, resources: Iterable[Resource]) -> frozenset[Resource]:
        """The resources after the change."""
        state = {one.key: one.payload for one in resources}
        for gone in self.deleted:
            del state[gone.key]
        state |= {one.key: one.payload for one in self.created}
        state |= {one.key: one.new for one in self.changed}
        return frozenset(Resource(key, payload) for key, payload in state.items())

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "created": [str(one.key) for one in self.created],
            "changed": [
                {"resource": str(one.key), "lines": [str(detail) for detail in one.details()]} for one in self.changed
            ],
            "deleted": [str(one.key) for one in self.deleted],
        }


def compare(old: Iterable[Resource], new: Iterable[Resource]) -> ResourceDifference:
    """What ``new`` changes of ``old``."""
    before = {one.key: one.payload for one in old}
    after = {one.key: one.payload for one in new}
    return ResourceDifference(
        tuple(Resource(key, after[key]) for key in sorted(after) if key not in before),
        tuple(
            Changed(key, before[key], after[key])
            for key in sorted(after)
            if key in before and before[key] != after[key]
        ),
        tuple(Resource(key, before[key]) for key in sorted(before) if key not in after),
    )


Line = tuple[tuple[str, ...], str]


def _lines(payload: Payload) -> Iterator[Line]:
    """The payload line by line, each with the blocks that it is in."""
    match payload:
        case FilterSpec(text=text):
            yield from _blocks(text)
            return
        case ConnectionSpec(settings=settings):
            yield from _settings((), json.loads(settings))
    for one in fields(payload):
        value = getattr(payload, one.name)
        if one.name == "settings":
            continue
        if one.name == "psk_digest":
            yield (), f"pre-shared key {value or 'not in the plan'}"
        elif one.name == "config":
            yield from _blocks(value)
        elif value is not None:
            yield (), f"{type(payload).__name__.removesuffix('Spec').lower()} {one.name} {_shown(value)}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _settings(within: tuple[str, ...], value: object) -> Iterator[Line]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _settings((*within, str(name)), inner)
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield within, shown


def _blocks(text: str) -> Iterator[Line]:
    """Lines of a text whose blocks are indented; closing lines and comments tell nothing."""
    open_blocks: list[tuple[int, str]] = []
    for raw in text.splitlines():
        line = raw.strip().removesuffix("{").strip()
        if not line or line.startswith(("#", "!", "}")) or line == "exit":
            continue
        indent = len(raw) - len(raw.lstrip())
        while open_blocks and open_blocks[-1][0] >= indent:
            open_blocks.pop()
        yield tuple(name for _, name in open_blocks), line
        open_blocks.append((indent, line))
