"""Hosts as values, made to collide: three namespaces, two names of links in each, two subnets, two configurations."""

from dataclasses import replace

from hypothesis import strategies as st

from sealane.plan import (
    AddressSpec,
    BirdSpec,
    BridgeSpec,
    CableSpec,
    CharonSpec,
    ConnectionSpec,
    FilterSpec,
    FrrSpec,
    Key,
    Kind,
    NamespaceSpec,
    Payload,
    RealPortSpec,
    Resource,
    RouteSpec,
    RuleSpec,
    TunSpec,
    XfrmSpec,
)

SPACES = ("a", "b", "c")
LINKS = ("x", "y")
PORTS = ("eth0", "eth1")
SUBNETS = (0, 1)
SIZES = st.sampled_from((1400, 1500))
TEXTS = st.sampled_from(("one", "two"))
MAYBE = st.booleans()

End = tuple[str, str]


@st.composite
def hosts(draw: st.DrawFn, *, leftovers: bool = False) -> frozenset[Resource]:
    """A host as it can be: nothing without its namespace, its link, its charon.

    ``leftovers`` adds daemons whose namespace somebody has removed.
    """
    spaces = draw(st.lists(st.sampled_from(SPACES), unique=True))
    found: dict[Key, Payload] = {Key(Kind.NAMESPACE, space, ""): NamespaceSpec(draw(MAYBE)) for space in spaces}
    ends = _links(draw, spaces, found)
    for space in spaces:
        _addresses_and_routes(draw, space, [name for where, name in ends if where == space], found)
        if draw(MAYBE):
            found[Key(Kind.FILTER, space, "inet sealane_guard")] = FilterSpec.of(draw(TEXTS))
        if draw(MAYBE):
            found[Key(Kind.RULE, space, "100 iif x from -")] = RuleSpec(100, "x", draw(st.sampled_from((None, 100))))
    for space in SPACES if leftovers else spaces:
        _daemons(draw, space, found)
    return frozenset(Resource(key, payload) for key, payload in found.items())


def _links(draw: st.DrawFn, spaces: list[str], found: dict[Key, Payload]) -> list[End]:
    free = [(space, name) for space in spaces for name in LINKS]
    ports = list(PORTS)
    ends: list[End] = []
    while free:
        space, name = free.pop(draw(st.integers(0, len(free) - 1)))
        key = Key(Kind.LINK, space, name)
        match draw(st.sampled_from(("none", "cable", "cable", "bridge", "real", "xfrm"))):
            case "cable" if free:
                peer = free.pop(draw(st.integers(0, len(free) - 1)))
                found[key] = CableSpec(*peer, draw(SIZES))
                ends.append(peer)
            case "bridge":
                found[key] = BridgeSpec(draw(SIZES))
            case "real" if ports:
                found[key] = RealPortSpec(ports.pop(draw(st.integers(0, len(ports) - 1))), 0, draw(SIZES))
            case "xfrm":
                found[key] = XfrmSpec(draw(st.sampled_from((1, 2))), draw(SIZES))
            case _:
                continue
        ends.append((space, name))
    return ends


def _addresses_and_routes(draw: st.DrawFn, space: str, names: list[str], found: dict[Key, Payload]) -> None:
    for subnet in SUBNETS:
        if not names or not draw(MAYBE):
            continue
        interface, address = draw(st.sampled_from(names)), f"10.0.{subnet}.1/24"
        found[Key(Kind.ADDRESS, space, f"{interface} {address}")] = AddressSpec(interface, address)
        if draw(MAYBE):
            prefix = f"172.16.{subnet}.0/24"
            found[Key(Kind.ROUTE, space, f"254 {prefix}")] = RouteSpec(254, prefix, f"10.0.{subnet}.2", None)
    if names and draw(MAYBE):
        route = RouteSpec(50, "192.0.2.1/32", None, draw(st.sampled_from(names)))
        found[Key(Kind.ROUTE, space, "50 192.0.2.1/32")] = route
        if draw(MAYBE):
            hole = RouteSpec(254, "198.51.100.0/24", None, None, discard=True)
            found[Key(Kind.ROUTE, space, "254 198.51.100.0/24")] = hole


def _daemons(draw: st.DrawFn, space: str, found: dict[Key, Payload]) -> None:
    if draw(MAYBE):
        found[Key(Kind.BIRD, space, "")] = BirdSpec(draw(TEXTS))
    if draw(MAYBE):
        found[Key(Kind.FRR, space, "")] = FrrSpec(draw(TEXTS))
    if draw(MAYBE):
        tun = TunSpec(draw(st.sampled_from(SPACES)), "ipsec1", 1400, None) if draw(MAYBE) else None
        found[Key(Kind.CHARON, space, "")] = CharonSpec(draw(TEXTS), tun)
        for name in LINKS:
            if draw(MAYBE):
                found[Key(Kind.CONNECTION, space, name)] = ConnectionSpec(draw(TEXTS), name, draw(TEXTS), draw(MAYBE))


@st.composite
def host_changes(draw: st.DrawFn) -> tuple[frozenset[Resource], frozenset[Resource]]:
    """(desired, observed): strangers, or the same host with the names of one namespace's links exchanged."""
    observed = draw(hosts(leftovers=True))
    if draw(MAYBE):
        return draw(hosts()), observed
    spaces = {resource.key.namespace for resource in observed if resource.key.kind is Kind.NAMESPACE}
    space = draw(st.sampled_from(SPACES))
    return frozenset(_exchanged(one, space) for one in observed if one.key.namespace in spaces), observed


_OTHER = dict(zip(LINKS, reversed(LINKS), strict=True))


def _exchanged(resource: Resource, space: str) -> Resource:
    """The resource after x was named y, and y x, in a namespace."""
    key, payload = resource.key, resource.payload
    if isinstance(payload, CableSpec) and payload.peer_namespace == space:
        payload = replace(payload, peer_name=_OTHER[payload.peer_name])
    if key.namespace != space:
        return Resource(key, payload)
    match payload:
        case AddressSpec(interface, address):
            other = _OTHER[interface]
            return Resource(replace(key, name=f"{other} {address}"), AddressSpec(other, address))
        case RouteSpec(interface=str() as interface):
            return Resource(key, replace(payload, interface=_OTHER[interface]))
    return Resource(replace(key, name=_OTHER[key.name]) if key.kind is Kind.LINK else key, payload)
