"""The verb export."""

from pathlib import Path

import click

from sealane.cli.cloud import cloud_options, connection


@click.command("export")
@cloud_options
@click.option("-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("exported"),
              show_default=True, metavar="DIR", help="Where plans and devices' texts are written.")
def command(url: str | None, credentials: Path | None, real_cloud: bool, folder: Path) -> None:
    """Write the networks that run at an endpoint as plans. Keys are not written."""
    from sealane.app.client import work

    endpoint, key = connection(url, credentials, real_cloud=real_cloud)
    written = work.export(endpoint, key, folder)
    for path in written:
        click.echo(path)
    if not written:
        click.echo(f"no network runs at {endpoint}", err=True)
