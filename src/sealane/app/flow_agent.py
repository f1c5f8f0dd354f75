"""Traffic for measurements, run inside a host's namespace.

``echo PORT`` answers datagrams; ``send SOURCE DESTINATION PORT FLOWS INTERVAL_MS RESULT`` sends UDP flows and, ended by
SIGTERM, writes what came back. ``sink PORT`` takes TCP connections and tells each how many bytes it got; ``push
DESTINATION PORT CONNECTIONS BYTES RESULT`` sends bytes on each and writes what the sink confirmed. Uses the standard
library only and knows nothing of Sealane.
"""

import json
import select
import signal
import socket
import struct
import sys
import threading
import time

_TAIL_S = 0.5


class _Ended(Exception):  # noqa: N818
    """SIGTERM came."""


def _on_term(*_: object) -> None:
    raise _Ended


def echo(port: int) -> None:
    """Answer every datagram."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    server.bind(("0.0.0.0", port))  # noqa: S104 - inside a namespace of our own
    try:
        while True:
            data, peer = server.recvfrom(2048)
            try:
                server.sendto(data, peer)
            except OSError:
                continue  # no route at the moment: that is what is measured
    except _Ended:
        return


def send(*, source: str, destination: str, port: int, flows: int, interval_ms: int, result: str) -> None:
    """Send on ``flows`` sockets and write what came back."""
    sockets = []
    for index in range(flows):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((source, port + 1 + index))
        one.setblocking(False)
        sockets.append(one)
    answered: list[set[int]] = [set() for _ in sockets]
    started = time.monotonic()
    sequence = 0
    poller = select.poll()
    numbers = {one.fileno(): index for index, one in enumerate(sockets)}
    for one in sockets:
        poller.register(one, select.POLLIN)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())  # between two rounds: what was sent is counted
    while not ended.is_set():
        payload = struct.pack(">I", sequence)
        for one in sockets:
            try:
                one.sendto(payload, (destination, port))
            except OSError:
                continue  # unreachable or an ICMP error: a lost probe
        sequence += 1
        _collect(poller, sockets, numbers, answered, started + sequence * interval_ms / 1000)
    _collect(poller, sockets, numbers, answered, time.monotonic() + _TAIL_S)
    summary = [_summary(got, sequence, interval_ms) for got in answered]
    with open(result, "w", encoding="ascii") as file:  # noqa: PTH123
        json.dump({"started": started, "interval_ms": interval_ms, "flows": summary}, file)


def sink(port: int) -> None:
    """Count what arrives on each connection and tell the sender at its end."""
    server = socket.create_server(("0.0.0.0", port), backlog=64)  # noqa: S104 - inside a namespace of our own
    try:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_count, args=(connection,), daemon=True).start()
    except _Ended:
        return


def _count(connection: socket.socket) -> None:
    with connection:
        total = 0
        while data := connection.recv(1 << 16):
            total += len(data)
        connection.sendall(struct.pack(">Q", total))


def push(destination: str, port: int, connections: int, size: int, result: str) -> None:
    """Send ``size`` bytes on each of ``connections`` at once and write what was confirmed."""
    confirmed = [0] * connections
    block = bytes(range(256)) * 256

    def one(index: int) -> None:
        with socket.create_connection((destination, port), timeout=30) as connection:
            left = size
            while left > 0:
                left -= connection.send(block[: min(left, len(block))])
            connection.shutdown(socket.SHUT_WR)
            confirmed[index] = struct.unpack(">Q", connection.recv(8, socket.MSG_WAITALL))[0]

    begun = time.monotonic()
    threads = [threading.Thread(target=one, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(result, "w", encoding="ascii") as file:  # noqa: PTH123
        json.dump({"confirmed": confirmed, "duration_s": time.monotonic() - begun}, file)


def _collect(poller, sockets, numbers, answered, until) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    while (left := until - time.monotonic()) > 0:
        for descriptor, _ in poller.poll(left * 1000):
            index = numbers[descriptor]
            try:
                data = sockets[index].recv(64)
            except OSError:
                continue
            if len(data) == 4:  # noqa: PLR2004
                answered[index].add(struct.unpack(">I", data)[0])


def _summary(got: set[int], sent: int, interval_ms: int) -> dict[str, float]:
    longest = run = start = best = 0
    for number in range(sent):
        if number in got:
            run = 0
            continue
        if run == 0:
            start = number
        run += 1
        if run > longest:
            longest, best = run, start
    return {
        "sent": sent,
        "received": len(got),
        "longest_gap_ms": longest * interval_ms,
        "gap_at_ms": best * interval_ms,
    }


def main(arguments: list[str]) -> None:
    """Entry point."""
    signal.signal(signal.SIGTERM, _on_term)
    if arguments[0] == "echo":
        echo(int(arguments[1]))
    elif arguments[0] == "sink":
        sink(int(arguments[1]))
    elif arguments[0] == "push":
        push(arguments[1], int(arguments[2]), int(arguments[3]), int(arguments[4]), arguments[5])
    else:
        source, destination, port, flows, interval_ms, result = arguments[1:]
        send(
            source=source,
            destination=destination,
            port=int(port),
            flows=int(flows),
            interval_ms=int(interval_ms),
            result=result,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
