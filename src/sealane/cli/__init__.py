"""The command line: one file per verb, imported when it is called, so that starting costs little."""

from sealane.cli.main import main

__all__ = ["main"]
