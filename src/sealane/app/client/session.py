"""Calls that wait and are tried again, as the cloud wants it."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from sealane.app.client.thing import Key
from sealane.diag import Fault

T = TypeVar("T")
Answer: TypeAlias = dict[str, Any]
TAG = "sealane:plan"
_BUSY = (
    "Throttling", "Rejected.Throttling", "ServiceUnavailable", "InternalError", "Operation.Blocking",
    "IncorrectStatus", "InstanceStatus.NotSupport", "TokenProcessing", "TaskConflict", "VpnTask.CONFLICT",
    "VpnGateway.", "OperationConflict", "Appliance.Configuring", "VpnConnection.Configuring", "IncorrectVpcStatus",
    "IncorrectRouteEntryStatus", "InvalidStatus.RouteEntry", "IncorrectVSwitchStatus", "InvalidVBRStatus",
    "InvalidOperation.CenInstanceStatus", "OperationFailed.AllocateCidrFailed", "InvalidStatus.CannotOperate",
)
_BUSY_WHEN_DELETING = (
    "DependencyViolation", "OperationFailed.CidrBlockAllocated", "InvalidOperation.AttachedChildInstanceExist",
    "IncorrectInstanceStatus", "Vco.StatusNotSupport", "InvalidOperation.DependencyViolation",
)
_GONE = (
    "NotFound", "IllegalParam.TransitRouterRouteEntryId", "OperationFailed.CidrNotExist", "ParameterCenInstanceId",
    "IllegalParam.Region",
)


_REMEDIES = (
    (("InvalidAccessKeyId", "SignatureDoesNotMatch", "IncompleteSignature", "HTTP 401"),
     "use an access key of that endpoint; that of sealane serve is in STATE/credentials, named by --credentials"),
    (("Forbidden", "NoPermission", "HTTP 403"), "attach a policy that allows it to the key's user, or use another key"),
    (("InvalidTimeStamp", "SignatureNonceUsed"), "set this host's clock"),
    (("Throttling",), "run the command again in a minute"),
)


class Refused(Fault):
    """The cloud refused a call.

    Args:
        code: Its error code.
        message: Its words.
        call: What was asked, and where.
        remedy: What the answer says to do; empty when it does not.
    """

    def __init__(self, code: str, message: str, call: str = "call the cloud", remedy: str = "") -> None:
        known = next((text for codes, text in _REMEDIES if code.startswith(codes)),
                     "mend what the answer names, then run the command again: it goes on from there")
        super().__init__(call, f"{code}: {message}", remedy or known)
        self.code = code
        self.message = message

    @property
    def gone(self) -> bool:
        """True when what was named is not there."""
        return any(one in self.code for one in _GONE)


class Late(Fault):
    """A state was not reached in time."""


@dataclass(frozen=True, slots=True)
class Until:
    """A state that something is waited for to reach.

    Args:
        what: What is waited for.
        state: Looks; ``""`` is the state of what is not there.
        wanted: The states that will do.
    """

    what: str
    state: Callable[[], str]
    wanted: tuple[str, ...]

    def late(self, seen: str) -> Late:
        """What to say when it took too long."""
        return Late(f"wait for {self.what} to become {self.wanted[0] or 'gone'}", f"it is {seen or 'gone'}",
                    "look at it in the cloud, then run the command again: it goes on from there")


Steps: TypeAlias = Generator[Until, str, T]
"""Calls with the states between them that have to be waited for; each is answered with the state that was reached."""


def until(what: str, state: Callable[[], str], *wanted: str) -> Until:
    """See Until."""
    return Until(what, state, wanted)


class Cloud(Protocol):
    """A client of the API."""

    def call(self, product: str, action: str, /, **params: Any) -> Answer:
        """One call by wire names.

        Raises:
            Refused: The answer is an error.
        """
        ...


class Native(Protocol):
    """A client of ``/v1``."""

    def __call__(self, method: str, path: str, body: object = None) -> Answer:
        """One request.

        Raises:
            Refused: The answer is an error.
        """
        ...


@dataclass(slots=True)
class Session:
    """An endpoint, a region, a plan, and the ids of what is there.

    Args:
        cloud: Makes calls.
        region: RegionId of everything.
        plan: The plan's name, in the tag of what belongs to it.
        native: The native API; None at an endpoint that has none.
        limit_s: How long a busy object or a state is waited for.
        pause_s: Between two looks.
        together: How many things are made or removed at a time when neither needs another.
        sleep: Lets time pass.
        now_s: A clock that never goes back.
    """

    cloud: Cloud
    region: str
    plan: str
    native: Native | None = None
    limit_s: float = 600.0
    pause_s: float = 3.0
    together: int = 10
    sleep: Callable[[float], None] = time.sleep
    now_s: Callable[[], float] = time.monotonic
    ids: dict[Key, dict[str, str]] = field(default_factory=dict)

    @property
    def tag(self) -> list[dict[str, str]]:
        """The tag of everything that the plan has made."""
        return [{"Key": TAG, "Value": self.plan}]

    def id(self, kind: str, name: str, which: str = "Id") -> str:
        """An id of something that is there."""
        return self.ids[kind, name][which]

    def do(self, product: str, action: str, **params: object) -> Answer:
        """A call that is tried again while the cloud is busy with what it names.

        Raises:
            Fault: It was refused, or busy for too long.
        """
        busy = _BUSY + (_BUSY_WHEN_DELETING if action.startswith(("Delete", "Terminate")) else ())
        given = {"RegionId": self.region, **params} if product != "Cbn" else params
        deadline = self.now_s() + self.limit_s
        while True:
            try:
                return self.cloud.call(product, action, **given)
            except Refused as refused:
                if not refused.code.startswith(busy) or self.now_s() > deadline:
                    raise
            self.sleep(self.pause_s)

    def remove(self, product: str, action: str, **params: object) -> None:
        """A call that removes; what is gone already is well."""
        try:
            self.do(product, action, **params)
        except Refused as refused:
            if not refused.gone:
                raise

    def wait(self, what: str, state: Callable[[], str], *wanted: str) -> None:
        """Look until a state is reached; ``""`` is the state of what is not there.

        Raises:
            Fault: It was not reached in time.
        """
        deadline = self.now_s() + self.limit_s
        while (seen := state()) not in wanted:
            if self.now_s() > deadline:
                raise Until(what, state, wanted).late(seen)
            self.sleep(self.pause_s)

    def all(self, product: str, action: str, path: str, **params: object) -> Iterator[Answer]:
        """Every item of a list that comes in pages.

        Args:
            product: As in a call.
            action: As in a call.
            path: Where the items are in the answer, such as ``Vpcs.Vpc``.
            params: What narrows the list.
        """
        size = next((dict(more) for names, more in _PAGES if action in names), {"PageNumber": 1, "PageSize": 50})
        while True:
            try:
                answer = self.do(product, action, **{**params, **size})
            except Refused as refused:
                if refused.gone:
                    return
                raise
            found = items(answer, path)
            yield from found
            if "PageNumber" in size:
                size["PageNumber"] += 1
                if len(found) < size["PageSize"]:
                    return
            elif answer.get("NextToken"):
                size["NextToken"] = answer["NextToken"]
            else:
                return


_PAGES: tuple[tuple[tuple[str, ...], Mapping[str, Any]], ...] = (
    (("DescribeRouteEntryList",), {"MaxResult": 100}),
    (("DescribeSecurityGroupAttribute",), {"MaxResults": 1000}),
    (("ListTransitRouterCidr",), {}),
    (("ListTransitRouterVpcAttachments", "ListTransitRouterVbrAttachments", "ListTransitRouterVpnAttachments",
      "ListTransitRouterRouteTables", "ListTransitRouterRouteTableAssociations",
      "ListTransitRouterRouteTablePropagations", "ListTransitRouterRouteEntries"), {"MaxResults": 100}),
)
"""The other styles than pages by number."""


def items(answer: Mapping[str, Any], path: str) -> list[Answer]:
    """A list inside an answer; one that is left out is empty."""
    found: Any = answer
    for part in path.split("."):
        found = (found or {}).get(part)
    return list(found or ())


def tags(item: Mapping[str, Any]) -> Mapping[str, str]:
    """The tags of an object, in whichever of the product's forms they come."""
    told = item.get("Tags") or ()
    if isinstance(told, Mapping):
        told = next(iter(told.values()), ()) or ()
    return {str(one.get("Key") or one.get("TagKey")): str(one.get("Value") or one.get("TagValue") or "")
            for one in told}
