"""The command line: ``dynsharp --help``. A command is one file in `dynsharp.cli.commands`."""

from dynsharp.cli.program import app, main

__all__ = ["app", "main"]
