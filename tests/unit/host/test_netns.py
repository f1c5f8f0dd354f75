"""What is asked of namespaces without running a program."""

from contextlib import nullcontext

import pytest

from sealane.host import InterfaceState, interface_state, netns


@pytest.fixture(autouse=True)
def _stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netns, "entered", lambda _: nullcontext())


def test_the_state_of_an_interface_is_what_the_kernel_says() -> None:
    assert interface_state("any", "lo") == InterfaceState(up=True, mtu_bytes=65536, address="127.0.0.1/8")
    assert interface_state("any", "no-such") is None


def test_of_a_namespace_that_is_gone_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert interface_state("no-such-namespace", "lo") is None
