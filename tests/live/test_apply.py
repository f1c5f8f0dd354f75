"""A plan applied to a running server with the program itself: the network is there, once, and goes without a trace."""

import json
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml
from test_server_kill import server  # noqa: F401 - a fixture

from sealane.app.controller import networks_present
from sealane.store import SqliteStore

pytestmark = [pytest.mark.live, pytest.mark.beside]
SEALANE = Path(sys.executable).with_name("sealane")
EXAMPLE = Path(__file__).parents[2] / "examples" / "hangzhou"


@pytest.fixture
def plan(tmp_path):
    """The example, in a place where it may be edited."""
    for name in ("plan.yaml", "cgw.asa.cfg"):
        shutil.copy(EXAMPLE / name, tmp_path)
    return tmp_path / "plan.yaml"


def write(path, one):
    path.write_text(yaml.safe_dump(one, sort_keys=False), encoding="utf-8")


def client(server, *words):  # noqa: F811
    command = [SEALANE, *words, "--endpoint", f"127.0.0.1:{server.port}", "--credentials", server.state / "credentials"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def native(server, method, path, body=None):  # noqa: F811
    told = dict(line.split("=", 1) for line in (server.state / "credentials").read_text().split())
    key = told["ALIBABA_CLOUD_ACCESS_KEY_ID"], told["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    shown = b64encode(":".join(key).encode()).decode()
    request = Request(f"http://127.0.0.1:{server.port}/v1{path}", None if body is None else json.dumps(body).encode(),
                      {"content-type": "application/json", "authorization": f"Basic {shown}"}, method=method)
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def ping(server):  # noqa: F811
    return native(server, "POST", "/probes", {"source": "ECS1", "destination": "client", "count": 5})


def test_a_plan_is_applied_once_and_destroyed(server, plan, tmp_path):  # noqa: F811
    server.start()
    told = client(server, "apply", plan, "--auto-approve")
    assert "everything is new" in told
    assert " to add, 0 to change, 0 to destroy." in told

    answer = json.loads(client(server, "apply", plan, "--dry-run", "--json"))
    assert (answer["add"], answer["change"], answer["destroy"]) == (0, 0, 0), answer["changes"]

    deadline = time.monotonic() + 30
    while not all(one["settled"] for one in native(server, "GET", "/networks")["networks"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while (probe := ping(server))["verdict"] != "encrypted":
        assert time.monotonic() < deadline, probe
        time.sleep(0.5)
    assert probe["received"] == 5

    one = yaml.safe_load(plan.read_text(encoding="utf-8"))
    one["protections"][0]["mode"] = "required"
    write(plan, one)
    answer = json.loads(client(server, "apply", plan, "--dry-run", "--json"))
    assert (answer["add"], answer["change"], answer["destroy"]) == (0, 1, 0)
    assert answer["effect"]["different"], "when both tunnels are lost, what is required to be encrypted is dropped"
    assert len(answer["effect"]["protections"]) == 1

    client(server, "export", "-o", tmp_path / "out")
    exported = tmp_path / "out" / "plan.yaml"
    found = subprocess.run([SEALANE, "check", exported], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr

    told = client(server, "destroy", plan, "--auto-approve")
    assert "Plan: 0 to add, 0 to change, " in told
    assert "No changes" in client(server, "destroy", plan)
    assert not native(server, "GET", "/networks")["networks"]
    server.kill()
    store = SqliteStore(server.state)
    prefix = dict(store.read("server"))["prefix"].decode()
    store.close()
    assert not [one for one in networks_present() if one.startswith(prefix)]
