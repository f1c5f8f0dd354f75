"""The verb prove: exit codes, text, JSON, SARIF and JUnit; a device as published, layer by layer."""

import contextlib
import errno
import json
import sys
import xml.etree.ElementTree as ET
from functools import cache
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from test_messages import PLAN, PUBLISHED, ROOT, edited, sealane

from sealane.app import prove as app_prove
from sealane.app.prove import Proved, prove_plan
from sealane.cli import main
from sealane.cli.prove import PROPERTIES
from sealane.verify import prove as proving
from sealane.verify.codes import CODES
from sealane.verify.properties import PROPERTIES as JUDGED
from sealane.verify.spokes import part
from spokes import plan_text

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(("name", "words"), [
    ("prove-encrypted", ()),
    ("prove-oscillating", ("--stage", "bgp-without-host-routes", "--failures", "0", "--property", "no-recursion")),
    ("prove-loop", ("--stage", "no-route-policy", "--property", "no-loop", "--explain")),
])
def test_the_text_is_as_it_was(name, words, agreed):
    code, out, err = sealane("prove", PLAN, *words)
    assert (code, err) == (0 if name == "prove-encrypted" else 3, "")
    text = out.replace(f"{ROOT}/", "")
    agreed(GOLDEN / f"{name}.txt", text)
    assert "\x1b" not in out


def test_the_properties_that_may_be_named_are_those_that_are_judged():
    assert tuple(JUDGED) == PROPERTIES


def test_bad_input_is_refused_before_anything_is_judged(tmp_path):
    code, out, err = sealane("prove", edited(tmp_path, "vpcs:", "vpcz:"))
    assert (code, out) == (2, "")
    assert "PLAN-010" in err
    assert sealane("prove", PLAN, "--property", "beauty")[0] == 2
    assert sealane("prove", PLAN, "--device", "nowhere=x.cfg")[0] == 2


def test_what_is_not_covered_has_an_exit_code_of_its_own():
    assert sealane("prove", PLAN, "--failures", "0", "--property", "redundancy")[0] == 4


def test_mode_decides_the_exit_code(tmp_path):
    plan = edited(tmp_path, "mode: open", "mode: monitor")
    code, out, _ = sealane("prove", plan, "--property", "fail-closed", "--json")
    assert code == 3
    answer = json.loads(out)
    assert set(answer) == {
        "stage", "network", "failures", "elements", "scenarios", "classes", "flows", "walks", "verdict", "properties",
        "not_covered", "layers",
    }
    (judged,) = answer["properties"]
    assert set(judged) == {"property", "verdict", "summary", "violations", "not_covered"}
    for violation in judged["violations"]:
        assert set(violation) == {"finding", "packets", "failures", "example", "detail"}
        assert violation["example"]["rechecked"] is True
        assert violation["example"]["clear"] == ["Circuit"]
        assert violation["example"]["way"]["steps"]


@cache
def published() -> Proved:
    return prove_plan(PLAN, stage="encrypted", failures=1, devices=(f"dc={PUBLISHED}",))


def shown(defect: str) -> dict[str, tuple[str, ...]]:
    """Codes of the violations of a layer with the packets they hit, errors only."""
    (layer,) = [one for one in published().layers if defect in one.shows]
    return {
        one.finding.code: one.packets
        for judgement in layer.proof.judgements for one in judgement.violations if one.finding.severity == "error"
    }


VPC = "172.16.10.0/24, 172.16.20.0/24, 172.16.30.0/24"
TO_SITE, TO_CLOUD = f"{VPC} -> 192.168.20.0/24", f"192.168.20.0/24 -> {VPC}"


@pytest.mark.parametrize(("defect", "expected"), [
    ("D1", {"PRF-020", "PRF-060"}),
    ("D5", {"PRF-001", "PRF-022"}),
    ("D14", {"PRF-001"}),
    ("D3", {"PRF-001"}),
    ("D2", {"PRF-001", "PRF-030", "PRF-031"}),
    ("D6", {"PRF-031"}),
    ("D12", set()),
])
def test_each_mistake_shows_once_those_that_hide_it_are_mended(defect, expected):
    found = shown(defect)
    assert set(found) == expected
    assert all(set(packets) <= {TO_SITE, TO_CLOUD} for packets in found.values())


def test_what_leaks_and_what_drops_is_told_by_direction():
    assert shown("D5")["PRF-022"] == (TO_SITE,)  # what the VPC starts is dropped
    assert shown("D2")["PRF-001"] == (TO_SITE,)  # it leaks, while the other direction is encrypted
    assert shown("D14").keys() == {"PRF-001"}


def test_a_mended_device_has_nothing_left_but_what_the_plan_declares():
    *_, last = published().layers
    assert (last.shows, last.proof.verdict.value) == ((), "proved")
    assert last.proof.judgement("fail-closed").verdict.value == "declared"
    assert [one.finding.code for one in last.proof.judgement("coverage").violations].count("PRF-091") == 1
    assert {"D10", "D1", "D5", "D14", "D3", "D4", "D2", "D6", "D12"} == set(last.mended)


def test_violations_carry_the_remedy_of_the_mistake_that_causes_them():
    first = published().proof.judgement("no-blackhole").violations[0]
    assert "`ip address 10.0.0.2 255.255.255.252`" in first.finding.remedy
    assert first.detail[0].startswith("cause: DEV-D1 ")
    assert any(one.file.endswith("cgw.as-published.asa.cfg") for one in first.finding.seen_at)


def test_accidental_transit_is_named_as_the_cause():
    transit = ROOT / "examples" / "bgp-on-vbr" / "cgw.transit.asa.cfg"
    plan = transit.with_name("plan.yaml")
    found = prove_plan(plan, stage="encrypted", failures=0, properties=("encrypted",), devices=(f"dc={transit}",))
    (clear,) = found.proof.judgement("encrypted").violations
    assert clear.packets == (TO_SITE,)
    assert "DEV-118" in clear.detail[0]
    assert "transit" in clear.detail[0]


def test_sarif_and_junit_say_the_same_as_the_verdicts(tmp_path):
    sarif, junit = tmp_path / "out.sarif", tmp_path / "out.xml"
    words = ("--stage", "no-route-policy", "--failures", "0", "--sarif", sarif, "--junit", junit, "--json")
    code, out, _ = sealane("prove", PLAN, *words)
    assert code == 3
    answer = json.loads(out)
    log = json.loads(sarif.read_text(encoding="utf-8"))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    driver, results = log["runs"][0]["tool"]["driver"], log["runs"][0]["results"]
    assert [one["id"] for one in driver["rules"]] == list(CODES)
    assert len(results) == sum(len(one["violations"]) for one in answer["properties"])
    for one in results:
        assert driver["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] == "none" if one["kind"] == "informational" else one["level"] == "error"
        assert one["message"]["text"]
        for place in one["locations"]:
            where = place["physicalLocation"]
            assert where["region"]["startLine"] >= 1
            assert Path(where["artifactLocation"]["uri"]).is_file()
    assert {"PRF-001", "PRF-010"} == {one["ruleId"] for one in results if one["kind"] == "fail"}
    suite = ET.fromstring(junit.read_text(encoding="utf-8"))
    verdicts = {one["property"]: one["verdict"] for one in answer["properties"]}
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    assert failed == {name for name, verdict in verdicts.items() if verdict == "violated"}
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("10", str(len(failed)), "0")


QUICK = ("--stage", "plain", "--failures", "0", "--property", "overlap")


@pytest.fixture
def no_proof(monkeypatch):
    def begun(*_: object, **__: object) -> None:
        raise AssertionError("the proof was begun")

    monkeypatch.setattr(app_prove, "prove_plan", begun)


@pytest.mark.usefixtures("no_proof")
@pytest.mark.parametrize("option", ["--sarif", "--junit"])
@pytest.mark.parametrize(("place", "answer"), [
    ("none/out", "No such file or directory"),
    ("file/out", "Not a directory"),
    ("circle", ""),  # the words depend on the version of Python
    ("o" * 250, "File name too long"),
])
def test_a_file_that_cannot_be_written_is_refused_before_the_proof_is_begun(tmp_path, option, place, answer):
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    before = sorted(tmp_path.iterdir())
    code, out, err = sealane("prove", PLAN, option, tmp_path / place)
    assert (code, out) == (2, "")
    assert f"error FILE-003 option {option}: {tmp_path / place} cannot be written: {answer}" in err
    assert "fix: name a file in a directory that exists and may be written to" in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("no_proof")
def test_all_files_that_cannot_be_written_are_told_at_once(tmp_path):
    code, _, err = sealane("prove", PLAN, "--sarif", tmp_path / "a" / "b", "--junit", tmp_path / "c" / "d")
    assert (code, err.count("FILE-003")) == (2, 2)
    (tmp_path / "link").symlink_to("out")
    code, _, err = sealane("prove", PLAN, "--sarif", tmp_path / "out", "--junit", tmp_path / "link")
    assert (code, err.count("FILE-004"), "is what --sarif names too" in err) == (2, 1, True)


def test_a_file_that_cannot_be_written_any_more_costs_neither_the_text_nor_the_other_file(tmp_path, monkeypatch):
    _, expected, _ = sealane("prove", PLAN, *QUICK)
    folder, junit = tmp_path / "folder", tmp_path / "out.xml"
    folder.mkdir()
    real = app_prove.prove_plan

    def prove_and_lose_the_folder(*words: object, **options: object) -> object:
        folder.rmdir()
        return real(*words, **options)

    monkeypatch.setattr(app_prove, "prove_plan", prove_and_lose_the_folder)
    code, out, err = sealane("prove", PLAN, *QUICK, "--sarif", folder / "out.sarif", "--junit", junit)
    assert (code, out) == (1, expected)
    assert err.startswith(f"sealane: write {folder / 'out.sarif'}: No such file or directory\n  fix: ")
    assert ET.fromstring(junit.read_text(encoding="utf-8")).get("tests") == "1"


def test_files_are_written_when_nobody_reads_the_text(tmp_path):
    out = tmp_path / "out.sarif"

    class Closed(StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with (
        mock.patch.object(sys, "argv", ["sealane", "prove", str(PLAN), *QUICK, "--sarif", str(out)]),
        contextlib.redirect_stdout(Closed()), contextlib.redirect_stderr(StringIO()),
        pytest.raises(SystemExit),
    ):
        main()
    assert json.loads(out.read_text(encoding="utf-8"))["version"] == "2.1.0"


@pytest.mark.parametrize("words", [("--failures", "1"), ("--stage", "plain"), ("--device", "dc=x.cfg")])
def test_what_runs_leaves_no_choice_of_failures_stage_and_device(words):
    code, out, err = sealane("prove", PLAN, "--live", *words)
    assert (code, out) == (2, "")
    assert f"--live proves what runs now; {words[0]} cannot be chosen for it" in err


def test_many_sites_are_proved_one_by_one_and_the_scope_is_told(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(plan_text(5), encoding="utf-8")
    code, out, _ = sealane("prove", plan)
    assert code == 0
    assert "scope: proved site by site: no prefix of any of 5 sites can decide about packets of another" in out
    assert "scope: all are alike, but for names and addresses" in out
    answer = json.loads(sealane("prove", plan, "--json")[1])
    verdicts = {one["property"]: one["verdict"] for one in answer["properties"]}
    assert set(verdicts.values()) == {"proved", "declared", "reported"}
    (closed,) = (one for one in answer["properties"] if one["property"] == "fail-closed")
    lost = {one for violation in closed["violations"] for failed in violation["failures"] for one in failed}
    assert {f"connection:Connection{n}" for n in range(1, 6)} <= lost
    assert all(one["example"]["rechecked"] for one in closed["violations"])


def test_what_cannot_be_divided_is_proved_at_scale_and_the_scope_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(proving, "_LARGEST_SURVEYED", 9)
    monkeypatch.setattr(part, "LARGEST_PART", 1)
    plan = tmp_path / "plan.yaml"
    plan.write_text(plan_text(5), encoding="utf-8")
    words = ("--property", "fail-closed", "--property", "no-recursion", "--property", "symmetric")
    code, out, _ = sealane("prove", plan, *words)
    assert code == 4
    assert "scope: proved with the twin at scale" in out
    assert "scope: failures not looked at: link:VPC-Attachment" in out
    verdicts = {line.split("  ")[0]: line for line in out.splitlines() if not line.startswith((" ", "scope"))}
    assert " declared " in verdicts["fail-closed"]
    assert " proved " in verdicts["no-recursion"]
    assert " not covered " in verdicts["symmetric"]
    answer = json.loads(sealane("prove", plan, *words, "--json")[1])
    assert answer["scope"][0] == "not proved site by site: too many tunnels matter to each other"
    assert answer["scope"][1].startswith("proved with the twin at scale")
    (closed,) = (one for one in answer["properties"] if one["property"] == "fail-closed")
    assert all(one["example"]["outcome"] == "clear" for one in closed["violations"])
