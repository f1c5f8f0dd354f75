import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.cloud import CloudError
from sealane.cloud.schema import PRODUCTS, ShapeError, actions, decode, schema, shape

OPERATIONS = [(product, action) for product in PRODUCTS for action in actions(product)]
VPC = {"RegionId": "cn-hangzhou"}


def refused(product, action, flat):
    with pytest.raises(CloudError) as caught:
        decode(product, action, flat)
    assert caught.value.status == 400
    return caught.value


def test_lists_begin_at_one_are_sorted_by_number_and_may_have_gaps():
    flat = {"Tag.10.Key": "c", "Tag.9.Key": "b", "Tag.2.Key": "a", **VPC}
    assert decode("Vpc", "CreateVpc", flat)["Tag"] == [{"Key": "a"}, {"Key": "b"}, {"Key": "c"}]


def test_lists_in_lists():
    flat = {"Filter.1.Key": "Status", "Filter.1.Value.2": "y", "Filter.1.Value.1": "x", **VPC}
    assert decode("Vpc", "DescribePhysicalConnections", flat)["Filter"] == [{"Key": "Status", "Value": ["x", "y"]}]


@pytest.mark.parametrize("given_as", ["parts", "json"])
def test_names_that_callers_choose_may_have_dots(given_as):
    options = {"ipv6Support": "enable", "a.b": "c", "a.d": "e"}
    name = "TransitRouterVPCAttachmentOptions"
    parts = {f"{name}.{part}": value for part, value in options.items()}
    flat = parts if given_as == "parts" else {name: json.dumps(options)}
    flat["TransitRouterAttachmentId"] = "tr-attach-1"
    assert decode("Cbn", "UpdateTransitRouterVpcAttachmentAttribute", flat)[name] == options


@pytest.mark.parametrize(("text", "value"), [("True", True), ("true", True), ("False", False), ("false", False)])
def test_booleans_as_clients_write_them(text, value):
    assert decode("Vpc", "CreateVpc", {"EnableIpv6": text, **VPC})["EnableIpv6"] is value


def test_json_text_is_parsed_and_typed():
    cidrs = [{"Cidr": "10.10.10.0/24", "PublishCidrRoute": "true"}, {"Cidr": "10.10.11.0/24"}]
    flat = {"CenId": "cen-1", "RegionId": "r", "TransitRouterCidrList": json.dumps(cidrs)}
    decoded = decode("Cbn", "CreateTransitRouter", flat)["TransitRouterCidrList"]
    assert decoded == [{"Cidr": "10.10.10.0/24", "PublishCidrRoute": True}, {"Cidr": "10.10.11.0/24"}]


def least(spec, required, path=""):
    """A value with no more than what is required."""
    if isinstance(spec, list):
        return [least(spec[0], required, path)]
    if isinstance(spec, dict):
        return {name: least(one, required, path + name + ".") for name, one in spec.items() if path + name in required}
    return {"str": "x", "int": 1, "bool": True}[spec]


@pytest.mark.parametrize(("product", "action"), OPERATIONS)
def test_each_required_parameter_is_missed(product, action):
    made = schema(product, action)
    given = least(made.request, made.required)
    flat = {name: one if isinstance(one, str) else json.dumps(one) for name, one in given.items()}
    assert decode(product, action, flat) == given
    for name in flat:
        without = {key: value for key, value in flat.items() if key != name}
        for nothing in ({}, {name: ""}):
            assert refused(product, action, {**without, **nothing}).code == f"Missing{name}"


def test_a_member_that_every_struct_must_have_is_missed():
    error = refused("Cbn", "CreateTransitRouterVpcAttachment", {"VpcId": "v", "ZoneMappings.2.ZoneId": "h"})
    assert (error.code, "ZoneMappings.2.VSwitchId" in error.message) == ("MissingParam.VSwitchId", True)


def test_an_empty_text_of_a_struct_is_given():
    flat = {"RegionId": "r", "ResourceType": "instance", "ResourceId.1": "i", "Tag.1.Key": "k", "Tag.1.Value": ""}
    assert decode("Ecs", "TagResources", flat)["Tag"] == [{"Key": "k", "Value": ""}]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PageSize", "ten"), ("PageSize", "1.5"), ("PageSize", "1_0"), ("PageSize", "٣"), ("PageSize", "9" * 5000),
        ("DryRun", "yes"), ("DryRun", "1"), ("PageNumber.1", "1"), ("VpcName.1", "x"), ("Tag", "a,b"),
        ("Tag", "[" * 9000),
        ("Tag", '{"Key": "x"}'), ("Tag", "[1]"), ("Tag.1", "x"), ("Tag", "[NaN]"), ("Tag", '[{"Key": "\\ud800"}]'),
        ("Tag", '[{"Key": ["x"]}]'), ("Tag", "9" * 5000),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_the_name_of_its_parameter(name, value):
    error = refused("Vpc", "DescribeVpcs", {name: value, **VPC})
    assert (error.code, name.partition(".")[0] in error.message) == ("InvalidParameter", True)


def test_a_parameter_given_whole_and_in_parts_is_refused():
    for flat in ({"Tag": "[]", "Tag.1.Key": "x"}, {"Tag.1.Key": "x", "Tag": "[]"}):
        assert "both whole and in parts" in refused("Vpc", "CreateVpc", {**flat, **VPC}).message


def test_what_the_operation_does_not_have_is_ignored_and_told():
    flat = {
        "Tag.1.Key": "k",
        "Tag.1.Key2": "z",
        "Tag.x.Key": "z",
        "Tag.0.Key": "z",
        "Bogus.1": "z",
        ".".join("a" * 999): "z",
    }
    unknown = []
    assert decode("Vpc", "CreateVpc", {**flat, **VPC}, unknown=unknown) == {
        "RegionId": "cn-hangzhou",
        "Tag": [{"Key": "k"}],
    }
    assert sorted(unknown) == sorted(name for name in flat if name != "Tag.1.Key")


def test_what_any_call_may_carry_is_not_unknown():
    flat = {"Action": "DescribeCens", "Version": "2017-09-12", "RegionId": "r", "OwnerAccount": "a", "OwnerId": "5"}
    unknown = []
    assert decode("Cbn", "DescribeCens", flat, unknown=unknown) == {"OwnerAccount": "a", "OwnerId": 5}
    assert unknown == []


def test_an_unknown_action_is_not_found():
    for product, action in (("Vpc", "CreateCen"), ("../Vpc", "CreateVpc")):
        with pytest.raises(CloudError, match=r"InvalidAction\.NotFound"):
            decode(product, action, {})


NAMES = st.lists(
    st.sampled_from(("Tag", "Filter", "Key", "Value", "1", "2", "0", "-1", "", "TunnelOptionsSpecification", "RegionId",
                     "TunnelIkeConfig", "TunnelIndex", "ZoneMappings", "TransitRouterVPCAttachmentOptions", "*")),
    min_size=1, max_size=5,
).map(".".join)  # fmt: skip
VALUES = st.text(max_size=8) | st.sampled_from(
    ('[{"Key": {"1": 2}}]', "{}", "[]", "[[[]]]", "null", "1e999", "[1e999]")
)


@given(st.sampled_from(OPERATIONS), st.dictionaries(NAMES, VALUES, max_size=8))
def test_any_input_is_decoded_or_refused(operation, flat):
    with contextlib.suppress(CloudError):
        json.dumps(decode(*operation, flat), allow_nan=False).encode()


def test_an_answer_is_put_right():
    vpc = {"VpcId": "vpc-1", "OwnerId": "123", "IsDefault": 0, "VSwitchIds": ("vsw-1",), "Tags": None}
    assert shape("Vpc", "DescribeVpcs", {"TotalCount": "2", "Vpcs": [vpc]}, strict=True) == {
        "TotalCount": 2,
        "Vpcs": {
            "Vpc": [{"VpcId": "vpc-1", "OwnerId": 123, "IsDefault": False, "VSwitchIds": {"VSwitchId": ["vsw-1"]}}]
        },
    }


def test_texts_where_the_model_says_so():
    tunnel = {"EnableDpd": True, "TunnelBgpConfig": {"LocalAsn": 65534}, "TunnelIkeConfig": {"IkeLifetime": 86400}}
    shaped = shape("Vpc", "DescribeVpnConnection", {"TunnelOptionsSpecification": [tunnel]}, strict=True)
    assert shaped["TunnelOptionsSpecification"]["TunnelOptions"] == [
        {"EnableDpd": "true", "TunnelBgpConfig": {"LocalAsn": "65534"}, "TunnelIkeConfig": {"IkeLifetime": "86400"}}
    ]


@pytest.mark.parametrize(
    ("vpc", "words"),
    [
        ({"Vpcid": "x"}, "Vpcs.Vpc has no Vpcid"), ({"VpcId": {"x": 1}}, "Vpcs.Vpc.VpcId: dict is not str"),
        ({"IsDefault": "maybe"}, "IsDefault"), ({"OwnerId": "me"}, "OwnerId"),
        ({"Tags": {"tag": []}}, "Tags has no tag"),
        ({"VSwitchIds": "vsw-1"}, "VSwitchIds"), ({"VSwitchIds": {"VSwitchId": {}}}, "VSwitchId"),
    ],
)  # fmt: skip
def test_what_the_model_does_not_have_is_an_error_in_tests_and_dropped_in_production(vpc, words):
    answer = {"Vpcs": {"Vpc": [{"Status": "Available", **vpc}]}}
    with pytest.raises(ShapeError, match=words):
        shape("Vpc", "DescribeVpcs", answer, strict=True)
    [left] = shape("Vpc", "DescribeVpcs", answer)["Vpcs"]["Vpc"]
    assert left["Status"] == "Available"
    assert not any(left.get(name) for name in vpc)
