"""Routes of an IPsec connection: those that were made, and those that its BGP sessions exchanged."""

from collections import Counter
from collections.abc import Iterator

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.texts import SERVICE_RANGE, UNUSABLE, prefix, text
from sealane.cloud.vpc.common import told
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpn_answers import is_up
from sealane.cloud.vpc.vpn_common import ATTACHED, UNBOUND, UPDATING, check_idle, connection_of, tunnels_of
from sealane.cloud.world import Transaction
from sealane.net import Prefix, contains, overlaps

MOST_ROUTES = 200
_WEIGHTS = (0, 100)
_MODE = "Ipsec"
_SOURCES = {"CEN": "CLOUD", "BGP": "VPN_BGP"}
_TYPES = ("custom", "bgp")


@VPC.writes("CreateVcoRouteEntry")
def create_vco_route_entry(call: Call, state: Transaction) -> Fields:
    """CreateVcoRouteEntry; the connection must be bound."""
    connection = _bound(call, state)
    wanted = _destination(call)
    weight = _weight(call, "Weight")
    routes = tuple(state.children(connection.id, "vco_route"))
    for one in routes:
        if one.text("RouteDest") == str(wanted):
            same = one.fields.get("Weight") == weight
            raise CloudError(f"VpnRouteEntry.{'AlreadyExists' if same else 'Conflict'}", f"{connection.id} has a route "
                             f"to {wanted} with weight {one.text('Weight')} already.")
    if len(routes) >= MOST_ROUTES:
        raise CloudError("CreateDbrRoutesQuotaFull.QuotaFull", f"A connection has at most {MOST_ROUTES} routes.")
    route = state.put(Document(
        call.new_id("vcor", connection.region), "vco_route", call.account, connection.region, connection.id,
        created_ms=call.now_ms,
        fields={"RouteDest": str(wanted), "Weight": weight,
                "Description": text(call, "Description", most=100, code="InvalidDescription") or ""},
    ))
    state.put(changed(connection, UPDATING))
    answer = _custom(call, route, connection, state)
    del answer["NextHopTunnelIdList"]
    return {**answer, "OverlayMode": _MODE, "Description": route.text("Description")}


def _bound(call: Call, state: Transaction) -> Document:
    """The connection, which must be bound and at rest; NextHop must be itself."""
    connection = connection_of(call, state)
    if call.text("NextHop") != connection.id:
        raise CloudError("InvalidNextHop.NotFound", f"NextHop is {call.text('NextHop')}, expected {connection.id}.")
    if call.text("OverlayMode", _MODE) not in ("", _MODE):
        raise CloudError("IllegalParam.OverlayMode", f"OverlayMode is {call.text('OverlayMode')}, expected {_MODE}.")
    check_idle(connection)
    if connection.status == UNBOUND:
        raise CloudError("Vco.StatusNotSupport", f"{connection.id} is not bound to a transit router.")
    return connection


def _destination(call: Call) -> Prefix:
    written = call.text("RouteDest")
    wrong = CloudError("IllegalParam.RouteDest", f"RouteDest {written} is no prefix that can be routed into tunnels.")
    found = prefix(written, wrong)
    inside = any(contains(one, found) for one in UNUSABLE)
    if found.prefixlen == 0 or inside or overlaps(found, SERVICE_RANGE):
        raise wrong
    return found


def _weight(call: Call, name: str) -> int:
    weight = call.number(name, -1)
    if weight not in _WEIGHTS:
        raise CloudError(f"IllegalParam.{name}", f"{name} is {weight}, expected 0 or 100.")
    return weight


def _route(call: Call, connection: Document, state: Transaction) -> Document:
    wanted, weight = _destination(call), _weight(call, "Weight")
    for one in state.children(connection.id, "vco_route"):
        if one.text("RouteDest") == str(wanted) and one.fields.get("Weight") == weight:
            return one
    raise CloudError("InvalidRouteEntry.NotFound", f"{connection.id} has no route to {wanted} with weight {weight}.",
                     404)


@VPC.writes("ModifyVcoRouteEntryWeight")
def modify_vco_route_entry_weight(call: Call, state: Transaction) -> Fields:
    """ModifyVcoRouteEntryWeight; no packet notices, since the connection is the only next hop."""
    route = _route(call, _bound(call, state), state)
    state.put(retold(route, Weight=_weight(call, "NewWeight")))
    return {}


@VPC.writes("DeleteVcoRouteEntry")
def delete_vco_route_entry(call: Call, state: Transaction) -> Fields:
    """DeleteVcoRouteEntry; also of a connection that is not bound any more."""
    connection = connection_of(call, state)
    if connection.status != UNBOUND:
        connection = _bound(call, state)
    check_idle(connection)
    state.put(deleted(_route(call, connection, state)))
    state.put(changed(connection, UPDATING))
    return {}


@VPC.reads("DescribeVcoRouteEntries")
def describe_vco_route_entries(call: Call, state: Transaction) -> Fields:
    """DescribeVcoRouteEntries."""
    connection = connection_of(call, state)
    wanted = call.text("RouteEntryType")
    if wanted not in ("", *_TYPES):
        raise CloudError("IllegalParam.RouteEntryType", f"RouteEntryType is {wanted}, expected one of "
                         f"{', '.join(_TYPES)}.")
    found = tuple(one for one in _all(call, connection, state) if wanted in ("", one["RouteEntryType"]))
    counts = Counter((str(one["RouteEntryType"]), str(one["Source"])) for one in found)
    shown = page(call, found)
    return {
        **shown.fields,
        "VcoRouteEntries": list(shown.items),
        "VpnRouteCounts": [{"RouteEntryType": kind, "Source": source, "RouteCount": count}
                           for (kind, source), count in counts.items()],
    }


def _all(call: Call, connection: Document, state: Transaction) -> Iterator[Fields]:
    for one in state.children(connection.id, "vco_route"):
        yield {**_custom(call, one, connection, state), "RouteEntryType": "custom", "Source": ""}
    for route in call.observed.vco_routes(connection.id):
        yield {
            "VpnConnectionId": connection.id,
            "NextHop": connection.id,
            "NextHopTunnelIdList": list(route.tunnels),
            "RouteDest": route.prefix,
            "RouteEntryType": "bgp",
            "Source": _SOURCES.get(route.source, route.source),
            "State": "Active",
            "AsPath": " ".join(map(str, route.as_path)),
        }


def _custom(call: Call, route: Document, connection: Document, state: Transaction) -> dict[str, Json]:
    through = [one.id for one in tunnels_of(connection, state) if is_up(call, one.id)]
    return {
        **told(route, "RouteDest", "Weight"),
        "VpnConnectionId": connection.id,
        "NextHop": connection.id,
        "NextHopTunnelIdList": through,
        "State": "published" if connection.status in (ATTACHED, UPDATING) else "normal",
        "CreateTime": route.created_ms,
    }
