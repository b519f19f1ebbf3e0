"""``dynsharp cycles``: all cycles in a box, or by exact algebra."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import fail, show, stages
from dynsharp.errors import InputError

EXAMPLE = "dynsharp cycles henon --set a=1.4,b=0.3 --period 6 --box x=-2:2,y=-1:1"


def run(
    system: args.System,
    period: Annotated[int, typer.Option(help="Greatest period; with --exact the only one.")],
    box: Annotated[
        list[str] | None, typer.Option(help="Range of a state variable, x=-2:2; repeatable.")
    ] = None,
    fixed: args.Set = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="In closed form; parameters may stay symbols.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the guesses, in several dimensions.")] = 0,
    as_json: args.Json = False,
) -> None:
    """Find all cycles up to a period in a box, with multipliers.

    The last line says how complete the search is. --exact finds the cycles of one period of a map
    that is rational in its state, without a box.
    """
    if exact and box:
        raise InputError("--box", "a box with --exact", "no box: algebra finds all cycles")
    found: Any
    with stages() as tell:
        tell(f"cycles of period {period}")
        if exact:
            from dynsharp.symbolic import cycles

            found = cycles(args.load(system, fixed), period)
            lost = "" if found.found else "; ".join(found.unresolved)
        else:
            from dynsharp.cycle_search import find_cycles

            m = args.load(system, fixed, swept=[])
            found = find_cycles(
                m, period, args.intervals("--box", box or []), seed=seed, progress=False
            )
            lost = found.status if found.status.startswith("interrupted") else ""
    show(found, as_json)
    if lost:
        fail(lost, code=1 if exact else 130)
