"""Attachments to the transit router, with what they are associated with and propagate to."""

from collections.abc import Callable, Iterator, Mapping

from sealane.app.client.kind import Ids, Kind
from sealane.app.client.session import Answer, Session, Steps, tags, until
from sealane.app.client.thing import Found, Key, Thing, fields, params
from sealane.app.client.transit import table_id
from sealane.kinds import Plan
from sealane.kinds.transit_router import VbrAttachment, VpcAttachment, VpnAttachment

_SORTS: Mapping[str, tuple[str, str, str]] = {
    "VPC": ("Vpc", "VpcId", "vpc"), "VBR": ("Vbr", "VbrId", "border router"),
    "VPN": ("Vpn", "VpnId", "IPsec connection"),
}
"""By resource type: the word in operations, the parameter, the kind of the resource."""
_ENDS = {"VPN": 60, "VBR": 100, "VPC": 160}
"""Turns of removal: the tunnels go before the circuit below them."""
_ZONES = "ZoneMappings"


def wanted(plan: Plan) -> Iterator[Thing]:
    """Things of a plan."""
    router = plan.transit_router
    if router is None:
        return
    for one in router.attachments:
        key = ("attachment", one.name)
        yield _wanted(plan, one, key, ("transit router", router.name))
        tables = {table.name: ("route table", table.name) for table in router.route_tables if
                  table.name != router.system_table}
        if one.association is not None:
            yield Thing(("association", one.name), fields(RouteTable=one.association),
                        (key, *filter(None, [tables.get(one.association)])))
        for name in one.propagations:
            yield Thing(("propagation", f"{one.name} {name}"), fields(RouteTable=name),
                        (key, *filter(None, [tables.get(name)])))


def _wanted(plan: Plan, one: VpcAttachment | VbrAttachment | VpnAttachment, key: Key, router: Key) -> Thing:
    said = {"AutoPublishRouteEnabled": one.auto_publish_route_enabled,
            "TransitRouterAttachmentDescription": one.description}
    if isinstance(one, VpcAttachment):
        zones = tuple(sorted(f"{zone.zone_id} {zone.vswitch}" for zone in one.zone_mappings))
        switches = (("vswitch", f"{one.vpc}/{zone.vswitch}") for zone in one.zone_mappings)
        return Thing(key, fields(ResourceType="VPC", Resource=one.vpc, **{_ZONES: zones}, **said),
                     (router, ("vpc", one.vpc), *switches))
    if isinstance(one, VbrAttachment):
        return Thing(key, fields(ResourceType="VBR", Resource=one.vbr, **said), (router, ("border router", one.vbr)))
    cidrs = () if plan.transit_router is None else plan.transit_router.cidrs
    return Thing(key, fields(ResourceType="VPN", Resource=one.ipsec_connection, **said),
                 (router, ("IPsec connection", one.ipsec_connection), *(("CIDR", str(cidr.cidr)) for cidr in cidrs)))


def found(session: Session) -> Iterator[Found]:
    """The attachments that are there."""
    for cen in session.all("Cbn", "DescribeCens", "Cens.Cen"):
        if tags(cen).get("sealane:plan") != session.plan:
            continue
        routers = {one["TransitRouterId"]: one["TransitRouterName"] for one in session.all(
            "Cbn", "ListTransitRouters", "TransitRouters", CenId=cen["CenId"], RegionId=session.region)}
        for sort, (word, parameter, _) in _SORTS.items():
            for one in session.all("Cbn", f"ListTransitRouter{word}Attachments", "TransitRouterAttachments",
                                   CenId=cen["CenId"], RegionId=session.region):
                if one["TransitRouterId"] in routers and one["Status"] != "Detaching":
                    router = ("transit router", routers[one["TransitRouterId"]])
                    yield _found(session, one, sort, one[parameter], router)


def _found(session: Session, one: Answer, sort: str, resource: str, router: Key) -> Found:
    kind = _SORTS[sort][2]
    name = _named(session, kind, resource)
    zones = tuple(sorted(f"{zone['ZoneId']} {_named(session, 'vswitch', zone['VSwitchId']).rpartition('/')[2]}"
                         for zone in one.get(_ZONES) or ()))
    needs = [router, (kind, name)]
    needs += [("vswitch", f"{name}/{zone.split(' ', 1)[1]}") for zone in zones]
    said = fields(ResourceType=sort, Resource=name, AutoPublishRouteEnabled=one.get("AutoPublishRouteEnabled", False),
                  TransitRouterAttachmentDescription=one.get("TransitRouterAttachmentDescription", ""))
    if sort == "VPC":
        said[_ZONES] = zones
    return Found(Thing(("attachment", one["TransitRouterAttachmentName"]), said, tuple(needs)),
                 {"Id": one["TransitRouterAttachmentId"], "Type": sort, "Cen": one["CenId"]},
                 tags(one).get("sealane:plan") == session.plan, _ENDS[sort])


def _named(session: Session, kind: str, known: str) -> str:
    return next((key[1] for key, ids in session.ids.items() if key[0] == kind and ids.get("Id") == known), known)


def found_members(session: Session) -> Iterator[Found]:
    """Associations and propagations; asked for when tables are known."""
    system = session.ids["system table", ""]["Name"]
    tables = {ids["Id"]: name for (kind, name), ids in session.ids.items() if kind == "route table"}
    tables |= {ids["Table"]: system for (kind, _), ids in session.ids.items() if kind == "transit router"}
    for (kind, name), ids in tuple(session.ids.items()):
        if kind != "attachment":
            continue
        for one in session.all("Cbn", "ListTransitRouterRouteTableAssociations", "TransitRouterAssociations",
                               TransitRouterAttachmentId=ids["Id"]):
            yield _member("association", name, name, one, tables, system, ids["Type"])
        for table, called in tables.items():
            for one in session.all("Cbn", "ListTransitRouterRouteTablePropagations", "TransitRouterPropagations",
                                   TransitRouterRouteTableId=table, TransitRouterAttachmentId=ids["Id"]):
                yield _member("propagation", f"{name} {called}", name, one, tables, system, ids["Type"])


def _member(  # noqa: PLR0917 - a shorthand
    kind: str, name: str, attachment: str, one: Answer, tables: Mapping[str, str], system: str, sort: str
) -> Found:
    table = tables.get(one["TransitRouterRouteTableId"], one["TransitRouterRouteTableId"])
    needs: tuple[Key, ...] = (("attachment", attachment),)
    if table != system:
        needs = (*needs, ("route table", table))
    return Found(Thing((kind, name), fields(RouteTable=table), needs),
                 {key: one[key] for key in ("TransitRouterAttachmentId", "TransitRouterRouteTableId")},
                 ends=_ENDS[sort] - 1)


def _create(session: Session, thing: Thing) -> Steps[Ids]:
    word, parameter, kind = _SORTS[thing.text("ResourceType")]
    router = session.ids[thing.needs[0]]
    cen = router["Cen"]
    resource = thing.text("Resource")
    said: dict[str, object] = {parameter: session.id(kind, resource)}
    zones = thing.fields.get(_ZONES)
    if isinstance(zones, tuple):
        said[_ZONES] = [{"ZoneId": zone, "VSwitchId": session.id("vswitch", f"{resource}/{switch}")}
                        for zone, _, switch in (one.partition(" ") for one in zones)]
    said |= params({key: one for key, one in thing.fields.items() if key not in {"ResourceType", "Resource", _ZONES}})
    made = session.do("Cbn", f"CreateTransitRouter{word}Attachment", CenId=cen, RegionId=session.region,
                      TransitRouterId=router["Id"], TransitRouterAttachmentName=thing.key[1], Tag=session.tag,
                      **said)["TransitRouterAttachmentId"]
    yield until(f"attachment {thing.key[1]}", _state(session, word, cen, made), "Attached")
    return {"Id": made, "Type": thing.text("ResourceType"), "Cen": cen}


def _state(session: Session, word: str, cen: str, attachment: str) -> Callable[[], str]:
    return lambda: next((str(one["Status"]) for one in session.all(
        "Cbn", f"ListTransitRouter{word}Attachments", "TransitRouterAttachments", CenId=cen, RegionId=session.region,
        TransitRouterAttachmentId=attachment)), "")


def _change(session: Session, there: Found, thing: Thing) -> Steps[None]:
    word = _SORTS[there.ids["Type"]][0]
    session.do("Cbn", f"UpdateTransitRouter{word}AttachmentAttribute", TransitRouterAttachmentId=there.ids["Id"],
               TransitRouterAttachmentName=thing.key[1],
               **params({key: one for key, one in thing.fields.items() if key in {
                   "AutoPublishRouteEnabled", "TransitRouterAttachmentDescription"}}))
    yield until(f"attachment {thing.key[1]}", _state(session, word, there.ids["Cen"], there.ids["Id"]), "Attached")


def _delete(session: Session, there: Found) -> Steps[None]:
    word = _SORTS[there.ids["Type"]][0]
    session.remove("Cbn", f"DeleteTransitRouter{word}Attachment", TransitRouterAttachmentId=there.ids["Id"])
    yield until(f"attachment {there.thing.key[1]}", _state(session, word, there.ids["Cen"], there.ids["Id"]), "")


def _member_state(session: Session, word: str, both: Ids) -> Callable[[], str]:
    return lambda: next((str(one["Status"]) for one in session.all(
        "Cbn", f"ListTransitRouterRouteTable{word}s", f"TransitRouter{word}s", **both)), "")


def _both(session: Session, thing: Thing) -> Ids:
    return {"TransitRouterAttachmentId": session.id(*thing.needs[0]),
            "TransitRouterRouteTableId": table_id(session, thing.text("RouteTable"))}


def _associate(session: Session, thing: Thing) -> Steps[Ids]:
    both = _both(session, thing)
    session.do("Cbn", "AssociateTransitRouterAttachmentWithRouteTable", **both)
    yield until(f"association of {thing.key[1]}", _member_state(session, "Association", both), "Active")
    return both


def _dissociate(session: Session, there: Found) -> Steps[None]:
    session.remove("Cbn", "DissociateTransitRouterAttachmentFromRouteTable", **there.ids)
    yield until(f"association of {there.thing.key[1]}", _member_state(session, "Association", there.ids), "")


def _propagate(session: Session, thing: Thing) -> Steps[Ids]:
    both = _both(session, thing)
    session.do("Cbn", "EnableTransitRouterRouteTablePropagation", **both)
    yield until(f"propagation of {thing.key[1]}", _member_state(session, "Propagation", both), "Active")
    return both


def _stop_propagating(session: Session, there: Found) -> Steps[None]:
    session.remove("Cbn", "DisableTransitRouterRouteTablePropagation", **there.ids)
    yield until(f"propagation of {there.thing.key[1]}", _member_state(session, "Propagation", there.ids), "")


KINDS = {
    "attachment": Kind("attachment", 40, 60, _create, _delete, _change,
                       frozenset({"ResourceType", "Resource", _ZONES}), frozenset({"Resource"})),
    "association": Kind("association", 41, 50, _associate, _dissociate),
    "propagation": Kind("propagation", 42, 51, _propagate, _stop_propagating),
}
