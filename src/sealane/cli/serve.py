"""The verb serve."""

from pathlib import Path
from typing import Any

import click

from sealane.cli.options import esp_option

DEFAULT_STATE = Path("/var/lib/sealane")
_MOST = 10**9
_BOUND: dict[str, Any] = {"type": click.IntRange(1, _MOST), "show_default": True, "metavar": "NUMBER"}


@click.command("serve")
@click.option("--listen", default="127.0.0.1:8750", show_default=True, metavar="HOST:PORT", help="Where to listen.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_STATE,
    show_default=True,
    help="Directory that everything is kept in.",
)
@esp_option
@click.option("--tls-cert", type=click.Path(dir_okay=False, path_type=Path), help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(dir_okay=False, path_type=Path), help="Its key, PEM, not encrypted.")
@click.option(
    "--sealing-key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of the key that secrets are sealed with; else SEALANE_SEALING_KEY, else one in the state directory.",
)
@click.option("--new-sealing-key", is_flag=True, help="First make a new key in the state directory, and seal anew.")
@click.option(
    "--quota", "quotas", multiple=True, metavar="NAME=NUMBER",
    help="Other than the cloud's default, once each: customer-gateways (100, in a region), vbr-attachments (100), "
    "vpc-attachments (1000), vpn-attachments (50, all to a transit router).",
)
@click.option("--audit-days", **_BOUND, default=400, help="How long the audit log is kept.")
@click.option("--audit-entries", **_BOUND, default=1_000_000, help="How many entries of it are kept of an account.")
@click.option("--events-days", **_BOUND, default=90, help="How long events are kept.")
@click.option("--events-entries", **_BOUND, default=100_000, help="How many events of an account are kept.")
def command(
    listen: str, state: Path, esp: str, tls_cert: Path | None, tls_key: Path | None, sealing_key_file: Path | None,
    new_sealing_key: bool, quotas: tuple[str, ...], audit_days: int, audit_entries: int, events_days: int,
    events_entries: int,
) -> None:
    """Serve the cloud's API and make the networks of its objects. Needs root.

    Ends on Ctrl-C or SIGTERM; the networks go on and are taken up again at the next start.
    """
    import os

    from sealane.api.openapi import Tls
    from sealane.api.serve import Listener
    from sealane.app.host_check import check_host, choose_esp
    from sealane.app.server.housekeeping import Bound, Bounds
    from sealane.app.server.running import Server
    from sealane.cloud.quotas import Quotas

    host, port = _address(listen)
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    if new_sealing_key and sealing_key_file is not None:
        raise click.UsageError("write the new key above the old one in the file of --sealing-key-file instead")
    try:
        allowed = Quotas().changed(dict(one.partition("=")[::2] for one in quotas))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--quota") from None
    check_host(choose_esp(esp))
    bounds = Bounds(Bound(audit_days, audit_entries), Bound(events_days, events_entries))
    server = Server(state, esp=esp, key_file=sealing_key_file, environment=os.environ, new_key=new_sealing_key,
                    bounds=bounds, quotas=allowed)
    try:
        made = server.first_account()
        if made is not None:
            click.echo(f"first account made; its access key is in {made}")
        tls = None if tls_cert is None or tls_key is None else Tls(tls_cert, tls_key)
        listener = Listener(server, host, port, tls)
        server.start()
        click.echo(f"listening at {'https' if tls else 'http'}://{listen}")
        listener.run()
    except KeyboardInterrupt:
        click.echo("stopped; the networks go on")
    finally:
        server.close()


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise click.BadParameter(f"{listen!r} is not HOST:PORT", param_hint="--listen")
    return host.strip("[]"), int(port)


_HIGHEST_PORT = 65535
