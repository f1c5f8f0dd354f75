"""IKEv2, IPsec, tunnel groups and group policies."""

from collections.abc import Mapping
from typing import TypeVar

from sealane.model import Encryption, Integrity
from sealane.net import Secret
from sealane.vendors.cisco_asa.draft import (
    Draft,
    GroupPolicyDraft,
    Ikev2PolicyDraft,
    IpsecProposalDraft,
    KeyDraft,
    ProfileDraft,
    TunnelGroupDraft,
)
from sealane.vendors.cisco_asa.grammar import Args, Mode, Rule, nothing, number_up_to, rules
from sealane.vendors.cisco_asa.words import (
    DH_GROUPS,
    ESP_ENCRYPTION,
    ESP_INTEGRITY,
    IKE_ENCRYPTION,
    IKE_INTEGRITY,
    IKE_PRF,
    WITHDRAWN_ALGORITHMS,
    WITHDRAWN_GROUPS,
)

_Algorithm = TypeVar("_Algorithm", Encryption, Integrity)


def _algorithms(
    draft: Draft, words: tuple[str, ...], known: Mapping[str, _Algorithm], subject: str
) -> tuple[_Algorithm, ...]:
    found: list[_Algorithm] = []
    for word in words:
        value = known.get(word.lower())
        if value is None:
            draft.error(
                "ASA-003",
                subject,
                f"'{word}' is not an algorithm here; expected {', '.join(known)}",
                "write one of these; the word was left out",
            )
            continue
        if word.lower() in WITHDRAWN_ALGORITHMS:
            draft.error(
                "ASA-042",
                subject,
                f"{word} was taken out of the platform; release 9.19 refuses the line",
                "choose an algorithm that both ends support, such as aes-256 and sha256",
            )
        found.append(value)
    return tuple(dict.fromkeys(found))


def _policy_of(draft: Draft) -> Ikev2PolicyDraft:
    if draft.policy is None:
        raise LookupError("policy mode without a policy")
    return draft.policy


def _policy(draft: Draft, args: Args) -> None:
    number = args.number("priority")
    draft.policy = draft.policies.setdefault(number, Ikev2PolicyDraft(number, draft.at))


def _no_policy(draft: Draft, args: Args) -> None:
    draft.policies.pop(args.number("priority"), None)


def _ike_encryption(draft: Draft, args: Args) -> None:
    policy = _policy_of(draft)
    subject = f"crypto ikev2 policy {policy.priority}"
    policy.encryption = _algorithms(draft, args.words("names"), IKE_ENCRYPTION, subject)


def _ike_integrity(draft: Draft, args: Args) -> None:
    policy = _policy_of(draft)
    policy.integrity = _algorithms(draft, args.words("names"), IKE_INTEGRITY, f"crypto ikev2 policy {policy.priority}")


def _ike_prf(draft: Draft, args: Args) -> None:
    policy = _policy_of(draft)
    policy.prf = _algorithms(draft, args.words("names"), IKE_PRF, f"crypto ikev2 policy {policy.priority}")


def _group(draft: Draft, word: str, subject: str) -> int | None:
    number = number_up_to(word, max(DH_GROUPS)) or 0
    if number in DH_GROUPS:
        return number
    known = ", ".join(str(group) for group in sorted(DH_GROUPS))
    if number in WITHDRAWN_GROUPS:
        draft.error(
            "ASA-042",
            subject,
            f"group {number} was taken out of the platform; expected one of {known}",
            "set the same stronger group at the cloud and here, such as 14",
        )
        return number
    draft.error(
        "ASA-003",
        subject,
        f"'{word}' is not a Diffie-Hellman group here; expected one of {known}",
        "write one of these; the word was left out",
    )
    return None


def _ike_group(draft: Draft, args: Args) -> None:
    policy = _policy_of(draft)
    found = [_group(draft, word, f"crypto ikev2 policy {policy.priority}") for word in args.words("groups")]
    policy.groups = tuple(dict.fromkeys(group for group in found if group is not None))


def _ike_lifetime(draft: Draft, args: Args) -> None:
    _policy_of(draft).lifetime_s = args.number("seconds")


def _enable(draft: Draft, args: Args) -> None:
    draft.ikev2_enabled.setdefault(args.text("nameif"), draft.at)


def _no_enable(draft: Draft, args: Args) -> None:
    draft.ikev2_enabled.pop(args.text("nameif"), None)


def _proposal(draft: Draft, args: Args) -> None:
    name = args.text("name")
    draft.proposal = draft.proposals.setdefault(name, IpsecProposalDraft(name, draft.at))


def _proposal_of(draft: Draft) -> IpsecProposalDraft:
    if draft.proposal is None:
        raise LookupError("proposal mode without a proposal")
    return draft.proposal


def _esp_encryption(draft: Draft, args: Args) -> None:
    proposal = _proposal_of(draft)
    proposal.encryption = _algorithms(draft, args.words("names"), ESP_ENCRYPTION, f"ipsec-proposal {proposal.name}")


def _esp_integrity(draft: Draft, args: Args) -> None:
    proposal = _proposal_of(draft)
    proposal.integrity = _algorithms(draft, args.words("names"), ESP_INTEGRITY, f"ipsec-proposal {proposal.name}")


def _profile(draft: Draft, args: Args) -> None:
    name = args.text("name")
    draft.profile = draft.profiles.setdefault(name, ProfileDraft(name, draft.at))


def _profile_of(draft: Draft) -> ProfileDraft:
    if draft.profile is None:
        raise LookupError("profile mode without a profile")
    return draft.profile


def _set_proposals(draft: Draft, args: Args) -> None:
    _profile_of(draft).proposals = args.words("names")


def _identity_address(draft: Draft, _: Args) -> None:
    _profile_of(draft).identity = None


def _identity_word(draft: Draft, args: Args) -> None:
    _profile_of(draft).identity = args.text("identity")


def _set_pfs(draft: Draft, args: Args) -> None:
    profile, word = _profile_of(draft), args.text("group")
    profile.pfs_group = _group(draft, word.lower().removeprefix("group"), f"ipsec profile {profile.name}")


def _no_pfs(draft: Draft, _: Args) -> None:
    _profile_of(draft).pfs_group = None


def _lifetime_s(draft: Draft, args: Args) -> None:
    _profile_of(draft).lifetime_s = args.number("seconds")


def _lifetime_kb(draft: Draft, args: Args) -> None:
    _profile_of(draft).lifetime_kb = args.number("kilobytes")


def _lifetime_unlimited(draft: Draft, _: Args) -> None:
    _profile_of(draft).lifetime_kb = None


def _responder_only(draft: Draft, _: Args) -> None:
    _profile_of(draft).responder_only = True


def _group_policy(draft: Draft, args: Args) -> None:
    name = args.text("name")
    draft.group_policy = draft.group_policies.setdefault(name, GroupPolicyDraft(name, draft.at))


def _vpn_protocols(draft: Draft, args: Args) -> None:
    if draft.group_policy is not None:
        draft.group_policy.protocols = tuple(word.lower() for word in args.words("names"))


def _tunnel_group(draft: Draft, args: Args) -> None:
    name = args.text("name")
    draft.tunnel_group = draft.tunnel_groups.setdefault(name, TunnelGroupDraft(name, draft.at))


def _no_tunnel_group(draft: Draft, args: Args) -> None:
    draft.tunnel_groups.pop(args.text("name"), None)


def _tunnel_group_of(draft: Draft) -> TunnelGroupDraft:
    if draft.tunnel_group is None:
        raise LookupError("tunnel-group mode without a tunnel group")
    return draft.tunnel_group


def _default_group_policy(draft: Draft, args: Args) -> None:
    group = _tunnel_group_of(draft)
    group.group_policy, group.group_policy_at = args.text("name"), draft.at


def _keepalive(draft: Draft, args: Args) -> None:
    group = _tunnel_group_of(draft)
    group.threshold_s, group.retry_s = args.number("threshold"), args.number("retry")


def _keepalive_off(draft: Draft, _: Args) -> None:
    _tunnel_group_of(draft).threshold_s = None


def _key(draft: Draft, args: Args) -> KeyDraft:
    words = args.words("key")
    if words[0] in ("0", "8") and len(words) > 1:
        words = words[1:]
    word = " ".join(words)
    return KeyDraft(Secret(word) if word.strip("*") else None, draft.at)


def _local_key(draft: Draft, args: Args) -> None:
    _tunnel_group_of(draft).local_key = _key(draft, args)


def _remote_key(draft: Draft, args: Args) -> None:
    _tunnel_group_of(draft).remote_key = _key(draft, args)


_ESP = "crypto ipsec ikev2 ipsec-proposal"

RULES: tuple[Rule, ...] = (
    Rule(Mode.GLOBAL, "crypto ikev2 policy <priority:1-65535>", _policy, enters=Mode.IKEV2_POLICY),
    Rule(Mode.GLOBAL, "no crypto ikev2 policy <priority:1-65535>", _no_policy),
    Rule(Mode.GLOBAL, f"{_ESP} <name:word>", _proposal, enters=Mode.IPSEC_PROPOSAL),
    Rule(Mode.GLOBAL, "crypto ipsec profile <name:word>", _profile, enters=Mode.IPSEC_PROFILE),
    Rule(Mode.GLOBAL, "group-policy <name:word> internal", _group_policy),
    Rule(Mode.GLOBAL, "group-policy <name:word> attributes", _group_policy, enters=Mode.GROUP_POLICY),
    Rule(Mode.GLOBAL, "tunnel-group <name:word> type <type:word>", _tunnel_group),
    Rule(Mode.GLOBAL, "no tunnel-group <name:word>", _no_tunnel_group),
    Rule(Mode.GLOBAL, "tunnel-group <name:word> general-attributes", _tunnel_group, enters=Mode.TUNNEL_GENERAL),
    Rule(Mode.GLOBAL, "tunnel-group <name:word> ipsec-attributes", _tunnel_group, enters=Mode.TUNNEL_IPSEC),
    *rules(
        Mode.GLOBAL,
        ("crypto ikev2 enable <nameif:word>", _enable),
        ("no crypto ikev2 enable <nameif:word>", _no_enable),
    ),
    *rules(
        Mode.IKEV2_POLICY,
        ("encryption <names:words>", _ike_encryption),
        ("integrity <names:words>", _ike_integrity),
        ("group <groups:words>", _ike_group),
        ("prf <names:words>", _ike_prf),
        ("lifetime seconds <seconds:120-2147483647>", _ike_lifetime),
        ("lifetime <seconds:120-2147483647>", _ike_lifetime),
    ),
    *rules(
        Mode.IPSEC_PROPOSAL,
        ("protocol esp encryption <names:words>", _esp_encryption),
        ("protocol esp integrity <names:words>", _esp_integrity),
    ),
    *rules(
        Mode.IPSEC_PROFILE,
        ("set ikev2 ipsec-proposal <names:words>", _set_proposals),
        ("set ikev2 local-identity address", _identity_address),
        ("set ikev2 local-identity key-id <identity:word>", _identity_word),
        ("set ikev2 local-identity email-id <identity:word>", _identity_word),
        ("set pfs <group:word>", _set_pfs),
        ("no set pfs <old:any>", _no_pfs),
        ("set security-association lifetime seconds <seconds:120-2147483647>", _lifetime_s),
        ("set security-association lifetime kilobytes unlimited", _lifetime_unlimited),
        ("set security-association lifetime kilobytes <kilobytes:10-2147483647>", _lifetime_kb),
        ("responder-only", _responder_only),
    ),
    *rules(
        Mode.GROUP_POLICY,
        ("vpn-tunnel-protocol <names:words>", _vpn_protocols),
        ("vpn-idle-timeout <rest:text>", nothing),
        ("vpn-session-timeout <rest:text>", nothing),
    ),
    Rule(Mode.TUNNEL_GENERAL, "default-group-policy <name:word>", _default_group_policy),
    *rules(
        Mode.TUNNEL_IPSEC,
        ("isakmp keepalive threshold <threshold:10-3600> retry <retry:2-10>", _keepalive),
        ("isakmp keepalive disable", _keepalive_off),
        ("ikev2 local-authentication pre-shared-key <key:words>", _local_key),
        ("ikev2 remote-authentication pre-shared-key <key:words>", _remote_key),
        ("peer-id-validate <rest:text>", nothing),
    ),
)
