"""``dynsharp cascade``: period doubling to many digits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import fail, show, stages

EXAMPLE = "dynsharp cascade uv-eos --digits 30"


def run(
    system: args.System,
    parameter: args.Parameter = None,
    doublings: Annotated[int, typer.Option(help="Number of flips.")] = 8,
    digits: Annotated[int, typer.Option(help="Significant digits.")] = 15,
    fixed: args.Set = None,
    start: args.Start = None,
    at: args.At = None,
    as_json: args.Json = False,
) -> None:
    """Follow a period-doubling cascade to many digits.

    Without --start it begins before the first flip that has a closed form.
    """
    from dynsharp.cli.starts import stable_start
    from dynsharp.continuation import cascade

    m, name = args.one_parameter(system, parameter, fixed)
    with stages() as tell:
        tell("cascade")
        given = args.start_of(m, start)
        values = _next_to_flips(m, name) if given is None else []
        begin, where = stable_start(m, name, values, given, at)
        found = cascade(m, name, begin, where, doublings, digits)
    show(found, as_json)
    if found.status != "complete":
        fail(found.status, code=1)


def _next_to_flips(map: Any, parameter: str) -> list[float]:
    """Return values a little before and behind every flip that has a closed form."""
    from dynsharp.symbolic import fixed_points, thresholds

    found = [t for p in fixed_points(map) for t in thresholds(p, parameter) if t.kind == "flip"]
    flips = [float(t.value) for t in found if t.value.is_real and t.value.is_number]
    return [v * share for v in flips for share in (0.98, 1.02)]
