"""Whoever follows the page about the server, or its example for Node, gets what it promises."""

import json
import shlex
import subprocess
import time

import pytest
from test_server_kill import server  # noqa: F401 - a fixture

from page_runs import ROOT, Reader

pytestmark = [pytest.mark.live, pytest.mark.beside]
HOWTO = ROOT / "docs" / "howto"


def shown(page, language):
    """The page's blocks of a language."""
    parts = (HOWTO / page).read_text(encoding="utf-8").split(f"```{language}\n")[1:]
    return [part.partition("```")[0] for part in parts]


def test_a_reader_of_the_page_sees_it_encrypted_and_leaves_nothing(server):  # noqa: F811
    start, block = shown("serve.md", "sh")[:2]
    assert shlex.split(start) == ["sealane", "serve"]
    server.start()
    reader = Reader(f"127.0.0.1:{server.port}", server.state)
    lines = block.splitlines()
    probes = [line for line in lines if "/probes" in line]
    assert len(probes) == 1
    verdict, deadline = "", time.monotonic() + 40
    for line in lines:
        told = reader.paste("sh", line)
        while line in probes and verdict != "encrypted":
            verdict = json.loads(told)["verdict"]
            assert time.monotonic() < deadline, told
            told = told if verdict == "encrypted" else reader.paste("sh", line)
    assert "No changes" in reader.paste("sh", lines[-1])
    assert json.loads(reader.paste("sh", "sealane call GET /networks"))["networks"] == []


def test_the_example_for_node_runs(server):  # noqa: F811
    subprocess.run(["make", "--no-print-directory", "node"], cwd=ROOT, check=True, timeout=300)
    server.start()
    reader = Reader(f"127.0.0.1:{server.port}", server.state)
    reader.paste("sh", shown("clients.md", "sh")[0])
    reader.environment["NODE_PATH"] = str(ROOT / ".venv/node/node_modules")
    (block,) = shown("clients.md", "js")
    assert json.loads(reader.paste("js", block)) == {"vpc": []}
