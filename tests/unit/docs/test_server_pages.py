"""What the pages for people with a server show is done by a server, one without packets."""

import json
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from documents import ROOT, blocks

from page_runs import Reader
from sealane.api.serve import Listener
from sealane.app.server.running import Server
from sealane.cli.main import group
from sealane.cloud.settle import settle

HOWTO = ROOT / "docs" / "howto"


def settled(server, ending):
    """Every object soon reaches what it says, as if its network did."""
    while not ending.wait(0.02):
        with server.service.view() as world:
            waiting = [world.get(one) for one in sorted(world.unsettled)]
        if waiting:
            server.service.change(lambda state, waiting=waiting: [settle(one, state) for one in waiting])


@pytest.fixture
def reader(tmp_path):
    server = Server(tmp_path, environment={})
    server.first_account()
    listener = Listener(server, "127.0.0.1", 0, None)
    ending = threading.Event()
    threads = [threading.Thread(target=listener.run), threading.Thread(target=settled, args=(server, ending))]
    try:
        for one in threads:
            one.start()
        while not listener.listening:
            assert threads[0].is_alive()
            time.sleep(0.002)
        yield Reader(f"127.0.0.1:{listener.port}", tmp_path)
    finally:
        ending.set()
        listener.stop()
        for one in threads:
            one.join()
        server.close()


def shown(page, *languages):
    return [one for one in blocks((HOWTO / page).read_text(encoding="utf-8")) if one[0] in languages]


def test_both_python_sdks_do_what_their_examples_show(reader):
    outputs = [reader.paste(*one) for one in shown("clients.md", "sh", "python")]
    made, listed = outputs[1].strip(), json.loads(outputs[2])
    assert made.startswith("vpc-")
    assert [one["VpcId"] for one in listed["Vpcs"]["Vpc"]] == [made]


def test_users_keys_and_accounts_are_made_as_shown(reader):
    outputs = [reader.paste(*one) for one in shown("accounts-and-keys.md", "sh")]
    listed = json.loads(outputs[1][outputs[1].rindex('{\n  "access_keys"'):])["access_keys"]
    assert sorted(one["user"] for one in listed) == ["ci", "ci", "root"]
    assert [one["expires_ms"] is None for one in listed if one["user"] == "ci"].count(False) == 1
    assert "access_key" in json.loads(outputs[-1])
    users = json.loads(reader.paste("sh", "sealane call GET /users"))["users"]
    assert {one["name"] for one in users} == {"ci", "watcher"}


def test_a_backup_is_taken_as_shown_and_opens_with_the_key(reader, tmp_path):
    outputs = [reader.paste(*one) for one in shown("keep-the-state.md", "sh") if "serve" not in one[1]
               and "urandom" not in one[1] and "restore" not in one[1]]
    told = json.loads(outputs[-1])
    path = Path(told["path"])
    assert path.parent == tmp_path / "backups"
    assert path.stat().st_size == told["bytes"]
    assert path.stat().st_mode & 0o77 == 0
    other = tmp_path / "other"
    put_back = ["restore", str(path), "--state", str(other)]
    assert any("sealane restore /" in text for _, text in shown("keep-the-state.md", "sh"))
    CliRunner().invoke(group, put_back, catch_exceptions=False)
    key = (tmp_path / "sealing.key").read_text()
    server = Server(other, environment={"SEALANE_SEALING_KEY": key})
    try:
        assert server.identity.accounts()
        assert server.first_account() is None
    finally:
        server.close()


def test_the_key_is_changed_at_a_start_as_told(tmp_path):
    server = Server(tmp_path, environment={})
    server.first_account()
    server.close()
    before = (tmp_path / "sealing.key").read_text()
    server = Server(tmp_path, environment={}, new_key=True)
    (account,) = server.identity.accounts()
    secrets = [one.secret.reveal() for one in server.identity.keys(account)]
    server.close()
    after = (tmp_path / "sealing.key").read_text()
    assert before != after
    assert secrets[0] in (tmp_path / "credentials").read_text()
