"""``dynsharp derive``: everything exact about a map."""

from __future__ import annotations

from typing import Annotated

import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import console, fail, print_json, stages
from dynsharp.errors import InputError

EXAMPLE = "dynsharp derive uv-physical --along eta"


def run(
    system: args.System,
    along: Annotated[
        list[str] | None,
        typer.Option(help="Parameter to find thresholds along; repeatable; default: all."),
    ] = None,
    fixed: args.Set = None,
    cycles: Annotated[
        bool, typer.Option(help="Find 2-cycles, in maps of up to two variables.")
    ] = True,
    manifolds: Annotated[bool, typer.Option(help="Find invariant manifolds and regions.")] = True,
    latex: Annotated[bool, typer.Option("--latex", help="A LaTeX fragment (amsmath).")] = False,
    as_json: args.Json = False,
) -> None:
    """Derive stability and thresholds exactly.

    Fixed points, multipliers, conditions of stability, thresholds along every parameter, invariant
    manifolds and regions, and in maps of up to two variables the 2-cycles.
    """
    from dynsharp.derive import as_latex, as_text, derive

    if latex and as_json:
        raise InputError("--latex", "both --latex and --json", "one of the two")
    m = args.load(system, fixed)
    with stages() as tell:
        d = derive(m, along, periods=(2,) if cycles else (), manifolds=manifolds, tell=tell)
        # what is lazy, such as the conditions of stability, is worked out here
        told, made = (d.as_dict(), []) if as_json else ({}, d.tables())
    if as_json:
        print_json(told)
    else:
        print(as_latex(made).rstrip() if latex else as_text(made, console()))
    if d.interrupted:
        fail("interrupted: what was derived until then is shown", code=130)
