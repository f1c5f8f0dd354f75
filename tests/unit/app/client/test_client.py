"""Plans carried out by calls: everything once, nothing twice, only what differs, and nothing left."""

import shutil
from pathlib import Path

import pytest
import yaml
from fake import Fake

from sealane.app.client import work
from sealane.app.client.session import TAG
from sealane.app.rejected import Rejected
from sealane.diag import Fault

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture
def plan(tmp_path):
    shutil.copytree(EXAMPLES / "hangzhou", tmp_path / "hangzhou")
    return tmp_path / "hangzhou" / "plan.yaml"


def edit(path, change):
    one = yaml.safe_load(path.read_text())
    change(one)
    path.write_text(yaml.safe_dump(one, sort_keys=False))


@pytest.fixture
def fake():
    return Fake()


def test_everything_is_made_in_an_order_that_the_cloud_takes(fake, plan):
    changes = fake.apply(plan)
    add, change, destroy = work.counted(changes)
    assert (add, change, destroy) == (len(changes), 0, 0)
    assert {one.thing.key[0] for one in changes} >= {
        "vpc", "vswitch", "security group", "security rule", "instance", "route of a VPC", "circuit", "border router",
        "route of a border router", "CEN", "transit router", "CIDR", "attachment", "association", "propagation",
        "route", "route map", "customer gateway", "IPsec connection", "site", "protection"}


def test_applying_twice_changes_nothing(fake, plan):
    fake.apply(plan)
    before = fake.cloud.snapshot()
    assert fake.apply(plan) == ()
    assert fake.cloud.snapshot() == before
    assert fake.actions == []


def test_nothing_is_left_after_destroy(fake, plan):
    fake.apply(plan)
    changes = fake.apply(plan, destroy=True)
    assert {one.sign for one in changes} == {"-"}
    assert fake.cloud.snapshot() == {}
    assert not any(fake.things.values())


def test_removal_follows_the_safe_order(fake, plan):
    fake.apply(plan)
    fake.apply(plan, destroy=True)
    order = ["DeleteCenRouteMap", "DeleteTransitRouterRouteEntry", "DeleteTransitRouterVpnAttachment",
             "DeleteVpnAttachment", "DeleteCustomerGateway", "DeleteTransitRouterCidr",
             "DeleteTransitRouterVbrAttachment", "DeleteVirtualBorderRouter", "DeletePhysicalConnection",
             "DeleteTransitRouterVpcAttachment", "DeleteTransitRouter", "DeleteCen", "DeleteInstance",
             "DeleteSecurityGroup", "DeleteVSwitch", "DeleteVpc"]
    assert list(dict.fromkeys(one for one in fake.actions if one in order)) == order


def test_what_others_made_is_neither_seen_nor_touched(fake, plan):
    fake.cloud.done("Vpc", "CreateVpc", RegionId="cn-hangzhou", VpcName="VPC", CidrBlock="172.16.0.0/16")
    others = fake.cloud.snapshot()
    fake.apply(plan)
    fake.apply(plan, destroy=True)
    assert fake.cloud.snapshot() == others


def test_everything_that_can_be_tagged_is(fake, plan):
    fake.apply(plan)
    tagged = {"vpc", "vswitch", "security_group", "instance", "physical_connection", "vbr", "cen", "transit_router",
              "tr_attachment", "customer_gateway", "vpn_attachment"}
    for one in fake.cloud.world.everything():
        if one.kind in tagged:
            assert one.fields["Tags"] == [{"Key": TAG, "Value": "hangzhou"}], one.id


def added_switch(one):
    one["vpcs"][0]["vswitches"].append({"name": "more", "zone_id": "cn-hangzhou-h", "cidr_block": "172.16.40.0/24"})


def fewer_rules(one):
    del one["vpcs"][0]["security_groups"][0]["rules"][-1]


def other_map(one):
    one["route_maps"][0]["destination_cidr_blocks"] = ["192.168.10.136/32"]


def other_cipher(one):
    one["ipsec_connections"][0]["tunnels"][1]["ike"]["ike_enc_alg"] = "aes256"


def given_key(one):
    one["ipsec_connections"][0]["tunnels"][0]["psk"] = "geheim"


def other_name_of_a_gateway(one):
    one["customer_gateways"][0]["name"] = "Front"
    one["ipsec_connections"][0]["tunnels"][0]["customer_gateway"] = "Front"


def other_timer(one):
    one["virtual_border_routers"][0]["detect_multiplier"] = 5


def other_mode(one):
    one["protections"][0]["mode"] = "required"


def fewer_routes(one):
    del one["transit_router"]["route_entries"][0]


def renamed_instance(one):
    one["vpcs"][0]["instances"][0]["name"] = "Front"


@pytest.mark.parametrize(
    ("change", "counts", "actions"),
    [
        (added_switch, (1, 0, 0), ["CreateVSwitch"]),
        (fewer_rules, (0, 0, 1), ["RevokeSecurityGroup"]),
        (other_map, (0, 1, 0), ["ModifyCenRouteMap"]),
        (other_cipher, (0, 1, 0), ["ModifyVpnAttachmentAttribute"]),
        (given_key, (0, 1, 0), ["ModifyVpnAttachmentAttribute"]),
        (other_timer, (0, 1, 0), ["ModifyVirtualBorderRouterAttribute"]),
        (other_mode, (0, 1, 0), ["PUT protections"]),
        (fewer_routes, (0, 0, 1), ["DeleteTransitRouterRouteEntry"]),
        (renamed_instance, (1, 0, 1), ["DeleteInstance", "RunInstances"]),
    ],
)
def test_only_what_differs_is_changed(fake, plan, change, counts, actions):
    fake.apply(plan)
    edit(plan, change)
    changes = fake.apply(plan)
    assert (work.counted(changes), fake.actions) == (counts, actions)
    assert fake.changes(plan)[1] == ()


def test_what_cannot_be_changed_is_made_again_with_what_needs_it(fake, plan):
    fake.apply(plan)

    def other_block(one):
        one["vpcs"][0]["vswitches"][1]["cidr_block"] = "172.16.21.0/24"

    edit(plan, other_block)
    changes = fake.apply(plan)
    again = {one.thing.key for one in changes if one.sign == "-/+"}
    assert {("vswitch", "VPC/vSwitch2"), ("attachment", "VPC-Attachment"), ("association", "VPC-Attachment"),
            ("route of a VPC", "VPC 10.0.0.0/8")} <= again
    assert ("vpc", "VPC") not in again
    assert fake.changes(plan)[1] == ()


def moved_switch(one, block="10.30.0.0/16", switch="10.30.1.0/24"):
    """vSwitch3 lies in a secondary block."""
    vpc = one["vpcs"][0]
    vpc["secondary_cidr_blocks"] = [block]
    vpc["vswitches"][2]["cidr_block"] = switch


def test_secondary_blocks_come_before_and_go_after_their_vswitches(fake, plan):
    edit(plan, moved_switch)
    fake.apply(plan)
    assert fake.changes(plan)[1] == ()
    order = [one for one in fake.actions if "Cidr" in one or "VSwitch" in one]
    assert order.index("AssociateVpcCidrBlock") < len(order) - 1 - order[::-1].index("CreateVSwitch")
    edit(plan, lambda one: moved_switch(one, "10.30.0.0/17"))
    changes = {one.title: one.sign for one in fake.apply(plan)}
    assert changes["secondary block of a VPC VPC 10.30.0.0/16"] == "-"
    assert changes["secondary block of a VPC VPC 10.30.0.0/17"] == "+"
    assert changes["vSwitch VPC/vSwitch3"] == "-/+"
    assert fake.changes(plan)[1] == ()
    fake.apply(plan, destroy=True)
    assert fake.cloud.snapshot() == {}


def test_a_route_to_an_instance_is_made_after_it_and_removed_before_it(fake, plan):
    def routed(one):
        one["vpcs"][0]["route_entries"] += [
            {"destination_cidr_block": "10.9.0.0/16", "next_hop_type": "Instance", "next_hop": "ECS2"}]

    edit(plan, routed)
    fake.apply(plan)
    assert fake.changes(plan)[1] == ()
    edit(plan, lambda one: one["vpcs"][0]["instances"][1].update(private_ip_address="172.16.10.227"))
    again = {one.title for one in fake.apply(plan) if one.sign == "-/+"}
    assert again == {"instance VPC/ECS2", "route of a VPC VPC 10.9.0.0/16"}
    edit(plan, lambda one: one["vpcs"][0]["route_entries"][-1].update(next_hop="ECS1"))
    assert [(one.sign, one.title) for one in fake.apply(plan)] == [("-/+", "route of a VPC VPC 10.9.0.0/16")]
    assert fake.changes(plan)[1] == ()
    fake.apply(plan, destroy=True)
    assert fake.cloud.snapshot() == {}


def test_what_is_in_something_that_is_made_again_goes_before_it(fake, plan):
    def alone(one):
        one["vpcs"][0]["instances"] += [
            {"name": "ECS3", "vswitch": "vSwitch2", "private_ip_address": "172.16.20.9", "security_group": "app"}]

    edit(plan, alone)
    fake.apply(plan)

    def other_block(one):
        del one["vpcs"][0]["instances"][-1]
        one["vpcs"][0]["vswitches"][1]["cidr_block"] = "172.16.21.0/24"

    edit(plan, other_block)
    fake.apply(plan)
    assert fake.actions.index("DeleteInstance") < fake.actions.index("DeleteVSwitch")
    assert not any(code.startswith("DependencyViolation") for code in fake.refusals)
    assert fake.changes(plan)[1] == ()


def test_a_route_that_discards_is_refused_before_anything_is_touched(fake, plan):
    edit(plan, lambda one: one["vpcs"][0]["route_entries"][0].update(next_hop="BlackHole"))
    with pytest.raises(Rejected, match="APPLY-002"):
        fake.apply(plan)
    assert fake.cloud.snapshot() == {}


def test_a_busy_cloud_is_asked_again(fake, plan):
    fake.busy = {"CreateVSwitch": 2, "CreateTransitRouter": 1}
    fake.apply(plan)
    assert fake.now == 3


def test_a_cloud_that_stays_busy_is_a_fault_and_the_next_run_goes_on(fake, plan):
    fake.busy = {"CreateTransitRouter": 100}
    with pytest.raises(Fault, match="transit router TR: TaskConflict"):
        fake.apply(plan)
    fake.busy.clear()
    assert all(one.thing.key[0] not in ("vpc", "CEN") for one in fake.apply(plan))
    assert fake.changes(plan)[1] == ()


def test_an_instance_without_a_group_is_refused_before_anything_is_touched(fake, plan):
    edit(plan, lambda one: one["vpcs"][0]["instances"][0].pop("security_group"))
    with pytest.raises(Rejected, match="APPLY-001"):
        fake.apply(plan)
    assert fake.cloud.snapshot() == {}


def test_a_plan_is_shown_with_fields_and_counts(fake, plan):
    _, changes = fake.changes(plan)
    shown = [f"{sign} {text}" for sign, text in work.lines(changes)]
    assert "+ VPC VPC" in shown
    assert "+     CidrBlock = 172.16.0.0/16" in shown
    assert work.summary(changes) == f"Plan: {len(changes)} to add, 0 to change, 0 to destroy."


def test_a_key_is_sent_and_never_shown(fake, plan):
    edit(plan, given_key)
    _, changes = fake.changes(plan)
    shown = "\n".join(text for _, text in work.lines(changes)) + str(work.to_json(changes)) + repr(changes)
    assert "geheim" not in shown
    fake.apply(plan)
    tunnels = fake.params[fake.actions.index("CreateVpnAttachment")]["TunnelOptionsSpecification"]
    assert [one["TunnelIkeConfig"].get("Psk") for one in tunnels] == ["geheim", None]


def test_a_new_name_of_something_unique_goes_first(fake, plan):
    fake.apply(plan)
    edit(plan, other_name_of_a_gateway)
    changes = fake.apply(plan)
    order = ["DeleteVpnAttachment", "DeleteCustomerGateway", "CreateCustomerGateway", "CreateVpnAttachment"]
    assert [one for one in fake.actions if one in order] == order
    assert work.counted(changes) == (5, 0, 5), [f"{one.sign} {one.title}" for one in changes]
    assert fake.changes(plan)[1] == ()


def test_an_export_is_private_and_stays_in_its_folder(tmp_path):
    told = {"network-1": {"plan": {"name": "network-1"}, "files": {"../dc.cfg": "hostname cgw"}}}
    (path,) = work.write_plans(told, tmp_path / "out")
    assert yaml.safe_load(path.read_text()) == {"name": "network-1"}
    assert (tmp_path / "out" / "dc.cfg").read_text() == "hostname cgw"
    assert {one.stat().st_mode & 0o077 for one in (tmp_path / "out").iterdir()} == {0}
    assert not (tmp_path / "dc.cfg").exists()


def test_applying_ends_when_the_network_is_so(fake, plan):
    fake.unsettled = 3
    fake.apply(plan)
    assert fake.looks == 4


def test_a_network_that_cannot_be_made_is_told_with_its_reason(fake, plan):
    fake.unsettled = 1000
    with pytest.raises(Fault, match="wait for the network to become settled: it is no room"):
        fake.apply(plan)


def test_a_port_is_that_of_its_circuit_however_the_operator_calls_it(fake, plan):
    def plugged(one):
        one["physical_connections"][0]["port"] = {"interface": "eth1"}
        one["physical_connections"][0]["mtu"] = 1600

    edit(plan, plugged)
    fake.apply(plan)
    (body,) = fake.things["ports"].values()
    assert (body["interface"], body["mtu"]) == ("eth1", 1600)
    fake.things["ports"] = {"rack-7": body}
    assert fake.apply(plan) == ()
    edit(plan, lambda one: one["physical_connections"][0].update(mtu=1700))
    (change,) = fake.apply(plan)
    assert change.sign == "~"
    assert {name: one["mtu"] for name, one in fake.things["ports"].items()} == {"rack-7": 1700}
    fake.apply(plan, destroy=True)
    assert not any(fake.things.values())
