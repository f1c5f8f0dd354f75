"""What provisioning tools ask of an instance as a machine: what was given is told again, and nothing is made up."""

import json

import pytest
from harness import REGION, Cloud, vpcs

from sealane.cloud.ecs.hardware import IMAGE

HERE = {"RegionId": REGION}


@pytest.fixture
def cloud():
    made = Cloud()
    vpcs(made)
    made.put("sg-1", "security_group", "vpc-1", SecurityGroupType="normal")
    return made


def launch(cloud, action="RunInstances", **more):
    made = cloud.done("Ecs", action, **HERE, ImageId=IMAGE, InstanceType="ecs.g7.large", VSwitchId="vsw-1",
                      SecurityGroupId="sg-1", **more)
    return made.get("InstanceId") or made["InstanceIdSets"]["InstanceIdSet"][0]


def disks(cloud, **more):
    return cloud.call("Ecs", "DescribeDisks", **HERE, **more)["Disks"]["Disk"]


@pytest.mark.parametrize("action", ["RunInstances", "CreateInstance"])
def test_the_system_disk_is_told_as_it_was_asked_for(cloud, action):
    disk = {"Category": "cloud_essd", "Size": 100, "DiskName": "root", "Description": "of ECS1",
            "PerformanceLevel": "PL2"}
    one = launch(cloud, action, SystemDisk=disk)
    [told] = disks(cloud, InstanceId=one, DiskType="system")
    assert {name: told[name] for name in disk} == disk
    assert (told["InstanceId"], told["Type"], told["Status"]) == (one, "system", "In_use")
    assert [told[name] for name in ("MountInstances", "OperationLocks", "Tags")] == [
        {"MountInstance": []}, {"OperationLock": []}, {"Tag": []}]


def test_disks_are_found_by_what_is_asked_and_every_instance_has_one(cloud):
    one, two = launch(cloud), launch(cloud, SystemDisk={"Category": "cloud_efficiency", "DiskName": "two"})
    found = {item["InstanceId"]: item for item in disks(cloud)}
    assert found.keys() == {one, two}
    assert found[one]["Size"] == found[two]["Size"] == 40
    for asked, wanted in (
        ({"InstanceId": two}, {two}), ({"Category": "cloud_essd"}, {one}), ({"Category": "all"}, {one, two}),
        ({"DiskIds": json.dumps([found[two]["DiskId"]])}, {two}), ({"DiskType": "data"}, set()),
        ({"Status": "Available"}, set()), ({"DiskName": "two"}, {two}), ({"ZoneId": "cn-hangzhou-j"}, set()),
    ):
        assert {item["InstanceId"] for item in disks(cloud, **asked)} == wanted, asked
    assert not cloud.call("Ecs", "DescribeDisks", RegionId="cn-beijing")["Disks"]["Disk"]


@pytest.mark.parametrize("disk", [{"Size": 10}, {"Size": 4096}, {"Category": "floppy"}])
def test_a_disk_that_nobody_sells_is_refused(cloud, disk):
    code = f"InvalidSystemDisk{next(iter(disk))}.ValueNotSupported"
    cloud.refused(code, "Ecs", "RunInstances", **HERE, ImageId=IMAGE, InstanceType="ecs.g7.large", VSwitchId="vsw-1",
                  SecurityGroupId="sg-1", SystemDisk=disk)


def test_user_data_is_told_and_kept_among_the_secrets(cloud):
    one, two = launch(cloud, UserData="Z2VoZWlt"), launch(cloud)
    assert cloud.call("Ecs", "DescribeUserData", **HERE, InstanceId=one)["UserData"] == "Z2VoZWlt"
    assert cloud.call("Ecs", "DescribeUserData", **HERE, InstanceId=two)["UserData"] == ""
    kept = cloud.world.get(one)
    assert kept.secrets == {"UserData": "Z2VoZWlt"}
    assert "Z2VoZWlt" not in json.dumps(dict(kept.fields))
    cloud.refused("InvalidInstanceId.NotFound", "Ecs", "DescribeUserData", **HERE, InstanceId="i-none")


@pytest.mark.parametrize(("text", "code"), [("!", "Base64FormatInvalid"), ("A" * 32772, "SizeExceeded")])
def test_user_data_that_is_none_is_refused(cloud, text, code):
    cloud.refused(f"InvalidUserData.{code}", "Ecs", "RunInstances", **HERE, ImageId=IMAGE, VSwitchId="vsw-1",
                  InstanceType="ecs.g7.large", SecurityGroupId="sg-1", UserData=text)


def test_instances_have_no_roles_and_there_is_none_of_any_name(cloud):
    one = launch(cloud)
    told = cloud.call("Ecs", "DescribeInstanceRamRole", **HERE, InstanceIds=json.dumps([one]))
    assert told == {"RegionId": HERE["RegionId"], "TotalCount": 0, "InstanceRamRoleSets": {"InstanceRamRoleSet": []}}
    for code, params in (
        ("MissingParameter", {}),
        ("InvalidInstanceIds.Malformed", {"InstanceIds": one}),
        ("InvalidInstanceId.NotFound", {"InstanceIds": json.dumps([one, "i-none"])}),
        ("InvalidInstanceId.NotFound", {"InstanceIds": json.dumps([one]), "RegionId": "cn-beijing"}),
        ("InvalidRamRole.NotFound", {"InstanceIds": json.dumps([one]), "RamRoleName": "role"}),
        ("InvalidRamRole.NotFound", {"RamRoleName": "role"}),
    ):
        cloud.refused(code, "Ecs", "DescribeInstanceRamRole", **{**HERE, **params})


def test_a_role_is_a_name_that_an_instance_was_launched_with(cloud):
    one, two = launch(cloud, RamRoleName="web"), launch(cloud)

    def roles(**params):
        told = cloud.call("Ecs", "DescribeInstanceRamRole", **HERE, **params)
        rows = told["InstanceRamRoleSets"]["InstanceRamRoleSet"]
        assert told["TotalCount"] == len(rows)
        return [(row["InstanceId"], row["RamRoleName"]) for row in rows]

    assert roles(InstanceIds=json.dumps([two, one])) == [(one, "web")]
    assert roles(RamRoleName="web") == [(one, "web")]
    assert roles(RamRoleName="web", InstanceIds=json.dumps([two])) == []
    elsewhere = {**HERE, "RegionId": "cn-beijing", "RamRoleName": "web"}
    assert cloud.call("Ecs", "DescribeInstanceRamRole", **elsewhere)["TotalCount"] == 0


def test_resource_groups_of_instances_and_groups_are_told_and_asked_for(cloud):
    one = launch(cloud, ResourceGroupId="rg-1")
    launch(cloud)
    group = cloud.call("Ecs", "CreateSecurityGroup", **HERE, VpcId="vpc-1", ResourceGroupId="rg-1")["SecurityGroupId"]
    for action, where, key, wanted in (
        ("DescribeInstances", ("Instances", "Instance"), "InstanceId", one),
        ("DescribeDisks", ("Disks", "Disk"), "InstanceId", one),
        ("DescribeNetworkInterfaces", ("NetworkInterfaceSets", "NetworkInterfaceSet"), "InstanceId", one),
        ("DescribeSecurityGroups", ("SecurityGroups", "SecurityGroup"), "SecurityGroupId", group),
    ):
        [told] = cloud.call("Ecs", action, **HERE, ResourceGroupId="rg-1")[where[0]][where[1]]
        assert (told[key], told["ResourceGroupId"]) == (wanted, "rg-1"), action
        assert len(cloud.call("Ecs", action, **HERE)[where[0]][where[1]]) == 2, action
    cloud.refused("InvalidResourceGroupId", "Ecs", "CreateSecurityGroup", **HERE, VpcId="vpc-1", ResourceGroupId="x")


def test_what_no_instance_has_is_told_as_nothing_for_each(cloud):
    one, two = launch(cloud), launch(cloud)
    for action, group, item, asked in (
        ("DescribeInstanceMaintenanceAttributes", "MaintenanceAttributes", "MaintenanceAttribute",
         {"InstanceId": [two]}),
        ("DescribeInstanceAttachmentAttributes", "Instances", "Instance", {"InstanceIds": json.dumps([two])}),
    ):
        assert [each["InstanceId"] for each in cloud.call("Ecs", action, **HERE, **asked)[group][item]] == [two]
    told = cloud.call("Ecs", "DescribeInstanceMaintenanceAttributes", **HERE)
    assert [each["InstanceId"] for each in told["MaintenanceAttributes"]["MaintenanceAttribute"]] == [one, two]
