"""Errors as problem+json (RFC 9457): type, title, status, detail, and findings where input was wrong."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sealane.app.server.things import Unknown
from sealane.diag import Fault, Finding

MEDIA_TYPE = "application/problem+json"


_TEXT = {"type": "string"}
_FINDING = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("code", "severity", "subject", "problem", "remedy"), _TEXT),
        "seen_at": {"type": "array"},
    },
}
_SCHEMA = {
    "type": "object",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "remedy": _TEXT,
        "findings": {"type": "array", "items": _FINDING},
    },
    "required": ["type", "title", "status", "detail"],
}


def _documented(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _documented("The request is no HTTP of this API"),
    401: _documented("No access key, or a wrong one"),
    403: _documented("Not allowed"),
    404: _documented("No such thing"),
    413: _documented("The body is too large"),
    422: _documented("The input is wrong; nothing was changed"),
    429: _documented("Too many calls, or too much work at once"),
    503: _documented("The host refused"),
}
"""What any operation may answer instead, for the OpenAPI document."""


class BadInput(Exception):  # noqa: N818 - an answer, not a fault
    """The input has findings; nothing was changed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(len(findings))
        self.findings = tuple(findings)


def problem(status: int, title: str, detail: str, **more: object) -> JSONResponse:
    """An error as the client sees it."""
    return JSONResponse({"type": "about:blank", "title": title, "status": status, "detail": detail, **more}, status,
                        media_type=MEDIA_TYPE)


def add_problems(app: FastAPI) -> None:
    """Let every error of an application be a problem."""

    async def bad_input(_: Request, error: Exception) -> JSONResponse:
        found = error.findings if isinstance(error, BadInput) else ()
        return problem(422, "The input is wrong", "Nothing was changed.", findings=[one.to_json() for one in found])

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        told = error.errors() if isinstance(error, RequestValidationError) else []
        findings = [
            {"code": "API-002", "severity": "error", "subject": ".".join(map(str, one["loc"])),
             "problem": str(one["msg"]), "remedy": "see /v1/openapi.json", "seen_at": []}
            for one in told
        ]  # the value itself is left out: it may be a secret
        return problem(422, "The input is wrong", "Nothing was changed.", findings=findings)

    async def unknown(_: Request, error: Exception) -> JSONResponse:
        return problem(404, "Not found", f"There is no {error}.")

    async def fault(_: Request, error: Exception) -> JSONResponse:
        detail = f"{error.operation}: {error.answer}" if isinstance(error, Fault) else ""
        remedy = error.remedy if isinstance(error, Fault) else ""
        return problem(503, "The host refused", detail, remedy=remedy)

    async def refused(_: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = str(error.detail) if isinstance(error, HTTPException) else ""
        answer = problem(status, "Refused", detail)
        if isinstance(error, HTTPException) and error.headers:
            answer.headers.update(error.headers)
        return answer

    app.add_exception_handler(BadInput, bad_input)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Unknown, unknown)
    app.add_exception_handler(Fault, fault)
    app.add_exception_handler(HTTPException, refused)
