"""``dynsharp report``: theory against simulation, for UV and for the chain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import fail, show, stages

EXAMPLE = "dynsharp report --data own.npz --output figures"


def run(
    data: Annotated[
        Path | None, typer.Option(help="A .npz file with X (samples x features) and y.")
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder of the figures and the page.")] = Path(
        "figures"
    ),
    seed: Annotated[int, typer.Option(help="Of every random start.")] = 0,
    as_json: args.Json = False,
) -> None:
    """Hold theory against simulation on one page.

    Derives, draws, simulates and compares, for UV and for the chain on real data. Writes the
    figures and report.html; exits with 1 if any comparison fails.
    """
    from dynsharp.report import report

    with stages() as tell:
        result = report(data=data, output=output, seed=seed, tell=tell)
    show(result, as_json)
    if result.interrupted:
        fail(f"interrupted: what was done until then is in {result.page}", code=130)
    if not result.passed:
        failed = [r.name for r in result.compared if not r.passed]
        fail(f"{len(failed)} of {len(result.compared)} rows fail: {'; '.join(failed)}", code=1)
