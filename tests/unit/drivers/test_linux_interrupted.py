"""Reading the host is left off between two namespaces."""

import pytest

from sealane.drivers.linux import LinuxDriver, driver
from sealane.reconcile import Interrupted


def test_no_further_namespace_is_read_once_something_is_more_urgent(monkeypatch):
    read = []
    monkeypatch.setattr(driver, "list_namespaces", lambda _: [f"n{number}" for number in range(100)])
    monkeypatch.setattr(driver, "_observe_namespace", lambda space: read.append(space) or driver.SeenNamespace())
    assert LinuxDriver("n").observe() == ()
    assert len(read) == 100
    read.clear()
    with pytest.raises(Interrupted):
        LinuxDriver("n", lambda: len(read) >= 10).observe()
    assert 10 <= len(read) < 20
