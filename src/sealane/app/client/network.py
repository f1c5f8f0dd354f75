"""VPCs with their vSwitches, security groups, instances and routes."""

from collections.abc import Iterator

from sealane.app.client import blocks
from sealane.app.client.kind import Ids, Kind
from sealane.app.client.session import Answer, Session, Steps, items, tags, until
from sealane.app.client.thing import Found, Key, Thing, fields, params
from sealane.kinds import Plan
from sealane.kinds.vpc import INSTANCE, SecurityRule, Vpc, VpcRoute

IMAGE_FAMILY = "acs:alibaba_cloud_linux_3_2104_lts_x64"
INSTANCE_TYPE = "ecs.g7.large"
_ALL_PORTS = "-1/-1"


def wanted(plan: Plan) -> Iterator[Thing]:
    """Things of a plan."""
    for vpc in plan.vpcs:
        yield Thing(("vpc", vpc.name), fields(CidrBlock=vpc.cidr_block, Description=vpc.description))
        yield from _inside(vpc)


def _inside(vpc: Vpc) -> Iterator[Thing]:
    own = ("vpc", vpc.name)
    yield from blocks.wanted(vpc)
    for switch in vpc.vswitches:
        yield Thing(("vswitch", f"{vpc.name}/{switch.name}"), fields(
            CidrBlock=switch.cidr_block, ZoneId=switch.zone_id, Description=switch.description),
            (own, *blocks.needed(vpc.name, str(switch.cidr_block), vpc.secondary_cidr_blocks)))
    for group in vpc.security_groups:
        key = ("security group", f"{vpc.name}/{group.name}")
        yield Thing(key, fields(Description=group.description), (own,))
        for name, rule in {_rule_name(one): one for one in map(_rule, group.rules)}.items():
            yield Thing(("security rule", f"{key[1]} {name}"), fields(**rule), (key,))
    for instance in vpc.instances:
        switch_key = ("vswitch", f"{vpc.name}/{instance.vswitch}")
        group_key = ("security group", f"{vpc.name}/{instance.security_group}")
        yield Thing(("instance", f"{vpc.name}/{instance.name}"), fields(
            PrivateIpAddress=instance.private_ip_address, VSwitch=instance.vswitch,
            SecurityGroup=instance.security_group,
        ), (switch_key, group_key) if instance.security_group else (switch_key,))
    for route in vpc.route_entries:
        yield Thing(("route of a VPC", f"{vpc.name} {route.destination_cidr_block}"), fields(
            NextHopType=route.next_hop_type, NextHop=route.next_hop, Description=route.description),
            (own, _hop(vpc.name, route)))


def _hop(vpc: str, route: VpcRoute) -> Key:
    if route.next_hop_type == INSTANCE:
        return "instance", f"{vpc}/{route.next_hop}"
    return "attachment", route.next_hop


def _rule(rule: SecurityRule) -> dict[str, str]:
    ports = _ALL_PORTS
    if rule.port_range is not None and rule.ip_protocol in ("TCP", "UDP") and rule.port_range.first:
        ports = f"{rule.port_range.first}/{rule.port_range.last}"
    peer = ("SourceCidrIp", rule.source_cidr_ip) if rule.direction == "ingress" else ("DestCidrIp", rule.dest_cidr_ip)
    return {"Direction": rule.direction, "IpProtocol": rule.ip_protocol, "PortRange": ports,
            peer[0]: str(peer[1]), "Policy": rule.policy.lower(), "Priority": str(rule.priority)}


def _rule_name(rule: dict[str, str]) -> str:
    return " ".join(rule.values())


def found(session: Session) -> Iterator[Found]:
    """What is there."""
    for vpc in session.all("Vpc", "DescribeVpcs", "Vpcs.Vpc"):
        name, vpc_id = vpc["VpcName"], vpc["VpcId"]
        tables = [one["RouteTableId"] for one in session.all(
            "Vpc", "DescribeRouteTableList", "RouterTableList.RouterTableListType", VpcId=vpc_id)
            if one.get("RouteTableType") == "System"]
        yield _found(session, vpc, ("vpc", name), {"Id": vpc_id, "Table": tables[0] if tables else ""}, fields(
            CidrBlock=vpc["CidrBlock"], Description=vpc.get("Description", "")))
        if tags(vpc).get("sealane:plan") != session.plan:
            continue
        yield from blocks.found(vpc)
        switches: dict[str, str] = {}
        for one in session.all("Vpc", "DescribeVSwitches", "VSwitches.VSwitch", VpcId=vpc_id):
            switches[one["VSwitchId"]] = one["VSwitchName"]
            yield _found(session, one, ("vswitch", f"{name}/{one['VSwitchName']}"), {"Id": one["VSwitchId"]}, fields(
                CidrBlock=one["CidrBlock"], ZoneId=one["ZoneId"], Description=one.get("Description", "")),
                (("vpc", name), *blocks.needed(name, one["CidrBlock"], blocks.of(vpc))))
        groups: dict[str, str] = {}
        for one in session.all("Ecs", "DescribeSecurityGroups", "SecurityGroups.SecurityGroup", VpcId=vpc_id):
            groups[one["SecurityGroupId"]] = one["SecurityGroupName"]
            key = ("security group", f"{name}/{one['SecurityGroupName']}")
            yield _found(session, one, key, {"Id": one["SecurityGroupId"]}, fields(
                Description=one.get("Description", "")), (("vpc", name),))
            yield from _found_rules(session, one["SecurityGroupId"], key)
        for one in session.all("Ecs", "DescribeInstances", "Instances.Instance", VpcId=vpc_id):
            yield _instance(session, one, name, switches, groups)


def found_routes(session: Session) -> Iterator[Found]:
    """Routes of the VPCs; asked for when attachments are known."""
    for (kind, name), ids in tuple(session.ids.items()):
        if kind == "vpc" and ids["Table"]:
            yield from _found_routes(session, name, ids["Table"])


def _found(  # noqa: PLR0917 - a shorthand
    session: Session, item: Answer, key: tuple[str, str], ids: Ids, said: dict[str, object] | object,
    needs: tuple[tuple[str, str], ...] = (),
) -> Found:
    return Found(Thing(key, said, needs), ids, tags(item).get("sealane:plan") == session.plan)  # type: ignore[arg-type]


def _found_rules(session: Session, group_id: str, key: tuple[str, str]) -> Iterator[Found]:
    for one in session.all("Ecs", "DescribeSecurityGroupAttribute", "Permissions.Permission", SecurityGroupId=group_id):
        side = "SourceCidrIp" if one["Direction"] == "ingress" else "DestCidrIp"
        peer = one.get(side) or one.get("SourceGroupId") or one.get("DestGroupId") or ""
        said = {"Direction": one["Direction"], "IpProtocol": one["IpProtocol"].upper(), "PortRange": one["PortRange"],
                side: peer if "/" in peer or not peer[:1].isdigit() else f"{peer}/32",
                "Policy": one["Policy"].lower(), "Priority": str(one["Priority"])}
        yield Found(Thing(("security rule", f"{key[1]} {_rule_name(said)}"), fields(**said), (key,)),
                    {"Id": one["SecurityGroupRuleId"], "SecurityGroupId": group_id})


def _instance(session: Session, one: Answer, vpc: str, switches: dict[str, str], groups: dict[str, str]) -> Found:
    switch = switches.get(one["VpcAttributes"]["VSwitchId"], "")
    member = [groups.get(str(group), "") for group in items(one, "SecurityGroupIds.SecurityGroupId")]
    addresses = items(one, "VpcAttributes.PrivateIpAddress.IpAddress")
    needs = (("vswitch", f"{vpc}/{switch}"), *(("security group", f"{vpc}/{group}") for group in member))
    return _found(session, one, ("instance", f"{vpc}/{one['InstanceName']}"), {"Id": one["InstanceId"]}, fields(
        PrivateIpAddress=str(addresses[0]) if addresses else "", VSwitch=switch, SecurityGroup=",".join(member)), needs)


def _found_routes(session: Session, vpc: str, table: str) -> Iterator[Found]:
    for one in session.all("Vpc", "DescribeRouteEntryList", "RouteEntrys.RouteEntry", RouteTableId=table,
                           RouteEntryType="Custom"):
        hop = items(one, "NextHops.NextHop")[0]
        kind = "instance" if hop["NextHopType"] == INSTANCE else "attachment"
        name = next((key[1] for key, ids in session.ids.items() if key[0] == kind
                     and ids["Id"] == hop["NextHopId"]), hop["NextHopId"])
        yield Found(Thing(("route of a VPC", f"{vpc} {one['DestinationCidrBlock']}"), fields(
            NextHopType=hop["NextHopType"], NextHop=name.removeprefix(f"{vpc}/") if kind == "instance" else name,
            Description=one.get("Description", "")), (("vpc", vpc), (kind, name))),
            {"Id": one["RouteEntryId"], "Table": table})


def _parent(thing: Thing) -> str:
    return thing.key[1].partition("/")[0]


def _own_name(thing: Thing) -> str:
    return thing.key[1].partition("/")[2]


def _create_vpc(session: Session, thing: Thing) -> Steps[Ids]:
    made = session.do("Vpc", "CreateVpc", VpcName=thing.key[1], Tag=session.tag, **params(thing.fields))
    yield until(f"VPC {thing.key[1]}", lambda: str(session.do(
        "Vpc", "DescribeVpcAttribute", VpcId=made["VpcId"])["Status"]), "Available")
    return {"Id": made["VpcId"], "Table": made["RouteTableId"]}


def _change_vpc(session: Session, there: Found, thing: Thing) -> None:
    session.do("Vpc", "ModifyVpcAttribute", VpcId=there.ids["Id"], Description=thing.text("Description"))


def _delete_vpc(session: Session, there: Found) -> Steps[None]:
    session.remove("Vpc", "DeleteVpc", VpcId=there.ids["Id"])
    yield until(f"VPC {there.thing.key[1]}", lambda: _state(
        session, "DescribeVpcs", "Vpcs.Vpc", VpcId=there.ids["Id"]), "")


def _state(session: Session, action: str, path: str, product: str = "Vpc", **narrow: object) -> str:
    return next((str(one["Status"]) for one in session.all(product, action, path, **narrow)), "")


def _create_switch(session: Session, thing: Thing) -> Steps[Ids]:
    made = session.do("Vpc", "CreateVSwitch", VpcId=session.id("vpc", _parent(thing)), VSwitchName=_own_name(thing),
                      Tag=session.tag, **params(thing.fields))["VSwitchId"]
    yield until(f"vSwitch {thing.key[1]}", lambda: str(session.do(
        "Vpc", "DescribeVSwitchAttributes", VSwitchId=made)["Status"]), "Available")
    return {"Id": made}


def _change_switch(session: Session, there: Found, thing: Thing) -> None:
    session.do("Vpc", "ModifyVSwitchAttribute", VSwitchId=there.ids["Id"], Description=thing.text("Description"))


def _delete_switch(session: Session, there: Found) -> Steps[None]:
    session.remove("Vpc", "DeleteVSwitch", VSwitchId=there.ids["Id"])
    yield until(f"vSwitch {there.thing.key[1]}", lambda: _state(
        session, "DescribeVSwitches", "VSwitches.VSwitch", VSwitchId=there.ids["Id"]), "")


def _create_group(session: Session, thing: Thing) -> Ids:
    return {"Id": session.do("Ecs", "CreateSecurityGroup", VpcId=session.id("vpc", _parent(thing)), Tag=session.tag,
                             SecurityGroupName=_own_name(thing), **params(thing.fields))["SecurityGroupId"]}


def _change_group(session: Session, there: Found, thing: Thing) -> None:
    session.do("Ecs", "ModifySecurityGroupAttribute", SecurityGroupId=there.ids["Id"],
               Description=thing.text("Description"))


def _delete_group(session: Session, there: Found) -> None:
    session.remove("Ecs", "DeleteSecurityGroup", SecurityGroupId=there.ids["Id"])


def _create_rule(session: Session, thing: Thing) -> Ids:
    said = params({key: one for key, one in thing.fields.items() if key != "Direction"})
    word = "" if thing.text("Direction") == "ingress" else "Egress"
    group = session.id(*thing.needs[0])
    session.do("Ecs", f"AuthorizeSecurityGroup{word}", SecurityGroupId=group, Permissions=[said])
    return {"SecurityGroupId": group}


def _delete_rule(session: Session, there: Found) -> None:
    word = "" if there.thing.text("Direction") == "ingress" else "Egress"
    session.remove("Ecs", f"RevokeSecurityGroup{word}", SecurityGroupId=there.ids["SecurityGroupId"],
                   SecurityGroupRuleId=[there.ids["Id"]])


def _create_instance(session: Session, thing: Thing) -> Steps[Ids]:
    vpc = _parent(thing)
    made = session.do(
        "Ecs", "RunInstances", InstanceName=_own_name(thing), ImageFamily=IMAGE_FAMILY, InstanceType=INSTANCE_TYPE,
        VSwitchId=session.id("vswitch", f"{vpc}/{thing.text('VSwitch')}"), Amount=1, Tag=session.tag,
        SecurityGroupId=session.id("security group", f"{vpc}/{thing.text('SecurityGroup')}"),
        PrivateIpAddress=thing.text("PrivateIpAddress"))["InstanceIdSets"]["InstanceIdSet"][0]
    yield until(f"instance {thing.key[1]}", lambda: _instance_state(session, made), "Running")
    return {"Id": made}


def _instance_state(session: Session, instance: str) -> str:
    return _state(session, "DescribeInstances", "Instances.Instance", "Ecs", InstanceIds=f'["{instance}"]')


def _change_instance(session: Session, there: Found, thing: Thing) -> None:
    group = session.id("security group", f"{_parent(thing)}/{thing.text('SecurityGroup')}")
    session.do("Ecs", "ModifyInstanceAttribute", InstanceId=there.ids["Id"], SecurityGroupIds=[group])


def _delete_instance(session: Session, there: Found) -> Steps[None]:
    session.remove("Ecs", "DeleteInstance", InstanceId=there.ids["Id"], Force=True)
    yield until(f"instance {there.thing.key[1]}", lambda: _instance_state(session, there.ids["Id"]), "")


def _create_route(session: Session, thing: Thing) -> Steps[Ids]:
    vpc, _, prefix = thing.key[1].rpartition(" ")
    return make_route(session, session.id("vpc", vpc, "Table"), prefix, thing.text("NextHopType"),
                      session.id(*thing.needs[-1]), thing)


def make_route(  # noqa: PLR0917 - a shorthand
    session: Session, table: str, prefix: str, hop_type: str, hop: str, thing: Thing
) -> Steps[Ids]:
    """A route in the table of a VPC or of a border router."""
    made = session.do("Vpc", "CreateRouteEntry", RouteTableId=table, DestinationCidrBlock=prefix, NextHopType=hop_type,
                      NextHopId=hop, **params({"Description": thing.text("Description")}))["RouteEntryId"]
    yield until(f"route {thing.key[1]}", lambda: route_state(session, table, made), "Available")
    return {"Id": made, "Table": table}


def route_state(session: Session, table: str, route: str) -> str:
    """State of a route of a VPC or border router."""
    return _state(session, "DescribeRouteEntryList", "RouteEntrys.RouteEntry", RouteTableId=table, RouteEntryId=route)


def delete_route(session: Session, there: Found) -> Steps[None]:
    """Remove a route of a VPC or border router."""
    session.remove("Vpc", "DeleteRouteEntry", RouteEntryId=there.ids["Id"])
    yield until(f"route {there.thing.key[1]}", lambda: route_state(session, there.ids["Table"], there.ids["Id"]), "")


KINDS = {
    "vpc": Kind("VPC", 10, 220, _create_vpc, _delete_vpc, _change_vpc, frozenset({"CidrBlock"})),
    "vswitch": Kind("vSwitch", 11, 210, _create_switch, _delete_switch, _change_switch,
                    frozenset({"CidrBlock", "ZoneId"}), frozenset({"CidrBlock"})),
    **blocks.KINDS,
    "security group": Kind("security group", 12, 205, _create_group, _delete_group, _change_group),
    "security rule": Kind("rule of a security group", 13, 204, _create_rule, _delete_rule),
    "instance": Kind("instance", 14, 200, _create_instance, _delete_instance, _change_instance,
                     frozenset({"PrivateIpAddress", "VSwitch"}), frozenset({"PrivateIpAddress"})),
    "route of a VPC": Kind("route of a VPC", 45, 30, _create_route, delete_route, None,
                           frozenset({"NextHopType", "NextHop"})),
}
