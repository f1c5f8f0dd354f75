"""Circuits and border routers as pieces of a plan."""

from collections.abc import Iterator

from sealane.cloud.document import HOST, Document
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.piece import Piece
from sealane.cloud.to_plan.vpcs import View

_CARRIES = frozenset({"active", "recovering"})


def carries(vbr: Document, view: View) -> bool:
    """True when the border router is up and its circuit is enabled."""
    circuit = view.get(vbr.parent)
    return vbr.status in _CARRIES and circuit is not None and circuit.status == "Enabled"


def circuit_piece(circuit: Document, view: View, names: Names) -> Piece:
    """The line; its port is the one that an operator gave it, else a rehearsal."""
    port = next((one for one in view.of_kind(HOST, "port") if one.text("PhysicalConnectionId") == circuit.id), None)
    interface = port.text("Interface") if port is not None else ""
    mtu = int(port.text("Mtu") or 1500) if port is not None else 1500
    where = Piece(circuit.id, {"interface": interface}) if interface else Piece(circuit.id, {"rehearsal": True})
    return Piece(circuit.id, {
        "name": names.of(circuit.id),
        "line_operator": circuit.text("LineOperator") or None,
        "access_point_id": circuit.text("AccessPointId") or None,
        "port": where,
        "mtu": mtu,
    })


def vbr_piece(vbr: Document, view: View, names: Names) -> Piece:
    """The border router with its routes to the site and its BGP groups."""
    return Piece(vbr.id, {
        "name": names.of(vbr.id),
        "physical_connection": names.of(vbr.parent),
        "vlan_id": int(vbr.text("VlanId") or 0),
        "local_gateway_ip": vbr.text("LocalGatewayIp"),
        "peer_gateway_ip": vbr.text("PeerGatewayIp"),
        "peering_subnet_mask": vbr.text("PeeringSubnetMask"),
        "mtu": int(vbr.text("Mtu") or 0) or 1500,
        "min_tx_interval": int(vbr.text("MinTxInterval") or 1000),
        "min_rx_interval": int(vbr.text("MinRxInterval") or 1000),
        "detect_multiplier": int(vbr.text("DetectMultiplier") or 3),
        "route_entries": list(_routes(vbr, view, names)),
        "bgp_groups": [_group(one, view, names) for one in view.children(vbr.id, "bgp_group")],
    })


def _routes(vbr: Document, view: View, names: Names) -> Iterator[Piece]:
    for table in view.children(vbr.id, "route_table"):
        for one in view.children(table.id, "route_entry"):
            yield Piece(one.id, {"destination_cidr_block": one.text("DestinationCidrBlock"),
                                 "next_hop": names.of(vbr.parent)})


def _group(group: Document, view: View, names: Names) -> Piece:
    return Piece(group.id, {
        "name": names.of(group.id),
        "peer_asn": int(group.text("PeerAsn")),
        "local_asn": int(group.text("LocalAsn") or 45104),
        "auth_key": group.secrets.get("AuthKey") or None,
        "peers": [
            Piece(one.id, {
                "peer_ip_address": one.text("PeerIpAddress") or None,
                "enable_bfd": bool(one.fields.get("EnableBfd")),
                "bfd_multi_hop": int(one.text("BfdMultiHop") or 255),
            })
            for one in view.children(group.id, "bgp_peer")
        ],
    })
