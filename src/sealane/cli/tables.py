"""Tables for people."""

from rich.console import Console
from rich.table import Table

from sealane.app.capture import Counts
from sealane.app.drill import DrillResult
from sealane.app.probe import ProbeResult
from sealane.app.report import Report

_VERDICT_STYLE = {
    "encrypted": "bold green",
    "clear": "bold red",
    "mixed": "bold red",
    "dropped": "bold yellow",
    "unproven": "bold yellow",
}


def console() -> Console:
    """Where tables go; wide enough for them when the output is a file."""
    found = Console()
    return found if found.is_terminal else Console(width=140)


def _counts(table: Table, name: str, counts: Counts) -> None:
    clear = f"[red]{counts.clear_protected}[/red]" if counts.clear_protected else "0"
    table.add_row(name, str(counts.esp), str(counts.ike), str(counts.routing), clear, str(counts.other))


def _circuit_table(title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("circuit", "ESP", "IKE", "routing", "clear protected", "other"):
        table.add_column(column, justify="left" if column == "circuit" else "right")
    return table


def print_probe(result: ProbeResult) -> None:
    """A probe."""
    out = console()
    style = _VERDICT_STYLE[result.verdict]
    times = "no reply" if result.ping.rtt_avg_ms is None else f"average {result.ping.rtt_avg_ms} ms"
    out.print(
        f"{result.source} -> {result.destination}: {result.ping.received} of {result.ping.sent} answered, {times}"
    )
    table = _circuit_table("packets that crossed")
    for name, counts in result.metered.items():
        _counts(table, f"{name} (meter)", counts)
    for name, counts in result.captured.items():
        _counts(table, f"{name} (capture, this pair)", counts)
    out.print(table)
    for tunnel in result.tunnels:
        out.print(f"{tunnel.name}: {tunnel.bytes_in} bytes in, {tunnel.bytes_out} bytes out")
    out.print(f"[{style}]{result.verdict}[/{style}]")


def print_drill(result: DrillResult) -> None:
    """A drill."""
    out = console()
    flows = result.flows
    out.print(f"failed: {', '.join(result.elements)}")
    out.print(
        f"longest gap {flows.longest_gap_ms} ms; {flows.flows_hit} of {flows.flows} flows hit; "
        f"{flows.sent - flows.received} of {flows.sent} datagrams lost"
    )
    table = _circuit_table("packets that crossed")
    _counts(table, "all circuits", result.counts)
    out.print(table)
    if result.blocked:
        out.print(f"{result.blocked} protected packets were dropped instead of crossing in clear")
    word = "did not recover" if result.recovered_s is None else f"recovered after {result.recovered_s} s"
    out.print(word)


def print_report(result: Report) -> None:
    """A status."""
    out = console()
    out.print(
        f"[bold]{result.network}[/bold]: stage {result.stage}, ESP {result.esp}, mode {result.mode or 'as planned'}"
    )
    if result.tunnels:
        table = Table()
        for column in ("tunnel", "IKE", "child SA", "BGP cloud", "BGP device", "bytes in", "bytes out", "reason"):
            table.add_column(column, justify="right" if column.startswith("bytes") else "left")
        for one in result.tunnels:
            table.add_row(
                one.name,
                one.ike_state,
                one.child_state,
                one.bgp_state,
                one.device_bgp_state,
                str(one.bytes_in),
                str(one.bytes_out),
                one.reason,
            )
        out.print(table)
    meters = _circuit_table("since the meters were set")
    for name, reading in result.meters.items():
        _counts(
            meters,
            name,
            Counts(
                reading.esp.packets,
                reading.ike.packets,
                reading.routing.packets,
                reading.clear_protected.packets,
                reading.other.packets,
            ),
        )
    out.print(meters)
    for line in result.missing:
        out.print(f"[yellow]not as configured:[/yellow] {line}")
    if result.missing:
        out.print("sealane up mends it")
