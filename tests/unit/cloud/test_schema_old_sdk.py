"""The older SDK names and flattens parameters by code of its own: what it sends decodes to the same values."""

import importlib
import random

import pytest
from test_schema_sdk import OPERATIONS, filled, models

from sealane.cloud.schema import decode

PACKAGES = {
    "Vpc": "aliyunsdkvpc.request.v20160428",
    "Cbn": "aliyunsdkcbn.request.v20170912",
    "Ecs": "aliyunsdkecs.request.v20140526",
    "Cms": "aliyunsdkcms.request.v20190101",
}
ENDINGS = ("{}", "{}s", "{}es")
"""A setter is named after its parameter, lists in the plural."""


def put(request, name, value):
    """Give a parameter, whole or its members one by one; what could be given is returned."""
    for ending in ENDINGS:
        if setter := getattr(request, f"set_{ending.format(name)}", None):
            setter(value)
            return value
    members = value.items() if isinstance(value, dict) else ()
    given = {part: put(request, f"{name}{part}", one) for part, one in members}
    return {part: one for part, one in given.items() if one is not None} or None


@pytest.mark.parametrize(("product", "action"), OPERATIONS)
def test_what_the_older_sdk_sends_is_what_it_was_given(product, action):
    values = filled(product, getattr(models(product), f"{action}Request"), random.Random(action)).to_map()
    for name in ("SystemDisk", "CpuOptions"):  # whole and in parts there, with more parts than wholes have
        values.pop(name, None)
    request = getattr(importlib.import_module(f"{PACKAGES[product]}.{action}Request"), f"{action}Request")()
    given = {name: put(request, name, value) for name, value in values.items()}
    flat = {**request.get_query_params(), **(request.get_body_params() or {})}
    if product != "Cms" and "RegionId" in values:
        given["RegionId"] = flat["RegionId"] = values["RegionId"]  # the client gives its own
    unknown = []
    decoded = decode(product, action, {name: str(value) for name, value in flat.items()}, unknown=unknown)
    assert decoded == {name: value for name, value in given.items() if value is not None}
    assert unknown == []
    assert len(decoded) >= len(values) / 2
