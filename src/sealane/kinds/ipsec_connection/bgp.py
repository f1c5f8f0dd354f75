"""Fields and rules of BGP in a tunnel (TunnelBgpConfig), and of BFD on it."""

from dataclasses import dataclass, field

from sealane.model import Bfd
from sealane.net import Address, Asn, Prefix, contains
from sealane.spec import (
    AddressText,
    AsnText,
    Field,
    Fields,
    Mark,
    Places,
    PrefixText,
    Record,
    Rule,
    Scalar,
    Spot,
    Whole,
)

LINK_LOCAL = Prefix("169.254.0.0/16")
TUNNEL_LENGTH = 30
FORBIDDEN = (*(Prefix(f"169.254.{third}.0/30") for third in range(7)), Prefix("169.254.169.252/30"))
"""Tunnel prefixes that the cloud uses itself; sources differ on 169.254.6.0, the longer list is kept."""
CLOUD_ASN = Asn(45104)
_AUTO_FAST, _AUTO_SLOW = Bfd(100, 3), Bfd(1000, 3)
_AUTO_FAST_MOST = 40


def auto_bfd(sessions: int) -> Bfd:
    """What ``auto`` means in a network with that many sessions that have it: with many, slower.

    All of their packets go through ESP in user space: 100 ms at 60 sessions take two fifths of two cores, and where
    they take all of it no session stays up. There are two steps only, as each makes every device change.
    """
    return _AUTO_FAST if sessions <= _AUTO_FAST_MOST else _AUTO_SLOW


@dataclass(frozen=True, slots=True)
class TunnelBgp:
    """BGP of one tunnel; ``local_bgp_ip`` None means the lower host of ``tunnel_cidr``."""

    tunnel_cidr: Prefix
    local_bgp_ip: Address | None
    local_asn: Asn
    at: Places = field(compare=False)

    @property
    def local(self) -> Address:
        """The cloud's address in the tunnel."""
        return self.local_bgp_ip or self.tunnel_cidr[1]

    @property
    def peer(self) -> Address:
        """The device's address in the tunnel: the other host."""
        return self.tunnel_cidr[2] if self.local == self.tunnel_cidr[1] else self.tunnel_cidr[1]


def _check(bgp: TunnelBgp, spot: Spot) -> None:
    place = bgp.at.of("tunnel_cidr")
    if bgp.tunnel_cidr.prefixlen != TUNNEL_LENGTH or not contains(LINK_LOCAL, bgp.tunnel_cidr):
        spot.notes.error("VCO-023", spot.subject, f"tunnel_cidr is {bgp.tunnel_cidr}, expected a /30 in {LINK_LOCAL}",
                         "choose one such as 169.254.10.0/30", place)
    elif bgp.tunnel_cidr in FORBIDDEN:
        spot.notes.error("VCO-024", spot.subject, f"tunnel_cidr is {bgp.tunnel_cidr}, which the cloud uses itself",
                         "choose another than " + ", ".join(map(str, FORBIDDEN)), place)
    elif bgp.local_bgp_ip is not None and bgp.local_bgp_ip not in tuple(bgp.tunnel_cidr.hosts()):
        spot.notes.error("VCO-025", spot.subject, f"local_bgp_ip is {bgp.local_bgp_ip}, expected a host of "
                         f"{bgp.tunnel_cidr}", f"write {bgp.tunnel_cidr[1]} or {bgp.tunnel_cidr[2]}",
                         bgp.at.of("local_bgp_ip"), place)


TUNNEL_BGP: Record[TunnelBgp] = Record("tunnel BGP", TunnelBgp, (
    Field("tunnel_cidr", PrefixText(), "TunnelCidr, a /30 of 169.254.0.0/16", required=True),
    Field("local_bgp_ip", AddressText(), "LocalBgpIp: the cloud's address in it; left out: the lower one"),
    Field("local_asn", AsnText("VCO-026"), "LocalAsn, the same on both tunnels", default=CLOUD_ASN),
), "BGP in the tunnel (TunnelBgpConfig).", (
    Rule(_check, ("tunnel_cidr",), ("local_bgp_ip",)),
))


@dataclass(frozen=True, slots=True)
class BfdChoice:
    """``auto`` (see ``auto_bfd``), ``off``, or ``on`` with explicit ``timing``."""

    word: str
    timing: Bfd | None = None

    def applies(self, auto: Bfd | None) -> Bfd | None:
        """The BFD of a session; ``auto`` is what that means for it, None with a device that cannot."""
        match self.word:
            case "auto":
                return auto
            case "off":
                return None
            case _:
                return self.timing


@dataclass(frozen=True, slots=True)
class _Timing:
    interval_ms: int
    multiplier: int
    at: Places = field(compare=False)


_TIMING: Record[_Timing] = Record("bfd", _Timing, (
    Field("interval_ms", Whole(50, 10000, "VCO-027", "ms"), "interval between packets in ms", required=True),
    Field("multiplier", Whole(2, 50, "VCO-027"), "missed packets until down", required=True),
))


class BfdReader:
    """``auto``, ``off`` or ``{interval_ms, multiplier}``."""

    def read(self, mark: Mark, spot: Spot) -> BfdChoice | None:
        """The choice."""
        match mark:
            case Scalar(text="auto" | "off"):
                return BfdChoice(mark.text)
            case Fields():
                timing = _TIMING.read(mark, spot)
                return None if timing is None else BfdChoice("on", Bfd(timing.interval_ms, timing.multiplier))
            case _:
                spot.error("VCO-027", "is neither auto nor off nor a mapping", "write bfd: auto", mark.origin)
                return None

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"oneOf": [{"enum": ["auto", "off"]}, _TIMING.schema()]}
