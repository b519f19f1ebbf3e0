"""The order of the report: data, derivations, figures, comparisons, page."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dynsharp.arguments import checked_count
from dynsharp.errors import InputError
from dynsharp.report.effort import FULL, Effort
from dynsharp.report.result import Picture, Report
from dynsharp.report.rows import Row


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

    from dynsharp.networks.data import load
    from dynsharp.report.page import write

    mpl.use("Agg")  # nothing is shown, everything is written
    seed = checked_count("--seed", seed, 0)
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
            result.compared.append(row)
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


def _picture(part: str, stem: Path, drawn: Any, caption: str) -> Picture:
    import matplotlib.pyplot as plt
    import numpy as np

    from dynsharp import plotting

    first = drawn.flat[0] if isinstance(drawn, np.ndarray) else drawn
    figure = first.get_figure(root=True) or first
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
