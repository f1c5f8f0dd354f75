import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.cloud import Call, CloudError, Registry, Transaction, World
from sealane.cloud.refusal import refuse
from sealane.cloud.regions import REGIONS


def answer(call, state):
    return {"got": dict(call.params)}


def run(registry, action, **params):
    call = Call("Vpc", action, params, "1" * 16, 0, "r", "{}-{}".format)
    return registry.operations[action].handle(call, Transaction(World()))


def registry(**marks):
    made = Registry("Vpc")
    made.writes("CreateThing", **marks)(answer)
    return made


def test_a_refused_parameter_is_refused_before_the_handler_runs():
    with pytest.raises(CloudError) as refused:
        run(registry(refuses=["Ipv6"]), "CreateThing", Ipv6="2001:db8::/64", Name="x")
    assert (refused.value.code, refused.value.status) == ("OperationUnsupported.Ipv6", 400)


@pytest.mark.parametrize("nothing", [None, False, "", [], {}, [{}], [{"Inner": False}]])
def test_a_refused_parameter_that_asks_for_nothing_passes(nothing):
    assert run(registry(refuses=["Ipv6", "Ipv6.Inner"]), "CreateThing", Ipv6=nothing) == {"got": {"Ipv6": nothing}}


@pytest.mark.parametrize("something", [True, 0, "0", 5, "x"])
def test_members_of_structs_in_lists_are_refused(something):
    with pytest.raises(CloudError, match=r"OperationUnsupported\.Inner: .*Spec\.Inner"):
        refuse({"Spec": [{"Other": 1}, {"Inner": something}]}, ["Spec.Inner"])


@given(st.dictionaries(st.text(max_size=5), st.text(min_size=1, max_size=5), max_size=5), st.text(max_size=5))
def test_exactly_the_named_parameter_is_refused(params, name):
    if name in params and "." not in name:
        with pytest.raises(CloudError):
            refuse(params, [name])
    else:
        refuse(params, [name])


def test_the_handler_as_written_can_be_had_and_marks_are_kept():
    operation = registry(ignores=["A"], refuses=["B.C"]).operations["CreateThing"]
    assert inspect.unwrap(operation.handle) is answer
    assert (operation.ignores, operation.refuses) == ({"A"}, {"B.C"})


def test_nothing_is_both_ignored_and_refused():
    with pytest.raises(ValueError, match="both ignored and refused"):
        Registry("Vpc").reads("DescribeThings", ignores=["A"], refuses=["A"])


@given(st.sampled_from(["Vpc", "Ecs"]), st.text(max_size=12).filter(lambda one: one not in REGIONS))
def test_what_is_no_region_is_refused_before_any_handler_runs(product, region):
    registry = Registry(product)
    registry.reads("DescribeThings")(answer)
    call = Call(product, "DescribeThings", {"RegionId": region}, "1" * 16, 0, "r", "{}-{}".format)
    with pytest.raises(CloudError) as refused:
        registry.operations["DescribeThings"].handle(call, Transaction(World()))
    assert (refused.value.code, refused.value.status) == ("InvalidRegionId.NotFound", 404)


def test_a_region_or_none_passes_and_global_products_take_any():
    for product, region in (("Vpc", "cn-hangzhou"), ("Ecs", None), ("Cbn", "nowhere"), ("Cms", "nowhere")):
        registry = Registry(product)
        registry.reads("DescribeThings")(answer)
        call = Call(product, "DescribeThings", {"RegionId": region}, "1" * 16, 0, "r", "{}-{}".format)
        assert registry.operations["DescribeThings"].handle(call, Transaction(World()))
