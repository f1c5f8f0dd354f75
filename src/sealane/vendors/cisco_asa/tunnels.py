"""Tunnel ends: a Tunnel interface joined with its source, profile, proposals, IKE policies and tunnel group."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.diag import Origin
from sealane.model import Dpd, Encryption, EspProposal, IkeProposal, Integrity, InterfaceKind, TunnelEnd
from sealane.net import Address
from sealane.vendors.cisco_asa.draft import (
    Draft,
    Ikev2PolicyDraft,
    InterfaceDraft,
    IpsecProposalDraft,
    KeyDraft,
    ProfileDraft,
    TunnelGroupDraft,
    some,
)

_RETRIES = 3
"""Probes the device sends, ``retry`` seconds apart, before it declares the peer dead."""
_DEFAULT_ENCRYPTION = (Encryption.AES128,)
_DEFAULT_INTEGRITY = (Integrity.SHA1,)
_DEFAULT_GROUPS = (14,)
_BUILT_IN_GROUP_POLICIES = frozenset({"DfltGrpPolicy"})
_AEAD = frozenset({Encryption.AES128_GCM, Encryption.AES192_GCM, Encryption.AES256_GCM})


@dataclass(frozen=True, slots=True)
class _Outer:
    """A tunnel's outer addresses and the interface that owns the source."""

    source: InterfaceDraft
    local: Address
    remote: Address


def tunnel_ends(draft: Draft) -> Iterator[TunnelEnd]:
    """One end per Tunnel interface that is complete; for the others findings say what is missing.

    A tunnel that the device could not bring up for a reason that stands in its own text (no key, no profile, IKEv2 not
    enabled on its source) is left out, so that a rehearsal shows it down.
    """
    for interface in draft.interfaces.values():
        if interface.kind is InterfaceKind.TUNNEL:
            end = _tunnel_end(draft, interface)
            if end is not None:
                yield end


def _tunnel_end(draft: Draft, interface: InterfaceDraft) -> TunnelEnd | None:
    outer = _outer(draft, interface)
    esp_and_profile = _esp(draft, interface)
    group = None if outer is None else _tunnel_group(draft, interface, outer.remote)
    ike = _ike(draft, interface)
    if outer is None or esp_and_profile is None or group is None or ike is None:
        return None
    esp, profile = esp_and_profile
    key = group.local_key or group.remote_key
    if key is None or not _mode_is_known(draft, interface) or not _ikev2_enabled(draft, interface, outer):
        return None
    return TunnelEnd(
        name=interface.name,
        interface=interface.name,
        inside=interface.address,
        local=outer.local,
        source_interface=outer.source.name,
        remote=outer.remote,
        ike=ike,
        esp=esp,
        local_id=profile.identity or str(outer.local),
        remote_id=group.name,
        psk=key.secret,
        dpd=_dpd(group),
        initiates=not profile.responder_only,
        mss_bytes=draft.firewall.tcp_mss_bytes,
        origin=interface.origin,
    )


def _dpd(group: TunnelGroupDraft) -> Dpd | None:
    """``threshold T retry R``: a probe after T seconds of silence, then every R; the third unanswered is the last."""
    if group.threshold_s is None:
        return None
    return Dpd(delay_s=group.threshold_s, timeout_s=_RETRIES * group.retry_s)


def _left_out(draft: Draft, code: str, tunnel: InterfaceDraft, problem: str, remedy: str, *at: Origin) -> None:
    places = at or (tunnel.origin,)
    draft.error(code, f"interface {tunnel.name}", problem, f"{remedy}; the tunnel was left out", *places)


def _outer(draft: Draft, tunnel: InterfaceDraft) -> _Outer | None:
    missing = [
        words
        for words, value in (
            ("tunnel source interface NAMEIF", tunnel.tunnel_source),
            ("tunnel destination ADDRESS", tunnel.tunnel_destination),
            ("tunnel protection ipsec profile NAME", tunnel.tunnel_profile),
        )
        if value is None
    ]
    if missing:
        problem = f"the tunnel is incomplete: it has no {', no '.join(missing)}"
        _left_out(draft, "ASA-030", tunnel, problem, "add the lines")
    if tunnel.tunnel_source is None or tunnel.tunnel_destination is None:
        return None
    at = tunnel.tunnel_at or tunnel.origin
    sources = [found for found in draft.interfaces.values() if found.nameif == tunnel.tunnel_source]
    if not sources:
        known = some((found.nameif for found in draft.interfaces.values() if found.nameif), "none is configured")
        problem = f"no interface has the nameif {tunnel.tunnel_source} of its tunnel source; expected one of: {known}"
        _left_out(draft, "ASA-031", tunnel, problem, "correct the name, or name the interface", at)
        return None
    if sources[0].address is None:
        problem = f"its source {sources[0].name} has no address; outer packets need one"
        _left_out(draft, "ASA-032", tunnel, problem, f"give {sources[0].name} an address", at, sources[0].origin)
        return None
    return _Outer(sources[0], sources[0].address.ip, tunnel.tunnel_destination)


def _mode_is_known(draft: Draft, tunnel: InterfaceDraft) -> bool:
    if tunnel.tunnel_mode == "ipsec ipv4":
        return True
    found = f"found `{tunnel.tunnel_mode}`" if tunnel.tunnel_mode else "no mode is written"
    problem = f"expected the tunnel mode `ipsec ipv4`, {found}"
    _left_out(draft, "ASA-045", tunnel, problem, "write `tunnel mode ipsec ipv4`")
    return False


def _ikev2_enabled(draft: Draft, tunnel: InterfaceDraft, outer: _Outer) -> bool:
    if outer.source.nameif in draft.ikev2_enabled:
        return True
    _left_out(
        draft,
        "ASA-038",
        tunnel,
        f"IKEv2 is not enabled on its source {outer.source.nameif}",
        f"write `crypto ikev2 enable {outer.source.nameif}`",
        tunnel.tunnel_at or tunnel.origin,
    )
    return False


def _esp(draft: Draft, tunnel: InterfaceDraft) -> tuple[EspProposal, ProfileDraft] | None:
    if tunnel.tunnel_profile is None:
        return None
    profile = draft.profiles.get(tunnel.tunnel_profile)
    if profile is None:
        known = some(draft.profiles, "none exists")
        problem = f"there is no IPsec profile {tunnel.tunnel_profile}; expected one of: {known}"
        _left_out(draft, "ASA-033", tunnel, problem, "write the profile or correct the name")
        return None
    proposals = [draft.proposals[name] for name in profile.proposals if name in draft.proposals]
    for name in profile.proposals:
        if name not in draft.proposals:
            known = some(draft.proposals, "none exists")
            problem = f"there is no ipsec-proposal {name}; expected one of: {known}"
            draft.error(
                "ASA-034", f"ipsec profile {profile.name}", problem, "write it or correct the name", profile.origin
            )
    if not proposals:
        problem = f"its profile {profile.name} has no ipsec-proposal"
        _left_out(draft, "ASA-034", tunnel, problem, "write `set ikev2 ipsec-proposal NAME`", profile.origin)
        return None
    for proposal in proposals:
        _check_aead(draft, f"ipsec-proposal {proposal.name}", proposal.encryption, proposal.integrity, proposal.origin)
    return _esp_proposal(profile, proposals), profile


def _esp_proposal(profile: ProfileDraft, proposals: list[IpsecProposalDraft]) -> EspProposal:
    encryption = tuple(dict.fromkeys(value for one in proposals for value in one.encryption))
    integrity = tuple(dict.fromkeys(value for one in proposals for value in one.integrity))
    return EspProposal(
        encryption=encryption or _DEFAULT_ENCRYPTION,
        integrity=integrity or ((Integrity.NONE,) if set(encryption) & _AEAD else _DEFAULT_INTEGRITY),
        pfs_group=profile.pfs_group,
        lifetime_s=profile.lifetime_s,
        lifetime_kb=profile.lifetime_kb,
        origin=profile.origin,
    )


def _check_aead(
    draft: Draft, subject: str, encryption: tuple[Encryption, ...], integrity: tuple[Integrity, ...], at: Origin
) -> None:
    combined = set(encryption) & _AEAD
    if combined and integrity and set(integrity) != {Integrity.NONE}:
        draft.error(
            "ASA-046",
            subject,
            f"{', '.join(sorted(combined))} brings its own integrity; expected `integrity null`",
            "write `null` as the integrity, or choose a CBC cipher",
            at,
        )


def _ike(draft: Draft, tunnel: InterfaceDraft) -> IkeProposal | None:
    """All policies as one proposal: their values joined in order of priority.

    The model holds one proposal per end; with several policies it may accept a mixture that no single policy offers,
    which finding ASA-041 says.
    """
    policies = [draft.policies[number] for number in sorted(draft.policies)]
    if not policies:
        _left_out(draft, "ASA-039", tunnel, "there is no `crypto ikev2 policy`", "write one with the cloud's values")
        return None
    return IkeProposal(
        version=2,
        encryption=tuple(dict.fromkeys(value for one in policies for value in one.encryption or _DEFAULT_ENCRYPTION)),
        integrity=tuple(dict.fromkeys(value for one in policies for value in _policy_integrity(one))),
        prf=tuple(dict.fromkeys(value for one in policies for value in one.prf or _DEFAULT_INTEGRITY)),
        dh_groups=tuple(dict.fromkeys(value for one in policies for value in one.groups or _DEFAULT_GROUPS)),
        lifetime_s=policies[0].lifetime_s,
        origin=policies[0].origin,
    )


def _policy_integrity(policy: Ikev2PolicyDraft) -> tuple[Integrity, ...]:
    if policy.integrity:
        return policy.integrity
    return (Integrity.NONE,) if set(policy.encryption) & _AEAD else _DEFAULT_INTEGRITY


def check_policies(draft: Draft) -> None:
    """Report what the IKEv2 policies leave open; called once, not per tunnel."""
    policies = [draft.policies[number] for number in sorted(draft.policies)]
    for policy in policies:
        subject = f"crypto ikev2 policy {policy.priority}"
        _check_aead(draft, subject, policy.encryption, policy.integrity, policy.origin)
        stated = {
            "encryption": policy.encryption,
            "integrity": policy.integrity,
            "prf": policy.prf,
            "group": policy.groups,
        }
        silent = [word for word, value in stated.items() if not value]
        if silent:
            draft.warning(
                "ASA-040",
                subject,
                f"{', '.join(silent)} not stated; releases differ in their defaults",
                "write the values; it was read as aes, sha, prf sha and group 14 where silent",
                policy.origin,
            )
    if len(policies) > 1:
        draft.warning(
            "ASA-041",
            "crypto ikev2 policy",
            f"{len(policies)} policies were read as one proposal that accepts any of their values",
            "keep one policy: the cloud offers one value of each kind",
            *(policy.origin for policy in policies),
        )


def _tunnel_group(draft: Draft, tunnel: InterfaceDraft, remote: Address) -> TunnelGroupDraft | None:
    group = draft.tunnel_groups.get(str(remote))
    if group is None:
        known = some(draft.tunnel_groups, "none exists")
        problem = f"there is no tunnel-group {remote} for its destination; expected its name among: {known}"
        _left_out(draft, "ASA-035", tunnel, problem, f"write `tunnel-group {remote} type ipsec-l2l` and its key")
        return None
    _check_keys(draft, tunnel, group)
    if not _group_policy_permits(draft, tunnel, group):
        return None
    return group


def _check_keys(draft: Draft, tunnel: InterfaceDraft, group: TunnelGroupDraft) -> None:
    keys: dict[str, KeyDraft | None] = {
        "ikev2 local-authentication": group.local_key,
        "ikev2 remote-authentication": group.remote_key,
    }
    missing = [words for words, key in keys.items() if key is None]
    if len(missing) == len(keys):
        problem = f"tunnel-group {group.name} has no pre-shared key"
        remedy = f"write `{missing[0]} pre-shared-key KEY` and its twin"
        _left_out(draft, "ASA-036", tunnel, problem, remedy, group.origin)
    elif missing:
        draft.error(
            "ASA-036",
            f"tunnel-group {group.name}",
            f"the key of `{missing[0]}` is missing; each direction needs one",
            f"write `{missing[0]} pre-shared-key KEY`; it was read as equal to the other direction's",
            group.origin,
        )
    elif group.local_key is not None and group.remote_key is not None:
        local, remote = group.local_key, group.remote_key
        if local.secret is not None and remote.secret is not None and local.secret != remote.secret:
            draft.error(
                "ASA-037",
                f"tunnel-group {group.name}",
                "the local and the remote pre-shared key differ; the cloud uses one key for both directions",
                "write the same key in both lines; the local one was read",
                local.origin,
                remote.origin,
            )


def _group_policy_permits(draft: Draft, tunnel: InterfaceDraft, group: TunnelGroupDraft) -> bool:
    name, at = group.group_policy, group.group_policy_at or group.origin
    if name is None or name in _BUILT_IN_GROUP_POLICIES:
        return True
    policy = draft.group_policies.get(name)
    if policy is None:
        known = some(draft.group_policies, "none exists")
        draft.error(
            "ASA-043",
            f"tunnel-group {group.name}",
            f"there is no group-policy {name}; expected one of: {known}",
            f"write `group-policy {name} internal`, or correct the name",
            at,
        )
        return True
    if policy.protocols is not None and "ikev2" not in policy.protocols:
        problem = f"group-policy {name} allows {', '.join(policy.protocols)}, not ikev2"
        _left_out(draft, "ASA-044", tunnel, problem, "write `vpn-tunnel-protocol ikev2`", policy.origin, at)
        return False
    return True
