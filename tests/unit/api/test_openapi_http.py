"""What is no call gets an answer that tells so, and no client can hold the server up."""

import asyncio
import http.client
import json
import logging
import socket
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sealane.api.openapi import Answer, Limits, Rate, Tls, uvicorn_config
from sealane.api.openapi.app import wall_clock_ms
from sealane.diag import Fault
from served import Service, serving
from signed import v1, v3


def send(endpoint, wire, body=None):
    connection = http.client.HTTPConnection(endpoint, timeout=5)
    try:
        headers = {name: values[0] for name, values in wire.headers.items()}
        body = wire.body if body is None else body
        connection.request(wire.method, f"{wire.path}?{wire.query.decode()}", body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def now(sign, *args, **kwargs):
    return sign(*args, at_ms=wall_clock_ms(), **kwargs)


def test_every_answer_bears_its_request_id(endpoint, service):
    status, headers, text = send(endpoint, now(v3, {"Name": "x"}))
    answer = json.loads(text)
    assert (status, answer) == (200, {"Echo": "x", "RequestId": service.calls[0].request_id})
    assert headers["x-acs-request-id"] == answer["RequestId"] == answer["RequestId"].upper()
    assert "server" not in headers


@pytest.mark.parametrize(
    ("form", "xml"), [(None, True), ("XML", True), ("xml", True), ("JSON", False), ("json", False)]
)
def test_version_1_is_answered_in_xml_unless_json_is_asked_for(endpoint, service, form, xml):
    status, headers, text = send(endpoint, now(v1, {"Name": "<&>\x01"}, Format=form))
    assert (status, headers["content-type"].startswith("text/xml")) == (200, xml)
    if xml:
        assert ET.fromstring(text).findtext("Echo") == "<&>\ufffd"


def test_errors_have_the_cloud_s_form(endpoint, service):
    status, _, text = send(endpoint, now(v3, {}, x_acs_action="CreateNothing"))
    answer = json.loads(text)
    assert (status, answer["Code"], answer["HostId"]) == (404, "InvalidAction.NotFound", "127.0.0.1:80")
    assert set(answer) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    status, _, text = send(endpoint, now(v1, {}, Action="CreateNothing"))
    root = ET.fromstring(text)
    assert (status, root.tag, root.findtext("Code")) == (404, "Error", "InvalidAction.NotFound")
    assert {one.tag for one in root} == {"RequestId", "HostId", "Code", "Message", "Recommend"}


def test_a_json_body_is_flattened(endpoint, service):
    body = b'{"Name":"n","Tags":[{"Key":"a","Value":null},{"Key":"b"}],"O":true,"N":123456789012345678.10,"D":[[1]]}'
    assert send(endpoint, now(v3, {"RegionId": "r"}, body=body, kind="application/json; charset=utf-8"))[0] == 200
    assert service.calls[0].flat == {
        "RegionId": "r",
        "Name": "n",
        "Tags.1.Key": "a",
        "Tags.2.Key": "b",
        "O": "true",
        "N": "123456789012345678.10",
        "D.1.1": "1",
    }


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"[1]", "application/json", "InvalidParameter"),
        (b"{", "application/json", "InvalidParameter"),
        (b'{"a":NaN}', "application/json", "InvalidParameter"),
        (b'{"a":1,"a":2}', "application/json", "InvalidParameter"),
        (b'{"a":"\\ud800"}', "application/json", "InvalidParameter"),
        (b'{"a":' + b"[" * 17 + b"]" * 17 + b"}", "application/json", "InvalidParameter"),
        (b'{"a":' + b"[" * 100_000, "application/json", "InvalidParameter"),
        (b"\xff=1", "application/x-www-form-urlencoded", "InvalidParameter"),
        (b"%ff=1", "application/x-www-form-urlencoded", "InvalidParameter"),
        (b"a=1&a=2", "application/x-www-form-urlencoded", "InvalidParameter"),
        (b"Name=other", "application/x-www-form-urlencoded", "InvalidParameter"),
        (b"Tag.1001.Key=a", "application/x-www-form-urlencoded", "InvalidParameter"),
        (b"Tag.99999999999999999999.Key=a", "application/x-www-form-urlencoded", "InvalidParameter"),
        ("&".join(f"a{i}=" for i in range(5_001)).encode(), "application/x-www-form-urlencoded", "InvalidParameter"),
        (json.dumps({"a": {f"b{i}": "" for i in range(5_001)}}).encode(), "application/json", "InvalidParameter"),
        (b"&" * 5_001, "application/x-www-form-urlencoded", "InvalidParameter"),
        (b"<a/>", "text/xml", "UnsupportedContentType"),
    ],
)
def test_malformed_parameters_are_refused(endpoint, service, body, kind, code):
    status, _, text = send(endpoint, now(v3, {"Name": "n"}, body=body, kind=kind))
    assert (status, json.loads(text)["Code"]) == (415 if code == "UnsupportedContentType" else 400, code)
    assert not service.calls


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [(1 << 20) + 1, 4 << 20])
def test_a_body_that_is_too_large_is_refused(endpoint, service, chunked, size):
    body = iter([b"x" * size]) if chunked else b"x" * size
    wire = now(v3, {}, {"a": "b"})
    status, headers, text = send(endpoint, wire, body)
    assert (status, json.loads(text)["Code"], headers["connection"]) == (413, "RequestEntityTooLarge", "close")


def test_a_body_that_is_far_too_large_is_not_read(endpoint, service):
    wire = now(v3, {}, {"a": "b"})
    headers = {name: values[0] for name, values in wire.headers.items()}
    connection = http.client.HTTPConnection(endpoint, timeout=5)
    connection.putrequest("POST", "/")
    for name, value in {**headers, "content-length": str(1 << 40)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"), [("PUT", "/", 405), ("GET", "/nothing", 404), ("HEAD", "/", 405)]
)
def test_what_is_not_of_the_api_is_refused(endpoint, service, method, path, status):
    connection = http.client.HTTPConnection(endpoint, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    assert answer.status == status
    assert answer.getheader("x-acs-request-id")
    connection.close()


def test_a_failure_of_ours_is_told_without_what_the_client_sent(endpoint, service, caplog):
    def fail(request):
        raise ValueError(request.flat["Psk"])

    service.answer = fail
    with caplog.at_level(logging.DEBUG):
        status, _, text = send(endpoint, now(v3, {"Psk": "the-psk"}))
    answer = json.loads(text)
    assert (status, answer["Code"]) == (500, "InternalError")
    assert answer["RequestId"] in caplog.text
    assert "ValueError < fail" in caplog.text
    assert "the-psk" not in caplog.text + text.decode()


def test_an_awaited_answer_lets_others_overtake_it_and_outlives_its_client(endpoint, service):
    done = []

    async def slow():
        await asyncio.sleep(0.2)
        done.append(True)
        return Answer(200, {})

    service.answer = lambda request: slow() if request.flat else Answer(200, {})
    wire = now(v3, {"Name": "slow"})
    host, port = endpoint.split(":")
    with socket.create_connection((host, int(port))) as connection:
        headers = "".join(f"{name}: {values[0]}\r\n" for name, values in wire.headers.items())
        connection.sendall(f"POST /?{wire.query.decode()} HTTP/1.1\r\n{headers}\r\n".encode())
        while not service.calls:
            time.sleep(0.002)
    assert send(endpoint, now(v3, {}))[0] == 200
    assert not done
    wait_for(lambda: done)


def wait_for(true, seconds=3):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_rates_are_limited_for_each_key_and_action():
    clock = [0.0]
    limits = Limits(key_rate=Rate(1, 3), action_rate=Rate(0.5, 2))
    with serving(Service(), limits, monotonic=lambda: clock[0]) as endpoint:

        def call(action="CreateVpc"):
            status, headers, text = send(endpoint, now(v3, {}, x_acs_action=action))
            return status, json.loads(text).get("Code"), headers.get("x-acs-retry-after")

        assert [call()[0] for _ in range(2)] == [200, 200]
        assert call() == (503, "Throttling.Api", "1000")
        assert call("DescribeVpcs") == (400, "Throttling.User", "1000")
        clock[0] += 2
        assert [call()[0], call("DescribeVpcs")[0], call()[0]] == [200, 200, 400]


def test_slow_and_too_many_clients_are_sent_away():
    limits = Limits(head_timeout_s=0.2, body_timeout_s=0.2, connections=3, head_bytes=2_000)
    with serving(Service(), limits) as endpoint:
        host, port = endpoint.split(":")

        def connect(text=b""):
            connection = socket.create_connection((host, int(port)), timeout=3)
            connection.sendall(text)
            return connection

        def gone(connection):
            """Seconds until the server ends the connection."""
            start = time.monotonic()
            with connection:
                try:
                    while connection.recv(1000):
                        pass
                except ConnectionError:
                    pass
            return time.monotonic() - start

        head = b"POST / HTTP/1.1\r\nhost: h\r\n"
        waiting = [connect(), connect(head), connect(head + b"content-length: 9\r\n\r\nx")]
        time.sleep(0.02)
        with connect() as fourth:
            assert fourth.recv(1000).startswith(b"HTTP/1.1 503")
        assert all(gone(one) < 1 for one in waiting)
        later = connect(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        assert later.recv(9000).startswith(b"HTTP/1.1 400")
        later.sendall(b"\r\n")
        later.sendall(head)
        assert gone(later) < 1
        start = time.monotonic()
        assert gone(connect(head + b"x: " + b"y" * 3_000)) < 0.15, f"{time.monotonic() - start}"
        assert send(endpoint, now(v3, {}, {"a": "y" * 100_000}))[0] == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    tls = Tls(folder / "certificate.pem", folder / "key.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(tls.key), "-out", str(tls.certificate)]
    subprocess.run([*command.split(), *more], check=True, capture_output=True)
    return tls


def test_tls_is_served_with_the_certificate(certificate):
    import ssl

    with serving(Service(), tls=certificate) as endpoint:
        context = ssl.create_default_context(cafile=certificate.certificate)
        connection = http.client.HTTPSConnection(endpoint, timeout=5, context=context)
        connection.request("GET", "/")
        assert connection.getresponse().status == 400
        connection.close()


def test_a_certificate_that_cannot_be_used_is_a_fault(certificate):
    for wrong in (
        Tls(Path("/nowhere"), certificate.key),
        Tls(certificate.certificate, certificate.certificate),
        Tls(certificate.key, certificate.key),
    ):
        with pytest.raises(Fault, match="fix: name a PEM file"):
            uvicorn_config(Service(), Limits(), tls=wrong)


def test_it_listens_on_loopback_and_logs_no_access():
    config = uvicorn_config(Service(), Limits())
    assert (config.host, config.access_log, config.log_config) == ("127.0.0.1", False, None)
