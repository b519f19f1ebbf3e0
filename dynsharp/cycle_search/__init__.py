"""All cycles of a map in a box."""

from dynsharp.cycle_search.result import CycleFamily, Cycles, NumericalCycle, PeriodReport
from dynsharp.cycle_search.search import find_cycles

__all__ = ["CycleFamily", "Cycles", "NumericalCycle", "PeriodReport", "find_cycles"]
