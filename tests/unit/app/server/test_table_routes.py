"""Routes of a transit router's tables as BIRD tells them: states, sources, communities, and what a policy kept out."""

from sealane.app.server.table_routes import prohibited_routes, seen_routes
from sealane.drivers.bird import read_table
from sealane.vendors.bird import source_id_of

VPN, VBR = source_id_of("tr-attach-vpn"), source_id_of("tr-attach-vbr")
ATTACHMENTS = {"tun1": "tr-attach-vpn", "tun2": "tr-attach-vpn", "vbr": "tr-attach-vbr"}


def route(prefix, protocol, hop, source, kind, *, best=True, rank=400, communities="", path="65530"):
    mark = " *" if best else ""
    lines = [
        f"{prefix:<20} unicast [{protocol} 10:00:00.000]{mark} ({rank}) [AS65530i]",
        f"\tvia 169.254.10.2 on {hop}",
        "\tType: BGP univ",
        "\tBGP.origin: IGP",
        f"\tBGP.as_path: {path}",
        "\tBGP.med: 50",
        f"\tsl_source: {source}",
        "\tsl_kind: 3",
        f"\tsl_type: {kind}",
    ]
    return "\n".join([*lines[:6], *([f"\tBGP.community: {communities}"] if communities else []), *lines[6:]])


TABLE = "\n".join([
    "Table tr_vtb_1:",
    route("192.168.10.0/24", "vpn_a_1", "tun1", VPN, 3, communities="(65501,1) (65501,20)"),
    route("", "vpn_a_2", "tun2", VPN, 3, best=False, communities="(65501,1) (65501,20)"),
    route("192.168.0.0/16", "border_b", "vbr", VBR, 2, rank=550, path=""),
    route("", "vpn_a_1", "tun1", VPN, 3, best=False),
])


def test_a_route_by_two_tunnels_is_told_once_with_its_communities():
    seen = list(seen_routes(read_table(TABLE), ATTACHMENTS))
    assert [(one.prefix, one.attachment, one.source, one.status) for one in seen] == [
        ("192.168.10.0/24", "tr-attach-vpn", "BGP", "Active"),
        ("192.168.0.0/16", "tr-attach-vbr", "Custom", "Active"),
        ("192.168.0.0/16", "tr-attach-vpn", "BGP", "Standby"),
    ]
    assert [tuple(one.communities) for one in seen] == [("65501:1", "65501:20"), (), ()]


def test_what_a_policy_kept_out_is_prohibited_and_what_it_let_in_is_not():
    learned = read_table("\n".join([
        "Table att_vpn:",
        route("192.168.10.0/24", "vpn_a_1", "tun1", VPN, 3),
        route("192.168.20.0/24", "vpn_a_1", "tun1", VPN, 3, communities="(1,2)"),
        route("", "vpn_a_2", "tun2", VPN, 3, best=False, communities="(1,2)"),
        route("172.16.10.0/24", "pipe_a_b", "vpc", source_id_of("tr-attach-vpc"), 1),
    ]))
    kept = list(seen_routes(read_table(TABLE), ATTACHMENTS))
    (found,) = prohibited_routes({"tr-attach-vpn": learned}, kept)
    assert (found.prefix, found.attachment, found.source) == ("192.168.20.0/24", "tr-attach-vpn", "BGP")
    assert (found.status, tuple(found.as_path), tuple(found.communities)) == ("Prohibited", (65530,), ("1:2",))
    assert not list(prohibited_routes({}, kept))
