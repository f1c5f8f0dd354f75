"""What a route map may say."""

from collections.abc import Iterable

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import one_of
from sealane.cloud.document import Json
from sealane.cloud.error import CloudError
from sealane.cloud.texts import text
from sealane.net import parse_prefix

MOST_VALUES = 32
_HIGHEST = 100
_AS_NUMBERS = 4294967295
_COMMUNITY = 65535
_TYPES = ("VPC", "VBR", "CCN", "VPN")
_LISTS = (
    "SourceInstanceIds", "SourceRegionIds", "SourceChildInstanceTypes", "DestinationInstanceIds",
    "DestinationRegionIds", "DestinationChildInstanceTypes", "RouteTypes", "DestinationCidrBlocks",
    "MatchCommunitySet", "OperateCommunitySet",
)  # fmt: skip
_MATCH = ("Include", "Complete")
_MODES = {
    "CidrMatchMode": _MATCH,
    "AsPathMatchMode": _MATCH,
    "CommunityMatchMode": _MATCH,
    "CommunityOperateMode": ("Additive", "Replace"),
    "MatchAddressType": ("IPv4", "IPv6"),
}


def checked(call: Call, direction: str, region: str) -> dict[str, Json]:
    """The rules of a call, by the names of its parameters; what was left out is missing.

    Raises:
        CloudError: Something in it is not allowed.
    """
    if direction not in {"RegionIn", "RegionOut"}:
        raise _wrong("TransmitDirection", direction, "RegionIn or RegionOut")
    rules: dict[str, Json] = {
        "Priority": _number(call, "Priority"),
        "MapResult": _choice(call, "MapResult", ("Permit", "Deny")),
        "Description": text(call, "Description", most=256, code="InvalidDescription") or "",
    }
    rules |= {key: list(_few(key, call.texts(key))) for key in _LISTS if call.texts(key)}
    rules |= {
        key: [_as_number(key, value) for value in _few(key, call.texts(key))]
        for key in ("MatchAsns", "PrependAsPath")
        if call.texts(key)
    }
    for key in ("SourceInstanceIdsReverseMatch", "DestinationInstanceIdsReverseMatch"):
        rules[key] = call.flag(key, default=False)
    rules |= {key: one_of(call, key, allowed) for key, allowed in _MODES.items() if call.text(key)}
    rules |= {key: _number(call, key) for key in ("Preference", "NextPriority") if call.has(key)}
    if rules.get("MatchAddressType") == "IPv6":
        raise CloudError("OperationUnsupported.MatchAddressType", "MatchAddressType IPv6 is not supported.")
    _check_values(rules)
    _check_together(rules, direction, region)
    return rules


def _choice(call: Call, name: str, allowed: Iterable[str]) -> str:
    value = one_of(call, name, allowed)
    if not value:
        raise CloudError(f"MissingParam.{name}", f"{name} is missing.")
    return value


def _number(call: Call, name: str) -> int:
    value = call.number(name, 0)
    if not 1 <= value <= _HIGHEST:
        raise _wrong(name, value, f"1 to {_HIGHEST}")
    return value


def _few(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) > MOST_VALUES:
        raise CloudError("InvalidParameter", f"{name} has {len(values)} values, at most {MOST_VALUES} are allowed.")
    return values


def _as_number(name: str, value: str) -> int:
    number = int(value)
    if not 1 <= number <= _AS_NUMBERS:
        raise _wrong(name, value, f"1 to {_AS_NUMBERS}")
    return number


def _check_values(rules: dict[str, Json]) -> None:
    for key, allowed in (
        ("SourceChildInstanceTypes", _TYPES),
        ("DestinationChildInstanceTypes", _TYPES),
        ("RouteTypes", ("System", "Custom", "BGP")),
    ):
        for value in _texts(rules, key):
            if value not in allowed:
                raise _wrong(key, value, " or ".join(allowed))
    for value in _texts(rules, "DestinationCidrBlocks"):
        if "/" not in value or parse_prefix(value) is None:
            raise _wrong("DestinationCidrBlocks", value, "an IPv4 network")
    for key in ("MatchCommunitySet", "OperateCommunitySet"):
        for value in _texts(rules, key):
            first, _, second = value.partition(":")
            if not all(one.isascii() and one.isdigit() and 1 <= int(one[:6]) <= _COMMUNITY for one in (first, second)):
                raise _wrong(key, value, f"n:m with both from 1 to {_COMMUNITY}")


def _check_together(rules: dict[str, Json], direction: str, region: str) -> None:
    following, own = rules.get("NextPriority"), rules["Priority"]
    if isinstance(following, int) and isinstance(own, int):
        if rules["MapResult"] == "Deny":
            raise CloudError("InvalidParameter", "NextPriority goes with MapResult Permit only.")
        if following <= own:
            raise _wrong("NextPriority", following, f"more than Priority {own}")
    if not rules.get("PrependAsPath"):
        return
    if direction == "RegionOut" and not rules.get("DestinationInstanceIds"):
        raise CloudError("Invid.Parameter", "PrependAsPath with RegionOut needs DestinationInstanceIds.")
    local = bool(rules.get("SourceInstanceIds")) and _texts(rules, "SourceRegionIds") == (region,)
    if direction == "RegionIn" and not local:
        raise CloudError(
            "Invid.Parameter", f"PrependAsPath with RegionIn needs SourceInstanceIds and SourceRegionIds {region}."
        )


def _texts(rules: dict[str, Json], key: str) -> tuple[str, ...]:
    found = rules.get(key)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _wrong(name: str, value: object, expected: str) -> CloudError:
    return CloudError("InvalidParameter", f"{name} is {value}, expected {expected}.")
