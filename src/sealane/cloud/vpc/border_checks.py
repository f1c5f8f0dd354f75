"""What a border router may be: VLAN, addresses, bandwidth and timers."""

from collections.abc import Mapping

from sealane.cloud.call import Call
from sealane.cloud.document import HOST, Document, Json
from sealane.cloud.error import CloudError
from sealane.cloud.texts import SERVICE_RANGE, address
from sealane.cloud.vpc.common import given
from sealane.cloud.world import Transaction
from sealane.net import Address, Prefix, overlaps

BANDWIDTHS_MBPS = (50, 100, 200, 300, 400, 500, 1000, 2048, 5120, 8192, 10240, 20480, 40960, 50120, 61440, 102400)
DEFAULT_MTU = 1500
MTUS_BYTES = (0, DEFAULT_MTU, 8500)
"""0 is the default."""
LARGEST_VLAN = 2999
RESERVED_MS = 7 * 24 * 3600 * 1000
"""How long the VLAN of a terminated border router is kept for it."""
_MASKS: Mapping[str, int] = {str(Prefix((0, length)).netmask): length for length in range(24, 31)}
_NO_ENDS = (Prefix("0.0.0.0/8"), SERVICE_RANGE, Prefix("127.0.0.0/8"), Prefix("224.0.0.0/3"))
_ENDS = ("LocalGatewayIp", "PeerGatewayIp", "PeeringSubnetMask")
_TIMERS: Mapping[str, tuple[int, int]] = {
    "MinTxInterval": (200, 1000), "MinRxInterval": (200, 1000), "DetectMultiplier": (3, 10),
}  # fmt: skip
"""Least and most, in ms and times."""


def holds_vlan(vbr: Document, now_ms: int) -> bool:
    """True while nobody else may have its VLAN."""
    terminated_ms = vbr.fields.get("TerminatedMs")
    return vbr.status != "terminated" or not isinstance(terminated_ms, int) or now_ms - terminated_ms < RESERVED_MS


def others_on(circuit_id: str, vbr_id: str, call: Call, state: Transaction) -> list[int]:
    """VLANs of the circuit that other border routers hold."""
    found = state.children(circuit_id, "vbr")
    return [int(one.text("VlanId")) for one in found if one.id != vbr_id and holds_vlan(one, call.now_ms)]


def check_vlan(call: Call, state: Transaction, circuit_id: str, vbr_id: str = "") -> int:
    """The VLAN that is asked for; 0 has the circuit for itself.

    Raises:
        CloudError: It is none, or it is taken.
    """
    vlan = call.number("VlanId", -1)
    if not 0 <= vlan <= LARGEST_VLAN:
        raise CloudError("InvalidVlanId.Malformed", f"VlanId must be 0 to {LARGEST_VLAN}.")
    taken = others_on(circuit_id, vbr_id, call, state)
    if 0 in taken:
        raise CloudError("OperationFailed.PconnExistVlan0Vbr", "A border router without VLAN has the circuit for "
                         "itself.")
    if vlan == 0 and taken:
        raise CloudError("OperationFailed.PconnAllocateVlan0", "A border router without VLAN needs a circuit for "
                         "itself, and others are on this one.")
    if vlan in taken:
        raise CloudError("InvalidVlanId.Used", f"VLAN {vlan} of the circuit is taken.")
    return vlan


def check_ends(call: Call) -> dict[str, Json]:
    """The addresses of both ends and their mask.

    Raises:
        CloudError: One is missing or unusable, or they are not in one subnet.
    """
    for name in _ENDS:
        if not call.text(name):
            raise CloudError("MissingParameter", f"The input parameter {name!r} is mandatory: LocalGatewayIp, "
                             "PeerGatewayIp and PeeringSubnetMask go together.")
    local, peer = (
        address(call.text(name), CloudError(f"Invalid{name}.Malformed", f"{name} {call.text(name)} is no address."))
        for name in _ENDS[:2]
    )
    mask = call.text("PeeringSubnetMask")
    if mask not in _MASKS:
        raise CloudError("InvalidPeeringSubnetMask.Malformed", f"PeeringSubnetMask is {mask}, expected 255.255.255.0 "
                         "to 255.255.255.252.")
    subnet = Prefix((int(local), _MASKS[mask]), strict=False)
    if peer not in subnet:
        raise CloudError("InvalidIp.NotSameSubnet", f"{local} and {peer} are not in one subnet with mask {mask}.")
    if local == peer or not _usable(local, subnet) or not _usable(peer, subnet):
        raise CloudError("IllegalParam.IpAddress", f"{local} and {peer} are not two host addresses of {subnet}.")
    return {"LocalGatewayIp": str(local), "PeerGatewayIp": str(peer), "PeeringSubnetMask": mask}


def _usable(end: Address, subnet: Prefix) -> bool:
    bounds = subnet.network_address, subnet.broadcast_address
    return end not in bounds and not any(overlaps(subnet, one) for one in _NO_ENDS)


def check_bandwidth(call: Call) -> int | None:
    """Bandwidth in Mbit/s; None when it was not given.

    Raises:
        CloudError: ``IllegalParam.Bandwidth``.
    """
    if not call.has("Bandwidth"):
        return None
    bandwidth = call.number("Bandwidth", 0)
    if bandwidth not in BANDWIDTHS_MBPS:
        raise CloudError("IllegalParam.Bandwidth", f"Bandwidth is {bandwidth}, expected one of "
                         f"{', '.join(map(str, BANDWIDTHS_MBPS))} Mbit/s.")
    return bandwidth


def check_timers(call: Call, state: Transaction, circuit_id: str) -> dict[str, Json]:
    """The timers of BFD and the MTU, those that were given; a line carries 1500 bytes unless its port says otherwise.

    Raises:
        CloudError: ``IllegalParam.<name>``.
    """
    for name, (least, most) in _TIMERS.items():
        if call.has(name) and not least <= call.number(name, 0) <= most:
            raise CloudError(f"IllegalParam.{name}", f"{name} must be {least} to {most}.")
    if call.has("Mtu") and call.number("Mtu", 0) not in MTUS_BYTES:
        raise CloudError("IllegalParam.Mtu", "Mtu must be 1500 or 8500, or 0 for the default.")
    ports = (one for one in state.of_kind(HOST, "port") if one.text("PhysicalConnectionId") == circuit_id)
    carried = next((int(one.text("Mtu") or DEFAULT_MTU) for one in ports if not one.deleting), DEFAULT_MTU)
    if call.number("Mtu", 0) > carried:
        raise CloudError("IllegalParam.Mtu", f"Mtu is {call.number('Mtu', 0)}, but {circuit_id} carries {carried} "
                         "bytes; give its port the line's mtu first.")
    return given(**{name: call.number(name, 0) if call.has(name) else None for name in (*_TIMERS, "Mtu")})
