"""The verb apply."""

import sys
from pathlib import Path

import click

from sealane.cli.cloud import (
    cloud_options,
    confirm,
    connection,
    show_changes,
    show_effect,
    tell_change,
)
from sealane.cli.main import DONE, VIOLATED, show_json
from sealane.cli.options import json_option, plan_argument


@click.command("apply")
@plan_argument
@cloud_options
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@json_option
def command(
    plan: Path, url: str | None, credentials: Path | None, real_cloud: bool, dry_run: bool, auto_approve: bool,
    as_json: bool,
) -> None:
    """Make the cloud as PLAN says, by its API.

    Shown first are the changes, and what they do to encryption when the network runs already.

    Exit code 3 with --dry-run when something protected would become clear or be lost.
    """
    from sealane.app.client import work
    from sealane.app.client.effect import effect

    endpoint, key = connection(url, credentials, real_cloud=real_cloud)
    wish = work.read_wish(plan, ours=endpoint.is_ours)
    session = work.connect(endpoint, key, wish.plan)
    changes = work.plan_changes(session, wish)
    router = wish.plan.transit_router
    difference = effect(session, plan, router.name) if changes and router is not None else None
    if as_json:
        show_json({"endpoint": str(endpoint), **work.to_json(changes),
                   "effect": None if difference is None else difference.to_json()})
    else:
        show_changes(endpoint, changes)
        show_effect(difference, changes)
    if dry_run:
        sys.exit(VIOLATED if difference is not None and difference.worse else DONE)
    if changes and confirm("Make these changes?", auto_approve=auto_approve):
        work.apply(session, changes, tell_change(quiet=as_json))
