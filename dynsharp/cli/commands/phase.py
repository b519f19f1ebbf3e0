"""``dynsharp phase``: which period orbits settle on, over a plane of parameters or starts."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import fail, print_json, say, stages
from dynsharp.errors import InputError
from dynsharp.results import plain, table

EXAMPLE = "dynsharp phase uv-eos --sweep rho=0.9:2:300 --sweep F=0.05:3:300 -o phase.png"


def run(
    system: args.System,
    sweep: args.Sweep,
    fixed: args.Set = None,
    start: args.Start = None,
    max_period: Annotated[int, typer.Option(help="Greatest period to look for.")] = 64,
    transient: args.Transient = 2000,
    output: args.Figure = None,
    as_json: args.Json = False,
) -> None:
    """Find the period of the orbits over a plane.

    Two --sweep, each of a parameter or of a starting value. Says how many orbits settle on each
    period; --json has the period at every point.
    """
    from dynsharp import plotting
    from dynsharp.cli.load import load_system
    from dynsharp.cli.swept import counts
    from dynsharp.sweeps import phase_diagram

    axes = args.sweeps(sweep)
    if len(axes) != 2:
        raise InputError("--sweep", f"{len(axes)} axes", "two, such as rho=0.9:2:300 F=0.05:3:300")
    names = [s.name for s in load_system(system).state]
    m = args.load(system, fixed, swept=[name for name in axes if name not in names])
    given = {name: float(v) for name, v in args.assignments("--start", start or ()).items()}
    if missing := [name for name in names if name not in (*given, *axes)]:
        wants = " ".join(f"--start {name}=VALUE" for name in missing)
        raise InputError("--start", f"no value for {', '.join(missing)}", wants)
    with stages() as tell:
        tell("phase diagram")
        found = phase_diagram(
            m, axes, given, max_period=max_period, transient=transient, progress=False
        )
        numbers: dict[str, Any] = {
            "system": m.name,
            "plane": {name: f"{v[0]:g} to {v[-1]:g}, {len(v)} values" for name, v in axes.items()},
            "start": ", ".join(f"{name} = {v:g}" for name, v in given.items()) or "the plane's",
            "transient": transient,
            "orbits": int(found["period"].size),
            "of_period": counts(found),
        }
        if output is not None:
            tell("figure")
            numbers["file"] = str(plotting.save(plotting.phase_diagram(found), output))
    if as_json:
        print_json(plain(numbers | {"data": found}))
    else:
        rows = [(period, str(number)) for period, number in numbers.pop("of_period").items()]
        say(numbers, as_json)
        print("\n" + "\n".join(table([("period", "orbits"), *rows], indent=0)))
    if unfinished := int(np.sum(found["period"] == -2)):
        fail(f"interrupted: {unfinished} orbits are missing", code=130)
