"""Where calls go and who makes them: another host only when that was said, and no secret in any message."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner

from sealane.app.client.sdk import AccessKey, NativeClient, SdkCloud, access_key, endpoint
from sealane.app.client.session import Refused
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


@pytest.fixture
def answering():
    """A server that refuses everything as it is told to; yields (endpoint, what to answer)."""
    answer = {}

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            answer["asked"] = self.path
            body = json.dumps(answer["body"]).encode()
            self.send_response(answer["status"])
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", answer
        server.shutdown()
        thread.join()


def invoked(monkeypatch, *words):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI1")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hush")
    told = CliRunner().invoke(group, [*words])
    assert isinstance(told.exception, Fault), told.exception
    assert "hush" not in str(told.exception)
    return str(told.exception)


@pytest.mark.parametrize("words", [("apply", str(PLAN), "--auto-approve"), ("destroy", str(PLAN)), ("export",)])
def test_a_wrong_key_is_told_with_its_remedy(words, monkeypatch, answering):
    where, answer = answering
    answer |= {"status": 401, "body": {"detail": "The access key is unknown.", "Code": "InvalidAccessKeyId.NotFound",
                                       "Message": "Specified access key is not found."}}
    told = invoked(monkeypatch, *words, "--endpoint", where)
    assert "access key is" in told
    assert "--credentials" in told


def test_a_cloud_that_refuses_the_key_is_told_with_its_code(answering):
    where, answer = answering
    answer |= {"status": 400, "body": {"Code": "SignatureDoesNotMatch", "Message": "no", "RequestId": "1"}}
    with pytest.raises(Refused) as told:
        SdkCloud(endpoint(where), AccessKey("LTAI1", Secret("hush"))).call("Vpc", "DescribeVpcs")
    assert told.value.code == "SignatureDoesNotMatch"
    assert f"call DescribeVpcs at http://{where}: SignatureDoesNotMatch" in str(told.value)
    assert "--credentials" in told.value.remedy


def test_findings_of_the_native_side_are_told(answering):
    where, answer = answering
    answer |= {"status": 422, "body": {"detail": "wrong", "findings": [
        {"code": "NET-001", "subject": "site dc", "problem": "has no device", "remedy": "write one"}]}}
    with pytest.raises(Refused) as told:
        NativeClient(endpoint(where), AccessKey("LTAI1", Secret("hush")))("PUT", "/sites/dc", {})
    assert told.value.message == "wrong\n  NET-001 site dc: has no device; write one"


def test_the_remedy_of_the_native_side_is_told(answering):
    where, answer = answering
    answer |= {"status": 503, "body": {"detail": "find host x: the plan has no host of that name",
                                       "remedy": "use one of: ECS1, client"}}
    with pytest.raises(Refused, match="HTTP 503: find host x") as told:
        NativeClient(endpoint(where), AccessKey("LTAI1", Secret("hush")))("POST", "/probes", {})
    assert told.value.remedy == "use one of: ECS1, client"


def test_the_wrong_scheme_is_told(monkeypatch, answering):
    where, _ = answering
    for words in (("apply", str(PLAN)), ("export",)):
        told = invoked(monkeypatch, *words, "--endpoint", f"https://{where}")
        assert "TLS: wrong version number" in told
        assert "http://" in told


def test_an_endpoint_that_does_not_answer_is_told(monkeypatch):
    for words in (("apply", str(PLAN), "--auto-approve"), ("export",)):
        told = invoked(monkeypatch, *words, "--endpoint", "127.0.0.1:1")
        assert "http://127.0.0.1:1" in told
        assert told.splitlines()[0].endswith(": Connection refused")
        assert "sealane serve" in told


@pytest.mark.parametrize("path", ["/networks", "networks", "/v1/networks"])
def test_a_call_of_the_native_side_shows_its_answer(path, answering, monkeypatch):
    where, answer = answering
    answer |= {"status": 200, "body": {"networks": []}}
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI1")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hush")
    told = CliRunner().invoke(group, ["call", "get", path, "--endpoint", where])
    assert json.loads(told.output) == {"networks": []}
    assert answer["asked"] == "/v1/networks"


@pytest.mark.parametrize(
    ("words", "message"),
    [(["call", "POST", "/probes", "{"], "BODY"), (["call", "FETCH", "/probes"], "FETCH"),
     (["call", "GET", "/networks", "--real-cloud"], "no /v1"),
     (["serve", "--new-sealing-key", "--sealing-key-file", "key"], "above the old one"),
     (["serve", "--tls-cert", "cert.pem"], "go together"), (["serve", "--listen", "8750"], "HOST:PORT")],
)
def test_what_cannot_be_meant_is_refused_as_usage(words, message, monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI1")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hush")
    told = CliRunner().invoke(group, words)
    assert told.exit_code == 2, told.output
    assert message in told.output
