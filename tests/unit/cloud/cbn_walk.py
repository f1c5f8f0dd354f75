"""The use case's steps in Cbn, call by call."""

from harness import ACCOUNT, REGION, Cloud, border, connection, vpcs

from sealane.cloud.observed import Nothing, SeenRoute

PREFIXES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
CUSTOMERS = ("192.168.10.136", "192.168.40.159")


class Learned(Nothing):
    """A network that has routes in one table."""

    def __init__(self):
        self.routes = ()

    def table(self, table_id):
        return self.routes


class Walk:
    """The use case up to its route policy: objects by name, ids of what the calls made."""

    def __init__(self):
        self.seen = Learned()
        self.cloud = Cloud(self.seen)
        vpcs(self.cloud)
        border(self.cloud)
        connection(self.cloud)
        self.cloud.put(
            "rte-vbr",
            "route_entry",
            "vtb-vbr-1",
            "Available",
            DestinationCidrBlock="192.168.0.0/16",
            NextHopType="RouterInterface",
            NextHopId="ri-1",
        )
        self.ids = {}

    def done(self, action, **params):
        return self.cloud.done("Cbn", action, **params)

    def listed(self, action, name, **params):
        return self.cloud.call("Cbn", action, **params)[name]

    def cen(self):
        self.ids["cen"] = self.done("CreateCen", Name="CEN", Description="d")["CenId"]

    def router(self):
        made = self.done("CreateTransitRouter", CenId=self.ids["cen"], RegionId=REGION, TransitRouterName="TR")
        self.ids["tr"] = made["TransitRouterId"]
        [table] = self.tables()
        self.ids["table"] = table["TransitRouterRouteTableId"]

    def tables(self):
        return self.listed("ListTransitRouterRouteTables", "TransitRouterRouteTables", TransitRouterId=self.ids["tr"])

    def vpc(self):
        zones = [{"ZoneId": f"{REGION}-h", "VSwitchId": "vsw-2"}, {"ZoneId": f"{REGION}-j", "VSwitchId": "vsw-3"}]
        self._attach("vpc", "CreateTransitRouterVpcAttachment", VpcId="vpc-1", ZoneMappings=zones)
        for index, prefix in enumerate(PREFIXES):
            self.cloud.put(
                f"rte-{index}",
                "route_entry",
                "vtb-vpc-1",
                "Available",
                DestinationCidrBlock=prefix,
                NextHopType="Attachment",
                NextHopId=self.ids["vpc"],
            )

    def vbr(self):
        self._attach("vbr", "CreateTransitRouterVbrAttachment", VbrId="vbr-1", AutoPublishRouteEnabled=True)

    def cidr(self):
        made = self.done("CreateTransitRouterCidr", Cidr="10.10.10.0/24", **self.where())
        self.ids["cidr"] = made["TransitRouterCidrId"]

    def where(self):
        return {"TransitRouterId": self.ids["tr"], "RegionId": REGION}

    def vpn(self):
        self._attach("vpn", "CreateTransitRouterVpnAttachment", VpnId="vco-1")

    def _attach(self, name, action, **params):
        made = self.done(action, TransitRouterId=self.ids["tr"], TransitRouterAttachmentName=f"{name}-x", **params)
        self.ids[name] = made["TransitRouterAttachmentId"]
        self.done("AssociateTransitRouterAttachmentWithRouteTable", **self.both(name))
        self.done("EnableTransitRouterRouteTablePropagation", **self.both(name))

    def both(self, name):
        return {"TransitRouterAttachmentId": self.ids[name], "TransitRouterRouteTableId": self.ids["table"]}

    def statics(self):
        for address in CUSTOMERS:
            made = self.done(
                "CreateTransitRouterRouteEntry",
                TransitRouterRouteTableId=self.ids["table"],
                TransitRouterRouteEntryDestinationCidrBlock=f"{address}/32",
                TransitRouterRouteEntryNextHopType="Attachment",
                TransitRouterRouteEntryNextHopId=self.ids["vbr"],
            )
            self.ids[address] = made["TransitRouterRouteEntryId"]

    def policy(self):
        made = self.done(
            "CreateCenRouteMap",
            CenId=self.ids["cen"],
            CenRegionId=REGION,
            Priority=40,
            TransmitDirection="RegionOut",
            MapResult="Deny",
            DestinationInstanceIds=["vbr-1"],
            DestinationCidrBlocks=[f"{one}/32" for one in CUSTOMERS],
            CidrMatchMode="Complete",
        )
        self.ids["map"] = made["RouteMapId"]

    STEPS = ("cen", "router", "vpc", "vbr", "cidr", "vpn", "statics", "policy")

    def run(self, last=None):
        """All steps, or those up to one."""
        for step in self.STEPS:
            getattr(self, step)()
            if step == last:
                break
        return self

    def network(self):
        """What the running network shows when the tunnels are up."""
        vpc, vbr, vpn = (self.ids[name] for name in ("vpc", "vbr", "vpn"))
        self.seen.routes = (
            *(SeenRoute(f"172.16.{third}.0/24", vpc, "System") for third in (10, 20, 30)),
            SeenRoute("192.168.0.0/16", vbr, "Custom"),
            *(SeenRoute(f"192.168.{third}.0/24", vpn, "BGP", as_path=(65530,)) for third in (10, 40)),
            *(SeenRoute(f"{address}/32", vbr, "Static") for address in CUSTOMERS),
            SeenRoute("10.10.10.0/24", "", "BlackHole", only_vbr=True),
        )
        return self


__all__ = ["ACCOUNT", "CUSTOMERS", "PREFIXES", "REGION", "Learned", "Walk"]
