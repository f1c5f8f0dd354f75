"""What the command line answers: exit codes, messages and JSON, without touching the host."""

import builtins
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealane import __version__
from sealane.cli import main

ROOT = Path(__file__).resolve().parents[3]
PLAN = ROOT / "examples" / "hangzhou" / "plan.yaml"
PUBLISHED = PLAN.with_name("cgw.as-published.asa.cfg")
SEALANE = str(Path(sys.executable).with_name("sealane"))
VERBS = (
    "apply", "call", "check", "demo", "destroy", "diff", "down", "drill", "export", "probe", "prove", "rekey",
    "restart", "routes", "status", "trace", "up", "watch",
)


def sealane(*words: object) -> tuple[int, str, str]:
    """The program inside this process: exit code, stdout, stderr."""
    out, err = StringIO(), StringIO()
    with (
        mock.patch.object(sys, "argv", ["sealane", *map(str, words)]),
        contextlib.redirect_stdout(out), contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    code = ended.value.code
    return (0 if code is None else code), out.getvalue(), err.getvalue()  # type: ignore[return-value]


def edited(folder: Path, old: str, new: str) -> Path:
    for file in PLAN.parent.iterdir():
        shutil.copy(file, folder)
    text = PLAN.read_text()
    assert old in text
    (folder / "plan.yaml").write_text(text.replace(old, new))
    return folder / "plan.yaml"


EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/plan.yaml"))


@pytest.mark.parametrize("example_name", EXAMPLES)
def test_examples_are_sound(example_name):
    code, out, err = sealane("check", ROOT / "examples" / example_name / "plan.yaml")
    assert (code, "0 error, 0 warning" in out, "error " in err) == (0, True, False)


def test_check_as_json_is_json_and_nothing_else():
    code, out, err = sealane("check", "--json", PLAN)
    answer = json.loads(out)
    assert (code, err, answer["error"], answer["warning"]) == (0, "", 0, 0)
    assert len(answer["findings"]) == answer["info"]


def test_bad_plan_is_told_on_stderr_with_place_and_remedy(tmp_path):
    plan = edited(tmp_path, "vlan_id: 0", "vlan_id: 4000")
    code, out, err = sealane("check", plan)
    assert code == 2
    assert re.search(r"^error VBR-002 ", err, re.MULTILINE)
    assert re.search(r"^  fix: \S", err, re.MULTILINE)
    line = 1 + plan.read_text().splitlines().index("    vlan_id: 4000")
    assert f"{plan}:{line}" in err
    assert re.search(r": [1-9]\d* error, ", out)


def test_bad_plan_as_json(tmp_path):
    plan = edited(tmp_path, "vlan_id: 0", "vlan_id: 4000")
    code, out, err = sealane("check", "--json", plan)
    answer = json.loads(out)
    assert (code, err) == (2, "")
    found = next(one for one in answer["findings"] if one["code"] == "VBR-002")
    assert (found["severity"], found["seen_at"][0]["file"]) == ("error", str(plan))


@pytest.mark.parametrize("verb", ["up", "status", "watch", "probe"])
def test_bad_plan_stops_every_verb_before_it_touches_anything(tmp_path, verb):
    plan = edited(tmp_path, "vlan_id: 0", "vlan_id: 4000")
    with (
        # the one that imports the other's name first, or it would keep what stood in for it
        mock.patch("sealane.app.report.check_root"), mock.patch("sealane.app.host_check.check_root"),
        mock.patch("sealane.app.host_check.check_host"), mock.patch("subprocess.run", side_effect=AssertionError),
    ):
        code, out, err = sealane(verb, plan, *(["ecs1", "client"] if verb == "probe" else []))
    assert (code, out) == (2, "")
    assert re.findall(r"^error (\S+)", err, re.MULTILINE) == ["VBR-002"]
    assert err.endswith("sealane: nothing was changed\n")


def test_published_device_fails_with_its_defects():
    words = ("check", PLAN, "--device", f"dc={PUBLISHED}")
    code, _, err = sealane(*words)
    assert code != 0
    assert {f"DEV-D{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9, 12, 13, 14)} <= set(re.findall(r"DEV-D\d+", err))
    assert "ASA-D10" in err
    code, out, _ = sealane(*words, "--json")
    assert code != 0
    assert json.loads(out)["error"] >= 7


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("dc=/nonexistent", "No such file"), ("dc=/tmp", "directory"), (f"dc={SEALANE}", ""), ("dc", ""), ("=", ""),
        (f"elsewhere={PUBLISHED}", "use one of: dc"),
    ],
)
def test_wrong_device_option_is_bad_input(option, says, tmp_path):
    if option == f"dc={SEALANE}":  # a program's text parses as nothing an ASA knows
        (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x01")
        option = f"dc={tmp_path}/binary"
    code, out, err = sealane("check", PLAN, "--device", option)
    assert (code, says in err) == (2, True), err
    code, out, err = sealane("check", PLAN, "--device", option, "--json")
    assert (code, err, json.loads(out)["error"] >= 1) == (2, "", True)


def test_missing_plan():
    code, _, err = sealane("check", "/nonexistent/plan.yaml")
    assert (code, "FILE-001" in err, "fix:" in err) == (2, True, True)


def test_directory_for_a_plan(tmp_path):
    for verb in ("check", "up", "down", "status", "watch", "demo"):
        code, _, err = sealane(verb, tmp_path)
        assert (code, "is a directory" in err) == (2, True), verb


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x7fELF" + bytes(range(256)), b"", b"\x00" * 100, b"- - -\n"])
def test_binary_or_empty_plan(tmp_path, content):
    (tmp_path / "plan.yaml").write_bytes(content)
    code, out, err = sealane("check", tmp_path / "plan.yaml", "--json")
    assert (code, err, json.loads(out)["error"] >= 1) == (2, "", True)


def test_missing_device_file(tmp_path):
    plan = edited(tmp_path, "config: cgw.asa.cfg", "config: gone.asa.cfg")
    code, _, err = sealane("check", plan)
    assert (code, "gone.asa.cfg" in err, "FILE-001" in err) == (2, True, True)


@pytest.mark.parametrize("words", [("bogus",), ("--bogus",), *((verb, "--bogus") for verb in VERBS)])
def test_unknown_verb_or_option(words):
    code, out, err = sealane(*words)
    assert (code, out) == (2, "")
    assert "No such" in err


@pytest.mark.parametrize(
    "words",
    [
        ("up",), ("probe", "p"), ("drill", "p"), ("rekey", "p"), ("down",), ("down", "p", "--all"),
        ("up", "p", "--until", "x"), ("up", "p", "--mode", "x"), ("up", "p", "--esp", "x"), ("probe", "p", "a", "b",
        "--count", "0"), ("probe", "p", "a", "b", "--interval", "x"), ("drill", "p", "e", "--hold", "0"),
        ("restart", "p", "t", "--at", "x"), ("watch", "p", "--for", "0"), ("demo", "--pings", "-1"),
    ],
)
def test_wrong_usage(words):
    code, out, err = sealane(*words)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ")
    assert "Error: " in err


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_every_verb(verb, option):
    code, out, err = sealane(verb, option)
    assert (code, err) == (0, "")
    assert verb in out
    assert "Options:" in out


def test_help_and_version_of_the_program():
    code, out, _ = sealane("--help")
    assert code == 0
    assert all(re.search(rf"^  {verb} ", out, re.MULTILINE) for verb in VERBS)
    assert sealane("--version") == (0, f"sealane, version {__version__}\n", "")


@pytest.fixture
def public(tmp_path):
    """A plan that everybody may read."""
    folder = Path("/tmp", f"sealane-cli-{os.getpid()}")
    folder.mkdir(mode=0o755)
    try:
        plan = edited(folder, "\nname: hangzhou\n", f"\nname: nobody-{os.getpid()}\n")
        for file in folder.iterdir():
            file.chmod(0o644)
        yield plan
    finally:
        shutil.rmtree(folder)


def refused_without_root(code, out, err):
    assert (code, out) == (1, "")
    first, second = err.splitlines()
    assert "not running as root" in first
    assert second.startswith("  fix: ")
    assert not Path("/run/sealane", f"nobody-{os.getpid()}").exists()


@pytest.mark.parametrize(
    ("verb", "more"),
    [("up", ()), ("down", ()), ("status", ()), ("probe", ("ecs1", "client")), ("drill", ("tunnel-1",)), ("watch", ()),
     ("rekey", ("tunnel-1",)), ("restart", ("tunnel-1",)), ("demo", ())],
)
def test_without_root_one_line_and_a_fix(public, verb, more):
    with (
        mock.patch("os.geteuid", return_value=1000), mock.patch("subprocess.run", side_effect=AssertionError),
        mock.patch("subprocess.Popen", side_effect=AssertionError),
    ):
        refused_without_root(*sealane(verb, public, *more))


def test_the_program_without_root_tells_it_in_one_line_and_a_fix(public):
    # in a user namespace of its own root is nobody, yet may read the checkout wherever it lies
    nobody = ["unshare", "--user"] if os.geteuid() == 0 else []
    if nobody and subprocess.run([*nobody, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("the kernel makes no user namespace here, as in a chroot")
    done = subprocess.run(
        [*nobody, SEALANE, "up", str(public)], capture_output=True, text=True, check=False, cwd="/", timeout=60,
    )
    refused_without_root(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, since others are told so first")
@pytest.mark.parametrize(
    ("verb", "more", "code"),
    [("status", (), 1), ("probe", ("ecs1", "client"), 1), ("drill", ("tunnel-1",), 1), ("watch", ("--for", "1"), 1),
     ("rekey", ("tunnel-1",), 1), ("restart", ("tunnel-1",), 1), ("down", (), 0)],
)
def test_a_network_that_is_not_up_stays_unknown(public, verb, more, code):
    """Asking for a network must not make the key store that later counts as a network left half made."""
    found, _, err = sealane(verb, public, *more)
    assert found == code
    if code:
        first, second = err.splitlines()
        assert first.endswith(": it is not up")
        assert second.startswith("  fix: sealane up ")
    assert not list(Path("/run/sealane").glob(f"*nobody-{os.getpid()}*"))


WORDS = st.lists(
    st.one_of(
        st.sampled_from(["--json", "--all", "--name", "--until", "plain", "--mode", "required", "--for", "--hold", "-1",
                         "--device", "dc=", "=", "--", "-h", "--esp", "auto", str(PLAN), "tunnel-1", "ecs1", "0"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    ),
    max_size=5,
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(VERBS), WORDS)
@example("down", ["--name", "../.."])
@example("check", ["--device", "dc=\n", str(PLAN)])
@example("status", ["\udc80".encode("utf-8", "surrogatepass").decode("latin-1")])
@example("watch", ["--for", "nan", str(PLAN)])
def test_garbage_never_ends_in_a_traceback(verb, words):
    """Whatever stands on the line, ``main`` ends with an exit code; the host is out of reach."""
    refused = "sealane: not running as root"
    with (
        mock.patch("os.geteuid", return_value=1000), mock.patch("subprocess.run", side_effect=AssertionError),
        mock.patch("subprocess.Popen", side_effect=AssertionError),
    ):
        code, out, err = sealane(verb, *words)
    assert code in {0, 1, 2, 3}
    assert "Traceback" not in out + err, refused
    if code in {1, 2} and "--json" not in words:
        assert err


def test_interrupt_while_it_still_loads():
    load = builtins.__import__

    def interrupted(name, *more):
        if name == "sealane.app.rejected":
            raise KeyboardInterrupt
        return load(name, *more)

    with mock.patch.object(builtins, "__import__", interrupted):
        code, out, err = sealane("status")
    assert (code, out, err.count("\n"), "interrupted" in err) == (130, "", 1, True)


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "sealane: interrupted"),
        (OSError(28, "No space left on device", "/x/y"), 1, "sealane: No space left on device: /x/y\n  fix: "),
        (PermissionError(13, "Permission denied", "/x"), 1, "sealane: Permission denied: /x\n  fix: "),
    ],
)
def test_what_goes_wrong_inside_becomes_a_message(fault, code, says):
    with mock.patch("sealane.app.check.check", side_effect=fault):
        found, out, err = sealane("check", PLAN)
    assert (found, out, says in err) == (code, "", True), err


def test_down_tells_of_networks_that_the_plan_named_earlier(tmp_path):
    up = ["rv-new", "rv-old", "rv-older"]

    def down(controller):
        up.remove(controller.name)
        return True

    rooms = "sealane.app.controller"
    with (
        mock.patch("os.geteuid", return_value=0), mock.patch(f"{rooms}.network_of", return_value="rv-new"),
        mock.patch(f"{rooms}.networks_of", side_effect=lambda _: tuple(up)),
        mock.patch(f"{rooms}.Controller.down", down),
    ):
        code, out, err = sealane("down", PLAN)
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            "removed: rv-new",
            "rv-old, which this plan named earlier, is still up: sealane down --name rv-old",
            "rv-older, which this plan named earlier, is still up: sealane down --name rv-older",
        ]
        up.append("rv-new")
        code, out, err = sealane("down", PLAN, "--json")
        assert (code, err, json.loads(out)) == (0, "", {"removed": ["rv-new"], "left": ["rv-old", "rv-older"]})
        code, out, err = sealane("down", "--name", "rv-old")
        assert (code, out, err) == (0, "removed: rv-old\n", "")
