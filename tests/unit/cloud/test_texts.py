"""Names, times and zones."""

import pytest

from sealane.cloud import Call, CloudError
from sealane.cloud.regions import REGIONS, zones
from sealane.cloud.texts import text
from sealane.cloud.times import minutes, seconds


def read(value, **limits):
    given = {} if value is None else {"VpcName": value}
    return text(Call("Vpc", "CreateVpc", given, "1", 0, "R", lambda prefix, _: prefix), "VpcName", **limits)


@pytest.mark.parametrize("value", [None, "", "a", "名前", "x" * 128, "ahttp://", "1", "全角　の 空白\nand a line"])
def test_good_texts_stay_as_they_are(value):
    assert read(value) == value


@pytest.mark.parametrize(
    ("value", "limits"),
    [("x" * 129, {}), ("http://x", {}), ("HTTPS://x", {}), ("x", {"least": 2}), ("1a", {"letter_first": True}),
     ("a\0b", {}), ("\x1b]0;a terminal's title\x07", {}), ("a\x9b2J", {})],
)
def test_others_are_refused_by_the_code_of_their_parameter(value, limits):
    with pytest.raises(CloudError) as error:
        read(value, code="InvalidX", **limits)
    assert error.value.code == "InvalidX"


def test_times_are_utc():
    assert (seconds(1_767_225_661_999), minutes(1_767_225_661_999)) == ("2026-01-01T00:01:01Z", "2026-01-01T00:01Z")


def test_zones_are_named_after_their_region():
    assert {"cn-hangzhou-h", "cn-hangzhou-j"} <= set(zones("cn-hangzhou"))
    assert zones("eu-west-1") == ("eu-west-1a", "eu-west-1b")
    assert zones("nowhere") == ()
    every = [zone for region in REGIONS for zone in zones(region)]
    assert len(every) == len(set(every)) > len(REGIONS)
