"""One route-based connection: the settings loaded over vici, and the same as swanctl.conf text without keys."""

import re
from collections.abc import Mapping
from typing import TypeAlias

from sealane.model import Encryption, EspProposal, IkeProposal, Integrity, TunnelEnd

Settings: TypeAlias = Mapping[str, "str | list[str] | Settings"]

_DH_KEYWORD = {
    1: "modp768",
    2: "modp1024",
    5: "modp1536",
    14: "modp2048",
    15: "modp3072",
    16: "modp4096",
    19: "ecp256",
    20: "ecp384",
    21: "ecp521",
    31: "curve25519",
}
"""IANA transform numbers of group identifiers to strongSwan's keywords."""

_AEAD = frozenset({Encryption.AES128_GCM, Encryption.AES192_GCM, Encryption.AES256_GCM})


def dh_keyword(group: int) -> str:
    """StrongSwan's word for a Diffie-Hellman group number.

    Raises:
        KeyError: The group is not offered here.
    """
    return _DH_KEYWORD[group]


def _ike_proposal(ike: IkeProposal) -> str:
    aead = all(encryption in _AEAD for encryption in ike.encryption)
    integrity = () if aead else tuple(value.value for value in ike.integrity if value is not Integrity.NONE)
    prf = tuple(f"prf{value.value}" for value in ike.prf) if ike.version == 2 or aead else ()  # noqa: PLR2004
    words = (*(value.value for value in ike.encryption), *integrity, *prf, *map(dh_keyword, ike.dh_groups))
    return "-".join(words)


def _esp_proposal(esp: EspProposal) -> str:
    integrity = tuple(value.value for value in esp.integrity if value is not Integrity.NONE)
    if all(encryption in _AEAD for encryption in esp.encryption):
        integrity = ()
    group = () if esp.pfs_group is None else (dh_keyword(esp.pfs_group),)
    return "-".join((*(value.value for value in esp.encryption), *integrity, *group))


def _rekey_s(lifetime_s: int) -> str:
    """Rekey a tenth before the lifetime ends; 0 stays 0, which switches rekeying off."""
    return f"{lifetime_s * 9 // 10}s"


def connection_settings(end: TunnelEnd, *, userspace_esp: bool, if_id: int | None, updown: str | None) -> Settings:
    """Settings of the connection for one tunnel end, in the shape vici's ``load-conn`` takes.

    Traffic selectors are 0.0.0.0/0 on both sides: routing, not policy, decides what enters a tunnel.

    Args:
        end: The tunnel end.
        userspace_esp: True forces UDP encapsulation, which is all that kernel-libipsec can do.
        if_id: XFRM interface id for kernel ESP, None in user space.
        updown: Command run when the child SA comes and goes, or None.
    """
    child: dict[str, str | list[str] | Settings] = {
        "local_ts": ["0.0.0.0/0"],
        "remote_ts": ["0.0.0.0/0"],
        "mode": "tunnel",
        "esp_proposals": [_esp_proposal(end.esp)],
        "rekey_time": _rekey_s(end.esp.lifetime_s),
        "life_time": f"{end.esp.lifetime_s}s",
        "start_action": "none",
        "close_action": "start" if end.initiates else "none",
        "dpd_action": "restart" if end.initiates else "clear",
    }
    if end.esp.lifetime_kb is not None:
        child["rekey_bytes"] = str(end.esp.lifetime_kb * 1024 * 9 // 10)
        child["life_bytes"] = str(end.esp.lifetime_kb * 1024)
    if updown is not None:
        child["updown"] = updown
    if if_id is not None:
        child["if_id_in"] = child["if_id_out"] = str(if_id)
    connection: dict[str, str | list[str] | Settings] = {
        "version": str(end.ike.version),
        "local_addrs": [str(end.local)],
        "remote_addrs": [str(end.remote)],
        "proposals": [_ike_proposal(end.ike)],
        "encap": "yes" if userspace_esp else "no",
        "mobike": "no",
        "unique": "replace",
        "keyingtries": "0",
        "rekey_time": _rekey_s(end.ike.lifetime_s),
        "over_time": f"{end.ike.lifetime_s // 10}s",
        "local": {"auth": "psk", "id": end.local_id},
        "remote": {"auth": "psk", "id": end.remote_id},
        "children": {"child": child},
    }
    if end.dpd is not None:
        connection["dpd_delay"] = f"{end.dpd.delay_s}s"
    return connection


def render_swanctl(connections: Mapping[str, Settings]) -> str:
    """swanctl.conf text that says the same; keys are named, not shown."""
    lines = ["# written by sealane; pre-shared keys are handed over on charon's control socket and stand in no file"]
    lines += _section("connections", connections, 0)
    return "\n".join(lines) + "\n"


_PLAIN = re.compile(r"[A-Za-z0-9_.:/@%, -]+")


def _value(text: str) -> str:
    """A value, quoted when it has characters that might end it (strongswan.conf(5), "SYNTAX")."""
    return text if _PLAIN.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _section(name: str, settings: Settings, depth: int) -> list[str]:
    pad = "  " * depth
    lines = [f"{pad}{name} {{"]
    for key, value in settings.items():
        if isinstance(value, str):
            lines.append(f"{pad}  {key} = {_value(value)}")
        elif isinstance(value, list):
            lines.append(f"{pad}  {key} = {_value(', '.join(value))}")
        else:
            lines += _section(key, value, depth + 1)
    return [*lines, f"{pad}}}"]
