"""``dynsharp curve``: a bifurcation in two parameters, with its points of codimension two."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.load import load_system
from dynsharp.cli.output import fail, show, stages
from dynsharp.errors import InputError

EXAMPLE = "dynsharp curve henon --span a=0.1:4,b=-1.5:1.5 --set b=0.3 -o curve.png"


def run(
    system: args.System,
    span: Annotated[
        list[str], typer.Option(help="Parameter and its range, a=0:2; one for each of the two.")
    ],
    fixed: args.Set = None,
    start: args.Start = None,
    at: args.At = None,
    kind: Annotated[
        str | None, typer.Option(help="Kind of the point to follow, flip or fold; any if left out.")
    ] = None,
    number: Annotated[int, typer.Option(help="Which one of these, in order along the branch.")] = 1,
    doublings: Annotated[int, typer.Option(help="Doubled cycles to go on to before.")] = 0,
    output: args.Figure = None,
    as_json: args.Json = False,
) -> None:
    """Follow a bifurcation in two parameters.

    A fixed point is continued over the span of the first parameter, where the second has the value
    that --set gives; a special point that is found there is followed in both. Without --start the
    fixed point is one that is stable somewhere in the span.
    """
    from dynsharp import plotting
    from dynsharp.bifurcation_curves import continue_bifurcation
    from dynsharp.cli.starts import doubled, stable_start
    from dynsharp.continuation import continue_fixed_point

    box = args.intervals("--span", span)
    if len(box) != 2:
        raise InputError("--span", f"{len(box)} parameters", "two, such as a=0:2 and b=-1:1")
    first, second = box
    values = args.assignments("--set", fixed or ())
    if second not in values:
        raise InputError("--set", f"no value for {second}", f"{second}=VALUE, to begin at")
    system_map = load_system(system)
    line = args.put_in(system_map, values, [first])
    beginning = {second: float(values.pop(second))}
    m = args.put_in(system_map, values, box)
    with stages() as tell:
        tell("branch")
        given = args.start_of(line, start)
        begin, where = stable_start(line, first, np.linspace(*box[first], 201), given, at)
        branch = continue_fixed_point(m, first, begin, where, box[first], fixed=beginning)
        branch = doubled(branch, doublings)[-1]
        point = _chosen(branch, kind, number)
        if point is not None:
            tell(f"curve of the {point.kind} at {first} = {point.value:.6g}")
            curve = continue_bifurcation(point, (first, second), box)
            if output is not None and len(curve):
                tell("figure")
                plotting.save(plotting.bifurcation_curve(curve), output)
    if point is None:
        what = f"{kind or 'special'} point" + f" number {number}" * (number > 1)
        found = ", ".join(f"{p.kind} at {p.value:.6g}" for p in branch.special_points)
        fail(f"no {what} that can be followed: the branch has {found or 'none'}", code=1)
    show(curve, as_json)
    if not len(curve):
        fail(curve.status, code=1)


def _chosen(branch: Any, kind: str | None, number: int) -> Any:
    """Return the special point that was asked for, of those that can be followed; or None."""
    from dynsharp.bifurcations import kinds

    names = [k.name for k in kinds() if k.borders]
    points = [p for p in branch.special_points if p.kind in names and kind in (None, p.kind)]
    return points[number - 1] if 1 <= number <= len(points) else None
