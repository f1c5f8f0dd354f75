"""One transit router and many sites: time until all next hops are in its kernel table, memory, down, and changes.

Every site has a circuit, a border router, two customer gateways and an IPsec connection of its own.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import common

from sealane.app.controller import wait_until
from sealane.app.flows import Flows
from sealane.app.live import attach, load_or_reject
from sealane.host import find_processes

TARGETS = {"all next hops in the kernel": 20.0, "down": 3.0, "PSS per site": 45.0}
DEFAULT_SITES = 25
LIMIT_S = 120.0
CALM_S = 1.0

HEAD = """version: 1
name: {name}
region: cn-hangzhou
zones: [cn-hangzhou-h]
vpcs:
  - name: VPC
    cidr_block: 172.16.0.0/16
    vswitches:
      - {{name: vSwitch1, zone_id: cn-hangzhou-h, cidr_block: 172.16.10.0/24}}
      - {{name: vSwitch2, zone_id: cn-hangzhou-h, cidr_block: 172.16.20.0/24}}
    route_entries:
      - {{destination_cidr_block: 10.0.0.0/8, next_hop: VPC-Attachment}}
    security_groups:
      - name: app
        rules:
          - {{direction: ingress, ip_protocol: ICMP, source_cidr_ip: 10.0.0.0/8}}
          - {{direction: ingress, ip_protocol: UDP, port_range: 1/65535, source_cidr_ip: 10.0.0.0/8}}
    instances:
      - {{name: ECS1, vswitch: vSwitch1, private_ip_address: 172.16.10.225, security_group: app}}
physical_connections:
{circuits}
virtual_border_routers:
{vbrs}
cen: {{name: CEN, protection_level: REDUCED}}
transit_router:
  name: TR
  cidrs:
    - {{cidr: 192.168.200.0/24, publish_cidr_route: true}}
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
{vbr_attachments}
    vpn:
{vpn_attachments}
  route_entries:
{routes}
route_maps:
{maps}
customer_gateways:
{gateways}
ipsec_connections:
{connections}
sites:
{sites}
protections:
{protections}
"""
PARTS = {
    "circuits": """  - name: Circuit{n}
    line_operator: CT
    access_point_id: ap-cn-hangzhou-xs-B
    port: {{rehearsal: true}}
""",
    "vbrs": """  - name: VBR{n}
    physical_connection: Circuit{n}
    vlan_id: 0
    local_gateway_ip: 192.168.{n}.1
    peer_gateway_ip: 192.168.{n}.2
    peering_subnet_mask: 255.255.255.252
    route_entries:
      - {{destination_cidr_block: 10.{n}.0.0/16, next_hop: Circuit{n}}}
""",
    "vbr_attachments": """      - name: VBR-Attachment{n}
        vbr: VBR{n}
        auto_publish_route_enabled: true
        association: system
        propagations: [system]
""",
    "vpn_attachments": """      - name: VPN-Attachment{n}
        ipsec_connection: Connection{n}
        auto_publish_route_enabled: true
        association: system
        propagations: [system]
""",
    "routes": """    - {{destination_cidr_block: 10.{n}.10.136/32, next_hop: VBR-Attachment{n}}}
    - {{destination_cidr_block: 10.{n}.40.159/32, next_hop: VBR-Attachment{n}}}
""",
    "maps": """  - priority: {n}
    transmit_direction: RegionOut
    map_result: Deny
    destination_instances: [VBR{n}]
    destination_cidr_blocks: [10.{n}.10.136/32, 10.{n}.40.159/32]
    cidr_match_mode: Complete
""",
    "gateways": """  - {{name: Gateway{n}a, ip_address: 10.{n}.10.136, asn: {asn}}}
  - {{name: Gateway{n}b, ip_address: 10.{n}.40.159, asn: {asn}}}
""",
    "connections": """  - name: Connection{n}
    network_type: private
    local_subnet: 0.0.0.0/0
    remote_subnet: 0.0.0.0/0
    effect_immediately: false
    enable_tunnels_bgp: true
    tunnels:
      - customer_gateway: Gateway{n}a
        ike: {crypto_ike}
        ipsec: {crypto_esp}
        psk: {{generate: true}}
        bgp: {{tunnel_cidr: 169.254.{inside}.0/30, local_bgp_ip: 169.254.{inside}.1, local_asn: 65534}}
      - customer_gateway: Gateway{n}b
        ike: {crypto_ike}
        ipsec: {crypto_esp}
        psk: {{generate: true}}
        bgp: {{tunnel_cidr: 169.254.{inside}.4/30, local_bgp_ip: 169.254.{inside}.5, local_asn: 65534}}
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
        lan: {{network: lan{n}, address: 10.{n}.20.1}}
      advertise: [10.{n}.20.0/24, 10.{n}.10.0/24, 10.{n}.40.0/24]
    networks:
      - {{name: lan{n}, cidr_block: 10.{n}.20.0/24}}
    hosts:
      - {{name: client{n}, network: lan{n}, address: 10.{n}.20.6, gateway: 10.{n}.20.1}}
""",
    "protections": """  - name: site{n}-vpc
    cloud: [172.16.0.0/16]
    site: [10.{n}.20.0/24]
    mode: open
""",
}
IKE = "{ike_version: ikev2, ike_enc_alg: aes, ike_auth_alg: sha1, ike_pfs: group14, ike_lifetime: 86400}"
ESP = "{ipsec_enc_alg: aes, ipsec_auth_alg: sha1, ipsec_pfs: group14, ipsec_lifetime: 86400}"


def plan_text(name: str, sites: int) -> str:
    """A plan with that many sites; more do not change the others."""
    parts = {
        part: "".join(
            text.format(n=n, asn=64600 + n, inside=10 + n, crypto_ike=IKE, crypto_esp=ESP) for n in range(1, sites + 1)
        ).rstrip("\n")
        for part, text in PARTS.items()
    }
    return HEAD.format(name=name, **parts)


def tunnel_hops(name: str) -> int:
    """Next hops into tunnels of all multipath routes to the sites' networks in the transit router's kernel table."""
    shown = ["ip", "-n", f"sealane.{name}.tr", "-j", "route", "show", "table", "100"]
    done = subprocess.run(shown, capture_output=True, text=True, check=False)
    routes = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    return sum(
        len([hop for hop in route.get("nexthops", ()) if hop["dev"].startswith("ipsec")])
        for route in routes
        if ".20.0/24" in route["dst"]
    )


def timed_hops(name: str, wanted: int, work: Callable[[], None]) -> tuple[float | None, float]:
    """Run some work; seconds until all next hops were there, and until the work was done."""
    start = time.monotonic()
    thread = threading.Thread(target=work)
    thread.start()
    ready = wait_until(lambda: tunnel_hops(name) >= wanted, LIMIT_S, interval_s=0.25)
    ready_s = time.monotonic() - start if ready else None
    thread.join()
    return ready_s, time.monotonic() - start


def memory_mb(name: str) -> dict[str, float]:
    """Memory of all our processes: resident, and with shared pages divided among those that share them."""
    totals = {"Rss": 0.0, "Pss": 0.0}
    for pid in find_processes(name):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            word, _, rest = line.partition(":")
            if word in totals:
                totals[word] += int(rest.split()[0]) * 1024 / 1e6
    return totals


def one_run(sites: int, patience_s: float) -> dict[str, object]:
    with common.network("many") as name, TemporaryDirectory(prefix=common.PREFIX) as scratch:
        plan = Path(scratch, "plan.yaml")
        plan.write_text(plan_text(name, sites), "utf-8")
        state = common.quiet(patience_s)
        found: dict[str, object] = {}

        def up() -> None:
            found["up_s"], found["phases"] = common.up_by_phase(plan, "--no-wait")

        found["all next hops in the kernel"], _ = timed_hops(name, 2 * sites, up)
        found["daemons"] = len(find_processes(name))
        found["memory_mb"] = memory_mb(name)
        time.sleep(CALM_S)
        found["up, nothing to change"], _ = common.up_by_phase(plan, "--no-wait")

        live = attach(load_or_reject(plan))
        with Flows(live, live.host("ecs1"), live.host("client1")) as flows:
            time.sleep(CALM_S)
            plan.write_text(plan_text(name, sites + 1), "utf-8")
            again: list[float] = []
            hops_s, _ = timed_hops(name, 2 * sites + 2, lambda: again.append(common.up_by_phase(plan, "--no-wait")[0]))
            time.sleep(CALM_S)
            measured = flows.finish()
        found["up, one site more"] = again[0]
        found["up, one site more, its next hops in the kernel"] = hops_s
        found["flows of another site"] = {
            "sent": measured.sent,
            "received": measured.received,
            "longest_gap_ms": measured.longest_gap_ms,
        }
        found["down"], _ = common.sealane("down", str(plan))
    return {**state, **found}


def main() -> None:
    options = common.arguments(__doc__, runs=3)
    sites = int(options.rest[0]) if options.rest else 2 if options.quick else DEFAULT_SITES
    runs = [one_run(sites, options.patience) for _ in range(options.runs)]
    load = max(run["load"] for run in runs)
    rows = []

    def row(what: str, values: list[float], digits: int = 2) -> None:
        rows.append([what, common.spread(values, digits), TARGETS.get(what, ""), load])

    for name in (
        "all next hops in the kernel",
        "up, nothing to change",
        "up, one site more",
        "up, one site more, its next hops in the kernel",
        "down",
    ):
        row(name, [run[name] or float("inf") for run in runs])
    row("lost packets of another site meanwhile", [_lost(run) for run in runs], 0)
    row("PSS per site", [run["memory_mb"]["Pss"] / sites for run in runs], 1)
    row("RSS per site", [run["memory_mb"]["Rss"] / sites for run in runs], 1)
    for phase in runs[0]["phases"]:
        row(f"phase {phase}", [run["phases"][phase] for run in runs])
    common.report("many_sites", [f"{sites} sites", "median s or MB (range)", "target", "load"], rows, {"runs": runs})


def _lost(run: dict[str, dict[str, int]]) -> int:
    flows = run["flows of another site"]
    return flows["sent"] - flows["received"]


if __name__ == "__main__":
    main()
