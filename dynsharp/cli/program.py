"""The program: its commands, and how it ends on bad input and on Ctrl-C."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dynsharp.cli import commands
from dynsharp.cli.output import fail
from dynsharp.errors import InputError
from dynsharp.version import __version__


class _OneLineErrors(TyperGroup):
    """Bad input ends in one line on standard error and a code that is not 0; Ctrl-C in 130."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            return fail(_by_option(str(error), self.get_command(ctx, ctx.invoked_subcommand)))
        except KeyboardInterrupt:
            return fail("interrupted", code=130)

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the program."""
        standalone = options.get("standalone_mode", True)
        options["standalone_mode"] = False  # errors come here, to be said in one line
        try:
            code = super().main(*args, **options)
        except Exception as error:
            if not hasattr(error, "format_message"):  # not a usage error of the command line
                raise
            code = getattr(error, "exit_code", 2)
            print(f"error: {' '.join(error.format_message().split())}", file=sys.stderr)
        if standalone:
            sys.exit(code or 0)
        return code


def _by_option(message: str, command: Any) -> str:
    """Name the option of the command line where an error names the argument that it became."""
    named = re.match(r"\w+", message)
    for option in command.params:
        if named and named[0] == option.name and option.opts[0].startswith("--"):
            return option.opts[0] + message[named.end() :]
    return message


app = typer.Typer(
    cls=_OneLineErrors,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Gradient descent, and any other map, as a discrete dynamical system. "
    "A SYSTEM is a name that `dynsharp systems` lists, or file.py:name for a map of your own.",
)
for _module in iter_modules(commands.__path__):
    _command = import_module(f"{commands.__name__}.{_module.name}")
    app.command(_module.name.rstrip("_"), epilog=f"\b\nExample:\n  {_command.EXAMPLE}")(
        _command.run
    )


@app.callback(invoke_without_command=True)
def _program(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        print(__version__)
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """Run the command line."""
    app()
