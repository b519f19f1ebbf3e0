"""``dynsharp regimes``: the phases of a training log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from dynsharp.cli import arguments as args
from dynsharp.cli.output import show, stages
from dynsharp.errors import InputError

EXAMPLE = "dynsharp regimes log.csv --eta 0.02 -o phases.png"
_ETA = ("eta", "step_size", "learning_rate", "lr")


def run(
    log: Annotated[Path, typer.Argument(help="A .csv or .json file.")],
    eta: Annotated[
        float | None, typer.Option(help="Step size, if the log has no column eta or lr of it.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Instead: the sharpness at which steps become unstable.")
    ] = None,
    output: args.Figure = None,
    as_json: args.Json = False,
) -> None:
    """Name the phases of a training run.

    The log has columns loss and sharpness, and if known step and the step size (eta, step_size,
    learning_rate or lr): a CSV file with a line of names, or JSON, a list of records or a
    dictionary of lists. A missing value is empty, null or nan.
    """
    from dynsharp import plotting
    from dynsharp.regimes import training_regime

    columns = _read(log)
    if eta is None and threshold is None:
        own = next((name for name in _ETA if name in columns), None)
        columns |= {} if own is None else {"eta": columns[own]}
    with stages() as tell:
        tell("phases")
        found = training_regime(columns, eta, threshold=threshold)
        if output is not None:
            tell("figure")
            axes = plotting.training_regime(columns, found, eta, threshold=threshold)
            plotting.save(axes, output)
    show(found, as_json)


def _read(path: Path) -> dict[str, Any]:
    """Return the columns of a log by name; what is missing is not a number."""
    import pandas as pd

    wants = "a CSV file with a line of names, or JSON with records or lists"
    if not path.is_file():
        raise InputError("log", f"{path}, which is no file", wants)
    try:
        if path.suffix.lower() == ".json":
            frame = pd.DataFrame(json.loads(path.read_text("utf-8")))
        else:
            frame = pd.read_csv(path, skipinitialspace=True)
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError("log", f"{path}, which cannot be read ({error})", wants) from error
    return {str(name).strip(): frame[name].to_numpy() for name in frame}
