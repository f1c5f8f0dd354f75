"""UDP flows between two hosts for measuring gaps; see flow_agent."""

import json
import sys
import tempfile
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


class Flows:
    """Flows that run until ``finish``."""

    def __init__(self, live: Live, source: Node, destination: Node) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="sealane-")
        self._result = Path(self._scratch.name, "result.json")
        log = Path(self._scratch.name, "log")
        python = [sys.executable, "-I", "-S", str(Path(flow_agent.__file__))]
        places = live.lowered.places
        answering = Tag(live.network.name, places[destination.name].namespace, _ROLE)
        sending = Tag(live.network.name, places[source.name].namespace, _ROLE)
        self._echo = spawn([*python, "echo", str(_PORT)], answering, log)
        time.sleep(0.15)
        words = [str(host_address(source)), str(host_address(destination)), _PORT, FLOWS, INTERVAL_MS, self._result]
        self._send = spawn([*python, "send", *map(str, words)], sending, log)
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
