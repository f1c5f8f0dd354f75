"""What comes back is never more than what is said to have been sent."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sealane.app import flow_agent

ENDED_WHILE_SENDING = """
import os, runpy, signal, socket, sys
count = 0
class Socket(socket.socket):
    def sendto(self, *args):
        global count
        count += 1
        done = super().sendto(*args)
        if count == at:
            os.kill(os.getpid(), signal.SIGTERM)
        return done
at = int(sys.argv.pop(1))
sys.argv = sys.argv[1:]
socket.socket = Socket
runpy.run_path(sys.argv[0], run_name="__main__")
"""
FLOWS, ROUNDS = 5, 3


@pytest.mark.parametrize("nth", [11, 13, 15])
def test_what_is_sent_is_counted_whenever_the_sender_is_ended(tmp_path: Path, nth: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    echo = subprocess.Popen([sys.executable, flow_agent.__file__, "echo", str(port)])
    try:
        arguments = ["send", "127.0.0.2", "127.0.0.1", str(port), str(FLOWS), "50", str(tmp_path / "result")]
        command = [sys.executable, "-c", ENDED_WHILE_SENDING, str(nth), flow_agent.__file__, *arguments]
        assert subprocess.run(command, timeout=20, check=False).returncode == 0
        flows = json.loads((tmp_path / "result").read_text("ascii"))["flows"]
        assert [flow["sent"] for flow in flows] == [ROUNDS] * FLOWS
        assert all(flow["received"] <= flow["sent"] for flow in flows), flows
    finally:
        echo.terminate()
        echo.wait(20)
