"""A cloud of documents without server and network: calls are carried out as the server would, on request all settles.

Parameters are flattened and decoded by the schema, and answers shaped by it; what it does not have is an error.
"""

import importlib
import itertools
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from sealane.cloud import Call, CloudError, Document, Operation, Registry, Transaction, World
from sealane.cloud.observed import Nothing
from sealane.cloud.quotas import Quotas
from sealane.cloud.schema import decode, shape
from sealane.cloud.settle import settle

ACCOUNT = "1000000000000001"
OTHER = "2000000000000002"
REGION = "cn-hangzhou"
START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""


@cache
def operations(product: str) -> dict[str, Operation]:
    """A product's operations by action."""
    package = importlib.import_module(f"sealane.cloud.{product.lower()}")
    found = {}
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, Registry) and one.product == product:
                found = one.operations
    return found


def flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Parameters as they go over the wire."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value, 1):
            yield from flat(inner, f"{name}.{index}")
    elif value is not None:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


class Cloud:
    """The documents of all accounts, a clock and ids that count.

    Args:
        observed: What the network is doing.
        quotas: How much there may be.
    """

    def __init__(self, observed: object = None, quotas: Quotas | None = None) -> None:
        self.world = World()
        self.now_ms = START_MS
        self.observed = observed or Nothing()
        self.quotas = quotas or Quotas()
        self._numbers = itertools.count(1)

    def call(self, product: str, action: str, /, *, account: str = ACCOUNT, **params: object) -> dict:
        """Carry out one call and keep what it changed; the answer is as clients get it, without RequestId.

        Raises:
            CloudError: It was refused; nothing changed.
        """
        operation = operations(product)[action]
        unknown: list[str] = []
        decoded = decode(product, action, dict(flat(params)), unknown=unknown)
        assert not unknown, f"{action} has no {unknown}"
        self.now_ms += 1000
        state = Transaction(self.world)
        answer = operation.handle(
            Call(
                product,
                action,
                decoded,
                account,
                self.now_ms,
                "REQUEST",
                self.new_id,
                lambda: "0123456789abcdef",
                self.observed,
                self.quotas,
            ),
            state,
        )
        shaped = shape(product, action, answer, strict=True)
        assert operation.writes or not state.changes, f"{action} is registered as reading and changes {state.changes}"
        self.world.adopt(state.changes)
        return shaped

    def refused(self, code: str, product: str, action: str, /, **params: object) -> None:
        """Carry out a call that must be refused with this code and change nothing."""
        before = self.snapshot()
        try:
            answer = self.call(product, action, **params)
        except CloudError as error:
            assert error.code == code, error  # noqa: PT017
            assert self.snapshot() == before
            return
        raise AssertionError(f"{action} with {params} was not refused: {answer}")

    def settle(self) -> None:
        """The network reaches everything that is wanted."""
        while self.world.unsettled:
            state = Transaction(self.world)
            for one in sorted(self.world.unsettled):
                settle(self.world.get(one), state)
            self.world.adopt(state.changes)

    def done(self, product: str, action: str, /, **params: object) -> dict:
        """``call``, then ``settle``."""
        answer = self.call(product, action, **params)
        self.settle()
        return answer

    def put(
        self,
        one: str,
        kind: str,
        parent: str = "",
        status: str = "",
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        secrets: dict[str, str] | None = None,
        **fields: object,
    ) -> Document:
        """Make a settled document, or give one other fields, status or account, as no call would."""
        state = Transaction(self.world)
        former = self.world.get(one)
        made = Document(one, kind, account, region, parent, status, fields, secrets or {}, self.now_ms, settled=1)
        if former is not None:
            made = replace(former, status=status or former.status, fields={**former.fields, **fields})
        kept = state.put(made)
        self.world.adopt(state.changes)
        return kept

    def drop(self, one: str) -> None:
        """Make a document vanish."""
        state = Transaction(self.world)
        state.remove(one)
        self.world.adopt(state.changes)

    def new_id(self, prefix: str, region: str) -> str:
        """Ids that sort in the order in which they were made."""
        return f"{prefix}-{region.rpartition('-')[2][:2] or 'cn'}{next(self._numbers):010}"

    def snapshot(self) -> dict[str, bytes]:
        """All documents as they would be kept."""
        return {one.id: one.encode() for one in self.world.everything()}


def vpcs(cloud: Cloud) -> None:
    """The use case's VPC, and one instance's worth of addresses: ``vpc-1`` with ``vsw-1`` to ``vsw-3``."""
    vpc(
        cloud,
        "vpc-1",
        "172.16.0.0/16",
        {"vsw-1": ("172.16.10.0/24", "h"), "vsw-2": ("172.16.20.0/24", "h"), "vsw-3": ("172.16.30.0/24", "j")},
    )


def vpc(cloud: Cloud, one: str, block: str, switches: dict[str, tuple[str, str]], **more: object) -> None:
    """A VPC with its system route table ``vtb-<id>`` and vSwitches."""
    cloud.put(one, "vpc", "", "Available", VpcId=one, VpcName=one, CidrBlock=block, **more)
    cloud.put(
        f"vtb-{one}",
        "route_table",
        one,
        "Available",
        RouterType="VRouter",
        RouteTableType="System",
        RouteTableId=f"vtb-{one}",
    )
    for name, (prefix, zone) in switches.items():
        cloud.put(
            name, "vswitch", one, "Available", VSwitchId=name, ZoneId=f"{REGION}-{zone}", CidrBlock=prefix, VpcId=one
        )


def site(cloud: Cloud, circuit: str = "pc-1") -> None:
    """A site at the far end of a circuit."""
    device = {"name": "cgw", "platform": "gateway", "ports": {"uplink": {"circuit": circuit}}}
    cloud.put(f"site-{circuit}", "site", Name=f"dc-{circuit}", site={"device": device})


def border(cloud: Cloud, index: int = 1) -> None:
    """A circuit ``pc-N`` with border router ``vbr-N``, its table ``vtb-vbr-N`` and interface ``ri-N``."""
    cloud.put(f"pc-{index}", "physical_connection", "", "Enabled", Name="Circuit")
    cloud.put(
        f"vbr-{index}",
        "vbr",
        f"pc-{index}",
        "active",
        VbrId=f"vbr-{index}",
        VlanId=0,
        Name="VBR",
        LocalGatewayIp=f"10.0.0.{4 * index - 3}",
        PeerGatewayIp=f"10.0.0.{4 * index - 2}",
        PeeringSubnetMask="255.255.255.252",
        RouteTableId=f"vtb-vbr-{index}",
        VlanInterfaceId=f"ri-{index}",
    )
    cloud.put(
        f"vtb-vbr-{index}",
        "route_table",
        f"vbr-{index}",
        "Available",
        RouterType="VBR",
        RouteTableType="System",
        RouteTableId=f"vtb-vbr-{index}",
    )


def connection(cloud: Cloud, index: int = 1, **more: object) -> None:
    """An unbound IPsec connection ``vco-N`` with tunnels ``tun-N1`` and ``tun-N2`` and customer gateways."""
    fields = {
        "NetworkType": "private",
        "EnableTunnelsBgp": True,
        "LocalSubnet": "0.0.0.0/0",
        "RemoteSubnet": "0.0.0.0/0",
        "State": "init",
        **more,
    }
    cloud.put(f"vco-{index}", "vpn_attachment", "", "init", **fields)
    for tunnel in (1, 2):
        cloud.put(f"cgw-{index}{tunnel}", "customer_gateway", IpAddress=f"192.168.{tunnel}0.{index}", Asn="65530")
        cloud.put(
            f"tun-{index}{tunnel}",
            "tunnel",
            f"vco-{index}",
            "active",
            secrets={"Psk": f"secret-{index}{tunnel}"},
            TunnelIndex=tunnel,
            CustomerGatewayId=f"cgw-{index}{tunnel}",
            TunnelIkeConfig={},
            TunnelIpsecConfig={},
            TunnelBgpConfig={"TunnelCidr": f"169.254.{9 + index}.{4 * tunnel}/30", "LocalAsn": 65534},
        )
