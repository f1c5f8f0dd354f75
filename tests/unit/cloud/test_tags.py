"""Tags of any product, tried on documents of one kind."""

import pytest
from harness import ACCOUNT, OTHER, Cloud

from sealane.cloud import Call, CloudError, Transaction, tags

KINDS = {"TRANSITROUTER": "transit_router", "ODD": "transit_router"}


def fits(document, resource_type):
    return resource_type != "ODD" or document.id == "tr-2"


@pytest.fixture
def cloud():
    made = Cloud()
    for index in (1, 2, 3):
        made.put(f"tr-{index}", "transit_router", TransitRouterName="x")
    made.put("tr-9", "transit_router", account=OTHER)
    return made


def run(cloud, work, account=ACCOUNT, size=None, **params):
    state = Transaction(cloud.world)
    call = Call("Cbn", "TagResources", params, account, 0, "R", lambda prefix, _: prefix)
    answer = work(call, state, KINDS, fits=fits, **({} if size is None else {"size": size}))
    cloud.world.adopt(state.changes)
    return answer


def refused(cloud, work, **params):
    before = cloud.snapshot()
    with pytest.raises(CloudError) as error:
        run(cloud, work, **params)
    assert cloud.snapshot() == before
    return error.value.code


def tag(key, value="v"):
    return {"Key": key, "Value": value}


def put(cloud, *names, on=("tr-1",), kind="TransitRouter"):
    run(cloud, tags.tag_resources, ResourceType=kind, ResourceId=on, Tag=list(names))


def listed(cloud, **params):
    found = run(cloud, tags.list_tag_resources, **{"ResourceType": "TransitRouter", **params})
    return [(one["ResourceId"], one["TagKey"], one["TagValue"]) for one in found["TagResources"]["TagResource"]]


def test_tags_are_set_replaced_listed_and_removed(cloud):
    put(cloud, tag("a"), tag("b", ""), on=("tr-1", "tr-2"))
    put(cloud, tag("a", "w"))
    assert listed(cloud, ResourceId=["tr-1", "tr-2", "tr-9"]) == [
        ("tr-1", "a", "w"),
        ("tr-1", "b", ""),
        ("tr-2", "a", "v"),
        ("tr-2", "b", ""),
    ]
    assert listed(cloud, Tag=[tag("a", "w")]) == [("tr-1", "a", "w"), ("tr-1", "b", "")]
    assert {one for one, _, _ in listed(cloud, Tag=[{"Key": "a"}])} == {"tr-1", "tr-2"}
    run(cloud, tags.untag_resources, ResourceType="transitrouter", ResourceId=["tr-1"], TagKey=["a", "zz"])
    assert listed(cloud, ResourceId=["tr-1"]) == [("tr-1", "b", "")]
    run(cloud, tags.untag_resources, ResourceType="TransitRouter", ResourceId=["tr-1", "tr-2"], All=True)
    assert listed(cloud, ResourceId=["tr-1", "tr-2"]) == []
    assert cloud.world.get("tr-1").text("TransitRouterName") == "x"


def test_all_is_ignored_when_keys_are_given(cloud):
    put(cloud, tag("a"), tag("b"))
    run(cloud, tags.untag_resources, ResourceType="TransitRouter", ResourceId=["tr-1"], TagKey=["a"], All=True)
    assert listed(cloud, ResourceId=["tr-1"]) == [("tr-1", "b", "v")]


def test_a_long_list_is_continued(cloud):
    for index in range(60):
        cloud.put(f"tr-x{index}", "transit_router")
        put(cloud, tag("a"), on=(f"tr-x{index}",))
    first = run(
        cloud, tags.list_tag_resources, ResourceType="TransitRouter", Tag=[tag("a")], PageSize=40, size="PageSize"
    )
    rest = run(
        cloud, tags.list_tag_resources, ResourceType="TransitRouter", Tag=[tag("a")], NextToken=first["NextToken"]
    )
    told = [one["ResourceId"] for part in (first, rest) for one in part["TagResources"]["TagResource"]]
    assert (told, rest["NextToken"]) == ([f"tr-x{index}" for index in range(60)], "")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([tag("x" * 65)], "InvalidParameter.TagKey"),
        ([tag("")], "InvalidParameter.TagKey"),
        ([tag("http://x")], "InvalidParameter.TagKey"),
        ([tag("acs:x")], "InvalidParameter.TagKey"),
        ([tag("AliyunX")], "InvalidParameter.TagKey"),
        ([tag("x", "v" * 129)], "InvalidParameter.TagValue"),
        ([tag("x", "https://v")], "InvalidParameter.TagValue"),
        ([tag("x"), tag("x", "w")], "Duplicated.TagKey"),
        ([tag(str(index)) for index in range(21)], "SizeLimitExceeded.TagNum"),
    ],
)
def test_bad_tags_are_refused(cloud, given, code):
    assert refused(cloud, tags.tag_resources, ResourceType="TransitRouter", ResourceId=["tr-1"], Tag=given) == code


@pytest.mark.parametrize("ids", [["tr-1", "tr-9"], ["tr-1", "nothing"], ["tr-1", ""]])
def test_one_object_that_is_not_there_stops_all(cloud, ids):
    for work, more in ((tags.tag_resources, {"Tag": [tag("a")]}), (tags.untag_resources, {"TagKey": ["a"]})):
        code = refused(cloud, work, ResourceType="TransitRouter", ResourceId=ids, **more)
        assert code == "InvalidInstanceIds.NotFound"


def test_an_object_of_another_sort_of_its_kind_is_not_found(cloud):
    put(cloud, tag("a"), on=("tr-2",), kind="Odd")
    assert refused(cloud, tags.tag_resources, ResourceType="Odd", ResourceId=["tr-1"], Tag=[tag("a")]) == (
        "InvalidInstanceIds.NotFound"
    )
    put(cloud, tag("a"))
    assert [one for one, _, _ in listed(cloud, ResourceType="Odd", Tag=[{"Key": "a"}])] == ["tr-2"]


def test_twenty_tags_are_the_most(cloud):
    put(cloud, *(tag(f"k{index}") for index in range(20)))
    more = {"ResourceType": "TransitRouter", "ResourceId": ["tr-1"]}
    assert refused(cloud, tags.tag_resources, Tag=[tag("one more")], **more) == "QuotaExceeded.TagNum"
    put(cloud, tag("k0", "new"))


@pytest.mark.parametrize(
    ("work", "params", "code"),
    [
        (tags.list_tag_resources, {}, "BothEmpty.TagsAndResources"),
        (tags.list_tag_resources, {"ResourceId": ["tr-1"], "ResourceType": "Vpc"}, "InvalidResourceType.NotFound"),
        (
            tags.untag_resources,
            {"ResourceId": [f"tr-{index}" for index in range(51)], "All": True},
            "SizeLimitExceeded.ResourceIdNum",
        ),
    ],
)
def test_calls_that_say_too_little_or_too_much(cloud, work, params, code):
    assert refused(cloud, work, **{"ResourceType": "TransitRouter", **params}) == code
