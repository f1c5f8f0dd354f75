"""The verb restore."""

from pathlib import Path

import click

from sealane.cli.serve import DEFAULT_STATE


@click.command("restore")
@click.argument("backup", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_STATE, show_default=True,
              help="State directory of the server, which must be stopped.")
def command(backup: Path, state: Path) -> None:
    """Put BACKUP in the place of a server's state. The former state is kept beside it.

    The sealing key is not in a backup: the one of its time must be in the directory, or be given to sealane serve.
    """
    from sealane.app.server.restoring import restore

    aside = restore(backup, state)
    click.echo(f"{state} is as {backup} says; start sealane serve")
    if aside is not None:
        click.echo(f"the former state is {aside}")
