"""Fields and rules of IKE and ESP (TunnelIkeConfig, TunnelIpsecConfig): one value per algorithm, as in the cloud."""

from dataclasses import dataclass, field
from functools import partial

from sealane.diag import Origin
from sealane.model import Encryption, EspProposal, IkeProposal, Integrity
from sealane.net import parse_address
from sealane.spec import Choice, Field, Places, Record, Rule, Spot, Text, Whole

ENCRYPTION = {
    "aes": Encryption.AES128, "aes192": Encryption.AES192, "aes256": Encryption.AES256,
    "des": Encryption.DES, "3des": Encryption.DES3,
}
INTEGRITY = {name: Integrity(name) for name in ("md5", "sha1", "sha256", "sha384", "sha512")}
GROUPS = {"group1": 1, "group2": 2, "group5": 5, "group14": 14}
DISABLED = "disabled"
LONGEST_LIFETIME_S = 86400
WEAK = {"des": "a 56-bit cipher", "3des": "a 64-bit block cipher", "md5": "broken", "group1": "768 bits",
        "group2": "1024 bits", "group5": "1536 bits"}
"""Values that RFC 8247 and RFC 8221 advise against, and why."""


@dataclass(frozen=True, slots=True)
class IkeConfig:
    """IKE of one tunnel; identities None mean the gateway address and the customer gateway's."""

    ike_version: str = "ikev2"
    ike_mode: str = "main"
    ike_enc_alg: str = "aes"
    ike_auth_alg: str = "sha1"
    ike_pfs: str = "group2"
    ike_lifetime: int = LONGEST_LIFETIME_S
    local_id: str | None = None
    remote_id: str | None = None
    at: Places | None = field(default=None, compare=False)

    def proposal(self, origin: Origin) -> IkeProposal:
        """The model's proposal; the PRF follows the integrity algorithm."""
        integrity = INTEGRITY[self.ike_auth_alg]
        return IkeProposal(int(self.ike_version[-1]), (ENCRYPTION[self.ike_enc_alg],), (integrity,), (integrity,),
                           (GROUPS[self.ike_pfs],), self.ike_lifetime, origin)


@dataclass(frozen=True, slots=True)
class IpsecConfig:
    """ESP of one tunnel."""

    ipsec_enc_alg: str = "aes"
    ipsec_auth_alg: str = "sha1"
    ipsec_pfs: str = "group2"
    ipsec_lifetime: int = LONGEST_LIFETIME_S
    at: Places | None = field(default=None, compare=False)

    def proposal(self, origin: Origin) -> EspProposal:
        """The model's proposal."""
        return EspProposal((ENCRYPTION[self.ipsec_enc_alg],), (INTEGRITY[self.ipsec_auth_alg],),
                           GROUPS.get(self.ipsec_pfs), self.ipsec_lifetime, None, origin)


def _warn_weak(config: IkeConfig | IpsecConfig, spot: Spot, *, key: str) -> None:
    value = getattr(config, key)
    if value in WEAK and config.at is not None and key in config.at.fields:
        spot.notes.warning("VCO-045", spot.subject, f"{key} is {value} ({WEAK[value]})",
                           "use aes256, sha256 and group14", config.at.of(key))


def _check_identity(ike: IkeConfig, spot: Spot, *, key: str) -> None:
    identity = getattr(ike, key)
    if ike.at is not None and ike.ike_version == "ikev1" and identity is not None and parse_address(identity) is None:
        spot.notes.error("VCO-043", spot.subject, f"{key} is a name, but ikev1 in main mode tells peers apart by "
                         "address only", "write an address, or use ikev2", ike.at.of(key))


_WHY = "the cloud offers no others on a transit router"
_IDENTITY = Text("an identity of 1 to 100 characters without spaces", 1, 100, r"\S+", "VCO-044")
IKE: Record[IkeConfig] = Record("ike", IkeConfig, (
    Field("ike_version", Choice(("ikev1", "ikev2"), "VCO-040"), "IkeVersion", default="ikev2"),
    Field("ike_mode", Choice(("main",), "VCO-040", "aggressive mode shows identities and is not carried"), "IkeMode",
          default="main"),
    Field("ike_enc_alg", Choice(tuple(ENCRYPTION), "VCO-040", _WHY), "IkeEncAlg", default="aes"),
    Field("ike_auth_alg", Choice(tuple(INTEGRITY), "VCO-040", _WHY), "IkeAuthAlg", default="sha1"),
    Field("ike_pfs", Choice(tuple(GROUPS), "VCO-041", _WHY), "IkePfs: Diffie-Hellman group", default="group2"),
    Field("ike_lifetime", Whole(0, LONGEST_LIFETIME_S, "VCO-042", "s"), "IkeLifetime in seconds",
          default=LONGEST_LIFETIME_S),
    Field("local_id", _IDENTITY, "LocalId; left out: the gateway address"),
    Field("remote_id", _IDENTITY, "RemoteId; left out: the customer gateway's address"),
), "IKE of the tunnel (TunnelIkeConfig).", (
    *(Rule(partial(_warn_weak, key=key), (key,)) for key in ("ike_enc_alg", "ike_auth_alg", "ike_pfs")),
    *(Rule(partial(_check_identity, key=key), ("ike_version", key)) for key in ("local_id", "remote_id")),
))

IPSEC: Record[IpsecConfig] = Record("ipsec", IpsecConfig, (
    Field("ipsec_enc_alg", Choice(tuple(ENCRYPTION), "VCO-040", _WHY), "IpsecEncAlg", default="aes"),
    Field("ipsec_auth_alg", Choice(tuple(INTEGRITY), "VCO-040", _WHY), "IpsecAuthAlg", default="sha1"),
    Field("ipsec_pfs", Choice((DISABLED, *GROUPS), "VCO-041", _WHY), "IpsecPfs: Diffie-Hellman group at rekey",
          default="group2"),
    Field("ipsec_lifetime", Whole(0, LONGEST_LIFETIME_S, "VCO-042", "s"), "IpsecLifetime in seconds",
          default=LONGEST_LIFETIME_S),
), "ESP of the tunnel (TunnelIpsecConfig).", tuple(
    Rule(partial(_warn_weak, key=key), (key,)) for key in ("ipsec_enc_alg", "ipsec_auth_alg", "ipsec_pfs")
))
