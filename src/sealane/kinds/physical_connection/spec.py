"""Fields of a physical connection (reference Vpc 2016-04-28, CreatePhysicalConnection)."""

from dataclasses import dataclass, field

from sealane.spec import (
    Choice,
    Field,
    Flag,
    Places,
    Record,
    Rule,
    Spot,
    Text,
    Whole,
    description_reader,
    name_reader,
)

LINE_OPERATORS = ("CT", "CU", "CM", "CO", "Equinix", "Other")
PORT_TYPES = ("100Base-T", "1000Base-T", "1000Base-LX", "10GBase-T", "10GBase-LR", "40GBase-LR", "100GBase-LR")


@dataclass(frozen=True, slots=True)
class CircuitPort:
    """Where the line is plugged in: ``interface`` of this host, or None in a rehearsal."""

    rehearsal: bool
    interface: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class PhysicalConnection:
    """A dedicated line as written; ``mtu`` in bytes."""

    name: str
    line_operator: str
    access_point_id: str | None
    port_type: str | None
    circuit_code: str | None
    peer_location: str | None
    description: str | None
    port: CircuitPort
    mtu: int
    at: Places = field(compare=False)


def _check_port(port: CircuitPort, spot: Spot) -> None:
    if port.rehearsal == (port.interface is not None):
        spot.notes.error("PC-004", spot.subject, "names neither or both of a rehearsal and an interface",
                         "write 'rehearsal: true' or 'interface: <name>', not both", port.at.origin)


_PORT: Record[CircuitPort] = Record("port", CircuitPort, (
    Field("rehearsal", Flag(), "true for a line that exists only on this host (a veth pair)", default=False),
    Field("interface", Text("an interface name of 1 to 15 letters, digits, '_', '.', ':', '@' and '-'", 1, 15,
                            r"[A-Za-z0-9_][A-Za-z0-9_.:@-]*", "PC-005"),
          "interface of this host that the line is plugged into"),
), "Where the line ends on this host.", (
    Rule(_check_port, ("rehearsal", "interface")),
))

PHYSICAL_CONNECTION: Record[PhysicalConnection] = Record("physical connection", PhysicalConnection, (
    Field("name", name_reader("PC-001", 2, letter_first=True), "Name", required=True),
    Field("line_operator", Choice(LINE_OPERATORS, "PC-002"), "LineOperator: who runs the line", default="Other"),
    Field("access_point_id", Text("an access point id such as ap-cn-hangzhou-xs-B", 4, 128, r"ap-\S+", "PC-006"),
          "AccessPointId"),
    Field("port_type", Choice(PORT_TYPES, "PC-003"), "PortType"),
    Field("circuit_code", Text(longest=128), "CircuitCode: the operator's number of the line"),
    Field("peer_location", Text(longest=256), "PeerLocation: address of the far end"),
    Field("description", description_reader("PC-001"), "Description"),
    Field("port", _PORT, "where the line ends on this host", required=True),
    Field("mtu", Whole(1280, 9216, "PC-007", "bytes"), "largest packet on the line, in bytes", default=1500),
), "A dedicated line between a site and a border router.")
