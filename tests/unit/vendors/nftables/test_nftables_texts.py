import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_networks import ASA_NAMES, CIRCUIT, PROTECTIONS, asa, host, prefixes, use_case

from sealane.model import AccessList, FilterRule, Mode, Node, Protection
from sealane.net import Address
from sealane.vendors.nftables import (
    METER_TABLE,
    Count,
    Meters,
    drill,
    guard,
    meter,
    mss_clamp,
    read_meter,
    security_group,
    slug,
    stateful_device,
)

HOSTILE = 'x" drop\n}\ntable inet evil { }\n# '
PAIRS = [(Address("10.10.10.49"), Address("192.168.10.136")), (Address("10.10.10.50"), Address("192.168.40.159"))]


def test_order_means_nothing() -> None:
    swapped = tuple(replace(one, cloud=one.cloud[::-1], site=one.site[::-1]) for one in PROTECTIONS[::-1])
    assert meter(CIRCUIT, "ec", PROTECTIONS, tunnels=PAIRS) == meter(CIRCUIT, "ec", swapped, tunnels=PAIRS[::-1])
    assert guard(["a", "b"], PAIRS) == guard(["b", "a", "b"], PAIRS[::-1])
    assert drill(PAIRS) == drill([(far, near) for near, far in PAIRS])
    assert mss_clamp({"a": 1300, "b": 1400}) == mss_clamp({"b": 1400, "a": 1300})
    node = asa()
    other = replace(node, interfaces=node.interfaces[::-1], access_lists=node.access_lists[::-1])
    assert stateful_device(node, ASA_NAMES, {}) == stateful_device(other, ASA_NAMES, {})


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_slugs_tell_names_apart(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)
    assert slug(one).isascii()
    assert slug(one).replace("_", "").isalnum()


def test_a_required_protection_is_decided_before_a_lax_one_over_it() -> None:
    lax = Protection("a", prefixes("172.16.0.0/12"), prefixes("192.168.0.0/16"), Mode.OPEN)
    text = meter(CIRCUIT, "ec", (lax, PROTECTIONS[0]))
    assert text.index("counter name blocked_erp_to_site drop") < text.rindex("counter name clear_a_to_site accept")


def test_without_enforcement_nothing_is_dropped() -> None:
    assert "drop" not in meter(CIRCUIT, "ec", PROTECTIONS, enforce=False)


def test_tunnel_packets_come_first_only_between_tunnel_ends() -> None:
    text = Meters(use_case()).of(CIRCUIT, "ec")
    outer = text[text.index("chain outer {") :]
    inside, outside = outer[: outer.index("}\n")], text.replace(outer[: outer.index("}\n")], "")
    assert "class_esp accept" in inside
    assert "class_esp accept" not in outside
    assert "class_ike accept" not in outside
    jumps = [line for line in text.splitlines() if "jump outer" in line]
    assert len(jumps) == 2
    assert all("ip saddr . ip daddr {" in line for line in jumps)


def test_hostile_names_add_no_statement() -> None:
    circuit = replace(CIRCUIT, name=HOSTILE)
    protections = tuple(replace(one, name=one.name + HOSTILE) for one in PROTECTIONS)
    assert len(meter(circuit, "ec", protections).splitlines()) == len(meter(CIRCUIT, "ec", PROTECTIONS).splitlines())
    assert "evil {" not in meter(circuit, "ec", protections)
    node = asa()
    lists = (replace(node.access_lists[0], name=HOSTILE),)
    bound = tuple(
        replace(one, access_list_in=HOSTILE, traffic_zone=HOSTILE) if one.access_list_in else one
        for one in node.interfaces
    )
    text = stateful_device(replace(node, access_lists=lists, interfaces=bound), ASA_NAMES, {})
    assert "evil {" not in text
    assert len(text.splitlines()) == len(stateful_device(node, ASA_NAMES, {}).splitlines())


@pytest.mark.parametrize("name", ['ec"', "ec*", "a b", "", "x" * 16])
def test_a_linux_name_that_is_none_is_refused(name: str) -> None:
    for render in (
        lambda: meter(CIRCUIT, name, ()), lambda: guard([name]), lambda: mss_clamp({name: 1300}),
        lambda: stateful_device(asa(), {**ASA_NAMES, "Tunnel1": name}, {}),
        lambda: stateful_device(asa(), ASA_NAMES, {"Loopback2": name}),
    ):
        with pytest.raises(ValueError, match="Linux interface name"):
            render()


@pytest.mark.parametrize("size", [0, 87, 70000])
def test_an_mss_out_of_bounds_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="expected 88-65495"):
        mss_clamp({"ipsec1": size})


def test_nothing_to_do_removes_the_table() -> None:
    open_host = replace(host(), security_group=None)
    for text in (drill([]), guard([]), guard(["a"], []), mss_clamp({}), security_group(open_host)):
        assert text.splitlines()[1].startswith("delete table inet sealane_")
        assert len(text.splitlines()) == 2


def counters(*found: tuple[str, int], table: str = METER_TABLE) -> str:
    items = [
        {"counter": {"family": "inet", "table": table, "name": name, "packets": count, "bytes": 100 * count}}
        for name, count in found
    ]
    return json.dumps({"nftables": [{"metainfo": {"version": "1.0.6"}}, *items]})


CLASSES = (("class_ike", 1), ("class_esp", 2), ("class_routing", 3), ("class_other", 4))


def test_a_reading_adds_up() -> None:
    reading = read_meter(counters(
        *CLASSES, ("clear_to_site_to_site", 5), ("clear_to_site_to_cloud", 6), ("blocked_erp_to_site", 7),
        ("refused_erp_to_cloud", 8),
    ))
    assert reading.esp == Count(2, 200)
    assert reading.clear_protected == Count(11, 1100)
    assert reading.clear_by == {("to_site", "to_cloud"): Count(6, 600), ("to_site", "to_site"): Count(5, 500)}
    assert (reading.blocked, reading.refused) == (Count(7, 700), Count(8, 800))


def test_a_reading_without_a_meter_is_refused() -> None:
    for text in (counters(*CLASSES[1:]), counters(*CLASSES, table="other")):
        with pytest.raises(ValueError, match="no counter"):
            read_meter(text)


def with_rules(*rules: FilterRule) -> Node:
    return replace(asa(), access_lists=(AccessList("VBR-IN", rules),))


def test_an_access_list_that_does_not_exist_filters_nothing() -> None:
    text = stateful_device(replace(asa(), access_lists=()), ASA_NAMES, {})
    assert "goto list_" not in text


def test_a_device_without_firewall_is_refused() -> None:
    with pytest.raises(ValueError, match="not a stateful device"):
        stateful_device(replace(asa(), stateful=None), ASA_NAMES, {})


def test_unnamed_interfaces_pass_nothing() -> None:
    node = asa()
    unnamed = tuple(replace(one, nameif=None) if one.name == "Tunnel1" else one for one in node.interfaces)
    assert '"ipsec1"' not in stateful_device(replace(node, interfaces=unnamed), ASA_NAMES, {})
