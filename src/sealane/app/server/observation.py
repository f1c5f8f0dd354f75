"""What runs, read every second and told under the ids of documents: in a server's plans these are the names."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from sealane.app.controller import Drivers
from sealane.app.server.events import Event
from sealane.app.server.reading import Made, Reading, Snapshot
from sealane.app.server.trial import reason_of
from sealane.cloud.observed import LearnedRoute, LogLine, Point, SeenPeer, SeenRoute, SeenTunnel
from sealane.diag import Fault
from sealane.host import read_text
from sealane.lower import PlacedEnd

_POINTS_KEPT = 3600
_GONE_AFTER_MS = 3_600_000
"""After so long without a point what was measured is taken to be gone, and its points go too."""
_ITSELF = "observation"
"""Subject of events about no network."""
_PATIENCE = 5
"""Readings that a network which is just being changed may fail, as long as that is because the host refuses."""
_TOLD_AGAIN_S = 60.0


class Observation:
    """Implements ``cloud.observed.Observed`` from snapshots; reads the host in a thread of its own.

    Args:
        made: The networks that are up, by name.
        now_ms: Wall clock.
        tell: Takes events.
        interval_s: Time between two readings.
    """

    def __init__(
        self, made: Callable[[], Mapping[str, Made]], now_ms: Callable[[], int], *,
        tell: Callable[[Event], None], interval_s: float = 1.0,
    ) -> None:
        self._made = made
        self._now_ms = now_ms
        self._tell = tell
        self._interval_s = interval_s
        self._failures: dict[str, int] = {}
        self._told_s: dict[str, float] = {}
        self._readings: dict[str, tuple[Made, Reading]] = {}
        self._snapshots: Mapping[str, Snapshot] = {}
        self._logs: Mapping[str, tuple[tuple[str, PlacedEnd, Drivers], ...]] = {}
        self._points: dict[tuple[str, str], deque[Point]] = {}
        self._stopped = threading.Event()

    def run(self) -> None:
        """Read until stopped, whatever happens; never more than a third of the time."""
        took_s = 0.0
        while not self._stopped.wait(max(self._interval_s, 2 * took_s)):
            begun_s = time.monotonic()
            try:
                self.read()
                self._failures.pop(_ITSELF, None)
            except Exception as error:  # noqa: BLE001 - whatever it is, the networks must go on being watched
                with suppress(Exception):
                    self._failed(_ITSELF, error)
            took_s = time.monotonic() - begun_s

    def stop(self) -> None:
        """End ``run``."""
        self._stopped.set()

    def read(self) -> None:
        """Read every network once."""
        snapshots: dict[str, Snapshot] = {}
        logs: dict[str, tuple[tuple[str, PlacedEnd, Drivers], ...]] = {}
        present = self._made()
        for gone in self._readings.keys() - present.keys():
            del self._readings[gone]
        for name, made in present.items():
            try:
                reading = self._reading(name, made)
                logs |= reading.logs()
                snapshots[name] = reading.snapshot()
                self._failures.pop(name, None)
            except Exception as error:  # noqa: BLE001 - what is odd about one network hides no other, now or later
                snapshots[name] = Snapshot()
                self._failed(name, error, made.account)
        self._snapshots, self._logs = snapshots, logs
        for gone in self._failures.keys() - snapshots.keys() - {_ITSELF}:
            del self._failures[gone]
            self._told_s.pop(gone, None)
        now_ms = self._now_ms()
        for snapshot in snapshots.values():
            for key, value in (*snapshot.counters.items(), *snapshot.metered_now.items()):
                self._points.setdefault(key, deque(maxlen=_POINTS_KEPT)).append(Point(now_ms, value))
        for key in [key for key, points in self._points.items() if points[-1].at_ms < now_ms - _GONE_AFTER_MS]:
            del self._points[key]

    def _reading(self, name: str, made: Made) -> Reading:
        """What reads a network; as long as that stays as it was made, it knows what it read."""
        known = self._readings.get(name)
        if known is None or known[0] is not made:
            known = self._readings[name] = made, Reading(made)
        return known[1]

    def _failed(self, subject: str, error: Exception, account: str = "") -> None:
        """Tell that something cannot be read: once a minute, and what the host refuses only when it goes on."""
        self._failures[subject] = self._failures.get(subject, 0) + 1
        if isinstance(error, Fault) and self._failures[subject] < _PATIENCE:
            return
        now_s = time.monotonic()
        if now_s - self._told_s.get(subject, -_TOLD_AGAIN_S) >= _TOLD_AGAIN_S:
            self._told_s[subject] = now_s
            self._tell(Event(subject, "failed", f"it cannot be watched: {reason_of(error)}", account))

    def tunnel(self, tunnel_id: str) -> SeenTunnel:
        """See Observed."""
        return next((one.tunnels[tunnel_id] for one in self._all() if tunnel_id in one.tunnels), SeenTunnel())

    def table(self, table_id: str) -> Sequence[SeenRoute]:
        """See Observed."""
        return next((one.tables[table_id] for one in self._all() if table_id in one.tables), ())

    def learned(self, instance_id: str) -> Sequence[LearnedRoute]:
        """See Observed."""
        return next((one.learned[instance_id] for one in self._all() if instance_id in one.learned), ())

    def vco_routes(self, connection_id: str) -> Sequence[LearnedRoute]:
        """See Observed."""
        return next((one.vco_routes[connection_id] for one in self._all() if connection_id in one.vco_routes), ())

    def peer(self, peer_id: str) -> SeenPeer:
        """See Observed."""
        return next((one.peers[peer_id] for one in self._all() if peer_id in one.peers), SeenPeer())

    def log(self, connection_id: str, tunnel_id: str, from_ms: int, to_ms: int) -> Sequence[LogLine]:
        """See Observed."""
        found: list[LogLine] = []
        for one, end, drivers in self._logs.get(connection_id, ()):
            if tunnel_id in ("", one):
                text = read_text(drivers.strongswan.directory(end.charon) / "charon.log") or ""
                found += (line for line in read_log(text) if from_ms <= line.at_ms <= to_ms)
        return sorted(found, key=lambda line: line.at_ms)

    def metric(self, name: str, instance: str, from_ms: int, to_ms: int) -> Sequence[Point]:
        """See Observed."""
        return tuple(one for one in tuple(self._points.get((instance, name), ())) if from_ms <= one.at_ms <= to_ms)

    def latest(self, instance: str) -> Mapping[str, float]:
        """The last value of every counter of an instance, by name."""
        counters = (item for one in self._all() for item in (*one.counters.items(), *one.metered.items()))
        return {name: value for (whose, name), value in counters if whose == instance}

    def _all(self) -> Iterable[Snapshot]:
        return self._snapshots.values()


_LOG_LINE = re.compile(
    r"^(?P<date>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)\.(?P<ms>\d{3}) (?P<text>\d+\[[A-Z0-9]{3}\].*)$"
)


def read_log(text: str) -> Iterator[LogLine]:
    """Lines of a charon's log; a line that continues another has its time."""
    at_ms = 0
    for line in text.splitlines():
        found = _LOG_LINE.match(line)
        if found is None:
            yield LogLine(at_ms, "INFO", line)
            continue
        stamp = time.strptime(f"{found['date']} {found['time']}", "%Y-%m-%d %H:%M:%S")
        at_ms = int(time.mktime(stamp)) * 1000 + int(found["ms"])
        yield LogLine(at_ms, "INFO", found["text"])
