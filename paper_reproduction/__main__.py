"""``python -m paper_reproduction``: every claim of both papers, computed, drawn and judged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dynsharp import InputError
from paper_reproduction.collection import chosen
from paper_reproduction.results import write_page, write_table
from paper_reproduction.runner import Record, compute

HERE = Path(__file__).parent
COLOUR = {"holds": "green", "holds in part": "yellow"}


def main(
    only: Annotated[
        list[str] | None, typer.Option(help="A claim (uv.3) or a paper (uv); may be repeated.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small settings, some minutes.")] = False,
    data: Annotated[
        Path | None, typer.Option(help="Your own data for the chain: .npz with X and y.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder; figures/paper_reproduction, with --quick …/quick below it."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what is there.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes; -1 is one for each core.")] = -1,
) -> None:
    """Reproduce the UV paper and the chain paper, claim by claim.

    Each claim is computed, drawn and judged; what is done is kept, so that an interrupted run goes
    on where it was. The table goes to paper_reproduction/RESULTS.md if the run is a full one, the
    page to paper_reproduction.html in the output folder.
    """
    console = Console()
    try:
        keys = chosen(only or [])
        if data is not None and not data.is_file():
            raise InputError("--data", f"{data}, which is no file", "a .npz file with X and y")
    except InputError as error:
        raise typer.BadParameter(str(error)) from error
    everything = set(keys) == set(chosen()) and data is None
    folder = output or Path("figures/paper_reproduction") / ("quick" if quick else "")
    records: dict[str, Record] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    interrupted = False
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("claims", total=len(keys))
        try:
            options = {"quick": quick, "data": data, "fresh": fresh, "jobs": jobs}
            for record in compute(keys, folder, **options):  # type: ignore[arg-type]
                records[record["key"]] = record
                bar.update(task, advance=1, description=f"{record['key']} {record['outcome']}")
        except KeyboardInterrupt:
            interrupted = True
    ordered = [records[k] for k in keys if k in records]
    for r in ordered:
        colour = COLOUR.get(r["outcome"], "red")
        console.print(f"[{colour}]{r['outcome']:>13}[/]  {r['key']:8} {r.get('sentence', '')}")
        if r["outcome"] == "error":
            console.print(f"{'':15}{r['status']}", markup=False)
    done = [r for r in ordered if r["status"] == "computed"]
    if done:
        table = HERE / "RESULTS.md" if everything and not quick else folder / "RESULTS.md"
        page = write_page(done, folder)
        write_table(done, table, folder)
        console.print(f"The table is {table}, the page {page}")
    if interrupted:
        console.print(f"Interrupted: {len(done)} of {len(keys)} are done; run again to go on.")
    bad = [r for r in ordered if r["outcome"] in ("fails", "error")]
    sys.exit(130 if interrupted else 1 if bad else 0)


if __name__ == "__main__":
    typer.run(main)
