"""Logs of IPsec connections and what is read from them."""

import pytest
from harness import OTHER, REGION, START_MS, Cloud, connection
from test_diagnosis import SECTIONS

from sealane.cloud.observed import LogLine, Nothing, SeenTunnel


class Logs(Nothing):
    """Lines by tunnel, and states."""

    def __init__(self):
        self.lines = {}
        self.states = {}

    def log(self, connection_id, tunnel_id, from_ms, to_ms):
        assert connection_id == "vco-1"
        found = [one for tunnel, lines in self.lines.items() if tunnel_id in ("", tunnel) for one in lines]
        return sorted((one for one in found if from_ms <= one.at_ms <= to_ms), key=lambda one: one.at_ms)

    def tunnel(self, tunnel_id):
        return self.states.get(tunnel_id, SeenTunnel())


@pytest.fixture
def cloud():
    made = Cloud(Logs())
    connection(made)
    for index in (1, 2):
        made.put(f"tun-1{index}", "tunnel", InternetIp=f"10.10.10.{48 + index}")
    made.observed.lines = {
        "tun-11": [LogLine(START_MS - 60_000, "INFO", "07[IKE] first"), LogLine(START_MS, "WARN", "08[IKE] third")],
        "tun-12": [LogLine(START_MS - 30_000, "INFO", "09[IKE] second")],
    }
    return made


def logs(cloud, **params):
    wanted = {"RegionId": REGION, "VpnConnectionId": "vco-1", **params}
    answer = cloud.call("Vpc", "DescribeVpnConnectionLogs", **wanted)
    assert answer["IsCompleted"] is True
    assert answer["Count"] == len(answer["Data"]["Logs"])
    return answer["Data"]["Logs"]


FIRST = "2025-12-31 23:59:00 vco-1 [INFO]: 07[IKE] first"
SECOND = "2025-12-31 23:59:30 vco-1 [INFO]: 09[IKE] second"
THIRD = "2026-01-01 00:00:00 vco-1 [WARN]: 08[IKE] third"


def test_lines_are_told_in_order_for_a_time_or_a_tunnel(cloud):
    start_s = START_MS // 1000
    assert logs(cloud, MinutePeriod=10) == [FIRST, SECOND, THIRD]
    assert logs(cloud, MinutePeriod=10, TunnelId="tun-12") == [SECOND]
    assert logs(cloud, From=start_s - 30, To=start_s) == [SECOND, THIRD]
    assert logs(cloud, From=START_MS - 30_000, To=START_MS - 1) == [SECOND]
    assert logs(cloud, From=start_s - 60, MinutePeriod=1) == [FIRST, SECOND, THIRD]
    assert logs(cloud, To=start_s - 1, MinutePeriod=1) == [FIRST, SECOND]
    assert logs(cloud, MinutePeriod=10, PageSize=2, PageNumber=2) == [THIRD]


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("MissingParam.MinutePeriod", {}),
        ("MissingParam.MinutePeriod", {"From": START_MS}),
        ("IllegalParam.MinutePeriod", {"MinutePeriod": 0}),
        ("IllegalParam.MinutePeriod", {"MinutePeriod": 11}),
        ("IllegalParam.From", {"From": START_MS, "To": START_MS - 1}),
        ("QueryVpnConnectionLog.NotFound", {"MinutePeriod": 1, "TunnelId": "tun-9"}),
        ("InvalidVpnConnectionInstanceId.NotFound", {"MinutePeriod": 1, "VpnConnectionId": "vco-9"}),
        ("InvalidVpnConnectionInstanceId.NotFound", {"MinutePeriod": 1, "account": OTHER}),
    ],
)
def test_what_has_no_log_is_refused(cloud, code, params):
    wanted = {"RegionId": REGION, "VpnConnectionId": "vco-1", **params}
    cloud.refused(code, "Vpc", "DescribeVpnConnectionLogs", **wanted)


def diagnosed(cloud, **params):
    return cloud.call("Vpc", "DiagnoseVpnConnections", **{"RegionId": REGION, **params})["VpnConnections"]


def test_a_cause_is_told_with_its_line(cloud):
    told = SECTIONS["ike_dh cloud"]
    cloud.observed.lines = {"tun-11": [LogLine(START_MS + at, "INFO", one) for at, one in enumerate(told)]}
    cloud.observed.states = {"tun-12": SeenTunnel("ipsec_sa_established")}
    ours, theirs = (f"IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_{bits}" for bits in (1024, 2048))
    at = next(at for at, one in enumerate(told) if "unacceptable" in one)
    wanted = [
        {"VpnConnectionId": "vco-1", "TunnelId": "tun-11", "FailedReasonCode": "DhGroupMismatch",
         "FailedReason": "The Diffie-Hellman groups of IKE differ.", "Severity": "Critical",
         "FailedTime": START_MS + at, "SourceLog": f"2026-01-01 00:00:00 vco-1 [INFO]: {told[at]}",
         "MismatchLocalParam": ours, "MismatchRemoteParam": theirs},
        {"VpnConnectionId": "vco-1", "TunnelId": "tun-12", "FailedReasonCode": "NoExceptionFound",
         "FailedReason": "Nothing is wrong.", "Severity": "Normal", "SourceLog": "", "MismatchLocalParam": "",
         "MismatchRemoteParam": ""},
    ]  # fmt: skip
    assert diagnosed(cloud) == diagnosed(cloud, VpnConnectionIds=["vco-1"]) == wanted
    assert diagnosed(cloud, TunnelIds=["tun-12"]) == wanted[1:]
    assert diagnosed(cloud, PageSize=1, PageNumber=2) == wanted[1:]
    assert diagnosed(cloud, VpnGatewayId="vpn-1") == []
    cloud.now_ms += 180_000
    assert diagnosed(cloud, TunnelIds=["tun-11"])[0]["FailedReasonCode"] == "NoResponse", "the lines are too old"


def test_identities_of_the_tunnel_decide(cloud):
    config = {"LocalId": "hz", "RemoteId": "dc"}
    cloud.put("tun-11", "tunnel", TunnelIkeConfig=config)
    told = ["15[CFG] looking for peer configs matching 10.10.10.49[hz]...192.168.10.1[other]",
            "15[CFG] no matching peer config found"]  # fmt: skip
    cloud.observed.lines = {"tun-11": [LogLine(START_MS, "INFO", one) for one in told]}
    [found] = diagnosed(cloud, TunnelIds=["tun-11"])
    assert (found["FailedReasonCode"], found["MismatchLocalParam"], found["MismatchRemoteParam"]) == (
        "PeerIdMismatch", "dc", "other")  # fmt: skip


def test_an_address_that_is_not_the_gateways_is_a_cause(cloud):
    told = "05[IKE] no IKE config found for 10.10.10.49...192.168.10.77, sending NO_PROPOSAL_CHOSEN"
    cloud.observed.lines = {"tun-11": [LogLine(START_MS, "INFO", told)]}
    [found] = diagnosed(cloud, TunnelIds=["tun-11"])
    assert (found["FailedReasonCode"], found["MismatchLocalParam"], found["MismatchRemoteParam"]) == (
        "PeerMismatch", "192.168.10.1", "192.168.10.77")  # fmt: skip


def test_what_is_not_bound_cannot_run(cloud):
    connection(cloud, 2)
    found = diagnosed(cloud, VpnConnectionIds=["vco-2"])
    assert {(one["FailedReasonCode"], one["Severity"]) for one in found} == {("NegotiationFailed", "Warn")}


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidTunnelId.NotFound", {"TunnelIds": ["tun-9"]}),
        ("InvalidTunnelId.NotFound", {"TunnelIds": ["tun-11"], "RegionId": "cn-beijing"}),
        ("InvalidVpnConnectionInstanceId.NotFound", {"VpnConnectionIds": ["vco-9"]}),
        ("InvalidVpnConnectionInstanceId.NotFound", {"VpnConnectionIds": ["vco-1"], "account": OTHER}),
        ("InvalidRegionId.NotFound", {"RegionId": "cn-nowhere"}),
    ],
)
def test_what_is_not_there_is_not_diagnosed(cloud, code, params):
    cloud.refused(code, "Vpc", "DiagnoseVpnConnections", **{"RegionId": REGION, **params})
    assert diagnosed(cloud, account=OTHER) == []
