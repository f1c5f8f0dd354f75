"""The cloud's RPC API over HTTP: parameters, signatures, limits and the forms of answers. Knows no operation.

``make_app`` gives the application for ``/``; ``uvicorn_config`` serves it with limits on connections and slow clients.
Nothing here logs a parameter, a signature or a secret.
"""

from sealane.api.openapi.app import make_app
from sealane.api.openapi.contract import Answer, Caller, Dispatch, Key, Keys, Refused, Request, Watch
from sealane.api.openapi.limits import Limits, Rate
from sealane.api.openapi.products import VERSIONS
from sealane.api.openapi.server import Tls, uvicorn_config

__all__ = [
    "VERSIONS",
    "Answer",
    "Caller",
    "Dispatch",
    "Key",
    "Keys",
    "Limits",
    "Rate",
    "Refused",
    "Request",
    "Tls",
    "Watch",
    "make_app",
    "uvicorn_config",
]
