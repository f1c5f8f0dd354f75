"""What ``up`` refuses, and what it holds the network's lock for, without touching the host."""

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from test_diff import VPN
from test_messages import PLAN, edited, sealane

from sealane.app import controller as controlling
from sealane.app import review as reviewing
from sealane.app.controller import Controller
from sealane.app.load import load
from sealane.app.rejected import Rejected
from sealane.app.review import Review
from sealane.app.runstate import RunDirectory, RunRecord
from sealane.diag import Finding, Severity

REFUSED = Finding("RUN-001", Severity.ERROR, "network", "is refused once it is to be applied", "none")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run directories below which the example is up; nothing asks for root."""
    folder = tmp_path / "run"
    for function in (Controller.__init__, RunDirectory.__init__):
        monkeypatch.setattr(function, "__defaults__", (*(function.__defaults__ or ())[:-1], folder))
    for name in ("sealane.app.host_check.check_host", "sealane.app.controller.check_host"):
        monkeypatch.setattr(name, lambda _: None)
    directory = RunDirectory("hangzhou")
    directory.save(RunRecord("hangzhou", str(PLAN), "encrypted", None, "userspace", complete=True))
    sources = load(PLAN).sources
    assert sources is not None
    directory.keep_sources(sources)
    return folder


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    for file in PLAN.parent.iterdir():
        shutil.copy(file, tmp_path)
    plan = tmp_path / "plan.yaml"
    plan.write_text(plan.read_text().replace("mode: open", "mode: monitor"))
    return plan


class Waiting(threading.Thread):
    """Another command that takes the network's lock as soon as it is given back."""

    def __init__(self, root: Path) -> None:
        super().__init__(daemon=True)
        self.path = root / ".hangzhou.lock"
        self.begun, self.has_it = threading.Event(), threading.Event()

    def run(self) -> None:
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            self.begun.set()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self.has_it.set()
        finally:
            os.close(descriptor)


@pytest.fixture
def waiting(root: Path) -> Iterator[Waiting]:
    thread = Waiting(root)
    yield thread
    thread.join(5)
    assert thread.has_it.is_set(), "the lock is given back in the end"


def test_nobody_gets_the_lock_between_review_and_change(
    waiting: Waiting, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed = reviewing.review
    seen: list[str] = []

    def review(*words: object) -> Review:
        waiting.start()
        assert waiting.begun.wait(5)
        seen.append("review")
        return reviewed(*words)  # type: ignore[arg-type]

    def lowered(*_: object) -> None:
        assert not waiting.has_it.wait(0.1), "another command got in between"
        seen.append("change")
        raise Rejected((REFUSED,))

    monkeypatch.setattr(reviewing, "review", review)
    monkeypatch.setattr(Controller, "lowered", lowered)
    code, out, err = sealane("up", changed)
    assert (code, seen) == (2, ["review", "change"])
    assert "dc-vpc: mode open -> monitor" in out
    assert "is refused once it is to be applied" in err


@pytest.mark.usefixtures("root")
def test_nothing_is_reviewed_while_another_command_is_at_work(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "review", lambda *_: pytest.fail("reviewed"))
    with Controller("hangzhou").locked():
        code, out, err = sealane("up", changed)
    assert (code, out) == (1, "")
    assert f"another command (process {os.getpid()}) is at work on it" in err


def test_a_refused_change_gives_the_lock_back_and_leaves_nothing(
    root: Path, changed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controlling, "execute", lambda *_: pytest.fail("changed"))
    shutil.rmtree(root)
    text = changed.read_text().replace("mode: monitor", "mode: required")
    changed.write_text(text.replace("port: {rehearsal: true}", "port: {interface: eth9}"))
    code, _, err = sealane("up", changed)
    assert (code, "error CLEAR-003" in err) == (3, True)
    assert list(root.iterdir()) == []


def test_up_refuses_to_lead_required_packets_past_the_tunnels(root, tmp_path):
    """Before anything is touched, and with a code of its own."""
    plan = edited(tmp_path, VPN, VPN.replace("propagations: [system]", "propagations: []"))
    plan.write_text(plan.read_text().replace("name: hangzhou\n", "name: never-up\n"))
    touched = mock.patch("sealane.app.live.bring_up", side_effect=AssertionError)
    with touched:
        code, out, err = sealane("up", plan, "--mode", "required")
        assert (code, out) == (3, "")
        assert "error CLEAR-002 protection dc-vpc: " in err
        assert err.endswith("sealane: nothing was changed\n")
        code, out, err = sealane("up", plan, "--mode", "required", "--json")
        answer = json.loads(out)
        assert (code, err, answer["refused"], answer["difference"]) == (3, "", True, None)
        assert next(one["code"] for one in answer["findings"]) == "CLEAR-002"
        for told in (("--allow-clear",), ("--mode", "open")):
            with pytest.raises(AssertionError):
                sealane("up", plan, "--mode", "required", *told)
    assert not (root / "never-up").exists()
