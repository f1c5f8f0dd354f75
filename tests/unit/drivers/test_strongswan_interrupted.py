"""Ctrl-C while charon is spoken to ends the command as it does at any other time."""

import socket
import threading
from pathlib import Path

import pytest
from vici.protocol import Packet, Transport

from sealane.diag import Fault
from sealane.drivers.strongswan import io


def serve(listener: socket.socket, answers: list[int | None]) -> None:
    """Answer each packet with one of a type; None: with nothing."""
    connection, _ = listener.accept()
    with connection:
        for answer in answers:
            size = int.from_bytes(connection.recv(4), "big")
            connection.recv(size)
            if answer is not None:
                connection.sendall((1).to_bytes(4, "big") + bytes([answer]))


@pytest.mark.parametrize(("interrupted", "expected"), [(True, KeyboardInterrupt), (False, Fault)])
def test_an_interruption_is_not_hidden_by_a_late_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, interrupted: bool, expected: type[BaseException]
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "charon.vici"))
        listener.listen()
        # the request is answered only when the client has given up and says that it wants no more events
        late = [Packet.EVENT_CONFIRM, None, Packet.CMD_RESPONSE]
        odd = [Packet.EVENT_CONFIRM, Packet.CMD_UNKNOWN, Packet.CMD_RESPONSE]
        charon = threading.Thread(target=serve, args=(listener, late if interrupted else odd))
        charon.start()
        if interrupted:
            whole, received = Transport.receive, []

            def receive(self: Transport) -> bytes:
                received.append(None)
                if len(received) == 2:
                    raise KeyboardInterrupt
                return whole(self)

            monkeypatch.setattr(Transport, "receive", receive)
        with pytest.raises(expected), io.vici_session(tmp_path) as session:
            list(session.initiate({"child": "x"}))
        charon.join()


def test_a_failure_while_an_interruption_is_cleaned_up_is_told_as_one(tmp_path: Path) -> None:
    def clean_up() -> None:
        with pytest.raises(Fault), io.vici_session(tmp_path):  # no charon is there
            pass

    def interrupted() -> None:
        raise KeyboardInterrupt

    try:
        interrupted()
    except KeyboardInterrupt:
        clean_up()
