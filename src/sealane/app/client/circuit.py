"""Dedicated circuits, and border routers with their routes and BGP."""

from collections.abc import Iterator

from sealane.app.client.kind import Ids, Kind
from sealane.app.client.network import delete_route, make_route
from sealane.app.client.session import Answer, Session, Steps, items, tags, until
from sealane.app.client.thing import Found, Thing, fields, params
from sealane.kinds import Plan
from sealane.kinds.vbr import BgpGroup, VirtualBorderRouterSpec
from sealane.net import InterfaceAddress, Secret

_TIMERS = ("Mtu", "MinTxInterval", "MinRxInterval", "DetectMultiplier")
_ENDS = ("VlanId", "LocalGatewayIp", "PeerGatewayIp", "PeeringSubnetMask")
_LINE = ("AccessPointId", "LineOperator", "PortType", "CircuitCode", "PeerLocation", "Description")
_ENABLED = "Enabled"
_ENDED = frozenset({"Terminated", "Rejected", "Canceled"})
"""States from which a circuit comes back no more: it is ordered again."""
_MOST_UNUSED = 5
"""Circuits that an account may have beside those that are enabled."""


def wanted(plan: Plan) -> Iterator[Thing]:
    """Things of a plan."""
    for line in plan.physical_connections:
        yield Thing(("circuit", line.name), fields(
            AccessPointId=line.access_point_id, LineOperator=line.line_operator, PortType=line.port_type,
            CircuitCode=line.circuit_code, PeerLocation=line.peer_location, Description=line.description,
            Status=_ENABLED, Ended=False))
    for vbr in plan.virtual_border_routers:
        key = ("border router", vbr.name)
        yield Thing(key, fields(
            PhysicalConnection=vbr.physical_connection, VlanId=vbr.vlan_id, LocalGatewayIp=vbr.local_gateway_ip,
            PeerGatewayIp=vbr.peer_gateway_ip, PeeringSubnetMask=_mask(vbr), Bandwidth=vbr.bandwidth, Mtu=vbr.mtu,
            MinTxInterval=vbr.min_tx_interval, MinRxInterval=vbr.min_rx_interval,
            DetectMultiplier=vbr.detect_multiplier, Description=vbr.description,
        ), (("circuit", vbr.physical_connection),))
        for route in vbr.route_entries:
            yield Thing(("route of a border router", f"{vbr.name} {route.destination_cidr_block}"),
                        fields(Description=route.description), (key,))
        for group in vbr.bgp_groups:
            yield from _group(vbr, group)


def _mask(vbr: VirtualBorderRouterSpec) -> str:
    return str(InterfaceAddress((int(vbr.local_gateway_ip), vbr.peering_subnet_mask)).netmask)


def _group(vbr: VirtualBorderRouterSpec, group: BgpGroup) -> Iterator[Thing]:
    key = ("BGP group", f"{vbr.name}/{group.name}")
    yield Thing(key, fields(PeerAsn=group.peer_asn, LocalAsn=group.local_asn, AuthKey=group.auth_key,
                            Description=group.description), (("border router", vbr.name),))
    for peer in group.peers:
        address = peer.peer_ip_address or vbr.peer_gateway_ip
        yield Thing(("BGP peer", f"{key[1]} {address}"), fields(
            EnableBfd=peer.enable_bfd, BfdMultiHop=peer.bfd_multi_hop), (key,))


def found(session: Session) -> Iterator[Found]:
    """What is there."""
    lines: dict[str, str] = {}
    for one in _lines(session):
        lines[one["PhysicalConnectionId"]] = one["Name"]
        said = {key: one.get(key, "") for key in (*_LINE, "Status")}
        yield Found(Thing(("circuit", one["Name"]), fields(**said, Ended=one["Status"] in _ENDED)),
                    {"Id": one["PhysicalConnectionId"]}, _ours(session, one))
    for one in session.all("Vpc", "DescribeVirtualBorderRouters", "VirtualBorderRouterSet.VirtualBorderRouterType"):
        if one["Status"] == "deleting":
            continue
        key, line_id = ("border router", one["Name"]), str(one["PhysicalConnectionId"])
        line = lines.get(line_id, line_id)
        ids = {"Id": one["VbrId"], "Table": one["RouteTableId"], "Interface": one["VlanInterfaceId"]}
        said = {name: one.get(name, "") for name in (*_ENDS, *_TIMERS, "Bandwidth", "Description")}
        yield Found(Thing(key, fields(PhysicalConnection=line, **said), (("circuit", line),)), ids,
                    _ours(session, one))
        if _ours(session, one):
            yield from _inside(session, key, ids)


def _ours(session: Session, one: Answer) -> bool:
    return tags(one).get("sealane:plan") == session.plan


def _lines(session: Session) -> Iterator[Answer]:
    return session.all("Vpc", "DescribePhysicalConnections", "PhysicalConnectionSet.PhysicalConnectionType")


def _inside(session: Session, key: tuple[str, str], ids: Ids) -> Iterator[Found]:
    for one in session.all("Vpc", "DescribeRouteEntryList", "RouteEntrys.RouteEntry", RouteTableId=ids["Table"],
                           RouteEntryType="Custom"):
        yield Found(Thing(("route of a border router", f"{key[1]} {one['DestinationCidrBlock']}"),
                          fields(Description=one.get("Description", "")), (key,)),
                    {"Id": one["RouteEntryId"], "Table": ids["Table"]})
    groups = {}
    for one in session.all("Vpc", "DescribeBgpGroups", "BgpGroups.BgpGroup", RouterId=ids["Id"]):
        groups[one["BgpGroupId"]] = ("BGP group", f"{key[1]}/{one['Name']}")
        yield Found(Thing(groups[one["BgpGroupId"]], fields(
            PeerAsn=one["PeerAsn"], LocalAsn=one["LocalAsn"], Description=one.get("Description", ""),
            AuthKey=Secret(one["AuthKey"]) if one.get("AuthKey") else None), (key,)), {"Id": one["BgpGroupId"]})
    for one in session.all("Vpc", "DescribeBgpPeers", "BgpPeers.BgpPeer", RouterId=ids["Id"]):
        group = groups.get(one["BgpGroupId"])
        if group is not None:
            yield Found(Thing(("BGP peer", f"{group[1]} {one['PeerIpAddress']}"), fields(
                EnableBfd=one["EnableBfd"], BfdMultiHop=one.get("BfdMultiHop")), (group,)), {"Id": one["BgpPeerId"]})


def _create_line(session: Session, thing: Thing) -> Steps[Ids]:
    """In the real cloud people lay and allocate the line between these calls: the command is run again then."""
    made = session.do("Vpc", "CreatePhysicalConnection", Name=thing.key[1], Tag=session.tag,
                      **{"PortType": "1000Base-LX", **_told(thing)})["PhysicalConnectionId"]
    yield from _enabled(session, thing.key[1], made)
    return {"Id": made}


def _told(thing: Thing) -> dict[str, object]:
    return params({key: one for key, one in thing.fields.items() if key not in ("Status", "Ended")})


def _enabled(session: Session, name: str, line: str) -> Steps[None]:
    """Bring a circuit from wherever it stands to Enabled; does nothing to one that is."""
    def state() -> str:
        return _line_state(session, line)

    reached = yield until(f"circuit {name}", state, "Allocated", "Confirmed", _ENABLED)
    if reached == "Allocated":
        session.do("Vpc", "ConfirmPhysicalConnection", PhysicalConnectionId=line)
        reached = yield until(f"circuit {name}", state, "Confirmed", _ENABLED)
    if reached == "Confirmed":
        session.do("Vpc", "EnablePhysicalConnection", PhysicalConnectionId=line)
        yield until(f"circuit {name}", state, _ENABLED)


def _line_state(session: Session, line: str) -> str:
    answer = session.do("Vpc", "DescribePhysicalConnections", Filter=[{"Key": "PhysicalConnectionId", "Value": [line]}])
    return next((str(one["Status"]) for one in items(answer, "PhysicalConnectionSet.PhysicalConnectionType")), "")


def _change_line(session: Session, there: Found, thing: Thing) -> Steps[None]:
    said = {key: one for key, one in _told(thing).items() if key != "AccessPointId"}
    if any(value != there.thing.fields.get(key) for key, value in said.items()):
        session.do("Vpc", "ModifyPhysicalConnectionAttribute", PhysicalConnectionId=there.ids["Id"], **said)
    yield from _enabled(session, thing.key[1], there.ids["Id"])


def _delete_line(session: Session, there: Found) -> Steps[None]:
    line = there.ids["Id"]
    if _line_state(session, line) == "Enabled":
        session.do("Vpc", "TerminatePhysicalConnection", PhysicalConnectionId=line)
        yield until(f"circuit {there.thing.key[1]}", lambda: _line_state(session, line), "Terminated")
    session.remove("Vpc", "DeletePhysicalConnection", PhysicalConnectionId=line)
    yield until(f"circuit {there.thing.key[1]}", lambda: _line_state(session, line), "")


def _create_vbr(session: Session, thing: Thing) -> Steps[Ids]:
    line = session.id("circuit", thing.text("PhysicalConnection"))
    said = params({key: one for key, one in thing.fields.items() if key not in {"PhysicalConnection", *_TIMERS}})
    made = session.do("Vpc", "CreateVirtualBorderRouter", Name=thing.key[1], PhysicalConnectionId=line,
                      Tags=session.tag, **said)["VbrId"]
    yield until(f"border router {thing.key[1]}", lambda: _vbr(session, made).get("Status", ""), "active")
    there = _vbr(session, made)
    timers = {key: thing.text(key) for key in _TIMERS if thing.text(key) and thing.text(key) != str(there.get(key))}
    if timers:
        session.do("Vpc", "ModifyVirtualBorderRouterAttribute", VbrId=made, **timers)
    return {"Id": made, "Table": there["RouteTableId"], "Interface": there["VlanInterfaceId"]}


def _vbr(session: Session, vbr: str) -> Answer:
    answer = session.do("Vpc", "DescribeVirtualBorderRouters", Filter=[{"Key": "VbrId", "Value": [vbr]}])
    return next(iter(items(answer, "VirtualBorderRouterSet.VirtualBorderRouterType")), {})


def _change_vbr(session: Session, there: Found, thing: Thing) -> None:
    said = {key: one for key, one in thing.fields.items() if key != "PhysicalConnection"}
    session.do("Vpc", "ModifyVirtualBorderRouterAttribute", VbrId=there.ids["Id"], **params(said))


def _delete_vbr(session: Session, there: Found) -> Steps[None]:
    session.remove("Vpc", "DeleteVirtualBorderRouter", VbrId=there.ids["Id"])
    yield until(f"border router {there.thing.key[1]}",
                 lambda: _vbr(session, there.ids["Id"]).get("Status", ""), "")


def _create_route(session: Session, thing: Thing) -> Steps[Ids]:
    vbr, _, prefix = thing.key[1].rpartition(" ")
    return make_route(session, session.id("border router", vbr, "Table"), prefix, "RouterInterface",
                      session.id("border router", vbr, "Interface"), thing)


def _create_group(session: Session, thing: Thing) -> Steps[Ids]:
    vbr, _, name = thing.key[1].partition("/")
    made = session.do("Vpc", "CreateBgpGroup", Name=name, RouterId=session.id("border router", vbr),
                      **params(thing.fields))["BgpGroupId"]
    yield until(f"BGP group {thing.key[1]}", lambda: _bgp(session, "BgpGroup", made), "Available")
    return {"Id": made}


def _bgp(session: Session, word: str, one: str) -> str:
    answer = session.do("Vpc", f"Describe{word}s", **{f"{word}Id": one})
    return next((str(item["Status"]) for item in items(answer, f"{word}s.{word}")), "")


def _change_group(session: Session, there: Found, thing: Thing) -> Steps[None]:
    session.do("Vpc", "ModifyBgpGroupAttribute", BgpGroupId=there.ids["Id"], **params(thing.fields))
    yield until(f"BGP group {thing.key[1]}", lambda: _bgp(session, "BgpGroup", there.ids["Id"]), "Available")


def _delete_group(session: Session, there: Found) -> Steps[None]:
    session.remove("Vpc", "DeleteBgpGroup", BgpGroupId=there.ids["Id"])
    yield until(f"BGP group {there.thing.key[1]}", lambda: _bgp(session, "BgpGroup", there.ids["Id"]), "")


def _create_peer(session: Session, thing: Thing) -> Steps[Ids]:
    group, _, address = thing.key[1].rpartition(" ")
    made = session.do("Vpc", "CreateBgpPeer", BgpGroupId=session.id("BGP group", group), PeerIpAddress=address,
                      **_peer(thing))["BgpPeerId"]
    yield until(f"BGP peer {thing.key[1]}", lambda: _bgp(session, "BgpPeer", made), "Available")
    return {"Id": made}


def _peer(thing: Thing) -> dict[str, object]:
    """Hops are told to BFD only."""
    return params({key: one for key, one in thing.fields.items() if key == "EnableBfd" or
                   thing.text("EnableBfd") == "true"})


def _change_peer(session: Session, there: Found, thing: Thing) -> Steps[None]:
    session.do("Vpc", "ModifyBgpPeerAttribute", BgpPeerId=there.ids["Id"], **_peer(thing))
    yield until(f"BGP peer {thing.key[1]}", lambda: _bgp(session, "BgpPeer", there.ids["Id"]), "Available")


def _delete_peer(session: Session, there: Found) -> Steps[None]:
    session.remove("Vpc", "DeleteBgpPeer", BgpPeerId=there.ids["Id"])
    yield until(f"BGP peer {there.thing.key[1]}", lambda: _bgp(session, "BgpPeer", there.ids["Id"]), "")


KINDS = {
    "circuit": Kind("circuit", 20, 150, _create_line, _delete_line, _change_line, frozenset({"AccessPointId", "Ended"}),
                    together=_MOST_UNUSED),
    "border router": Kind("border router", 22, 140, _create_vbr, _delete_vbr, _change_vbr,
                          frozenset({"PhysicalConnection"}), frozenset({"LocalGatewayIp"})),
    "route of a border router": Kind("route of a border router", 23, 110, _create_route, delete_route),
    "BGP group": Kind("BGP group", 24, 130, _create_group, _delete_group, _change_group),
    "BGP peer": Kind("BGP peer", 25, 120, _create_peer, _delete_peer, _change_peer),
}
