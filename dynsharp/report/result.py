"""What a run of the report made, and how it is told to people and to machines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dynsharp.report.effort import Effort
from dynsharp.report.rows import Row
from dynsharp.version import __version__

__all__ = ["Picture", "Report"]


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


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None
