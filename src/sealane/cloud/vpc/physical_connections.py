"""Physical connections: the lines between sites and border routers, as they are ordered, described and changed."""

from collections.abc import Mapping

from sealane.cloud.call import Call
from sealane.cloud.change import retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.tags import tagged, tags
from sealane.cloud.texts import resource_group, text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.access_points import check_access_point, location_of
from sealane.cloud.vpc.common import Told, filtered, given, in_group, in_region, named, told
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction

LINE_OPERATORS = ("CT", "CU", "CM", "CO", "Equinix", "Other")
SPEED: Mapping[str, str] = {
    "100Base-T": "100M", "1000Base-T": "1G", "1000Base-LX": "1G", "10GBase-T": "10G", "10GBase-LR": "10G",
    "40GBase-LR": "40G", "100GBase-LR": "100G",
}  # fmt: skip
"""By port type."""
LEAST_MBPS, MOST_MBPS = 2, 10240
MOST_UNUSED = 5
LONGEST_DELAY_MS = 3000
NO_CIRCUIT = CloudError("InvalidPhysicalConnectionId.NotFound", "The specified PhysicalConnectionId does not exist.",
                        404)
_PROGRESSING = frozenset({"Initial", "Approved", "Allocating", "Allocated", "Confirmed"})
_REDUNDANT = frozenset({"Allocated", "Confirmed", "Enabled"})


def circuit_of(call: Call, state: Transaction, circuit_id: str, error: CloudError = NO_CIRCUIT) -> Document:
    """The caller's circuit of that id in the region.

    Raises:
        CloudError: ``error``, when there is none.
    """
    found = call.own(state, circuit_id, "physical_connection", error)
    if found.region != call.region:
        raise error
    return found


@VPC.writes("CreatePhysicalConnection", ignores=("DeviceAdvancedCapacity",))
def create_physical_connection(call: Call, state: Transaction) -> Fields:
    """CreatePhysicalConnection: a port is allocated without anybody's help, as soon as the order has settled."""
    check_access_point(call)
    if call.text("Type", "VPC") != "VPC":
        raise CloudError("InvalidType.Malformd", f"Type is {call.text('Type')}, expected VPC.")
    everything = in_region(call, state.of_kind(call.account, "physical_connection"))
    if sum(1 for one in everything if one.status in _PROGRESSING and not one.deleting) >= MOST_UNUSED:
        raise CloudError("QuotaExceeded.freePconnPerAP", f"There are {MOST_UNUSED} circuits that are not enabled; "
                         "enable or cancel one of them first.")
    made = state.put(Document(
        call.new_id("pc", call.region), "physical_connection", call.account, call.region, status="Initial",
        created_ms=call.now_ms,
        fields={
            "PortType": "1000Base-T",
            **named(call),
            **_line(call, state, ""),
            "AccessPointId": call.text("AccessPointId"),
            "OpticalModuleModel": call.text("OpticalModuleModel"),
            "ResourceGroupId": resource_group(call),
            "Tags": tags(call),
        },
    ))
    return {"PhysicalConnectionId": made.id}


def _line(call: Call, state: Transaction, own_id: str) -> dict[str, Json]:
    """What create and modify have in common, those that were given."""
    operator, port = call.text("LineOperator", "Other"), call.text("PortType", "1000Base-T")
    if operator not in LINE_OPERATORS:
        raise CloudError("InvalidLineOperator.Malformd", f"LineOperator is {operator}, expected one of "
                         f"{', '.join(LINE_OPERATORS)}.")
    if port not in SPEED:
        raise CloudError("InvalidPortType.Malformd", f"PortType is {port}, expected one of {', '.join(SPEED)}.")
    if call.has("bandwidth") and not LEAST_MBPS <= call.number("bandwidth", 0) <= MOST_MBPS:
        raise CloudError("InvalidPhysicalConnectionBandwidth.Malformed", f"bandwidth must be {LEAST_MBPS} to "
                         f"{MOST_MBPS} Mbit/s.")
    return given(
        LineOperator=operator if call.has("LineOperator") else None,
        PortType=port if call.has("PortType") else None,
        Bandwidth=call.number("bandwidth", 0) if call.has("bandwidth") else None,
        CircuitCode=text(call, "CircuitCode", code="InvalidCircuitCode.Malformed"),
        PeerLocation=text(call, "PeerLocation", most=256, code="InvalidPeerLocation.Malformd"),
        RedundantPhysicalConnectionId=_redundant(call, state, own_id),
    )


def _redundant(call: Call, state: Transaction, own_id: str) -> str | None:
    other_id = call.text("RedundantPhysicalConnectionId")
    if not call.has("RedundantPhysicalConnectionId") or not other_id:
        return other_id if call.has("RedundantPhysicalConnectionId") else None
    missing = CloudError("InvalidRedundantPhysicalConnectionId.NotFound",
                         "The specified RedundantPhysicalConnectionId does not exist.")
    other = circuit_of(call, state, other_id, missing)
    if other_id == own_id:
        raise missing
    if other.status not in _REDUNDANT or other.deleting:
        raise CloudError("InvalidRedundantPhysicalConnectionStatus", f"{other_id} is {other.status}, expected "
                         f"{', '.join(sorted(_REDUNDANT))}.")
    return other_id


_KEYS: Mapping[str, Told] = {
    "PhysicalConnectionId": lambda one: one.id,
    "AccessPointId": lambda one: one.text("AccessPointId"),
    "Type": lambda _: "VPC",
    "LineOperator": lambda one: one.text("LineOperator"),
    "Spec": lambda one: SPEED.get(one.text("PortType"), ""),
    "Status": lambda one: one.status,
    "Name": lambda one: one.text("Name"),
    "ProductType": lambda _: "PhysicalConnection",
}


@VPC.reads("DescribePhysicalConnections", ignores=("IncludeReservationData",))
def describe_physical_connections(call: Call, state: Transaction) -> Fields:
    """DescribePhysicalConnections."""
    here = in_group(call, in_region(call, state.of_kind(call.account, "physical_connection")))
    found = page(call, tagged(call, filtered(call, here, _KEYS), "Tags"))
    return {**found.fields, "PhysicalConnectionSet": {"PhysicalConnectionType": [_item(one) for one in found.items]}}


def _item(circuit: Document) -> Fields:
    return {
        **told(circuit, "Name", "Description", "AccessPointId", "LineOperator", "PortType", "CircuitCode",
               "PeerLocation", "RedundantPhysicalConnectionId", "OpticalModuleModel", "ResourceGroupId", "EnabledTime",
               "EndTime"),
        "Bandwidth": circuit.fields.get("Bandwidth"),
        "DownDelayTime": circuit.fields.get("DownDelayTime"),
        "PhysicalConnectionId": circuit.id,
        "Status": circuit.status,
        "BusinessStatus": "Normal",
        "Type": "VPC",
        "AccessPointType": "VPC",
        "AdLocation": location_of(circuit.text("AccessPointId")),
        "Spec": SPEED.get(circuit.text("PortType"), ""),
        "ExpectSpec": SPEED.get(circuit.text("PortType"), ""),
        "ProductType": "PhysicalConnection",
        "OrderMode": "PayByPhysicalConnectionOwner",
        "ChargeType": "Prepaid",
        "VirtualPhysicalConnectionCount": 0,
        "HasReservationData": "false",
        "CreationTime": seconds(circuit.created_ms),
        "MacsecKeys": {"MacsecKey": []},
        "Tags": {"tags": circuit.fields.get("Tags") or []},
    }


@VPC.writes("ModifyPhysicalConnectionAttribute")
def modify_physical_connection_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyPhysicalConnectionAttribute: what is known of the line; none of it changes how packets go."""
    circuit = circuit_of(call, state, call.text("PhysicalConnectionId"))
    if circuit.deleting:
        raise CloudError("InvalidStatus", f"{circuit.id} is being deleted.")
    delay_ms = call.number("DownDelayTime", 0)
    if not 0 <= delay_ms <= LONGEST_DELAY_MS:
        raise CloudError("InvalidParameter", f"DownDelayTime must be 0 to {LONGEST_DELAY_MS} ms.")
    delay = given(DownDelayTime=delay_ms if call.has("DownDelayTime") else None)
    state.put(retold(circuit, **named(call), **_line(call, state, circuit.id), **delay))
    return {}
