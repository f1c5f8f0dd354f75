"""A TUN that somebody changed by hand is found."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from sealane.diag import Fault
from sealane.drivers.strongswan import StrongswanDriver, driver, io
from sealane.drivers.strongswan.read import SaState
from sealane.host import InterfaceState
from sealane.plan import TunSpec
from sealane.reconcile import Turns

TUN = TunSpec("router", "ipsec1", 1400, "169.254.10.1/30")
WHOLE = InterfaceState(up=True, mtu_bytes=1400, address="169.254.10.1/30")
DOWN = InterfaceState(up=False, mtu_bytes=1400, address="169.254.10.1/30")


def whole(monkeypatch: pytest.MonkeyPatch, found: list[InterfaceState | None], child: str | None) -> bool:
    """What the driver says when it finds these states of the TUN one after the other; child None: no answer."""

    def states(_self: object, _space: str) -> dict[str, SaState]:
        if child is None:
            raise Fault("speak with charon", "no answer", "")
        return {"ipsec1": SaState("ipsec1", "ESTABLISHED", child)}

    monkeypatch.setattr(driver, "_FOLLOWS_S", 0)
    monkeypatch.setattr(io, "tun_state", lambda _: found.pop(0))
    monkeypatch.setattr(StrongswanDriver, "states", states)
    return StrongswanDriver("n", Path("/nowhere"), lambda _: None)._is_whole("endpoint", TUN)


@pytest.mark.parametrize(
    ("found", "child", "expected"),
    [
        ([WHOLE], "INSTALLED", True),
        ([None], "INSTALLED", False),
        ([InterfaceState(up=True, mtu_bytes=1400, address=None)], "INSTALLED", False),
        ([InterfaceState(up=True, mtu_bytes=1300, address=TUN.address)], "INSTALLED", False),
        ([DOWN], "NONE", True),
        ([DOWN], None, True),
        ([DOWN, WHOLE], "INSTALLED", True),
        ([DOWN, DOWN], "INSTALLED", False),
    ],
)
def test_a_tun_is_whole_when_it_is_as_it_was_placed_and_up_while_a_child_sa_is(
    monkeypatch: pytest.MonkeyPatch, found: list[InterfaceState | None], child: str | None, *, expected: bool
) -> None:
    assert whole(monkeypatch, found, child) is expected
    assert not found


def test_a_charon_whose_tun_is_up_is_asked_for_its_sas_when_it_is_its_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spaces = [f"up{number}" for number in range(60)] + ["down", "none", "without"]
    for space in spaces:
        (tmp_path / space).mkdir()
        (tmp_path / space / "tun").write_text("null" if space == "without" else json.dumps(asdict(TUN)))
    tun_of = {"down": DOWN, "none": None}
    asked: list[str] = []
    one = StrongswanDriver("n", tmp_path, lambda _: None)
    monkeypatch.setattr(one, "directory", lambda space: tmp_path / space)
    monkeypatch.setattr(one, "_charons", lambda: [(space, 1) for space in spaces])
    monkeypatch.setattr(one, "_loaded", lambda space: asked.append(space) or ())
    monkeypatch.setattr(one, "_placed", lambda space: None if space == "without" else space)
    monkeypatch.setattr(io, "tun_state", lambda space: tun_of.get(space, WHOLE))
    assert one.initiate_idle() == frozenset()
    assert asked == spaces, "who does not look again and again asks every one"
    turns, seen = Turns(), set[str]()
    for _ in range(32):
        asked.clear()
        spared = one.initiate_idle(turns=turns)
        assert {*spared, *asked} == set(spaces)
        assert set(asked) >= {"down", "none", "without"}
        assert len(asked) <= 5
        seen.update(asked)
    assert seen == set(spaces)
