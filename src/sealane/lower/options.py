"""Choices that are the host's, not the plan's."""

from dataclasses import dataclass, field
from enum import StrEnum

from sealane.model import Mode


class EspBackend(StrEnum):
    """Who does ESP."""

    KERNEL = "kernel"
    """XFRM with xfrm interfaces; one charon per node."""
    USERSPACE = "userspace"
    """charon's kernel-libipsec; one charon per tunnel end, whose TUN is moved into the node's namespace."""


@dataclass(frozen=True, slots=True)
class LowerOptions:
    """How a Network is brought onto this host.

    Args:
        esp: Back end, already decided.
        run_directory: Private directory of this network; daemons keep their sockets and logs below it.
        psk_digests: Digest of each tunnel end's key by (node, tunnel); tells when a key changed.
        mode: Overrides the mode of every protection; None keeps the plan's.
        tunnels_initiate: False loads connections without starting them.
    """

    esp: EspBackend
    run_directory: str
    psk_digests: dict[tuple[str, str], str] = field(default_factory=dict)
    mode: Mode | None = None
    tunnels_initiate: bool = True
