"""Running other programs to completion."""

import subprocess
from collections.abc import Mapping, Sequence

from sealane.diag import Fault
from sealane.host.netns import entered

_ANSWER_CHARACTERS = 600
ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
}  # fmt: skip
"""What every program gets; ours may hold keys."""


def run(
    command: Sequence[str],
    *,
    text: str = "",
    namespace: str | None = None,
    timeout_s: float = 15,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return what it printed.

    Args:
        command: Program and arguments; never a secret among them.
        text: Standard input.
        namespace: Network namespace to run it in; None is the host's.
        timeout_s: It is killed after this.
        environment: Added to ENVIRONMENT.

    Raises:
        Fault: It is missing, failed or took too long.
    """
    done = run_unchecked(command, text=text, namespace=namespace, timeout_s=timeout_s, environment=environment)
    if done.returncode != 0:
        answer = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}")[:_ANSWER_CHARACTERS]
        raise Fault(_shown(command, namespace), answer, "see the answer; sealane status shows what is there now")
    return done.stdout


def run_unchecked(
    command: Sequence[str],
    *,
    text: str = "",
    namespace: str | None = None,
    timeout_s: float = 15,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Like run, but a non-zero exit status is the caller's to judge."""
    try:
        with entered(namespace):
            return subprocess.run(
                command,
                input=text,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
                env={**ENVIRONMENT, **(environment or {})},
                errors="replace",
            )
    except FileNotFoundError as error:
        raise Fault(_shown(command, namespace), f"{command[0]} is not installed", "run make setup") from error
    except subprocess.TimeoutExpired as error:
        raise Fault(_shown(command, namespace), f"no answer within {timeout_s:g} s", "run sealane status") from error


def _shown(command: Sequence[str], namespace: str | None) -> str:
    return " ".join(command[:6]) + (f" (in {namespace})" if namespace else "")
