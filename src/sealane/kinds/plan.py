"""The plan: every thing an operator wrote, read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sealane.diag import Finding, Origin, has_errors
from sealane.kinds.customer_gateway import CUSTOMER_GATEWAY, CustomerGateway
from sealane.kinds.ipsec_connection import IPSEC_CONNECTION, IpsecConnection, PskSource, tunnel_name
from sealane.kinds.physical_connection import PHYSICAL_CONNECTION, PhysicalConnection
from sealane.kinds.protection import PROTECTION, ProtectionSpec
from sealane.kinds.route_map import ROUTE_MAP, RouteMapSpec
from sealane.kinds.site import SITE, Site
from sealane.kinds.transit_router import CEN, TRANSIT_ROUTER, CenSpec, TransitRouterSpec
from sealane.kinds.vbr import VBR, VirtualBorderRouterSpec
from sealane.kinds.vpc import VPC, Vpc
from sealane.memo import Memo
from sealane.spec import Field, ListOf, Mark, Notes, Places, Record, Spot, Text, Whole, parse

VERSION = 1
SENSITIVE = frozenset({"psk", "auth_key"})
"""Fields whose content never appears in a finding."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as written; ``sound`` is False when reading it found errors, and then it is not expanded."""

    version: int
    name: str
    region: str
    zones: tuple[str, ...]
    physical_connections: tuple[PhysicalConnection, ...]
    virtual_border_routers: tuple[VirtualBorderRouterSpec, ...]
    vpcs: tuple[Vpc, ...]
    cen: CenSpec | None
    transit_router: TransitRouterSpec | None
    route_maps: tuple[RouteMapSpec, ...]
    customer_gateways: tuple[CustomerGateway, ...]
    ipsec_connections: tuple[IpsecConnection, ...]
    sites: tuple[Site, ...]
    protections: tuple[ProtectionSpec, ...]
    at: Places = field(compare=False)
    sound: bool = True


PLAN: Record[Plan] = Record("plan", Plan, (
    Field("version", Whole(VERSION, VERSION, "PLAN-020"), "version of the plan format", required=True,
          default=VERSION),
    Field("name", Text("a name of 1 to 32 lower-case letters, digits and inner hyphens", 1, 32,
                       r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", "PLAN-022"),
          "short name of the network", required=True, default="plan"),
    Field("region", Text("a region id such as cn-hangzhou", 1, 64, r"[a-z0-9-]+", "PLAN-023"),
          "RegionId of everything in the cloud", required=True, default="region"),
    Field("zones", ListOf(Text("a zone id such as cn-hangzhou-h", 1, 64, r"[a-z0-9-]+", "PLAN-023")),
          "zones of the region that are used; left out: any", default=()),
    Field("physical_connections", ListOf(PHYSICAL_CONNECTION), "dedicated lines", default=()),
    Field("virtual_border_routers", ListOf(VBR), "border routers on them", default=()),
    Field("vpcs", ListOf(VPC), "virtual private clouds", default=()),
    Field("cen", CEN, "the CEN instance of the transit router"),
    Field("transit_router", TRANSIT_ROUTER, "the transit router of the region"),
    Field("route_maps", ListOf(ROUTE_MAP), "routing policies of the transit router's tables", default=()),
    Field("customer_gateways", ListOf(CUSTOMER_GATEWAY),
          "VPN addresses of the sites' devices", default=()),
    Field("ipsec_connections", ListOf(IPSEC_CONNECTION), "IPsec connections", default=()),
    Field("sites", ListOf(SITE), "places outside the cloud", default=()),
    Field("protections", ListOf(PROTECTION), "traffic that must not cross a circuit in clear", default=()),
), "A hybrid network: cloud resources, sites, and what must be encrypted.")


def read_plan(text: str, file: str) -> tuple[Plan | None, tuple[Finding, ...]]:
    """Read and check a plan.

    Args:
        text: The YAML text.
        file: Its name in findings.

    Returns:
        The plan, None when nothing of it is usable, and every finding at once. Never raises.
    """
    mark, syntax = parse(text, file, SENSITIVE)
    return (None, syntax) if mark is None else read_tree(mark, syntax)


def read_tree(
    mark: Mark, syntax: Sequence[Finding] = (), memo: Memo | None = None
) -> tuple[Plan | None, tuple[Finding, ...]]:
    """Read and check a plan that is a tree already.

    Args:
        mark: The tree.
        syntax: Findings of the text it came from.
        memo: Remembers what is read of parts of the tree.

    Returns:
        As ``read_plan``.
    """
    from sealane.kinds.checks import check_plan  # noqa: PLC0415 - checks read the Plan that is defined here

    notes = Notes(memo)
    notes.extend(syntax)
    plan = PLAN.read(mark, Spot("plan", "", notes))
    if plan is not None:
        check_plan(plan, notes)
        plan = replace(plan, sound=not has_errors(notes.findings()))
    return plan, notes.findings()


def psk_sources(plan: Plan) -> Mapping[str, PskSource]:
    """Where each tunnel's pre-shared key comes from, by tunnel name (``IPsecConnection/tunnel-1``)."""
    return {
        tunnel_name(connection.name, index): tunnel.psk
        for connection in plan.ipsec_connections
        for index, tunnel in enumerate(connection.tunnels, 1)
    }


def device_configs(plan: Plan) -> Mapping[str, tuple[str, str, str, Origin]]:
    """Configurations to read, by site name: platform, file name as written, device name, and where it was written."""
    return {
        site.name: (site.device.platform, site.device.config, site.device.name, site.device.at.of("config"))
        for site in plan.sites
        if site.device is not None and site.device.config is not None
    }
