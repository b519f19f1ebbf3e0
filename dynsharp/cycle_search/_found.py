"""What a search has of one period, before it becomes a result."""

from __future__ import annotations

from dataclasses import dataclass, field

from dynsharp.cycle_search._families import Family
from dynsharp.cycle_search._registry import Registry
from dynsharp.cycle_search._result import PeriodReport

__all__ = ["Found", "interrupted"]


@dataclass
class Found:
    """Isolated cycles; families of cycles that are not, and how often each family was met."""

    registry: Registry
    families: list[Family] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)


def interrupted(period: int, done: int) -> PeriodReport:
    """Report of a period that was not searched to its end."""
    status = f"interrupted in period {period}, after {done} starts"
    return PeriodReport(period, False, done, float("nan"), status)
