"""How many commits were acknowledged, told beside the database so that a shortened one is noticed.

SQLite takes a write-ahead log that ends early for one that a crash cut off. After a crash that is right, since only
what was never acknowledged is missing; a log that was cut short later loses acknowledged commits without a word. The
mark is written after each commit and not synced: it never tells of more commits than there were, and survives a killed
process.
"""

import os
from contextlib import suppress
from pathlib import Path

_WIDTH = 64


class Mark:
    """The file ``state.db.mark``.

    Raises:
        OSError: It can neither be opened nor made.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.mark")
        self._descriptor = -1

    def read(self) -> tuple[str, int]:
        """Lineage and number of commits; an empty lineage when there is no mark or it cannot be read."""
        try:
            lineage, commits = self._path.read_text("ascii").split()
            return lineage, int(commits)
        except (OSError, ValueError):
            return "", 0

    def write(self, lineage: str, commits: int) -> None:
        """Tell it; a mark that cannot be written stays behind, which is safe."""
        with suppress(OSError):
            if self._descriptor < 0:
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._descriptor, f"{lineage} {commits}".ljust(_WIDTH - 1).encode() + b"\n", 0)

    def close(self) -> None:
        """Give the file back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
