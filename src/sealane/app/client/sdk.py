"""The official SDK as the client, and ``/v1`` beside it."""

import base64
import importlib
import ipaddress
import json
import os
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sealane.app.client.session import Answer, Refused
from sealane.diag import Fault
from sealane.net import Secret

_PACKAGES = {"Vpc": "alibabacloud_vpc20160428", "Cbn": "alibabacloud_cbn20170912", "Ecs": "alibabacloud_ecs20140526"}
_TIMEOUT_MS = 60_000
_ID, _SECRET = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key; ``token`` comes with a temporary one."""

    id: str
    secret: Secret
    token: Secret | None = None


def access_key(file: Path | None) -> AccessKey:
    """The key in a file of ``KEY=VALUE`` lines, else in the environment.

    Raises:
        Fault: There is none.
    """
    if file is None:
        told = dict(os.environ)
    else:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise Fault(f"read the access key from {file}", getattr(error, "strerror", None) or "it is no text",
                        "name the file that sealane serve wrote, STATE/credentials") from None
        told = dict(line.strip().split("=", 1) for line in lines if "=" in line)
    if not told.get(_ID) or not told.get(_SECRET):
        raise Fault("find the access key", f"{_ID} or {_SECRET} is not {'in ' + str(file) if file else 'set'}",
                    "set both, or name a file of both with --credentials")
    token = told.get("ALIBABA_CLOUD_SECURITY_TOKEN")
    return AccessKey(told[_ID], Secret(told[_SECRET]), Secret(token) if token else None)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API is; an empty ``url`` is the real cloud, where the SDK knows each product's address."""

    url: str

    @property
    def is_ours(self) -> bool:
        """True at a loopback address, where nothing but ``sealane serve`` would be."""
        host = urlsplit(self.url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return self.url or "the real cloud"


def endpoint(text: str | None) -> Endpoint:
    """The endpoint of an option; without a scheme it is HTTP at a loopback address and HTTPS elsewhere."""
    if not text:
        return Endpoint("")
    if "://" in text:
        return Endpoint(text.rstrip("/"))
    plain = Endpoint(f"http://{text}")
    return plain if plain.is_ours else Endpoint(f"https://{text}")


@dataclass(slots=True)
class SdkCloud:
    """Calls through the SDK's own models, so that what it does not know is never sent."""

    endpoint: Endpoint
    key: AccessKey = field(repr=False)
    region: str = "cn-hangzhou"
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def call(self, product: str, action: str, /, **params: Any) -> Answer:
        """As in Cloud."""
        client, models, errors = self._product(product)
        request = getattr(models, f"{action}Request")().from_map(params)
        unknown = params.keys() - request.to_map().keys() - {"RegionId"}  # the client has a region of its own
        if unknown:
            raise Fault(f"call {action}", f"the SDK does not know {', '.join(sorted(unknown))}",
                        "install the versions that sealane[client] asks for")
        try:
            answer: Answer = client[action.lower()](request).body.to_map()
        except errors as error:
            raise Refused(str(error.code), _first_line(error), f"call {action} at {self.endpoint}") from None
        except Exception as error:  # noqa: BLE001 - whatever the SDK's transport raises
            raise _unreached(f"call {action} at {self.endpoint}", self.endpoint, error) from None
        return answer

    def _product(self, product: str) -> tuple[dict[str, Any], Any, Any]:
        if product not in self._clients:
            try:
                package = _PACKAGES[product]
                api, models = (importlib.import_module(f"{package}.{part}") for part in ("client", "models"))
                shared = importlib.import_module("alibabacloud_tea_openapi.models")
                errors = importlib.import_module("alibabacloud_tea_openapi.exceptions")
            except ImportError as error:
                raise Fault("load the cloud's SDK", f"{error.name} is not installed",
                            "pip install 'sealane[client]'") from None
            client = api.Client(shared.Config(**self._config()))
            methods = {name.replace("_", ""): getattr(client, name) for name in dir(client) if not name.startswith("_")}
            self._clients[product] = methods, models, (errors.ClientException, errors.ServerException)
        found: tuple[dict[str, Any], Any, Any] = self._clients[product]
        return found

    def _config(self) -> dict[str, Any]:
        at = urlsplit(self.endpoint.url)
        where = {"endpoint": at.netloc, "protocol": at.scheme} if self.endpoint.url else {}
        return {"access_key_id": self.key.id, "access_key_secret": self.key.secret.reveal(), "region_id": self.region,
                "security_token": self.key.token.reveal() if self.key.token else None,
                "read_timeout": _TIMEOUT_MS, "connect_timeout": _TIMEOUT_MS, **where}


def _first_line(error: Any) -> str:
    text = str(getattr(error, "message", None) or error)
    return text.strip().partition("\n")[0][:500]


_REASON = re.compile(r"\[(Errno|SSL)[^\]]*\] ([^'\"()\\<>]+)")


def _unreached(call: str, endpoint: Endpoint, error: Exception) -> Fault:
    """No answer came; the transports wrap the reason several times."""
    found = _REASON.search(str(error))
    if found and found[1] == "SSL":
        return Fault(call, f"TLS: {found[2].strip()}",
                     "write http:// or https:// in the endpoint as it listens, and have its certificate trusted here")
    answer = found[2].strip() if found else f"{type(error).__name__}: {_first_line(error)}"
    remedy = "start sealane serve, or name where it listens with --endpoint" if endpoint.is_ours else (
        "see that the endpoint is right and can be reached")
    return Fault(call, answer, remedy)


def _told(body: bytes, call: str) -> tuple[str, str, str]:
    """What a problem document and its findings say, the call, and the remedy; anything else as it is."""
    text = body.decode(errors="replace")
    try:
        told = json.loads(text)
        found = [f"{one['code']} {one['subject']}: {one['problem']}; {one['remedy']}"
                 for one in told.get("findings", ())]
        return "\n  ".join([str(told["detail"]), *found]), call, str(told.get("remedy", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return text[:2000], call, ""


@dataclass(frozen=True, slots=True)
class NativeClient:
    """``/v1`` of ``sealane serve``."""

    endpoint: Endpoint
    key: AccessKey = field(repr=False)

    def __call__(self, method: str, path: str, body: object = None) -> Answer:
        """As in Native."""
        call = f"{method} {self.endpoint}/v1{path}"
        shown = base64.b64encode(f"{self.key.id}:{self.key.secret.reveal()}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the scheme is http or https
            f"{self.endpoint.url}/v1{path}", None if body is None else json.dumps(body).encode(),
            {"content-type": "application/json", "authorization": f"Basic {shown}"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_MS / 1000) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(f"HTTP {error.code}", *_told(error.read(), call)) from None
        except (OSError, HTTPException) as error:
            raise _unreached(call, self.endpoint, error) from None
        found: Answer = json.loads(text) if text else {}
        return found
