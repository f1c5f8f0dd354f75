"""From a plan to the Network: names resolved, addresses allocated, both ends of every link made."""

from collections.abc import Iterator, Mapping
from functools import partial

from sealane.diag import Finding, Severity, has_errors
from sealane.kinds.checks.devices import check_devices
from sealane.kinds.names import slug
from sealane.kinds.physical_connection import circuit
from sealane.kinds.plan import Plan
from sealane.kinds.protection import protection
from sealane.kinds.route_map import route_map
from sealane.kinds.site import host_node, plugged_ports, router_node
from sealane.kinds.transit_router import (
    Transfer,
    TransitRouterSpec,
    VbrAttachment,
    VpcAttachment,
    VpnAttachment,
    attachment,
    link,
    transfers,
    transit_router_node,
    tunnel_interface,
)
from sealane.kinds.tunnels import Tunnels, circuit_port
from sealane.kinds.vbr import VirtualBorderRouterSpec, vbr_node
from sealane.kinds.vpc import Vpc, instance_node, vpc_node
from sealane.memo import Memo
from sealane.model import (
    Attachment,
    AttachmentKind,
    Circuit,
    DeviceReading,
    Interface,
    Network,
    Node,
    Port,
    Segment,
)
from sealane.net import Address, InterfaceAddress, NodeName, Secret
from sealane.spec import Notes

_TRANSIT = "tr"
_CIRCUIT = "circuit"


def expand(
    plan: Plan,
    devices: Mapping[str, DeviceReading],
    secrets: Mapping[str, Secret] | None = None,
    memo: Memo | None = None,
) -> tuple[Network | None, tuple[Finding, ...]]:
    """Make the Network of a plan.

    Args:
        plan: A plan as ``read_plan`` returned it.
        devices: For each site, by name, the configuration of its device as read; sites whose device is of platform
            gateway need none.
        secrets: Pre-shared keys by tunnel name (``IPsecConnection/tunnel-1``); a tunnel without one has None unless
            its key stands in the plan.
        memo: Remembers what is made of single things of the plan.

    Returns:
        The Network, None when there are errors, and what was found. The same input yields the same Network; the order
        in which things were written shows only in gateway addresses, which go by order of the connections.
    """
    if not plan.sound:
        unsound = Finding("PLAN-040", Severity.ERROR, f"plan {plan.name}", "has errors and is not expanded",
                          "correct the errors found in reading it", (plan.at.origin,))
        return None, (unsound,)
    notes = Notes()
    check_devices(plan, devices, notes)
    if has_errors(notes.findings()):
        return None, notes.findings()
    return _Assembly(plan, devices, secrets or {}, Memo() if memo is None else memo).network(), notes.findings()


class _Assembly:
    """One expansion; every reference was checked before."""

    def __init__(
        self, plan: Plan, devices: Mapping[str, DeviceReading], secrets: Mapping[str, Secret], memo: Memo
    ) -> None:
        self._plan = plan
        self._memo = memo
        self._tunnels = Tunnels(plan, devices, secrets)
        router = plan.transit_router
        links: tuple[VpcAttachment | VbrAttachment, ...] = ()
        if router is not None:
            links = (*router.attachments.vpc, *router.attachments.vbr)
        self._transfers = transfers(one.name for one in links)
        self._of_vpc = {one.vpc: one for one in router.attachments.vpc} if router is not None else {}
        self._of_vbr = {one.vbr: one for one in router.attachments.vbr} if router is not None else {}

    def network(self) -> Network:
        """Everything, ordered by name."""
        return Network(
            name=self._plan.name,
            nodes=tuple(sorted(self._nodes(), key=lambda node: node.name)),
            segments=tuple(sorted(self._segments(), key=lambda segment: segment.name)),
            circuits=tuple(sorted(self._circuits(), key=lambda line: line.name)),
            protections=tuple(sorted(map(protection, self._plan.protections), key=lambda one: one.name)),
        )

    def _nodes(self) -> Iterator[Node]:
        router = self._plan.transit_router
        if router is not None:
            yield self._transit_router(router)
        for vbr in self._plan.virtual_border_routers:
            one = self._of_vbr.get(vbr.name)
            transfer = self._transfers[one.name] if one is not None else None
            yield vbr_node(vbr, slug(vbr.name), transfer.peer if transfer else None,
                           slug(router.name) if router is not None else None)
        for vpc in self._plan.vpcs:
            transfer = self._transfer_of_vpc(vpc)
            ends = (transfer.peer, transfer.transit_router.ip) if transfer is not None else (None, None)
            publisher = self._publisher_of(vpc)
            yield from self._memo.get(("vpc nodes", *ends, publisher), (vpc,),
                                      partial(_vpc_nodes, vpc, ends[0], ends[1], publisher))
        for site in self._plan.sites:
            networks = {one.name: one for one in site.networks}
            yield from (router_node(one, site, slug(one.name)) for one in site.routers)
            yield from (host_node(one, networks[one.network], slug(one.name)) for one in site.hosts)
        yield from self._tunnels.device_nodes()

    def _transfer_of_vpc(self, vpc: Vpc) -> Transfer | None:
        one = self._of_vpc.get(vpc.name)
        return self._transfers[one.name] if one is not None else None

    def _publisher_of(self, vpc: Vpc) -> NodeName | None:
        router, one = self._plan.transit_router, self._of_vpc.get(vpc.name)
        return slug(router.name) if router is not None and one is not None and one.auto_publish_route_enabled else None

    def _transit_router(self, spec: TransitRouterSpec) -> Node:
        made = [self._attachment(one) for one in spec.attachments]
        ends = self._tunnels.cloud_ends()
        return transit_router_node(
            spec,
            self._plan.region,
            slug(spec.name),
            attachments=[one for one, _ in made],
            interfaces=[*(port for _, ports in made for port in ports), *map(tunnel_interface, ends)],
            tunnel_ends=ends,
            route_maps=[route_map(one, spec.system_table) for one in self._plan.route_maps],
        )

    def _attachment(
        self, spec: VpcAttachment | VbrAttachment | VpnAttachment,
    ) -> tuple[Attachment, tuple[Interface, ...]]:
        match spec:
            case VpcAttachment():
                vpc = next(one for one in self._plan.vpcs if one.name == spec.vpc)
                prefixes = tuple(one.cidr_block for one in vpc.vswitches)
                made = attachment(spec, AttachmentKind.VPC, instance=vpc.name, peer=slug(vpc.name),
                                  interfaces=(spec.name,), prefixes=prefixes)
            case VbrAttachment():
                made = attachment(spec, AttachmentKind.VBR, instance=spec.vbr, peer=slug(spec.vbr),
                                  interfaces=(spec.name,), prefixes=())
            case VpnAttachment():
                paths = self._tunnels.of_connection(spec.ipsec_connection)
                routes = next(c for c in self._plan.ipsec_connections if c.name == spec.ipsec_connection).route_entries
                return attachment(spec, AttachmentKind.VPN, instance=spec.ipsec_connection, peer=None,
                                  interfaces=tuple(path.name for path in paths),
                                  prefixes=tuple(route.route_dest for route in routes),
                                  neighbors=self._tunnels.neighbors(spec.ipsec_connection)), ()
        return made, (link(spec, self._transfers[spec.name].transit_router),)

    def _segments(self) -> Iterator[Segment]:
        router = self._plan.transit_router
        for vpc in self._plan.vpcs:
            yield from self._memo.get("vpc segments", (vpc,), partial(_vpc_segments, vpc))
        if router is not None:
            for one in router.attachments.vpc:
                yield _segment(one.name, [Port(slug(router.name), one.name), Port(slug(one.vpc), _TRANSIT)])
            for other in router.attachments.vbr:
                yield _segment(other.name, [Port(slug(router.name), other.name), Port(slug(other.vbr), _TRANSIT)])
        for site in self._plan.sites:
            ports: dict[str, list[Port]] = {network.name: [] for network in site.networks}
            names = self._site_names(site.name)
            for network, port in plugged_ports(site, names):
                ports[network].append(port)
            yield from (_segment(f"{site.name}/{network}", joined) for network, joined in ports.items() if joined)

    def _site_names(self, name: str) -> dict[str, NodeName]:
        site = next(one for one in self._plan.sites if one.name == name)
        written = [*(one.name for one in site.routers), *(one.name for one in site.hosts)]
        if site.device is not None:
            written.append(site.device.name)
        return {one: slug(one) for one in written}

    def _circuits(self) -> Iterator[Circuit]:
        lines = {one.name: one for one in self._plan.physical_connections}
        for vbr in self._plan.virtual_border_routers:
            line = lines[vbr.physical_connection]
            shared = sum(one.physical_connection == line.name for one in self._plan.virtual_border_routers) > 1
            name = f"{line.name}.{vbr.vlan_id}" if shared else line.name
            yield circuit(line, name, vbr.vlan_id, Port(slug(vbr.name), _CIRCUIT), self._far_port(vbr))

    def _far_port(self, vbr: VirtualBorderRouterSpec) -> Port | None:
        found = circuit_port(self._plan, vbr)
        return Port(slug(found[0]), found[1]) if found is not None else None


def _vpc_nodes(
    vpc: Vpc, transfer: InterfaceAddress | None, transit_router: Address | None, publisher: NodeName | None
) -> tuple[Node, ...]:
    groups = {group.name: group for group in vpc.security_groups}
    switches = {one.name: one for one in vpc.vswitches}
    hosts = (
        instance_node(one, switches[one.vswitch], None if one.security_group is None else groups[one.security_group],
                      slug(one.name))
        for one in vpc.instances
    )
    return vpc_node(vpc, slug(vpc.name), transfer, transit_router, publisher), *hosts


def _vpc_segments(vpc: Vpc) -> tuple[Segment, ...]:
    ports: dict[str, list[Port]] = {one.name: [Port(slug(vpc.name), one.name)] for one in vpc.vswitches}
    for one in vpc.instances:
        ports[one.vswitch].append(Port(slug(one.name), "eth0"))
    return tuple(_segment(f"{vpc.name}/{switch}", joined) for switch, joined in ports.items())


def _segment(name: str, ports: list[Port]) -> Segment:
    return Segment(name, tuple(sorted(ports)))
