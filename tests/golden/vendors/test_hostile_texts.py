"""No text that a user gives becomes more than a name, a comment or a string of a daemon's configuration."""

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sample_networks import ASA_NAMES, CIRCUIT, TR_NAMES, TR_TABLES, VBR_NAMES, asa, gateway, host, use_case

from sealane.kinds.customer_gateway import CUSTOMER_GATEWAY
from sealane.kinds.vbr import spec as vbr_spec
from sealane.net import Secret
from sealane.spec.readers import SecretText
from sealane.vendors.bird import render_transit_router, render_vbr
from sealane.vendors.bird.text import password
from sealane.vendors.frr import render_device
from sealane.vendors.frr.text import key
from sealane.vendors.nftables import Meters, security_group, stateful_device
from sealane.vendors.strongswan import connection_settings, render_swanctl

PIECES = ("\n", "\r", "\x0b", "\x85", "\u2028", "\0", "\x1b[2J", '"', "'", "`", "\\", "#", "!", "| ", "|", ";", "{",
          "}", "*/", "/*", "include ", "exit", "end", "?", "$(reboot)", ",", "=", "~", "路", "\u202e", " ", "a")
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=8).map("".join)
ATTACKS = (
    'x"; }\nprotocol static evil { route 0.0.0.0/0 blackhole; }\n',
    "x\nrouter bgp 1\n neighbor 192.0.2.1 remote-as 1\n",
    'x" }\ntable inet evil { chain c { type filter hook output priority 0; policy drop; } }\n',
    "x }\n}\nconnections { evil { remote_addrs = 0.0.0.0/0 } }\n",
    "to the centre | primary",
)


def renamed(value: Any, more: str, secret: str) -> Any:
    """The same with something added to every text in it, and every secret another; equal names stay equal."""
    match value:
        case Enum():
            return value
        case Secret():
            return Secret(secret)
        case str():
            return f"{value}{more}"
        case tuple():
            return tuple(renamed(one, more, secret) for one in value)
        case dict():
            return {renamed(key, more, secret): one for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        told = {one.name: renamed(getattr(value, one.name), more, secret) for one in fields(value) if one.init}
        return replace(value, **told)
    return value


class Renamed:
    """The sample networks with other names everywhere; a tunnel's identities are checked where they come in."""

    def __init__(self, more: str, secret: str = "key") -> None:
        self.of = lambda value: renamed(value, more, secret)
        self.network = self.of(use_case())

    def node(self, name: str) -> Any:
        return self.network.node(self.of(name))


RENDERED: dict[str, Callable[[Renamed], str]] = {
    "transit router": lambda to: render_transit_router(
        to.network, to.node("tr-hz"), to.of(TR_NAMES), to.of(TR_TABLES), to.of("/run/bird.ctl")),
    "border router": lambda to: render_vbr(to.network, to.node("vbr-hz"), to.of(VBR_NAMES), 254),
    "asa": lambda to: render_device(to.of(asa(zone="vpn")), to.of(ASA_NAMES)),
    "gateway": lambda to: render_device(to.of(gateway()), to.of(ASA_NAMES)),
    "meter": lambda to: Meters(to.network).of(to.of(CIRCUIT), "ec"),
    "stateful": lambda to: stateful_device(to.of(asa(zone="vpn")), to.of(ASA_NAMES), {}),
    "group": lambda to: security_group(to.of(host())),
}
_SYMBOL = re.compile(r"[A-Za-z0-9_-]*?(_X|-)[0-9a-f]{8}(?![0-9a-f])\w*")
_FREE = re.compile(r'(description ).*|(comment )".*"|(password )("[^"\n]*"|[!-~]+)(?=;?$)')
_NUMBER = re.compile(r"\b\d{5,}\b|(?<=^router id )[\d.]+")  # what is made of a name
_COMMENT = re.compile(r"\s*[#!].*")


def skeleton(text: str) -> list[str]:
    """The statements without names, comments and free texts, in an order that does not depend on names."""
    lines = (line for line in text.split("\n") if not _COMMENT.fullmatch(line))
    plain = (_NUMBER.sub("N", _SYMBOL.sub("S", _FREE.sub("F", line))) for line in lines)
    return sorted(plain)


SHORT = 4
"""A shorter key may be part of any message."""
PLAIN = {what: skeleton(render(Renamed(" x"))) for what, render in RENDERED.items()}


@pytest.mark.parametrize("what", RENDERED)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(texts, texts)
def test_whatever_things_are_called_the_statements_are_the_same(what: str, name: str, key: str) -> None:
    told = ""
    try:
        text = RENDERED[what](Renamed(f"{name} x", key))
    except ValueError as refused:
        told = str(refused)
    if told:
        assert "BGP key" in told
        assert len(key) < SHORT or key not in told
    else:
        assert skeleton(text) == PLAIN[what]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("what", RENDERED)
def test_no_attack_adds_a_statement(what: str, attack: str) -> None:
    assert skeleton(RENDERED[what](Renamed(attack))) == PLAIN[what]


def parsed(what: str, path: Path) -> subprocess.CompletedProcess[str]:
    words = ["/usr/sbin/bird", "-p", "-c", path] if "router" in what else ["/usr/bin/vtysh", "-C", "-f", path]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("what", ["transit router", "border router", "gateway"])
def test_the_daemon_s_own_parser_takes_all_attacks_for_names(what: str, tmp_path: Path) -> None:
    path = tmp_path / "daemon.conf"
    path.write_text(RENDERED[what](Renamed("".join(ATTACKS) + "".join(PIECES))))
    done = parsed(what, path)
    assert done.returncode == 0, done.stdout + done.stderr


def described(node: Any, text: str) -> str:
    speaker = replace(node.bgp, neighbors=tuple(replace(one, description=text) for one in node.bgp.neighbors))
    return render_device(replace(node, bgp=speaker), ASA_NAMES)


@given(texts)
@example("to the centre | primary")
def test_a_description_has_nothing_that_frr_takes_for_a_filter_of_answers(text: str) -> None:
    """FRR 8.4 cuts any command at a bar and a blank, and refuses it when no filter's name follows."""
    written = described(gateway(), text)
    assert "|" not in written
    assert skeleton(written) in (skeleton(described(gateway(), "d")), skeleton(described(gateway(), "")))


KEYS = [one.reader for record in (CUSTOMER_GATEWAY, vbr_spec._GROUP) for one in record.fields if one.key == "auth_key"]


@pytest.mark.parametrize("reader", KEYS, ids=["customer gateway", "border router"])
def test_every_bgp_key_that_a_plan_may_have_can_be_written(reader: SecretText) -> None:
    for letter in map(chr, range(0x20, 0x100)):
        if reader.problem(letter) is None:
            assert password(Secret(letter), redacted=False) == f'password "{letter}";'
            assert key(Secret(letter)) == letter
    assert reader.problem("a") is None


def sections(text: str) -> Iterator[str]:
    """The names of all sections of a swanctl.conf, read as strongSwan's settings_lexer.l does."""
    for line in text.splitlines():
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "Q", line).partition("#")[0]
        yield from re.findall(r"(\S+) {", bare)
        assert bare.count("{") + bare.count("}") <= 1


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=100))
@example('}#"\\')
@example("{")
def test_an_identity_stays_one_value_of_swanctl(identity: str) -> None:
    (end, *_) = (end for node in use_case().nodes for end in node.tunnel_ends)
    told = replace(end, local_id=identity, remote_id=identity)
    settings_of = connection_settings(told, userspace_esp=True, if_id=None, updown=None)
    assert settings_of["local"] == {"auth": "psk", "id": identity}
    text = render_swanctl({"connections": {"one": settings_of}})
    assert list(sections(text)) == ["connections", "connections", "one", "local", "remote", "children", "child"]
