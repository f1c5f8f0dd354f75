"""What changes in what a plan asks to be encrypted."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.model import Network, Protection
from sealane.net import Prefix


@dataclass(frozen=True, slots=True)
class ProtectionChange:
    """A protection that is not as it was; None where there is none."""

    name: str
    before: Protection | None
    after: Protection | None

    def lines(self) -> tuple[str, ...]:
        """What changes, in words."""
        if self.before is None or self.after is None:
            one, word = (self.after, "new") if self.after is not None else (self.before, "gone")
            assert one is not None, "one of the two is there"  # noqa: S101
            return (f"{word}: {_listed(one.cloud)} and {_listed(one.site)}, mode {one.mode.value}",)
        parts = (
            ("mode", self.before.mode.value, self.after.mode.value),
            ("cloud", _listed(self.before.cloud), _listed(self.after.cloud)),
            ("site", _listed(self.before.site), _listed(self.after.site)),
        )
        return tuple(f"{what} {old} -> {new}" for what, old, new in parts if old != new)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {"name": self.name, "before": _json(self.before), "after": _json(self.after)}


def diff_protections(old: Network, new: Network) -> tuple[ProtectionChange, ...]:
    """Protections by name, those that differ in what they say; where they are written is no difference."""
    return tuple(_changes(old, new))


def _changes(old: Network, new: Network) -> Iterator[ProtectionChange]:
    before = {one.name: one for one in old.protections}
    after = {one.name: one for one in new.protections}
    for name in sorted(before.keys() | after.keys()):
        change = ProtectionChange(name, before.get(name), after.get(name))
        if change.lines():
            yield change


def _listed(prefixes: tuple[Prefix, ...]) -> str:
    return ", ".join(sorted(map(str, prefixes)))


def _json(one: Protection | None) -> dict[str, object] | None:
    if one is None:
        return None
    return {"cloud": sorted(map(str, one.cloud)), "site": sorted(map(str, one.site)), "mode": one.mode.value}
