"""Single mistakes in the examples, each with the one code it must yield and the place it must point at."""

from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "examples"
GATEWAY = (EXAMPLES / "hangzhou-gateway" / "plan.yaml").read_text(encoding="utf-8")
ASA = (EXAMPLES / "hangzhou" / "plan.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Corruption:
    """Replace texts of a base, each once; the finding points at the line that holds ``at``."""

    code: str
    edits: tuple[tuple[str, str], ...]
    at: str
    base: str = GATEWAY

    def text(self) -> str:
        text = self.base
        for old, new in self.edits:
            assert old in text, f"{self.code}: {old!r} is not in the base"
            text = text.replace(old, new, 1)
        return text

    def line(self) -> int:
        text = self.text()
        assert self.at in text, f"{self.code}: {self.at!r} is not in the text"
        return text[: text.index(self.at)].count("\n") + 1


def one(code: str, old: str, new: str, at: str | None = None, base: str = GATEWAY) -> Corruption:
    marked = at if at is not None else next(line for line in new.splitlines() if line.strip())
    return Corruption(code, ((old, new),), marked, base)


def added(code: str, anchor: str, text: str, at: str | None = None, base: str = GATEWAY) -> Corruption:
    """Lines put in after an anchor."""
    return one(code, anchor, anchor + text, at if at is not None else text.strip("\n"), base)


def cut(start: str, end: str) -> tuple[str, str]:
    first = GATEWAY.index(start)
    return GATEWAY[first : GATEWAY.index(end, first)], ""


CORE_ROUTE = "          - {destination: 0.0.0.0/0, next_hop: 192.168.50.215}\n"
TOP = "region: cn-hangzhou\n"
VPC = "    cidr_block: 172.16.0.0/16\n"
VPC_ROUTE = "      - {destination_cidr_block: 10.0.0.0/8, next_hop: VPC-Attachment}\n"
LINE = "    access_point_id: ap-cn-hangzhou-xs-B\n"
VBR = "    peering_subnet_mask: 255.255.255.252\n"
VBR_ROUTE = "      - {destination_cidr_block: 192.168.0.0/16, next_hop: Circuit}\n"
CIDR = "    - {cidr: 10.10.10.0/24, publish_cidr_route: true}\n"
TABLE = "    - {name: system, type: System}\n"
TR_ROUTE = "    - {destination_cidr_block: 192.168.10.136/32, next_hop: VBR-Attachment}\n"
ZONE_2 = "          - {zone_id: cn-hangzhou-j, vswitch: vSwitch3}\n"
VPN = "      - name: VPN-Attachment\n        ipsec_connection: IPsecConnection\n"
MAP = "  - priority: 40\n"
CGW_2 = "  - name: Customer-Gateway2\n    ip_address: 192.168.40.159\n    asn: 65530\n"
CONNECTION = "    effect_immediately: false\n"
BFD = "    bfd: auto\n"
TUNNEL_1 = "        ike: {ike_version: ikev2, ike_enc_alg: aes, ike_auth_alg: sha1, "
BGP_1 = "        bgp: {tunnel_cidr: 169.254.10.0/30, local_bgp_ip: 169.254.10.1, local_asn: 65534}\n"
BGP_2 = "        bgp: {tunnel_cidr: 169.254.20.0/30, local_bgp_ip: 169.254.20.1, local_asn: 65534}\n"
UPLINK = "        uplink: {circuit: Circuit}\n"
LAN = "        lan: {network: core, address: 192.168.50.215}\n"
NETWORK = "      - {name: clients, cidr_block: 192.168.20.0/24}\n"
MODE = "    mode: open\n"
VBR_2 = """  - {name: VBR2, physical_connection: Circuit, vlan_id: 5,
     local_gateway_ip: 10.0.1.1, peer_gateway_ip: 10.0.1.2,
     peering_subnet_mask: 255.255.255.252}

cen:
"""
TABLES = "association: system, propagations: [system]"
VBR_2_ATTACHED = ("    vbr:\n", f"    vbr:\n      - {{name: Two, vbr: VBR2, {TABLES}}}\n")
VPN_2_ATTACHED = ("    vpn:\n", f"    vpn:\n      - {{name: Two, ipsec_connection: Second, {TABLES}}}\n")


ROUTES = "route_entries: [{route_dest: 192.168.99.0/24}]"


def connection(tail: str, name: str = "Second") -> tuple[str, str]:
    return BFD, (BFD + f"  - {{name: {name}, network_type: private, tunnels: [{{customer_gateway: Customer-Gateway1}}, "
                 f"{{customer_gateway: Customer-Gateway2}}], {ROUTES}{tail}}}\n")


def group(fields: str) -> str:
    return f"    bgp_groups:\n      - {{name: group, {fields}}}\n"


PLAN = (
    one("PLAN-001", TOP, "\t" + TOP),
    Corruption("PLAN-002", ((GATEWAY, "# nothing\n"),), "# nothing"),
    added("PLAN-003", TOP, "region: cn-beijing\n"),
    one("PLAN-004", TOP, "region: &here cn-hangzhou\n"),
    added("PLAN-004", TOP, "zones: *here\n"),
    added("PLAN-005", TOP, "? [a, b]\n: c\n", "? [a, b]"),
    added("PLAN-006", MODE, "---\nversion: 1\n", "---"),
    added("PLAN-010", TOP, "colour: red\n"),
    one("PLAN-010", "vlan_id: 0", "vlan-id: 0"),
    one("PLAN-011", "    vlan_id: 0\n", "", "  - name: VBR\n"),
    one("PLAN-012", "vlan_id: 0", "vlan_id: [0]"),
    one("PLAN-013", "vlan_id: 0", "vlan_id:"),
    one("PLAN-014", "auto_publish_route_enabled: true", "auto_publish_route_enabled: perhaps"),
    one("PLAN-015", "local_gateway_ip: 10.0.0.1", "local_gateway_ip: 10.0.0.256"),
    one("PLAN-016", "cidr_block: 172.16.10.0/24", "cidr_block: 172.16.10.5/24"),
    one("PLAN-017", "zones: [", "zones: [" + "cn-hangzhou-h, " * 1000),
    one("PLAN-020", "version: 1", "version: 2"),
    one("PLAN-021", "- name: client\n", "- name: ecs1\n"),
    one("PLAN-022", "name: hangzhou-gateway", "name: Hangzhou"),
    one("PLAN-022", "- name: client\n", "- name: クライアント\n"),
    one("PLAN-023", TOP, "region: CN\n"),
    one("PLAN-030", "vswitch: vSwitch2", "vswitch: vSwich2"),
    added("PLAN-031", MODE, "  - {name: dc-vpc, cloud: [172.16.0.0/16], site: [192.168.20.0/24]}\n"),
    added("PLAN-032", NETWORK, "      - {name: more, cidr_block: 172.16.99.0/24}\n"),
)

CLOUD = (
    added("PC-001", LINE, "    description: https://line\n"),
    one("PC-002", "line_operator: CT", "line_operator: XX"),
    added("PC-003", LINE, "    port_type: 1T\n"),
    one("PC-004", "port: {rehearsal: true}", "port: {rehearsal: true, interface: eth1}"),
    one("PC-005", "port: {rehearsal: true}", "port: {interface: a/b}"),
    one("PC-006", "ap-cn-hangzhou-xs-B", "xs-B"),
    added("PC-007", LINE, "    mtu: 900\n"),
    one("PC-010", "        GigabitEthernet0/0: {circuit: Circuit}\n", "", "  - name: Circuit\n", ASA),
    Corruption("PC-011", (("port: {rehearsal: true}", "port: {interface: eth1}"),
                          ("virtual_border_routers:\n", ("  - {name: Spare, port: {interface: eth1}}\n\nvirtual_border_"
                           "routers:\n"))), "name: Spare"),
    added("VBR-001", VBR, "    description: http://vbr\n"),
    one("VBR-002", "vlan_id: 0", "vlan_id: 3000"),
    one("VBR-003", VBR, "    peering_subnet_mask: 255.255.0.0\n"),
    one("VBR-004", "local_gateway_ip: 10.0.0.1", "local_gateway_ip: 10.0.0.0"),
    one("VBR-005", "peer_gateway_ip: 10.0.0.2", "peer_gateway_ip: 10.0.0.6"),
    one("VBR-006", "peer_gateway_ip: 10.0.0.2", "peer_gateway_ip: 10.0.0.1"),
    added("VBR-007", VBR_ROUTE, VBR_ROUTE.replace("Circuit}", "Circuit, description: again}")),
    one("VBR-008", VBR_ROUTE, VBR_ROUTE.replace("Circuit", "Elsewhere")),
    one("VBR-009", VBR_ROUTE, VBR_ROUTE.replace("192.168.0.0/16", "100.64.0.0/16")),
    added("VBR-010", VBR, group("peer_asn: 65530, local_asn: 65025"), "local_asn: 65025"),
    added("VBR-011", VBR, group("peer_asn: 45104"), "peer_asn: 45104"),
    Corruption("VBR-012", ((VBR, "    peering_subnet_mask: 255.255.255.0\n" + group(
        "peer_asn: 65530, peers: [" + ", ".join(f"{{peer_ip_address: 10.0.0.{last}}}" for last in range(2, 11)) + "]")
                            ),), "name: group"),
    added("VBR-013", VBR, group("peer_asn: 65530, peers: [{peer_ip_address: 10.0.0.9}]"), "peer_asn"),
    added("VBR-014", VBR, group("peer_asn: 65530, peers: [{enable_bfd: true}, {enable_bfd: false}]"), "peer_asn"),
    added("VBR-015", VBR, group("peer_asn: 65530, peers: [{bfd_multi_hop: 0}]"), "peer_asn"),
    added("VBR-016", VBR, group("peer_asn: 65530, auth_key: 'a b'"), "peer_asn"),
    added("VBR-017", VBR, "    bandwidth: 51\n"),
    added("VBR-018", VBR, "    mtu: 9000\n"),
    added("VBR-019", VBR, "    min_tx_interval: 100\n"),
    one("VBR-020", VBR_ROUTE, VBR_ROUTE * 201),
    Corruption("VBR-030", (("local_gateway_ip: 10.0.0.1", "local_gateway_ip: 172.16.99.1"),
                           ("peer_gateway_ip: 10.0.0.2", "peer_gateway_ip: 172.16.99.2")), "local_gateway_ip"),
    Corruption("VBR-031", (("local_gateway_ip: 10.0.0.1", "local_gateway_ip: 100.64.0.1"),
                           ("peer_gateway_ip: 10.0.0.2", "peer_gateway_ip: 100.64.0.2")), "local_gateway_ip"),
    Corruption("VBR-032", (("cen:\n", VBR_2), VBR_2_ATTACHED, (UPLINK, UPLINK.replace("t}", "t, vlan_id: 0}"))),
               "vlan_id: 0\n"),
    Corruption("VBR-033", (("vlan_id: 0", "vlan_id: 5"), ("cen:\n", VBR_2), VBR_2_ATTACHED,
                           (UPLINK, UPLINK.replace("t}", "t, vlan_id: 5}"))), "name: VBR2"),
    added("VBR-034", VBR, "    mtu: 8500\n"),
    Corruption("VBR-035", (("vlan_id: 0", "vlan_id: 9"), ("cen:\n", "".join(
        VBR_2.replace("VBR2", f"More{n}").replace("vlan_id: 5", f"vlan_id: {n}").replace("10.0.1.", f"10.0.{n}.")
        .replace("cen:\n", "") for n in range(1, 6)) + "cen:\n"), ("    vbr:\n", "    vbr:\n" + "".join(
            f"      - {{name: A{n}, vbr: More{n}, {TABLES}}}\n" for n in range(1, 6))),
        (UPLINK, UPLINK.replace("t}", "t, vlan_id: 9}"))), "physical_connection: Circuit\n"),
    added("VPC-001", VPC, "    description: http://vpc\n"),
    one("VPC-002", VPC, "    cidr_block: 172.0.0.0/6\n"),
    one("VPC-003", "172.16.30.0/24", "172.16.30.0/30"),
    one("VPC-004", "172.16.30.0/24", "172.17.30.0/24"),
    one("VPC-005", "172.16.30.0/24", "172.16.20.128/25"),
    added("VPC-006", VPC_ROUTE, VPC_ROUTE.replace("t}", "t, description: again}")),
    one("VPC-007", VPC_ROUTE, VPC_ROUTE.replace("10.0.0.0/8", "172.16.10.128/25")),
    one("VPC-008", "172.16.10.226", "172.16.20.226"),
    one("VPC-009", "172.16.10.226", "172.16.10.254"),
    one("VPC-010", "private_ip_address: 172.16.10.226", "private_ip_address: 172.16.10.225  # both", "# both"),
    one("VPC-011", VPC_ROUTE, VPC_ROUTE.replace("10.0.0.0/8", "100.64.1.0/24")),
    one("VPC-012", VPC, "    cidr_block: 169.254.0.0/16\n"),
    one("VPC-013", "physical_connections:\n", "  - {name: VPC2, cidr_block: 172.20.0.0/16, vswitches: []}\n\n"
        "physical_connections:\n"),
    one("VPC-014", VPC_ROUTE, VPC_ROUTE * 201),
    added("VPC-015", VPC, f"    secondary_cidr_blocks: [{', '.join(f'10.{n}.0.0/16' for n in range(1, 7))}]\n"),
    added("VPC-016", VPC, "    secondary_cidr_blocks: [10.1.0.0/16, 10.1.128.0/17]\n"),
    one("VPC-017", VPC_ROUTE, VPC_ROUTE.replace("next_hop:", "next_hop_type: HaVip, next_hop:")),
    one("VPC-020", "port_range: 1/65535", "port_range: 0/99999"),
    one("VPC-021", "ICMP, source_cidr_ip", "ICMP, dest_cidr_ip"),
    one("VPC-022", "ip_protocol: ICMP", "ip_protocol: ICMP, port_range: 80/80"),
    one("VPC-023", "direction: ingress", "direction: inwards"),
    one("VPC-024", "ip_protocol: ICMP", "ip_protocol: OSPF"),
    one("VPC-025", "ip_protocol: ICMP", "policy: maybe, ip_protocol: ICMP"),
    one("VPC-026", "ip_protocol: ICMP", "priority: 101, ip_protocol: ICMP"),
    one("VPC-033", "      - name: vSwitch3\n", "      - {name: vSwitch4, zone_id: cn-hangzhou-x, cidr_block: "
        "172.16.40.0/24}\n      - name: vSwitch3\n"),
    Corruption("VPC-034", (cut("    route_entries:\n", "    security_groups:\n"),), "  - name: VPC\n"),
)

TRANSIT = (
    added("CEN-001", "  name: CEN\n", "  description: http://cen\n"),
    one("CEN-002", "protection_level: REDUCED", "protection_level: FULL"),
    added("TR-001", "  name: TR\n", "  description: http://tr\n"),
    one("TR-002", "cidr: 10.10.10.0/24", "cidr: 10.10.0.0/15"),
    one("TR-003", "cidr: 10.10.10.0/24", "cidr: 100.64.10.0/24"),
    added("TR-004", CIDR, "    - {cidr: 10.10.0.0/16}\n"),
    one("TR-005", TABLE, TABLE + "    - {name: other, type: System}\n"),
    added("TR-006", TR_ROUTE, TR_ROUTE.replace("t}", "t, name: again}")),
    added("TR-007", ZONE_2, "          - {zone_id: cn-hangzhou-h, vswitch: vSwitch1}\n"),
    Corruption("TR-008", (cut("        zone_mappings:\n", "        association"),
                          ("        vpc: VPC\n", "        vpc: VPC\n        zone_mappings: []\n")), "zone_mappings"),
    Corruption("TR-009", ((BFD, BFD + "".join(connection("", f"More{n}")[1].removeprefix(BFD) for n in range(50))),
                          (VPN, "".join(f"      - {{name: More{n}, ipsec_connection: More{n}, {TABLES}}}\n"
                                        for n in range(50)) + VPN)), "    vpc:\n"),
    one("TR-010", "type: System", "type: Main"),
    one("TR-011", TR_ROUTE, TR_ROUTE.replace("192.168.10.136/32", "100.64.1.1/32")),
    one("TR-012", "association: system", "association: [system]"),
    one("TR-013", CIDR, "".join(f"    - {{cidr: 10.10.1{last}.0/24}}\n" for last in range(6))),
    one("TR-020", "cidr: 10.10.10.0/24", "cidr: 172.16.99.0/24"),
    Corruption("TR-021", (cut("cen:\n", "transit_router:\n"),), "  name: TR\n"),
    one("TR-022", "vswitch: vSwitch2", "vswitch: vSwitch3"),
    one("TR-023", ZONE_2, "", "          - {zone_id: cn-hangzhou-h"),
    Corruption("TR-024", (("cidr_block: 172.16.20.0/24", "cidr_block: 172.16.20.0/29"), (
        "    instances:\n", "    instances:\n" + "".join(
            f"      - {{name: Idle{last}, vswitch: vSwitch2, private_ip_address: 172.16.20.{last}}}\n"
            for last in range(1, 5)))), "          - {zone_id: cn-hangzhou-h"),
    added("TR-025", ZONE_2 + "        association: system\n        propagations: [system]\n",
          "      - {name: Again, vpc: VPC, association: system, propagations: [system], zone_mappings: [{zone_id: "
          "cn-hangzhou-h, vswitch: vSwitch2}, {zone_id: cn-hangzhou-j, vswitch: vSwitch3}]}\n"),
    one("TR-026", "        association: system\n", "", "      - name: VPC-Attachment\n"),
    one("TR-027", "        propagations: [system]\n", "", "      - name: VPC-Attachment\n"),
    Corruption("TR-028", (connection(""),), "name: Second"),
    added("RMAP-001", MAP, "    description: http://map\n"),
    one("RMAP-002", "map_result: Deny", "map_result: Drop"),
    one("RMAP-003", "192.168.10.136/32, 1", "192.168.10.136/32, " * 32 + "1", "destination_cidr_blocks"),
    added("RMAP-004", MAP, "    match_community_set: [0:1]\n"),
    added("RMAP-005", MAP, "    next_priority: 50\n"),
    Corruption("RMAP-006", (("map_result: Deny", "map_result: Permit\n    next_priority: 40"),), "next_priority"),
    one("RMAP-007", "transmit_direction: RegionOut", "transmit_direction: RegionIn", "    destination_instances"),
    Corruption("RMAP-008", (("map_result: Deny", "map_result: Permit"),
                            ("destination_instances: [VBR]", "prepend_as_path: [65000]")), "prepend_as_path"),
    added("RMAP-009", MAP, "    preference: 5\n", "    map_result"),
    one("RMAP-010", "priority: 40", "priority: 101"),
    added("RMAP-011", MAP, "    match_asns: [0]\n"),
    added("RMAP-012", MAP, "    preference: 0\n"),
    Corruption("RMAP-020", (), "  - {priority", "version: 1\nname: tiny\nregion: cn-hangzhou\nroute_maps:\n"
               "  - {priority: 1, transmit_direction: RegionIn, map_result: Deny}\n"),
    added("RMAP-021", "cidr_match_mode: Complete\n", "  - {priority: 40, transmit_direction: RegionOut, map_result: "
          "Permit}\n"),
    Corruption("RMAP-022", (("map_result: Deny", "map_result: Permit\n    next_priority: 50"),), "next_priority"),
)

TUNNELS = (
    added("CGW-001", CGW_2, "    description: http://cgw\n"),
    one("CGW-002", "ip_address: 192.168.40.159", "ip_address: 224.0.0.1"),
    one("CGW-003", "    asn: 65530\n", "    asn: 45104\n"),
    added("CGW-004", CGW_2, "  - {name: Third, ip_address: 192.168.10.137, auth_key: key}\n"),
    added("CGW-005", CGW_2, "    auth_key: a?b\n"),
    added("CGW-012", "customer_gateways:\n", "".join(
        f"  - {{name: More{last}, ip_address: 10.77.0.{last}}}\n" for last in range(1, 101)), "More1,"),
    one("CGW-010", "ip_address: 192.168.40.159", "ip_address: 172.16.99.9"),
    one("CGW-011", "ip_address: 192.168.40.159", "ip_address: 192.168.10.136  # both", "# both"),
    Corruption("VCO-001", (connection("", "https://second"),), "https://second"),
    one("VCO-002", "network_type: private", "network_type: hidden"),
    one("VCO-003", "local_subnet: 0.0.0.0/0", "local_subnet: " + ",".join(f"10.{n}.0.0/16" for n in range(6))),
    one("VCO-004", "local_subnet: 0.0.0.0/0", "local_subnet: 10.0.0.0/8"),
    one("VCO-005", "network_type: private", "network_type: public"),
    added("VCO-006", CONNECTION, "    gateway_ip_addresses: [10.10.10.49, 10.10.10.49]\n"),
    added("VCO-007", CONNECTION, "    gateway_ip_addresses: [10.10.10.49]\n"),
    one("VCO-010", "psk: {generate: true}", "psk: 'hush hush'"),
    one("VCO-011", "psk: {generate: true}", "psk: {evn: HUSH}"),
    one("VCO-020", BGP_1, "", "      - customer_gateway: Customer-Gateway1\n"),
    one("VCO-021", BGP_2, BGP_1.replace("}\n", "} # again\n"), "# again"),
    one("VCO-022", BGP_2, BGP_2.replace("65534", "65533")),
    one("VCO-023", BGP_1, BGP_1.replace("169.254.10.", "10.1.0.")),
    one("VCO-024", BGP_1, BGP_1.replace("169.254.10.", "169.254.1.")),
    one("VCO-024", BGP_1, "        bgp: {tunnel_cidr: 169.254.169.252/30, local_asn: 65534}\n"),
    one("VCO-025", BGP_1, BGP_1.replace("169.254.10.1,", "169.254.10.3,")),
    one("VCO-026", BGP_1, BGP_1.replace("65534", "0")),
    one("VCO-027", "bfd: auto", "bfd: fast"),
    one("VCO-030", "keepalive_s: 2", "keepalive_s: 0"),
    one("VCO-031", "hold_time_s: 6", "hold_time_s: 5"),
    added("VCO-032", CONNECTION, "    route_entries: [{route_dest: 0.0.0.0/0}]\n"),
    one("VCO-040", "ike_enc_alg: aes,", "ike_enc_alg: aes128gcm,"),
    one("VCO-041", "ike_pfs: group14", "ike_pfs: group15"),
    one("VCO-042", "ike_lifetime: 86400", "ike_lifetime: 86401"),
    one("VCO-043", TUNNEL_1, TUNNEL_1.replace("ikev2", "ikev1, remote_id: cgw.example")),
    one("VCO-044", TUNNEL_1, TUNNEL_1.replace("ikev2", "ikev2, remote_id: c g w")),
    one("VCO-045", "ike_pfs: group14", "ike_pfs: group2"),
    Corruption("VCO-051", ((f"  cidrs:\n{CIDR}", ""),), "  - name: IPsecConnection"),
    added("VCO-052", CONNECTION, "    gateway_ip_addresses: [10.10.11.49, 10.10.10.50]\n"),
    added("VCO-053", CONNECTION, "    gateway_ip_addresses: [10.10.10.5, 10.10.10.50]\n"),
    Corruption("VCO-054", ((CONNECTION, CONNECTION + "    gateway_ip_addresses: [10.10.10.49, 10.10.10.50]\n"),
                           VPN_2_ATTACHED, connection(", gateway_ip_addresses: [10.10.10.50, 10.10.10.51]")),
               "name: Second"),
    Corruption("VCO-055", (VPN_2_ATTACHED, (BFD, BFD + "  - {name: Second, network_type: private, tunnels: ["
               "{customer_gateway: Customer-Gateway1, bgp: {tunnel_cidr: 169.254.10.0/30}}, "
               "{customer_gateway: Customer-Gateway2}], " + ROUTES + "}\n")), "name: Second"),
    one("VCO-059", "enable_tunnels_bgp: true", "enable_tunnels_bgp: false", "  - name: IPsecConnection\n"),
    one("VCO-056", "    asn: 65530\n", "", "      - customer_gateway: Customer-Gateway1\n"),
    Corruption("VCO-057", ((BGP_1, BGP_1.replace("65534", "65530")), (BGP_2, BGP_2.replace("65534", "65530"))),
               BGP_1.replace("65534", "65530")),
    added("VCO-058", VBR, group("peer_asn: 65001"), "peer_asn: 65001"),
)

SITES = (
    one("SITE-001", "network: clients", "network: clientz"),
    one("SITE-002", LAN, "        lan: {address: 192.168.50.215}\n"),
    added("SITE-003", "      platform: gateway\n", "      config: cgw.cfg\n"),
    one("SITE-004", "      config: cgw.asa.cfg\n", "", "platform: cisco-asa", ASA),
    added("SITE-005", "      config: cgw.asa.cfg\n", "      advertise: [192.168.20.0/24]\n", base=ASA),
    one("SITE-006", LAN, "        lan: {network: core}\n"),
    added("SITE-007", NETWORK, "      - {name: more, cidr_block: 192.168.20.128/25}\n"),
    one("SITE-008", "address: 192.168.20.6", "address: 192.168.21.6"),
    one("SITE-009", "address: 192.168.20.6", "address: 192.168.20.255"),
    one("SITE-010", "next_hop: 192.168.50.216", "next_hop: 192.168.60.216"),
    one("SITE-010", "next_hop: 192.168.50.215", "next_hop: 192.168.60.215"),
    one("SITE-011", "gateway: 192.168.20.1", "gateway: 192.168.21.1"),
    one("SITE-012", "address: 192.168.20.6", "address: 192.168.20.1"),
    one("SITE-013", UPLINK, "        uplink: {circuit: Circuit, vlan_id: 5000}\n"),
    one("SITE-014", "name: cgw\n", "name: http://cgw\n"),
    one("SITE-015", "platform: gateway", "platform: junos"),
    added("SITE-016", NETWORK, "      - {name: more, cidr_block: 100.64.1.0/24}\n"),
    added("SITE-017", CORE_ROUTE, "          - {destination: 192.168.20.0/24, next_hop: discard}\n",
          "{destination: 192.168.20.0/24, next_hop: discard}"),
    added("SITE-018", CORE_ROUTE, "          - {destination: 0.0.0.0/0, next_hop: discard}\n",
          "{destination: 0.0.0.0/0, next_hop: discard}"),
    one("SITE-018", "{destination: 192.168.20.0/24, next_hop", "{destination: 192.168.0.0/16, next_hop"),
    one("SITE-030", UPLINK, "        uplink: {circuit: Circuit, vlan_id: 7}\n"),
    Corruption("SITE-031", (("cen:\n", VBR_2), VBR_2_ATTACHED, ("vlan_id: 0\n", "vlan_id: 6\n")), UPLINK),
    added("SITE-032", UPLINK, "        uplink2: {circuit: Circuit}\n"),
    one("SITE-034", "protections:\n", "  - {name: second, device: {name: cgw2, platform: gateway, customer_gateways: "
        "[Customer-Gateway2], ports: {up: {circuit: Spare}}}}\n\nprotections:\n", "platform: gateway\n"),
    one("SITE-033", "advertise: [", "advertise: [0.0.0.0/0, "),
    one("SITE-039", "advertise: [", "advertise: [" + "".join(f"192.168.60.{last}/32, " for last in range(50))),
    Corruption("SITE-035", (("      platform: gateway\n", ("      platform: gateway\n      customer_gateways: "
                             "[Customer-Gateway1, Customer-Gateway2]\n")), (
                             "protections:\n", ("  - {name: second, device:"
                             " {name: cgw2, platform: gateway, customer_gateways: [Customer-Gateway2], ports: "
                             "{up: {circuit: Spare}}}}\n\nprotections:\n"))), "name: cgw2"),
    one("SITE-036", CGW_2, CGW_2.replace("65530", "65531"), "    asn: 65530"),
    Corruption("SITE-037", ((CONNECTION, CONNECTION + "    route_entries: [{route_dest: 192.168.20.0/24}]\n"),
                            ("enable_tunnels_bgp: true", "enable_tunnels_bgp: false"), ("    asn: 65530\n", ""),
                            ("    asn: 65530\n", "")), "advertise:"),
    Corruption("SITE-038", ((UPLINK, ""), ("port: {rehearsal: true}", "port: {interface: eth1}")), LAN),
    added("PROT-001", MODE, "    description: http://protection\n"),
    one("PROT-002", "    cloud: [172.16.0.0/16]\n    site:", "    cloud: [0.0.0.0/0]\n    site:", "    site: [192"),
    one("PROT-003", "cloud: [172.16.0.0/16]", "cloud: []"),
    one("PROT-004", "mode: open", "mode: closed"),
    one("PROT-010", "cloud: [172.16.0.0/16]", "cloud: [172.17.0.0/16]"),
    one("PROT-011", "site: [192.168.20.0/24]", "site: [10.99.0.0/16]"),
    Corruption("PROT-012", (cut("    vpn:\n", "  route_entries:\n    # Without"),
                            cut("ipsec_connections:\n", "sites:\n"), ("mode: open", "mode: required")),
               "mode: required"),
)
SPARE = ("virtual_border_routers:\n", "  - {name: Spare, port: {rehearsal: true}}\n\nvirtual_border_routers:\n")
SITES = tuple(
    Corruption(case.code, (*case.edits, SPARE), case.at) if case.code in {"SITE-034", "SITE-035"} else case
    for case in SITES
)

ALL = (*PLAN, *CLOUD, *TRANSIT, *TUNNELS, *SITES)
