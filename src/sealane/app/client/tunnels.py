"""Customer gateways, and IPsec connections with their tunnels and routes."""

from collections.abc import Callable, Iterator, Mapping

from sealane.app.client.kind import Ids, Kind
from sealane.app.client.session import Answer, Session, Steps, items, tags, until
from sealane.app.client.thing import Found, Thing, Value, fields, params
from sealane.kinds import Plan
from sealane.kinds.ipsec_connection import IpsecConnection, TunnelSpec, tunnel_name
from sealane.net import Secret

_IKE = ("IkeVersion", "IkeMode", "IkeEncAlg", "IkeAuthAlg", "IkePfs", "IkeLifetime", "LocalId", "RemoteId")
_IPSEC = ("IpsecEncAlg", "IpsecAuthAlg", "IpsecPfs", "IpsecLifetime")
_BGP = ("LocalAsn", "TunnelCidr", "LocalBgpIp")
_GROUPS = {"TunnelIkeConfig": (*_IKE, "Psk"), "TunnelIpsecConfig": _IPSEC, "TunnelBgpConfig": _BGP}
_SCALARS = ("NetworkType", "LocalSubnet", "RemoteSubnet", "EffectImmediately", "EnableTunnelsBgp", "TunnelBandwidth")
_PLAIN = ("CustomerGateway", "EnableDpd", "EnableNatTraversal")


def wanted(plan: Plan, keys: Mapping[str, Secret]) -> Iterator[Thing]:
    """Things of a plan; tunnels without a key get one from the cloud."""
    for gateway in plan.customer_gateways:
        yield Thing(("customer gateway", gateway.name), fields(
            IpAddress=gateway.ip_address, Asn=gateway.asn, AuthKey=gateway.auth_key, Description=gateway.description))
    attached = {} if plan.transit_router is None else {
        one.ipsec_connection: one.name for one in plan.transit_router.attachments.vpn}
    for connection in plan.ipsec_connections:
        yield _connection(connection, keys)
        for route in connection.route_entries:
            needs = [("IPsec connection", connection.name)]
            needs += [("attachment", attached[connection.name])] if connection.name in attached else []
            yield Thing(("route of an IPsec connection", f"{connection.name} {route.route_dest}"), {}, tuple(needs))


def _connection(one: IpsecConnection, keys: Mapping[str, Secret]) -> Thing:
    said = fields(
        NetworkType=one.network_type, LocalSubnet=",".join(map(str, one.local_subnet)),
        RemoteSubnet=",".join(map(str, one.remote_subnet)), EffectImmediately=one.effect_immediately,
        EnableTunnelsBgp=one.enable_tunnels_bgp, TunnelBandwidth=one.tunnel_bandwidth)
    for index, tunnel in enumerate(one.tunnels, 1):
        told = _tunnel(tunnel, keys.get(tunnel_name(one.name, index)), bgp=one.enable_tunnels_bgp)
        said |= {f"{index}.{name}": inner for name, inner in told.items()}
    needs = dict.fromkeys(("customer gateway", tunnel.customer_gateway) for tunnel in one.tunnels)
    return Thing(("IPsec connection", one.name), said, tuple(needs))


def _tunnel(one: TunnelSpec, key: Secret | None, *, bgp: bool) -> dict[str, Value]:
    told = fields(CustomerGateway=one.customer_gateway, EnableDpd=one.enable_dpd,
                  EnableNatTraversal=one.enable_nat_traversal)
    told |= {f"TunnelIkeConfig.{name}": inner for name, inner in fields(
        **{name: getattr(one.ike, _snake(name)) for name in _IKE}, Psk=key).items()}
    told |= {f"TunnelIpsecConfig.{name}": inner for name, inner in fields(
        **{name: getattr(one.ipsec, _snake(name)) for name in _IPSEC}).items()}
    if bgp and one.bgp is not None:
        told |= {f"TunnelBgpConfig.{name}": inner for name, inner in fields(
            LocalAsn=one.bgp.local_asn, TunnelCidr=one.bgp.tunnel_cidr, LocalBgpIp=one.bgp.local).items()}
    return told


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def found(session: Session) -> Iterator[Found]:
    """What is there."""
    gateways = {}
    for one in session.all("Vpc", "DescribeCustomerGateways", "CustomerGateways.CustomerGateway"):
        gateways[one["CustomerGatewayId"]] = one["Name"]
        yield Found(Thing(("customer gateway", one["Name"]), fields(
            IpAddress=one["IpAddress"], Asn=one.get("Asn"), Description=one.get("Description", ""),
            AuthKey=Secret(one["AuthKey"]) if one.get("AuthKey") else None)),
            {"Id": one["CustomerGatewayId"]}, _ours(session, one))
    for one in session.all("Vpc", "DescribeVpnAttachments", "VpnAttachments"):
        if not _ours(session, one):
            continue
        whole = _describe(session, one["InstanceId"])
        if whole.get("State") == "deleted":
            continue
        key = ("IPsec connection", one["Name"])
        yield _found(whole, key, one["InstanceId"], gateways)
        for route in session.all("Vpc", "DescribeVcoRouteEntries", "VcoRouteEntries",
                                 VpnConnectionId=one["InstanceId"], RouteEntryType="custom"):
            yield Found(Thing(("route of an IPsec connection", f"{one['Name']} {route['RouteDest']}"), {}, (key,)),
                        {"VpnConnectionId": one["InstanceId"], "RouteDest": route["RouteDest"]})


def _ours(session: Session, one: Answer) -> bool:
    return tags(one).get("sealane:plan") == session.plan


def _describe(session: Session, vco: str) -> Answer:
    return session.do("Vpc", "DescribeVpnConnection", VpnConnectionId=vco)


def _found(whole: Answer, key: tuple[str, str], vco: str, gateways: Mapping[str, str]) -> Found:
    said = fields(**{name: whole.get(name, "") for name in _SCALARS})
    ids, needs = {"Id": vco}, []
    for one in items(whole, "TunnelOptionsSpecification.TunnelOptions"):
        index = str(one["TunnelIndex"])
        ids[index] = one["TunnelId"]
        gateway = gateways.get(one["CustomerGatewayId"], one["CustomerGatewayId"])
        needs.append(("customer gateway", gateway))
        told = fields(CustomerGateway=gateway, EnableDpd=one["EnableDpd"], EnableNatTraversal=one["EnableNatTraversal"])
        for group, names in _GROUPS.items():
            inner = one.get(group) or {}
            told |= {f"{group}.{name}": Secret(str(inner[name])) if name == "Psk" else str(inner[name])
                     for name in names if inner.get(name) not in (None, "")}
        said |= {f"{index}.{name}": inner for name, inner in told.items()}
    return Found(Thing(key, said, tuple(dict.fromkeys(needs))), ids)


def _options(session: Session, thing: Thing, index: str) -> dict[str, object]:
    told: dict[str, object] = {"TunnelIndex": int(index)}
    groups: dict[str, dict[str, object]] = {}
    for name, one in params(thing.fields).items():
        place, _, rest = name.partition(".")
        if place != index:
            continue
        group, dot, inner = rest.partition(".")
        if dot:
            groups.setdefault(group, {})[inner] = one
        elif rest == "CustomerGateway":
            told["CustomerGatewayId"] = session.id("customer gateway", str(one))
        else:
            told[rest] = one
    return told | groups


def _state(session: Session, vco: str) -> Callable[[], str]:
    return lambda: str(_describe(session, vco)["State"])


def _create(session: Session, thing: Thing) -> Steps[Ids]:
    made = session.do(
        "Vpc", "CreateVpnAttachment", Name=thing.key[1], Tags=session.tag,
        **params({name: one for name, one in thing.fields.items() if name in _SCALARS}),
        TunnelOptionsSpecification=[_options(session, thing, index) for index in ("1", "2")])["VpnConnectionId"]
    yield until(f"IPsec connection {thing.key[1]}", _state(session, made), "init", "attached")
    return {"Id": made}


def _change(session: Session, there: Found, thing: Thing) -> Steps[None]:
    scalars = ("EffectImmediately", "EnableTunnelsBgp")
    tunnels = [{**_options(session, thing, index), "TunnelId": there.ids[index]} for index in ("1", "2")]
    session.do("Vpc", "ModifyVpnAttachmentAttribute", VpnConnectionId=there.ids["Id"],
               **params({name: one for name, one in thing.fields.items() if name in scalars}),
               TunnelOptionsSpecification=tunnels)
    yield until(f"IPsec connection {thing.key[1]}", _state(session, there.ids["Id"]), "attached", "init")


def _delete(session: Session, there: Found) -> Steps[None]:
    vco = there.ids["Id"]
    session.remove("Vpc", "DeleteVpnAttachment", VpnConnectionId=vco)
    yield until(f"IPsec connection {there.thing.key[1]}", lambda: next(
        (one["InstanceId"] for one in session.all("Vpc", "DescribeVpnAttachments", "VpnAttachments",
                                                  VpnConnectionId=vco)), ""), "")


def _create_gateway(session: Session, thing: Thing) -> Ids:
    return {"Id": session.do("Vpc", "CreateCustomerGateway", Name=thing.key[1], Tags=session.tag,
                             **params(thing.fields))["CustomerGatewayId"]}


def _change_gateway(session: Session, there: Found, thing: Thing) -> None:
    session.do("Vpc", "ModifyCustomerGatewayAttribute", CustomerGatewayId=there.ids["Id"],
               **params({name: one for name, one in thing.fields.items() if name in {"Description", "AuthKey"}}))


def _delete_gateway(session: Session, there: Found) -> None:
    session.remove("Vpc", "DeleteCustomerGateway", CustomerGatewayId=there.ids["Id"])


def _create_route(session: Session, thing: Thing) -> Steps[Ids]:
    name, _, prefix = thing.key[1].rpartition(" ")
    vco = session.id("IPsec connection", name)
    session.do("Vpc", "CreateVcoRouteEntry", VpnConnectionId=vco, RouteDest=prefix, NextHop=vco, Weight=100)
    yield until(f"IPsec connection {name}", _state(session, vco), "attached")
    return {"VpnConnectionId": vco, "RouteDest": prefix}


def _delete_route(session: Session, there: Found) -> Steps[None]:
    vco = there.ids["VpnConnectionId"]
    session.remove("Vpc", "DeleteVcoRouteEntry", VpnConnectionId=vco, RouteDest=there.ids["RouteDest"], NextHop=vco,
                   Weight=100)
    yield until(f"IPsec connection of {there.thing.key[1]}", _state(session, vco), "attached")


KINDS = {
    "customer gateway": Kind("customer gateway", 61, 80, _create_gateway, _delete_gateway, _change_gateway,
                             frozenset({"IpAddress", "Asn"}), frozenset({"IpAddress"})),
    "IPsec connection": Kind("IPsec connection", 62, 70, _create, _delete, _change,
                             frozenset({"NetworkType", "LocalSubnet", "RemoteSubnet", "TunnelBandwidth"})),
    "route of an IPsec connection": Kind("route of an IPsec connection", 64, 40, _create_route, _delete_route),
}
