"""The native API answers as its OpenAPI document says, tells nobody what is another's, and never fails inside."""

import asyncio
import base64
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import schemathesis
from fastapi import HTTPException
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from sealane.api.native import make_native_app
from sealane.api.native.entry import Desks
from sealane.api.openapi import Limits
from sealane.api.openapi.limits import Rate
from sealane.app.load import load
from sealane.app.server.audit import Refusal, changes_of, refusals_of
from sealane.app.server.documents import Documents
from sealane.app.server.events import Event, Events
from sealane.app.server.identity import Identity, User
from sealane.app.server.observation import Observation
from sealane.app.server.reconciler import Running
from sealane.app.server.service import Service
from sealane.cloud import Document
from sealane.cloud.to_plan import plain
from sealane.store import FakeStore, Sealer
from sealane.store.keys import new_key


def make_server():
    sealer = Sealer((new_key(),))
    store = FakeStore()
    service = Service(store, Documents(sealer), (), codec=None, clock=SimpleNamespace(now_ms=lambda: 1), authority=None)
    reconciler = SimpleNamespace(running={}, refused=lambda _: {})
    return SimpleNamespace(service=service, reconciler=reconciler, identity=Identity(store, sealer),
                           events=Events(store, lambda: 1), observation=Observation(dict, lambda: 1, tell=None),
                           backup=lambda: Path(__file__), store=store)


SERVER = make_server()
ACCOUNT, KEY = SERVER.identity.add_account("lab")
APP = make_native_app(SERVER)
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP)


@SCHEMA.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_the_answer_is_one_that_the_document_shows(case):
    response = case.call(auth=(KEY.id, KEY.secret.reveal()))
    case.validate_response(response, checks=[not_a_server_error, status_code_conformance, content_type_conformance,
                                             response_schema_conformance])


@pytest.fixture
def server():
    return make_server()


def caller(server, account=None, user="root"):
    client = TestClient(make_native_app(server))
    if account is None:
        account, key = server.identity.add_account("lab")
    else:
        key = server.identity.add_key(account, user)
    client.auth = (key.id, key.secret.reveal())
    client.shown = (key.id, key.secret.reveal())
    return client, account


def test_nobody_comes_in_without_a_key(server):
    client, account = caller(server)
    for auth in (None, ("LTAInobody", "x"), (client.shown[0], "wrong"), (client.shown[0], client.shown[1] + "x")):
        stranger = TestClient(client.app)
        assert stranger.get("/networks", auth=auth).status_code == 401
    key = server.identity.find(client.shown[0])
    server.identity.add_key(account, "root")
    server.identity.set_active(key.id, active=False)
    assert client.get("/networks").status_code == 401
    passing = server.identity.add_key(account, "root", expires_ms=1)
    assert client.get("/networks", auth=(passing.id, passing.secret.reveal())).status_code == 401


def test_a_reader_may_look_and_not_touch(server):
    _, account = caller(server)
    server.identity.put_user(User(account, "reader", ("ReadOnlyAccess",)))
    reader, _ = caller(server, account, "reader")
    assert reader.get("/sites").status_code == 200
    body = {"cloud": ["172.16.0.0/16"], "site": ["192.168.20.0/24"]}
    assert reader.put("/protections/p", json=body).status_code == 403
    assert reader.post("/access-keys", json={}).status_code == 403


def test_only_the_operator_manages_accounts(server):
    operator, _ = caller(server)
    made = operator.post("/accounts", json={"name": "other"}).json()
    other = TestClient(operator.app)
    other.auth = (made["access_key"]["id"], made["access_key"]["secret"])
    assert other.get("/accounts").status_code == 403
    assert len(operator.get("/accounts").json()["accounts"]) == 2


def test_accounts_see_only_their_own_things_and_events(server):
    one, account = caller(server)
    two, _ = caller(server)
    body = {"cloud": ["172.16.0.0/16"], "site": ["192.168.20.0/24"], "mode": "required"}
    assert one.put("/protections/p", json=body).json() == {"findings": []}
    assert one.get("/protections").json() == {"protections": [{"name": "p", **body}]}
    assert two.get("/protections").json() == {"protections": []}
    assert two.delete("/protections/p").status_code == 404
    server.service.change(lambda state: state.put(Document("vpc-1", "vpc", account, "r")))
    server.events.tell(Event("vpc-1", "refused", "why", account))
    assert [told["text"] for told in one.get("/events").json()["events"]] == ["why"]
    assert two.get("/events").json() == {"events": [], "next": None}
    assert one.delete("/protections/p").status_code == 204


def test_an_account_reads_its_audit_log_and_the_first_one_what_strangers_tried(server):
    operator, _ = caller(server)
    tenant, second = caller(server)
    body = {"cloud": ["172.16.0.0/16"], "site": ["192.168.20.0/24"]}
    for name in ("one", "two"):
        assert tenant.put(f"/protections/{name}", json=body).status_code == 200
    server.identity.put_user(User(second, "reader", ("ReadOnlyAccess",)))
    server.identity.put_user(User(second, "ecs", ("AliyunECSFullAccess",)))
    reader, _ = caller(server, second, "reader")
    assert reader.put("/protections/three", json=body).status_code == 403
    assert caller(server, second, "ecs")[0].get("/audit").status_code == 403
    server.service.audit.refused(Refusal("SignatureDoesNotMatch", client="192.0.2.1"))
    server.service.audit.flush()

    def told(client, **params):
        return [one.get("what", one.get("refused")) for one in client.get("/audit", params=params).json()["calls"]]

    three, *done = [f"PUT /protections/{name}" for name in ("three", "two", "one")]
    assert told(tenant) == told(reader) == [three, *done]
    assert (told(tenant, refused=True), told(tenant, refused=False)) == ([three], done)
    first = tenant.get("/audit", params={"limit": 2}).json()
    assert told(tenant, limit=2, before=first["next"]) == done[1:]
    assert told(operator) == ["SignatureDoesNotMatch"]


def test_events_are_counted_for_each_account_and_told_in_pages(server):
    operator, first = caller(server)
    tenant, second = caller(server)
    for number in range(7):
        server.events.tell(Event("vpc-2", "applied", f"{number}", second))
        for _ in range(3):
            server.events.tell(Event("vpc-1", "applied", "busy", first))
    server.events.tell(Event("reconciler", "applied", "of the host"))
    found, following = [], {}
    while following is not None:
        page = tenant.get("/events", params={"limit": 3, **following}).json()
        found += [one["text"] for one in page["events"]]
        following = page["next"] and {"before": page["next"]}
    assert found == ["6", "5", "4", "3", "2", "1", "0"], "however many others there are, in pages without gaps"
    told = [one["text"] for one in operator.get("/events", params={"limit": 100}).json()["events"]]
    assert told == ["of the host", *["busy"] * 21]
    assert tenant.get("/events", params={"before": "1"}).status_code == 422


def test_a_wrong_site_is_told_whole_and_leaves_the_former_one(server):
    client, _ = caller(server)
    good = {"site": {"networks": [{"name": "lan", "cidr_block": "192.168.1.0/24"}]}}
    assert client.put("/sites/dc", json=good).status_code == 200
    bad = {"site": {"networks": [{"name": "lan", "cidr_block": "192.168.1.1/24"}], "hosts": [{"name": "x"}]}}
    answer = client.put("/sites/dc", json=bad)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["findings"]) >= 2
    assert client.get("/sites").json()["sites"] == [{"name": "dc", **good}]


def test_a_devices_text_is_kept_and_never_told(server):
    client, account = caller(server)
    site = {"device": {"name": "cgw", "platform": "cisco-asa", "ports": {"outside": {"circuit": "pc-1"}}}}
    assert client.put("/sites/dc", json={"site": site, "config": "pre-shared-key geheim"}).status_code == 200
    assert "geheim" not in client.get("/sites").text
    with server.service.view() as world:
        (kept,) = world.of_kind(account, "site")
    assert kept.secrets == {"config": "pre-shared-key geheim"}


def large():
    """16 MiB in pieces."""
    return iter([b" " * (1 << 16)] * 256)


def test_nothing_is_read_of_what_a_stranger_sends(server):
    client, _ = caller(server)
    seen = count_messages(client, "/sites/a", large(), auth=("LTAInobody", "x"))
    assert (seen.status, seen.messages) == (401, 0)


def test_a_body_that_is_too_large_is_not_read_to_its_end(server):
    client, _ = caller(server)
    seen = count_messages(client, "/sites/a", large(), auth=client.shown)
    assert seen.status == 413
    assert seen.messages <= 66  # 4 MiB of 16
    assert client.put("/sites/a", content=b" " * (5 << 20)).status_code == 413


def count_messages(client, path, body, auth):
    """Send a body message by message, as a server hears it."""
    seen = SimpleNamespace(status=None, messages=0)
    shown = base64.b64encode(":".join(auth).encode())
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT", "path": path,
             "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
             "headers": [(b"authorization", b"Basic " + shown), (b"content-type", b"application/json")],
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}

    async def receive():
        seen.messages += 1
        piece = next(body, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message):
        seen.status = message.get("status", seen.status)

    asyncio.run(client.app(scope, receive, send))
    return seen


def test_calls_of_one_key_are_limited(server):
    client, _ = caller(server)
    app = make_native_app(server, Limits(key_rate=Rate(0.001, 3), action_rate=None))
    answers = [TestClient(app).get("/sites", auth=client.shown).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]


def test_long_work_of_one_account_leaves_room_for_others():
    desks = Desks(each=2, most=3)
    with desks.taken("a"), desks.taken("a"):
        with pytest.raises(HTTPException, match="429"), desks.taken("a"):
            pass
        with desks.taken("b"), pytest.raises(HTTPException, match="429"), desks.taken("c"):
            pass
    with desks.taken("a"):
        pass


def test_no_policy_makes_a_user_the_root_user(server):
    root, account = caller(server)
    server.identity.put_user(User(account, "boss", ("AdministratorAccess",)))
    boss, _ = caller(server, account, "boss")
    assert boss.post("/access-keys", json={"user": "boss"}).status_code == 201
    assert boss.post("/access-keys", json={"user": "root"}).status_code == 403
    spare = root.post("/access-keys", json={}).json()["id"]
    assert boss.patch(f"/access-keys/{spare}", json={"active": False}).status_code == 403
    assert boss.delete(f"/access-keys/{spare}").status_code == 403
    assert root.delete(f"/access-keys/{spare}").status_code == 204
    assert root.delete(f"/access-keys/{root.shown[0]}").status_code == 422
    assert root.get("/networks").status_code == 200


LAN = {"name": "lan", "cidr_block": "192.168.1.0/24"}
FIREWALL = {"name": "cgw", "platform": "cisco-asa", "ports": {"outside": {"circuit": "pc-1"}}}


@pytest.mark.parametrize(
    "body",
    [
        '{"site": {"networks": [{"name": NaN, "cidr_block": "192.168.1.0/24"}]}}',
        '{"site": {"networks": [{"name": "\\ud800", "cidr_block": "192.168.1.0/24"}]}}',
        '{"site": {"\\ud800": 1}}',
        '{"site": {"device": {"name": "cgw"}}, "config": "hostname \\ud800"}',
        '{"site": ' + '{"a":' * 900 + "1" + "}" * 900 + "}",
        '{"site": {"networks": ' + "[" * 900 + "]" * 900 + "}}",
    ],
)
def test_what_could_not_be_kept_and_told_again_is_refused(server, body):
    client, _ = caller(server)
    answer = client.put("/sites/dc", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["code"] == "API-002"
    assert client.get("/sites").json() == {"sites": []}


def test_a_number_for_a_name_stays_one():
    told = {"networks": [{**LAN, "name": 1.5}], "hosts": [], "none": None}
    assert plain(told) == told


def test_a_file_that_a_body_names_is_not_kept(server):
    client, _ = caller(server)
    site = {"networks": [LAN], "device": {**FIREWALL, "config": "../../etc/shadow"}}
    client.put("/sites/dc", json={"site": site})
    assert "shadow" not in client.get("/sites").text
    assert client.put("/sites/dc", json={"site": site, "config": "hostname cgw"}).status_code == 200
    assert client.get("/sites").json()["sites"][0]["site"]["device"]["config"] == "dc.cfg"


def test_readers_are_not_told_the_devices_texts(server):
    root, account = caller(server)
    server.identity.put_user(User(account, "reader", ("ReadOnlyAccess",)))
    reader, _ = caller(server, account, "reader")
    documents = [
        Document("pc-1", "physical_connection", account, "cn-hangzhou", status="Enabled"),
        Document("vbr-1", "vbr", account, "cn-hangzhou", "pc-1", "active", {
            "VlanId": 0, "LocalGatewayIp": "10.0.0.1", "PeerGatewayIp": "10.0.0.2",
            "PeeringSubnetMask": "255.255.255.252"}),
    ]  # fmt: skip
    server.service.change(lambda state: [state.put(one) for one in documents])
    root.put("/sites/dc", json={"site": {"networks": [LAN], "device": FIREWALL}, "config": "pre-shared-key geheim"})
    assert "geheim" in root.get("/plans").text
    assert reader.get("/plans").json()["plans"]
    assert "geheim" not in reader.get("/plans").text


def test_a_network_is_settled_when_nothing_of_its_account_waits(server):
    one, account = caller(server)
    two, other = caller(server)
    server.reconciler.running = {"net1": Running(account=account), "net2": Running(account=other)}

    def settled(client):
        return [each["settled"] for each in client.get("/networks").json()["networks"]]

    assert (settled(one), settled(two)) == ([True], [True])
    server.service.change(lambda state: state.put(Document("vpc-1", "vpc", account, "r")))
    assert (settled(one), settled(two)) == ([False], [True])
    server.reconciler.refused = {account: {"vpc-1": "NET-001 overlaps"}, other: {}}.get
    assert [each["reason"] for client in (one, two) for each in client.get("/networks").json()["networks"]] == [
        "vpc-1: NET-001 overlaps", ""]
    server.service.change(lambda state: state.put(Document("vpc-1", "vpc", account, "r", settled=1)))
    assert (settled(one), settled(two)) == ([False], [True])


def test_only_the_operator_takes_a_backup(server, tmp_path):
    operator, _ = caller(server)
    other, _ = caller(server)
    path = tmp_path / "copy.db"
    path.write_bytes(b"12345")
    server.backup = lambda: path
    assert other.post("/backups").status_code == 403
    assert operator.post("/backups").json() == {"path": str(path), "bytes": 5}


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [("/probes", {"source": "nobody", "destination": "client"}, "host nobody"),
     ("/probes", {"source": "ECS1", "destination": "nobody"}, "host nobody; use one of: .*client"),
     ("/probes", {"source": "TR", "destination": "client"}, "host TR; use one of: .*ECS1"),
     ("/drills", {"source": "ECS1", "destination": "nobody", "elements": ["tunnel-1"]}, "host nobody; "),
     ("/drills", {"source": "ECS1", "destination": "client", "elements": ["tunnel-9"]}, "tunnel-9; use one of: ")],
)
def test_what_a_network_does_not_have_is_not_found(server, path, body, detail):
    client, account = caller(server)
    network = load(Path(__file__).parents[3] / "examples" / "hangzhou" / "plan.yaml").network
    made = SimpleNamespace(network=network, lowered=None, drivers=None)
    server.reconciler.running = {"net": SimpleNamespace(account=account, made=made, network=network)}
    answer = client.post(path, json=body)
    assert answer.status_code == 404, answer.text
    assert re.match(f"There is no {detail}", answer.json()["detail"]), answer.text


def test_who_was_refused_to_change_something_is_kept_and_strangers_apart(server):
    client, account = caller(server)
    tenant, other = caller(server)
    server.identity.put_user(User(other, "reader", ("ReadOnlyAccess",)))
    reader, _ = caller(server, other, "reader")
    assert reader.put("/sites/dc", json={"site": {}}).status_code == 403
    assert tenant.post("/accounts", json={"name": "x"}).status_code == 403
    assert tenant.get("/accounts").status_code == 403
    assert client.put("/sites/dc", auth=(client.shown[0], "wrong"), json={}).status_code == 401
    assert client.put("/sites/dc", auth=("hunter2", "wrong"), json={}).status_code == 401
    server.service.audit.flush()
    mine = [json.loads(one.value) for one in server.store.log(refusals_of(other))]
    assert [(one["user"], one["refused"], one["what"]) for one in mine] == [
        ("reader", "Forbidden.RAM", "PUT /sites/dc"), ("root", "Forbidden.RAM", "POST /accounts")]
    strangers = [json.loads(one.value) for one in server.store.log(refusals_of(""))]
    assert [(one.get("account"), one["refused"]) for one in strangers] == [
        (account, "InvalidAccessKey"), (None, "InvalidAccessKey")]
    assert "hunter2" not in str(strangers), "somebody may have shown a secret for an id"


def test_who_changes_something_is_kept_without_what_was_sent(server):
    client, account = caller(server)
    site = {"site": {"networks": [LAN], "device": FIREWALL}, "config": "pre-shared-key geheim"}
    client.put("/sites/dc", json=site)
    client.post("/access-keys", json={})
    client.get("/sites")
    kept = [json.loads(one.value) for one in server.store.log(changes_of(account))]
    assert [(one["account"], one["user"], one["key_id"], one["what"]) for one in kept] == [
        (account, "root", client.shown[0], what) for what in ("PUT /sites/dc", "POST /access-keys")]
    assert "geheim" not in str(kept)
