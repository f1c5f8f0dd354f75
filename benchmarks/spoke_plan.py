"""Plans of hub-and-spoke networks of any size: each site has a circuit, a border router, two tunnels, prefixes.

The cloud's default quotas end at 50 VPN attachments and 100 customer gateways; ``raise_quotas`` lets this process read
plans beyond them, as after the provider has raised them.
"""

from typing import Any

from sealane.kinds.plan import PLAN
from sealane.spec import Record

HEAD = """version: 1
name: {name}
region: cn-hangzhou
vpcs:
  - name: VPC
    cidr_block: 172.16.0.0/16
    vswitches:
      - {{name: vSwitch1, zone_id: cn-hangzhou-h, cidr_block: 172.16.10.0/24}}
      - {{name: vSwitch2, zone_id: cn-hangzhou-h, cidr_block: 172.16.20.0/24}}
    route_entries:
      - {{destination_cidr_block: 10.0.0.0/8, next_hop: VPC-Attachment}}
physical_connections:
{circuits}virtual_border_routers:
{borders}cen: {{name: CEN, protection_level: REDUCED}}
transit_router:
  name: TR
  cidrs:
    - {{cidr: 192.168.0.0/16, publish_cidr_route: true}}
  route_tables:
    - {{name: system, type: System}}
  attachments:
    vpc:
      - name: VPC-Attachment
        vpc: VPC
        zone_mappings:
          - {{zone_id: cn-hangzhou-h, vswitch: vSwitch2}}
        association: system
        propagations: [system]
    vbr:
{links}    vpn:
{connected}  route_entries:
{routes}route_maps:
  # One policy keeps the sites' addresses from border routers and from other sites.
  - priority: 1
    transmit_direction: RegionOut
    map_result: Deny
    destination_cidr_blocks: [10.0.0.0/8]
    cidr_match_mode: Include
customer_gateways:
{gateways}ipsec_connections:
{connections}sites:
{sites}protections:
{protections}"""
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
    "sites": """  - name: site{n}
    device:
      name: cgw{n}
      platform: gateway
      customer_gateways: [Gateway{n}a, Gateway{n}b]
      ports:
        uplink: {{circuit: Circuit{n}}}
        lan: {{network: lan{n}, address: {lan}.1}}
      advertise: [{prefixes}]
      routes:
{statics}    networks:
      - {{name: lan{n}, cidr_block: {lan}.0/24}}
    routers:
      - {{name: core{n}, addresses: {{lan{n}: {lan}.2}}}}
""",
    "protections": """  - {{name: site{n}-vpc, cloud: [172.16.0.0/16], site: [{prefixes}], mode: open}}
""",
}
MOST_PREFIXES = 20
"""Of a site; each has 32 networks of its own."""


def plan_text(name: str, sites: int, prefixes: int) -> str:
    """The plan."""
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    for n in range(1, sites + 1):
        values = site_values(n, prefixes)
        for part, text in PARTS.items():
            found[part].append(text.format(**values))
    return HEAD.format(name=name, **{part: "".join(texts) for part, texts in found.items()})


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


def raise_quotas() -> None:
    """Let this process read plans of any number of sites."""
    router = _reader(PLAN, "transit_router")
    for record, key in ((PLAN, "customer_gateways"), (_reader(router, "attachments"), "vpn")):
        object.__setattr__(_reader(record, key), "most", 1 << 20)


def _reader(record: Record[Any], key: str) -> Any:
    return next(one.reader for one in record.fields if one.key == key)
