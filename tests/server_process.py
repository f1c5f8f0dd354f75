"""A server in a process of its own, with a state directory that goes with the test."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from sealane.app.controller import Controller, networks_present
from sealane.store import SqliteStore

SEALANE = Path(sys.executable).with_name("sealane")


@dataclass
class Served:
    """A running server and the key of its first account."""

    state: Path
    port: int = 0
    process: subprocess.Popen | None = field(default=None, repr=False)

    @property
    def endpoint(self):
        return f"127.0.0.1:{self.port}"

    @property
    def key(self):
        told = dict(line.split("=", 1) for line in (self.state / "credentials").read_text().split())
        return told["ALIBABA_CLOUD_ACCESS_KEY_ID"], told["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]

    def start(self):
        if not self.port:
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                self.port = one.getsockname()[1]
        command = [SEALANE, "serve", "--listen", self.endpoint, "--state", self.state]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.stderr.read().decode()
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the server does not listen")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(30)
        self.process.stderr.close()

    def prefix(self):
        store = SqliteStore(self.state)
        try:
            return dict(store.read("server")).get("prefix", b"none").decode()
        finally:
            store.close()

    def clean(self):
        """End the server and remove what its networks left."""
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGKILL)
        prefix = self.prefix()
        for name in networks_present():
            if name.startswith(prefix):
                Controller(name).down()

    def native(self, method, path, body=None):
        """A call of /v1; the answer as JSON, None without one."""
        shown = b64encode(":".join(self.key).encode()).decode()
        request = urllib.request.Request(
            f"http://{self.endpoint}/v1{path}",
            None if body is None else json.dumps(body).encode(),
            {"content-type": "application/json", "authorization": f"Basic {shown}"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(text) if text else None
