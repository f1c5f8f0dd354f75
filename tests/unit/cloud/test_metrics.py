import json
from itertools import pairwise
from pathlib import Path

import pytest
from harness import ACCOUNT, OTHER, START_MS, Cloud, border, connection
from hypothesis import given
from hypothesis import strategies as st

from sealane.cloud.cms.metrics import CLASSES, METRICS, PERIODS
from sealane.cloud.cms.rates import Growth, datapoints, growth, together
from sealane.cloud.observed import Nothing, Point

VPN = {"Namespace": "acs_vpn", "MetricName": "net_rx.rate"}
VBR = {"Namespace": "acs_physical_connection", "MetricName": "vbr_esp.pkgs"}
BEGIN = START_MS + 3_600_000
"""A full hour, so that it is the beginning of a period of any length."""


class Counters(Nothing):
    """Readings by instance and counter."""

    def __init__(self):
        self.points = {}

    def metric(self, name, instance, from_ms, to_ms):
        return tuple(one for one in self.points.get((instance, name), ()) if from_ms <= one.at_ms <= to_ms)

    def read(self, instance, counter, values, begin=BEGIN, each_ms=1000):
        self.points[instance, counter] = [Point(begin + index * each_ms, value) for index, value in enumerate(values)]


@pytest.fixture
def counters():
    return Counters()


@pytest.fixture
def cloud(counters):
    made = Cloud(counters)
    connection(made)
    border(made)
    made.now_ms = BEGIN + 600_000
    return made


def ask(cloud, action="DescribeMetricList", **params):
    params = {key: json.dumps(value) if key == "Dimensions" and not isinstance(value, str) else value
              for key, value in {"StartTime": BEGIN, **params}.items()}
    answer = cloud.call("Cms", action, **params)
    assert answer["Code"] == "200"
    return json.loads(answer["Datapoints"])


def shown(found):
    return [(one["timestamp"] - BEGIN, one["Minimum"], one["Average"], one["Maximum"]) for one in found]


def test_bytes_of_a_counter_become_bits_each_second(cloud, counters):
    counters.read("tun-11", "bytes_in", [0, 1000, 3000, 3000])
    one = {"instanceId": "vco-1", "tunnelId": "tun-11"}
    found = ask(cloud, **VPN, Period=1, Dimensions=one)
    assert shown(found) == [(0, 8000, 8000, 8000), (1000, 16000, 16000, 16000), (2000, 0, 0, 0)]
    assert {(each["userId"], each["instanceId"], each["tunnelId"]) for each in found} == {(ACCOUNT, "vco-1", "tun-11")}
    assert shown(ask(cloud, **VPN, Period=15, Dimensions=[one])) == [(0, 0, 8000, 16000)]


def test_a_connection_is_the_sum_of_its_tunnels(cloud, counters):
    counters.read("tun-11", "bytes_in", [0, 1000, 2000])
    counters.read("tun-12", "bytes_in", [0, 0, 3000])
    found = ask(cloud, **VPN, Period=1, Dimensions={"instanceId": "vco-1"})
    assert shown(found) == [(0, 8000, 8000, 8000), (1000, 32000, 32000, 32000)]
    assert all("tunnelId" not in one for one in found)


def test_packets_of_a_border_router_by_class(cloud, counters):
    counters.read("vbr-1", "esp_packets", [5, 10])
    counters.read("vbr-1", "esp_bytes", [0, 1000])
    assert shown(ask(cloud, **VBR, Period=1)) == [(0, 5, 5, 5)]
    assert shown(ask(cloud, **{**VBR, "MetricName": "vbr_esp.rate"}, Period=1)) == [(0, 8000, 8000, 8000)]
    assert ask(cloud, **{**VBR, "MetricName": "vbr_blocked.rate"}, Period=1) == []


def test_every_counter_has_a_metric(cloud, counters):
    tunnels = {f"{what}_{way}" for what in ("bytes", "packets") for way in ("in", "out")}
    routers = {f"{one}_{what}" for one in CLASSES for what in ("bytes", "packets")}
    assert {one.counter for one in METRICS.values()} == tunnels | routers
    for (namespace, name), metric in METRICS.items():
        instance = "tun-11" if namespace == "acs_vpn" else "vbr-1"
        counters.points.clear()
        counters.read(instance, metric.counter, [0, 3])
        [one] = ask(cloud, Namespace=namespace, MetricName=name, Period=1)
        assert one["Average"] == 3 * metric.factor


def test_the_classes_are_those_that_the_network_is_metered_by():
    from sealane.app.server.reading import METERED

    assert tuple(CLASSES) == METERED


def test_a_counter_that_begins_again_makes_no_negative_rate(cloud, counters):
    counters.read("tun-11", "bytes_in", [5000, 6000, 500, 1500])
    found = ask(cloud, **VPN, Period=1, Dimensions={"instanceId": "vco-1"})
    assert [one["Average"] for one in found] == [8000, 4000, 8000]


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=40), st.sampled_from(PERIODS), st.integers(1, 7000))
def test_nothing_of_what_was_counted_is_lost_and_no_rate_is_negative(values, period, each_ms):
    points = [Point(index * each_ms, value) for index, value in enumerate(values)]
    grown = tuple(growth(points))
    found = list(datapoints(grown, period, 1))
    assert all(0 <= one.minimum <= one.average * (1 + 1e-9) and one.average <= one.maximum * (1 + 1e-9)
               for one in found)
    assert [one.at_ms for one in found] == sorted({one.at_ms for one in found})
    assert all(one.at_ms % (period * 1000) == 0 for one in found)
    total = 0.0
    for one in found:
        inside = [each for each in grown if one.at_ms < each.to_ms <= one.at_ms + period * 1000]
        total += one.average * sum(each.to_ms - each.from_ms for each in inside) / 1000
    expected = sum(b if b < a else b - a for a, b in pairwise(values))
    assert total == pytest.approx(expected)


@given(st.lists(st.lists(st.integers(0, 10**9), min_size=3, max_size=3), min_size=1, max_size=4))
def test_the_growth_of_several_counters_is_added(counts):
    several = [[Growth(at * 10, at * 10 + 10, amount) for at, amount in enumerate(one)] for one in counts]
    assert [one.amount for one in together(several)] == [sum(column) for column in zip(*counts, strict=True)]


def test_readings_at_one_moment_are_no_rate():
    assert list(growth([Point(5, 1), Point(5, 9)])) == []
    assert list(growth([Point(5, 1)])) == []


def test_only_periods_that_have_ended_and_begin_in_the_time_are_told(cloud, counters):
    counters.read("vbr-1", "esp_packets", [60 * one for one in range(5)], each_ms=60_000)
    every = [0, 60_000, 120_000, 180_000]
    assert [one for one, *_ in shown(ask(cloud, **VBR))] == every
    assert [one for one, *_ in shown(ask(cloud, **VBR, EndTime=BEGIN + 120_000))] == every[:2]
    assert [one for one, *_ in shown(ask(cloud, **VBR, StartTime=BEGIN + 1))] == every[1:]
    cloud.now_ms = BEGIN + 178_000
    assert [one for one, *_ in shown(ask(cloud, **VBR))] == every[:2]


def test_the_same_rate_is_told_wherever_the_time_begins(cloud, counters):
    counters.read("vbr-1", "esp_packets", [3 * one * one for one in range(100)], each_ms=1030)
    whole = ask(cloud, **VBR, Period=1)
    for begin in range(BEGIN + 1000, BEGIN + 40_000, 1000):
        assert ask(cloud, **VBR, Period=1, StartTime=begin) == [one for one in whole if one["timestamp"] >= begin]


@pytest.mark.parametrize("written", [str(BEGIN), "2026-01-01 01:00:00", "2026-01-01T01:00:00Z"])
def test_times_in_each_form(cloud, counters, written):
    counters.read("vbr-1", "esp_packets", [0, 1, 2, 3])
    assert [one for one, *_ in shown(ask(cloud, **VBR, Period=1, StartTime=written))] == [0, 1000, 2000]
    assert ask(cloud, **VBR, Period=1, StartTime=BEGIN - 1000, EndTime=written) == []


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8])
def test_every_datapoint_is_told_once_in_portions(cloud, counters, length):
    for tunnel in ("tun-11", "tun-12"):
        counters.read(tunnel, "bytes_in", range(6))
    wanted = [{"instanceId": "vco-1", "tunnelId": one} for one in ("tun-12", "tun-11")]
    asked = {**VPN, "Period": 1, "StartTime": BEGIN, "Dimensions": json.dumps(wanted)}
    seen, token = [], None
    while token != "":
        answer = cloud.call("Cms", "DescribeMetricList", **asked, Length=length, NextToken=token)
        portion = json.loads(answer["Datapoints"])
        assert len(portion) <= length
        seen += [(one["timestamp"], one["tunnelId"]) for one in portion]
        token = answer.get("NextToken", "")
    assert seen == sorted(set(seen))
    assert len(seen) == 10
    assert len(ask(cloud, "DescribeMetricData", **VPN, Period=1, Dimensions=wanted, Length=length)) == length


def test_the_last_datapoint_of_each_and_the_top_of_them(cloud, counters):
    connection(cloud, 2)
    counters.read("tun-11", "bytes_in", [0, 9, 10])
    counters.read("tun-21", "bytes_in", [0, 1, 3, 3, 8])
    last = ask(cloud, "DescribeMetricLast", **VPN, Period=1)
    assert {one["instanceId"]: one["Average"] for one in last} == {"vco-1": 8, "vco-2": 40}
    for descending, order in ((None, ["vco-2", "vco-1"]), ("True", ["vco-2", "vco-1"]), ("False", ["vco-1", "vco-2"])):
        top = ask(cloud, "DescribeMetricTop", **VPN, Period=1, Orderby="Average", OrderDesc=descending)
        assert [one["instanceId"] for one in top] == order
        assert [one["order"] for one in top] == [1, 2]
    assert len(ask(cloud, "DescribeMetricTop", **VPN, Period=1, Orderby="Average", Length=1)) == 1
    cloud.refused("ParameterInvalid", "Cms", "DescribeMetricTop", **VPN, Orderby="Sum")


def test_an_account_sees_what_is_its_own(cloud, counters):
    counters.read("vbr-1", "esp_packets", [0, 1])
    assert ask(cloud, **VBR, Period=1, account=OTHER) == []
    cloud.refused("ResourceNotFound", "Cms", "DescribeMetricList", **VBR, account=OTHER,
                  Dimensions='{"instanceId": "vbr-1"}')


@pytest.mark.parametrize(("code", "params"), [
    ("ResourceNotFound", {"MetricName": "cpu"}),
    ("ResourceNotFound", {"Namespace": "acs_ecs_dashboard"}),
    ("ResourceNotFound", {"MetricName": "vbr_esp.rate"}),
    ("ResourceNotFound", {"Dimensions": '{"instanceId": "vco-9"}'}),
    ("ResourceNotFound", {"Dimensions": '{"instanceId": "vbr-1"}'}),
    ("ResourceNotFound", {"Dimensions": '{"instanceId": "vco-1", "tunnelId": "tun-21"}'}),
    ("ParameterInvalid", {"Namespace": "acs_physical_connection", "MetricName": "vbr_esp.rate",
                          "Dimensions": '{"instanceId": "vbr-1", "tunnelId": "tun-11"}'}),
    ("ParameterInvalid", {"Dimensions": "vco-1"}),
    ("ParameterInvalid", {"Dimensions": '["vco-1"]'}),
    ("ParameterInvalid", {"Dimensions": '{"tunnelId": "tun-11"}'}),
    ("ParameterInvalid", {"Dimensions": '{"instanceId": 1}'}),
    ("ParameterInvalid", {"Dimensions": '{"instanceId": "vco-1", "other": "x"}'}),
    ("ParameterInvalid", {"Dimensions": json.dumps([{"instanceId": "vco-1"}] * 51)}),
    ("ParameterInvalid", {"Dimensions": "[" * 100_000}),
    ("ParameterInvalid", {"Period": 7}),
    ("ParameterInvalid", {"Period": "minute"}),
    ("ParameterInvalid", {"StartTime": "yesterday"}),
    ("ParameterInvalid", {"StartTime": BEGIN, "EndTime": BEGIN}),
    ("ParameterInvalid", {"StartTime": BEGIN - 32 * 86_400_000, "EndTime": BEGIN}),
    ("ParameterInvalid", {"Length": "many"}),
    ("ParameterInvalid", {"NextToken": "!"}),
    ("OperationUnsupported.Express", {"Express": '{"groupby": ["userId"]}'}),
])
def test_what_may_be_asked_for(cloud, code, params):
    cloud.refused(code, "Cms", "DescribeMetricList", **{**VPN, **params})


def test_metrics_and_namespaces_are_listed_by_name_and_label(cloud):
    def metas(**more):
        answer = cloud.call("Cms", "DescribeMetricMetaList", PageSize=1000, **more)
        return [(one["Namespace"], one["MetricName"]) for one in answer["Resources"]["Resource"]]

    assert set(metas()) == METRICS.keys()
    assert metas(**VPN) == [("acs_vpn", "net_rx.rate")]
    assert {one for one, _ in metas(Labels='[{"name": "product", "value": "vpn"}]')} == {"acs_vpn"}
    assert metas(Labels='[{"name": "product", "value": "ecs"}]') == metas(Namespace="acs_ecs") == []
    projects = cloud.call("Cms", "DescribeProjectMeta")
    assert (projects["Total"], [one["Namespace"] for one in projects["Resources"]["Resource"]]) == (
        "2", ["acs_vpn", "acs_physical_connection"])
    for wrong in ("x", "1", "[1]", "[{}]"):
        cloud.refused("ParameterInvalid", "Cms", "DescribeProjectMeta", Labels=wrong)


def test_the_documentation_names_every_metric():
    text = (Path(__file__).parents[3] / "docs/howto/serve.md").read_text(encoding="utf-8")
    names = text.replace("vbr_CLASS", "vbr_{}")
    for (namespace, name), metric in METRICS.items():
        written = f"vbr_{{}}.{name.rpartition('.')[2]}" if namespace != "acs_vpn" else name
        [row] = [one for one in names.splitlines() if f"`{namespace}`" in one and f"`{written}`" in one]
        assert f"| {metric.unit} |" in row
    assert all(f"`{one}`" in text for one in CLASSES)
    assert f"{', '.join(map(str, PERIODS[:-1]))} and {PERIODS[-1]} seconds" in text
