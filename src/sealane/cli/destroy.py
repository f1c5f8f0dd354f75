"""The verb destroy."""

from pathlib import Path

import click

from sealane.cli.cloud import cloud_options, confirm, connection, show_changes, tell_change
from sealane.cli.main import show_json
from sealane.cli.options import json_option, plan_argument


@click.command("destroy")
@plan_argument
@cloud_options
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@json_option
def command(
    plan: Path, url: str | None, credentials: Path | None, real_cloud: bool, auto_approve: bool, as_json: bool
) -> None:
    """Remove from the cloud everything that PLAN has made there."""
    from sealane.app.client import work

    endpoint, key = connection(url, credentials, real_cloud=real_cloud)
    wish = work.read_wish(plan, ours=endpoint.is_ours)
    session = work.connect(endpoint, key, wish.plan)
    changes = work.plan_changes(session, wish, destroy=True)
    if as_json:
        show_json({"endpoint": str(endpoint), **work.to_json(changes)})
    else:
        show_changes(endpoint, changes)
    if changes and confirm("Remove all of this?", auto_approve=auto_approve):
        work.apply(session, changes, tell_change(quiet=as_json))
