"""Calls of Cbn that are refused, each with its code; ``$name`` stands for what a step of the walk made."""

from cbn_walk import CUSTOMERS, REGION
from harness import OTHER

WORD = "TransitRouterRouteEntry"
ZONES = [{"ZoneId": f"{REGION}-h", "VSwitchId": "vsw-9"}]


def attach(kind, **params):
    instance = {"Vpc": {"VpcId": "vpc-9", "ZoneMappings": ZONES}, "Vbr": {"VbrId": "vbr-2"}, "Vpn": {"VpnId": "vco-2"}}[
        kind
    ]
    return f"CreateTransitRouter{kind}Attachment", {"TransitRouterId": "$tr", **instance, **params}


def cidr(block, **params):
    return "CreateTransitRouterCidr", {"TransitRouterId": "$tr", "RegionId": REGION, "Cidr": block, **params}


def route(prefix="10.99.0.0/16", hop="$vpc", kind="Attachment", **params):
    return "CreateTransitRouterRouteEntry", {
        "TransitRouterRouteTableId": "$table",
        f"{WORD}DestinationCidrBlock": prefix,
        f"{WORD}NextHopType": kind,
        **({f"{WORD}NextHopId": hop} if hop else {}),
        **params,
    }


def policy(**params):
    return "CreateCenRouteMap", {
        "CenId": "$cen",
        "CenRegionId": REGION,
        "Priority": 50,
        "MapResult": "Permit",
        "TransmitDirection": "RegionOut",
        **params,
    }


def zones(*pairs):
    return [{"ZoneId": f"{REGION}-{zone}", "VSwitchId": switch} for zone, switch in pairs]


def joined(action, attachment="$vpc", table="$table"):
    return action, {"TransitRouterAttachmentId": attachment, "TransitRouterRouteTableId": table}


ASSOCIATE, PROPAGATE = "AssociateTransitRouterAttachmentWithRouteTable", "EnableTransitRouterRouteTablePropagation"
REPLACE = "ReplaceTransitRouterRouteTableAssociation"
DISSOCIATE = "DissociateTransitRouterAttachmentFromRouteTable"
DISABLE = "DisableTransitRouterRouteTablePropagation"
LIST_ROUTES = "ListTransitRouterRouteEntries"
REFUSED = [
    (("ModifyCenAttribute", {"CenId": "cen-x"}), "InvalidCenId.NotFound"),
    (("DeleteCen", {"CenId": "cen-x"}), "InvalidCenId.NotFound"),
    (("CreateCen", {"Name": "x" * 129}), "InvalidName"),
    (("CreateCen", {"Name": "http://x"}), "InvalidName"),
    (("CreateCen", {"Description": "x" * 257}), "InvalidDescription"),
    (("CreateCen", {"ProtectionLevel": "HIGH"}), "InvalidParameter"),
    (("CreateCen", {"Tag": [{"Key": "a"}, {"Key": "a"}]}), "Duplicated.TagKey"),
    (("ModifyCenAttribute", {"CenId": "$cen", "ProtectionLevel": "FULL"}), "OperationUnsupported.CenFullLevel"),
    (("DescribeCens", {"Filter": [{"Key": "Colour", "Value": ["x"]}]}), "InvalidParameter"),
    (("DescribeCens", {"Filter": [{"Key": "Name", "Value": list("abcdef")}]}), "InvalidParameter"),
    (
        ("MoveResourceGroup", {"ResourceType": "cen", "ResourceId": "$cen", "NewResourceGroupId": "x"}),
        "IllegalParam.ResourceGroupId",
    ),
    (("CreateTransitRouter", {"CenId": "cen-x", "RegionId": REGION}), "InvalidCenId.NotFound"),
    (("CreateTransitRouter", {"CenId": "$cen", "RegionId": REGION}), "InstanceExist.TransitRouterInstance"),
    (("CreateTransitRouter", {"CenId": "$cen", "RegionId": "mars-1"}), "OperationUnsupported.RegionId"),
    (
        ("CreateTransitRouter", {"CenId": "$cen", "RegionId": "cn-beijing", "SupportMulticast": True}),
        "OperationUnsupported.SupportMulticast",
    ),
    (
        (
            "CreateTransitRouter",
            {
                "CenId": "$cen",
                "RegionId": "cn-beijing",
                "TransitRouterCidrList": [{"Cidr": "10.20.0.0/16"}, {"Cidr": "10.20.1.0/24"}],
            },
        ),
        "OverLappingExist.Cidr",
    ),
    (
        ("CreateTransitRouter", {"CenId": "$cen", "RegionId": "cn-beijing", "TransitRouterCidrList": [{"Cidr": "x"}]}),
        "IllegalParam.Cidr",
    ),
    (("UpdateTransitRouter", {"TransitRouterId": "$tr", "RegionId": "cn-beijing"}), "InvalidTransitRouterId.NotFound"),
    (("ListTransitRouters", {"CenId": "cen-x"}), "ParameterCenInstanceId"),
    (cidr("10.30.0.0/15"), "IllegalParam.Cidr"),
    (cidr("10.30.0.0/25"), "IllegalParam.Cidr"),
    (cidr("10.30.0.1/24"), "IllegalParam.Cidr"),
    (cidr("10.30.0.0"), "IllegalParam.Cidr"),
    (cidr("100.64.3.0/24"), "IllegalParam.Cidr"),
    (cidr("224.0.0.0/16"), "IllegalParam.Cidr"),
    (cidr("127.0.0.0/16"), "IllegalParam.Cidr"),
    (cidr("169.254.7.0/24"), "IllegalParam.Cidr"),
    (cidr("10.10.10.0/24"), "OverLappingExist.Cidr"),
    (cidr("10.10.0.0/16"), "OverLappingExist.Cidr"),
    (cidr("172.16.99.0/24"), "OverLappingExist.Cidr"),
    (cidr("192.168.77.0/24"), "OverLappingExist.Cidr"),
    (cidr("10.0.0.0/24"), "OverLappingExist.Cidr"),
    (cidr("10.30.0.0/24", RegionId="cn-beijing"), "InstanceNotExist"),
    (cidr("10.30.0.0/24", TransitRouterId="tr-x"), "InstanceNotExist"),
    (
        (
            "ModifyTransitRouterCidr",
            {"TransitRouterId": "$tr", "RegionId": REGION, "TransitRouterCidrId": "$cidr", "Cidr": "10.30.0.0/24"},
        ),
        "OperationFailed.CidrBlockAllocated",
    ),
    (
        ("ModifyTransitRouterCidr", {"TransitRouterId": "$tr", "RegionId": REGION, "TransitRouterCidrId": "cidr-x"}),
        "OperationFailed.CidrNotExist",
    ),
    (
        ("DeleteTransitRouterCidr", {"TransitRouterId": "$tr", "RegionId": REGION, "TransitRouterCidrId": "cidr-x"}),
        "OperationFailed.CidrNotExist",
    ),
    (
        ("ListTransitRouterCidrAllocation", {"TransitRouterId": "$tr", "RegionId": REGION, "NextToken": "x"}),
        "IllegalParam.NextToken",
    ),
    (
        ("ListTransitRouterCidrAllocation", {"TransitRouterId": "tr-x", "RegionId": REGION}),
        "IllegalParam.TransitRouterId",
    ),
    (attach("Vpc", VpcId="vpc-x"), "InvalidVpcId.NotFound"),
    (attach("Vbr", VbrId="vbr-x"), "InvalidVbrId.NotFound"),
    (attach("Vpn", VpnId="vco-x"), "InvalidVpnId.NotFound"),
    (attach("Vpc", VpcOwnerId=int(OTHER)), "InvalidVpcId.NotFound"),
    (attach("Vpc", TransitRouterId=None), "MissingParam.CenIdOrRegionId"),
    (attach("Vpc", TransitRouterId=None, CenId="$cen"), "MissingParam.CenIdOrRegionId"),
    (attach("Vpc", TransitRouterId="tr-x"), "InvalidTransitRouterId.NotFound"),
    (attach("Vbr", TransitRouterId=None, CenId="$cen", RegionId="cn-beijing"), "InvalidVbrId.NotFound"),
    (attach("Vpc", VpcId="vpc-1", ZoneMappings=zones(("h", "vsw-1"))), "QuotaFull.ChildInstanceRelatedCen"),
    (attach("Vbr", VbrId="vbr-1"), "QuotaFull.ChildInstanceRelatedCen"),
    (attach("Vpn", VpnId="vco-1"), "QuotaFull.ChildInstanceRelatedCen"),
    (attach("Vpc", ZoneMappings=zones(("h", "vsw-x"))), "InvalidVSwitchId.NotFound"),
    (attach("Vpc", ZoneMappings=zones(("h", "vsw-1"))), "IllegalParam.VSwitchId"),
    (attach("Vpc", ZoneMappings=[{"ZoneId": "cn-beijing-h", "VSwitchId": "vsw-9"}]), "IllegalParam.ZoneId"),
    (attach("Vpc", ZoneMappings=zones(("j", "vsw-9"))), "IllegalParam.ZoneMappings"),
    (attach("Vpc", ZoneMappings=zones(("h", "vsw-9"), ("h", "vsw-9"))), "Duplicated.ZoneMapping"),
    (attach("Vpc", ChargeType="PREPAY"), "InvalidParameter"),
    (attach("Vpc", TransitRouterAttachmentName="x" * 129), "InvalidName"),
    (attach("Vpc", TransitRouterAttachmentDescription="https://x"), "InvalidDescription"),
    (attach("Vpn", TransitRouterAttachmentName="x"), "InvalidName"),
    (attach("Vpn", TransitRouterAttachmentName="1x"), "InvalidName"),
    (
        attach("Vpc", TransitRouterVPCAttachmentOptions={"ipv6Support": "enable"}),
        "OperationUnsupported.TransitRouterVPCAttachmentOptions",
    ),
    (attach("Vpc", TransitRouterVPCAttachmentOptions={"ipv6Support": "maybe"}), "InvalidParameter"),
    (attach("Vpn", Zone=[{"ZoneId": f"{REGION}-h"}]), "OperationUnsupported.ZoneId"),
    (attach("Vpn", Zone=[{"ZoneId": f"{REGION}-h"}, {"ZoneId": f"{REGION}-j"}]), "IllegalParam.ZoneMappings"),
    (
        ("UpdateTransitRouterVpcAttachmentAttribute", {"TransitRouterAttachmentId": "$vbr"}),
        "InvalidTransitRouterAttachmentId.NotFound",
    ),
    (
        ("UpdateTransitRouterVpcAttachmentAttribute", {"TransitRouterAttachmentId": "$vpc", "OrderType": "x"}),
        "InvalidParameter",
    ),
    (("UpdateTransitRouterVpcAttachmentZones", {"TransitRouterAttachmentId": "$vpc"}), "IllegalParam.ZoneMappings"),
    (
        (
            "UpdateTransitRouterVpcAttachmentZones",
            {"TransitRouterAttachmentId": "$vpc", "RemoveZoneMappings": [{"ZoneId": "nowhere"}]},
        ),
        "IllegalParam.ZoneMappings",
    ),
    (
        (
            "UpdateTransitRouterVpcAttachmentZones",
            {"TransitRouterAttachmentId": "$vpc", "AddZoneMappings": zones(("h", "vsw-1"))},
        ),
        "Duplicated.ZoneMapping",
    ),
    (
        (
            "UpdateTransitRouterVpcAttachmentZones",
            {"TransitRouterAttachmentId": "$vpc", "RemoveZoneMappings": zones(("h", "vsw-1"))},
        ),
        "IllegalParam.ZoneMappings",
    ),
    (
        (
            "UpdateTransitRouterVpcAttachmentZones",
            {"TransitRouterAttachmentId": "$vpc", "RemoveZoneMappings": zones(("h", "vsw-2"), ("j", "vsw-3"))},
        ),
        "IllegalParam.ZoneMappings",
    ),
    (
        ("DeleteTransitRouterVbrAttachment", {"TransitRouterAttachmentId": "x"}),
        "InvalidTransitRouterAttachmentId.NotFound",
    ),
    (joined(ASSOCIATE), "AssociationExist.TransitRouterTable"),
    (joined(ASSOCIATE, "x"), "InvalidAttachmentId.NotFound"),
    (joined(ASSOCIATE, table="x"), "InvalidRouteTableId.NotFound"),
    (joined(PROPAGATE), "PropagationExist.TransitRouterTable"),
    (joined(REPLACE), "AssociationExist.TransitRouterTable"),
    (joined(DISSOCIATE, table="x"), "InvalidRouteTableId.NotFound"),
    (joined(DISABLE, "x"), "InvalidAttachmentId.NotFound"),
    (("ListTransitRouterRouteTableAssociations", {}), "MissingParam.TransitRouterRouteTableId"),
    (("CreateTransitRouterRouteTable", {"TransitRouterId": "tr-x"}), "InvalidTransitRouterId.NotFound"),
    (
        (
            "CreateTransitRouterRouteTable",
            {"TransitRouterId": "$tr", "RouteTableOptions": {"MultiRegionECMP": "enable"}},
        ),
        "OperationUnsupported.MultiRegionEcmp",
    ),
    (("ListTransitRouterRouteTables", {"TransitRouterId": "tr-x"}), "InvalidTransitRouterId.NotFound"),
    (route("10.99.0.1/16"), "IllegalParam.TransitRouterDestinationCidrBlock"),
    (route("10.99.0.0"), "IllegalParam.TransitRouterDestinationCidrBlock"),
    (route("2001:db8::/32"), "IllegalParam.TransitRouterDestinationCidrBlock"),
    (route(TransitRouterRouteTableId="x"), "InvalidTransitRouterRouteTableId.NotFound"),
    (route(hop=None), "MissingParam.TransitRouterRouteEntryNextHopId"),
    (route(kind="BlackHole"), "ParamExclusive.NextHopTypeBlackHoleAndNextHopId"),
    (route(kind="VPC"), "InvalidParameter"),
    (route(hop="tr-attach-x"), "InvalidTransitRouterRouteEntryNextHopId.NotFound"),
    (route(hop="vpc-1"), "InvalidTransitRouterRouteEntryNextHopId.NotFound"),
    (route(f"{CUSTOMERS[0]}/32", "$vbr"), "InstanceExist.TransitRouterRouteEntry"),
    (route(f"{CUSTOMERS[0]}/32"), "OperationFailed.CreateRouteEntryWithSameDestinationCidrBlock"),
    (("UpdateTransitRouterRouteEntry", {f"{WORD}Id": "rte-x"}), "IllegalParam.TransitRouterRouteEntryId"),
    (("DeleteTransitRouterRouteEntry", {}), "MissingParam.TransitRouterRouteEntryId"),
    (("DeleteTransitRouterRouteEntry", {f"{WORD}Id": "rte-x"}), "IllegalParam.TransitRouterRouteEntryId"),
    (
        (
            "DeleteTransitRouterRouteEntry",
            {
                "TransitRouterRouteTableId": "$table",
                f"{WORD}NextHopType": "Attachment",
                f"{WORD}NextHopId": "$vpc",
                f"{WORD}DestinationCidrBlock": f"{CUSTOMERS[0]}/32",
            },
        ),
        "IllegalParam.TransitRouterRouteEntryId",
    ),
    ((LIST_ROUTES, {"TransitRouterRouteTableId": "x"}), "InvalidTransitRouterRouteTableId.NotFound"),
    ((LIST_ROUTES, {"TransitRouterRouteTableId": "$table", f"{WORD}Status": "Gone"}), "InvalidParameter"),
    ((LIST_ROUTES, {"TransitRouterRouteTableId": "$table", "NextToken": "x"}), "IllegalParam.NextToken"),
    (
        (
            LIST_ROUTES,
            {"TransitRouterRouteTableId": "$table", "RouteFilter": [{"Key": "Odd", "Value": ["10.0.0.0/8"]}]},
        ),
        "InvalidParameter",
    ),
    (
        (
            LIST_ROUTES,
            {
                "TransitRouterRouteTableId": "$table",
                "RouteFilter": [{"Key": "SubnetOfMatchCidrs", "Value": ["10.0.0.0/8"]}] * 2,
            },
        ),
        "FilterKeyDuplicated.RouteFilter",
    ),
    (policy(CenId="cen-x"), "InvalidCenId.NotFound"),
    (policy(Priority=40), "Forbidden.CenRouteMapExist"),
    (policy(CenRegionId="cn-beijing"), "InvalidTransitRouterId.NotFound"),
    (policy(Priority=0), "InvalidParameter"),
    (policy(TransitRouterRouteTableId="x"), "InvalidTransitRouterRouteTableId.NotFound"),
    (policy(Priority=101), "InvalidParameter"),
    (policy(MapResult="Maybe"), "InvalidParameter"),
    (policy(TransmitDirection="Out"), "InvalidParameter"),
    (policy(NextPriority=50), "InvalidParameter"),
    (policy(NextPriority=60, MapResult="Deny"), "InvalidParameter"),
    (policy(Preference=101), "InvalidParameter"),
    (policy(DestinationCidrBlocks=["10.0.0.1/8"]), "InvalidParameter"),
    (policy(DestinationCidrBlocks=[f"10.{index}.0.0/16" for index in range(33)]), "InvalidParameter"),
    (policy(CidrMatchMode="Odd"), "InvalidParameter"),
    (policy(SourceChildInstanceTypes=["ECS"]), "InvalidParameter"),
    (policy(RouteTypes=["Static"]), "InvalidParameter"),
    (policy(MatchCommunitySet=["1:0"]), "InvalidParameter"),
    (policy(MatchCommunitySet=["65536:1"]), "InvalidParameter"),
    (policy(MatchAsns=[0]), "InvalidParameter"),
    (policy(MatchAddressType="IPv6"), "OperationUnsupported.MatchAddressType"),
    (policy(PrependAsPath=[65001]), "Invid.Parameter"),
    (policy(TransmitDirection="RegionIn", PrependAsPath=[65001], SourceInstanceIds=["vbr-1"]), "Invid.Parameter"),
    (policy(SourceRouteTableIds=["x"]), "OperationUnsupported.SourceRouteTableIds"),
    (policy(Description="x" * 257), "InvalidDescription"),
    (
        (
            "ModifyCenRouteMap",
            {"CenId": "$cen", "CenRegionId": REGION, "RouteMapId": "x", "Priority": 1, "MapResult": "Deny"},
        ),
        "InvalidRouteMapId.NotFound",
    ),
    (
        ("DeleteCenRouteMap", {"CenId": "$cen", "CenRegionId": "cn-beijing", "RouteMapId": "$map"}),
        "InvalidRouteMapId.NotFound",
    ),
    (("ListTransitRouterAvailableResource", {"RegionId": "mars-1"}), "InvalidRegionId.NotFound"),
    (("DescribeChildInstanceRegions", {"ProductType": "ECS"}), "InvalidParameter"),
]


BUSY = [
    ("cen", ("ModifyCenAttribute", {"CenId": "$cen"}), "InvalidOperation.CenInstanceStatus"),
    ("cen", ("DeleteCen", {"CenId": "$cen"}), "InvalidOperation.CenInstanceStatus"),
    ("cen", ("CreateTransitRouter", {"CenId": "$cen", "RegionId": "cn-beijing"}), "Operation.Blocking"),
    ("tr", ("UpdateTransitRouter", {"TransitRouterId": "$tr", "RegionId": REGION}), "Operation.Blocking"),
    ("tr", ("DeleteTransitRouter", {"TransitRouterId": "$tr"}), "IncorrectStatus.TransitRouterInstance"),
    ("tr", ("CreateTransitRouterRouteTable", {"TransitRouterId": "$tr"}), "Operation.Blocking"),
    ("tr", attach("Vbr"), "Operation.Blocking"),
    ("table", route(), "Operation.Blocking"),
    ("vpc", route(), "Operation.Blocking"),
    ("table", joined(PROPAGATE, "$vpc"), "Operation.Blocking"),
    ("vpc", joined(DISSOCIATE), "Operation.Blocking"),
    (
        "vpc",
        ("UpdateTransitRouterVpcAttachmentAttribute", {"TransitRouterAttachmentId": "$vpc"}),
        "Operation.Blocking",
    ),
    (
        "vpc",
        ("UpdateTransitRouterVpcAttachmentZones", {"TransitRouterAttachmentId": "$vpc"}),
        "Operation.Blocking",
    ),
    (
        "vpc",
        ("DeleteTransitRouterVpcAttachment", {"TransitRouterAttachmentId": "$vpc", "Force": True}),
        "IncorrectStatus.Status",
    ),
    (
        "vco-1",
        ("DeleteTransitRouterVpnAttachment", {"TransitRouterAttachmentId": "$vpn", "Force": True}),
        "Operation.Blocking",
    ),
    (CUSTOMERS[0], ("DeleteTransitRouterRouteEntry", {f"{WORD}Id": f"${CUSTOMERS[0]}"}), "Operation.Blocking"),
    (CUSTOMERS[0], ("UpdateTransitRouterRouteEntry", {f"{WORD}Id": f"${CUSTOMERS[0]}"}), "Operation.Blocking"),
    (
        "map",
        ("DeleteCenRouteMap", {"CenId": "$cen", "CenRegionId": REGION, "RouteMapId": "$map"}),
        "IncorrectStatus.RouteMap",
    ),
    (
        "map",
        (
            "ModifyCenRouteMap",
            {"CenId": "$cen", "CenRegionId": REGION, "RouteMapId": "$map", "Priority": 1, "MapResult": "Deny"},
        ),
        "Operation.Blocking",
    ),
]
