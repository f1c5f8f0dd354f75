"""Any sequence of Cbn's calls, valid or not, settled at any time, keeps the documents whole."""

from functools import partial

from cbn_walk import REGION, Learned
from harness import Cloud, border, connection, vpc
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sealane.cloud import CloudError
from sealane.net import Prefix, contains, overlaps

OURS = (
    "cen",
    "transit_router",
    "tr_cidr",
    "tr_cidr_allocation",
    "tr_attachment",
    "tr_route_table",
    "tr_association",
    "tr_propagation",
    "tr_route_entry",
    "route_map",
)
WORD = "TransitRouterRouteEntry"
INSTANCES = {"Vpc": ("vpc-1", "vpc-2"), "Vbr": ("vbr-1", "vbr-2"), "Vpn": ("vco-1", "vco-2", "vco-3")}
KINDS = st.sampled_from(sorted(INSTANCES))
CIDRS = st.sampled_from(("10.10.10.0/24", "10.10.0.0/20", "10.11.0.0/24", "172.16.5.0/24", "192.168.1.0/24", "x"))
PREFIXES = st.sampled_from(("10.10.10.0/24", "192.168.0.0/16", "192.168.10.136/32", "0.0.0.0/0", "10.0.0.1/8"))
PICK = st.integers(0, 5)
RARE = st.sampled_from((5, 5, 5, 5, 0, 1))
"""For what ends everything: mostly names what there is not."""


class Calls(RuleBasedStateMachine):
    """Calls on up to a handful of objects, chosen by a number among those there are."""

    def __init__(self):
        super().__init__()
        self.cloud = Cloud(Learned())
        for index in (1, 2):
            vpc(
                self.cloud,
                f"vpc-{index}",
                f"172.{15 + index}.0.0/16",
                {
                    f"vsw-{index}1": (f"172.{15 + index}.1.0/24", "h"),
                    f"vsw-{index}2": (f"172.{15 + index}.2.0/29", "j"),
                },
            )
            border(self.cloud, index)
        for index in (1, 2, 3):
            connection(self.cloud, index)
        self.around = {one.id: (one.kind, one.status) for one in self.cloud.world.everything()}
        self.pace, self.calls = 1, 0

    @initialize(pace=st.sampled_from((1, 1, 2, 4)), has_cidr=st.booleans())
    def begin(self, pace, has_cidr):
        """A network to begin with, and how often the network catches up."""
        self.pace = pace
        done = partial(self.cloud.done, "Cbn")
        where = {"CenId": done("CreateCen")["CenId"], "RegionId": REGION}
        cidrs = [{"Cidr": "10.10.10.0/24"}] if has_cidr else []
        done("CreateTransitRouter", **where, TransitRouterCidrList=cidrs)
        done("CreateTransitRouterVbrAttachment", VbrId="vbr-1", **where)
        done("CreateTransitRouterVpcAttachment", VpcId="vpc-1", ZoneMappings=[self.zone("vpc-1", 1)], **where)
        if has_cidr:
            done("CreateTransitRouterVpnAttachment", VpnId="vco-1", **where)

    def ids(self, kind):
        return [one.id for one in self.cloud.world.everything() if one.kind == kind]

    def one(self, kind, pick):
        """An id of a kind, or one that there is not."""
        found = self.ids(kind)
        return found[pick % len(found)] if found and pick < 5 else f"{kind}-none"

    def call(self, action, **params):
        """A call that may be refused, and then changes nothing."""
        before = self.cloud.snapshot()
        try:
            self.cloud.call("Cbn", action, **params)
        except CloudError:
            assert self.cloud.snapshot() == before
        self.calls += 1
        if self.calls % self.pace == 0:
            self.cloud.settle()

    @rule()
    def settle(self):
        self.cloud.settle()

    @precondition(lambda self: len(self.ids("cen")) <= 1)
    @rule(level=st.sampled_from(("REDUCED", "FULL")))
    def create_cen(self, level):
        self.call("CreateCen", ProtectionLevel=level)

    @rule(pick=RARE)
    def delete_cen(self, pick):
        self.call("DeleteCen", CenId=self.one("cen", pick))

    @rule(pick=PICK, cidrs=st.lists(CIDRS, max_size=2))
    def create_router(self, pick, cidrs):
        self.call(
            "CreateTransitRouter",
            CenId=self.one("cen", pick),
            RegionId=REGION,
            TransitRouterCidrList=[{"Cidr": one} for one in cidrs],
        )

    @rule(pick=RARE)
    def delete_router(self, pick):
        self.call("DeleteTransitRouter", TransitRouterId=self.one("transit_router", pick))

    @rule(pick=PICK, cidr=CIDRS)
    def create_cidr(self, pick, cidr):
        self.call(
            "CreateTransitRouterCidr", TransitRouterId=self.one("transit_router", pick), RegionId=REGION, Cidr=cidr
        )

    @rule(pick=PICK, cidr=CIDRS, publish=st.booleans())
    def modify_cidr(self, pick, cidr, publish):
        self.call("ModifyTransitRouterCidr", **self.cidr(pick), Cidr=cidr, PublishCidrRoute=publish)

    @rule(pick=PICK)
    def delete_cidr(self, pick):
        self.call("DeleteTransitRouterCidr", **self.cidr(pick))

    def cidr(self, pick):
        found = self.one("tr_cidr", pick)
        document = self.cloud.world.get(found)
        return {
            "TransitRouterId": document.parent if document else "tr-none",
            "RegionId": REGION,
            "TransitRouterCidrId": found,
        }

    @rule(pick=PICK, kind=KINDS, which=PICK, implicit=st.booleans(), zones=st.lists(st.integers(1, 2), max_size=2))
    def attach(self, pick, kind, which, implicit, zones):
        instance = INSTANCES[kind][which % len(INSTANCES[kind])]
        where = (
            {"CenId": self.one("cen", pick), "RegionId": REGION}
            if implicit
            else {"TransitRouterId": self.one("transit_router", pick)}
        )
        key = {"Vpc": "VpcId", "Vbr": "VbrId", "Vpn": "VpnId"}[kind]
        more = {"ZoneMappings": [self.zone(instance, one) for one in zones or [1]]} if kind == "Vpc" else {}
        self.call(f"CreateTransitRouter{kind}Attachment", **where, **{key: instance}, **more)

    @staticmethod
    def zone(instance, index):
        return {"ZoneId": f"{REGION}-{'hj'[index - 1]}", "VSwitchId": f"vsw-{instance[-1]}{index}"}

    @rule(pick=PICK, publish=st.booleans(), kind=KINDS)
    def update_attachment(self, pick, publish, kind):
        self.call(
            f"UpdateTransitRouter{kind}AttachmentAttribute",
            AutoPublishRouteEnabled=publish,
            TransitRouterAttachmentId=self.one("tr_attachment", pick),
        )

    @rule(pick=PICK, index=st.integers(1, 2), adds=st.booleans())
    def update_zones(self, pick, index, adds):
        attachment = self.one("tr_attachment", pick)
        document = self.cloud.world.get(attachment)
        zone = self.zone(document.text("ResourceId") if document else "vpc-1", index)
        self.call(
            "UpdateTransitRouterVpcAttachmentZones",
            TransitRouterAttachmentId=attachment,
            **{"AddZoneMappings" if adds else "RemoveZoneMappings": [zone]},
        )

    @rule(pick=PICK, force=st.booleans())
    def detach(self, pick, force):
        attachment = self.one("tr_attachment", pick)
        document = self.cloud.world.get(attachment)
        kind = document.text("ResourceType").capitalize() if document else "Vpc"
        self.call(f"DeleteTransitRouter{kind}Attachment", TransitRouterAttachmentId=attachment, Force=force)

    @rule(pick=PICK)
    def create_table(self, pick):
        self.call("CreateTransitRouterRouteTable", TransitRouterId=self.one("transit_router", pick))

    @rule(pick=PICK)
    def delete_table(self, pick):
        self.call("DeleteTransitRouterRouteTable", TransitRouterRouteTableId=self.one("tr_route_table", pick))

    @rule(
        pick=PICK,
        table=PICK,
        action=st.sampled_from(
            (
                "AssociateTransitRouterAttachmentWithRouteTable",
                "DissociateTransitRouterAttachmentFromRouteTable",
                "ReplaceTransitRouterRouteTableAssociation",
                "EnableTransitRouterRouteTablePropagation",
                "DisableTransitRouterRouteTablePropagation",
            )
        ),
    )
    def join(self, pick, table, action):
        self.call(
            action,
            TransitRouterAttachmentId=self.one("tr_attachment", pick),
            TransitRouterRouteTableId=self.one("tr_route_table", table),
        )

    @rule(pick=PICK, hop=PICK, prefix=PREFIXES, hole=st.booleans())
    def create_route(self, pick, hop, prefix, hole):
        over = {} if hole else {f"{WORD}NextHopId": self.one("tr_attachment", hop)}
        self.call(
            "CreateTransitRouterRouteEntry",
            TransitRouterRouteTableId=self.one("tr_route_table", pick),
            **{f"{WORD}DestinationCidrBlock": prefix, f"{WORD}NextHopType": "BlackHole" if hole else "Attachment"},
            **over,
        )

    @rule(pick=PICK)
    def delete_route(self, pick):
        self.call("DeleteTransitRouterRouteEntry", **{f"{WORD}Id": self.one("tr_route_entry", pick)})

    @rule(pick=PICK, which=PICK)
    def route_of_vpc(self, pick, which):
        """What a VPC's own table may hold: a route to its attachment."""
        attachment = self.cloud.world.get(self.one("tr_attachment", pick))
        if attachment and attachment.text("ResourceType") == "VPC" and not attachment.deleting:
            table = f"vtb-{attachment.text('ResourceId')}"
            self.cloud.put(
                f"rte-{attachment.id}-{which}",
                "route_entry",
                table,
                "Available",
                NextHopType="Attachment",
                DestinationCidrBlock=f"10.{which}.0.0/16",
                NextHopId=attachment.id,
            )

    @rule(pick=PICK, table=PICK, priority=st.integers(0, 3), inbound=st.booleans())
    def create_map(self, pick, table, priority, inbound):
        self.call(
            "CreateCenRouteMap",
            CenId=self.one("cen", pick),
            CenRegionId=REGION,
            Priority=priority,
            MapResult="Deny",
            TransmitDirection="RegionIn" if inbound else "RegionOut",
            **({"TransitRouterRouteTableId": self.one("tr_route_table", table)} if table else {}),
        )

    @rule(pick=PICK, priority=st.integers(0, 3))
    def modify_map(self, pick, priority):
        self.call("ModifyCenRouteMap", **self.map(pick), Priority=priority, MapResult="Permit")

    @rule(pick=PICK)
    def delete_map(self, pick):
        self.call("DeleteCenRouteMap", **self.map(pick))

    def map(self, pick):
        found = self.one("route_map", pick)
        document = self.cloud.world.get(found)
        return {"CenId": document.parent if document else "cen-none", "CenRegionId": REGION, "RouteMapId": found}

    @invariant()
    def nothing_dangles(self):
        world = self.cloud.world
        for one in world.everything():
            assert not one.parent or world.get(one.parent), one
            named = [
                one.text(key) for key in ("TransitRouterRouteTableId", "ResourceId", f"{WORD}NextHopId", "AttachmentId")
            ]
            if one.kind == "route_entry" and one.text("NextHopType") == "Attachment":
                named.append(one.text("NextHopId"))
            if one.kind == "eni":
                named.append(one.text("InstanceId"))
            assert all(world.get(name) for name in named if name), one

    @invariant()
    def each_thing_once(self):
        world = self.cloud.world
        attachments = [world.get(one) for one in self.ids("tr_attachment")]
        instances = [one.text("ResourceId") for one in attachments]
        assert len(instances) == len(set(instances))
        for one in attachments:
            assert sum(1 for _ in world.children(one.id, "tr_association")) <= 1
            for child in world.children(one.id):
                assert world.get(child.text("TransitRouterRouteTableId")).parent == one.parent
        for table in self.ids("tr_route_table"):
            prefixes = [one.text(f"{WORD}DestinationCidrBlock") for one in world.children(table, "tr_route_entry")]
            assert len(prefixes) == len(set(prefixes))
        for router in self.ids("transit_router"):
            system = [
                one
                for one in world.children(router, "tr_route_table")
                if one.text("TransitRouterRouteTableType") == "System"
            ]
            assert len(system) == 1
        maps = [
            tuple(world.get(one).fields[key] for key in ("TransitRouterRouteTableId", "TransmitDirection", "Priority"))
            for one in self.ids("route_map")
        ]
        assert len(maps) == len(set(maps))

    @invariant()
    def addresses_are_apart_and_where_they_belong(self):
        world = self.cloud.world
        for router in self.ids("transit_router"):
            cidrs = [Prefix(one.text("Cidr")) for one in world.children(router, "tr_cidr")]
            assert not any(overlaps(one, other) for index, one in enumerate(cidrs) for other in cidrs[:index])
        for cidr in self.ids("tr_cidr"):
            blocks = [Prefix(one.text("AllocatedCidrBlock")) for one in world.children(cidr, "tr_cidr_allocation")]
            assert all(contains(Prefix(world.get(cidr).text("Cidr")), one) for one in blocks)
            assert not any(overlaps(one, other) for index, one in enumerate(blocks) for other in blocks[:index])
        for vswitch in self.ids("vswitch"):
            addresses = [one.text("PrivateIpAddress") for one in world.children(vswitch, "eni")]
            assert len(addresses) == len(set(addresses))

    @invariant()
    def a_connection_has_addresses_while_it_is_attached(self):
        world = self.cloud.world
        attached = {world.get(one).text("ResourceId"): one for one in self.ids("tr_attachment")}
        taken = {world.get(one).text("AttachmentId"): None for one in self.ids("tr_cidr_allocation")}
        for connection_id in INSTANCES["Vpn"]:
            addresses = [one.text("InternetIp") for one in world.children(connection_id, "tunnel")]
            assert all(addresses) == any(addresses) == (connection_id in attached)
            assert (world.get(connection_id).status == "init") == (connection_id not in attached)
            assert connection_id not in attached or attached[connection_id] in taken

    @invariant()
    @precondition(lambda self: not self.cloud.world.unsettled)
    def at_rest_nothing_is_on_its_way(self):
        resting = {"Active", "Attached", ""}
        assert {one.status for one in self.cloud.world.everything() if one.kind in OURS} <= resting

    def teardown(self):
        """From anywhere, the right order leaves nothing but what was there before."""
        cloud = self.cloud
        cloud.settle()
        for one in self.ids("route_map"):
            document = cloud.world.get(one)
            cloud.done("Cbn", "DeleteCenRouteMap", CenId=document.parent, CenRegionId=REGION, RouteMapId=one)
        for one in self.ids("tr_route_entry"):
            cloud.done("Cbn", "DeleteTransitRouterRouteEntry", **{f"{WORD}Id": one})
        for one in self.ids("route_entry"):
            cloud.drop(one)
        for one in self.ids("tr_attachment"):
            for kind, action in (
                ("tr_association", "DissociateTransitRouterAttachmentFromRouteTable"),
                ("tr_propagation", "DisableTransitRouterRouteTablePropagation"),
            ):
                for child in tuple(cloud.world.children(one, kind)):
                    cloud.done(
                        "Cbn",
                        action,
                        TransitRouterAttachmentId=one,
                        TransitRouterRouteTableId=child.text("TransitRouterRouteTableId"),
                    )
            kind = cloud.world.get(one).text("ResourceType").capitalize()
            cloud.done("Cbn", f"DeleteTransitRouter{kind}Attachment", TransitRouterAttachmentId=one)
        for one in self.ids("tr_cidr"):
            cloud.done(
                "Cbn",
                "DeleteTransitRouterCidr",
                RegionId=REGION,
                TransitRouterCidrId=one,
                TransitRouterId=cloud.world.get(one).parent,
            )
        for one in self.ids("tr_route_table"):
            if cloud.world.get(one).text("TransitRouterRouteTableType") == "Custom":
                cloud.done("Cbn", "DeleteTransitRouterRouteTable", TransitRouterRouteTableId=one)
        for one in self.ids("transit_router"):
            cloud.done("Cbn", "DeleteTransitRouter", TransitRouterId=one)
        for one in self.ids("cen"):
            cloud.done("Cbn", "DeleteCen", CenId=one)
        assert {one.id: (one.kind, one.status) for one in cloud.world.everything()} == self.around


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
