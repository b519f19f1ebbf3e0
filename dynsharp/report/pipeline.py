"""The order of the report: data, derivations, figures, comparisons, page."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dynsharp._version import __version__
from dynsharp.errors import InputError
from dynsharp.report.effort import FULL, Effort
from dynsharp.report.rows import Row

__all__ = ["Picture", "Report", "report"]


@dataclass(frozen=True)
class Picture:
    """A figure that was written: its PNG, and its PDF beside it."""

    part: str
    file: Path
    caption: str


@dataclass
class Report:
    """What a run of the report made.

    Attributes
    ----------
    rows
        The comparisons of theory and simulation.
    pictures
        The figures.
    theory
        By part, the derivations.
    data
        What was trained on.
    page
        The HTML page.
    seed, effort
        Settings.
    interrupted
        Whether Ctrl-C ended it early; what was done until then is kept.
    """

    page: Path
    seed: int
    effort: Effort
    data: Any = None
    rows: list[Row] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    theory: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        """Whether there are comparisons, all of them made, and every one passes."""
        return bool(self.rows) and not self.interrupted and all(r.passed for r in self.rows)

    def numbers(self) -> dict[str, Any]:
        """Return all of it in types that JSON has."""
        return {
            "dynsharp": __version__,
            "passed": self.passed,
            "interrupted": self.interrupted,
            "seed": self.seed,
            "data": self.data.name if self.data else None,
            "page": str(self.page),
            "figures": [str(p.file) for p in self.pictures],
            "rows": [
                {
                    "part": r.part,
                    "claim": r.name,
                    "exact": None if r.exact is None else str(r.exact),
                    "theory": _finite(r.theory),
                    "simulation": _finite(r.simulation),
                    "difference": _finite(r.difference),
                    "tolerance": _finite(r.tolerance),
                    "because": r.because,
                    "passed": r.passed,
                }
                for r in self.rows
            ],
        }

    def print(self, console: Console) -> None:
        """Print the comparisons for people."""
        table = Table(box=None, pad_edge=False)
        for column in ("", "claim", "theory", "simulation", "difference", "tolerance"):
            table.add_column(column, justify="left" if column in ("", "claim") else "right")
        for r in self.rows:
            table.add_row(
                "[green]pass[/]" if r.passed else "[red bold]FAIL[/]",
                r.name,
                f"{r.theory:.9g}",
                f"{r.simulation:.9g}",
                f"{r.difference:.1e}",
                f"{r.tolerance:.1e}",
            )
        console.print(table)
        good = sum(r.passed for r in self.rows)
        console.print(f"\n{good} of {len(self.rows)} rows pass. The page is {self.page}")


def report(
    data: Path | str | None = None,
    output: Path | str = "figures",
    seed: int = 0,
    *,
    effort: Effort = FULL,
    tell: Callable[..., None] = lambda *stage: None,
) -> Report:
    """Derive, draw, simulate and compare, for UV and for the chain on real data.

    Parameters
    ----------
    data
        A .npz file with ``X`` (samples × features) and ``y``; scikit-learn's digits if left out.
    output
        Folder for the figures (PNG and PDF) and the page ``report.html``.
    seed
        Of every random start.
    effort
        How much is simulated.
    tell
        Called as ``tell(stage, done, of)``.

    Raises
    ------
    InputError
        If the data cannot be used.
    """
    import matplotlib as mpl

    from dynsharp.report.page import write
    from dynsharp.report.source import load

    mpl.use("Agg")  # nothing is shown, everything is written
    if not isinstance(seed, int) or seed < 0:
        raise InputError("--seed", seed, "an integer of at least 0")
    output = Path(output)
    if output.exists() and not output.is_dir():
        raise InputError("--output", f"{output}, which is a file", "a folder")
    result = Report(output / "report.html", seed, effort)
    with _interrupts() as interrupted:
        try:
            result.data = load(None if data is None else Path(data))
            _work(result, output, tell, interrupted)
        except KeyboardInterrupt:
            result.interrupted = True
        except Exception:
            if not interrupted:  # what a half-made result led to is no error of its own
                raise
            result.interrupted = True
    if result.data is not None:
        write(result)
    return result


def _work(result: Report, output: Path, tell: Callable[..., None], interrupted: list[bool]) -> None:
    from dynsharp.report.compare_chain import compare_chain
    from dynsharp.report.compare_data import compare_data
    from dynsharp.report.compare_uv import compare_uv
    from dynsharp.report.continued import compare_continued, continued, continued_figures
    from dynsharp.report.exact_chain import chain_theory
    from dynsharp.report.exact_uv import uv_theory
    from dynsharp.report.figures_chain import chain_figures, data_figures
    from dynsharp.report.figures_uv import uv_figures

    effort, seed, data = result.effort, result.seed, result.data
    done, of = 0, 100

    def stage(name: str, share: int) -> Callable[[str], None]:
        nonlocal done
        if interrupted:
            raise KeyboardInterrupt
        before, done = done, done + share
        tell(name, before, of)

        def say(item: str) -> None:
            tell(f"{name}: {item}", before, of)

        return say

    def rows(made: Iterator[Row], say: Callable[[str], None]) -> None:
        for row in made:
            if interrupted:
                raise KeyboardInterrupt
            result.rows.append(row)
            say(row.name[:50])

    def draw(part: str, made: Iterator[Any], say: Callable[[str], None]) -> None:
        for name, figure, caption in made:
            if interrupted:
                raise KeyboardInterrupt
            result.pictures.append(_picture(part, output / name, figure, caption))
            say(name)

    result.theory["uv"] = uv = uv_theory(stage("deriving UV", 15))
    depths = tuple(d for d in effort.depths if d <= 4)
    result.theory["chain"] = chain = chain_theory(depths, stage("deriving the chain", 15))
    result.theory["branches"] = found = continued(uv, effort, stage("following branches", 10))
    draw("uv", uv_figures(uv, effort, seed), stage("drawing UV", 10))
    draw("chain", chain_figures(chain, effort), stage("drawing the chain", 10))
    draw("branches", continued_figures(uv, found, effort), stage("drawing the branches", 5))
    draw("data", data_figures(data, effort, seed), stage("drawing the data", 5))
    rows(compare_uv(uv, effort, seed), stage("simulating UV", 10))
    rows(compare_continued(uv, found), stage("comparing branches", 0))
    rows(compare_chain(chain, effort), stage("simulating the chain", 10))
    rows(compare_data(data, effort, seed), stage("simulating on data", 10))
    stage("writing the page", 0)


def _picture(part: str, stem: Path, figure: Any, caption: str) -> Picture:
    import matplotlib.pyplot as plt

    from dynsharp import plotting

    plotting.save(figure, stem.with_suffix(".pdf"))
    figure.set_layout_engine("none")  # the layout is found; the second file takes it as it is
    png = plotting.save(figure, stem.with_suffix(".png"))
    plt.close(figure)
    return Picture(part, png, caption)


@contextmanager
def _interrupts() -> Iterator[list[bool]]:
    """Note Ctrl-C besides raising it: sweeps and searches end cleanly on it and go on."""
    noted: list[bool] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def ring(number: int, frame: Any) -> None:
        noted.append(True)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ring)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None
