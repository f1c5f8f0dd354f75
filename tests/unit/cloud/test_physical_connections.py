"""Physical connections: every step from every state, what a line may be, and how lines are told."""

import pytest
from harness import OTHER, REGION, Cloud, border

from sealane.cloud import CloudError

STATES = ("Initial", "Approved", "Allocating", "Allocated", "Confirmed", "Enabled", "Terminating", "Terminated",
          "Rejected", "Canceled", "Allocation Failed")  # fmt: skip
STEPS = {
    "Confirm": ({"Allocated"}, "Confirmed", "IncorrectStatus.PhysicalConnection"),
    "Enable": ({"Confirmed"}, "Enabled", "Forbidden.NotAllowedInState"),
    "Cancel": ({"Initial", "Approved", "Allocated", "Confirmed"}, "Canceled", "Forbidden.NotAllowedInState"),
    "Terminate": ({"Enabled"}, "Terminating", "Forbidden.NotAllowedInState"),
    "Recover": ({"Terminated"}, "Enabled", "Forbidden.NotAllowedInState"),
    "Delete": (
        {"Rejected", "Canceled", "Allocation Failed", "Allocated", "Terminated"},
        None,
        "Forbidden.NotInAllowDeleteStatus",
    ),
}
WANTED = {"RegionId": REGION, "AccessPointId": "ap-cn-hangzhou-xs-B", "LineOperator": "CT"}


@pytest.fixture
def cloud():
    return Cloud()


def create(cloud, **params):
    return cloud.call("Vpc", "CreatePhysicalConnection", **{**WANTED, **params})["PhysicalConnectionId"]


def listed(cloud, **params):
    told = cloud.call("Vpc", "DescribePhysicalConnections", RegionId=REGION, **params)
    return told["PhysicalConnectionSet"]["PhysicalConnectionType"]


def name_of(step, one):
    return {"RegionId": REGION, "InstanceId" if step == "Recover" else "PhysicalConnectionId": one}


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_taken_from_its_states_only(cloud, step, status):
    allowed, after, code = STEPS[step]
    cloud.put("pc-1", "physical_connection", "", status, PortType="10GBase-LR")
    action = f"{step}PhysicalConnection"
    if status not in allowed:
        cloud.refused(code, "Vpc", action, **name_of(step, "pc-1"))
        return
    cloud.call("Vpc", action, **name_of(step, "pc-1"))
    assert cloud.world.get("pc-1").status == (after or status)
    cloud.settle()
    assert (cloud.world.get("pc-1") is None) == (step == "Delete")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_what_is_gone_or_anothers_or_elsewhere_is_not_found(cloud, step):
    cloud.put("pc-2", "physical_connection", "", "Allocated", account=OTHER)
    cloud.put("pc-3", "physical_connection", "", "Allocated", region="eu-west-1")
    for one in ("pc-1", "pc-2", "pc-3"):
        with pytest.raises(CloudError) as caught:
            cloud.call("Vpc", f"{step}PhysicalConnection", **name_of(step, one))
        assert (caught.value.code, caught.value.status) == ("InvalidPhysicalConnectionId.NotFound", 404)


def test_a_line_lives_from_order_to_end(cloud):
    one = create(cloud, Name="Circuit", Description="to the site", PortType="10GBase-LR", CircuitCode="long-001",
                 PeerLocation="row 4", bandwidth=1000, OpticalModuleModel="SFP-10G-LR-SM1310,10KM")  # fmt: skip
    [told] = listed(cloud)
    assert told["Status"] == "Initial"
    cloud.settle()
    [told] = listed(cloud)
    assert told["Status"] == "Allocated", "what the provider of Terraform waits for"
    for step in ("Confirm", "Enable"):
        cloud.call("Vpc", f"{step}PhysicalConnection", **name_of(step, one))
    [told] = listed(cloud)
    wanted = {
        "PhysicalConnectionId": one, "Name": "Circuit", "Description": "to the site", "PortType": "10GBase-LR",
        "Spec": "10G", "CircuitCode": "long-001", "PeerLocation": "row 4", "Bandwidth": 1000, "Status": "Enabled",
        "OpticalModuleModel": "SFP-10G-LR-SM1310,10KM", "AccessPointId": WANTED["AccessPointId"], "LineOperator": "CT",
        "BusinessStatus": "Normal", "Type": "VPC", "ProductType": "PhysicalConnection",
        "CreationTime": "2026-01-01T00:00:01Z",
    }  # fmt: skip
    assert {key: told[key] for key in wanted} == wanted
    assert told["EnabledTime"] > told["CreationTime"]
    cloud.done("Vpc", "TerminatePhysicalConnection", **name_of("Terminate", one))
    assert listed(cloud)[0]["Status"] == "Terminated"
    cloud.done("Vpc", "DeletePhysicalConnection", **name_of("Delete", one))
    assert listed(cloud) == []


def test_a_line_that_goes_takes_no_step(cloud):
    cloud.put("pc-1", "physical_connection", "", "Allocated")
    cloud.call("Vpc", "DeletePhysicalConnection", **name_of("Delete", "pc-1"))
    for step in ("Confirm", "Cancel", "Delete"):
        cloud.refused(STEPS[step][2], "Vpc", f"{step}PhysicalConnection", **name_of(step, "pc-1"))
    cloud.refused("InvalidStatus", "Vpc", "ModifyPhysicalConnectionAttribute", **name_of("Modify", "pc-1"), Name="new")


def test_a_line_with_border_routers_stays(cloud):
    border(cloud)
    cloud.refused("Forbidden.VbrAttached", "Vpc", "TerminatePhysicalConnection", **name_of("Terminate", "pc-1"))
    cloud.refused("Forbidden.VBRExists", "Vpc", "DeletePhysicalConnection", **name_of("Delete", "pc-1"))


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidRegionId.NotFound", {"RegionId": "cn-atlantis"}),
        ("ResourceNotFound.AccessPointId", {"AccessPointId": "ap-cn-beijing-A"}),
        ("ResourceNotFound.AccessPointId", {"AccessPointId": "ap-cn-hangzhou-"}),
        ("InvalidLineOperator.Malformd", {"LineOperator": "XX"}),
        ("InvalidPortType.Malformd", {"PortType": "10Base-2"}),
        ("InvalidType.Malformd", {"Type": "VBR"}),
        ("InvalidPhysicalConnectionBandwidth.Malformed", {"bandwidth": 1}),
        ("InvalidPhysicalConnectionBandwidth.Malformed", {"bandwidth": 10241}),
        ("InvalidName.Malformed", {"Name": "x"}),
        ("InvalidName.Malformed", {"Name": "1x"}),
        ("InvalidDescription.Malformed", {"Description": "http://x"}),
        ("InvalidCircuitCode.Malformed", {"CircuitCode": "x" * 129}),
        ("InvalidPeerLocation.Malformd", {"PeerLocation": "x" * 257}),
        ("InvalidRedundantPhysicalConnectionId.NotFound", {"RedundantPhysicalConnectionId": "pc-9"}),
        ("InvalidParameter.TagKey", {"Tag": [{"Key": "acs:x", "Value": "y"}]}),
        ("MissingLineOperator", {"LineOperator": None}),
    ],
)
def test_what_no_line_can_be_is_refused(cloud, code, params):
    cloud.refused(code, "Vpc", "CreatePhysicalConnection", **{**WANTED, **params})


def test_five_lines_may_wait_to_be_enabled(cloud):
    made = [create(cloud) for _ in range(5)]
    cloud.refused("QuotaExceeded.freePconnPerAP", "Vpc", "CreatePhysicalConnection", **WANTED)
    cloud.call("Vpc", "CancelPhysicalConnection", **name_of("Cancel", made[0]))
    create(cloud)


def test_a_redundant_line_must_be_allocated_and_another(cloud):
    first, second = create(cloud), create(cloud)
    pair = {**name_of("Modify", second), "RedundantPhysicalConnectionId": first}
    cloud.refused("InvalidRedundantPhysicalConnectionStatus", "Vpc", "ModifyPhysicalConnectionAttribute", **pair)
    cloud.settle()
    cloud.call("Vpc", "ModifyPhysicalConnectionAttribute", **pair)
    assert [one["RedundantPhysicalConnectionId"] for one in listed(cloud)] == ["", first]
    itself = {**pair, "RedundantPhysicalConnectionId": second}
    code = "InvalidRedundantPhysicalConnectionId.NotFound"
    cloud.refused(code, "Vpc", "ModifyPhysicalConnectionAttribute", **itself)
    cloud.call("Vpc", "ModifyPhysicalConnectionAttribute", **{**pair, "RedundantPhysicalConnectionId": ""})
    assert create(cloud, RedundantPhysicalConnectionId=first)


def test_modify_changes_what_is_given_and_nothing_else(cloud):
    one = create(cloud, Name="Circuit", PortType="10GBase-LR")
    cloud.settle()
    before = listed(cloud)[0]
    new = {"Name": "Line", "LineOperator": "CU", "PortType": "40GBase-LR", "CircuitCode": "c", "PeerLocation": "here",
           "Description": "text", "DownDelayTime": 200}  # fmt: skip
    for key, value in new.items():
        cloud.call("Vpc", "ModifyPhysicalConnectionAttribute", **name_of("Modify", one), **{key: value})
        before[key] = value
        if key == "PortType":
            before |= {"Spec": "40G", "ExpectSpec": "40G"}
        assert listed(cloud)[0] == before
    cloud.call("Vpc", "ModifyPhysicalConnectionAttribute", **name_of("Modify", one), bandwidth=50)
    assert listed(cloud)[0] == {**before, "Bandwidth": 50}
    assert not cloud.world.unsettled, "no packet notices"
    wrong = {**name_of("Modify", one), "DownDelayTime": 3001}
    cloud.refused("InvalidParameter", "Vpc", "ModifyPhysicalConnectionAttribute", **wrong)


def test_filters_are_all_met_by_any_of_their_values(cloud):
    ids = [create(cloud, Name=f"Line-{index}", PortType=port) for index, port in enumerate(("1000Base-T", "10GBase-T"))]
    cases = {
        ("PhysicalConnectionId", ids[0]): 1, ("PhysicalConnectionId", *ids): 2, ("Spec", "10G"): 1, ("Type", "VPC"): 2,
        ("ProductType", "VirtualPhysicalConnection"): 0, ("Status", "Initial"): 2, ("Name", "Line-1", "x"): 1,
        ("LineOperator", "CT"): 2, ("AccessPointId", "ap-cn-hangzhou-jg-B"): 0,
    }  # fmt: skip
    for (key, *values), count in cases.items():
        assert len(listed(cloud, Filter=[{"Key": key, "Value": values}])) == count, key
    both = [{"Key": "Spec", "Value": ["10G"]}, {"Key": "Name", "Value": ["Line-0"]}]
    assert listed(cloud, Filter=both) == []
    with pytest.raises(CloudError) as caught:
        listed(cloud, Filter=[{"Key": "Colour", "Value": ["red"]}])
    assert (caught.value.code, caught.value.status) == ("InvalidFilterKey.ValueNotSupported", 404)
    for filters in ([{"Key": "Name", "Value": list("abcdef")}], [{"Key": "Name", "Value": ["a"]}] * 6):
        cloud.refused("InvalidParameter", "Vpc", "DescribePhysicalConnections", RegionId=REGION, Filter=filters)


def test_lists_hold_ones_own_of_the_region_by_tag_group_and_page(cloud):
    one = create(cloud, Tag=[{"Key": "use", "Value": "site"}], ResourceGroupId="rg-1")
    two = create(cloud)
    assert cloud.call("Vpc", "DescribePhysicalConnections", account=OTHER, RegionId=REGION)["TotalCount"] == 0
    assert cloud.call("Vpc", "DescribePhysicalConnections", RegionId="cn-beijing")["TotalCount"] == 0
    [told] = listed(cloud, Tags=[{"Key": "use"}])
    assert (told["PhysicalConnectionId"], told["Tags"]) == (one, {"tags": [{"Key": "use", "Value": "site"}]})
    assert [told["ResourceGroupId"] for told in listed(cloud, ResourceGroupId="rg-1")] == ["rg-1"]
    assert [told["PhysicalConnectionId"] for told in listed(cloud, PageNumber=2, PageSize=1)] == [two]


def test_access_points_can_be_ordered_at(cloud):
    for region in ("cn-hangzhou", "eu-west-1"):
        told = cloud.call("Vpc", "DescribeAccessPoints", RegionId=region)
        points = told["AccessPointSet"]["AccessPointType"]
        assert told["TotalCount"] == len(points) >= 2
        for one in points:
            assert one["AttachedRegionNo"] == region
            create(cloud, RegionId=region, AccessPointId=one["AccessPointId"])
    cloud.refused("InvalidRegionId.NotFound", "Vpc", "DescribeAccessPoints", RegionId="nowhere")


def test_the_service_is_open_and_a_line_has_features(cloud):
    cloud.call("Vpc", "OpenPhysicalConnectionService", RegionId=REGION)
    assert cloud.call("Vpc", "GetPhysicalConnectionServiceStatus", RegionId=REGION)["Enabled"] is True
    line = name_of("List", create(cloud))
    told = cloud.call("Vpc", "ListPhysicalConnectionFeatures", **line)["PhysicalConnectionFeatures"]
    features = {one["FeatureKey"]: one["FeatureValue"] for one in told}
    assert (features["BFD"], features["DualStack"]) == ("OK", "NOK")
    gone = name_of("List", "pc-9")
    cloud.refused("InvalidPhysicalConnectionId.NotFound", "Vpc", "ListPhysicalConnectionFeatures", **gone)


@pytest.mark.parametrize("paid", [True, False, None])
def test_an_order_of_the_port_that_is_paid_enables_a_confirmed_line(cloud, paid):
    line = create(cloud)
    order = {"RegionId": REGION, "PhysicalConnectionId": line, "Period": 1}
    cloud.settle()
    cloud.refused("IncorrectStatus.PhysicalConnection", "Vpc", "CreatePhysicalConnectionOccupancyOrder", **order)
    cloud.call("Vpc", "ConfirmPhysicalConnection", RegionId=REGION, PhysicalConnectionId=line)
    made = cloud.call("Vpc", "CreatePhysicalConnectionOccupancyOrder", **order, AutoPay=paid)
    assert made["Data"]["OrderId"]
    assert cloud.world.get(line).status == ("Enabled" if paid else "Confirmed")
