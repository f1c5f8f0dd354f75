"""Where calls go and who makes them: another host only when that was said, and no secret in any message."""

import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner

from sealane.app.client.sdk import AccessKey, SdkCloud, access_key, endpoint
from sealane.cli.main import group
from sealane.diag import Fault
from sealane.net import Secret

PLAN = Path(__file__).parents[4] / "examples" / "hangzhou" / "plan.yaml"


@pytest.mark.parametrize(
    ("text", "url", "ours"),
    [
        ("127.0.0.1:8750", "http://127.0.0.1:8750", True),
        ("localhost:1", "http://localhost:1", True),
        ("[::1]:8750", "http://[::1]:8750", True),
        ("https://127.0.0.1:8750/", "https://127.0.0.1:8750", True),
        ("vpc.aliyuncs.com", "https://vpc.aliyuncs.com", False),
        ("http://127.0.0.1.example.com", "http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com", "http://127.0.0.1@example.com", False),
        ("http://10.0.0.1:8750", "http://10.0.0.1:8750", False),
        (None, "", False),
    ],
)
def test_only_loopback_is_ours(text, url, ours):
    found = endpoint(text)
    assert (found.url, found.is_ours) == (url, ours)


@pytest.mark.parametrize("verb", ["apply", "destroy", "export"])
def test_another_host_needs_a_word(verb):
    words = [] if verb == "export" else [PLAN]
    program = [Path(sys.executable).with_name("sealane"), verb, *words, "--endpoint", "https://vpc.aliyuncs.com"]
    found = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (2, "")
    assert "--real-cloud" in found.stderr


def test_a_key_is_read_from_a_file_and_masked(tmp_path):
    file = tmp_path / "credentials"
    file.write_text("ALIBABA_CLOUD_ACCESS_KEY_ID=LTAI1\nALIBABA_CLOUD_ACCESS_KEY_SECRET=hush=hush\n")
    key = access_key(file)
    assert (key.id, key.secret) == ("LTAI1", Secret("hush=hush"))
    assert "hush" not in repr(SdkCloud(endpoint("127.0.0.1:1"), key)) + repr(key)


def test_a_missing_key_is_told(tmp_path, monkeypatch):
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for file in (None, tmp_path / "nothing"):
        with pytest.raises(Fault, match="access key"):
            access_key(file)


def test_a_missing_sdk_is_told():
    def gone(name):
        raise ModuleNotFoundError(name=name)

    cloud = SdkCloud(endpoint("127.0.0.1:1"), AccessKey("LTAI1", Secret("hush")))
    with mock.patch("importlib.import_module", side_effect=gone), pytest.raises(
            Fault, match=r"sealane\[client\]") as told:
        cloud.call("Vpc", "DescribeVpcs", RegionId="cn-hangzhou")
    assert "is not installed" in str(told.value)


def test_an_endpoint_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI1")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hush")
    told = CliRunner().invoke(group, ["apply", str(PLAN), "--endpoint", "127.0.0.1:1", "--auto-approve"])
    assert isinstance(told.exception, Fault)
    assert "127.0.0.1:1" in str(told.exception)
    assert "hush" not in str(told.exception)
