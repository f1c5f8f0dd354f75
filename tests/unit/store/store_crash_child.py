"""Commits numbered batches from several threads until it is killed; tells each one that was acknowledged.

It tells ``0`` before it opens the store. A planted mistake shows that the law notices it.
"""

import os
import sys
import threading
from pathlib import Path

from sealane.reconcile import Append, Put, Remove
from sealane.store import SqliteStore

PARTS = 4
THREADS = 3


def batch(thread: int, number: int) -> list[Put | Append | Remove]:
    keys = [Put("parts", f"{thread}/{number}/{part}", os.urandom(300)) for part in range(PARTS)]
    return [
        *keys[:2],
        Append("log", number, str(thread).encode()),
        Remove("newest", f"{thread}/{number - 1}"),
        *keys[2:],
        Put("newest", f"{thread}/{number}", b""),
    ]


def work(store: SqliteStore, thread: int, number: int, planted: str) -> None:
    while True:
        changes, told = batch(thread, number), f"{thread} {number}\n".encode()
        if planted == "acknowledged-before":
            os.write(1, told)
        if planted == "split":
            store.commit(changes[:3])
            store.commit(changes[3:])
        else:
            store.commit(changes)
        if planted != "acknowledged-before":
            os.write(1, told)
        number += 1


def main() -> None:
    os.write(1, b"0\n")
    store = SqliteStore(Path(sys.argv[1]))
    numbers = {int(key.split("/")[0]): int(key.split("/")[1]) + 1 for key, _ in store.read("newest")}
    for thread in range(THREADS):
        threading.Thread(target=work, args=(store, thread, numbers.get(thread, 1), sys.argv[2])).start()


if __name__ == "__main__":
    main()
