"""Names and descriptions that users give, and the addresses and prefixes in parameters."""

import re

from sealane.cloud.call import Call
from sealane.cloud.error import CloudError
from sealane.net import Address, Prefix, parse_address

_GROUP = re.compile(r"rg-[A-Za-z0-9-]{1,61}")
_URL = re.compile(r"https?://", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Characters that XML cannot carry and terminals obey."""
SERVICE_RANGE = Prefix("100.64.0.0/10")
"""What the cloud keeps for itself."""
UNUSABLE = (SERVICE_RANGE, Prefix("224.0.0.0/4"), Prefix("127.0.0.0/8"), Prefix("169.254.0.0/16"))
"""Ranges that no network of a user may be in."""


def text(
    call: Call, name: str, *, least: int = 1, most: int = 128, letter_first: bool = False, code: str = "InvalidName"
) -> str | None:
    """A name or description as it was given, None when it was not; an empty one counts as given.

    Raises:
        CloudError: ``code``: its length, its first letter, a control character, or it begins like a URL.
    """
    if not call.has(name):
        return None
    value = call.text(name)
    if value == "":
        return value
    wrong = not least <= len(value) <= most or _URL.match(value) or (letter_first and not value[0].isalpha())
    if wrong or CONTROL.search(value):
        first = ", beginning with a letter" if letter_first else ""
        raise CloudError(code, f"{name} must be {least} to {most} characters{first}, without control characters, "
                         "and must not begin with http:// or https://.")
    return value


def resource_group(call: Call) -> str:
    """The resource group that a new object is put in; empty when none was given.

    The cloud refuses one that it does not have. There is nothing here to make groups with, so any id of one will do.

    Raises:
        CloudError: It is no id of a group.
    """
    return _group(call.text("ResourceGroupId"), "InvalidResourceGroupId") if call.text("ResourceGroupId") else ""


def new_resource_group(call: Call, code: str = "InvalidResourceGroupId") -> str:
    """The resource group that an object is moved to.

    Raises:
        CloudError: ``code``: it is no id of a group.
    """
    return _group(call.text("NewResourceGroupId"), code)


def _group(told: str, code: str) -> str:
    if _GROUP.fullmatch(told) is None:
        raise CloudError(code, f"The resource group is {told[:100]!r}, expected an id rg-...")
    return told


def prefix(value: str, error: CloudError, *, host_bits: bool = False) -> Prefix:
    """A prefix; an address without a mask is a /32.

    Args:
        value: As it was given.
        error: Raised when it is none.
        host_bits: True takes an address with a mask for the prefix that it is in.

    Raises:
        CloudError: ``error``.
    """
    try:
        return Prefix(value, strict=not host_bits)
    except ValueError:
        raise error from None


def address(value: str, error: CloudError) -> Address:
    """An address.

    Raises:
        CloudError: ``error``.
    """
    found = parse_address(value)
    if found is None:
        raise error
    return found
