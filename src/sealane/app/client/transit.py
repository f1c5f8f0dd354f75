"""The CEN instance and its transit router: CIDRs, tables, routes and route maps."""

from collections.abc import Callable, Iterator

from sealane.app.client.kind import Ids, Kind
from sealane.app.client.session import Answer, Session, Steps, items, tags, until
from sealane.app.client.thing import Found, Key, Thing, Value, fields, params
from sealane.kinds import Plan
from sealane.kinds.route_map import RouteMapSpec
from sealane.kinds.transit_router import TransitRouterSpec

_BLACK_HOLE = "BlackHole"
_SYSTEM_PRIORITY = 5000
_WORD = "TransitRouterRouteEntry"
_LISTS = {
    "SourceInstanceIds": "SourceInstanceId", "DestinationInstanceIds": "DestinationInstanceId",
    "SourceChildInstanceTypes": "SourceChildInstanceType",
    "DestinationChildInstanceTypes": "DestinationChildInstanceType", "RouteTypes": "RouteType",
    "DestinationCidrBlocks": "DestinationCidrBlock", "MatchAsns": "MatchAsn", "MatchCommunitySet": "MatchCommunity",
    "OperateCommunitySet": "OperateCommunity", "PrependAsPath": "AsPath",
}
_MODES = {"CidrMatchMode": "DestinationCidrBlocks", "AsPathMatchMode": "MatchAsns",
          "CommunityMatchMode": "MatchCommunitySet", "CommunityOperateMode": "OperateCommunitySet"}
"""Modes, and the list without which they say nothing."""
_INSTANCES = ("SourceInstanceIds", "DestinationInstanceIds")
INSTANCE_KINDS = ("vpc", "border router", "IPsec connection")


def wanted(plan: Plan) -> Iterator[Thing]:
    """Things of a plan."""
    if plan.cen is None or plan.transit_router is None:
        return
    router, cen = plan.transit_router, ("CEN", plan.cen.name)
    own = ("transit router", router.name)
    yield Thing(cen, fields(ProtectionLevel=plan.cen.protection_level, Description=plan.cen.description))
    yield Thing(own, fields(TransitRouterDescription=router.description), (cen,))
    for one in router.cidrs:
        yield Thing(("CIDR", str(one.cidr)), fields(
            PublishCidrRoute=one.publish_cidr_route, Name=one.name, Description=one.description), (own,))
    for table in router.route_tables:
        if table.name != router.system_table:
            yield Thing(("route table", table.name), fields(
                TransitRouterRouteTableDescription=table.description), (own,))
    for route in router.route_entries:
        table_name = route.route_table or router.system_table
        needs = [own] if route.next_hop == _BLACK_HOLE else [own, ("attachment", route.next_hop)]
        yield Thing(("route", f"{table_name} {route.destination_cidr_block}"), fields(
            NextHop=route.next_hop, Name=route.name, Description=route.description),
            (*needs, *_table(router, table_name)))
    for spec in plan.route_maps:
        yield _map(plan, router, spec)


def _table(router: TransitRouterSpec, name: str) -> tuple[Key, ...]:
    """A custom table must be made first; the system table comes with the router."""
    return () if name == router.system_table else (("route table", name),)


def _map(plan: Plan, router: TransitRouterSpec, spec: RouteMapSpec) -> Thing:
    table = spec.route_table or router.system_table
    lists: dict[str, tuple[object, ...]] = {
        "SourceInstanceIds": spec.source_instances, "DestinationInstanceIds": spec.destination_instances,
        "SourceChildInstanceTypes": spec.source_child_instance_types,
        "DestinationChildInstanceTypes": spec.destination_child_instance_types, "RouteTypes": spec.route_types,
        "DestinationCidrBlocks": spec.destination_cidr_blocks, "MatchAsns": spec.match_asns,
        "MatchCommunitySet": tuple(f"{one}:{other}" for one, other in spec.match_community_set),
        "OperateCommunitySet": tuple(f"{one}:{other}" for one, other in spec.operate_community_set),
        "PrependAsPath": spec.prepend_as_path,
    }
    modes = {"CidrMatchMode": spec.cidr_match_mode, "AsPathMatchMode": spec.as_path_match_mode,
             "CommunityMatchMode": spec.community_match_mode, "CommunityOperateMode": spec.community_operate_mode}
    said = fields(
        MapResult=spec.map_result, NextPriority=spec.next_priority, Preference=spec.preference,
        Description=spec.description, **lists,
        **{name: mode for name, mode in modes.items() if lists[_MODES[name]]},
        SourceInstanceIdsReverseMatch=spec.source_instances_reverse_match or None,
        DestinationInstanceIdsReverseMatch=spec.destination_instances_reverse_match or None,
    )
    kinds = {**{one.name: "vpc" for one in plan.vpcs},
             **{one.name: "border router" for one in plan.virtual_border_routers},
             **{one.name: "IPsec connection" for one in plan.ipsec_connections}}
    named = (*spec.source_instances, *spec.destination_instances)
    needs = (("transit router", router.name), *((kinds[one], one) for one in named), *_table(router, table))
    return Thing(("route map", f"{spec.transmit_direction} {spec.priority} {table}"), said, needs)


def found(session: Session) -> Iterator[Found]:
    """What is there, except attachments."""
    for cen in session.all("Cbn", "DescribeCens", "Cens.Cen"):
        key = ("CEN", cen["Name"])
        if not _ours(session, cen):
            continue
        yield Found(Thing(key, fields(ProtectionLevel=cen["ProtectionLevel"], Description=cen.get("Description", ""))),
                    {"Id": cen["CenId"]})
        for one in session.all("Cbn", "ListTransitRouters", "TransitRouters", CenId=cen["CenId"],
                               RegionId=session.region):
            yield from _router(session, one, key, cen["CenId"])


def _ours(session: Session, one: Answer) -> bool:
    return tags(one).get("sealane:plan") == session.plan


def _router(session: Session, one: Answer, cen: Key, cen_id: str) -> Iterator[Found]:
    router_id, own = one["TransitRouterId"], ("transit router", one["TransitRouterName"])
    tables = list(session.all("Cbn", "ListTransitRouterRouteTables", "TransitRouterRouteTables",
                              TransitRouterId=router_id))
    system = next(table["TransitRouterRouteTableId"] for table in tables if table[
        "TransitRouterRouteTableType"] == "System")
    yield Found(Thing(own, fields(TransitRouterDescription=one.get("TransitRouterDescription", "")), (cen,)),
                {"Id": router_id, "Cen": cen_id, "Table": system}, _ours(session, one))
    for cidr in session.all("Cbn", "ListTransitRouterCidr", "CidrLists", TransitRouterId=router_id,
                            RegionId=session.region):
        yield Found(Thing(("CIDR", cidr["Cidr"]), fields(
            PublishCidrRoute=cidr["PublishCidrRoute"], Name=cidr.get("Name", ""),
            Description=cidr.get("Description", "")), (own,)),
            {"Id": cidr["TransitRouterCidrId"], "TransitRouterId": router_id})
    names = {system: session.id("system table", "", "Name")}
    for table in tables:
        table_id, name = table["TransitRouterRouteTableId"], table.get("TransitRouterRouteTableName", "")
        if table_id != system:
            names[table_id] = name
            yield Found(Thing(("route table", name), fields(TransitRouterRouteTableDescription=table.get(
                "TransitRouterRouteTableDescription", "")), (own,)), {"Id": table_id}, _ours(session, table))
    for table_id, name in names.items():
        yield from _routes(session, table_id, name, own, () if table_id == system else (("route table", name),))
    yield from _maps(session, cen_id, names, own)


def _routes(session: Session, table: str, name: str, own: Key, needs: tuple[Key, ...]) -> Iterator[Found]:
    for one in session.all("Cbn", "ListTransitRouterRouteEntries", "TransitRouterRouteEntries",
                           TransitRouterRouteTableId=table, TransitRouterRouteEntryStatus="All"):
        if one[f"{_WORD}Type"] != "Static" or not one.get(f"{_WORD}Id"):
            continue
        hop, own_needs = _BLACK_HOLE, (own, *needs)
        if one[f"{_WORD}NextHopType"] == "Attachment":
            hop = _named(session, ("attachment",), one[f"{_WORD}NextHopId"])
            own_needs = (*own_needs, ("attachment", hop))
        prefix = one[f"{_WORD}DestinationCidrBlock"]
        yield Found(Thing(("route", f"{name} {prefix}"), fields(
            NextHop=hop, Name=one.get(f"{_WORD}Name", ""), Description=one.get(f"{_WORD}Description", "")),
            own_needs), {"Id": one[f"{_WORD}Id"], "Table": table})


def _named(session: Session, kinds: tuple[str, ...], known: str) -> str:
    """What the plan calls an id; the id itself when it is not the plan's."""
    return next((key[1] for key, ids in session.ids.items() if key[0] in kinds and ids.get("Id") == known), known)


def _maps(session: Session, cen_id: str, tables: dict[str, str], own: Key) -> Iterator[Found]:
    for one in session.all("Cbn", "DescribeCenRouteMaps", "RouteMaps.RouteMap", CenId=cen_id,
                           CenRegionId=session.region):
        table = tables.get(one.get("TransitRouterRouteTableId") or "")
        if int(one["Priority"]) >= _SYSTEM_PRIORITY or table is None:
            continue
        lists: dict[str, object] = {name: tuple(
            _named(session, INSTANCE_KINDS, str(inner)) if name in _INSTANCES else str(inner)
            for inner in items(one, f"{name}.{member}")) for name, member in _LISTS.items()}
        scalars = {name: one.get(name, "") for name in (
            "MapResult", "NextPriority", "Preference", "Description", *_MODES, "SourceInstanceIdsReverseMatch",
            "DestinationInstanceIdsReverseMatch")}
        yield Found(Thing(("route map", f"{one['TransmitDirection']} {one['Priority']} {table}"),
                          fields(**scalars, **lists), (own,)), {"Id": one["RouteMapId"], "Cen": cen_id})


def _state(session: Session, action: str, path: str, **narrow: object) -> Callable[[], str]:
    return lambda: next((str(one["Status"]) for one in session.all("Cbn", action, path, **narrow)), "")


def _cen_state(session: Session, cen: str) -> Callable[[], str]:
    return _state(session, "DescribeCens", "Cens.Cen", Filter=[{"Key": "CenId", "Value": [cen]}])


def _create_cen(session: Session, thing: Thing) -> Steps[Ids]:
    cen = session.do("Cbn", "CreateCen", Name=thing.key[1], Tag=session.tag, **params(thing.fields))["CenId"]
    yield until(f"CEN {thing.key[1]}", _cen_state(session, cen), "Active")
    return {"Id": cen}


def _change_cen(session: Session, there: Found, thing: Thing) -> None:
    session.do("Cbn", "ModifyCenAttribute", CenId=there.ids["Id"], **params(thing.fields))


def _delete_cen(session: Session, there: Found) -> Steps[None]:
    session.remove("Cbn", "DeleteCen", CenId=there.ids["Id"])
    yield until(f"CEN {there.thing.key[1]}", _cen_state(session, there.ids["Id"]), "")


def _router_state(session: Session, cen: str) -> Callable[[], str]:
    return _state(session, "ListTransitRouters", "TransitRouters", CenId=cen, RegionId=session.region)


def _create_router(session: Session, thing: Thing) -> Steps[Ids]:
    cen = session.id(*thing.needs[0])
    made = session.do("Cbn", "CreateTransitRouter", CenId=cen, RegionId=session.region, TransitRouterName=thing.key[1],
                      Tag=session.tag, **params(thing.fields))["TransitRouterId"]
    yield until(f"transit router {thing.key[1]}", _router_state(session, cen), "Active")
    tables = session.do("Cbn", "ListTransitRouterRouteTables", TransitRouterId=made)["TransitRouterRouteTables"]
    return {"Id": made, "Cen": cen, "Table": tables[0]["TransitRouterRouteTableId"]}


def _change_router(session: Session, there: Found, thing: Thing) -> None:
    session.do("Cbn", "UpdateTransitRouter", TransitRouterId=there.ids["Id"], RegionId=session.region,
               TransitRouterDescription=thing.text("TransitRouterDescription"))


def _delete_router(session: Session, there: Found) -> Steps[None]:
    session.remove("Cbn", "DeleteTransitRouter", TransitRouterId=there.ids["Id"])
    yield until(f"transit router {there.thing.key[1]}", _router_state(session, there.ids["Cen"]), "")


def _create_cidr(session: Session, thing: Thing) -> Ids:
    router = session.id(*thing.needs[0])
    return {"Id": session.do("Cbn", "CreateTransitRouterCidr", TransitRouterId=router, RegionId=session.region,
                             Cidr=thing.key[1], **params(thing.fields))["TransitRouterCidrId"],
            "TransitRouterId": router}


def _change_cidr(session: Session, there: Found, thing: Thing) -> None:
    session.do("Cbn", "ModifyTransitRouterCidr", TransitRouterCidrId=there.ids["Id"], RegionId=session.region,
               TransitRouterId=there.ids["TransitRouterId"], Cidr=thing.key[1], **params(thing.fields))


def _delete_cidr(session: Session, there: Found) -> None:
    session.remove("Cbn", "DeleteTransitRouterCidr", TransitRouterId=there.ids["TransitRouterId"],
                   RegionId=session.region, TransitRouterCidrId=there.ids["Id"])


def table_id(session: Session, name: str) -> str:
    """Id of a route table by the plan's name, the system table's included."""
    system = session.ids["system table", ""]
    if name == system["Name"]:
        return next(ids["Table"] for key, ids in session.ids.items() if key[0] == "transit router")
    return session.id("route table", name)


def _table_state(session: Session, table: str) -> Callable[[], str]:
    return _state(session, "ListTransitRouterRouteTables", "TransitRouterRouteTables",
                  TransitRouterRouteTableIds=[table])


def _create_table(session: Session, thing: Thing) -> Steps[Ids]:
    made = session.do("Cbn", "CreateTransitRouterRouteTable", TransitRouterId=session.id(*thing.needs[0]),
                      TransitRouterRouteTableName=thing.key[1], Tag=session.tag,
                      **params(thing.fields))["TransitRouterRouteTableId"]
    yield until(f"route table {thing.key[1]}", _table_state(session, made), "Active")
    return {"Id": made}


def _delete_table(session: Session, there: Found) -> Steps[None]:
    session.remove("Cbn", "DeleteTransitRouterRouteTable", TransitRouterRouteTableId=there.ids["Id"])
    yield until(f"route table {there.thing.key[1]}", _table_state(session, there.ids["Id"]), "")


def _route_state(session: Session, table: str, route: str) -> Callable[[], str]:
    def state() -> str:
        for one in session.all("Cbn", "ListTransitRouterRouteEntries", "TransitRouterRouteEntries",
                               TransitRouterRouteTableId=table, TransitRouterRouteEntryStatus="All",
                               TransitRouterRouteEntryIds=[route]):
            if one.get(f"{_WORD}Id") == route:
                return "there" if one[f"{_WORD}Status"] not in ("Creating", "Deleting") else str(one[f"{_WORD}Status"])
        return ""

    return state


def _create_route(session: Session, thing: Thing) -> Steps[Ids]:
    name, _, prefix = thing.key[1].rpartition(" ")
    table, hop = table_id(session, name), thing.text("NextHop")
    toward: dict[str, object] = {f"{_WORD}NextHopType": _BLACK_HOLE}
    if hop != _BLACK_HOLE:
        toward = {f"{_WORD}NextHopType": "Attachment", f"{_WORD}NextHopId": session.id("attachment", hop)}
    texts = params({f"{_WORD}{key}": one for key, one in thing.fields.items() if key != "NextHop"})
    made = session.do("Cbn", "CreateTransitRouterRouteEntry", TransitRouterRouteTableId=table,
                      TransitRouterRouteEntryDestinationCidrBlock=prefix, **toward, **texts)[f"{_WORD}Id"]
    yield until(f"route {thing.key[1]}", _route_state(session, table, made), "there")
    return {"Id": made, "Table": table}


def _delete_route(session: Session, there: Found) -> Steps[None]:
    session.remove("Cbn", "DeleteTransitRouterRouteEntry", TransitRouterRouteEntryId=there.ids["Id"])
    yield until(f"route {there.thing.key[1]}", _route_state(session, there.ids["Table"], there.ids["Id"]), "")


def _map_params(session: Session, thing: Thing) -> dict[str, object]:
    said: dict[str, Value] = dict(thing.fields)
    for name in _INSTANCES:
        known = said.get(name)
        if isinstance(known, tuple):
            said[name] = tuple(next(session.ids[kind, one]["Id"] for kind in INSTANCE_KINDS if (
                kind, one) in session.ids) for one in known)
    return params(said)


def _map_state(session: Session, cen: str, one: str) -> Callable[[], str]:
    return _state(session, "DescribeCenRouteMaps", "RouteMaps.RouteMap", CenId=cen, CenRegionId=session.region,
                  RouteMapId=one)


def _create_map(session: Session, thing: Thing) -> Steps[Ids]:
    direction, priority, table = thing.key[1].split(" ", 2)
    cen = session.id(*thing.needs[0], "Cen")
    made = session.do("Cbn", "CreateCenRouteMap", CenId=cen, CenRegionId=session.region, TransmitDirection=direction,
                      Priority=int(priority), TransitRouterRouteTableId=table_id(session, table),
                      **_map_params(session, thing))["RouteMapId"]
    yield until(f"route map {thing.key[1]}", _map_state(session, cen, made), "Active")
    return {"Id": made, "Cen": cen}


def _change_map(session: Session, there: Found, thing: Thing) -> Steps[None]:
    session.do("Cbn", "ModifyCenRouteMap", CenId=there.ids["Cen"], CenRegionId=session.region,
               RouteMapId=there.ids["Id"], Priority=int(thing.key[1].split(" ")[1]), **_map_params(session, thing))
    yield until(f"route map {thing.key[1]}", _map_state(session, there.ids["Cen"], there.ids["Id"]), "Active")


def _delete_map(session: Session, there: Found) -> Steps[None]:
    session.remove("Cbn", "DeleteCenRouteMap", CenId=there.ids["Cen"], CenRegionId=session.region,
                   RouteMapId=there.ids["Id"])
    yield until(f"route map {there.thing.key[1]}", _map_state(session, there.ids["Cen"], there.ids["Id"]), "")


KINDS = {
    "CEN": Kind("CEN", 30, 190, _create_cen, _delete_cen, _change_cen),
    "transit router": Kind("transit router", 31, 180, _create_router, _delete_router, _change_router),
    "route table": Kind("route table", 32, 170, _create_table, _delete_table),
    "route": Kind("route of the transit router", 50, 20, _create_route, _delete_route),
    "route map": Kind("route map", 52, 10, _create_map, _delete_map, _change_map),
    "CIDR": Kind("CIDR of the transit router", 60, 90, _create_cidr, _delete_cidr, _change_cidr),
}
