"""Secondary blocks of VPCs."""

from collections.abc import Iterable, Iterator

from sealane.app.client.kind import Ids, Kind
from sealane.app.client.session import Answer, Session, Steps, items, until
from sealane.app.client.thing import Found, Key, Thing, fields
from sealane.kinds.vpc import Vpc
from sealane.net import Prefix, contains

_KIND = "secondary block"


def wanted(vpc: Vpc) -> Iterator[Thing]:
    """Those of a VPC of the plan."""
    return (_thing(vpc.name, str(block)) for block in vpc.secondary_cidr_blocks)


def found(vpc: Answer) -> Iterator[Found]:
    """Those of a VPC that is there."""
    return (Found(_thing(vpc["VpcName"], block), {"Id": vpc["VpcId"]}) for block in of(vpc))


def of(vpc: Answer) -> list[str]:
    """The secondary blocks of a VPC as it is described."""
    return [str(one) for one in items(vpc, "SecondaryCidrBlocks.SecondaryCidrBlock")]


def needed(vpc: str, switch: str, blocks: Iterable[object]) -> tuple[Key, ...]:
    """The secondary block that a vSwitch lies in, if it lies in one."""
    return tuple(_key(vpc, str(one)) for one in blocks if contains(Prefix(str(one)), Prefix(switch)))


def _key(vpc: str, block: str) -> Key:
    return (_KIND, f"{vpc} {block}")


def _thing(vpc: str, block: str) -> Thing:
    return Thing(_key(vpc, block), fields(Vpc=vpc), (("vpc", vpc),))


def _block(thing: Thing) -> str:
    return thing.key[1].rpartition(" ")[2]


def _create(session: Session, thing: Thing) -> Steps[Ids]:
    vpc = session.id("vpc", thing.text("Vpc"))
    session.do("Vpc", "AssociateVpcCidrBlock", VpcId=vpc, SecondaryCidrBlock=_block(thing), IpVersion="IPV4")
    yield until(f"secondary block {thing.key[1]}", lambda: _state(session, vpc), "Available")
    return {"Id": vpc}


def _delete(session: Session, there: Found) -> Steps[None]:
    vpc = there.ids["Id"]
    session.remove("Vpc", "UnassociateVpcCidrBlock", VpcId=vpc, SecondaryCidrBlock=_block(there.thing))
    yield until(f"the VPC of {there.thing.key[1]}", lambda: _state(session, vpc), "Available", "")


def _state(session: Session, vpc: str) -> str:
    return next((str(one["Status"]) for one in session.all("Vpc", "DescribeVpcs", "Vpcs.Vpc", VpcId=vpc)), "")


KINDS = {
    # Those that go make room for those that come; the cloud takes one at a time.
    _KIND: Kind("secondary block of a VPC", 11, 215, _create, _delete, unique=frozenset({"Vpc"}), together=1),
}
