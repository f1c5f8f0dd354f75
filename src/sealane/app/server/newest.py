"""Several logs of the store read as one."""

import heapq
from collections.abc import Iterable, Sequence
from itertools import islice

from sealane.reconcile import Entry, Store


def newest(
    store: Store, logs: Iterable[str], since_ms: int | None, before: tuple[int, int] | None, limit: int
) -> Sequence[Entry]:
    """Entries, the newest first.

    Args:
        store: Has the logs.
        logs: Their names.
        since_ms: Leaves out what is older; None leaves out nothing.
        before: Time and number of the last one that is known already; None begins with the newest.
        limit: How many at most.
    """
    found = (store.log(one, since_ms=since_ms, before=before, limit=limit, newest_first=True) for one in logs)
    merged = heapq.merge(*found, key=lambda one: (one.at_ms, one.number), reverse=True)
    return list(islice(merged, limit))
