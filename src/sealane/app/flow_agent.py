"""Measures how long traffic stops: UDP flows at 100 packets a second each, echoed by the far end.

Run inside a host's namespace, as ``echo PORT`` or ``send SOURCE DESTINATION PORT FLOWS INTERVAL_MS RESULT``; ended by
SIGTERM, upon which the sender writes its result. Uses the standard library only and knows nothing of Sealane.
"""

import json
import select
import signal
import socket
import struct
import sys
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
    try:
        while True:
            payload = struct.pack(">I", sequence)
            for one in sockets:
                try:
                    one.sendto(payload, (destination, port))
                except OSError:
                    continue  # unreachable or an ICMP error: a lost probe
            sequence += 1
            _collect(poller, sockets, numbers, answered, started + sequence * interval_ms / 1000)
    except _Ended:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _collect(poller, sockets, numbers, answered, time.monotonic() + _TAIL_S)
        summary = [_summary(got, sequence, interval_ms) for got in answered]
        with open(result, "w", encoding="ascii") as file:  # noqa: PTH123
            json.dump({"started": started, "interval_ms": interval_ms, "flows": summary}, file)


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
