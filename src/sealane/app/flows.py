"""UDP flows between two hosts for measuring gaps; see flow_agent."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sealane.app import flow_agent
from sealane.app.live import Live, host_address
from sealane.diag import Fault
from sealane.host import Tag, alive, read_text, spawn, stop
from sealane.model import Node

FLOWS = 8
INTERVAL_MS = 10
_PORT = 9999
_ROLE = "flows"
_RESULT_WAIT_S = 5.0
_START_S = 0.15
_TCP_PORT = 9998
_TRANSFER_LIMIT_S = 60.0
_PYTHON = [sys.executable, "-I", "-S", str(Path(flow_agent.__file__))]


@dataclass(frozen=True, slots=True)
class FlowsResult:
    """What the flows measured.

    Args:
        sent, received: Datagrams of all flows.
        longest_gap_ms: The longest run of unanswered probes of any flow, times the interval.
        flows_hit: Flows with a gap of more than one probe.
        flows_answered: Flows of which more than half was answered.
        flows: All flows.
    """

    sent: int
    received: int
    longest_gap_ms: int
    flows_hit: int
    flows_answered: int
    flows: int


@dataclass(frozen=True, slots=True)
class TransferResult:
    """A TCP transfer: bytes that should have and have arrived, as the receiver confirmed, and the seconds it took."""

    wanted: int
    confirmed: int
    duration_s: float

    @property
    def mbit_per_s(self) -> float:
        """Goodput."""
        return self.confirmed * 8 / 1e6 / self.duration_s if self.duration_s else 0.0


def transfer(live: Live, source: Node, destination: Node, *, connections: int, size_bytes: int) -> TransferResult:
    """Send ``size_bytes`` on each of several TCP connections at once.

    Raises:
        Fault: The transfer did not end.
    """
    places = live.lowered.places
    with live.controller.directory.scratch() as scratch:
        result, log = Path(scratch, "result.json"), Path(scratch, "log")
        receiving = Tag.of_command(live.network.name, places[destination.name].namespace, _ROLE)
        sink = spawn([*_PYTHON, "sink", str(_TCP_PORT)], receiving, log)
        try:
            time.sleep(_START_S)
            words = [str(host_address(destination)), _TCP_PORT, connections, size_bytes, result]
            sending = Tag.of_command(live.network.name, places[source.name].namespace, _ROLE)
            push = spawn([*_PYTHON, "push", *map(str, words)], sending, log)
            try:
                push.wait(timeout=_TRANSFER_LIMIT_S)
            except subprocess.TimeoutExpired:
                stop([push.pid], at_once=True)
                push.wait()
        finally:
            stop([sink.pid], at_once=True)
            sink.wait()
        answer = json.loads(read_text(result) or "{}")
    return TransferResult(connections * size_bytes, sum(answer.get("confirmed", [])), answer.get("duration_s", 0.0))


class Flows:
    """Flows that run until ``finish``."""

    def __init__(self, live: Live, source: Node, destination: Node) -> None:
        self._scratch = live.controller.directory.scratch()
        self._result = Path(self._scratch.name, "result.json")
        log = Path(self._scratch.name, "log")
        places = live.lowered.places
        answering = Tag.of_command(live.network.name, places[destination.name].namespace, _ROLE)
        sending = Tag.of_command(live.network.name, places[source.name].namespace, _ROLE)
        self._echo = spawn([*_PYTHON, "echo", str(_PORT)], answering, log)
        time.sleep(_START_S)
        words = [str(host_address(source)), str(host_address(destination)), _PORT, FLOWS, INTERVAL_MS, self._result]
        self._send = spawn([*_PYTHON, "send", *map(str, words)], sending, log)
        self._log = log

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop([self._send.pid, self._echo.pid], at_once=True)
        self._send.wait()
        self._echo.wait()
        self._scratch.cleanup()

    def finish(self) -> FlowsResult:
        """End the flows and read what they measured.

        Raises:
            Fault: The sender did not report.
        """
        self._send.terminate()
        deadline = time.monotonic() + _RESULT_WAIT_S
        while alive(self._send.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        text = read_text(self._result)
        if text is None:
            tail = (read_text(self._log) or "").strip()[-300:]
            raise Fault("measure flows", tail or "the sender did not report", "run it again")
        flows = json.loads(text)["flows"]
        return FlowsResult(
            sum(flow["sent"] for flow in flows),
            sum(flow["received"] for flow in flows),
            max(flow["longest_gap_ms"] for flow in flows),
            sum(1 for flow in flows if flow["longest_gap_ms"] > INTERVAL_MS),
            sum(1 for flow in flows if flow["received"] * 2 > flow["sent"]),
            len(flows),
        )
