"""The application served on a loopback port, with a dispatcher that echoes."""

import socket
import threading
import time
from contextlib import contextmanager

import uvicorn

from sealane.api.openapi import Answer, Key, Limits, make_app, uvicorn_config
from sealane.net import Secret

ACTIONS = {
    "Vpc": {"CreateVpnAttachment", "DescribeVpcs", "CreateVpc"},
    "Cbn": {"CreateTransitRouterCidr"},
    "Ecs": {"DescribeInstances"},
    "Cms": {"DescribeMetricList"},
}
KEY = Key("LTAIlasting", Secret("the-secret"), "1000000000000001", "operator")
OFF = Key("LTAIoff", Secret("the-secret"), "1000000000000001", active=False)
EXPIRES_MS = 4_000_000_000_000
TEMPORARY = Key(
    "STS.temporary",
    Secret("other-secret"),
    "1000000000000002",
    token=Secret("the+token/=="),
    expires_ms=EXPIRES_MS,
)


class SomeKeys:
    def __init__(self, *keys):
        self._keys = {one.id: one for one in keys}

    def find(self, access_key_id):
        return self._keys.get(access_key_id)


KEYS = SomeKeys(KEY, OFF, TEMPORARY)


class Service:
    """Answers with what it was told to, and keeps the calls."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.calls = []
        self.answer = lambda request: Answer(200, {"Echo": request.flat.get("Name", "")})

    def __call__(self, request):
        self.calls.append(request)
        return self.answer(request)


@contextmanager
def serving(service, limits=None, keys=KEYS, tls=None, **options):
    limits = limits or Limits()
    app = make_app(service, keys, limits, actions=ACTIONS, **options)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn_config(app, limits, tls=tls))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.002)
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
