"""BGP groups of a border router: the AS numbers and the key that its sessions share."""

import re
from collections.abc import Mapping
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, not_busy, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.texts import text
from sealane.cloud.vpc.border_routers import vbr_of
from sealane.cloud.vpc.common import given, told
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction

CLOUD_ASN = 45104
LARGEST_ASN = 4294967295
ROUTE_QUOTA = 110
KEEPALIVE_S, HOLD_S = 10, 30
NO_ROUTER = CloudError("InvalidVbrNetwork", "The specified RouterId is no border router.")
NO_GROUP = CloudError("InvalidBgpGroup", "The specified BGP group does not exist.")
_OWN_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
_CLOUDS_OWN = 65025
_KEY = re.compile(r"[!#->@-~]{1,64}")


def router_of(call: Call, state: Transaction) -> Document:
    """The border router that RouterId names, which must be active.

    Raises:
        CloudError: ``InvalidVbrNetwork`` or ``InvalidVBRStatus``.
    """
    vbr = vbr_of(call, state, call.text("RouterId"), NO_ROUTER)
    if vbr.status != "active" or vbr.deleting:
        raise CloudError("InvalidVBRStatus", f"{vbr.id} is {vbr.status}, it must be active.")
    return vbr


def check_ip_version(call: Call) -> None:
    """Refuse anything but IPv4.

    Raises:
        CloudError: ``IllegalParam.IpVersion``.
    """
    if call.text("IpVersion", "IPv4").lower() not in {"ipv4", ""}:
        raise CloudError("IllegalParam.IpVersion", f"IpVersion is {call.text('IpVersion')}, only IPv4 is supported.")


@VPC.writes("CreateBgpGroup", refuses=("IsFakeAsn",))
def create_bgp_group(call: Call, state: Transaction) -> Fields:
    """CreateBgpGroup."""
    vbr = router_of(call, state)
    check_ip_version(call)
    group = Document(
        call.new_id("bgpg", call.region), "bgp_group", call.account, call.region, vbr.id, "Pending",
        created_ms=call.now_ms,
        fields={"LocalAsn": CLOUD_ASN, **_given(call, least=2)},
        secrets=_key(call),
    )
    _check_asns(group)
    return {"BgpGroupId": state.put(group).id}


def _given(call: Call, *, least: int) -> dict[str, Json]:
    for name in ("PeerAsn", "LocalAsn"):
        if call.has(name) and not 1 <= call.number(name, 0) <= LARGEST_ASN:
            raise CloudError(f"IllegalParam.{name}", f"{name} must be 1 to {LARGEST_ASN}.")
    if call.number("RouteQuota", ROUTE_QUOTA) != ROUTE_QUOTA:
        raise CloudError("IllegalParam.RouteLimit", f"RouteQuota must be {ROUTE_QUOTA}.")
    return given(
        Name=text(call, "Name", least=least, code="InvalidBgpName.Malformed"),
        Description=text(call, "Description", most=256, code="InvalidBgpDescription.Malformed"),
        PeerAsn=call.number("PeerAsn", 0) if call.has("PeerAsn") else None,
        LocalAsn=call.number("LocalAsn", 0) if call.has("LocalAsn") else None,
    )


def _key(call: Call) -> Mapping[str, str]:
    key = call.text("AuthKey")
    if key and not _KEY.fullmatch(key):
        raise CloudError("InvalidBgpAuthkey.Malformed", "AuthKey must be 1 to 64 printable characters without "
                         "spaces, double quotes and '?'.")
    return {"AuthKey": key} if key else {}


def _check_asns(group: Document) -> None:
    peer, local = group.fields["PeerAsn"], group.fields["LocalAsn"]
    if local != CLOUD_ASN and (local == _CLOUDS_OWN or not any(local in numbers for numbers in _OWN_ASNS)):
        raise CloudError("InvalidBgpGroup.LocalAsnInvalid", f"LocalAsn is {local}, expected {CLOUD_ASN}, 64512 to "
                         f"65534 except {_CLOUDS_OWN}, or 4200000000 to 4294967294.")
    if peer in (CLOUD_ASN, local):
        raise CloudError("InvalidPeerAsn.Malformed", f"PeerAsn {peer} is an AS number of the cloud's side.")


@VPC.writes("ModifyBgpGroupAttribute", refuses=("IsFakeAsn",))
def modify_bgp_group_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyBgpGroupAttribute; an empty AuthKey takes the key away only together with ClearAuthKey."""
    group = _group(call, state)
    not_busy(group, CloudError("InvalidStatus.CannotOperate", f"{group.id} is being changed."))
    key, clears = _key(call), call.flag("ClearAuthKey", default=False)
    if call.has("AuthKey") and not key and not clears:
        raise CloudError("OperationFailed.ClearAuthKeyForbidden", "AuthKey is empty; ClearAuthKey takes it away.")
    if key and clears:
        raise CloudError("InvalidParameter", "AuthKey and ClearAuthKey exclude each other.")
    wanted = _given(call, least=0)
    new = retold(group, **wanted)
    _check_asns(new)
    if key or clears:
        new = replace(new, secrets=key)
    if new != group:
        shared = any(wanted.get(name, group.fields[name]) != group.fields[name] for name in ("PeerAsn", "LocalAsn"))
        state.put(changed(new, "Modifying") if shared or new.secrets != group.secrets else new)
    return {}


def _group(call: Call, state: Transaction) -> Document:
    group = call.own(state, call.text("BgpGroupId"), "bgp_group", NO_GROUP)
    if group.region != call.region:
        raise NO_GROUP
    return group


@VPC.writes("DeleteBgpGroup")
def delete_bgp_group(call: Call, state: Transaction) -> Fields:
    """DeleteBgpGroup."""
    group = _group(call, state)
    if group.deleting:
        raise CloudError("InvalidStatus.CannotOperate", f"{group.id} is being deleted.")
    if any(True for _ in state.children(group.id, "bgp_peer")):
        raise CloudError("DependencyViolation.BgpPeer", f"{group.id} still has BGP peers.", 404)
    state.put(deleted(group, "Deleting"))
    return {}


@VPC.reads("DescribeBgpGroups", ignores=("IsDefault",))
def describe_bgp_groups(call: Call, state: Transaction) -> Fields:
    """DescribeBgpGroups; the key is told to the account that set it."""
    ids = (call.text("BgpGroupId"),) if call.text("BgpGroupId") else ()
    here = state.named(call.account, "bgp_group", call.region, ids)
    router = call.text("RouterId")
    found = page(call, (one for one in here if one.parent == router) if router else here)
    return {**found.fields, "BgpGroups": {"BgpGroup": [_item(one) for one in found.items]}}


def _item(group: Document) -> Fields:
    return {
        **told(group, "Name", "Description"),
        **shared(group),
        "BgpGroupId": group.id,
        "RouterId": group.parent,
        "Status": group.status,
    }


def shared(group: Document) -> dict[str, Json]:
    """What a group tells for itself and for each of its peers."""
    return {
        "PeerAsn": group.fields.get("PeerAsn"),
        "LocalAsn": group.fields.get("LocalAsn"),
        "AuthKey": group.secrets.get("AuthKey", ""),
        "RegionId": group.region,
        "IpVersion": "IPV4",
        "IsFake": False,
        "Keepalive": KEEPALIVE_S,
        "Hold": HOLD_S,
        "RouteLimit": ROUTE_QUOTA,
    }
