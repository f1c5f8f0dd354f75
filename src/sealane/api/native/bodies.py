"""What the native API takes, as its OpenAPI document shows it."""

import math
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_DEEPEST = 24  # a site has 6 levels
_HALF = re.compile("[\ud800-\udfff]")
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]


class Body(BaseModel):
    """A body with known members only."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, told: object) -> object:
        """See that it can be kept and told again: JSON as RFC 8259 has it, not nested without end."""
        level = [told]
        for _ in range(_DEEPEST):
            if not level:
                return told
            below: list[object] = []
            for one in level:
                match one:
                    case dict():
                        below += [*one, *one.values()]
                    case list():
                        below += one
                    case float() if not math.isfinite(one):
                        raise ValueError("NaN and Infinity are no numbers of JSON")
                    case str() if not one.isascii() and _HALF.search(one):
                        raise ValueError("a text holds half of a surrogate pair")
            level = below
        raise ValueError(f"it is nested deeper than {_DEEPEST} levels")


class AccountBody(Body):
    """A new account."""

    name: Name


class UserBody(Body):
    """What a user may do: system policies by name, and policies of its own in the cloud's form."""

    attached: list[str] = Field(default=[], max_length=100)
    policies: dict[str, dict[str, object]] = {}


class KeyBody(Body):
    """A new access key; one with a lifetime comes with a security token."""

    user: str = "root"
    lifetime_s: int | None = Field(default=None, ge=60, le=43200)


class KeyState(Body):
    """Switches an access key on or off."""

    active: bool


class PortBody(Body):
    """An interface of this host that a circuit is plugged into."""

    interface: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}$")
    mtu: int = Field(default=1500, ge=1280, le=9216)
    physical_connection: str = Field(description="Id of the physical connection (pc-...)")


class SiteBody(Body):
    """A site to rehearse: as under ``sites`` in a plan, circuits by id; the device's text stands in ``config``."""

    site: dict[str, object]
    config: str | None = Field(default=None, max_length=400_000)


class ProtectionBody(Body):
    """Traffic that must not cross a circuit in clear."""

    cloud: list[str] = Field(min_length=1, max_length=100)
    site: list[str] = Field(min_length=1, max_length=100)
    mode: Literal["open", "monitor", "required"] = "open"


class ProbeBody(Body):
    """A ping between two hosts: ids or names of instances, names of site hosts; the destination may be an address."""

    source: str = Field(max_length=128)
    destination: str = Field(max_length=128)
    count: int = Field(default=5, ge=1, le=1000)


class DrillBody(Body):
    """A failure made on purpose between two hosts."""

    elements: list[str] = Field(min_length=1, max_length=10)
    source: str = Field(max_length=128)
    destination: str = Field(max_length=128)
    hold_s: float = Field(default=4.0, ge=0.5, le=120)


class ProofBody(Body):
    """What to prove."""

    failures: int = Field(default=1, ge=0, le=2)
    properties: list[str] = Field(default=[], max_length=20)
