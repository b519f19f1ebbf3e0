"""``dynsharp continue``: a branch of fixed points, with the doubled cycles."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import fail, show, stages
from dynsharp.errors import InputError

EXAMPLE = "dynsharp continue uv-eos --parameter rho --span 0.2 2 --doublings 5"


def run(
    system: args.System,
    span: Annotated[tuple[float, float], typer.Option(help="Least and greatest value.")],
    parameter: args.Parameter = None,
    doublings: Annotated[int, typer.Option(help="Doubled cycles to follow as well.")] = 0,
    fixed: args.Set = None,
    start: args.Start = None,
    at: args.At = None,
    as_json: args.Json = False,
) -> None:
    """Follow a fixed point, with its bifurcations.

    Without --start it is one that is stable somewhere in the span.
    """
    from dynsharp.cli.starts import doubled, stable_start
    from dynsharp.continuation import continue_fixed_point

    m, name = args.one_parameter(system, parameter, fixed)
    if not span[0] < span[1]:
        raise InputError("--span", f"{span[0]:g} {span[1]:g}", "two values, the lesser first")
    with stages() as tell:
        tell("branches")
        begin, where = stable_start(m, name, np.linspace(*span, 201), args.start_of(m, start), at)
        found = doubled(continue_fixed_point(m, name, begin, where, span), doublings)
    show(found, as_json)
    if not all(map(len, found)):
        fail(found[-1].status, code=1)
