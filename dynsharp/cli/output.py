"""What commands print: results by their own text or as JSON, stages, one line for a failure."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

from dynsharp.results import Result, plain


def show(result: Any, as_json: bool) -> None:
    """Print a result, or several of them: as they show themselves, or as JSON."""
    several = result if isinstance(result, list) else [result]
    if not as_json:
        print("\n".join(map(repr, several)))
        return
    dicts = [r.as_dict() if isinstance(r, Result) else plain(r) for r in several]
    print_json(dicts if isinstance(result, list) else dicts[0])


def say(numbers: Mapping[str, Any], as_json: bool) -> None:
    """Print what a command measured: a line for each name, or JSON."""
    if as_json:
        return print_json(plain(numbers))
    for key, entry in numbers.items():
        for line in entry if isinstance(entry, list) else [entry]:
            if isinstance(line, Mapping):
                line = ", ".join(f"{k} {v}" for k, v in line.items() if v not in (None, ""))
            print(f"{key:<22}{line}")


def print_json(value: Any) -> None:
    """Print plain data as JSON, a list of numbers or words on one line."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    print(re.sub(r"\[\n\s*([^][{}]*?)\n\s*\]", _on_one_line, text))


def _on_one_line(match: re.Match[str]) -> str:
    """Join the lines of a list; no word of JSON has a raw line break."""
    return "[" + re.sub(r",\n *", ", ", match[1]) + "]"


def fail(message: str, code: int = 2) -> Any:
    """End with one line on standard error."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    raise typer.Exit(code)


def console() -> Console:
    """Return a console as wide as the terminal; a pipe or a file takes lines as they are."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=10_000)


@contextmanager
def stages() -> Iterator[Callable[..., None]]:
    """Show on a terminal which stage is running: ``tell(name, done, of)``, the numbers if known."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    shown = Console(stderr=True)
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def tell(stage: str, done: float | None = None, of: float | None = None) -> None:
            bar.update(task, description=stage, completed=done, total=of)

        yield tell
