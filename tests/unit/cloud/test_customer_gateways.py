"""Customer gateways."""

import pytest
from harness import ACCOUNT, OTHER, REGION, Cloud, connection

from sealane.cloud import CloudError


@pytest.fixture
def cloud():
    return Cloud()


def do(cloud, action, **params):
    return cloud.call("Vpc", action, **{"RegionId": REGION, **params})


def refused(cloud, code, action, **params):
    cloud.refused(code, "Vpc", action, **{"RegionId": REGION, **params})


def make(cloud, address="192.168.10.136", **params):
    return do(cloud, "CreateCustomerGateway", IpAddress=address, **params)["CustomerGatewayId"]


def listed(cloud, **params):
    answer = do(cloud, "DescribeCustomerGateways", **params)
    return answer["CustomerGateways"]["CustomerGateway"]


def test_a_gateway_is_made_changed_and_deleted_at_once(cloud):
    tags = [{"Key": "site", "Value": "one"}]
    made = do(cloud, "CreateCustomerGateway", IpAddress="192.168.10.136", Asn="65530", Name="cgw", Description="text",
              AuthKey="geheim", Tags=tags, ResourceGroupId="rg-1")  # fmt: skip
    one, created_ms = made["CustomerGatewayId"], cloud.now_ms
    assert made == {"CustomerGatewayId": one, "IpAddress": "192.168.10.136", "Name": "cgw", "Description": "text",
                    "CreateTime": created_ms}  # fmt: skip
    assert not cloud.world.unsettled
    assert "geheim" not in repr(cloud.world.get(one)), "the key is a secret"
    wanted = {**made, "Asn": 65530, "AuthKey": "geheim", "ResourceGroupId": "rg-1", "Tags": {"Tag": tags}}
    assert listed(cloud) == [wanted]
    for new in ({"Name": "new"}, {"Description": ""}, {"AuthKey": "neu"}, {"AuthKey": ""}):
        told = do(cloud, "ModifyCustomerGatewayAttribute", CustomerGatewayId=one, **new)
        assert told["CreateTime"] == created_ms
        assert bool(cloud.world.unsettled) == ("AuthKey" in new), "the key reaches tunnels"
        cloud.settle()
        wanted |= new
        assert do(cloud, "DescribeCustomerGateway", CustomerGatewayId=one) == wanted
        do(cloud, "ModifyCustomerGatewayAttribute", CustomerGatewayId=one, **new)
        assert not cloud.world.unsettled, "what is so already changes nothing"
    do(cloud, "DeleteCustomerGateway", CustomerGatewayId=one)
    assert listed(cloud) == []
    refused(cloud, "InvalidCustomerGatewayInstanceId.NotFound", "DescribeCustomerGateway", CustomerGatewayId=one)


@pytest.mark.parametrize(
    ("code", "params"),
    [
        *[("InvalidIpAddress.WrongFormat", {"IpAddress": one}) for one in (
            "192.168.1", "192.168.1.1/24", "100.64.0.1", "127.0.0.1", "169.254.1.1", "224.0.0.1", "239.255.255.255",
            "255.1.1.1", "0.0.0.0", "240.0.0.1")],
        *[("IllegalParam.Asn", {"Asn": one}) for one in (
            "0", "45104", "0.45104", "4294967296", "65536.1", "1.65536", "-1", "x", "1.2.3", "12345678901", "٣")],
        ("OperationDenied.MissingAsn", {"AuthKey": "x", "Asn": None}),
        ("InvalidAuthkey.Malformed", {"AuthKey": "with space"}),
        ("InvalidAuthkey.Malformed", {"AuthKey": "what?"}),
        ("InvalidAuthkey.Malformed", {"AuthKey": "x" * 65}),
        ("InvalidName", {"Name": "http://x"}),
        ("InvalidName", {"Name": "x" * 101}),
        ("InvalidDescription", {"Description": "x" * 101}),
        ("InvalidParameter.TagKey", {"Tags": [{"Key": "aliyun1"}]}),
        ("InvalidRegionId.NotFound", {"RegionId": "cn-nowhere"}),
        ("MissingIpAddress", {"IpAddress": None}),
    ],
)  # fmt: skip
def test_what_no_gateway_can_be_is_refused(cloud, code, params):
    refused(cloud, code, "CreateCustomerGateway", **{"IpAddress": "192.168.10.136", "Asn": "65530", **params})
    if params.keys() & {"AuthKey", "Name", "Description"}:
        one = make(cloud, Asn=params.get("Asn", "65530"))
        refused(cloud, code, "ModifyCustomerGatewayAttribute", CustomerGatewayId=one,
                **{key: value for key, value in params.items() if key != "Asn"})  # fmt: skip


@pytest.mark.parametrize(
    ("written", "number"), [("1", 1), ("4294967295", 4294967295), ("123.456", 8061384), ("65535.65535", 4294967295)]
)
def test_as_numbers_have_two_notations(cloud, written, number):
    make(cloud, Asn=written)
    assert listed(cloud)[0]["Asn"] == number


def test_without_as_number_none_is_told(cloud):
    make(cloud)
    assert "Asn" not in listed(cloud)[0]


def test_an_address_is_registered_once_in_a_region(cloud):
    make(cloud)
    refused(cloud, "InvalidIpAddress.AlreadyExist", "CreateCustomerGateway", IpAddress="192.168.10.136")
    make(cloud, RegionId="cn-beijing")
    make(cloud, account=OTHER)
    for index in range(99):
        make(cloud, f"192.168.20.{index}")
    refused(cloud, "CreateVpnUserGatewayQuotaFull.QuotaFull", "CreateCustomerGateway", IpAddress="192.168.30.1")


def test_a_gateway_that_a_tunnel_leads_to_stays(cloud):
    connection(cloud)
    refused(cloud, "DependencyViolation.VpnConnection", "DeleteCustomerGateway", CustomerGatewayId="cgw-11")
    do(cloud, "DeleteVpnAttachment", VpnConnectionId="vco-1")
    do(cloud, "DeleteCustomerGateway", CustomerGatewayId="cgw-11")
    [told] = do(cloud, "DescribeVpnConnections")["VpnConnections"]["VpnConnection"]
    assert told["State"] == "deleted"
    cloud.settle()
    assert [one.id for one in cloud.world.everything()] == ["cgw-12"]


def test_a_key_that_is_being_changed_is_not_changed_again(cloud):
    one = make(cloud, Asn="65530")
    do(cloud, "ModifyCustomerGatewayAttribute", CustomerGatewayId=one, AuthKey="a")
    with pytest.raises(CloudError) as caught:
        do(cloud, "ModifyCustomerGatewayAttribute", CustomerGatewayId=one, AuthKey="b")
    assert (caught.value.code, caught.value.status) == ("OperationConflict", 409)
    do(cloud, "ModifyCustomerGatewayAttribute", CustomerGatewayId=one, Name="b")


def test_lists_hold_ones_own_by_id_group_tag_and_region(cloud):
    first = make(cloud, Tags=[{"Key": "a", "Value": "1"}])
    second = make(cloud, "192.168.10.137", ResourceGroupId="rg-2")
    for params, ids in (({}, [first, second]), ({"CustomerGatewayId": second}, [second]),
                        ({"ResourceGroupId": "rg-2"}, [second]), ({"Tag": [{"Key": "a"}]}, [first]),
                        ({"RegionId": "cn-beijing"}, []), ({"account": OTHER}, []),
                        ({"PageSize": 1, "PageNumber": 2}, [second])):  # fmt: skip
        assert [one["CustomerGatewayId"] for one in listed(cloud, **params)] == ids, params
    assert cloud.world.count(ACCOUNT, "customer_gateway") == 2
    for action in ("DescribeCustomerGateway", "ModifyCustomerGatewayAttribute", "DeleteCustomerGateway"):
        for where in ({"account": OTHER}, {"RegionId": "cn-beijing"}):
            refused(cloud, "InvalidCustomerGatewayInstanceId.NotFound", action, CustomerGatewayId=first, **where)
