"""Changes as lines for ``ip -batch``. Pure.

Each change gives pairs of (namespace, line); None is the host's own namespace. Lines of one namespace keep their order.
"""

import hashlib
from collections.abc import Iterator

from sealane.drivers.linux.read import FAR_END, ROUTE_PROTOCOL, alias_of
from sealane.plan import (
    AddressSpec,
    BridgeSpec,
    CableSpec,
    Key,
    Payload,
    RealPortSpec,
    RouteSpec,
    RuleSpec,
    XfrmSpec,
)

HOME = "@home@"
"""Stands for the host's own namespace in a line that is carried out inside another."""

Line = tuple[str | None, str]


def link_itself(key: Key, payload: Payload) -> Iterator[Line]:
    """Lines that make a link; its settings follow when all links are there."""
    space, name = key.namespace, key.name
    match payload:
        case CableSpec(peer_space, peer, mtu):
            far = f"peer name {peer} address {_hardware(peer_space, peer)} mtu {mtu} netns {peer_space}"
            near = f"name {name} address {_hardware(space, name)} mtu {mtu} netns {space}"
            yield None, f"link add {near} type veth {far}"
        case BridgeSpec():
            yield space, f"link add name {name} type bridge mcast_snooping 0"
        case XfrmSpec(if_id, _):
            yield space, f"link add name {name} type xfrm dev lo if_id {if_id}"
        case RealPortSpec(interface, vlan, _):
            if vlan == 0:
                yield None, f"link set dev {interface} netns {space} name {name}"
            else:
                yield None, f"link add link {interface} name {name} netns {space} type vlan id {vlan}"


def _hardware(space: str, name: str) -> str:
    """The hardware address of a cable's end, locally administered (IEEE 802c).

    It follows from the end's name, so that neighbors, which ask for it again only after some time, find an end that was
    made anew.
    """
    return bytes((0x02, *hashlib.sha256(f"{space}/{name}".encode()).digest()[:5])).hex(":")


def link_settings(key: Key, payload: Payload) -> Iterator[Line]:
    """Lines that mark a link as ours, plug it into its bridge and set up its far end; they need both ends and bridges.

    A link that is marked and down is made anew, so that one of which only a part was done is not taken for whole.
    """
    space, name = key.namespace, key.name
    if not isinstance(payload, XfrmSpec):
        yield space, _mark(name, payload)
    match payload:
        case CableSpec(peer_space, peer, _, master, peer_master):
            yield peer_space, f'link set dev {peer} alias "{FAR_END}"'
            if master is not None:
                yield space, f"link set dev {name} master {master}"
            if peer_master is not None:
                yield peer_space, f"link set dev {peer} master {peer_master}"
            yield peer_space, f"link set dev {peer} up"
        case BridgeSpec(mtu) | XfrmSpec(_, mtu) | RealPortSpec(_, _, mtu):
            yield space, f"link set dev {name} mtu {mtu}"


def link_finish(key: Key, payload: Payload) -> Iterator[Line]:
    """Lines that set a link up, last; an XFRM interface, which may be down, is marked as ours only now."""
    space, name = key.namespace, key.name
    if isinstance(payload, XfrmSpec):
        yield space, f"link set dev {name} down"
        yield space, _mark(name, payload)
    else:
        yield space, f"link set dev {name} up"


def _mark(name: str, payload: Payload) -> str:
    return f'link set dev {name} alias "{alias_of(payload)}"'


def unmake_link(key: Key, payload: Payload) -> Iterator[Line]:
    """Lines that take away what may have been left of a link that was never finished."""
    match payload:
        case CableSpec(peer_space, peer):
            yield peer_space, f"link del dev {peer}"
            yield key.namespace, f"link del dev {key.name}"
        case RealPortSpec():
            yield remove_link(key, payload)
        case _:
            yield key.namespace, f"link del dev {key.name}"


def remove_link(key: Key, payload: Payload) -> Line:
    """The line that removes a link; a real interface goes back to the host."""
    match payload:
        case RealPortSpec(interface, 0, _):
            return key.namespace, f"link set dev {key.name} down alias '' name {interface} netns {HOME}"
    return key.namespace, f"link del dev {key.name}"


def make_address(payload: AddressSpec) -> str:
    """The line for an address; without a broadcast address, so that it reads back the same."""
    return f"address replace {payload.address} dev {payload.interface}"


def remove_address(payload: AddressSpec) -> str:
    """The line that removes an address."""
    return f"address del {payload.address} dev {payload.interface}"


def _rule(payload: RuleSpec) -> str:
    interface = "" if payload.interface is None else f" iif {payload.interface}"
    source = " from all" if payload.source is None else f" from {payload.source}"
    action = "unreachable" if payload.table is None else f"lookup {payload.table}"
    return f"pref {payload.priority}{source}{interface} {action}"


def make_rule(payload: RuleSpec) -> str:
    """The line for a rule."""
    return f"rule add {_rule(payload)}"


def remove_rule(payload: RuleSpec) -> str:
    """The line that removes a rule."""
    return f"rule del {_rule(payload)}"


def _route(payload: RouteSpec) -> str:
    kind = "blackhole " if payload.discard else ""
    via = "" if payload.via is None else f" via {payload.via}"
    device = "" if payload.interface is None else f" dev {payload.interface}"
    onlink = " onlink" if payload.onlink else ""
    return f"{kind}{payload.prefix}{via}{device}{onlink} table {payload.table} proto {ROUTE_PROTOCOL}"


def make_route(payload: RouteSpec) -> str:
    """The line for a route."""
    return f"route replace {_route(payload)}"


def remove_route(payload: RouteSpec) -> str:
    """The line that removes a route."""
    return f"route del {payload.prefix} table {payload.table} proto {ROUTE_PROTOCOL}"
