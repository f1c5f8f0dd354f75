"""What was heard before a restart is not accepted after it, whatever ended the process or the host."""

import os
import stat

import pytest

from sealane.api.openapi.freshness import Freshness
from sealane.api.openapi.limits import Limits
from sealane.cloud import CloudError
from sealane.store import Nonces

NOW_MS = 1_790_000_000_000
MINUTE_MS = 60_000


def started(directory, now_ms=NOW_MS, boot="one", **more):
    """A server's check of calls; nothing is closed, as when it is killed."""
    return Freshness(Limits(), Nonces(directory, now_ms, boot=boot, **more))


def call(freshness, nonce, stamped_ms=NOW_MS, now_ms=NOW_MS, key="LTAI1"):
    freshness.check_time(key, stamped_ms, now_ms)
    freshness.hear(key, nonce, stamped_ms, now_ms)


def refused(code, *args, **more):
    with pytest.raises(CloudError) as error:
        call(*args, **more)
    assert error.value.code == code


def test_no_call_comes_in_again_after_a_restart(tmp_path):
    first = started(tmp_path, fresh=True)
    call(first, "a")
    call(first, "b", stamped_ms=NOW_MS + 10 * MINUTE_MS)
    for restart in range(3):
        later_ms = NOW_MS + restart * MINUTE_MS
        again = started(tmp_path, later_ms)
        refused("SignatureNonceUsed", again, "a", now_ms=later_ms)
        refused("SignatureNonceUsed", again, "b", NOW_MS + 10 * MINUTE_MS, later_ms)
        call(again, f"c{restart}", now_ms=later_ms)
        call(again, "a", key="LTAI2") if restart == 0 else refused("SignatureNonceUsed", again, "a", key="LTAI2")


def test_a_start_remembers_no_more_than_the_process_before_it(tmp_path):
    limits = Limits(nonces_per_key=3)
    first = Freshness(limits, Nonces(tmp_path, NOW_MS, boot="one", fresh=True))
    for one in range(10):
        call(first, f"{one}", NOW_MS + one * 1000)
    again = Freshness(limits, Nonces(tmp_path, NOW_MS, boot="one"))
    assert len(again._heard["LTAI1"].order) == len(again._heard["LTAI1"].known) == 3
    for one in range(7):
        refused("InvalidTimeStamp.Expired", again, f"{one}", NOW_MS + one * 1000)
    for one in range(7, 10):
        refused("SignatureNonceUsed", again, f"{one}", NOW_MS + one * 1000)


def test_after_a_crash_of_the_host_calls_from_before_are_refused(tmp_path):
    call(started(tmp_path, fresh=True), "a")
    again = started(tmp_path, NOW_MS + 5000, boot="two")
    refused("InvalidTimeStamp.Expired", again, "new", NOW_MS, NOW_MS + 5000)
    call(again, "new", NOW_MS + 7000, NOW_MS + 7000)
    third = started(tmp_path, NOW_MS + 60_000, boot="two")
    refused("InvalidTimeStamp.Expired", third, "a", NOW_MS, NOW_MS + 60_000)
    refused("SignatureNonceUsed", third, "new", NOW_MS + 7000, NOW_MS + 60_000)
    call(third, "other", NOW_MS + 8000, NOW_MS + 60_000)


def test_a_call_of_the_future_is_on_the_disk_before_it_is_carried_out(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    freshness = started(tmp_path, fresh=True)
    call(freshness, "a")
    assert not synced
    call(freshness, "b", stamped_ms=NOW_MS + 20_000)
    assert len(synced) == 1
    refused("SignatureNonceUsed", started(tmp_path, boot="two"), "b", NOW_MS + 20_000)


def test_where_nonces_are_missing_calls_from_before_are_refused(tmp_path):
    refused("InvalidTimeStamp.Expired", started(tmp_path), "a")


def test_a_full_disk_is_told_to_the_next_start(tmp_path, monkeypatch):
    first = started(tmp_path, fresh=True)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda *_: 3)
        call(first, "a")
    refused("InvalidTimeStamp.Expired", started(tmp_path, NOW_MS + 1000), "a", now_ms=NOW_MS + 1000)


def test_a_line_cut_short_is_passed_over(tmp_path):
    call(started(tmp_path, fresh=True), "a")
    with (tmp_path / "nonces.1").open("a") as file:
        file.write("\n179000")
    refused("SignatureNonceUsed", started(tmp_path), "a")


def test_files_are_private_and_go_when_no_call_can_be_in_them(tmp_path):
    nonces = Nonces(tmp_path, NOW_MS, boot="one", fresh=True)
    for minute in range(300):
        now_ms = NOW_MS + minute * MINUTE_MS
        nonces.keep("LTAI1", now_ms, bytes([minute % 256] * 16), now_ms)
    files = [*tmp_path.iterdir()]
    assert len(files) <= 4
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    nonces.close()
