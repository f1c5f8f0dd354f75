import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.app.capture import Counts
from sealane.app.probe import PingResult, _check_complete, tunnel_deltas, verdict
from sealane.app.status import TunnelStatus
from sealane.diag import Fault


@pytest.mark.parametrize(
    ("sent", "received", "clear", "word"),
    [
        (5, 5, 0, "encrypted"),
        (5, 5, 10, "clear"),
        (5, 4, 9, "clear"),
        (5, 5, 5, "mixed"),
        (5, 5, 1, "mixed"),
        (5, 5, 9, "mixed"),
        (5, 1, 0, "encrypted"),
        (5, 0, 0, "dropped"),
        (5, 0, 5, "clear"),
        (5, 0, 3, "mixed"),
        (1, 1, 20, "clear"),
    ],
)
def test_the_verdict_is_by_what_crossed_in_clear(sent: int, received: int, clear: int, word: str) -> None:
    assert verdict(PingResult(sent, received), clear, esp=2 * received) == word


@pytest.mark.parametrize("esp", [0, 1, 9])
def test_replies_without_as_many_esp_packets_as_crossings_prove_nothing(esp: int) -> None:
    assert verdict(PingResult(5, 5), 0, esp) == "unproven"


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 200))
def test_one_packet_in_clear_is_never_called_encrypted(sent: int, received: int, clear: int) -> None:
    word = verdict(PingResult(sent, min(sent, received)), clear, esp=2 * received)
    assert (word == "encrypted") == (clear == 0 and received > 0)


def test_a_capture_that_misses_packets_proves_nothing() -> None:
    _check_complete({"c": Counts(esp=5)}, {"c": Counts(esp=5, other=1)})
    with pytest.raises(Fault, match="the capture holds 4 packets, the meter counted 5"):
        _check_complete({"c": Counts(esp=5)}, {"c": Counts(esp=4)})


def tunnel(name: str, count: int) -> TunnelStatus:
    return TunnelStatus(name, "", "", "", "", count * 100, count * 10, count, count, "", "", "")


def test_a_tunnel_is_counted_from_its_reading_before_or_from_nothing_when_it_is_new() -> None:
    before = (tunnel("kept", 5), tunnel("made-anew", 9), tunnel("gone", 1))
    after = (tunnel("kept", 7), tunnel("made-anew", 4), tunnel("new", 3))
    assert [(one.name, one.packets_in, one.bytes_in, one.bytes_out) for one in tunnel_deltas(before, after)] == [
        ("kept", 2, 200, 20), ("made-anew", 4, 400, 40), ("new", 3, 300, 30),
    ]


def test_what_was_lost_is_what_had_no_answer() -> None:
    assert PingResult(5, 3).lost == 2
