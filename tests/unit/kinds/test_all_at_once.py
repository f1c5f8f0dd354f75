"""A value that could not be read hides nothing that is wrong beside it, and nothing follows out of it."""

from collections.abc import Iterator

import pytest
from corruptions import (
    ASA,
    CONNECTION,
    EXAMPLES,
    GATEWAY,
    LINE,
    MAP,
    NETWORK,
    TABLE,
    TR_ROUTE,
    VBR,
    VPC,
    VPC_ROUTE,
    group,
)

from sealane.kinds import read_plan
from sealane.kinds.plan import read_tree
from sealane.spec import Entry, Fields, Items, Mark, Scalar, parse

RULE = "          - {direction: ingress, ip_protocol: ICMP, source_cidr_ip: 192.168.0.0/16}\n"
BGP = "bgp: {tunnel_cidr: 169.254.10.0/30, local_bgp_ip: 169.254.10.1, local_asn: 65534}"
IKE = "ike: {ike_version: ikev2, ike_enc_alg: aes, ike_auth_alg: sha1"
TWO = (
    ("VBR-002 VBR-005", ("vlan_id: 0", "vlan_id: 3000"), ("peer_gateway_ip: 10.0.0.2", "peer_gateway_ip: 10.0.0.6")),
    ("VBR-003 VBR-007", ("255.255.255.252", "255.255.0.0"),
     ("      - {destination_cidr_block: 192.168.0.0/16, next_hop: Circuit}\n",
      "      - {destination_cidr_block: 192.168.0.0/16, next_hop: Circuit}\n" * 2)),
    ("VBR-010 VBR-015 VBR-017", (VBR, VBR + "    bandwidth: 51\n" + group(
        "peer_asn: 65530, local_asn: 65025, peers: [{bfd_multi_hop: 0}]"))),
    ("PC-002 VBR-034", ("line_operator: CT", "line_operator: XX"), (LINE, LINE + "    mtu: 1400\n")),
    ("VPC-002 VPC-005", ("cidr_block: 172.16.0.0/16\n    vsw", "cidr_block: 160.0.0.0/4\n    vsw"),
     ("cidr_block: 172.16.20.0/24", "cidr_block: 172.16.10.0/25")),
    ("VPC-001 VPC-006", (VPC, VPC + "    description: http://vpc\n"), (VPC_ROUTE, VPC_ROUTE * 2)),
    ("VPC-021 VPC-026", (RULE, RULE.replace("source_cidr_ip", "priority: 101, dest_cidr_ip"))),
    ("TR-001 TR-006", (TABLE, TABLE + "  description: http://tr\n"), (TR_ROUTE, TR_ROUTE * 2)),
    ("TR-007 TR-012", ("        association: system\n", "        association: [a, b]\n"),
     ("          - {zone_id: cn-hangzhou-j, vswitch: vSwitch3}\n",
      "          - {zone_id: cn-hangzhou-j, vswitch: vSwitch3}\n" * 2)),
    ("RMAP-001 RMAP-005 RMAP-006", (MAP, MAP + "    description: http://map\n    next_priority: 7\n")),
    ("CGW-002 CGW-003", ("    ip_address: 192.168.40.159\n    asn: 65530\n",
                         "    ip_address: 127.0.0.1\n    asn: 0\n")),
    ("VCO-002 VCO-004", (CONNECTION, CONNECTION + "    tunnel_bandwidth: Huge\n"),
     ("local_subnet: 0.0.0.0/0", "local_subnet: 10.0.0.0/8")),
    ("VCO-023 VCO-026", (BGP, "bgp: {tunnel_cidr: 169.254.10.0/29, local_asn: 0}")),
    ("VCO-040 VCO-043", (IKE, "ike: {ike_version: ikev1, local_id: name, ike_enc_alg: rot13, ike_auth_alg: sha1")),
    ("VCO-030 VCO-031", ("dpd_delay_s: 10", "dpd_delay_s: 0"), ("hold_time_s: 6", "hold_time_s: 5")),
    ("SITE-008 SITE-015", ("platform: gateway", "platform: junos"), ("address: 192.168.20.6", "address: 192.168.21.6")),
    ("SITE-003 SITE-014", ("name: cgw\n      platform: gateway\n",
                           "name: http://cgw\n      platform: gateway\n      config: cgw.cfg\n")),
    ("SITE-007 SITE-014", ("  - name: dc\n", "  - name: http://dc\n"),
     (NETWORK, NETWORK + "      - {name: more, cidr_block: 192.168.20.128/25}\n")),
    ("PROT-002 PROT-004", ("mode: open", "mode: closed"), ("site: [192.168.20.0/24]", "site: [172.16.0.0/12]")),
    ("PLAN-020 PROT-002", ("version: 1", "version: 2"), ("site: [192.168.20.0/24]", "site: [172.16.0.0/12]")),
)
"""Codes that are told together, a value that cannot be read first, and the edits for it."""


@pytest.mark.parametrize(("codes", "edits"), [(codes, edits) for codes, *edits in TWO], ids=[one[0] for one in TWO])
def test_what_is_wrong_beside_it_is_told_too(codes: str, edits: list[tuple[str, str]]) -> None:
    text = GATEWAY
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    _, found = read_plan(text, "p")
    assert sorted({one.code for one in found}) == codes.split(), "\n".join(map(str, found))


PERMITS = (
    "  - {priority: 50, transmit_direction: RegionOut, map_result: Permit, destination_instances: [VBR], "
    "preference: 60, prepend_as_path: [65001], operate_community_set: [64512:7], route_types: [BGP], "
    "match_asns: [65530]}\n"
)
RICH = GATEWAY.replace(VBR, VBR + "    mtu: 1500\n    min_tx_interval: 300\n" + group(
    "peer_asn: 65530, local_asn: 64999, auth_key: secret, peers: [{peer_ip_address: 10.0.0.2, enable_bfd: true}]",
)).replace(MAP, PERMITS + MAP)
BASES = (RICH, ASA, *((EXAMPLES / name / "plan.yaml").read_text() for name in ("bgp-on-vbr", "load-balancing")))


def test_nothing_follows_out_of_one_value_that_cannot_be_read() -> None:
    """Every kind of field once: a list in place of a word, a word in place of a list or mapping, a mistyped key."""
    shapes: set[tuple[object, ...]] = set()
    for text in BASES:
        root, _ = parse(text, "p")
        assert root is not None
        _, told = read_tree(root)
        assert not [one for one in told if one.severity == "error"]
        for path, broken, line in _broken(root, ()):
            shape = tuple(None if isinstance(step, int) else step for step in path)
            if shape in shapes:
                continue
            shapes.add(shape)
            _, found = read_tree(broken)
            noise = [one for one in found if one.seen_at[0].line != line and one not in told]
            assert not noise, f"{path}: {noise[0]}"
            assert path[-1] == "psk" or any(one.severity == "error" for one in found), path
    assert len(shapes) > len(TWO) * 10


def _broken(mark: Mark, path: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], Mark, int]]:
    """Where something is broken, the whole with it, and its line."""
    at = mark.origin
    if isinstance(mark, Scalar):
        yield path, Items((Items((), at),), at), at.line
        return
    if path:
        yield path, Scalar("?", plain=True, origin=at), at.line
    if isinstance(mark, Items):
        for index, item in enumerate(mark.items):
            for where, new, line in _broken(item, (*path, index)):
                yield where, Items((*mark.items[:index], new, *mark.items[index + 1 :]), at), line
    if isinstance(mark, Fields):
        for key, entry in mark.entries.items():
            for where, new, line in _broken(entry.value, (*path, key)):
                yield where, Fields({**mark.entries, key: Entry(key, new, entry.origin)}, at), line
            if path[-1:] not in (("ports",), ("addresses",)):
                others = {one: other for one, other in mark.entries.items() if one != key}
                mistyped = Entry(f"{key}x", entry.value, entry.origin)
                yield (*path, f"{key}x"), Fields({**others, f"{key}x": mistyped}, at), entry.origin.line
