"""The documents that the use case's calls leave behind, made by hand."""

from pathlib import Path

from sealane.cloud import Document, Transaction, World

EXAMPLE = Path(__file__).parents[3] / "examples" / "hangzhou"
ACCOUNT = "1000000000000001"
REGION = "cn-hangzhou"


def _tunnel(index: int) -> dict[str, object]:
    return {
        "TunnelIndex": index,
        "CustomerGatewayId": f"cgw-{index}",
        "InternetIp": f"10.10.10.{48 + index}",
        "EnableDpd": True,
        "EnableNatTraversal": True,
        "TunnelIkeConfig": {"IkeVersion": "ikev2", "IkeMode": "main", "IkeEncAlg": "aes", "IkeAuthAlg": "sha1",
                            "IkePfs": "group14", "IkeLifetime": 86400},
        "TunnelIpsecConfig": {"IpsecEncAlg": "aes", "IpsecAuthAlg": "sha1", "IpsecPfs": "group14",
                              "IpsecLifetime": 86400},
        "TunnelBgpConfig": {"LocalAsn": 65534, "TunnelCidr": f"169.254.{index}0.0/30",
                            "LocalBgpIp": f"169.254.{index}0.1"},
    }


def _site() -> dict[str, object]:
    return {
        "device": {
            "name": "cgw", "platform": "cisco-asa", "config": "cgw.asa.cfg",
            "ports": {"GigabitEthernet0/0": {"circuit": "pc-1"}, "GigabitEthernet0/2": {"network": "core"}},
        },
        "networks": [{"name": "core", "cidr_block": "192.168.50.0/24"},
                     {"name": "clients", "cidr_block": "192.168.20.0/24"}],
        "routers": [{"name": "core-router", "addresses": {"core": "192.168.50.216", "clients": "192.168.20.1"},
                     "routes": [{"destination": "0.0.0.0/0", "next_hop": "192.168.50.215"}]}],
        "hosts": [{"name": "client", "network": "clients", "address": "192.168.20.6", "gateway": "192.168.20.1"}],
    }


def documents(config: str = "") -> list[Document]:
    """All of them, each after what it belongs to; names are those of the example's plan."""
    made: list[Document] = []

    def add(one: str, kind: str, parent: str = "", status: str = "", secrets: dict[str, str] | None = None,
            **fields: object) -> None:
        made.append(Document(one, kind, ACCOUNT, REGION, parent, status, fields, secrets or {},  # type: ignore[arg-type]
                             settled=1, sequence=len(made) + 1))

    add("vpc-1", "vpc", status="Available", VpcName="VPC", CidrBlock="172.16.0.0/16")
    zones = {1: "cn-hangzhou-h", 2: "cn-hangzhou-h", 3: "cn-hangzhou-j"}
    for index, zone in zones.items():
        add(f"vsw-{index}", "vswitch", "vpc-1", "Available", VSwitchName=f"vSwitch{index}", ZoneId=zone,
            CidrBlock=f"172.16.{index}0.0/24")
    add("vtb-vpc", "route_table", "vpc-1", "Available", RouterType="VRouter")
    for index, prefix in enumerate(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")):
        add(f"rte-vpc-{index}", "route_entry", "vtb-vpc", "Available", DestinationCidrBlock=prefix,
            NextHopType="Attachment", NextHopId="tr-attach-vpc")
    add("sg-1", "security_group", "vpc-1", SecurityGroupName="app", SecurityGroupType="enterprise")
    rules = [("ICMP", "-1/-1"), ("TCP", "1/65535"), ("UDP", "1/65535")]
    for protocol, ports in rules:
        for prefix in ("192.168.0.0/16", "172.16.0.0/16"):
            add(f"sgr-{protocol}-{prefix}", "security_rule", "sg-1", Direction="ingress", IpProtocol=protocol,
                PortRange=ports, SourceCidrIp=prefix, Policy="accept", Priority=1)
    for index in (1, 2):
        add(f"i-{index}", "instance", "vsw-1", "Running", InstanceName=f"ECS{index}",
            PrivateIpAddress=f"172.16.10.22{4 + index}", SecurityGroupIds=["sg-1"])
    add("pc-1", "physical_connection", status="Enabled", Name="Circuit", LineOperator="CT",
        AccessPointId="ap-cn-hangzhou-xs-B")
    add("vbr-1", "vbr", "pc-1", "active", Name="VBR", VlanId=0, LocalGatewayIp="10.0.0.1", PeerGatewayIp="10.0.0.2",
        PeeringSubnetMask="255.255.255.252")
    add("vtb-vbr", "route_table", "vbr-1", "Available", RouterType="VBR")
    add("rte-vbr", "route_entry", "vtb-vbr", "Available", DestinationCidrBlock="192.168.0.0/16",
        NextHopType="RouterInterface", NextHopId="ri-1")
    add("cen-1", "cen", status="Active", Name="CEN", ProtectionLevel="REDUCED")
    add("tr-1", "transit_router", "cen-1", "Active", TransitRouterName="TR")
    add("cidr-1", "tr_cidr", "tr-1", Cidr="10.10.10.0/24", PublishCidrRoute=True)
    add("vtb-tr", "tr_route_table", "tr-1", "Active", TransitRouterRouteTableName="system",
        TransitRouterRouteTableType="System")
    for kind, resource, name, publish in (
        ("vpc", "vpc-1", "VPC", False), ("vbr", "vbr-1", "VBR", True), ("vpn", "vco-1", "VPN", True),
    ):
        zone_mappings = [{"ZoneId": zones[index], "VSwitchId": f"vsw-{index}", "NetworkInterfaceId": f"eni-{index}"}
                         for index in (2, 3)]
        add(f"tr-attach-{kind}", "tr_attachment", "tr-1", "Attached", ResourceType=kind.upper(), ResourceId=resource,
            TransitRouterAttachmentName=f"{name}-Attachment", AutoPublishRouteEnabled=publish,
            **({"ZoneMappings": zone_mappings} if kind == "vpc" else {}))
        add(f"assoc-tr-attach-{kind}", "tr_association", f"tr-attach-{kind}", "Active",
            TransitRouterRouteTableId="vtb-tr")
        add(f"prop-tr-attach-{kind}-vtb-tr", "tr_propagation", f"tr-attach-{kind}", "Active",
            TransitRouterRouteTableId="vtb-tr")
    for index, address in ((1, "192.168.10.136"), (2, "192.168.40.159")):
        add(f"cgw-{index}", "customer_gateway", Name=f"Customer-Gateway{index}", IpAddress=address, Asn=65530)
        add(f"rte-tr-{index}", "tr_route_entry", "vtb-tr", "Active",
            TransitRouterRouteEntryDestinationCidrBlock=f"{address}/32",
            TransitRouterRouteEntryNextHopType="Attachment", TransitRouterRouteEntryNextHopId="tr-attach-vbr")
    add("vco-1", "vpn_attachment", status="attached", Name="IPsecConnection", NetworkType="private",
        LocalSubnet="0.0.0.0/0", RemoteSubnet="0.0.0.0/0", EffectImmediately=False, EnableTunnelsBgp=True,
        TunnelBandwidth="Standard", Timers={"keepalive_s": 2, "hold_time_s": 6})
    for index in (1, 2):
        add(f"tun-{index}", "tunnel", "vco-1", "active", secrets={"Psk": f"geheim-{index}"}, **_tunnel(index))
    add("cenrmap-1", "route_map", "cen-1", "Active", CenRegionId=REGION, TransitRouterRouteTableId="vtb-tr",
        TransmitDirection="RegionOut", Priority=40, MapResult="Deny", DestinationInstanceIds=["vbr-1"],
        DestinationCidrBlocks=["192.168.10.136/32", "192.168.40.159/32"], CidrMatchMode="Complete")
    add("site-1", "site", secrets={"config": config or (EXAMPLE / "cgw.asa.cfg").read_text(encoding="utf-8")},
        Name="dc", site=_site())
    add("protection-1", "protection", name="dc-vpc", cloud=["172.16.0.0/16"], site=["192.168.20.0/24"], mode="open")
    return made


def world(config: str = "") -> World:
    """A world of them."""
    made = World()
    state = Transaction(made)
    for one in documents(config):
        state.put(one)
    made.adopt(state.changes)
    return made
