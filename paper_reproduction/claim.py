"""What a reproduction returns: a statement of a paper, what was computed, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import xarray as xr
from matplotlib.figure import Figure

__all__ = ["Check", "Claim"]


@dataclass(frozen=True)
class Check:
    """One criterion of a claim.

    Attributes
    ----------
    criterion
        What must hold, with its numbers, and where a tolerance comes from.
    measured
        What was found, with the numbers.
    holds
        Whether the criterion is met.
    required
        Whether the claim is false without it. What is not required delimits where the claim holds.
    """

    criterion: str
    measured: str
    holds: bool
    required: bool = True


@dataclass(frozen=True, eq=False)
class Claim:
    """A statement of a paper, tested.

    Attributes
    ----------
    sentence
        The claim in one sentence.
    source
        Paper and section or figure it is from, as far as they are known.
    computed
        What was computed, with every setting: sizes, seeds, ranges, tolerances.
    checks
        The criteria, stated before the computation, with what was found.
    where
        Where it holds and where it does not, if that is not everywhere.
    figure, caption
        The picture, and what is on it: it must be readable without the code.
    data
        What is drawn, by name, with names and attributes that netCDF-3 can hold (Latin letters).
    """

    sentence: str
    source: str
    computed: str
    checks: tuple[Check, ...]
    figure: Figure = field(repr=False)
    caption: str
    data: Mapping[str, xr.Dataset] = field(repr=False)
    where: str = ""

    @property
    def outcome(self) -> str:
        """One of "holds", "holds in part" (what is required does) and "fails"."""
        if not all(c.holds for c in self.checks if c.required):
            return "fails"
        return "holds" if all(c.holds for c in self.checks) else "holds in part"
