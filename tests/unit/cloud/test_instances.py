import json

import pytest
from harness import OTHER, REGION, Cloud, vpc, vpcs

from sealane.cloud import Transaction
from sealane.cloud.ecs.hardware import IMAGE, TYPES
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.vpcs import vpc_piece
from sealane.memo import Memo
from sealane.net import Address, Prefix

HERE = {"RegionId": REGION}
BASE = {**HERE, "ImageId": IMAGE, "InstanceType": "ecs.g7.large", "VSwitchId": "vsw-1", "SecurityGroupId": "sg-1"}


@pytest.fixture
def cloud():
    made = Cloud()
    vpcs(made)
    vpc(made, "vpc-2", "10.0.0.0/16", {})
    for group, where in (("sg-1", "vpc-1"), ("sg-2", "vpc-1"), ("sg-far", "vpc-2")):
        made.put(group, "security_group", where, SecurityGroupType="normal")
    return made


def launch(cloud, **more):
    return cloud.call("Ecs", "RunInstances", **{**BASE, **more})["InstanceIdSets"]["InstanceIdSet"]


def running(cloud, **more):
    found = launch(cloud, **more)
    cloud.settle()
    return found


def told(cloud, **more):
    return cloud.call("Ecs", "DescribeInstances", **{**HERE, **more})["Instances"]["Instance"]


def ids(cloud, **more):
    return [one["InstanceId"] for one in told(cloud, **more)]


def status(cloud, instance):
    [one] = told(cloud, InstanceIds=json.dumps([instance]))
    return one["Status"]


def planned(cloud):
    piece = vpc_piece(cloud.world.get("vpc-1"), Transaction(cloud.world), Names((), readable=False), None, Memo())
    return {one["name"] for one in piece["instances"]}


def test_an_instance_has_what_it_was_given(cloud):
    [one] = launch(cloud, PrivateIpAddress="172.16.10.225", InstanceName="ECS1", HostName="ecs1",
                   Description="first one", Tag=[{"Key": "a", "Value": "b"}], KeyPairName="key")
    assert status(cloud, one) == "Pending"
    cloud.settle()
    [item] = told(cloud)
    assert item["Status"] == "Running"
    assert (item["InstanceName"], item["HostName"], item["Description"]) == ("ECS1", "ecs1", "first one")
    assert item["VpcAttributes"] == {"VpcId": "vpc-1", "VSwitchId": "vsw-1", "NatIpAddress": "",
                                     "PrivateIpAddress": {"IpAddress": ["172.16.10.225"]}}
    assert item["SecurityGroupIds"]["SecurityGroupId"] == ["sg-1"]
    assert item["Tags"]["Tag"] == [{"TagKey": "a", "TagValue": "b"}]
    assert (item["Cpu"], item["Memory"], item["ZoneId"]) == (2, 8192, f"{REGION}-h")
    attribute = cloud.call("Ecs", "DescribeInstanceAttribute", InstanceId=one)
    shared = {"InstanceId", "InstanceName", "Status", "VpcAttributes", "SecurityGroupIds", "Cpu", "Memory"}
    assert {key: attribute[key] for key in shared} == {key: item[key] for key in shared}
    listed = cloud.call("Ecs", "DescribeInstanceStatus", **HERE, InstanceId=[one])["InstanceStatuses"]
    assert listed["InstanceStatus"] == [{"InstanceId": one, "Status": "Running"}]


@pytest.mark.parametrize(("code", "params"), [
    ("InvalidPrivateIpAddress.Malformed", {"PrivateIpAddress": "172.16.10"}),
    ("InvalidPrivateIpAddress", {"PrivateIpAddress": "172.16.11.5"}),
    ("InvalidPrivateIpAddress", {"PrivateIpAddress": "172.16.10.0"}),
    ("InvalidPrivateIpAddress", {"PrivateIpAddress": "172.16.10.253"}),
    ("InvalidPrivateIpAddress", {"PrivateIpAddress": "172.16.10.251", "Amount": 3}),
    ("InvalidPrivateIpAddress.Duplicated", {"PrivateIpAddress": "172.16.10.7"}),
    ("InvalidPrivateIpAddress.Duplicated", {"PrivateIpAddress": "172.16.10.5", "Amount": 3}),
    ("QuotaExceeded.PrivateIpAddress", {"VSwitchId": "vsw-small", "Amount": 5}),
    ("IncorrectVSwitchStatus", {"VSwitchId": "vsw-new"}),
    ("InvalidVSwitchId.NotFound", {"VSwitchId": "vsw-9"}),
    ("InvalidVSwitchId.NotFound", {"RegionId": "cn-beijing"}),
    ("OperationDenied.InconsistentNetwork", {"SecurityGroupId": "sg-far"}),
    ("OperationDenied.InconsistentNetwork", {"SecurityGroupIds": ["sg-far"]}),
    ("InvalidSecurityGroupId.NotFound", {"SecurityGroupId": "sg-9"}),
    ("InstanceSecurityGroupLimitExceed", {"SecurityGroupIds": [f"sg-more-{one}" for one in range(5)]}),
    ("InvalidImageId.NotFound", {"ImageId": "linux"}),
    ("InvalidInstanceType.ValueNotSupported", {"InstanceType": "ecs.huge"}),
    ("InvalidParameter.Conflict", {"ZoneId": f"{REGION}-j"}),
    ("InvalidParameter.Amount", {"Amount": 0}),
    ("InvalidParameter.Amount", {"Amount": 101}),
    ("InvalidParameter.Amount", {"Amount": 1, "MinAmount": 2}),
    ("InvalidInstanceName.Malformed", {"InstanceName": "http://a"}),
    ("InvalidDescription.Malformed", {"Description": "x"}),
    ("InvalidHostName.Malformed", {"HostName": "x"}),
    ("MissingParameter", {"ImageId": None}),
    ("MissingParameter", {"InstanceType": None}),
    ("MissingParameter", {"VSwitchId": None}),
    ("MissingParameter", {"SecurityGroupId": None}),
    ("OperationUnsupported.InternetMaxBandwidthOut", {"InternetMaxBandwidthOut": 5}),
    ("OperationUnsupported.Ipv6AddressCount", {"Ipv6AddressCount": 1}),
    ("OperationUnsupported.AutoReleaseTime", {"AutoReleaseTime": "2030-01-01T00:00:00Z"}),
])
def test_what_an_instance_may_be(cloud, code, params):
    cloud.put("vsw-new", "vswitch", "vpc-1", "Pending", ZoneId=f"{REGION}-h", CidrBlock="172.16.40.0/24")
    cloud.put("vsw-small", "vswitch", "vpc-1", "Available", ZoneId=f"{REGION}-h", CidrBlock="172.16.50.0/29")
    for one in range(5):
        cloud.put(f"sg-more-{one}", "security_group", "vpc-1")
    running(cloud, PrivateIpAddress="172.16.10.7")
    cloud.refused(code, "Ecs", "RunInstances", **{**BASE, **params})


def test_zero_asks_for_nothing(cloud):
    assert launch(cloud, InternetMaxBandwidthOut=0, Ipv6AddressCount=0)


def test_addresses_are_free_usable_and_distinct_until_there_are_no_more(cloud):
    cloud.put("vsw-small", "vswitch", "vpc-1", "Available", ZoneId=f"{REGION}-h", CidrBlock="172.16.50.0/29")
    cloud.put("eni-1", "eni", "vsw-small", PrivateIpAddress="172.16.50.2")
    assert len(running(cloud, VSwitchId="vsw-small", Amount=9, MinAmount=2)) == 3
    have = [one["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0] for one in told(cloud)]
    assert have == ["172.16.50.1", "172.16.50.3", "172.16.50.4"]
    assert all(Address(one) in Prefix("172.16.50.0/29") for one in have)
    cloud.refused("QuotaExceeded.PrivateIpAddress", "Ecs", "RunInstances", **{**BASE, "VSwitchId": "vsw-small"})
    cloud.refused("QuotaExceeded.PrivateIpAddress", "Ecs", "CreateInstance", **{**BASE, "VSwitchId": "vsw-small"})


def test_several_have_consecutive_addresses_and_numbered_names(cloud):
    launch(cloud, Amount=2, PrivateIpAddress="172.16.10.5", InstanceName="web-[9,2]-x", HostName="web", HostNames=["a"],
           UniqueSuffix=True)
    one, two = told(cloud)
    assert (one["InstanceName"], two["InstanceName"]) == ("web-09-x", "web-10-x")
    assert (one["HostName"], two["HostName"]) == ("a", "web002")
    assert [each["VpcAttributes"]["PrivateIpAddress"]["IpAddress"] for each in (one, two)] == [["172.16.10.5"],
                                                                                              ["172.16.10.6"]]


def test_a_stopped_instance_is_not_in_the_network(cloud):
    one = cloud.done("Ecs", "CreateInstance", **BASE)["InstanceId"]
    assert (status(cloud, one), planned(cloud)) == ("Stopped", set())
    cloud.call("Ecs", "StartInstance", InstanceId=one)
    assert (status(cloud, one), planned(cloud)) == ("Starting", {one})
    cloud.settle()
    assert status(cloud, one) == "Running"
    cloud.call("Ecs", "RebootInstance", InstanceId=one)
    assert (status(cloud, one), planned(cloud)) == ("Starting", {one})
    cloud.settle()
    cloud.call("Ecs", "StopInstance", InstanceId=one, StoppedMode="StopCharging")
    assert (status(cloud, one), planned(cloud)) == ("Stopping", set())
    cloud.settle()
    assert told(cloud)[0]["StoppedMode"] == "StopCharging"
    cloud.done("Ecs", "DeleteInstance", InstanceId=one)
    assert cloud.world.get(one) is None


@pytest.mark.parametrize(("action", "allowed"), [
    ("StartInstance", {"Stopped"}), ("StopInstance", {"Running"}), ("RebootInstance", {"Running"}),
    ("DeleteInstance", {"Stopped"}), ("ModifyInstanceAttribute", {"Running", "Stopped"}),
    ("JoinSecurityGroup", {"Running", "Stopped"}),
])
@pytest.mark.parametrize("state", ["Pending", "Starting", "Running", "Stopping", "Stopped"])
def test_an_operation_wants_its_state(cloud, action, allowed, state):
    [one] = running(cloud)
    cloud.put(one, "instance", "vsw-1", state)
    more = {"SecurityGroupId": "sg-2"} if action == "JoinSecurityGroup" else {}
    if state in allowed:
        cloud.call("Ecs", action, InstanceId=one, **more)
    else:
        cloud.refused("IncorrectInstanceStatus", "Ecs", action, InstanceId=one, **more)
    cloud.refused("InvalidInstanceId.NotFound", "Ecs", action, InstanceId="i-9", **more)
    cloud.refused("InvalidInstanceId.NotFound", "Ecs", action, InstanceId=one, account=OTHER, **more)


@pytest.mark.parametrize("state", ["Pending", "Starting", "Running", "Stopping", "Stopped"])
def test_force_deletes_in_any_state_and_once(cloud, state):
    [one] = running(cloud)
    cloud.put(one, "instance", "vsw-1", state)
    cloud.call("Ecs", "DeleteInstance", InstanceId=one, Force=True)
    assert status(cloud, one) in {"Stopping", "Stopped"}
    for action in ("DeleteInstance", "StartInstance", "ModifyInstanceAttribute"):
        more = {"Force": True} if action == "DeleteInstance" else {}
        cloud.refused("IncorrectInstanceStatus", "Ecs", action, InstanceId=one, **more)
    cloud.settle()
    assert ids(cloud) == []


def test_deletion_protection_holds(cloud):
    [one] = running(cloud, DeletionProtection=True)
    cloud.refused("InvalidOperation.DeletionProtection", "Ecs", "DeleteInstance", InstanceId=one, Force=True)
    cloud.call("Ecs", "ModifyInstanceAttribute", InstanceId=one, DeletionProtection=False)
    cloud.done("Ecs", "DeleteInstance", InstanceId=one, Force=True)
    assert ids(cloud) == []


def test_several_start_stop_and_go_all_or_none(cloud):
    one, two = running(cloud, Amount=2)
    cloud.done("Ecs", "StopInstance", InstanceId=two)
    both = {**HERE, "InstanceId": [one, two]}
    for action in ("StopInstances", "RebootInstances", "StartInstances", "DeleteInstances"):
        cloud.refused("IncorrectInstanceStatus", "Ecs", action, **both)
    cloud.refused("InvalidInstanceId.NotFound", "Ecs", "StartInstances", **HERE, InstanceId=[two, "i-9"])
    answer = cloud.done("Ecs", "StartInstances", **both, BatchOptimization="SuccessFirst")
    assert [(each["Code"], each["PreviousStatus"], each["CurrentStatus"]) for each in
            answer["InstanceResponses"]["InstanceResponse"]] == [
        ("IncorrectInstanceStatus", "Running", "Running"), ("200", "Stopped", "Starting")]
    for action, after in (("RebootInstances", "Running"), ("StopInstances", "Stopped"), ("StartInstances", "Running")):
        cloud.done("Ecs", action, **both)
        assert [status(cloud, each) for each in (one, two)] == [after, after]
    cloud.done("Ecs", "DeleteInstances", **both, Force=True)
    assert ids(cloud) == []


def test_an_instance_is_renamed_without_the_network_and_regrouped_with_it(cloud):
    [one] = running(cloud)
    cloud.call("Ecs", "ModifyInstanceAttribute", InstanceId=one, InstanceName="new", HostName="host",
               Description="words", SecurityGroupIds=["sg-1"])
    assert not cloud.world.unsettled
    [item] = told(cloud)
    assert (item["InstanceName"], item["HostName"], item["Description"]) == ("new", "host", "words")
    cloud.call("Ecs", "ModifyInstanceAttribute", InstanceId=one, SecurityGroupIds=["sg-2"])
    assert cloud.world.unsettled == {one}
    assert ids(cloud, SecurityGroupId="sg-2") == [one]
    assert ids(cloud, SecurityGroupId="sg-1") == []
    cloud.settle()
    cloud.refused("OperationDenied.InconsistentNetwork", "Ecs", "ModifyInstanceAttribute", InstanceId=one,
                  SecurityGroupIds=["sg-far"])
    cloud.refused("OperationUnsupported.EnableNetworkEncryption", "Ecs", "ModifyInstanceAttribute", InstanceId=one,
                  EnableNetworkEncryption=True)


@pytest.mark.parametrize("by", ["InstanceId", "NetworkInterfaceId"])
def test_an_instance_joins_and_leaves_groups(cloud, by):
    [one] = running(cloud)
    whose = {by: one.replace("i-", "eni-", 1) if by == "NetworkInterfaceId" else one}
    cloud.done("Ecs", "JoinSecurityGroup", **whose, SecurityGroupId="sg-2")
    assert ids(cloud, SecurityGroupId="sg-1") == ids(cloud, SecurityGroupId="sg-2") == [one]
    cloud.refused("InvalidInstanceId.AlreadyExists", "Ecs", "JoinSecurityGroup", **whose, SecurityGroupId="sg-2")
    cloud.refused("OperationDenied.InconsistentNetwork", "Ecs", "JoinSecurityGroup", **whose, SecurityGroupId="sg-far")
    cloud.refused("InvalidSecurityGroupId.NotFound", "Ecs", "LeaveSecurityGroup", **whose, SecurityGroupId="sg-9")
    cloud.done("Ecs", "LeaveSecurityGroup", **whose, SecurityGroupId="sg-1")
    cloud.refused("InstanceNotInSecurityGroup", "Ecs", "LeaveSecurityGroup", **whose, SecurityGroupId="sg-1")
    cloud.refused("InstanceLastSecurityGroup", "Ecs", "LeaveSecurityGroup", **whose, SecurityGroupId="sg-2")
    for number in range(4):
        cloud.put(f"sg-x{number}", "security_group", "vpc-1")
        cloud.done("Ecs", "JoinSecurityGroup", **whose, SecurityGroupId=f"sg-x{number}")
    cloud.put("sg-x4", "security_group", "vpc-1")
    cloud.refused("InstanceSecurityGroupLimitExceed", "Ecs", "JoinSecurityGroup", **whose, SecurityGroupId="sg-x4")


@pytest.mark.parametrize(("params", "expected"), [
    ({}, "ab"), ({"InstanceIds": '["{a}"]'}, "a"), ({"InstanceIds": "[]"}, "ab"),
    ({"InstanceIds": '["{b}", "vsw-1", "i-9", "{a}", "{b}"]'}, "ab"),
    ({"InstanceIds": '["{a}"]', "VpcId": "vpc-2"}, ""),
    ({"InstanceIds": '["{a}", "{b}"]', "VSwitchId": "vsw-3"}, "b"), ({"InstanceIds": '["{a}"]', "account": OTHER}, ""),
    ({"InstanceIds": '["{a}"]', "RegionId": "cn-beijing"}, ""), ({"VSwitchId": "vsw-3"}, "b"),
    ({"VpcId": "vpc-1"}, "ab"), ({"VpcId": "vpc-2"}, ""), ({"VpcId": "vpc-2", "VSwitchId": "vsw-1"}, ""),
    ({"ZoneId": f"{REGION}-j"}, "b"), ({"Status": "Stopped"}, "b"), ({"InstanceName": "app"}, "a"),
    ({"InstanceName": "a*"}, "a"), ({"InstanceName": "*p*"}, "a"), ({"InstanceName": "[ab]*"}, ""),
    ({"PrivateIpAddresses": '["172.16.30.9"]'}, "b"), ({"SecurityGroupId": "sg-2"}, "b"),
    ({"ImageId": "m-0123456789"}, "b"), ({"InstanceType": "ecs.c6.xlarge"}, "b"),
    ({"InstanceTypeFamily": "ecs.g7"}, "a"), ({"InstanceChargeType": "PrePaid"}, "b"), ({"KeyPairName": "k"}, "b"),
    ({"InstanceNetworkType": "vpc"}, "ab"), ({"InstanceNetworkType": "classic"}, ""), ({"IoOptimized": True}, "ab"),
    ({"IoOptimized": False}, ""), ({"PublicIpAddresses": '["1.1.1.1"]'}, ""), ({"EipAddresses": "[]"}, "ab"),
    ({"Tag": [{"Key": "env", "Value": "b"}]}, "b"), ({"Tag": [{"Key": "env", "Value": "c"}]}, ""),
    ({"LockReason": "security"}, ""), ({"RegionId": "cn-beijing"}, ""), ({"account": OTHER}, ""),
    ({"DeviceAvailable": False}, ""), ({"Ipv6Address": ["::1"]}, ""), ({"HpcClusterId": "hpc-1"}, ""),
])
def test_filters_of_instances(cloud, params, expected):
    [a] = launch(cloud, InstanceName="app")
    [b] = launch(cloud, InstanceName="beta", VSwitchId="vsw-3", PrivateIpAddress="172.16.30.9", SecurityGroupId="sg-2",
                 ImageId="m-0123456789", InstanceType="ecs.c6.xlarge", InstanceChargeType="PrePaid", KeyPairName="k",
                 Tag=[{"Key": "env", "Value": "b"}])
    cloud.settle()
    cloud.done("Ecs", "StopInstance", InstanceId=b)
    params = {key: value.replace("{a}", a).replace("{b}", b) if isinstance(value, str) else value
              for key, value in params.items()}
    assert ids(cloud, **params) == [{"a": a, "b": b}[one] for one in expected]


def test_instances_by_time_of_creation(cloud):
    [a] = running(cloud)
    cloud.now_ms += 600_000
    [b] = running(cloud)
    times = [one["CreationTime"] for one in told(cloud)]

    def since(key, value):
        return ids(cloud, Filter=[{"Key": key, "Value": value}])

    assert since("CreationStartTime", times[0]) == since("CreationEndTime", times[1]) == [a, b]
    assert since("CreationStartTime", times[1]) == [b]
    assert since("CreationEndTime", times[0]) == [a]
    cloud.refused("InvalidFilterKey.NotFound", "Ecs", "DescribeInstances", **HERE, Filter=[{"Key": "x", "Value": "y"}])


@pytest.mark.parametrize("written", ["i-1", '"i-1"', "[1]", '{"a": 1}', json.dumps(["i"] * 101)])
def test_ids_are_a_list_in_json(cloud, written):
    cloud.refused("InvalidInstanceIds.Malformed", "Ecs", "DescribeInstances", **HERE, InstanceIds=written)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_both_ways_of_paging_tell_every_instance_once(cloud, size):
    made = running(cloud, Amount=7)
    pages = [ids(cloud, PageNumber=page, PageSize=size) for page in range(1, 8)]
    assert [one for page in pages for one in page] == made
    seen, token = [], None
    while token != "":
        answer = cloud.call("Ecs", "DescribeInstances", **HERE, MaxResults=size, NextToken=token)
        seen += [one["InstanceId"] for one in answer["Instances"]["Instance"]]
        token = answer["NextToken"]
    assert seen == made


def test_interfaces_are_those_of_instances_and_of_transit_routers(cloud):
    [one] = running(cloud, PrivateIpAddress="172.16.10.5")
    cloud.put("eni-tr", "eni", "vsw-2", PrivateIpAddress="172.16.20.1", InstanceId="tr-attach-1",
              NetworkInterfaceName="", SecurityGroupIds=[], ZoneId=f"{REGION}-h")

    def found(**more):
        answer = cloud.call("Ecs", "DescribeNetworkInterfaces", **HERE, **more)
        return [each["NetworkInterfaceId"] for each in answer["NetworkInterfaceSets"]["NetworkInterfaceSet"]]

    own = one.replace("i-", "eni-", 1)
    assert found() == [own, "eni-tr"]
    for more in ({"InstanceId": one}, {"PrivateIpAddress": ["172.16.10.5"]}, {"VSwitchId": "vsw-1"},
                 {"SecurityGroupId": "sg-1"}, {"Type": "Primary"}, {"NetworkInterfaceId": [own]},
                 {"ServiceManaged": False}, {"PrimaryIpAddress": "172.16.10.5"}):
        assert found(**more) == [own], more
    assert found(ServiceManaged=True) == ["eni-tr"]
    assert found(VpcId="vpc-2") == found(Status="Available") == found(account=OTHER) == []
    for eni, owner in ((own, one), ("eni-tr", "tr-attach-1")):
        attribute = cloud.call("Ecs", "DescribeNetworkInterfaceAttribute", **HERE, NetworkInterfaceId=eni)
        assert (attribute["NetworkInterfaceId"], attribute["InstanceId"]) == (eni, owner)
        assert attribute["MacAddress"].startswith("02:00:ac:10:")
    for wrong in ("eni-9", "vsw-1", "sg-1"):
        cloud.refused("InvalidEniId.NotFound", "Ecs", "DescribeNetworkInterfaceAttribute", **HERE,
                      NetworkInterfaceId=wrong)


def test_what_there_is_to_choose_from_can_be_chosen(cloud):
    regions = cloud.call("Ecs", "DescribeRegions")["Regions"]["Region"]
    assert REGION in [one["RegionId"] for one in regions]
    zones = cloud.call("Ecs", "DescribeZones", **HERE)["Zones"]["Zone"]
    assert f"{REGION}-h" in [one["ZoneId"] for one in zones]
    [image] = cloud.call("Ecs", "DescribeImages", **HERE)["Images"]["Image"]
    types = cloud.call("Ecs", "DescribeInstanceTypes", MinimumCpuCoreCount=4, MaximumCpuCoreCount=4,
                       InstanceTypeFamilies=["ecs.r7"])["InstanceTypes"]["InstanceType"]
    assert [(one["InstanceTypeId"], one["MemorySize"]) for one in types] == [("ecs.r7.xlarge", 32.0)]
    families = cloud.call("Ecs", "DescribeInstanceTypeFamilies", **HERE)["InstanceTypeFamilies"]["InstanceTypeFamily"]
    assert {one["InstanceTypeFamilyId"] for one in families} == {one.family for one in TYPES.values()}
    assert running(cloud, ImageId=image["ImageId"], InstanceType=types[0]["InstanceTypeId"])


def test_every_type_is_told_in_portions(cloud):
    seen, token = [], None
    while token != "":
        answer = cloud.call("Ecs", "DescribeInstanceTypes", MaxResults=7, NextToken=token)
        seen += [one["InstanceTypeId"] for one in answer["InstanceTypes"]["InstanceType"]]
        token = answer["NextToken"]
    assert sorted(seen) == sorted(TYPES)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(("params", "count"), [
    ({"ImageOwnerAlias": "system"}, 1), ({"ImageOwnerAlias": "self"}, 0), ({"OSType": "windows"}, 0),
    ({"ImageId": f"m-1,{IMAGE}"}, 1), ({"ImageId": "m-1"}, 0), ({"IsPublic": False}, 0), ({"SnapshotId": "s-1"}, 0),
])
def test_filters_of_images(cloud, params, count):
    assert cloud.call("Ecs", "DescribeImages", **HERE, **params)["TotalCount"] == count


def test_what_is_available(cloud):
    def values(**more):
        zones = cloud.call("Ecs", "DescribeAvailableResource", **HERE, ZoneId=f"{REGION}-h", **more)
        [zone] = zones["AvailableZones"]["AvailableZone"]
        return [one["Value"] for kind in zone["AvailableResources"]["AvailableResource"]
                for one in kind["SupportedResources"]["SupportedResource"]]

    one = "ecs.g7.large"
    assert values(DestinationResource="InstanceType", Cores=2, Memory=8, InstanceType=one) == [one]
    assert values(DestinationResource="Network") == ["vpc"]
    assert values(DestinationResource="Zone") == []
    assert values(DestinationResource="SystemDisk") == values(DestinationResource="DataDisk") == ["cloud_essd"]
    cloud.refused("InvalidDestinationResource", "Ecs", "DescribeAvailableResource", **HERE, DestinationResource="x")
    for action in ("DescribeZones", "DescribeImages", "DescribeInstanceTypeFamilies"):
        cloud.refused("InvalidRegionId.NotFound", "Ecs", action, RegionId="cn-nowhere")


def test_tags_come_go_and_are_counted(cloud):
    [one] = running(cloud, Tag=[{"Key": "env", "Value": "a"}])
    of = {**HERE, "ResourceType": "instance", "ResourceId": [one]}
    cloud.call("Ecs", "TagResources", **of, Tag=[{"Key": "b", "Value": "2"}])
    cloud.call("Ecs", "TagResources", **HERE, ResourceType="securitygroup", ResourceId=["sg-1"],
               Tag=[{"Key": "b", "Value": "2"}])
    found = cloud.call("Ecs", "ListTagResources", **of)["TagResources"]["TagResource"]
    assert [(each["ResourceId"], each["TagKey"], each["TagValue"]) for each in found] == [(one, "env", "a"),
                                                                                         (one, "b", "2")]
    counted = cloud.call("Ecs", "DescribeTags", **HERE)["Tags"]["Tag"]
    assert [(each["TagKey"], each["ResourceTypeCount"]["Instance"], each["ResourceTypeCount"]["Securitygroup"])
            for each in counted] == [("b", 1, 1), ("env", 1, 0)]
    assert cloud.call("Ecs", "DescribeTags", **HERE, ResourceType="securitygroup")["TotalCount"] == 1
    assert cloud.call("Ecs", "DescribeTags", **HERE, ResourceId=one)["TotalCount"] == 2
    cloud.call("Ecs", "UntagResources", **of, All=True)
    assert told(cloud)[0]["Tags"]["Tag"] == []
    cloud.refused("InvalidResourceType.NotFound", "Ecs", "TagResources", **{**of, "ResourceType": "disk"},
                  Tag=[{"Key": "b", "Value": "2"}])
