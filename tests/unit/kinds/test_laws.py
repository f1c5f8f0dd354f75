import re
from dataclasses import replace

from corruptions import ASA, GATEWAY
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.kinds import expand, psk_sources, read_plan
from sealane.kinds.plan import PLAN, Plan
from sealane.kinds.transit_router import transfers
from sealane.model import Network, Platform
from sealane.net import Secret
from sealane.spec import Notes, Spot, parse
from sealane.spec.mark import Entry, Fields, Items, Mark, Scalar

LINES = GATEWAY.splitlines()
WORDS = ("", "~", "0", "-1", "true", "[]", "{}", "[a, b]", "{a: b}", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.1", "'", "*x",
         "&x 1", "!t 1", "VPC", "BlackHole", "99999999999999999999999", "1.2", "ü", "http://x", "\t", "1:2", "- a")


@st.composite
def mutated(draw: st.DrawFn) -> str:
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("delete", "double", "swap", "value", "junk", "indent", "cut"))):
            case "delete":
                del lines[at : at + draw(st.integers(1, 6))]
            case "double":
                lines[at:at] = lines[at : at + draw(st.integers(1, 6))]
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "value":
                word = draw(st.sampled_from(WORDS))
                colon = re.search(r":\s+", lines[at])
                lines[at] = lines[at][: colon.end()] + word if colon else word
            case "junk":
                lines[at] = draw(st.text(max_size=30))
            case "indent":
                lines[at] = " " * draw(st.integers(1, 4)) + lines[at]
            case _:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
        lines = lines or [""]
    return "\n".join(lines)


def fully(text: str) -> tuple[Network | None, tuple[object, ...]]:
    plan, findings = read_plan(text, "p")
    assert plan is not None or findings
    for found in findings:
        assert found.seen_at, found
        assert found.subject
        assert found.problem
        assert found.remedy
        assert 1 <= found.seen_at[0].line <= len(text.split("\n")) + 1
    if plan is None:
        return None, findings
    psk_sources(plan)
    network, more = expand(plan, {})
    assert network is not None or any(one.severity == "error" for one in more)
    return network, (*findings, *more)


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_no_mutation_of_a_plan_ever_raises(text: str) -> None:
    fully(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:- \n\t[]{},'\"#&*!|>%@?\u00fc0.~"), max_size=60) | st.text(max_size=80))
def test_no_text_ever_raises(text: str) -> None:
    parse(text, "p")
    read_plan(text, "p")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_value_swapped_for_another_type_is_a_finding_or_a_plan(data: st.DataObject) -> None:
    root, _ = parse(GATEWAY, "p")
    assert root is not None
    paths = list(_paths(root))
    path = data.draw(st.sampled_from(paths))
    origin = root.origin
    other: Mark = data.draw(st.sampled_from((
        Scalar("7", plain=True, origin=origin), Scalar("x", plain=False, origin=origin), Items((), origin),
        Fields({}, origin), Items((Scalar("", plain=True, origin=origin),), origin),
    )))
    notes = Notes()
    PLAN.read(_put(root, path, other), Spot("plan", "", notes))


def _paths(mark: Mark) -> list[tuple[object, ...]]:
    match mark:
        case Items(items=items):
            return [(), *((n, *rest) for n, item in enumerate(items) for rest in _paths(item))]
        case Fields(entries=entries):
            return [(), *((key, *rest) for key, entry in entries.items() for rest in _paths(entry.value))]
        case _:
            return [()]


def _put(mark: Mark, path: tuple[object, ...], value: Mark) -> Mark:
    if not path:
        return value
    head, rest = path[0], path[1:]
    match mark:
        case Items(items=items):
            return Items(tuple(_put(one, rest, value) if n == head else one for n, one in enumerate(items)),
                         mark.origin)
        case Fields(entries=entries):
            return Fields({key: Entry(key, _put(entry.value, rest, value) if key == head else entry.value,
                                      entry.origin) for key, entry in entries.items()}, mark.origin)
        case _:
            raise AssertionError


def network_of(plan: Plan) -> Network:
    network, findings = expand(plan, {})
    assert network is not None, findings
    return network


def sound(text: str) -> Plan:
    plan, findings = read_plan(text, "p")
    assert plan is not None
    assert not findings, findings
    return plan


def test_expanding_twice_yields_the_same() -> None:
    assert network_of(sound(GATEWAY)) == network_of(sound(GATEWAY))


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_writing_does_not_show(random: object) -> None:
    plan = sound(GATEWAY)

    def mixed(things: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(random.sample(things, len(things)))  # type: ignore[attr-defined]

    vpcs = tuple(replace(one, vswitches=mixed(one.vswitches), route_entries=mixed(one.route_entries),
                         instances=mixed(one.instances), security_groups=tuple(
                             replace(group, rules=mixed(group.rules)) for group in one.security_groups))
                 for one in plan.vpcs)
    router = plan.transit_router
    assert router is not None
    attachments = replace(router.attachments, vpc=mixed(router.attachments.vpc), vbr=mixed(router.attachments.vbr))
    sites = tuple(replace(one, networks=mixed(one.networks), hosts=mixed(one.hosts), routers=mixed(one.routers))
                  for one in plan.sites)
    other = replace(
        plan, vpcs=mixed(vpcs), customer_gateways=mixed(plan.customer_gateways), sites=mixed(sites),
        protections=mixed(plan.protections), route_maps=mixed(plan.route_maps),
        transit_router=replace(router, attachments=attachments, route_entries=mixed(router.route_entries)),
    )
    assert network_of(other) == network_of(plan)


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=30), st.text(min_size=1, max_size=8))
def test_another_attachment_moves_no_transfer_link(names: set[str], more: str) -> None:
    before, after = transfers(names), transfers(names | {more})
    moved = [name for name in names if before[name] != after[name]]
    assert not moved
    assert len({link.peer for link in after.values()}) == len(after)


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'\\"), min_size=6,
               max_size=40))
def test_a_key_never_shows(key: str) -> None:
    key += "zQ7"
    for form in (f"'{key}'", f"{{'{key}': 1}}", f"['{key}']", f"{{env: ['{key}']}}", f"'{key} {key}'",
                 f"{{'{key}': 1, '{key}': 2}}"):
        text = GATEWAY.replace("psk: {generate: true}", f"psk: {form}")
        plan, findings = read_plan(text, "p")
        assert key not in "".join(map(str, findings))
        assert key not in repr(plan)


def test_keys_reach_both_ends() -> None:
    plan = sound(GATEWAY)
    keys = {name: Secret(f"key of {name}") for name in psk_sources(plan)}
    network, _ = expand(plan, {}, keys)
    assert network is not None
    for pair in network.tunnels():
        assert pair.far is not None
        assert pair.near.psk == pair.far.psk == keys[pair.name]


def test_every_tunnel_has_both_ends_and_mirrored_sessions() -> None:
    network = network_of(sound(GATEWAY))
    assert [pair.far_node for pair in network.tunnels()] == ["cgw", "cgw"]
    router = network.node("tr").transit_router
    device = network.node("cgw").bgp
    assert router is not None
    assert device is not None
    near = router.attachment("VPN-Attachment").neighbors
    assert [(one.address, one.local_address) for one in near] == [
        (one.local_address, one.address) for one in device.neighbors]
    assert {one.bfd for one in near} == {one.bfd for one in device.neighbors} != {None}


def test_every_port_of_a_segment_or_circuit_exists() -> None:
    network = network_of(sound(GATEWAY))
    ports = [port for segment in network.segments for port in segment.ports]
    ports += [port for line in network.circuits for port in (line.cloud, line.site) if port is not None]
    for port in ports:
        assert network.node(port.node).interface(port.interface).addresses
    assert len(set(ports)) == len(ports)


def test_both_examples_describe_the_same_cloud() -> None:
    one, other = sound(ASA), sound(GATEWAY)
    for key in ("region", "zones", "vpcs", "physical_connections", "virtual_border_routers", "cen", "transit_router",
                "route_maps", "customer_gateways", "ipsec_connections", "protections"):
        assert getattr(one, key) == getattr(other, key), key


def test_the_gateway_example_has_one_node_for_each_thing() -> None:
    network = network_of(sound(GATEWAY))
    assert {str(node.name): node.platform for node in network.nodes} == {
        "cgw": Platform.GATEWAY, "client": Platform.HOST, "core-router": Platform.ROUTER, "ecs1": Platform.HOST,
        "ecs2": Platform.HOST, "tr": Platform.TRANSIT_ROUTER, "vbr": Platform.VBR, "vpc": Platform.VPC,
    }
