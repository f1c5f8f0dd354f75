"""From a draft to a Node: every reference is followed, and what does not resolve is reported."""

from collections.abc import Iterator
from dataclasses import replace

from sealane.diag import Origin
from sealane.model import (
    AccessList,
    Bfd,
    BgpNeighbor,
    BgpNetwork,
    BgpSpeaker,
    Interface,
    InterfaceKind,
    Node,
    Platform,
    PrefixList,
    RouteMap,
    RouteMapEntry,
    Stateful,
    StaticRoute,
)
from sealane.net import MASKS, Address, Cidr, NodeName
from sealane.vendors.cisco_asa.draft import BgpDraft, Draft, InterfaceDraft, NeighborDraft, RouteDraft, some
from sealane.vendors.cisco_asa.tunnels import tunnel_ends

_INSIDE_LEVEL = 100
"""Level that the device gives by itself to an interface named ``inside``; every other gets 0."""


def build_node(draft: Draft, name: NodeName, origin: Origin) -> Node:
    """The node the draft describes; findings about it are added to the draft."""
    _check_names(draft)
    _check_overlaps(draft)
    return Node(
        name=name,
        platform=Platform.ASA,
        interfaces=tuple(_interface(draft, found) for found in draft.interfaces.values()),
        static_routes=tuple(_routes(draft)),
        bgp=_speaker(draft, draft.bgp) if draft.bgp else None,
        tunnel_ends=tuple(tunnel_ends(draft)),
        prefix_lists=tuple(
            PrefixList(name, tuple(entries[seq] for seq in sorted(entries)))
            for name, entries in draft.prefix_lists.items()
        ),
        route_maps=tuple(_route_maps(draft)),
        access_lists=tuple(
            AccessList(name, tuple(replace(rule, origin=at) for rule, at in found.entries))
            for name, found in draft.access_lists.items()
        ),
        stateful=Stateful(
            same_security_inter=draft.firewall.same_security_inter,
            inspect_icmp="icmp" in draft.firewall.inspected,
            permit_vpn=draft.firewall.permit_vpn,
            tcp_mss_bytes=draft.firewall.tcp_mss_bytes,
            has_nat=draft.firewall.has_nat,
        ),
        origin=origin,
    )


def by_nameif(draft: Draft) -> dict[str, InterfaceDraft]:
    """The first interface of each nameif."""
    found: dict[str, InterfaceDraft] = {}
    for interface in draft.interfaces.values():
        if interface.nameif is not None:
            found.setdefault(interface.nameif, interface)
    return found


def _named(draft: Draft) -> str:
    return some(by_nameif(draft), "none is configured")


def _check_names(draft: Draft) -> None:
    owners = by_nameif(draft)
    for interface in draft.interfaces.values():
        owner = owners.get(interface.nameif) if interface.nameif is not None else None
        if owner is not None and owner is not interface:
            draft.error(
                "ASA-011",
                f"interface {interface.name}",
                f"nameif {interface.nameif} already belongs to {owner.name}; expected a name of its own",
                f"give {interface.name} another nameif; commands that say {interface.nameif} were read as {owner.name}",
                interface.origin,
                owner.origin,
            )
    uses = [(f"access-group {acl}", nameif, at) for nameif, (acl, at) in draft.access_groups.items()]
    uses += [("mtu", nameif, at) for nameif, (_, at) in draft.mtus.items()]
    uses += [("crypto ikev2 enable", nameif, at) for nameif, at in draft.ikev2_enabled.items()]
    for subject, nameif, at in uses:
        if nameif not in owners:
            report_unknown_nameif(draft, subject, nameif, at)
    for nameif, (acl, at) in draft.access_groups.items():
        if acl not in draft.access_lists:
            draft.error(
                "ASA-050",
                f"access-group {acl}",
                f"there is no access list {acl}; expected one of: {some(draft.access_lists, 'none exists')}",
                f"write the list, or remove `access-group {acl} in interface {nameif}`",
                at,
            )


def report_unknown_nameif(draft: Draft, subject: str, nameif: str, at: Origin) -> None:
    """Report a command that names an interface nobody has."""
    draft.error(
        "ASA-020",
        subject,
        f"no interface has the nameif {nameif}; expected one of: {_named(draft)}",
        f"give an interface `nameif {nameif}`, or correct the name; the command was left out",
        at,
    )


def _check_overlaps(draft: Draft) -> None:
    """Report each interface that overlaps a former one, once: of prefixes that overlap one contains the other."""
    inside: dict[Cidr, InterfaceDraft] = {}  # by every prefix that contains one: the first that it contains
    itself: dict[Cidr, InterfaceDraft] = {}
    for interface in draft.interfaces.values():
        if interface.address is None:
            continue
        network = Cidr.of(interface.address.network)
        wider = [network, *(Cidr(network.address & MASKS[length], length) for length in range(network.length))]
        other = inside.get(network) or next((itself[one] for one in wider if one in itself), None)
        if other is not None:
            draft.error(
                "ASA-013",
                f"interface {interface.name}",
                f"{interface.address} overlaps {other.address} of {other.name}; the device refuses the second",
                "put the two interfaces into different networks",
                interface.origin,
                other.origin,
            )
        itself.setdefault(network, interface)
        for one in wider:
            inside.setdefault(one, interface)


def _interface(draft: Draft, found: InterfaceDraft) -> Interface:
    level = found.security_level
    if level is None and found.nameif is not None:
        level = _INSIDE_LEVEL if found.nameif.lower() == "inside" else 0
    if found.zone is not None and found.zone not in draft.zones:
        draft.error(
            "ASA-052",
            f"interface {found.name}",
            f"zone-member names the traffic zone {found.zone}, which does not exist; the device refuses the line",
            f"write `zone {found.zone}` before the interface; it was read as no zone",
            found.zone_at or found.origin,
        )
    acl = draft.access_groups.get(found.nameif or "", (None, None))[0]
    return Interface(
        name=found.name,
        kind=found.kind,
        addresses=() if found.address is None else (found.address,),
        mtu_bytes=draft.mtus.get(found.nameif or "", (None, None))[0],
        nameif=found.nameif,
        security_level=level,
        traffic_zone=found.zone if found.zone in draft.zones else None,
        access_list_in=acl if acl in draft.access_lists else None,
        enabled=found.enabled,
        origin=found.origin,
    )


def _routes(draft: Draft) -> Iterator[StaticRoute]:
    owners = by_nameif(draft)
    own = {found.address.ip: found for found in draft.interfaces.values() if found.address is not None}
    found = (route for same in draft.routes.values() for route in same.values())
    for route in sorted(found, key=lambda one: one.origin.line):
        if route.nameif is None or route.next_hop is None:
            yield StaticRoute(route.prefix, None, None, discard=True, distance=route.distance, origin=route.origin)
            continue
        interface = owners.get(route.nameif)
        if interface is None:
            report_unknown_nameif(draft, f"route {route.nameif} {route.prefix}", route.nameif, route.origin)
            continue
        _check_next_hop(draft, route, route.next_hop, interface, own)
        yield StaticRoute(route.prefix, route.next_hop, interface.name, distance=route.distance, origin=route.origin)


def _check_next_hop(
    draft: Draft, route: RouteDraft, next_hop: Address, egress: InterfaceDraft, own: dict[Address, InterfaceDraft]
) -> None:
    subject = f"route {route.nameif} {route.prefix}"
    if next_hop in own:
        draft.error(
            "ASA-021",
            subject,
            f"the next hop {next_hop} is this device's own address on {own[next_hop].name}; expected a neighbour's",
            f"write the address of the router beyond {egress.name}",
            route.origin,
            own[next_hop].origin,
        )
    elif egress.address is None or next_hop not in egress.address.network:
        network = "no address" if egress.address is None else str(egress.address.network)
        draft.warning(
            "ASA-022",
            subject,
            f"the next hop {next_hop} is not on the network of {egress.name} ({network})",
            "write a next hop on the interface's own network",
            route.origin,
            egress.origin,
        )


def _route_maps(draft: Draft) -> Iterator[RouteMap]:
    for name, entries in draft.route_maps.items():
        for entry in entries.values():
            for wanted in entry.prefix_lists:
                if wanted not in draft.prefix_lists:
                    _report_missing(
                        draft, ("ASA-063", "prefix list"), f"route-map {name} {entry.seq}", wanted, entry.origin
                    )
        yield RouteMap(
            name,
            tuple(
                RouteMapEntry(
                    seq=entry.seq,
                    permit=entry.permit,
                    match_prefix_lists=entry.prefix_lists,
                    set_local_pref=entry.local_pref,
                    set_med=entry.med,
                    set_as_path_prepend=entry.prepend,
                    set_next_hop=entry.next_hop,
                    origin=entry.origin,
                )
                for _, entry in sorted(entries.items())
            ),
        )


def _report_missing(draft: Draft, code_and_kind: tuple[str, str], subject: str, name: str, at: Origin) -> None:
    code, kind = code_and_kind
    known = draft.route_maps if kind == "route map" else draft.prefix_lists
    draft.error(
        code,
        subject,
        f"there is no {kind} {name}; expected one of: {some(known, 'none exists')}",
        f"write the {kind} {name}, or correct the name",
        at,
    )


def _speaker(draft: Draft, bgp: BgpDraft) -> BgpSpeaker:
    return BgpSpeaker(
        asn=bgp.asn,
        router_id=bgp.router_id,
        neighbors=tuple(_neighbors(draft, bgp)),
        networks=tuple(BgpNetwork(prefix, at) for prefix, at in bgp.networks.items()),
        maximum_paths=bgp.maximum_paths,
        origin=bgp.origin,
    )


def _neighbors(draft: Draft, bgp: BgpDraft) -> Iterator[BgpNeighbor]:
    for neighbor in bgp.neighbors.values():
        subject = f"neighbor {neighbor.address}"
        if neighbor.remote_asn is None:
            draft.error(
                "ASA-060",
                subject,
                "the neighbor has no remote-as; the device refuses its other lines",
                f"write `neighbor {neighbor.address} remote-as NUMBER` first; the neighbor was left out",
                neighbor.origin,
            )
            continue
        on = _interface_towards(draft, neighbor.address)
        if on is None and neighbor.multihop_ttl is None:
            draft.warning(
                "ASA-066",
                subject,
                f"no interface has {neighbor.address} on its network, and the session is single hop",
                "put the neighbor's network on an interface, or write ebgp-multihop",
                neighbor.origin,
            )
        yield BgpNeighbor(
            address=neighbor.address,
            remote_asn=neighbor.remote_asn,
            local_asn=neighbor.local_asn,
            local_address=on.address.ip if on is not None and on.address is not None else None,
            interface=on.name if on is not None else None,
            keepalive_s=bgp.keepalive_s if neighbor.keepalive_s is None else neighbor.keepalive_s,
            hold_time_s=bgp.hold_time_s if neighbor.hold_time_s is None else neighbor.hold_time_s,
            bfd=_bfd(draft, neighbor, on),
            multihop_ttl=neighbor.multihop_ttl,
            activated=neighbor.activated,
            import_prefix_list=_filter(draft, neighbor, "prefix-list", "in"),
            export_prefix_list=_filter(draft, neighbor, "prefix-list", "out"),
            import_route_map=_filter(draft, neighbor, "route-map", "in"),
            export_route_map=_filter(draft, neighbor, "route-map", "out"),
            password=neighbor.password,
            password_masked=neighbor.password_at is not None and neighbor.password is None,
            description=neighbor.description,
            origin=neighbor.origin,
        )


def _bfd(draft: Draft, neighbor: NeighborDraft, on: InterfaceDraft | None) -> Bfd | None:
    if neighbor.bfd_at is None:
        return None
    if on is None or on.bfd is None:
        draft.warning(
            "ASA-067",
            f"neighbor {neighbor.address}",
            f"asks for BFD, but {on.name if on else 'no interface towards it'} has no BFD interval; it was read as "
            "without BFD, and only the hold time notices a dead neighbor",
            "write `bfd interval 500 min_rx 500 multiplier 3` on the interface",
            neighbor.bfd_at,
        )
        return None
    return on.bfd


def _interface_towards(draft: Draft, address: Address) -> InterfaceDraft | None:
    for interface in draft.interfaces.values():
        on_it = interface.address is not None and address in interface.address.network
        if on_it and interface.kind is not InterfaceKind.LOOPBACK:
            return interface
    return None


def _filter(draft: Draft, neighbor: NeighborDraft, kind: str, direction: str) -> str | None:
    name, at = neighbor.filters.get((kind, direction), (None, None))
    if name is None or at is None:
        return None
    known = draft.prefix_lists if kind == "prefix-list" else draft.route_maps
    if name not in known:
        kinds = ("ASA-061", "prefix list") if kind == "prefix-list" else ("ASA-062", "route map")
        _report_missing(draft, kinds, f"neighbor {neighbor.address} {direction}", name, at)
        return None
    return name
