"""``dynsharp lyapunov``: the largest Lyapunov exponent along a parameter."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import fail, print_json, say, stages
from dynsharp.results import plain, table

EXAMPLE = "dynsharp lyapunov uv-eos --sweep rho=0.8:2:500 -o exponent.png"
_SHOWN = 20  # values in the table; JSON has all


def run(
    system: args.System,
    sweep: args.Sweep,
    fixed: args.Set = None,
    start: args.Start = None,
    transient: args.Transient = 1000,
    iterations: Annotated[int, typer.Option(help="Steps to average over.")] = 20_000,
    output: args.Figure = None,
    as_json: args.Json = False,
) -> None:
    """Estimate the largest Lyapunov exponent, with its standard error.

    Natural logarithm, per step. Without --start the orbits begin next to a fixed point. The table
    has some of the values, --json all of them.
    """
    from dynsharp import plotting
    from dynsharp.cli.swept import summary, swept
    from dynsharp.sweeps import lyapunov

    with stages() as tell:
        s = swept(system, sweep, fixed, start, tell)
        tell("Lyapunov exponent")
        growth = lyapunov(
            s.map, s.parameter, s.values, s.start, transient=transient, iterations=iterations,
            progress=False,
        )  # fmt: skip
        numbers = s.numbers(growth) | {"exponent": summary(growth)}
        if output is not None:
            tell("figure")
            axes = plotting.lyapunov(growth, thresholds=s.thresholds)
            numbers["file"] = str(plotting.save(axes, output))
    if as_json:
        print_json(plain(numbers | {"data": growth}))
    else:
        say(numbers, as_json)
        print("\n" + "\n".join(table(_rows(growth, s.parameter), indent=0)))
    if numbers["unfinished"]:
        fail(f"interrupted: {numbers['unfinished']} values have no exponent", code=130)
    if np.isnan(growth["exponent"]).all():
        fail("no value has an exponent: every orbit diverged or began outside the domain", code=1)


def _rows(growth: Any, parameter: str) -> list[tuple[str, ...]]:
    """Return some of the exponents, and in words what there is instead of one."""
    meanings = growth["status"].attrs["flag_meanings"].splitlines()
    words = [text.split(" = ")[1].partition(":")[0].replace("ok", "") for text in meanings]
    rows: list[tuple[str, ...]] = [(parameter, "exponent", "standard error", "")]
    for i in np.unique(np.linspace(0, growth.sizes[parameter] - 1, _SHOWN).astype(int)):
        at, status = growth.isel({parameter: int(i)}), int(growth["status"][i])
        exponent, error = float(at["exponent"]), float(at["standard_error"])
        rows.append(
            (f"{float(at[parameter]):.9g}", f"{exponent:.6g}", f"{error:.1e}", words[status])
        )
    return rows
