"""Throttling, forms of answers, and what happens to an answer that is waited for."""

import asyncio
import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.api.openapi import Answer, Limits, Rate, make_app
from sealane.api.openapi.answers import render
from sealane.api.openapi.app import wall_clock_ms
from sealane.api.openapi.limits import Throttle
from sealane.cloud import CloudError
from served import ACTIONS, KEYS
from signed import v3


def spend(throttle, key="k", action="a"):
    try:
        throttle.spend(key, action)
    except CloudError as error:
        return error.code
    return ""


@given(
    waits=st.lists(st.floats(0, 20), max_size=50),
    per_s=st.floats(0.1, 5),
    burst=st.integers(1, 10),
)
def test_no_span_of_time_has_more_calls_than_its_rate_and_one_burst(waits, per_s, burst):
    clock = [0.0]
    throttle = Throttle(Limits(key_rate=Rate(per_s, burst), action_rate=None), lambda: clock[0])
    passed = []
    for wait in waits:
        clock[0] += wait
        if not spend(throttle):
            passed.append(clock[0])
        assert spend(Throttle(Limits(key_rate=None, action_rate=None), lambda: clock[0])) == ""
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + per_s * (passed[last] - passed[first]) + 1e-6


def test_keys_and_actions_have_their_own_rates():
    throttle = Throttle(Limits(key_rate=Rate(1, 3), action_rate=Rate(1, 1)), lambda: 0.0)
    assert [spend(throttle, "k", "a"), spend(throttle, "k", "a"), spend(throttle, "k", "b")] == [
        "",
        "Throttling.Api",
        "",
    ]
    assert [spend(throttle, "k", "c"), spend(throttle, "l", "a")] == ["Throttling.User", ""]


def test_what_is_forgotten_of_the_rates_changes_nothing(monkeypatch):
    monkeypatch.setattr(Throttle, "_SWEEP_AT", 4)
    clock = [0.0]
    throttle = Throttle(Limits(key_rate=Rate(1, 2), action_rate=None), lambda: clock[0])
    assert [spend(throttle, "busy") for _ in range(3)] == ["", "", "Throttling.User"]
    for second in range(1, 40):
        clock[0] = second / 40
        spend(throttle, f"idle-{second}")
        assert spend(throttle, "busy") == "Throttling.User"
    clock[0] = 100
    for one in range(200):
        clock[0] += 3
        spend(throttle, f"other-{one}")
    assert len(throttle._buckets) < 100


BODY = {
    "Yes": True,
    "Number": 7,
    "Part": 0.5,
    "Nothing": None,
    "Empty": {"Vpc": []},
    "Flat": ["a", "b"],
    "Wrapped": {"Item": [{"A": "<1>"}, {"A": "2", "B": ["x"]}]},
    "not a name": "n",
}


def test_lists_are_repeated_elements_and_nothing_is_left_out():
    rendered = render(200, BODY, root="DescribeVpcsResponse", request_id="R", xml=True)
    root = ET.fromstring(rendered.body)
    assert root.tag == "DescribeVpcsResponse"
    assert [one.text for one in root.findall("Flat")] == ["a", "b"]
    assert [one.findtext("A") for one in root.findall("Wrapped/Item")] == ["<1>", "2"]
    assert root.findtext("Wrapped/Item/B") == "x"
    assert root.find("Nothing") is None
    assert list(root.find("Empty")) == []
    assert [root.findtext(name) for name in ("Yes", "Number", "Part", "_", "RequestId")] == [
        "true",
        "7",
        "0.5",
        "n",
        "R",
    ]


def test_json_holds_what_was_answered_under_our_request_id():
    rendered = render(200, {**BODY, "RequestId": "theirs"}, root="", request_id="R", xml=False)
    assert json.loads(rendered.body) == {**BODY, "RequestId": "R"}


@given(st.text())
def test_any_text_can_be_answered_in_xml(text):
    rendered = render(200, {"Text": text}, root="Error", request_id="R", xml=True)
    ET.fromstring(rendered.body)


def scope_of(wire):
    return {
        "type": "http",
        "method": wire.method,
        "path": wire.path,
        "raw_path": b"/",
        "root_path": "",
        "query_string": wire.query,
        "headers": [(name.encode(), value.encode()) for name, (value,) in wire.headers.items()],
        "client": None,
    }


def test_what_was_begun_is_carried_on_when_the_request_is_cancelled():
    async def run():
        begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def write():
            begun.set()
            await may_end.wait()
            ended.set()
            return Answer(200, {})

        app = make_app(lambda _: write(), KEYS, Limits(), actions=ACTIONS)
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}])
        sent = []

        async def receive():
            return next(messages)

        async def send(message):
            sent.append(message)

        task = asyncio.create_task(app(scope_of(v3({}, at_ms=wall_clock_ms())), receive, send))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        may_end.set()
        await asyncio.wait_for(ended.wait(), 5)
        assert sent == []

    asyncio.run(run())
