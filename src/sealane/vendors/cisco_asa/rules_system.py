"""System-wide behaviour, and the commands that change nothing that is modelled."""

from collections.abc import Iterator

from sealane.model import LineVerdict
from sealane.vendors.cisco_asa.draft import Draft
from sealane.vendors.cisco_asa.grammar import Args, Mode, Rule, nothing, rules
from sealane.vendors.cisco_asa.words import NO_EFFECT_COMMANDS, QUIET_BLOCKS

_UNMODELLED = LineVerdict.NO_EFFECT


def _same_security(draft: Draft, _: Args) -> None:
    draft.firewall.same_security_inter = True


def _no_same_security(draft: Draft, _: Args) -> None:
    draft.firewall.same_security_inter = False


def _tcpmss(draft: Draft, args: Args) -> None:
    draft.firewall.tcp_mss_bytes = args.number("bytes") or None


def _no_tcpmss(draft: Draft, _: Args) -> None:
    draft.firewall.tcp_mss_bytes = 1380


def _permit_vpn(draft: Draft, _: Args) -> None:
    draft.firewall.permit_vpn = True


def _no_permit_vpn(draft: Draft, _: Args) -> None:
    draft.firewall.permit_vpn = False


def _nat(draft: Draft, _: Args) -> None:
    draft.firewall.has_nat = True


def _policy_map(draft: Draft, args: Args) -> None:
    draft.policy_map = args.text("name")


def _inspect(draft: Draft, args: Args) -> None:
    draft.firewall.inspected.add(args.text("protocol").lower())


def _no_inspect(draft: Draft, args: Args) -> None:
    draft.firewall.inspected.discard(args.text("protocol").lower())


def _unmodelled() -> Iterator[Rule]:
    for word in NO_EFFECT_COMMANDS:
        if word != "no":
            yield Rule(Mode.GLOBAL, f"{word} <rest:any>", nothing, verdict=_UNMODELLED)
            yield Rule(Mode.GLOBAL, f"no {word} <rest:any>", nothing, verdict=_UNMODELLED)
    for pattern in QUIET_BLOCKS:
        yield Rule(Mode.GLOBAL, pattern, nothing, enters=Mode.QUIET, verdict=_UNMODELLED)


RULES: tuple[Rule, ...] = (
    *rules(
        Mode.GLOBAL,
        ("same-security-traffic permit inter-interface", _same_security),
        ("no same-security-traffic permit inter-interface", _no_same_security),
        ("sysopt connection tcpmss <bytes:0-65535>", _tcpmss),
        ("no sysopt connection tcpmss <old:any>", _no_tcpmss),
        ("sysopt connection permit-vpn", _permit_vpn),
        ("no sysopt connection permit-vpn", _no_permit_vpn),
        ("nat <rest:text>", _nat),
    ),
    *rules(
        Mode.GLOBAL,
        ("same-security-traffic permit intra-interface", nothing),
        ("no same-security-traffic permit intra-interface", nothing),
        ("crypto ipsec df-bit <rest:text>", nothing),
        ("crypto ipsec fragmentation <rest:text>", nothing),
        ("crypto ipsec security-association <rest:text>", nothing),
        ("crypto isakmp <rest:text>", nothing),
        ("crypto ikev2 limit <rest:text>", nothing),
        ("crypto ikev2 cookie-challenge <rest:text>", nothing),
        ("sysopt <rest:text>", nothing),
        ("no sysopt <rest:text>", nothing),
        ("exit", nothing),
        verdict=_UNMODELLED,
    ),
    Rule(Mode.GLOBAL, "policy-map type <rest:text>", nothing, enters=Mode.QUIET, verdict=_UNMODELLED),
    Rule(Mode.GLOBAL, "policy-map <name:word>", _policy_map, enters=Mode.POLICY_MAP),
    Rule(Mode.POLICY_MAP, "class <name:word>", nothing, enters=Mode.POLICY_CLASS),
    Rule(Mode.POLICY_MAP, "description <rest:any>", nothing, verdict=_UNMODELLED),
    *rules(
        Mode.POLICY_CLASS,
        ("inspect <protocol:text>", _inspect),
        ("no inspect <protocol:text>", _no_inspect),
    ),
    *rules(Mode.POLICY_CLASS, ("set <rest:text>", nothing), ("police <rest:text>", nothing), verdict=_UNMODELLED),
    *_unmodelled(),
)
