import copy
import re

from replay import recorded, recorded_json
from sealane.drivers.bird import BgpSession, read_exported, read_protocols, read_updates
from sealane.drivers.frr import FrrSession, read_chosen, read_summary
from sealane.drivers.strongswan import SaState, read_sas, read_spis


def seen(session: BgpSession) -> tuple[str, str, str, int, int, str]:
    return (
        session.neighbor, session.state, session.since, session.received, session.advertised, session.last_error,
    )


def test_birds_sessions_are_read_with_their_counts_and_without_other_protocols() -> None:
    assert [seen(one) for one in read_protocols(recorded("bird/protocols-established.txt"))] == [
        ("100.77.165.74", "Established", "02:44:37.963", 1, 4, ""),
        ("169.254.10.2", "Established", "02:44:38.464", 3, 5, ""),
        ("169.254.20.2", "Established", "02:44:38.464", 3, 5, ""),
    ]


def test_a_bird_session_that_is_down_tells_why() -> None:
    _, down, up = read_protocols(recorded("bird/protocols-one-down.txt"))
    assert seen(down) == ("169.254.10.2", "Idle", "02:44:47.453", 0, 0, "Error: Neighbor lost")
    assert (up.neighbor, up.state, up.last_error) == ("169.254.20.2", "Established", "")


def test_a_border_router_has_its_one_session() -> None:
    (session,) = read_protocols(recorded("bird/protocols-border.txt"))
    assert (session.neighbor, session.state, session.received, session.advertised) == (
        "100.77.165.73", "Established", 4, 1,
    )


def test_no_part_of_an_answer_of_bird_raises() -> None:
    text = recorded("bird/protocols-one-down.txt")
    for length in range(0, len(text), 97):
        assert len(read_protocols(text[:length])) <= 3
    assert read_protocols("") == ()
    assert read_protocols("BIRD 2.0.12 ready.\n") == ()


UP = recorded("bird/protocols-established.txt")


def changed(text: str) -> set[str]:
    """Tables of which something else is told than before."""
    before, now = read_updates(UP), read_updates(text)
    assert set(before) == set(now)
    return {table for table in before if before[table] != now[table]}


def test_what_a_protocol_brought_into_a_table_is_told_of_each_of_its_tables() -> None:
    assert set(read_updates(UP)) == set(re.findall(r"able:\s+(\S+)", UP))
    blocks = list(re.finditer(r"^\S.*?(?=\n\n|\Z)", UP, re.MULTILINE | re.DOTALL))
    seen = 0
    for block in blocks:
        tables = set(re.findall(r"able:\s+(\S+)", block[0]))
        for line in re.finditer(r"(?:updates|withdraws):[ \d-]*\d", block[0]):
            at = block.start() + line.end() - 1
            assert changed(f"{UP[:at]}{(int(UP[at]) + 1) % 10}{UP[at + 1:]}") == tables
            seen += 1
    assert seen > 30


def test_a_protocol_that_has_started_anew_may_have_brought_other_routes() -> None:
    line = next(line for line in UP.splitlines() if line.startswith("vpn_"))
    assert changed(UP.replace(line, line.replace("02:44:38.464", "02:44:39.464")))


def test_what_no_route_hangs_on_is_not_told() -> None:
    text = re.sub(r"(timer:\s+)[0-9.]+", r"\g<1>1.234", UP)
    assert text != UP
    assert not changed(text)
    assert read_updates("") == read_updates("BIRD 2.0.12 ready.\n") == {}


def test_frrs_sessions_are_read_in_order_of_neighbor() -> None:
    assert read_summary(recorded("frr/summary-established.json")) == (
        FrrSession("169.254.10.1", "Established", 3.0, 5, 8),
        FrrSession("169.254.20.1", "Established", 3.0, 5, 8),
    )


def test_an_frr_session_that_is_down_has_no_prefixes() -> None:
    assert read_summary(recorded("frr/summary-one-down.json")) == (
        FrrSession("169.254.10.1", "Active", 9.0, 0, 0),
        FrrSession("169.254.20.1", "Established", 12.0, 5, 8),
    )


def test_birds_exports_have_all_next_hops_of_each_prefix() -> None:
    found = read_exported(recorded("bird/export-system.txt"))
    assert len(found) == 10
    assert found["192.168.20.0/24"] == {("ipsec1-282bd", "169.254.10.2"), ("ipsec2-bd307", "169.254.20.2")}
    assert found["192.168.0.0/16"] == {("vbr-attachment", "100.77.165.74")}
    assert found["10.10.10.0/24"] == frozenset()
    assert read_exported("BIRD 2.0.12 ready.\nsyntax error, unexpected CF_SYM_UNDEFINED\n") == {}


def test_of_frrs_routes_those_that_bgp_and_statics_won_are_read() -> None:
    assert read_chosen(recorded("frr/routes.json")) == {
        "10.10.10.49/32": {("vbr", "10.0.0.1")},
        "172.16.0.0/16": {("vbr", "10.0.0.1")},
        "172.16.10.0/24": {("ipsec1-8eaee", "169.254.10.1"), ("ipsec2-1bb54", "169.254.20.1")},
    }
    assert read_chosen("% no such command") == read_chosen("") == {}


def test_frr_without_bgp_has_no_sessions() -> None:
    assert read_summary("{}") == ()
    assert read_summary("% BGP instance not found") == ()


def test_an_installed_child_is_read_with_what_was_negotiated() -> None:
    assert read_sas(recorded_json("strongswan/sas-installed.json")) == {
        "ipsec1-282bd": SaState(
            "ipsec1-282bd", "ESTABLISHED", "INSTALLED",
            "AES_CBC-128-HMAC_SHA1_96-PRF_HMAC_SHA1-MODP_2048", "AES_CBC-128-HMAC_SHA1_96",
            bytes_in=1885, bytes_out=1822, packets_in=31, packets_out=32, encapsulated=True,
        )
    }


def in_bytes(value: object) -> object:
    """As vici gives it."""
    match value:
        case dict():
            return {key: in_bytes(one) for key, one in value.items()}
        case list():
            return [in_bytes(one) for one in value]
    return str(value).encode()


def test_sas_read_the_same_from_bytes() -> None:
    answer = recorded_json("strongswan/sas-installed.json")
    assert read_sas(in_bytes(answer)) == read_sas(answer)


def test_a_negotiation_without_an_answer_has_no_child() -> None:
    assert read_sas(recorded_json("strongswan/sas-connecting.json")) == {
        "ipsec1-8eaee": SaState("ipsec1-8eaee", "CONNECTING", "NONE")
    }


def test_without_sas_nothing_is_read() -> None:
    assert read_sas([]) == {}
    assert read_spis([]) == {}


def test_an_ike_sa_is_known_by_both_spis_once_the_peer_has_answered() -> None:
    answer = recorded_json("strongswan/sas-installed.json")
    spis = {"ipsec1-282bd": frozenset({"225aa0435c1c0ae9 d7cf8f0ca37e13ed"})}
    assert read_spis(answer) == read_spis(in_bytes(answer)) == spis
    assert read_spis(recorded_json("strongswan/sas-connecting.json")) == {}


def test_of_two_sas_of_a_connection_the_installed_one_counts_in_any_order() -> None:
    installed = recorded_json("strongswan/sas-installed.json")
    fresh = copy.deepcopy(installed)
    fresh[0]["ipsec1-282bd"] |= {"state": "CONNECTING", "child-sas": {}}
    for events in (installed + fresh, fresh + installed):
        assert read_sas(events)["ipsec1-282bd"].child_state == "INSTALLED"


def test_during_a_rekeying_the_installed_child_counts() -> None:
    answer = recorded_json("strongswan/sas-installed.json")
    children = answer[0]["ipsec1-282bd"]["child-sas"]
    children["child-1"]["state"] = "REKEYED"
    children["child-2"] = children["child-1"] | {"state": "INSTALLED", "bytes-in": "7"}
    state = read_sas(answer)["ipsec1-282bd"]
    assert (state.child_state, state.bytes_in) == ("INSTALLED", 7)
