"""``dynsharp diagram``: an orbit diagram with exact thresholds, exponents, periods or branches."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import fail, say, stages

EXAMPLE = "dynsharp diagram uv-eos --sweep rho=0.8:2:4000 -o diagram.png"


def run(
    system: args.System,
    sweep: args.Sweep,
    output: args.FigureFile,
    fixed: args.Set = None,
    start: args.Start = None,
    transient: args.Transient = 5000,
    keep: Annotated[int, typer.Option(help="Steps that are kept.")] = 256,
    exponent: Annotated[bool, typer.Option(help="Draw the Lyapunov exponent below.")] = True,
    variable: Annotated[str | None, typer.Option(help="What to draw; first of the state.")] = None,
    branches: Annotated[
        bool, typer.Option("--branches", help="Follow fixed points and cycles, stable or not.")
    ] = False,
    as_json: args.Json = False,
) -> None:
    """Draw an orbit diagram with exact thresholds.

    Without --start the orbits begin next to a fixed point. --json adds the periods they settle on.
    --branches draws the branches of fixed points and cycles over it, from every fixed point in
    closed form through every flip and branch point.
    """
    from dynsharp import plotting
    from dynsharp.cli.swept import counts, summary, swept
    from dynsharp.sweeps import lyapunov, orbit_diagram, phase_diagram

    axes: Any
    with stages() as tell:
        s = swept(system, sweep, fixed, start, tell)
        name, values = s.parameter, s.values
        tell("orbit diagram")
        record = [variable] if variable else None
        orbits = orbit_diagram(
            s.map, name, values, s.start, transient=transient, keep=keep, record=record,
            progress=False,
        )  # fmt: skip
        numbers = s.numbers(orbits) | {"keep": keep}
        growth = tree = None
        if exponent and not branches and not numbers["unfinished"]:
            tell("Lyapunov exponent")
            growth = lyapunov(s.map, name, values, s.start, transient=transient, progress=False)
            numbers["exponent"] = summary(growth)
            numbers["unfinished"] += int(growth.attrs["unfinished"])
        if as_json and not numbers["unfinished"]:
            tell("periods")
            grid = {name: values}
            settled = phase_diagram(s.map, grid, s.start, transient=transient, progress=False)
            numbers["periods"] = counts(settled)
        if branches:
            from dynsharp.branch_tree import bifurcation_diagram

            tell("branches")
            tree = bifurcation_diagram(s.map, name, (values[0], values[-1]), progress=False)
            axes = plotting.bifurcation_diagram(tree, variable, over=orbits)
        else:
            axes = plotting.orbit_diagram(
                orbits, variable, thresholds=s.thresholds, exponent=growth
            )
        tell("figure")
        numbers["file"] = str(plotting.save(axes, output))
    say(numbers | ({"branches": tree} if tree and as_json else {}), as_json)
    if tree is not None and not as_json:
        print(tree)
    if numbers["unfinished"]:
        fail(f"interrupted: {numbers['unfinished']} orbits are missing in {output}", code=130)
