"""BGP peers: the sessions of a border router with devices of the site."""

from collections.abc import Iterator, Mapping

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, not_busy
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.texts import address
from sealane.cloud.times import minutes
from sealane.cloud.vpc.bgp_groups import NO_GROUP, check_ip_version, shared
from sealane.cloud.vpc.common import in_region, told
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction
from sealane.net import Address, InterfaceAddress

MOST_PEERS = 8
MOST_HOPS = 255
NO_PEER = CloudError("InvalidBgpPeer.NotFound", "The specified BGP peer does not exist.")
_STATES: Mapping[str, str] = {
    "Idle": "Idle", "Connect": "Connect", "Active": "Active", "OpenSent": "Connect", "OpenConfirm": "Connect",
    "Established": "Established",
}  # fmt: skip
"""What the cloud calls the states of a session; it knows no OpenSent and no OpenConfirm."""


@VPC.writes("CreateBgpPeer")
def create_bgp_peer(call: Call, state: Transaction) -> Fields:
    """CreateBgpPeer; without an address the peer is the site's end of the border router, whatever that becomes."""
    group = call.own(state, call.text("BgpGroupId"), "bgp_group", NO_GROUP)
    vbr = state.get(group.parent)
    if group.region != call.region or group.deleting or vbr is None:
        raise NO_GROUP
    if vbr.status != "active" or vbr.deleting:
        raise CloudError("InvalidVBRStatus", f"{vbr.id} is {vbr.status}, it must be active.")
    check_ip_version(call)
    if sum(1 for _ in _peers(vbr, state)) >= MOST_PEERS:
        raise CloudError("QuotaExceeded.Bgp", f"A border router has at most {MOST_PEERS} BGP peers.")
    made = state.put(Document(
        call.new_id("bgp", call.region), "bgp_peer", call.account, call.region, group.id, "Pending",
        created_ms=call.now_ms,
        fields={
            "PeerIpAddress": _address(call, state, group, vbr),
            "EnableBfd": call.flag("EnableBfd", default=False),
            "BfdMultiHop": _hops(call, MOST_HOPS),
            "ModifiedMs": call.now_ms,
        },
    ))
    return {"BgpPeerId": made.id}


def _peers(vbr: Document, state: Transaction) -> Iterator[Document]:
    for group in state.children(vbr.id, "bgp_group"):
        yield from state.children(group.id, "bgp_peer")


def _address(call: Call, state: Transaction, group: Document, vbr: Document, own_id: str = "") -> str:
    """The peer's address as it was given; it must be a neighbor of the border router that is no peer yet."""
    written = call.text("PeerIpAddress")
    wanted = str(address(written, CloudError("InvalidIP.Malformed", f"PeerIpAddress {written} is no address."))
                 ) if written else vbr.text("PeerGatewayIp")
    local = InterfaceAddress(f"{vbr.text('LocalGatewayIp')}/{vbr.text('PeeringSubnetMask')}")
    subnet = local.network
    ends = (local.ip, subnet.network_address, subnet.broadcast_address)
    if Address(wanted) not in subnet or Address(wanted) in ends:
        raise CloudError("IllegalParam.PeerIpAddress", f"PeerIpAddress {wanted} is no neighbor on {subnet}, such as "
                         f"{vbr.text('PeerGatewayIp')}.")
    for one in _peers(vbr, state):
        if one.id != own_id and _address_of(one, vbr) == wanted:
            code = "BgpPeer.Already.Exists" if one.parent == group.id else "InvalidParams.PeerIpAddressInUse"
            raise CloudError(code, f"{one.id} is a BGP peer at {wanted} already.")
    return wanted if written else ""


def _address_of(peer: Document, vbr: Document) -> str:
    return peer.text("PeerIpAddress") or vbr.text("PeerGatewayIp")


def _hops(call: Call, default: int) -> int:
    hops = call.number("BfdMultiHop", default)
    if not 1 <= hops <= MOST_HOPS:
        raise CloudError("IllegalParam.BfdMultiHop", f"BfdMultiHop must be 1 to {MOST_HOPS}.")
    return hops


def _of(call: Call, state: Transaction) -> tuple[Document, Document, Document]:
    """The peer that is named, its group and its border router."""
    peer = call.own(state, call.text("BgpPeerId"), "bgp_peer", NO_PEER)
    group = state.get(peer.parent)
    vbr = state.get(group.parent) if group is not None else None
    if peer.region != call.region or group is None or vbr is None:
        raise NO_PEER
    return peer, group, vbr


@VPC.writes("ModifyBgpPeerAttribute")
def modify_bgp_peer_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyBgpPeerAttribute; a peer stays in its group."""
    peer, group, vbr = _of(call, state)
    not_busy(peer, CloudError("IncorrectStatus.BgpPeer", f"{peer.id} is being changed."))
    if call.text("BgpGroupId", group.id) != group.id:
        raise CloudError("OperationUnsupported.BgpGroupId", f"{peer.id} is in {group.id} and stays there.")
    wanted: dict[str, Json] = {
        "EnableBfd": call.flag("EnableBfd", default=bool(peer.fields.get("EnableBfd"))),
        "BfdMultiHop": _hops(call, int(peer.text("BfdMultiHop"))),
    }
    if call.has("PeerIpAddress"):
        wanted["PeerIpAddress"] = _address(call, state, group, vbr, peer.id)
    if any(peer.fields.get(key) != value for key, value in wanted.items()):
        state.put(changed(peer, "Modifying", **wanted, ModifiedMs=call.now_ms))
    return {}


@VPC.writes("DeleteBgpPeer")
def delete_bgp_peer(call: Call, state: Transaction) -> Fields:
    """DeleteBgpPeer; also of one that is being changed, so that one which never settles can be got rid of."""
    peer, _, _ = _of(call, state)
    if peer.deleting:
        raise CloudError("IncorrectStatus.BgpPeer", f"{peer.id} is being deleted.")
    state.put(deleted(peer, "Deleting"))
    return {}


@VPC.reads("DescribeBgpPeers", ignores=("IsDefault",))
def describe_bgp_peers(call: Call, state: Transaction) -> Fields:
    """DescribeBgpPeers, with the sessions as they run."""
    here = in_region(call, state.of_kind(call.account, "bgp_peer"))
    ids = (call.text("BgpPeerId"),) if call.text("BgpPeerId") else ()
    group, router = call.text("BgpGroupId"), call.text("RouterId")
    found = page(call, (
        one for one in matching(here, ids)
        if group in ("", one.parent) and (not router or router == _router_id(one, state))
    ))
    return {**found.fields, "BgpPeers": {"BgpPeer": [_item(call, one, state) for one in found.items]}}


def _router_id(peer: Document, state: Transaction) -> str:
    group = state.get(peer.parent)
    return group.parent if group is not None else ""


def _item(call: Call, peer: Document, state: Transaction) -> Fields:
    group, vbr = state.get(peer.parent), state.get(_router_id(peer, state))
    seen = call.observed.peer(peer.id)
    runs = vbr is not None and vbr.status == "active"
    modified_ms = peer.fields.get("ModifiedMs")
    return {
        **(told(group, "Name", "Description") if group is not None else {}),
        **(shared(group) if group is not None else {}),
        "BgpPeerId": peer.id,
        "BgpGroupId": peer.parent,
        "RouterId": vbr.id if vbr is not None else "",
        "PeerIpAddress": _address_of(peer, vbr) if vbr is not None else peer.text("PeerIpAddress"),
        "EnableBfd": bool(peer.fields.get("EnableBfd")),
        "BfdMultiHop": peer.fields.get("BfdMultiHop"),
        "Status": peer.status,
        "BgpStatus": _STATES.get(seen.state, "Down") if runs else "Down",
        "ReceivedRouteCount": seen.received if runs else 0,
        "AdvertisedRouteCount": seen.advertised if runs else 0,
        "GmtModified": minutes(modified_ms if isinstance(modified_ms, int) else peer.created_ms),
    }
