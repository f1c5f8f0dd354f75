"""Every rendered text is what it was, and the daemon it is for accepts it."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_networks import (
    ASA_NAMES,
    CIRCUIT,
    PROTECTIONS,
    TR_NAMES,
    TR_TABLES,
    VBR_NAMES,
    VPC_NAMES,
    asa,
    gateway,
    host,
    use_case,
)

from agreed_text import Agreed
from sealane.net import Address
from sealane.vendors.bird import render_transit_router, render_vbr, render_vpc
from sealane.vendors.frr import render_device
from sealane.vendors.nftables import Meters, drill, guard, meter, mss_clamp, security_group, stateful_device

HERE = Path(__file__).parent
PAIR = (Address("10.10.10.49"), Address("192.168.10.136"))
OUTER_PORTS = {"GigabitEthernet0/3": "vpn1", "Loopback2": "vpn2"}
NETWORK = use_case()

BIRD: dict[str, Callable[[], str]] = {
    "transit-router": lambda: render_transit_router(NETWORK, NETWORK.node("tr-hz"), TR_NAMES, TR_TABLES),
    "transit-router-redacted": lambda: render_transit_router(
        NETWORK, NETWORK.node("tr-hz"), TR_NAMES, TR_TABLES, "/run/bird.ctl", log="/run/bird.log", redacted=True,
    ),
    "vbr": lambda: render_vbr(NETWORK, NETWORK.node("vbr-hz"), VBR_NAMES, 254),
    "vpc": lambda: render_vpc(NETWORK.node("vpc-1"), VPC_NAMES, 254),
}
FRR: dict[str, Callable[[], str]] = {
    "asa": lambda: render_device(asa(), ASA_NAMES),
    "asa-zone": lambda: render_device(asa(zone="vpn"), ASA_NAMES),
    "gateway": lambda: render_device(gateway(), ASA_NAMES),
}
NFTABLES: dict[str, Callable[[], str]] = {
    "meter": lambda: Meters(NETWORK).of(CIRCUIT, "ec"),
    "meter-any-tunnel": lambda: meter(CIRCUIT, "ec", PROTECTIONS, enforce=False),
    "guard": lambda: guard(["ipsec2", "ipsec1"]),
    "guard-pairs": lambda: guard(["ipsec1"], [PAIR]),
    "mss-clamp": lambda: mss_clamp({"ipsec2": 1360, "ipsec1": 1350}),
    "stateful-userspace": lambda: stateful_device(asa(), ASA_NAMES, OUTER_PORTS),
    "stateful-kernel": lambda: stateful_device(asa(zone="vpn", permit_vpn=False, inspect_icmp=True), ASA_NAMES, {}),
    "security-group": lambda: security_group(host()),
    "drill": lambda: drill([PAIR]),
    "drill-undone": lambda: drill([]),
}
CASES = [
    pytest.param(vendor, case, render, id=f"{vendor}-{case}")
    for vendor, cases in (("bird", BIRD), ("frr", FRR), ("nftables", NFTABLES))
    for case, render in cases.items()
]
FILES = {"bird": "bird.conf", "frr": "frr.conf", "nftables": "rules.nft"}


@pytest.mark.parametrize(("vendor", "case", "render"), CASES)
def test_text_is_as_recorded(vendor: str, case: str, render: Callable[[], str], agreed: Agreed) -> None:
    agreed(HERE / vendor / case / FILES[vendor], render())


def parser(name: str, package: str) -> str:
    """The daemon's own parser; a missing one fails, since an unchecked text proves nothing."""
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert found is not None, f"{name} is absent: apt-get install {package} (scripts/install-packages does)"
    return found


def accepted(*words: str, text: str | None = None) -> None:
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", BIRD)
def test_bird_accepts(case: str, tmp_path: Path) -> None:
    path = tmp_path / "bird.conf"
    path.write_text(BIRD[case]())
    accepted(parser("bird", "bird2"), "-p", "-c", str(path))


@pytest.mark.parametrize("case", FRR)
def test_frr_accepts(case: str, tmp_path: Path) -> None:
    path = tmp_path / "frr.conf"
    path.write_text(FRR[case]())
    accepted(parser("vtysh", "frr"), "-C", "-f", str(path))


def test_frr_parser_does_refuse(tmp_path: Path) -> None:
    path = tmp_path / "frr.conf"
    path.write_text(FRR["asa"]().replace("maximum-paths", "minimum-paths"))
    with pytest.raises(AssertionError):
        accepted(parser("vtysh", "frr"), "-C", "-f", str(path))


@pytest.mark.live
@pytest.mark.parametrize("case", NFTABLES)
def test_nft_accepts(case: str) -> None:
    accepted(parser("nft", "nftables"), "-c", "-f", "-", text=NFTABLES[case]())
