"""IPsec connections of two tunnels for transit routers: made, changed and deleted. Binding them is a matter of Cbn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.settle import settles
from sealane.cloud.tags import tags
from sealane.cloud.texts import resource_group, text
from sealane.cloud.tunnel_prefixes import check_apart
from sealane.cloud.vpc.common import given
from sealane.cloud.vpc.customer_gateways import asn_of, gateway_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.tunnel_options import TUNNELS, check_sessions, key_of, options
from sealane.cloud.vpc.vpn_answers import modified_connection, modified_tunnel
from sealane.cloud.vpc.vpn_common import ATTACHED, UNBOUND, UPDATING, check_idle, connection_of, tunnels_of
from sealane.cloud.world import Transaction
from sealane.net import Prefix

_EVERYTHING = "0.0.0.0/0"
_SINGLE = ("CustomerGatewayId", "IkeConfig", "IpsecConfig", "BgpConfig", "HealthCheckConfig", "RemoteCaCert")
"""What only a connection of one tunnel has."""
_NO_EFFECT = ("AutoConfigRoute", "EnableDpd", "EnableNatTraversal")
_OPTIONS = "TunnelOptionsSpecification"
_DONE: Fields = {"Code": "200", "Message": "successful", "Success": True}
_CHOICES: Mapping[str, Sequence[str]] = {
    "NetworkType": ("public", "private"),
    "TunnelBandwidth": ("Standard", "Large"),
}


@VPC.writes("CreateVpnAttachment", ignores=_NO_EFFECT, refuses=_SINGLE)
def create_vpn_attachment(call: Call, state: Transaction) -> Fields:
    """CreateVpnAttachment; nothing runs before it is bound, and so it is ready at once."""
    given_tunnels = _in_order(call)
    defaults: dict[str, Json] = {
        "Name": "", "NetworkType": "public", "TunnelBandwidth": "Standard", "EffectImmediately": False,
        "EnableTunnelsBgp": False, "AttachType": "NO_ASSOCIATED", "ResourceGroupId": resource_group(call),
        "Tags": tags(call, "Tags"),
    }  # fmt: skip
    connection = Document(
        call.new_id("vco", call.region), "vpn_attachment", call.account, call.region, "", UNBOUND,
        created_ms=call.now_ms, settled=1,
        fields={**defaults, **_given(call), **given(TunnelBandwidth=_choice(call, "TunnelBandwidth"))},
    )
    made = []
    for index, told in enumerate(given_tunnels, 1):
        made.append(Document(
            call.new_id("tun", call.region), "tunnel", call.account, call.region, connection.id, "active",
            created_ms=call.now_ms, settled=1,
            fields={"TunnelIndex": index, "InternetIp": "", "ZoneNo": "", **options(told, {}),
                    "CustomerGatewayId": gateway_of(call, state, str(told.get("CustomerGatewayId") or "")).id},
            secrets={"Psk": key_of(told) or call.new_secret()},
        ))
    _check(connection, made, state)
    for one in (connection, *made):
        state.put(one)
    return {**_DONE, "VpnConnectionId": connection.id, "Name": connection.text("Name"),
            "CreateTime": connection.created_ms}


def _in_order(call: Call) -> Sequence[Fields]:
    """The options of the first and of the second tunnel."""
    told = call.structs(_OPTIONS)
    if not told:
        raise CloudError("MissingParam.TunnelOptionsSpecification", "A connection is made of two tunnels; say both in "
                         "TunnelOptionsSpecification.")
    if len(told) != TUNNELS:
        raise CloudError("IllegalParam.TunnelOptionsSpecification", f"{len(told)} tunnels are given, expected "
                         f"{TUNNELS}.")
    return [one for _, one in sorted(zip(_numbers(told), told, strict=True), key=lambda pair: pair[0])]


def _numbers(told: Sequence[Fields]) -> Sequence[int]:
    """The TunnelIndex of each; one that is left out gets a number that is free. Clients count from 0 or from 1."""
    said = [one.get("TunnelIndex") for one in told]
    free = [number for number in (1, 2) if number not in said]
    numbers = [free.pop(0) if one is None else one for one in said]
    found = [one for one in numbers if isinstance(one, int) and 0 <= one <= TUNNELS]
    if len(set(found)) != len(told):
        raise CloudError("IllegalParam.TunnelIndex", f"TunnelIndex is {', '.join(map(str, numbers))}, expected 1 and "
                         "2.")
    return found


def _given(call: Call) -> dict[str, Json]:
    """What is said of the connection as a whole."""
    found = given(
        Name=text(call, "Name", most=100, code="InvalidParameter.VpnConnectionName"),
        NetworkType=_choice(call, "NetworkType"),
        LocalSubnet=_everything(call, "LocalSubnet"),
        RemoteSubnet=_everything(call, "RemoteSubnet"),
    )
    for name in ("EffectImmediately", "EnableTunnelsBgp"):
        if call.has(name):
            found[name] = call.flag(name, default=False)
    return found


def _choice(call: Call, name: str) -> str | None:
    value = call.text(name)
    if value and value not in _CHOICES[name]:
        raise CloudError(f"IllegalParam.{name}", f"{name} is {value}, expected one of {', '.join(_CHOICES[name])}.")
    return value or None


def _everything(call: Call, name: str) -> str | None:
    """Both selectors are 0.0.0.0/0: routes decide what enters a tunnel."""
    if not call.has(name):
        return None
    for one in call.text(name).split(","):
        try:
            Prefix(one.strip())
        except ValueError:
            raise CloudError(f"IllegalParam.{name}", f"{name} {call.text(name)} is no list of prefixes.") from None
    if call.text(name).strip() != _EVERYTHING:
        raise CloudError(f"OperationUnsupported.{name}", f"{name} is {call.text(name)}, expected {_EVERYTHING}: only "
                         "destination routing mode is carried.")
    return _EVERYTHING


def _check(connection: Document, tunnels: Sequence[Document], state: Transaction) -> None:
    """What holds for the connection and its tunnels together."""
    if connection.fields.get("EnableTunnelsBgp"):
        check_sessions(tunnels, lambda one: asn_of(state.get(one.text("CustomerGatewayId"))))
        check_apart(state, connection, tunnels, connection.text("TransitRouterId"))


@VPC.writes("ModifyVpnAttachmentAttribute", ignores=_NO_EFFECT, refuses=_SINGLE)
def modify_vpn_attachment_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyVpnAttachmentAttribute; of the tunnels, those that are named change, and in them what is told."""
    connection = connection_of(call, state)
    check_idle(connection)
    said = _given(call)
    bound = bool(connection.text("TransitRouterId"))
    if bound and said.get("NetworkType", connection.text("NetworkType")) != connection.text("NetworkType"):
        raise CloudError("IllegalParam.NetworkType", f"{connection.id} is bound and stays "
                         f"{connection.text('NetworkType')}.")
    before = tunnels_of(connection, state)
    told = _by_tunnel(call, before)
    after = [_laid(call, state, one, told[one.id]) if one.id in told else one for one in before]
    new = _apply(connection, said, before, after, state)
    return modified_connection(new, after, state, call)


def _by_tunnel(call: Call, tunnels: Sequence[Document]) -> Mapping[str, Fields]:
    """The options by the tunnel's id: by TunnelId, else by TunnelIndex, else in order."""
    told = call.structs(_OPTIONS)
    if len(told) > len(tunnels):
        raise CloudError("IllegalParam.TunnelOptionsSpecification", f"{len(told)} tunnels are given, expected at most "
                         f"{len(tunnels)}.")
    ids = [one.id for one in tunnels]
    named = [str(one.get("TunnelId") or "") for one in told]
    if not any(named):
        numbers = _numbers(told) if told else ()
        least = 0 if 0 in numbers else 1
        named = [ids[number - least] for number in numbers if 0 <= number - least < len(ids)]
    if len(set(named)) != len(told) or not set(named) <= set(ids):
        raise CloudError("IllegalParam.TunnelId", "TunnelOptionsSpecification does not name tunnels of the "
                         "connection, each once.")
    return dict(zip(named, told, strict=True))


def _laid(call: Call, state: Transaction, tunnel: Document, told: Fields) -> Document:
    """A tunnel with what is told of it; the same when that is nothing new."""
    found = options(told, tunnel.fields)
    if gateway := str(told.get("CustomerGatewayId") or ""):
        found["CustomerGatewayId"] = gateway_of(call, state, gateway, tunnel.region).id
    key = key_of(told)
    secrets = {**tunnel.secrets, "Psk": key} if key else tunnel.secrets
    new = replace(retold(tunnel, **found), secrets=secrets)
    return tunnel if new == tunnel else replace(changed(new, UPDATING), secrets=secrets)


def _apply(
    connection: Document, said: Fields, before: Iterable[Document], after: Sequence[Document], state: Transaction
) -> Document:
    """Keep what changed; all but a name reaches the network."""
    new = retold(connection, **said)
    _check(new, after, state)
    moved = [one for one, former in zip(after, before, strict=True) if one is not former]
    if moved or any(value != connection.fields.get(key) for key, value in said.items() if key != "Name"):
        new = changed(new, UPDATING)
    if new != connection:
        state.put(new)
    for one in moved:
        state.put(one)
    return new


@VPC.writes("ModifyTunnelAttribute", refuses=("TunnelOptionsSpecification.RemoteCaCertificate",))
def modify_tunnel_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyTunnelAttribute: one tunnel."""
    connection = connection_of(call, state)
    before = tunnels_of(connection, state)
    tunnel = next((one for one in before if one.id == call.text("TunnelId")), None)
    if tunnel is None:
        raise CloudError("InvalidTunnelId.NotFound", f"{connection.id} has no tunnel {call.text('TunnelId')}.", 404)
    check_idle(connection)
    told = call.params.get(_OPTIONS)
    new = _laid(call, state, tunnel, told if isinstance(told, Mapping) else {})
    _apply(connection, {}, before, [new if one is tunnel else one for one in before], state)
    return modified_tunnel(new, state)


@VPC.writes("DeleteVpnAttachment")
def delete_vpn_attachment(call: Call, state: Transaction) -> Fields:
    """DeleteVpnAttachment; its binding to a transit router is deleted before."""
    connection = connection_of(call, state)
    bound = any(one.text("ResourceId") == connection.id for one in state.of_kind(call.account, "tr_attachment"))
    if bound or connection.text("TransitRouterId"):
        raise CloudError("Vco.StatusNotSupport", f"{connection.id} is bound to "
                         f"{connection.text('TransitRouterId') or 'a transit router'}; delete its attachment first.")
    check_idle(connection)
    for one in tunnels_of(connection, state):
        state.put(replace(one, status="deleting"))
    state.put(deleted(connection, "deleted"))
    return _DONE


@settles("vpn_attachment")
def end_update(connection: Document, state: Transaction) -> None:
    """A connection that was changed is again what it was."""
    if connection.status == UPDATING:
        state.put(replace(connection, status=ATTACHED if connection.text("TransitRouterId") else UNBOUND))
