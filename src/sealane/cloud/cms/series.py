"""Datapoints."""

import json
from collections.abc import Iterable
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.cms.metrics import STATISTICS
from sealane.cloud.cms.queries import Entry, Query, entries, invalid, query, whole
from sealane.cloud.cms.registry import CMS
from sealane.cloud.document import Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import portion_by
from sealane.cloud.world import Transaction

DEFAULT_LENGTH, MOST_POINTS = 1000, 1440


def _answer(asked: Query, found: Iterable[Entry]) -> dict[str, Json]:
    return {"Code": "200", "Period": asked.period_s, "Datapoints": json.dumps(list(found), separators=(",", ":"))}


def _portion(call: Call, asked: Query, found: Iterable[Entry]) -> Fields:
    """By Length and NextToken."""
    sized = replace(call, params={**call.params, "Length": max(1, _length(call))})
    try:
        told = portion_by(sized, found, _place, largest=MOST_POINTS, name="Length")
    except CloudError:
        raise invalid("NextToken is not one that was given out.") from None
    beside = {key: value for key, value in told.fields.items() if key == "NextToken"}
    return {**_answer(asked, told.items), **beside, "Success": True}


def _place(entry: Entry) -> str:
    return f"{entry['timestamp']:016} {entry['instanceId']} {entry.get('tunnelId', '')}"


def _length(call: Call) -> int:
    return min(MOST_POINTS, whole(call, "Length", DEFAULT_LENGTH))


@CMS.reads("DescribeMetricList", refuses=("Express",))
def describe_metric_list(call: Call, state: Transaction) -> Fields:
    """DescribeMetricList."""
    asked = query(call, state)
    return _portion(call, asked, entries(call, asked))


@CMS.reads("DescribeMetricLast", refuses=("Express",))
def describe_metric_last(call: Call, state: Transaction) -> Fields:
    """DescribeMetricLast: the last datapoint of each instance or tunnel."""
    asked = query(call, state)
    return _portion(call, asked, _latest(entries(call, asked)))


@CMS.reads("DescribeMetricData", refuses=("Express",))
def describe_metric_data(call: Call, state: Transaction) -> Fields:
    """DescribeMetricData: the first datapoints, without a token for more."""
    asked = query(call, state)
    return _answer(asked, entries(call, asked)[:_length(call)])


@CMS.reads("DescribeMetricTop", refuses=("Express",))
def describe_metric_top(call: Call, state: Transaction) -> Fields:
    """DescribeMetricTop: the last datapoints by one of their statistics, the highest first unless asked otherwise."""
    asked = query(call, state)
    by = call.text("Orderby")
    if by not in STATISTICS:
        raise invalid(f"Orderby {by} must be one of {', '.join(STATISTICS)}.")
    descending = call.text("OrderDesc", "true").lower() != "false"
    found = sorted(_latest(entries(call, asked)), key=lambda one: float(one[by]), reverse=descending)
    ranked: list[Entry] = [{**one, "order": place} for place, one in enumerate(found, 1)]
    return _answer(asked, ranked[:_length(call)])


def _latest(found: Iterable[Entry]) -> Iterable[Entry]:
    last = {(one["instanceId"], one.get("tunnelId")): one for one in found}
    return last.values()
