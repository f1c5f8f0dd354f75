"""The routes of a transit router's tables: static ones from documents, the others as the network has them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import one_of, table_of
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import is_busy
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.observed import SeenRoute
from sealane.cloud.paging import portion_by
from sealane.cloud.times import minutes
from sealane.cloud.world import Transaction
from sealane.net import Prefix, contains, parse_interface_address, parse_prefix

_WORD = "TransitRouterRouteEntry"
_STATES = ("All", "Active", "Rejected", "Prohibited", "Standby", "Candidate", "Creating", "Deleting", "Suppressed")
_MOST_VALUES = 500
_NEUTRAL = 50


@CBN.reads("ListTransitRouterRouteEntries")
def list_transit_router_route_entries(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterRouteEntries: the active ones, unless other states are asked for."""
    table = table_of(call, state)
    status = one_of(call, "TransitRouterRouteEntryStatus", _STATES, "Active")
    fits = _filters(call, status)
    found = [row for row in routes(call, state, table) if all(fit(row) for fit in fits)]
    found = _by_prefix(call, found)
    part = portion_by(call, found, _key)
    return {**part.fields, "TransitRouterRouteEntries": list(part.items)}


def routes(call: Call, state: Transaction, table: Document) -> Iterator[Fields]:
    """Every route of a table, in the form of the answer."""
    seen = call.observed.table(table.id)
    statics = {one.prefix: one for one in seen if one.source == "Static"}
    for entry in state.children(table.id, "tr_route_entry"):
        yield _static(entry, state, table, statics.get(entry.text(f"{_WORD}DestinationCidrBlock")))
    for one in seen:
        if one.source != "Static":
            yield _learned(one, state, table)


def _static(entry: Document, state: Transaction, table: Document, seen: SeenRoute | None) -> Fields:
    hole = entry.text(f"{_WORD}NextHopType") == "BlackHole"
    return {
        **_hop(entry.text(f"{_WORD}NextHopId"), state),
        f"{_WORD}Id": entry.id,
        f"{_WORD}Name": entry.text(f"{_WORD}Name"),
        f"{_WORD}Description": entry.text(f"{_WORD}Description"),
        f"{_WORD}DestinationCidrBlock": entry.text(f"{_WORD}DestinationCidrBlock"),
        f"{_WORD}Type": "Static",
        f"{_WORD}Status": entry.status if seen is None or is_busy(entry) else seen.status,
        f"{_WORD}OriginResourceId": table.parent,
        f"{_WORD}OriginResourceType": "TR",
        "CreateTime": minutes(entry.created_ms),
        "OperationalMode": True,
        "PathAttributes": _path(table.parent, "TR", "BlackHole" if hole else "static"),
    }


def _learned(seen: SeenRoute, state: Transaction, table: Document) -> Fields:
    attachment = state.get(seen.attachment)
    origin, kind = table.parent, "TR"
    if attachment is not None:
        origin, kind = attachment.text("ResourceId"), attachment.text("ResourceType")
    told: dict[str, object] = {
        **_hop(seen.attachment, state),
        f"{_WORD}DestinationCidrBlock": seen.prefix,
        f"{_WORD}Type": "Propagated",
        f"{_WORD}Status": seen.status,
        f"{_WORD}OriginResourceId": origin,
        f"{_WORD}OriginResourceType": kind,
        "OperationalMode": False,
        "PathAttributes": _path(origin, kind, seen.source, seen),
    }
    if seen.only_vbr:
        told["Tag"] = "PermitVbr"
    return told  # type: ignore[return-value]


def _hop(attachment_id: str, state: Transaction) -> Fields:
    attachment = state.get(attachment_id)
    if attachment is None:
        return {f"{_WORD}NextHopType": "BlackHole"}
    return {
        f"{_WORD}NextHopType": "Attachment",
        f"{_WORD}NextHopId": attachment.id,
        f"{_WORD}NextHopResourceId": attachment.text("ResourceId"),
        f"{_WORD}NextHopResourceType": attachment.text("ResourceType"),
    }


def _path(origin: str, kind: str, route_type: str, seen: SeenRoute | None = None) -> Fields:
    return {
        "OriginInstanceId": origin,
        "OriginInstanceType": kind,
        "OriginRouteType": route_type,
        "Preference": _NEUTRAL if seen is None else seen.preference,
        "AsPaths": [] if seen is None else list(map(str, seen.as_path)),
        "Communities": [] if seen is None else list(seen.communities),
    }


def _key(row: Fields) -> str:
    """Sorts by address, then length, then next hop."""
    prefix = Prefix(str(row[f"{_WORD}DestinationCidrBlock"]))
    path = row["PathAttributes"]
    route_type = path["OriginRouteType"] if isinstance(path, Mapping) else ""
    rest = (row.get(f"{_WORD}NextHopId") or "", row.get(f"{_WORD}Id") or "", route_type)
    return f"{int(prefix.network_address):010}/{prefix.prefixlen:02} {' '.join(map(str, rest))}"


def _filters(call: Call, status: str) -> list[Callable[[Fields], bool]]:
    wanted = {
        f"{_WORD}{name}": value
        for name, value in (
            ("Status", "" if status == "All" else status),
            ("Type", one_of(call, "TransitRouterRouteEntryType", ("Static", "Propagated"))),
            ("DestinationCidrBlock", call.text("TransitRouterRouteEntryDestinationCidrBlock")),
            ("NextHopId", call.text("TransitRouterRouteEntryNextHopId")),
            ("NextHopType", one_of(call, "TransitRouterRouteEntryNextHopType", ("BlackHole", "Attachment"))),
            ("NextHopResourceId", call.text("TransitRouterRouteEntryNextHopResourceId")),
            ("NextHopResourceType", call.text("TransitRouterRouteEntryNextHopResourceType")),
            ("OriginResourceId", call.text("TransitRouterRouteEntryOriginResourceId")),
            ("OriginResourceType", call.text("TransitRouterRouteEntryOriginResourceType")),
        )
        if value
    }
    ids, names = call.texts("TransitRouterRouteEntryIds"), call.texts("TransitRouterRouteEntryNames")
    fits: list[Callable[[Fields], bool]] = [lambda row: all(row.get(key) == value for key, value in wanted.items())]
    if call.text("PrefixListId"):
        fits.append(lambda _: False)
    if ids:
        fits.append(lambda row: row.get(f"{_WORD}Id") in ids)
    if names:
        fits.append(lambda row: row.get(f"{_WORD}Name") in names)
    return fits


_MATCHES = ("PrefixExactMatchCidrs", "LongestPrefixMatchCidrs", "SubnetOfMatchCidrs", "SupernetOfMatchCidrs")


def _by_prefix(call: Call, rows: Sequence[Fields]) -> list[Fields]:
    """RouteFilter: routes that fit every key; a key fits when one of its values does."""
    left = list(rows)
    seen = set()
    for one in call.structs("RouteFilter"):
        key, values = str(one.get("Key") or ""), one.get("Value")
        if key not in _MATCHES:
            raise CloudError("InvalidParameter", f"RouteFilter.Key is {key}, expected {' or '.join(_MATCHES)}.")
        if key in seen:
            raise CloudError("FilterKeyDuplicated.RouteFilter", f"RouteFilter.Key {key} is given twice.")
        seen.add(key)
        given = tuple(map(str, values)) if isinstance(values, list | tuple) else ()
        if not 1 <= len(given) <= _MOST_VALUES:
            raise CloudError("InvalidParameter", f"RouteFilter {key} has {len(given)} values, 1 to {_MOST_VALUES}.")
        left = _matching(key, [_value(key, text) for text in given], left)
    return left


def _value(key: str, text: str) -> Prefix:
    single = parse_interface_address(text) if key == "LongestPrefixMatchCidrs" and "/" not in text else None
    prefix = single.network if single is not None else parse_prefix(text)
    if prefix is None:
        raise CloudError("InvalidParameter", f"{text} in RouteFilter is no IPv4 network.")
    return prefix


def _matching(key: str, values: Iterable[Prefix], rows: Sequence[Fields]) -> list[Fields]:
    pairs = [(Prefix(str(row[f"{_WORD}DestinationCidrBlock"])), row) for row in rows]
    chosen: dict[int, Fields] = {}
    for value in values:
        match key:
            case "PrefixExactMatchCidrs":
                found = [pair for pair in pairs if pair[0] == value]
            case "SubnetOfMatchCidrs":
                found = [pair for pair in pairs if contains(value, pair[0])]
            case _:
                found = [pair for pair in pairs if contains(pair[0], value)]
                if key == "LongestPrefixMatchCidrs":
                    longest = max((prefix.prefixlen for prefix, _ in found), default=0)
                    found = [pair for pair in found if pair[0].prefixlen == longest]
        chosen |= {id(row): row for _, row in found}
    return [row for row in rows if id(row) in chosen]
