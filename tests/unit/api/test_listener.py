"""A server that cannot listen says so before it starts anything."""

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
