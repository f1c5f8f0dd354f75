"""What the verbs that are clients of the cloud's API share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sealane.cli.explained import show_lines

if TYPE_CHECKING:
    from sealane.app.client.changes import Change
    from sealane.app.client.sdk import AccessKey, Endpoint
    from sealane.app.difference import Difference

DEFAULT_ENDPOINT = "http://127.0.0.1:8750"
_F = TypeVar("_F", bound=Callable[..., Any])
_COLORS = {"+": "green", "-": "red", "~": "yellow", "-/+": "red"}


def cloud_options(function: _F) -> _F:
    """Where the API is, and who calls."""
    for option in (
        click.option("--real-cloud", is_flag=True,
                     help="Allow an endpoint that is not on this host; without --endpoint, the cloud itself."),
        click.option("--credentials", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                     help="File of the access key that sealane serve wrote; else ALIBABA_CLOUD_ACCESS_KEY_ID and "
                     "ALIBABA_CLOUD_ACCESS_KEY_SECRET."),
        click.option("--endpoint", "url", metavar="URL", help=f"Where the API is.  [default: {DEFAULT_ENDPOINT}]"),
    ):
        function = option(function)
    return function


def connection(url: str | None, credentials: Path | None, *, real_cloud: bool) -> "tuple[Endpoint, AccessKey]":
    """The endpoint and the access key; another host's endpoint only when that was said."""
    from sealane.app.client.sdk import access_key, endpoint

    found = endpoint(url if url or real_cloud else DEFAULT_ENDPOINT)
    if not found.is_ours and not real_cloud:
        raise click.UsageError(f"{found} is not on this host: what is done there is real and may cost money; "
                               "add --real-cloud if that is meant")
    return found, access_key(credentials)


def show_changes(endpoint: "Endpoint", changes: "Sequence[Change]") -> None:
    """The changes like those of other provisioning tools, and how many there are."""
    from sealane.app.client import work

    if not changes:
        click.echo(f"No changes: {endpoint} is as the plan says.")
        return
    click.echo(f"Changes at {endpoint}:")
    for sign, text in work.lines(changes):
        click.secho(f"  {sign:>3} {text}", fg=_COLORS[sign])
    click.echo(work.summary(changes))


def show_effect(difference: "Difference | None", changes: "Sequence[Change]") -> None:
    """What becomes of encryption."""
    if difference is not None:
        click.echo("Effect on encryption:")
        show_lines(difference.lines())
    elif changes:
        click.echo("Effect on encryption: nothing of the plan runs yet, everything is new.")


def confirm(question: str, *, auto_approve: bool) -> bool:
    """Ask, unless told not to."""
    return auto_approve or click.confirm(question, err=True)


def tell_change(*, quiet: bool) -> "Callable[[Change], None]":
    """Say what has been done."""

    def tell(one: "Change") -> None:
        if not quiet:
            click.secho(f"done: {one.sign} {one.title}", fg=_COLORS[one.sign])

    return tell
