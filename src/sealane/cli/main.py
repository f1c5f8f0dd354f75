"""The command group and how faults and findings become messages and exit codes."""

import importlib
import json
import signal
import sys
from collections.abc import Iterable

import click

from sealane import __version__
from sealane.diag import Fault, Finding, Severity

DONE, FAILED, BAD_INPUT, VIOLATED, NOT_COVERED = 0, 1, 2, 3, 4
"""Exit codes: done; the host failed; usage or input is wrong; a checked property does not hold; not in the model."""

_VERBS = (
    "apply", "call", "check", "demo", "destroy", "diff", "down", "drill", "export", "probe", "prove", "rekey",
    "restart", "restore", "routes", "serve", "status", "trace", "up", "watch",
)


class _Verbs(click.Group):
    """Imports a verb when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs."""
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name."""
        del ctx
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"sealane.cli.{cmd_name}").command
        return command


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="sealane")
def group() -> None:
    """Sealane: a hybrid network whose circuit can be shown to carry only encrypted traffic.

    Exit codes: 0 done, 1 the host failed, 2 usage or input is wrong, 3 a checked property does not hold,
    4 the model does not cover it.
    """


def main() -> None:
    """Entry point; no traceback of ours reaches a user."""
    signal.signal(signal.SIGTERM, _interrupted)  # so that whatever a command made fail is restored
    try:
        _main()
    except (click.exceptions.Abort, KeyboardInterrupt):
        print("sealane: interrupted; sealane status shows what is there, sealane down removes it", file=sys.stderr)
        sys.exit(130)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _main() -> None:
    from sealane.app.rejected import Rejected

    try:
        sys.exit(group.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except Rejected as rejected:
        show_findings(rejected.findings)
        print("sealane: nothing was changed", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except Fault as fault:
        print(f"sealane: {fault}", file=sys.stderr)
        sys.exit(FAILED)
    except OSError as error:
        print(
            f"sealane: {error.strerror or error}: {error.filename or ''}\n  fix: check space and permissions",
            file=sys.stderr,
        )
        sys.exit(FAILED)


def show_findings(findings: Iterable[Finding]) -> None:
    """Print findings for people."""
    colors = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
    for finding in findings:
        head, _, rest = str(finding).partition("\n")
        click.secho(head, fg=colors[finding.severity], err=True)
        click.echo(rest, err=True)


def show_json(value: object) -> None:
    """Print JSON for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
