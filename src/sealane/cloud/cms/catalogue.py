"""What can be asked for."""

import json
from collections.abc import Mapping

from sealane.cloud.call import Call
from sealane.cloud.cms.metrics import METRICS, NAMESPACES, PERIODS, STATISTICS
from sealane.cloud.cms.queries import invalid
from sealane.cloud.cms.registry import CMS
from sealane.cloud.document import Fields, Json
from sealane.cloud.paging import page
from sealane.cloud.world import Transaction

_LARGEST_PAGE = 1000


def _labels(call: Call, have: Mapping[str, str]) -> bool:
    """True when everything has the labels that are asked for."""
    written = call.text("Labels")
    if not written:
        return True
    try:
        wanted = json.loads(written)
        return all(have.get(one["name"]) == one["value"] for one in wanted)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise invalid('Labels must be a JSON array such as [{"name": "product", "value": "VPN"}].') from None


def _told(labels: Mapping[str, str]) -> str:
    return json.dumps([{"name": key, "value": value} for key, value in labels.items()])


def _product(namespace: str) -> dict[str, str]:
    return {"product": namespace.removeprefix("acs_")}


@CMS.reads("DescribeMetricMetaList")
def describe_metric_meta_list(call: Call, _state: Transaction) -> Fields:
    """DescribeMetricMetaList."""
    found = [
        one for one in METRICS.values()
        if call.text("Namespace") in ("", one.namespace) and call.text("MetricName") in ("", one.name)
        and _labels(call, _product(one.namespace))
    ]
    told = page(call, found, largest=_LARGEST_PAGE)
    items: list[Json] = [
        {
            "Namespace": one.namespace,
            "MetricName": one.name,
            "Description": one.description,
            "Unit": one.unit,
            "Dimensions": one.dimensions,
            "Statistics": ",".join(STATISTICS),
            "Periods": ",".join(map(str, PERIODS)),
            "Labels": _told(_product(one.namespace)),
        }
        for one in told.items
    ]
    return {"Code": "200", "Success": True, "TotalCount": told.total, "Resources": {"Resource": items}}


@CMS.reads("DescribeProjectMeta")
def describe_project_meta(call: Call, _state: Transaction) -> Fields:
    """DescribeProjectMeta."""
    told = page(call, [one for one in NAMESPACES if _labels(call, _product(one))], largest=_LARGEST_PAGE)
    items: list[Json] = [
        {"Namespace": one, "Description": NAMESPACES[one], "Labels": _told(_product(one))} for one in told.items
    ]
    return {"Code": "200", "Success": True, "PageNumber": told.number, "PageSize": told.size, "Total": told.total,
            "Resources": {"Resource": items}}
