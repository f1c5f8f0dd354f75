"""The forms of answers: JSON, and XML for clients of old."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sealane.cloud import CloudError, Fields, Json

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

RECOMMEND = {
    "InvalidTimeStamp.Expired": "Set the clock of the client, or of the server, to the right time.",
    "InvalidAccessKeyId.NotFound": "Use an access key of this server; it does not know those of other endpoints.",
    "InvalidAccessKeyId.Inactive": "Switch the access key on, or use another one.",
    "SignatureDoesNotMatch": "Check the secret of the access key, and that nothing changes requests on their way.",
    "SignatureNonceUsed": "Sign each request anew, with a nonce of its own.",
    "InvalidVersion": "Use one of the versions 2016-04-28 (Vpc), 2017-09-12 (Cbn), 2014-05-26 (Ecs), 2019-01-01 (Cms).",
    "InvalidAction.NotFound": "See docs/openapi-coverage.md for what is served.",
    "Throttling.User": "Wait a second and send the request again.",
    "Throttling.Api": "Wait a second and send the request again.",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as it goes over the wire."""

    status: int
    content_type: str
    body: bytes


def error_body(error: CloudError, host: str) -> Fields:
    """What is told of a refusal; ``host`` is how the client called the server."""
    return {
        "HostId": host,
        "Code": error.code,
        "Message": error.message,
        "Recommend": RECOMMEND.get(error.code, ""),
    }


def render(status: int, body: Fields, *, root: str, request_id: str, xml: bool) -> Rendered:
    """The answer with its RequestId; ``root`` names the outermost XML element."""
    whole = {**body, "RequestId": request_id}
    if xml:
        text = f"<?xml version='1.0' encoding='UTF-8'?>{''.join(_element(root, whole))}"
        return Rendered(status, "text/xml;charset=utf-8", text.encode())
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return Rendered(status, "application/json;charset=utf-8", text.encode())


def _element(name: str, value: Json) -> Iterator[str]:
    """An element; a list becomes one element for each item, None becomes nothing."""
    tag = name if _XML_NAME.fullmatch(name) else "_"
    match value:
        case None:
            return
        case str():
            yield f"<{tag}>{escape(_NOT_XML.sub(chr(0xFFFD), value))}</{tag}>"
        case bool():
            yield f"<{tag}>{'true' if value else 'false'}</{tag}>"
        case Mapping():
            yield f"<{tag}>"
            for key, inner in value.items():
                yield from _element(key, inner)
            yield f"</{tag}>"
        case int() | float():
            yield f"<{tag}>{value}</{tag}>"
        case _:
            for one in value:
                yield from _element(tag, one)
