"""``dynsharp continue``: a branch of fixed points, with the doubled cycles."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer

from dynsharp.cli.arguments import At, Json, Parameter, Set, Start, System, one_parameter, start_of
from dynsharp.cli.output import fail, show, stages
from dynsharp.errors import InputError

EXAMPLE = "dynsharp continue uv-eos --parameter rho --span 0.2 2 --doublings 5"


def run(
    system: System,
    span: Annotated[tuple[float, float], typer.Option(help="Least and greatest value.")],
    parameter: Parameter = None,
    doublings: Annotated[int, typer.Option(help="Doubled cycles to follow as well.")] = 0,
    fixed: Set = None,
    start: Start = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Follow a fixed point, with its bifurcations.

    Without --start it is one that is stable somewhere in the span.
    """
    from dynsharp.cli.starts import doubled, stable_start
    from dynsharp.continuation import continue_fixed_point

    m, name = one_parameter(system, parameter, fixed)
    if not span[0] < span[1]:
        raise InputError("--span", f"{span[0]:g} {span[1]:g}", "two values, the lesser first")
    with stages() as tell:
        tell("branches")
        begin, where = stable_start(m, name, np.linspace(*span, 201), start_of(m, start), at)
        found = doubled(continue_fixed_point(m, name, begin, where, span), doublings)
    show(found, as_json)
    if not all(map(len, found)):
        fail(found[-1].status, code=1)
