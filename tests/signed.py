"""Requests signed by the SDK's own signer, in its own words for them."""

import hashlib
import itertools
import time
from types import SimpleNamespace
from urllib.parse import urlencode

from alibabacloud_tea_openapi.utils import Utils

from sealane.api.openapi.wire import Wire
from served import KEY

NOW_MS = 1_790_000_000_000
_NONCES = itertools.count()


def stamp(at_ms):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms // 1000))


def v3(query, form=None, *, key=KEY, at_ms=NOW_MS, nonce=None, method="POST", body=None, kind=None, **headers):
    """A request of version 3; headers are given with underscores and win over those that are usual."""
    body = urlencode(form).encode() if form else body or b""
    usual = {
        "host": "127.0.0.1:80",
        "x-acs-action": "CreateVpc",
        "x-acs-version": "2016-04-28",
        "x-acs-date": stamp(at_ms),
        "x-acs-signature-nonce": nonce or f"nonce-{next(_NONCES)}",
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "user-agent": "a  client",
    }
    if body:
        usual["content-type"] = kind or "application/x-www-form-urlencoded"
    if key.token is not None:
        usual["x-acs-security-token"] = key.token.reveal()
        usual["x-acs-accesskey-id"] = key.id
    usual |= {name.replace("_", "-"): value for name, value in headers.items()}
    usual = {name: value for name, value in usual.items() if value is not None}
    request = SimpleNamespace(method=method, pathname="/", query=query, headers=usual)
    digest = usual.get("x-acs-content-sha256", "")
    authorization = Utils.get_authorization(request, "ACS3-HMAC-SHA256", digest, key.id, key.secret.reveal())
    sent = {**usual, "authorization": authorization}
    return Wire(method, "/", urlencode(query).encode(), {name: (value,) for name, value in sent.items()}, body)


def v1(query, form=None, *, key=KEY, at_ms=NOW_MS, nonce=None, method="POST", **protocol):
    """A request of version 1.0."""
    form = form or {}
    usual = {
        "Action": "CreateVpc",
        "Version": "2016-04-28",
        "Timestamp": stamp(at_ms),
        "SignatureNonce": nonce or f"nonce-{next(_NONCES)}",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "AccessKeyId": key.id,
    }
    if key.token is not None:
        usual["SecurityToken"] = key.token.reveal()
    usual |= protocol
    query = {**{name: value for name, value in usual.items() if value is not None}, **query}
    signature = Utils.get_rpcsignature({**query, **form}, method, key.secret.reveal())
    headers = {"host": ("127.0.0.1:80",)}
    if form:
        headers["content-type"] = ("application/x-www-form-urlencoded",)
    query = {**query, "Signature": signature}
    return Wire(method, "/", urlencode(query).encode(), headers, urlencode(form).encode())
