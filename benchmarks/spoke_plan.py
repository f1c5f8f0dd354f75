"""Plans of hub-and-spoke networks: each site has a circuit, a border router, two tunnels, and what is behind them.

There are two layouts: sites without number, each with many prefixes behind a router of its own (``plan_text``), and
up to some two hundred, each with one network and a host in it (``hosted_plan_text``).

The cloud's default quotas end at 50 VPN attachments and 100 customer gateways; larger plans are read with a warning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

HEAD = """version: 1
name: {name}
region: cn-hangzhou
vpcs:
  - name: VPC
    cidr_block: 172.16.0.0/16
    vswitches:
{vswitches}    route_entries:
      - {{destination_cidr_block: 10.0.0.0/8, next_hop: VPC-Attachment}}
{instances}physical_connections:
{circuits}virtual_border_routers:
{borders}cen: {{name: CEN, protection_level: REDUCED}}
transit_router:
  name: TR
  cidrs:
    - {{cidr: {cidr}, publish_cidr_route: true}}
  route_tables:
    - {{name: system, type: System}}
  attachments:
    vpc:
      - name: VPC-Attachment
        vpc: VPC
        zone_mappings:
          - {{zone_id: cn-hangzhou-h, vswitch: {attached}}}
        association: system
        propagations: [system]
    vbr:
{links}    vpn:
{connected}  route_entries:
{routes}route_maps:
{maps}customer_gateways:
{gateways}ipsec_connections:
{connections}sites:
{sites}protections:
{protections}"""
VSWITCHES = "".join(
    f"      - {{name: vSwitch{n}, zone_id: cn-hangzhou-h, cidr_block: 172.16.{n}0.0/24}}\n" for n in (1, 2)
)
INSTANCE = """    security_groups:
      - name: app
        rules:
          - {direction: ingress, ip_protocol: ICMP, source_cidr_ip: 10.0.0.0/8}
          - {direction: ingress, ip_protocol: UDP, port_range: 1/65535, source_cidr_ip: 10.0.0.0/8}
    instances:
      - {name: ECS1, vswitch: vSwitch1, private_ip_address: 172.16.10.225, security_group: app}
"""
ONE_MAP = """  # One policy keeps the sites' addresses from border routers and from other sites.
  - priority: 1
    transmit_direction: RegionOut
    map_result: Deny
    destination_cidr_blocks: [10.0.0.0/8]
    cidr_match_mode: Include
"""
MAP_OF_A_SITE = """  - priority: {n}
    transmit_direction: RegionOut
    map_result: Deny
    destination_instances: [VBR{n}]
    destination_cidr_blocks: [{outer_a}/32, {outer_b}/32]
    cidr_match_mode: Complete
"""
PARTS = {
    "circuits": """  - name: Circuit{n}
    line_operator: CT
    access_point_id: ap-cn-hangzhou-xs-B
    port: {{rehearsal: true}}
""",
    "borders": """  - name: VBR{n}
    physical_connection: Circuit{n}
    vlan_id: 0
    local_gateway_ip: {line_cloud}
    peer_gateway_ip: {line_site}
    peering_subnet_mask: 255.255.255.252
    route_entries:
      - {{destination_cidr_block: {aggregate}, next_hop: Circuit{n}}}
""",
    "links": """      - name: VBR-Attachment{n}
        vbr: VBR{n}
        auto_publish_route_enabled: true
        association: system
        propagations: [system]
""",
    "connected": """      - name: VPN-Attachment{n}
        ipsec_connection: Connection{n}
        auto_publish_route_enabled: true
        association: system
        propagations: [system]
""",
    "routes": """    - {{destination_cidr_block: {outer_a}/32, next_hop: VBR-Attachment{n}}}
    - {{destination_cidr_block: {outer_b}/32, next_hop: VBR-Attachment{n}}}
""",
    "gateways": """  - {{name: Gateway{n}a, ip_address: {outer_a}, asn: {asn}}}
  - {{name: Gateway{n}b, ip_address: {outer_b}, asn: {asn}}}
""",
    "connections": """  - name: Connection{n}
    network_type: private
    local_subnet: 0.0.0.0/0
    remote_subnet: 0.0.0.0/0
    effect_immediately: false
    enable_tunnels_bgp: true
    tunnels:
      - customer_gateway: Gateway{n}a
        ike: {{ike_version: ikev2, ike_enc_alg: aes, ike_auth_alg: sha1, ike_pfs: group14, ike_lifetime: 86400}}
        ipsec: {{ipsec_enc_alg: aes, ipsec_auth_alg: sha1, ipsec_pfs: group14, ipsec_lifetime: 86400}}
        psk: {{generate: true}}
        bgp: {{tunnel_cidr: {inside_a}/30, local_bgp_ip: {bgp_a}, local_asn: 65534}}
      - customer_gateway: Gateway{n}b
        ike: {{ike_version: ikev2, ike_enc_alg: aes, ike_auth_alg: sha1, ike_pfs: group14, ike_lifetime: 86400}}
        ipsec: {{ipsec_enc_alg: aes, ipsec_auth_alg: sha1, ipsec_pfs: group14, ipsec_lifetime: 86400}}
        psk: {{generate: true}}
        bgp: {{tunnel_cidr: {inside_b}/30, local_bgp_ip: {bgp_b}, local_asn: 65534}}
    timers: {{keepalive_s: 2, hold_time_s: 6, dpd_delay_s: 10, dpd_timeout_s: 30}}
    bfd: off
""",
    "protections": """  - {{name: site{n}-vpc, cloud: [172.16.0.0/16], site: [{prefixes}], mode: open}}
""",
}
SITE = """  - name: site{n}
    device:
      name: cgw{n}
      platform: gateway
      customer_gateways: [Gateway{n}a, Gateway{n}b]
      ports:
        uplink: {{circuit: Circuit{n}}}
"""
CORE = """        lan: {{network: lan{n}, address: {lan}.1}}
      advertise: [{prefixes}]
      routes:
{statics}    networks:
      - {{name: lan{n}, cidr_block: {lan}.0/24}}
    routers:
      - {{name: core{n}, addresses: {{lan{n}: {lan}.2}}}}
"""
HOSTED = """        lan: {{network: lan{n}, address: {lan}.1}}
      advertise: [{prefixes}, 10.{n}.10.0/24, 10.{n}.40.0/24]
    networks:
      - {{name: lan{n}, cidr_block: {lan}.0/24}}
    hosts:
      - {{name: client{n}, network: lan{n}, address: {lan}.6, gateway: {lan}.1}}
"""
MOST_IN_ONE_CIDR = 90
"""Sites whose tunnels a transit router CIDR of 256 addresses has gateway addresses for."""
MOST_PREFIXES = 20
"""Of a site; each has 32 networks of its own."""


@dataclass(frozen=True)
class Layout:
    """What plans differ in.

    Args:
        values: What is different at each site, by its number from 1.
        site: What is behind a site's device.
        cidr: The transit router's own.
        more: What else the head of the plan needs.
        maps: One policy of every site; without, there is one for all of them.
    """

    values: Callable[[int], Mapping[str, object]]
    site: str
    cidr: str
    more: Mapping[str, str]
    maps: str = ""


def plan_text(name: str, sites: int, prefixes: int) -> str:
    """The plan of sites that have that many prefixes each."""
    more = {"vswitches": VSWITCHES, "attached": "vSwitch2", "instances": ""}
    return _written(name, sites, Layout(lambda n: site_values(n, prefixes), CORE, "192.168.0.0/16", more))


def hosted_plan_text(name: str, sites: int, *, instance: bool = False, map_per_site: bool = False) -> str:
    """The plan of sites with a host each; with ``instance``, there is one in the cloud too, in a vSwitch of its own."""
    more = {"vswitches": VSWITCHES, "attached": "vSwitch2", "instances": INSTANCE} if instance else {
        "vswitches": VSWITCHES.splitlines(keepends=True)[0], "attached": "vSwitch1", "instances": ""
    }
    maps = MAP_OF_A_SITE if map_per_site else ""
    cidr = "192.168.200.0/24" if sites <= MOST_IN_ONE_CIDR else "192.168.200.0/23"
    return _written(name, sites, Layout(hosted_values, HOSTED, cidr, more, maps))


def _written(name: str, sites: int, layout: Layout) -> str:
    parts = {**PARTS, "sites": SITE + layout.site, "maps": layout.maps}
    found: dict[str, list[str]] = {part: [] for part in parts}
    for n in range(1, sites + 1):
        values = layout.values(n)
        for part, text in parts.items():
            found[part].append(text.format(**values))
    texts = {part: "".join(one) for part, one in found.items()}
    return HEAD.format(name=name, cidr=layout.cidr, **layout.more, **{**texts, "maps": texts["maps"] or ONE_MAP})


def hosted_values(n: int) -> dict[str, object]:
    """What is different at each site with a host."""
    line, inside = f"192.168.{n}", f"169.254.{10 + n}"
    return {
        "n": n, "asn": 64600 + n, "aggregate": f"10.{n}.0.0/16", "lan": f"10.{n}.20", "prefixes": f"10.{n}.20.0/24",
        "line_cloud": f"{line}.1", "line_site": f"{line}.2", "outer_a": f"10.{n}.10.136", "outer_b": f"10.{n}.40.159",
        "inside_a": f"{inside}.0", "bgp_a": f"{inside}.1", "inside_b": f"{inside}.4", "bgp_b": f"{inside}.5",
    }


def dotted(address: int) -> str:
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def site_values(n: int, prefixes: int) -> dict[str, object]:
    """What is different at each site."""
    base, line, inside = (10 << 24) + (n << 13), (11 << 24) + 4 * n, (169 << 24) + (254 << 16) + (8 << 8) + 8 * n
    networks = [dotted(base + (k << 8)) for k in range(1, prefixes + 1)]
    lan = dotted(base + (MOST_PREFIXES + 1 << 8)).rsplit(".", 1)[0]
    outer_a, outer_b = dotted(base + 256 + 136), dotted(base + 512 + 159)
    return {
        "n": n, "asn": 4200000000 + n, "aggregate": f"{dotted(base)}/19", "lan": lan,
        "line_cloud": dotted(line + 1), "line_site": dotted(line + 2), "outer_a": outer_a, "outer_b": outer_b,
        "inside_a": dotted(inside), "bgp_a": dotted(inside + 1), "inside_b": dotted(inside + 4),
        "bgp_b": dotted(inside + 5), "prefixes": ", ".join(f"{one}/24" for one in networks),
        "statics": "".join(f"        - {{destination: {one}/24, next_hop: {lan}.2}}\n" for one in networks),
    }
