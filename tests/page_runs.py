"""Runs the code blocks of a page against a server, as a reader would in one shell after another."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DEFAULT_ENDPOINT, DEFAULT_STATE = "127.0.0.1:8750", "/var/lib/sealane"
_ENDED = "printf '\\nENDED\\n'; env -0"


@dataclass
class Reader:
    """Somebody who pastes what a page shows; what a shell exports stays exported.

    Args:
        endpoint: Where the server listens that stands for the page's.
        state: Its state directory.
    """

    endpoint: str
    state: Path
    environment: dict[str, str] = field(default_factory=lambda: {
        **os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})

    def written(self, text: str) -> str:
        """A block with the server's own address and directory; sealane finds it by its default otherwise."""
        found = text.replace(DEFAULT_ENDPOINT, self.endpoint).replace(DEFAULT_STATE, str(self.state))
        for verb in ("apply", "call", "destroy", "export"):
            found = found.replace(f"sealane {verb} ", f"sealane {verb} --endpoint {self.endpoint} ")
        return found

    def paste(self, language: str, text: str) -> str:
        """Run one block; its output.

        Raises:
            AssertionError: It failed.
        """
        written = self.written(text)
        if language == "sh":
            command = ["bash", "-euc", f"{written}\n{_ENDED}"]
        elif language == "python":
            command = [sys.executable, "-c", written]
        else:
            command = [ROOT / ".venv/bin/node", "-e", written]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=240,
                              check=False)
        assert done.returncode == 0, f"{written}\n{done.stdout}\n{done.stderr}"
        if language != "sh":
            return done.stdout
        shown, _, exported = done.stdout.rpartition("\nENDED\n")
        self.environment = dict(one.split("=", 1) for one in exported.split("\0") if "=" in one)
        return shown
