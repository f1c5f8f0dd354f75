"""What the cloud's ends of tunnels wrote, and what is to be read from it."""

from collections.abc import Iterator

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.observed import LogLine
from sealane.cloud.paging import page
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import in_region
from sealane.cloud.vpc.diagnosis import Expected, diagnose
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpn_answers import NO_VPN_GATEWAY, STATUSES, identities, peer_of
from sealane.cloud.vpc.vpn_common import NO_CONNECTION, connection_of, tunnels_of
from sealane.cloud.world import Transaction

_MINUTE_MS = 60_000
_MOST_MINUTES = 10
_LOOKED_BACK_MS = 3 * _MINUTE_MS
"""Older lines tell nothing of what is."""
_FIRST_MS = 10**11
"""From here on a time is one in milliseconds, below it one in seconds: this is 1973 or 5138."""


@VPC.reads("DescribeVpnConnectionLogs")
def describe_vpn_connection_logs(call: Call, state: Transaction) -> Fields:
    """DescribeVpnConnectionLogs, oldest first."""
    connection = connection_of(call, state)
    known = {one.id for one in tunnels_of(connection, state)}
    wanted = call.text("TunnelId")
    if wanted and wanted not in known:
        raise CloudError("QueryVpnConnectionLog.NotFound", f"{connection.id} has no tunnel {wanted}.")
    lines = call.observed.log(connection.id, wanted, *_period(call))
    shown = page(call, [_written(connection.id, one) for one in lines])
    return {"PageNumber": shown.number, "PageSize": shown.size, "Count": len(shown.items), "IsCompleted": True,
            "Data": {"Logs": list(shown.items)}}


def _period(call: Call) -> tuple[int, int]:
    """From and To, or a number of minutes after the one or before the other or now."""
    first, last = (_as_ms(call.number(name, 0)) for name in ("From", "To"))
    if first and last:
        if first > last:
            raise CloudError("IllegalParam.From", "From is after To.")
        return first, last
    minutes = call.number("MinutePeriod", 0)
    if not 1 <= minutes <= _MOST_MINUTES:
        raise CloudError("IllegalParam.MinutePeriod" if call.has("MinutePeriod") else "MissingParam.MinutePeriod",
                         f"Give From and To, or MinutePeriod, which is 1 to {_MOST_MINUTES}.")
    if first:
        return first, first + minutes * _MINUTE_MS
    return (last or call.now_ms) - minutes * _MINUTE_MS, last or call.now_ms


def _as_ms(value: int) -> int:
    return value if value >= _FIRST_MS else value * 1000


def _written(connection_id: str, line: LogLine) -> str:
    at = seconds(line.at_ms).replace("T", " ").rstrip("Z")
    return f"{at} {connection_id} [{line.level}]: {line.text}"


@VPC.reads("DiagnoseVpnConnections")
def diagnose_vpn_connections(call: Call, state: Transaction) -> Fields:
    """DiagnoseVpnConnections: tunnels that are named, those of connections that are, or all."""
    gateway = call.text("VpnGatewayId")
    wanted = () if gateway not in ("", NO_VPN_GATEWAY) else tuple(_wanted(call, state))
    shown = page(call, wanted)
    return {**shown.fields, "VpnConnections": [_diagnosed(call, one, state) for one in shown.items]}


def _wanted(call: Call, state: Transaction) -> Iterator[Document]:
    tunnels, connections = call.texts("TunnelIds"), call.texts("VpnConnectionIds")
    for one in tunnels:
        missing = CloudError("InvalidTunnelId.NotFound", f"Tunnel {one} does not exist.", 404)
        yield _here(call, call.own(state, one, "tunnel", missing), missing)
    for one in connections:
        yield from tunnels_of(_here(call, call.own(state, one, "vpn_attachment", NO_CONNECTION), NO_CONNECTION), state)
    if not tunnels and not connections:
        for connection in in_region(call, state.of_kind(call.account, "vpn_attachment")):
            yield from tunnels_of(connection, state)


def _here(call: Call, found: Document, missing: CloudError) -> Document:
    if found.region != call.region:
        raise missing
    return found


def _diagnosed(call: Call, tunnel: Document, state: Transaction) -> Fields:
    told: dict[str, str | int] = {"VpnConnectionId": tunnel.parent, "TunnelId": tunnel.id}
    if not tunnel.text("InternetIp"):
        return {**told, "FailedReasonCode": "NegotiationFailed", "Severity": "Warn", "SourceLog": "",
                "FailedReason": "The connection is not bound to a transit router, nothing runs."}
    lines = call.observed.log(tunnel.parent, tunnel.id, call.now_ms - _LOOKED_BACK_MS, call.now_ms)
    found = diagnose(lines, _expected(call, tunnel, state))
    told |= {"FailedTime": found.line.at_ms, "SourceLog": _written(tunnel.parent, found.line)} if found.line else {
        "SourceLog": ""}
    return {**told, "FailedReasonCode": found.code, "FailedReason": found.reason, "Severity": found.severity,
            "MismatchLocalParam": found.local, "MismatchRemoteParam": found.remote}


def _expected(call: Call, tunnel: Document, state: Transaction) -> Expected:
    reached = STATUSES.index(call.observed.tunnel(tunnel.id).status)
    return Expected(peer_of(tunnel, state), *identities(tunnel, state), ike_up=reached > 0,
                    child_up=reached == len(STATUSES) - 1)


