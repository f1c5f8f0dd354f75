"""What a driver is: three duties towards one part of the host."""

from typing import Protocol

from sealane.plan import Kind, Resource, Stage


class Interrupted(Exception):  # noqa: N818 - it tells of no error
    """Reading the host was left off, because something else is more urgent; nothing was changed."""


class Driver(Protocol):
    """A hand on one part of the host.

    ``observe`` returns everything of ours that is there, recognised without any memory of having made it.
    ``canonical`` gives the form in which ``observe`` will report a resource, so that a plan holds no change that only
    reflects a way of writing. ``apply`` carries out one stage; it is idempotent, and deleting the absent succeeds.
    """

    @property
    def handles(self) -> frozenset[Kind]:
        """The kinds it can make."""
        ...

    def observe(self) -> tuple[Resource, ...]:
        """Everything of ours."""
        ...

    def canonical(self, resource: Resource) -> Resource:
        """The form that ``observe`` reports."""
        ...

    def apply(self, stage: Stage) -> None:
        """Carry out a stage.

        Raises:
            Fault: The world refused; what was done stays done and is observed next time.
        """
        ...
