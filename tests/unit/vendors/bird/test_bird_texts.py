import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_networks import DENY_40, TR_NAMES, TR_TABLES, VBR_NAMES, border_router, neighbor, transit_router, use_case

from sealane.model import MapDirection, Node, RouteType, TransitRoute
from sealane.net import Prefix, Secret
from sealane.vendors.bird import circuit_next_hop, render_transit_router, render_vbr, slug
from sealane.vendors.bird.maps import render_maps
from sealane.vendors.bird.text import comment

HOSTILE = 'x"; }\nprotocol static evil { route 0.0.0.0/0 blackhole; }\r# `*/'


def rendered(node: Node) -> str:
    return render_transit_router(use_case(), node, TR_NAMES, TR_TABLES)


def reversed_everywhere(node: Node) -> Node:
    router = node.transit_router
    assert router is not None
    return replace(node, transit_router=replace(
        router,
        cidrs=router.cidrs[::-1],
        tables=tuple(replace(table, routes=table.routes[::-1]) for table in router.tables[::-1]),
        attachments=tuple(
            replace(
                one, interfaces=one.interfaces[::-1], propagations=one.propagations[::-1],
                prefixes=one.prefixes[::-1], neighbors=one.neighbors[::-1],
            )
            for one in router.attachments[::-1]
        ),
        route_maps=tuple(
            replace(one, prefixes=one.prefixes[::-1], communities=one.communities[::-1],
                    set_communities=one.set_communities[::-1])
            for one in router.route_maps[::-1]
        ),
    ))


def test_order_means_nothing() -> None:
    assert rendered(transit_router()) == rendered(reversed_everywhere(transit_router()))


def test_an_attachment_more_changes_nothing_of_the_others() -> None:
    """Or a reconfiguration would reload every filter."""
    node = transit_router()
    router = node.transit_router
    assert router is not None
    more = replace(router.attachments[0], name="vpc-9", instance="vpc-9")
    grown = rendered(replace(node, transit_router=replace(router, attachments=(*router.attachments, more))))
    before, after = rendered(node).splitlines(), grown.splitlines()
    assert [line for line in after if line in set(before)][: len(before)] != []
    remaining = iter(after)
    assert all(any(line == found for found in remaining) for line in before)


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_slugs_are_symbols_and_tell_names_apart(one: str, other: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_]{1,40}", slug(one))
    assert (slug(one) == slug(other)) == (one == other)


def named(name: str) -> str:
    """The sample router with one name everywhere that a name is free text."""
    node = transit_router()
    router = node.transit_router
    assert router is not None
    tables = tuple(
        replace(
            table, name="main" if table.system else name,
            routes=tuple(replace(route, attachment=None) for route in table.routes),
        )
        for table in router.tables
    )
    attachments = tuple(
        replace(one, name=f"{one.name}{name}", instance=name, propagations=("main", name))
        for one in router.attachments
    )
    maps = (replace(DENY_40, name=name, destination_instances=(name,)),)
    changed = replace(router, tables=tables, attachments=attachments, route_maps=maps)
    return render_transit_router(
        use_case(), replace(node, transit_router=changed), TR_NAMES, {"main": 100, name: 101}, name,
    )


def test_a_hostile_name_adds_no_statement() -> None:
    def skeleton(text: str) -> list[str]:
        statements = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        return sorted(re.sub(r"[a-z0-9_]*_X[0-9a-f]{8}|_plain|\d{6,}", "", line) for line in statements)

    assert len(skeleton(named(HOSTILE))) == len(skeleton(named("plain")))
    assert "0.0.0.0/0" not in re.sub(r"(?m)^\s*#.*$", "", named(HOSTILE))
    assert comment(HOSTILE).splitlines() == [comment(HOSTILE)]


def test_bird_accepts_hostile_names(tmp_path: Path) -> None:
    path = tmp_path / "bird.conf"
    path.write_text(named(HOSTILE))
    done = subprocess.run(["/usr/sbin/bird", "-p", "-c", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("key", ['a"b', "line\nbreak", "", "schlüssel"])
def test_a_key_that_bird_cannot_hold_is_refused_without_showing_it(key: str) -> None:
    node = border_router()
    assert node.vbr is not None
    node = replace(node, vbr=replace(node.vbr, neighbors=(neighbor("10.0.0.2", 65530, password=Secret(key)),)))
    with pytest.raises(ValueError, match="BGP key") as caught:
        render_vbr(use_case(), node, VBR_NAMES, 254)
    assert not key or key not in str(caught.value)


def test_a_redacted_text_has_no_key() -> None:
    network = use_case()
    text = render_transit_router(network, network.node("tr-hz"), TR_NAMES, TR_TABLES, redacted=True)
    assert "s3cret!" in rendered(transit_router())
    assert "s3cret!" not in text


@pytest.mark.parametrize("name", ['eth0"; }', "a b", "", "x" * 16, "eth*"])
def test_a_linux_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="Linux interface name"):
        render_transit_router(use_case(), transit_router(), {**TR_NAMES, "ipsec-1": name}, TR_TABLES)


def test_without_association_no_pipe_publishes() -> None:
    node = transit_router()
    router = node.transit_router
    assert router is not None
    lonely = replace(
        router, attachments=tuple(replace(one, association=None, propagations=()) for one in router.attachments),
    )
    assert "protocol pipe" not in rendered(replace(node, transit_router=lonely))


def test_the_cidr_needs_a_vpn_that_propagates() -> None:
    node = transit_router()
    router = node.transit_router
    assert router is not None
    quiet = tuple(replace(one, propagations=()) if one.name == "vpn" else one for one in router.attachments)
    assert "10.10.10.0/24" not in rendered(replace(node, transit_router=replace(router, attachments=quiet)))


def test_a_user_map_stands_before_the_system_map_and_jumps_forward() -> None:
    node = transit_router()
    router = node.transit_router
    assert router is not None
    maps = (replace(DENY_40, permit=True, next_priority=60, priority=40), replace(DENY_40, name="b", priority=20))
    text = "\n".join(render_maps(replace(router, route_maps=maps), "main", MapDirection.REGION_OUT))
    places = [text.index(f"if at <= {priority} ") for priority in (20, 40, 5000)]
    assert places == sorted(places)
    assert "at = 60;" in text


def test_an_unknown_instance_matches_nothing_and_its_reverse_everything() -> None:
    node = transit_router()
    router = node.transit_router
    assert router is not None
    for reverse, operator in ((False, "~"), (True, "!~")):
        one = replace(DENY_40, destination_instances=("gone",), destination_instances_reverse=reverse)
        text = "\n".join(render_maps(replace(router, route_maps=(one,)), "main", MapDirection.REGION_OUT))
        assert f"receiver {operator} [ 2147483648 ]" in text


def test_a_vbr_knows_the_customer_from_its_own_side() -> None:
    network = use_case()
    node = network.node("vbr-hz")
    assert node.vbr is not None
    alone = replace(node, vbr=replace(node.vbr, neighbors=()))
    assert str(circuit_next_hop(network, alone)) == "10.0.0.2"


def test_a_vbr_route_without_circuit_is_a_black_hole() -> None:
    node = border_router()
    assert node.vbr is not None
    route = TransitRoute(Prefix("203.0.113.0/24"), None)
    text = render_vbr(use_case(), replace(node, vbr=replace(node.vbr, circuit_routes=(route,))), VBR_NAMES, 254)
    assert "route 203.0.113.0/24 blackhole;" in text


def test_the_local_table_is_refused() -> None:
    with pytest.raises(ValueError, match="kernel table 255"):
        render_vbr(use_case(), border_router(), VBR_NAMES, 255)


def test_every_route_type_has_a_mark() -> None:
    text = rendered(transit_router())
    wanted = {f"sl_type = {number};" for number in range(1, len(RouteType) + 1)}
    assert wanted <= set(re.findall(r"sl_type = \d;", text))
