"""A server that cannot listen says so before it starts anything."""

import resource
import socket
from unittest import mock

import pytest

from sealane.api.serve import Listener
from sealane.diag import Fault


@pytest.mark.parametrize(
    ("host", "port", "answer"),
    [("127.0.0.1", None, "Address already in use"), ("198.51.100.1", 0, "Cannot assign requested address"),
     ("nowhere.invalid", 1, "")],
)
def test_an_address_that_cannot_be_had_is_told(host, port, answer):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1] if port is None else port
        with pytest.raises(Fault, match=f"listen at {host}:{wanted}: {answer}") as told:
            Listener(mock.MagicMock(), host, wanted, None)
    assert "--listen" in told.value.remedy


def test_connections_leave_files_for_what_looks_after_the_networks():
    """With the usual limit of 1024 files, a stranger's 1000 connections would keep the networks from being repaired."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= 2000, "this host allows fewer files"
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        for _ in range(2):
            with pytest.raises(Fault):
                Listener(mock.MagicMock(), "198.51.100.1", 0, None)
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (2000, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
