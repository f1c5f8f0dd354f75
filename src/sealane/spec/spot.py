"""Where in the plan a reader stands: whose field it reads, and how to tell what is wrong with it."""

from dataclasses import dataclass

from sealane.diag import Origin
from sealane.spec.notes import Notes


@dataclass(frozen=True, slots=True)
class Spot:
    """A field of a thing.

    Args:
        subject: The thing as messages name it, such as ``vbr VBR``.
        key: The field, such as ``vlan_id`` or ``tunnels[2]``.
        notes: Where findings go.
    """

    subject: str
    key: str
    notes: Notes

    def error(self, code: str, problem: str, remedy: str, *seen_at: Origin) -> None:
        """Note an error about this field; ``problem`` goes on after the field's name."""
        self.notes.error(code, self.subject, f"{self.key} {problem}", remedy, *seen_at)

    def item(self, index: int) -> "Spot":
        """The entry of a list, counted from 1."""
        return Spot(self.subject, f"{self.key}[{index}]", self.notes)

    def inside(self, key: str) -> "Spot":
        """A field of the field."""
        return Spot(self.subject, f"{self.key}.{key}" if self.key else key, self.notes)
