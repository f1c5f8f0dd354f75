"""The verb call."""

import json
import sys
from pathlib import Path

import click

from sealane.cli.cloud import cloud_options, connection
from sealane.cli.main import show_json


@click.command("call")
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "PATCH", "DELETE"], case_sensitive=False))
@click.argument("path")
@click.argument("body", required=False)
@cloud_options
def command(
    method: str, path: str, body: str | None, url: str | None, credentials: Path | None, real_cloud: bool
) -> None:
    """Ask /v1 of sealane serve, and print its answer.

    PATH is what follows /v1, such as /networks. BODY is JSON; - reads it from the standard input.
    """
    from sealane.app.client.sdk import NativeClient

    endpoint, key = connection(url, credentials, real_cloud=real_cloud)
    if not endpoint.url:
        raise click.UsageError("the cloud has no /v1; name a server with --endpoint")
    answer = NativeClient(endpoint, key)(method, "/" + path.removeprefix("/v1").lstrip("/"), _read(body))
    if answer:
        show_json(answer)


def _read(body: str | None) -> object:
    if body is None:
        return None
    try:
        return json.loads(sys.stdin.read() if body == "-" else body)
    except ValueError as error:
        raise click.BadParameter(f"it is not JSON: {error}", param_hint="BODY") from None
