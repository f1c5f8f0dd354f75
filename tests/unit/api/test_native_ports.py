"""The operator plugs any account's circuit into the host; an account sees what its own are plugged into."""

from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from sealane.api.native import make_native_app
from sealane.app.server.documents import Documents
from sealane.app.server.events import Events
from sealane.app.server.identity import Identity, User
from sealane.app.server.ports import Ports, give_to_host
from sealane.app.server.service import Service
from sealane.cloud import Document
from sealane.cloud.to_plan import carried_networks, plain
from sealane.store import FakeStore, Sealer
from sealane.store.keys import new_key

PORT = {"interface": "eth1", "mtu": 1500, "physical_connection": "pc-tenant"}


@pytest.fixture
def server():
    sealer, store = Sealer((new_key(),)), FakeStore()
    service = Service(store, Documents(sealer), (), codec=None, clock=SimpleNamespace(now_ms=lambda: 1), authority=None)
    return SimpleNamespace(service=service, reconciler=SimpleNamespace(running={}, refused=lambda _: {}),
                           identity=Identity(store, sealer), events=Events(store, lambda: 1), observation=None)


def account(server, circuit):
    """A client of a new account's root user, and the account, which has a circuit with a border router on it."""
    number, key = server.identity.add_account("lab")
    client = TestClient(make_native_app(server))
    client.auth = (key.id, key.secret.reveal())
    router = {"VlanId": 0, "LocalGatewayIp": "10.0.0.1", "PeerGatewayIp": "10.0.0.2",
              "PeeringSubnetMask": "255.255.255.252"}

    def work(state):
        state.put(Document(circuit, "physical_connection", number, "r", status="Enabled", generation=0))
        state.put(Document(f"vbr-{circuit}", "vbr", number, "r", circuit, "active", fields=router, generation=0))

    server.service.change(work)
    return client, number


@pytest.fixture
def operator(server):
    return account(server, "pc-host")[0]


@pytest.fixture
def tenant(server, operator):
    return account(server, "pc-tenant")


def planned(server, number):
    """What the account's circuit is plugged into, as its network is made; None while nothing is at its far end."""
    with server.service.view() as world:
        network = next(iter(carried_networks(world, [number], "n")), None)
    if network is None:
        return None
    (line,) = plain(network.plan)["physical_connections"]
    return line["port"], line["mtu"]


def codes(answer):
    assert answer.status_code == 422
    return [one["code"] for one in answer.json()["findings"]]


def test_the_operator_plugs_an_accounts_circuit_in_and_out(server, operator, tenant):
    client, number = tenant
    assert planned(server, number) is None
    assert operator.put("/ports/p", json={**PORT, "mtu": 9000}).json() == {"findings": []}
    assert planned(server, number) == ({"interface": "eth1"}, 9000)
    told = [{"name": "p", **PORT, "mtu": 9000, "account": number}]
    assert client.get("/ports").json() == {"ports": told}
    assert operator.get("/ports").json() == {"ports": []}, "it is not one of the operator's own networks"
    assert operator.get("/ports", params={"every": True}).json() == {"ports": told}
    assert client.get("/ports", params={"every": True}).json() == {"ports": told}
    assert operator.delete("/ports/p").status_code == 204
    assert operator.delete("/ports/p").status_code == 404
    assert planned(server, number) is None
    assert client.get("/ports").json() == {"ports": []}


def test_nobody_else_touches_the_hosts_interfaces(server, operator, tenant):
    client, _ = tenant
    other, _ = account(server, "pc-other")
    operator.put("/ports/p", json=PORT)
    for one in (client, other):
        assert one.put("/ports/p", json=PORT).status_code == 403
        assert one.put("/ports/q", json={**PORT, "interface": "eth2"}).status_code == 403
        assert one.delete("/ports/p").status_code == 403
    assert other.get("/ports", params={"every": True}).json() == {"ports": []}
    server.identity.put_user(User(server.identity.operator, "reader", ("ReadOnlyAccess",)))
    key = server.identity.add_key(server.identity.operator, "reader")
    assert operator.delete("/ports/p", auth=(key.id, key.secret.reveal())).status_code == 403


@pytest.mark.usefixtures("tenant")
def test_what_cannot_be_plugged_in_is_refused_whole(operator):
    for interface in ("lo", "-eth1", 'a"; drop', "a b", "..", "ü"):
        assert operator.put("/ports/p", json={**PORT, "interface": interface}).status_code == 422
    assert codes(operator.put("/ports/p", json={**PORT, "physical_connection": "pc-nobody"})) == ["PORT-003"]
    assert codes(operator.put("/ports/p", json={**PORT, "physical_connection": "vbr-pc-tenant"})) == ["PORT-003"]
    assert operator.put("/ports/p", json=PORT).status_code == 200
    assert codes(operator.put("/ports/q", json=PORT)) == ["PORT-004", "PORT-005"]
    assert codes(operator.put("/ports/q", json={**PORT, "physical_connection": "pc-host"})) == ["PORT-005"]
    assert operator.put("/ports/p", json={**PORT, "physical_connection": "pc-host"}).status_code == 200
    assert operator.put("/ports/q", json={**PORT, "interface": "eth2"}).status_code == 200


def test_a_network_waits_for_the_port_of_its_circuit(server, operator, tenant):
    client, number = tenant

    def settled(one):
        (network,) = one.get("/networks").json()["networks"]
        return network["settled"]

    with server.service.view() as world:
        owner = world.get("pc-host").account
    trial = SimpleNamespace(failures=0, reason="")
    server.reconciler.running = {
        name: SimpleNamespace(account=whose, made=True, trial=trial, transit_router="", documents=frozenset)
        for name, whose in (("n1", owner), ("n2", number))
    }
    assert (settled(operator), settled(client)) == (True, True)
    operator.put("/ports/p", json=PORT)
    assert (settled(operator), settled(client)) == (True, False)


def test_a_port_whose_circuit_is_gone_is_the_operators_to_remove(server, operator, tenant):
    client, _ = tenant
    operator.put("/ports/p", json=PORT)
    server.service.change(lambda state: [state.remove(one) for one in ("vbr-pc-tenant", "pc-tenant")])
    assert client.get("/ports").json() == {"ports": []}
    assert operator.get("/ports").json() == {"ports": [{"name": "p", **PORT, "account": None}]}
    assert operator.delete("/ports/p").status_code == 204


def test_ports_of_a_former_version_stay_plugged_in_and_become_the_hosts(server, operator, tenant):
    _, number = tenant
    owner = server.identity.operator

    def work(state):
        for whose, circuit, interface in ((owner, "pc-host", "eth1"), (number, "pc-tenant", "eth2")):
            fields = {"Interface": interface, "Mtu": 1400, "PhysicalConnectionId": circuit, "Name": "p"}
            state.put(Document(f"port-{whose}-p", "port", whose, "", fields=fields, generation=3, settled=3))

    server.service.change(work)
    for _ in range(2):
        server.service.change(give_to_host(server.identity.accounts()))
    assert [planned(server, one) for one in (owner, number)] == [
        ({"interface": "eth1"}, 1400), ({"interface": "eth2"}, 1400)]
    told = Ports(server.service).all()
    assert [(one["interface"], one["account"]) for one in told] == [("eth1", owner), ("eth2", number)]
    for one in told:
        assert operator.delete(f"/ports/{one['name']}").status_code == 204
