"""What a run of the report made, and how it is told to people and to machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dynsharp.report.effort import Effort
from dynsharp.report.rows import Row
from dynsharp.results import Result, table


@dataclass(frozen=True)
class Picture:
    """A figure that was written: its PNG, and its PDF beside it."""

    part: str
    file: Path
    caption: str


@dataclass(repr=False, eq=False)
class Report(Result):
    """What a run of the report made. Printed, it is the table of the comparisons.

    Attributes
    ----------
    compared
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
    compared: list[Row] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    theory: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def passed(self) -> bool:
        """Whether there are comparisons, all of them made, and every one passes."""
        made = self.compared
        return bool(made) and not self.interrupted and all(r.passed for r in made)

    def entries(self) -> dict[str, Any]:
        """Return all of it in types that JSON has."""
        return {
            "passed": self.passed,
            "interrupted": self.interrupted,
            "seed": self.seed,
            "data": self.data.name if self.data else None,
            "page": str(self.page),
            "figures": [str(p.file) for p in self.pictures],
            "rows": [r.entries() for r in self.compared],
        }

    def rows(self) -> list[Row]:
        """Return the comparisons: the rows of `to_dataframe`."""
        return self.compared

    def __repr__(self) -> str:
        head = ("", "claim", "theory", "simulation", "difference", "tolerance")
        numbers = [
            (f"{r.theory:.9g}", f"{r.simulation:.9g}", f"{r.difference:.1e}", f"{r.tolerance:.1e}")
            for r in self.compared
        ]
        verdicts = [("pass" if r.passed else "FAIL", r.name) for r in self.compared]
        lines = table([head, *(v + n for v, n in zip(verdicts, numbers, strict=True))], indent=0)
        good = sum(r.passed for r in self.compared)
        end = f"{good} of {len(self.compared)} rows pass. The page is {self.page}"
        return "\n".join([*lines, "", end])
