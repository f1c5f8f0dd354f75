"""What a call asks for: which metric of what, when, and at which intervals."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from sealane.cloud.call import Call
from sealane.cloud.cms.metrics import DEFAULT_PERIOD, METRICS, PERIODS, VPN, Metric
from sealane.cloud.cms.rates import datapoints, growth, rounded, together
from sealane.cloud.document import Document
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction

MOST_INSTANCES = 50
_MS = 1000
_HOUR_MS = 3600 * _MS
_LONGEST_MS = 31 * 24 * _HOUR_MS
_LONGEST_NUMBER = 15
_BEFORE_MS = 60 * _MS
"""How long before the first period a reading may be from which its growth is counted."""
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")
Entry: TypeAlias = "dict[str, int | float | str]"
"""A datapoint as it is told."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What has a series: the dimensions that it is told under, and the documents whose counters make it."""

    told: Mapping[str, str]
    counted: Sequence[str]


@dataclass(frozen=True, slots=True)
class Query:
    """A question for one metric, from one time up to another, both in milliseconds."""

    metric: Metric
    period_s: int
    from_ms: int
    to_ms: int
    subjects: Sequence[_Subject]


def query(call: Call, state: Transaction) -> Query:
    """What a call asks for.

    Raises:
        CloudError: ``ResourceNotFound`` or ``ParameterInvalid``.
    """
    metric = METRICS.get((call.text("Namespace"), call.text("MetricName")))
    if metric is None:
        raise CloudError("ResourceNotFound", f"{call.text('Namespace')} has no metric {call.text('MetricName')}.", 404)
    period = whole(call, "Period", DEFAULT_PERIOD)
    if period not in PERIODS:
        raise invalid(f"Period {period} must be one of {', '.join(map(str, PERIODS))}.")
    to_ms = _time(call, "EndTime", call.now_ms)
    from_ms = _time(call, "StartTime", to_ms - _HOUR_MS)
    if not 0 < to_ms - from_ms <= _LONGEST_MS:
        raise invalid("StartTime must be before EndTime, at most 31 days.")
    return Query(metric, period, from_ms, to_ms, tuple(_subjects(call, state, metric)))


def invalid(message: str) -> CloudError:
    """Of a parameter's value."""
    return CloudError("ParameterInvalid", message)


def whole(call: Call, name: str, default: int) -> int:
    """A positive number that is written as text.

    Raises:
        CloudError: ``ParameterInvalid``.
    """
    written = call.text(name) or str(default)
    if not (written.isascii() and written.isdigit() and len(written) <= _LONGEST_NUMBER):
        raise invalid(f"{name} {written} is not a number.")
    return int(written)


def _time(call: Call, name: str, default: int) -> int:
    """Unix milliseconds, or a date and time in UTC."""
    written = call.text(name)
    if written.isascii() and written.isdigit() and len(written) <= _LONGEST_NUMBER:
        return int(written)
    for form in _FORMS:
        try:
            return int(datetime.strptime(written, form).replace(tzinfo=UTC).timestamp()) * _MS
        except ValueError:
            continue
    if written:
        raise invalid(f"{name} {written} is neither Unix milliseconds nor YYYY-MM-DD hh:mm:ss.")
    return default


def _subjects(call: Call, state: Transaction, metric: Metric) -> Iterator[_Subject]:
    wanted = _dimensions(call)
    kind = "vpn_attachment" if metric.namespace == VPN else "vbr"
    if not wanted:
        wanted = [{"instanceId": one.id} for one in state.of_kind(call.account, kind)]
    seen: set[tuple[tuple[str, str], ...]] = set()
    for one in wanted:
        key = tuple(sorted(one.items()))
        if key not in seen:
            seen.add(key)
            yield _subject(call, state, kind, one)


def _dimensions(call: Call) -> Sequence[Mapping[str, str]]:
    """Each is an instance, or one of its tunnels."""
    written = call.text("Dimensions")
    if not written:
        return ()
    wrong = invalid(f"Dimensions must be a JSON object or array of at most {MOST_INSTANCES} such as "
                    '{"instanceId": "vco-...", "tunnelId": "tun-..."}.')
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        raise wrong from None
    listed = found if isinstance(found, list) else [found]
    if len(listed) > MOST_INSTANCES or not all(map(_is_dimension, listed)):
        raise wrong
    return [{key: value for key, value in one.items() if key != "userId"} for one in listed]


def _is_dimension(one: object) -> bool:
    return (isinstance(one, dict) and "instanceId" in one and one.keys() <= {"instanceId", "tunnelId", "userId"}
            and all(isinstance(value, str) for value in one.values()))


def _subject(call: Call, state: Transaction, kind: str, wanted: Mapping[str, str]) -> _Subject:
    name = wanted["instanceId"]
    missing = CloudError("ResourceNotFound", f"There is no {name} that has the metric.", 404)
    instance = call.own(state, name, kind, missing)
    told = {"userId": call.account, **wanted}
    if kind == "vbr":
        if "tunnelId" in wanted:
            raise invalid("A border router has no tunnelId.")
        return _Subject(told, (instance.id,))
    tunnels = [one.id for one in _tunnels(instance, state) if wanted.get("tunnelId") in (None, one.id)]
    if not tunnels:
        raise CloudError("ResourceNotFound", f"{name} has no tunnel {wanted.get('tunnelId', '')}.", 404)
    return _Subject(told, tunnels)


def _tunnels(connection: Document, state: Transaction) -> Iterable[Document]:
    return state.children(connection.id, "tunnel")


def entries(call: Call, asked: Query) -> Sequence[Entry]:
    """The datapoints of all instances in order of time: of periods that begin in the time asked for and have ended."""
    length = asked.period_s * _MS
    found = []
    for place, subject in enumerate(asked.subjects):
        for entry in _series(call, asked, subject):
            at_ms = int(entry["timestamp"])
            if asked.from_ms <= at_ms < asked.to_ms and at_ms + length <= call.now_ms:
                found.append((at_ms, place, entry))
    return [entry for *_, entry in sorted(found, key=lambda one: one[:2])]


def _series(call: Call, asked: Query, subject: _Subject) -> Iterator[Entry]:
    length = asked.period_s * _MS
    begin = asked.from_ms - max(length, _BEFORE_MS)
    counters = (call.observed.metric(asked.metric.counter, one, begin, asked.to_ms + length)
                for one in subject.counted)
    grown = together(growth(points) for points in counters)
    for point in datapoints(grown, asked.period_s, asked.metric.factor):
        yield {"timestamp": point.at_ms, **subject.told, **rounded(point)}
