"""The use case as calls: the same steps for every client, each ``(product, action, parameters)`` by wire names.

A client is a function ``call(product, action, params) -> answer as nested dict``; it raises ``Refused`` with the code.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

REGION = "cn-hangzhou"
EXAMPLE = Path(__file__).parents[2] / "examples" / "hangzhou"
VPN_ADDRESSES = ("192.168.10.136", "192.168.40.159")
RETRIED = ("Busy", "Configuring", "IncorrectStatus", "Operation.Blocking", "TaskConflict", "IncorrectRouteEntryStatus",
           "InvalidOperation.", "OperationConflict", "InstanceStatus.NotSupport", "Throttling")
LIMIT_S = 60.0


class Refused(Exception):  # noqa: N818 - an answer
    """The server's refusal as the client shows it."""

    def __init__(self, code, message=""):
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass
class Walk:
    """Makes the use case's objects one after the other, waiting for states as a provisioning tool does."""

    call: object
    ids: dict = field(default_factory=dict)

    def do(self, product, action, **params):
        """A call that is tried again while the server says that it is busy."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                return self.call(product, action, {"RegionId": REGION, **params} if product != "Cbn" else params)
            except Refused as refused:
                if not refused.code.startswith(RETRIED) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def wait(self, what, probe, wanted):
        """Poll until a state is reached."""
        deadline = time.monotonic() + LIMIT_S
        seen = []
        while time.monotonic() < deadline:
            state = probe()
            if not seen or seen[-1] != state:
                seen.append(state)
            if state == wanted:
                return seen
            time.sleep(0.05)
        raise AssertionError(f"{what} never became {wanted}: {seen}")

    def vpc(self):
        """Prerequisites: VPC, vSwitches, security group, instances."""
        vpc = self.do("Vpc", "CreateVpc", CidrBlock="172.16.0.0/16", VpcName="VPC")
        self.ids |= {"vpc": vpc["VpcId"], "vpc_table": vpc["RouteTableId"]}
        self.wait("vpc", lambda: self.do("Vpc", "DescribeVpcAttribute", VpcId=self.ids["vpc"])["Status"], "Available")
        for index, zone in ((1, "h"), (2, "h"), (3, "j")):
            made = self.do("Vpc", "CreateVSwitch", VpcId=self.ids["vpc"], CidrBlock=f"172.16.{index}0.0/24",
                           ZoneId=f"{REGION}-{zone}", VSwitchName=f"vSwitch{index}")
            self.ids[f"vsw{index}"] = made["VSwitchId"]
            self.wait("vswitch", lambda made=made: self.do(
                "Vpc", "DescribeVSwitchAttributes", VSwitchId=made["VSwitchId"])["Status"], "Available")
        group = self.do("Ecs", "CreateSecurityGroup", VpcId=self.ids["vpc"], SecurityGroupName="app")
        self.ids["sg"] = group["SecurityGroupId"]
        for protocol, ports in (("ICMP", "-1/-1"), ("TCP", "1/65535")):
            for source in ("192.168.0.0/16", "172.16.0.0/16"):
                self.do("Ecs", "AuthorizeSecurityGroup", SecurityGroupId=self.ids["sg"], Permissions=[
                    {"IpProtocol": protocol, "PortRange": ports, "SourceCidrIp": source, "Policy": "accept",
                     "Priority": "1"}])
        for index in (1, 2):
            made = self.do("Ecs", "RunInstances", ImageId="aliyun_3_x64", InstanceType="ecs.g7.large",
                           SecurityGroupId=self.ids["sg"], VSwitchId=self.ids["vsw1"], InstanceName=f"ECS{index}",
                           PrivateIpAddress=f"172.16.10.22{4 + index}", Amount=1)
            self.ids[f"ecs{index}"] = made["InstanceIdSets"]["InstanceIdSet"][0]

    def instances_running(self):
        """Wait for both instances."""
        for index in (1, 2):
            self.wait("instance", lambda index=index: self.do(
                "Ecs", "DescribeInstances", InstanceIds=f'["{self.ids[f"ecs{index}"]}"]',
            )["Instances"]["Instance"][0]["Status"], "Running")

    def circuit(self):
        """The physical connection, the border router and its route."""
        made = self.do("Vpc", "CreatePhysicalConnection", AccessPointId="ap-cn-hangzhou-xs-B", LineOperator="CT",
                       PortType="1000Base-LX", Name="Circuit")
        self.ids["pc"] = made["PhysicalConnectionId"]
        state = self.line_state
        self.wait("circuit", state, "Allocated")
        self.do("Vpc", "ConfirmPhysicalConnection", PhysicalConnectionId=self.ids["pc"])
        self.wait("circuit", state, "Confirmed")
        self.do("Vpc", "EnablePhysicalConnection", PhysicalConnectionId=self.ids["pc"])
        self.wait("circuit", state, "Enabled")
        made = self.do("Vpc", "CreateVirtualBorderRouter", PhysicalConnectionId=self.ids["pc"], VlanId=0,
                       LocalGatewayIp="10.0.0.1", PeerGatewayIp="10.0.0.2", PeeringSubnetMask="255.255.255.252",
                       Name="VBR")
        self.ids["vbr"] = made["VbrId"]
        self.wait("vbr", lambda: self.vbr()["Status"], "active")
        vbr = self.vbr()
        self.ids |= {"vbr_table": vbr["RouteTableId"], "ri": vbr["VlanInterfaceId"]}
        made = self.do("Vpc", "CreateRouteEntry", RouteTableId=self.ids["vbr_table"],
                       DestinationCidrBlock="192.168.0.0/16", NextHopType="RouterInterface", NextHopId=self.ids["ri"])
        self.ids["vbr_route"] = made["RouteEntryId"]
        self.wait("route", lambda: self.route_status(self.ids["vbr_table"], self.ids["vbr_route"]), "Available")

    def line_state(self):
        """State of the physical connection."""
        found = self.do("Vpc", "DescribePhysicalConnections", Filter=[
            {"Key": "PhysicalConnectionId", "Value": [self.ids["pc"]]}])
        return found["PhysicalConnectionSet"]["PhysicalConnectionType"][0]["Status"]

    def vbr(self):
        """The border router as it is described."""
        found = self.do("Vpc", "DescribeVirtualBorderRouters", Filter=[{"Key": "VbrId", "Value": [self.ids["vbr"]]}])
        return found["VirtualBorderRouterSet"]["VirtualBorderRouterType"][0]

    def route_status(self, table, route):
        """State of a route of a VPC or border router."""
        found = self.do("Vpc", "DescribeRouteEntryList", RouteTableId=table, RouteEntryId=route)
        entries = found["RouteEntrys"]["RouteEntry"]
        return entries[0]["Status"] if entries else "gone"

    def routes(self, table):
        """Every route of a table by prefix: (type, next hop type)."""
        found = self.do("Vpc", "DescribeRouteEntryList", RouteTableId=table, MaxResult=100)["RouteEntrys"]["RouteEntry"]
        hops = {one["DestinationCidrBlock"]: one["NextHops"]["NextHop"][0]["NextHopType"] for one in found}
        return {one["DestinationCidrBlock"]: (one["Type"], hops[one["DestinationCidrBlock"]]) for one in found}

    def transit(self):
        """CEN, transit router, attachments of VPC and border router with the console's settings."""
        self.ids["cen"] = self.do("Cbn", "CreateCen", Name="CEN", ProtectionLevel="REDUCED")["CenId"]
        self.wait("cen", lambda: self.do("Cbn", "DescribeCens", Filter=[
            {"Key": "CenId", "Value": [self.ids["cen"]]}])["Cens"]["Cen"][0]["Status"], "Active")
        made = self.do("Cbn", "CreateTransitRouter", CenId=self.ids["cen"], RegionId=REGION, TransitRouterName="TR")
        self.ids["tr"] = made["TransitRouterId"]
        self.wait("tr", lambda: self.do("Cbn", "ListTransitRouters", CenId=self.ids["cen"], RegionId=REGION)
                  ["TransitRouters"][0]["Status"], "Active")
        tables = self.do("Cbn", "ListTransitRouterRouteTables", TransitRouterId=self.ids["tr"])
        (system,) = tables["TransitRouterRouteTables"]
        assert system["TransitRouterRouteTableType"] == "System"
        self.ids["table"] = system["TransitRouterRouteTableId"]
        made = self.do("Cbn", "CreateTransitRouterVpcAttachment", CenId=self.ids["cen"], RegionId=REGION,
                       TransitRouterId=self.ids["tr"], VpcId=self.ids["vpc"],
                       TransitRouterAttachmentName="VPC-Attachment", ZoneMappings=[
                           {"ZoneId": f"{REGION}-h", "VSwitchId": self.ids["vsw2"]},
                           {"ZoneId": f"{REGION}-j", "VSwitchId": self.ids["vsw3"]}])
        self.attached("vpc", made["TransitRouterAttachmentId"], "ListTransitRouterVpcAttachments")
        for index, prefix in enumerate(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")):
            made = self.do("Vpc", "CreateRouteEntry", RouteTableId=self.ids["vpc_table"], DestinationCidrBlock=prefix,
                           NextHopType="Attachment", NextHopId=self.ids["attach_vpc"])
            self.ids[f"vpc_route{index}"] = made["RouteEntryId"]
            self.wait("route", lambda made=made: self.route_status(
                self.ids["vpc_table"], made["RouteEntryId"]), "Available")
        made = self.do("Cbn", "CreateTransitRouterVbrAttachment", CenId=self.ids["cen"], RegionId=REGION,
                       TransitRouterId=self.ids["tr"], VbrId=self.ids["vbr"], AutoPublishRouteEnabled=True,
                       TransitRouterAttachmentName="VBR-Attachment")
        self.attached("vbr", made["TransitRouterAttachmentId"], "ListTransitRouterVbrAttachments")

    def attached(self, kind, attachment, lister):
        """Wait for an attachment, then associate and propagate it."""
        self.ids[f"attach_{kind}"] = attachment

        def state():
            found = self.do("Cbn", lister, CenId=self.ids["cen"], TransitRouterAttachmentId=attachment)
            return found["TransitRouterAttachments"][0]["Status"]

        assert self.wait("attachment", state, "Attached")[0] in ("Attaching", "Attached")
        both = {"TransitRouterAttachmentId": attachment, "TransitRouterRouteTableId": self.ids["table"]}
        self.do("Cbn", "AssociateTransitRouterAttachmentWithRouteTable", **both)
        self.wait("association", lambda: self.do("Cbn", "ListTransitRouterRouteTableAssociations", **both)
                  ["TransitRouterAssociations"][0]["Status"], "Active")
        self.do("Cbn", "EnableTransitRouterRouteTablePropagation", **both)
        self.wait("propagation", lambda: self.do("Cbn", "ListTransitRouterRouteTablePropagations", **both)
                  ["TransitRouterPropagations"][0]["Status"], "Active")

    def tunnels(self):
        """TR CIDR, customer gateways, the IPsec connection and its attachment."""
        made = self.do("Cbn", "CreateTransitRouterCidr", TransitRouterId=self.ids["tr"], RegionId=REGION,
                       Cidr="10.10.10.0/24")
        self.ids["cidr"] = made["TransitRouterCidrId"]
        for index, address in enumerate(VPN_ADDRESSES, 1):
            made = self.do("Vpc", "CreateCustomerGateway", IpAddress=address, Asn="65530",
                           Name=f"Customer-Gateway{index}")
            self.ids[f"cgw{index}"] = made["CustomerGatewayId"]
        made = self.do("Vpc", "CreateVpnAttachment", NetworkType="private", LocalSubnet="0.0.0.0/0",
                       RemoteSubnet="0.0.0.0/0", EnableTunnelsBgp=True, Name="IPsecConnection",
                       TunnelOptionsSpecification=[self.tunnel(index) for index in (1, 2)])
        self.ids["vco"] = made["VpnConnectionId"]
        made = self.do("Cbn", "CreateTransitRouterVpnAttachment", CenId=self.ids["cen"], RegionId=REGION,
                       TransitRouterId=self.ids["tr"], VpnId=self.ids["vco"],
                       TransitRouterAttachmentName="VPN-Attachment")
        self.attached("vpn", made["TransitRouterAttachmentId"], "ListTransitRouterVpnAttachments")
        self.wait("connection", lambda: self.connection()["State"], "attached")

    def tunnel(self, index):
        """Options of one tunnel, as the document has them."""
        return {
            "TunnelIndex": index,
            "CustomerGatewayId": self.ids[f"cgw{index}"],
            "EnableDpd": True,
            "EnableNatTraversal": True,
            "TunnelBgpConfig": {"LocalAsn": 65534, "TunnelCidr": f"169.254.{index}0.0/30",
                                "LocalBgpIp": f"169.254.{index}0.1"},
            "TunnelIkeConfig": {"IkeVersion": "ikev2", "IkeMode": "main", "IkeEncAlg": "aes", "IkeAuthAlg": "sha1",
                                "IkePfs": "group14", "IkeLifetime": 86400, "Psk": f"geheim-{index}"},
            "TunnelIpsecConfig": {"IpsecEncAlg": "aes", "IpsecAuthAlg": "sha1", "IpsecPfs": "group14",
                                  "IpsecLifetime": 86400},
        }

    def connection(self):
        """The IPsec connection as it is described."""
        return self.do("Vpc", "DescribeVpnConnection", VpnConnectionId=self.ids["vco"])

    def tunnel_states(self):
        """(InternetIp, Status, BgpStatus) of each tunnel."""
        found = self.connection()["TunnelOptionsSpecification"]["TunnelOptions"]
        return [(one["InternetIp"], one["Status"], one["TunnelBgpConfig"]["BgpStatus"]) for one in found]

    def keep_tunnels(self):
        """The /32 routes and the route policy."""
        for index, address in enumerate(VPN_ADDRESSES, 1):
            made = self.do("Cbn", "CreateTransitRouterRouteEntry", TransitRouterRouteTableId=self.ids["table"],
                           TransitRouterRouteEntryDestinationCidrBlock=f"{address}/32",
                           TransitRouterRouteEntryNextHopType="Attachment",
                           TransitRouterRouteEntryNextHopId=self.ids["attach_vbr"])
            self.ids[f"host_route{index}"] = made["TransitRouterRouteEntryId"]
        made = self.do("Cbn", "CreateCenRouteMap", CenId=self.ids["cen"], CenRegionId=REGION, Priority=40,
                       TransmitDirection="RegionOut", MapResult="Deny", CidrMatchMode="Complete",
                       DestinationInstanceIds=[self.ids["vbr"]],
                       DestinationCidrBlocks=[f"{one}/32" for one in VPN_ADDRESSES])
        self.ids["map"] = made["RouteMapId"]
        self.wait("map", lambda: next(one["Status"] for one in self.do(
            "Cbn", "DescribeCenRouteMaps", CenId=self.ids["cen"], CenRegionId=REGION)["RouteMaps"]["RouteMap"]
            if one["RouteMapId"] == self.ids["map"]), "Active")

    def table_routes(self):
        """The transit router's active routes: prefix to (type, next hop type, next hop resource)."""
        found = self.do("Cbn", "ListTransitRouterRouteEntries", TransitRouterRouteTableId=self.ids["table"],
                        MaxResults=100)["TransitRouterRouteEntries"]
        return {
            one["TransitRouterRouteEntryDestinationCidrBlock"]: (
                one["TransitRouterRouteEntryType"], one["TransitRouterRouteEntryNextHopType"],
                one.get("TransitRouterRouteEntryNextHopResourceType") or "")
            for one in found
        }

    def site(self):
        """What is rehearsed at the far end of the circuit, for the native API."""
        return {
            "site": {
                "device": {
                    "name": "cgw", "platform": "cisco-asa",
                    "ports": {"GigabitEthernet0/0": {"circuit": self.ids["pc"]},
                              "GigabitEthernet0/2": {"network": "core"}},
                },
                "networks": [{"name": "core", "cidr_block": "192.168.50.0/24"},
                             {"name": "clients", "cidr_block": "192.168.20.0/24"}],
                "routers": [{"name": "core-router", "addresses": {"core": "192.168.50.216", "clients": "192.168.20.1"},
                             "routes": [{"destination": "0.0.0.0/0", "next_hop": "192.168.50.215"}]}],
                "hosts": [{"name": "client", "network": "clients", "address": "192.168.20.6",
                           "gateway": "192.168.20.1"}],
            },
            "config": (EXAMPLE / "cgw.asa.cfg").read_text(encoding="utf-8"),
        }

    def refused(self, code, product, action, **params):
        """A call that must be refused with a code."""
        try:
            self.call(product, action, {"RegionId": REGION, **params} if product != "Cbn" else params)
        except Refused as refused:
            found = refused.code
        else:
            found = "done"
        assert found == code, f"{action}: {found} instead of {code}"

    def gone(self, what, probe):
        """Wait until something is no longer described."""
        self.wait(what, lambda: "there" if probe() else "gone", "gone")

    def delete_wrongly(self):
        """What others depend on does not go."""
        self.refused("OperationFailed.RouteTableAssociationExist", "Cbn", "DeleteTransitRouterVpcAttachment",
                     TransitRouterAttachmentId=self.ids["attach_vpc"])
        self.refused("Vco.StatusNotSupport", "Vpc", "DeleteVpnAttachment", VpnConnectionId=self.ids["vco"])
        self.refused("DependencyViolation.VpnConnection", "Vpc", "DeleteCustomerGateway",
                     CustomerGatewayId=self.ids["cgw1"])
        self.refused("OperationFailed.CidrBlockAllocated", "Cbn", "DeleteTransitRouterCidr",
                     TransitRouterId=self.ids["tr"], RegionId=REGION, TransitRouterCidrId=self.ids["cidr"])
        self.refused("OperationUnsupported.VBRAttachedCen", "Vpc", "DeleteVirtualBorderRouter", VbrId=self.ids["vbr"])
        self.refused("DependencyViolation.VSwitch", "Vpc", "DeleteVpc", VpcId=self.ids["vpc"])

    def delete(self):
        """Everything in the right order; nothing is left."""
        self.do("Cbn", "DeleteCenRouteMap", CenId=self.ids["cen"], CenRegionId=REGION, RouteMapId=self.ids["map"])
        for index in (1, 2):
            self.do("Cbn", "DeleteTransitRouterRouteEntry",
                    TransitRouterRouteEntryId=self.ids[f"host_route{index}"])
        for index in range(3):
            self.do("Vpc", "DeleteRouteEntry", RouteEntryId=self.ids[f"vpc_route{index}"])
            self.wait("route", lambda index=index: self.route_status(
                self.ids["vpc_table"], self.ids[f"vpc_route{index}"]), "gone")
        self.detach("vpn", "DeleteTransitRouterVpnAttachment", "ListTransitRouterVpnAttachments")
        self.wait("connection", lambda: self.connection()["State"], "init")
        self.do("Vpc", "DeleteVpnAttachment", VpnConnectionId=self.ids["vco"])
        for index in (1, 2):
            self.do("Vpc", "DeleteCustomerGateway", CustomerGatewayId=self.ids[f"cgw{index}"])
        self.do("Cbn", "DeleteTransitRouterCidr", TransitRouterId=self.ids["tr"], RegionId=REGION,
                TransitRouterCidrId=self.ids["cidr"])
        self.detach("vbr", "DeleteTransitRouterVbrAttachment", "ListTransitRouterVbrAttachments")
        self.do("Vpc", "DeleteRouteEntry", RouteEntryId=self.ids["vbr_route"])
        self.wait("route", lambda: self.route_status(self.ids["vbr_table"], self.ids["vbr_route"]), "gone")
        self.do("Vpc", "DeleteVirtualBorderRouter", VbrId=self.ids["vbr"])
        self.gone("vbr", lambda: self.do("Vpc", "DescribeVirtualBorderRouters", Filter=[
            {"Key": "VbrId", "Value": [self.ids["vbr"]]}])["VirtualBorderRouterSet"]["VirtualBorderRouterType"])
        self.do("Vpc", "TerminatePhysicalConnection", PhysicalConnectionId=self.ids["pc"])
        self.wait("circuit", self.line_state, "Terminated")
        self.do("Vpc", "DeletePhysicalConnection", PhysicalConnectionId=self.ids["pc"])
        self.detach("vpc", "DeleteTransitRouterVpcAttachment", "ListTransitRouterVpcAttachments")
        self.do("Cbn", "DeleteTransitRouter", TransitRouterId=self.ids["tr"])
        self.gone("tr", lambda: self.do("Cbn", "ListTransitRouters", CenId=self.ids["cen"], RegionId=REGION)
                  ["TransitRouters"])
        self.do("Cbn", "DeleteCen", CenId=self.ids["cen"])
        for index in (1, 2):
            self.do("Ecs", "DeleteInstance", InstanceId=self.ids[f"ecs{index}"], Force=True)
        self.gone("instances", lambda: self.do("Ecs", "DescribeInstances")["Instances"]["Instance"])
        self.do("Ecs", "DeleteSecurityGroup", SecurityGroupId=self.ids["sg"])
        for index in (1, 2, 3):
            self.do("Vpc", "DeleteVSwitch", VSwitchId=self.ids[f"vsw{index}"])
        self.gone("vswitches", lambda: self.do(
            "Vpc", "DescribeVSwitches", VpcId=self.ids["vpc"])["VSwitches"]["VSwitch"])
        self.do("Vpc", "DeleteVpc", VpcId=self.ids["vpc"])
        self.gone("vpc", lambda: self.do("Vpc", "DescribeVpcs")["Vpcs"]["Vpc"])

    def detach(self, kind, deleter, lister):
        """Dissociate, stop propagating, and delete an attachment."""
        both = {"TransitRouterAttachmentId": self.ids[f"attach_{kind}"], "TransitRouterRouteTableId": self.ids["table"]}
        self.do("Cbn", "DissociateTransitRouterAttachmentFromRouteTable", **both)
        self.gone("association", lambda: self.do("Cbn", "ListTransitRouterRouteTableAssociations", **both)
                  ["TransitRouterAssociations"])
        self.do("Cbn", "DisableTransitRouterRouteTablePropagation", **both)
        self.gone("propagation", lambda: self.do("Cbn", "ListTransitRouterRouteTablePropagations", **both)
                  ["TransitRouterPropagations"])
        self.do("Cbn", deleter, TransitRouterAttachmentId=self.ids[f"attach_{kind}"])
        self.gone("attachment", lambda: self.do("Cbn", lister, CenId=self.ids["cen"],
                  TransitRouterAttachmentId=self.ids[f"attach_{kind}"])["TransitRouterAttachments"])


TABLE = {
    **{f"172.16.{one}0.0/24": ("Propagated", "Attachment", "VPC") for one in (1, 2, 3)},
    "192.168.0.0/16": ("Propagated", "Attachment", "VBR"),
    **{f"192.168.{one}.0/24": ("Propagated", "Attachment", "VPN") for one in (10, 20, 40)},
    **{f"{one}/32": ("Static", "Attachment", "VBR") for one in VPN_ADDRESSES},
    "10.10.10.0/24": ("Propagated", "BlackHole", ""),
}
"""The transit router's table at the end: (type, next hop type, resource type)."""


def walk_whole(walk, native):
    """All of it: the document's steps, the tables, the encrypted probe, and the removal."""
    walk.vpc()
    walk.circuit()
    walk.transit()
    native("PUT", "/protections/dc-vpc", {"cloud": ["172.16.0.0/16"], "site": ["192.168.20.0/24"]})
    walk.instances_running()
    walk.keep_tunnels()
    walk.tunnels()
    native("PUT", "/sites/dc", walk.site())  # its device has tunnels, whose keys the cloud's end must have
    wanted = [(f"10.10.10.{49 + one}", "ipsec_sa_established", "success") for one in (0, 1)]
    walk.wait("tunnels", walk.tunnel_states, wanted)
    walk.wait("table", walk.table_routes, TABLE)
    routes = walk.routes(walk.ids["vbr_table"])
    assert {prefix for prefix, (kind, _) in routes.items() if kind == "CEN"} == {
        "172.16.10.0/24", "172.16.20.0/24", "172.16.30.0/24", "10.10.10.0/24"}
    assert routes["192.168.0.0/16"] == ("Custom", "RouterInterface")
    found = native("POST", "/probes", {"source": "ECS1", "destination": "client", "count": 20})
    assert (found["verdict"], found["received"]) == ("encrypted", 20), found
    walk.delete_wrongly()
    native("DELETE", "/sites/dc")
    walk.delete()
