"""The cloud side of the example, by hand: border router, transit router, two tunnels, one protection."""

from dataclasses import replace
from pathlib import Path

from sealane.model import (
    Attachment,
    AttachmentKind,
    BgpNeighbor,
    Circuit,
    Encryption,
    EspProposal,
    IkeProposal,
    Integrity,
    Interface,
    InterfaceKind,
    Mode,
    Network,
    Node,
    Platform,
    Port,
    Protection,
    TransitCidr,
    TransitRoute,
    TransitRouter,
    TransitTable,
    TunnelEnd,
    VirtualBorderRouter,
)
from sealane.net import Address, InterfaceAddress, NodeName, Prefix, Secret
from sealane.vendors.cisco_asa import RepairFacts, read

EXAMPLES = Path(__file__).parents[3] / "examples" / "hangzhou"
CORRECT = (EXAMPLES / "cgw.asa.cfg").read_text()
PUBLISHED = (EXAMPLES / "cgw.as-published.asa.cfg").read_text()
FACTS = RepairFacts(
    cloud_address=Address("10.0.0.1"),
    device_address=Address("10.0.0.2"),
    cloud=Prefix("172.16.0.0/16"),
    announced=tuple(Prefix(f"172.16.{third}.0/24") for third in (10, 20, 30)),
    gateways=(Address("10.10.10.49"), Address("10.10.10.50")),
    vpn_addresses=(Address("192.168.10.136"), Address("192.168.40.159")),
    clients=Prefix("192.168.20.0/24"),
    core_router=Address("192.168.50.216"),
)


def device(text):
    return read(text, "cgw", NodeName("cgw"))


def tunnel(number, **changes):
    aes, sha = (Encryption.AES128,), (Integrity.SHA1,)
    end = TunnelEnd(
        name=f"tunnel-{number}",
        interface=f"tunnel-{number}",
        inside=InterfaceAddress(f"169.254.{number}0.1/30"),
        local=FACTS.gateways[number - 1],
        source_interface=None,
        remote=FACTS.vpn_addresses[number - 1],
        ike=IkeProposal(2, aes, sha, sha, (14,), 86400),
        esp=EspProposal(aes, sha, 14, 86400),
        local_id=str(FACTS.gateways[number - 1]),
        remote_id=str(FACTS.vpn_addresses[number - 1]),
        psk=Secret(f"cloud-key-of-{number}"),
        dpd=None,
        initiates=False,
        table="system",
    )
    return replace(end, **changes)


def session(number, **changes):
    neighbor = BgpNeighbor(
        address=Address(f"169.254.{number}0.2"),
        remote_asn=65530,
        local_asn=65534,
        local_address=Address(f"169.254.{number}0.1"),
        interface=f"tunnel-{number}",
    )
    return replace(neighbor, **changes)


def network(tunnels=None, sessions=None, mode=Mode.OPEN, routes=None, told=FACTS.announced):
    """The network; ``routes`` None has the two host routes over the circuit."""
    hosts = [TransitRoute(Prefix(f"{address}/32"), "vbr") for address in FACTS.vpn_addresses]
    ends = tuple(tunnels or (tunnel(1), tunnel(2)))

    def attach(name, kind, interfaces, prefixes=(), neighbors=()):
        return Attachment(name, kind, name, None, interfaces, "system", ("system",), True, prefixes, neighbors)

    router = Node(
        NodeName("tr"),
        Platform.TRANSIT_ROUTER,
        tunnel_ends=ends,
        transit_router=TransitRouter(
            region="cn-hangzhou",
            cidrs=(TransitCidr(Prefix("10.10.10.0/24"), publish=True),),
            tables=(TransitTable("system", True, tuple(hosts if routes is None else routes)),),
            attachments=(
                attach("vpc", AttachmentKind.VPC, ("vpc",), told),
                attach("vbr", AttachmentKind.VBR, ("vbr",)),
                attach(
                    "vpn",
                    AttachmentKind.VPN,
                    tuple(end.interface for end in ends),
                    neighbors=tuple(sessions or (session(1), session(2))),
                ),
            ),
            route_maps=(),
        ),
    )
    border = Node(
        NodeName("vbr"),
        Platform.VBR,
        (Interface("circuit", InterfaceKind.ETHERNET, (InterfaceAddress("10.0.0.1/30"),)),),
        vbr=VirtualBorderRouter("circuit", "tr", NodeName("tr"), (TransitRoute(Prefix("192.168.0.0/16"), "circuit"),)),
    )
    line = Circuit("Circuit", Port(NodeName("vbr"), "circuit"), Port(NodeName("cgw"), "GigabitEthernet0/0"))
    protection = Protection("dc-vpc", (FACTS.cloud,), (FACTS.clients,), mode)
    return Network("hangzhou", (router, border), (), (line,), (protection,))
