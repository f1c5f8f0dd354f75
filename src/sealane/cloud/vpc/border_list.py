"""Border routers as they are told."""

from collections.abc import Mapping

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.paging import page
from sealane.cloud.tags import tagged
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import Told, filtered, in_group, in_region, told
from sealane.cloud.vpc.physical_connections import circuit_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpcs import attachment_of
from sealane.cloud.world import Transaction

_TYPE = "pconnVBR"
_ENDS = ("LocalGatewayIp", "PeerGatewayIp", "PeeringSubnetMask")
_TIMES = ("ActivationTime", "TerminationTime", "RecoveryTime")


def _keys(state: Transaction) -> Mapping[str, Told]:
    def access_point(vbr: Document) -> str:
        circuit = state.get(vbr.parent)
        return circuit.text("AccessPointId") if circuit is not None else ""

    return {
        "PhysicalConnectionId": lambda one: one.parent,
        "VbrId": lambda one: one.id,
        "Status": lambda one: one.status,
        "Name": lambda one: one.text("Name"),
        "AccessPointId": access_point,
        "eccId": lambda _: "",
        "type": lambda _: _TYPE,
    }


@VPC.reads("DescribeVirtualBorderRouters", ignores=("IncludeCrossAccountVbr",))
def describe_virtual_border_routers(call: Call, state: Transaction) -> Fields:
    """DescribeVirtualBorderRouters; there are none of other accounts."""
    here = in_group(call, in_region(call, state.of_kind(call.account, "vbr")))
    found = page(call, tagged(call, filtered(call, here, _keys(state)), "Tags"))
    items = [_item(one, state) for one in found.items]
    return {**found.fields, "VirtualBorderRouterSet": {"VirtualBorderRouterType": items}}


def _item(vbr: Document, state: Transaction) -> Fields:
    circuit = state.get(vbr.parent)
    attachment = attachment_of(vbr, state)
    cens: list[Json] = []
    if attachment is not None:
        cens.append({"CenId": attachment.text("CenId"), "CenOwnerId": int(vbr.account),
                     "CenStatus": "Attached" if attachment.status == "Modifying" else attachment.status})
    return {
        **told(vbr, "Name", "Description", "VlanInterfaceId", "RouteTableId", "CircuitCode", "ResourceGroupId",
               *_ENDS, *_TIMES),
        **{key: vbr.fields.get(key) for key in ("VlanId", "Bandwidth", "Mtu", "MinTxInterval", "MinRxInterval",
                                                "DetectMultiplier")},
        "VbrId": vbr.id,
        "Status": vbr.status,
        "Type": _TYPE,
        "CreationTime": seconds(vbr.created_ms),
        "PhysicalConnectionId": vbr.parent,
        "PhysicalConnectionStatus": circuit.status if circuit is not None else "",
        "PhysicalConnectionBusinessStatus": "Normal",
        "PhysicalConnectionOwnerUid": vbr.account,
        "AccessPointId": circuit.text("AccessPointId") if circuit is not None else "",
        "EnableIpv6": False,
        "SitelinkEnable": False,
        "AssociatedCens": {"AssociatedCen": cens},
        "AssociatedPhysicalConnections": {"AssociatedPhysicalConnection": []},
        "Tags": {"Tags": vbr.fields.get("Tags") or []},
    }


@VPC.reads("DescribeVirtualBorderRoutersForPhysicalConnection")
def describe_virtual_border_routers_for_physical_connection(call: Call, state: Transaction) -> Fields:
    """DescribeVirtualBorderRoutersForPhysicalConnection."""
    circuit = circuit_of(call, state, call.text("PhysicalConnectionId"))
    found = page(call, filtered(call, state.children(circuit.id, "vbr"), _keys(state)))
    return {**found.fields, "VirtualBorderRouterForPhysicalConnectionSet": {
        "VirtualBorderRouterForPhysicalConnectionType": [_short(one) for one in found.items]}}


def _short(vbr: Document) -> Fields:
    return {
        **told(vbr, "CircuitCode", *_ENDS, *_TIMES),
        "VbrId": vbr.id,
        "VbrName": vbr.text("Name"),
        "VbrOwnerUid": int(vbr.account),
        "VlanId": vbr.fields.get("VlanId"),
        "Bandwidth": vbr.fields.get("Bandwidth"),
        "Status": vbr.status,
        "Type": _TYPE,
        "CreationTime": seconds(vbr.created_ms),
        "EnableIpv6": False,
    }
