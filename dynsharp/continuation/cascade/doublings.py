"""The period-doubling cascade: its thresholds to many digits, and Feigenbaum's constants.

Feigenbaum, *Quantitative universality for a class of nonlinear transformations*, J. Stat. Phys. 19
(1978): the distances between flips shrink by δ = 4.669..., the distances of neighbouring points of
the superstable cycles by α = 2.502..., for every map with a quadratic extremum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
from scipy.optimize import brentq

from dynsharp.arguments import checked_count
from dynsharp.bifurcations.crossings import between
from dynsharp.bifurcations.events import located_events
from dynsharp.bifurcations.kind import LOCATED
from dynsharp.bifurcations.located import Located
from dynsharp.continuation.cascade.limits import limit
from dynsharp.continuation.cascade.many_digits import Estimate, PreciseMap, Refined, refined
from dynsharp.continuation.fixed_points import continue_fixed_point
from dynsharp.continuation.loop import FULL, pieces
from dynsharp.continuation.rows import joined
from dynsharp.continuation.steps import LARGEST_STATE
from dynsharp.continuation.switching.emanating import beside, doubled_start
from dynsharp.map import DiscreteMap, Name
from dynsharp.results import Result
from dynsharp.shooting.problem import Curve, Point, Points
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Cascade", "cascade"]

GREATEST_STEP, LEAST_STEP = 0.01, 1e-15
PIECE, PIECES = 32, 60  # points between two looks for the next flip, and how many looks
REACHES = (1.0, 4.0, 20.0)  # half widths of the span in which the first flip is looked for


@dataclass(frozen=True, repr=False, eq=False)
class Cascade(Result):
    """A period-doubling cascade.

    All numbers are mpmath numbers with a bound ``.error``.

    Attributes
    ----------
    map, parameter, fixed
        What was followed.
    periods
        Periods of the cycles that flip.
    thresholds
        Parameter values of the flips. Their errors are those of the refinement.
    superstable
        Between two flips each, where the critical multiplier (its real part, if it is complex)
        vanishes: of the cycles of twice the period of the flip before.
    ratios
        Of successive distances between thresholds, which tend to δ.
    accumulation
        Limit of the thresholds.
    delta, alpha
        Feigenbaum's constants from this map, extrapolated. Their errors, and that of
        ``accumulation``, follow from the convergence of the sequences; they are infinite where too
        few doublings do not show it: see ``note``. In one dimension α is taken from the superstable
        cycles, beyond from the cycles at the flips: a cycle there need not have a point at an
        extremum when its multiplier vanishes.
    status
        "complete", or the sentence that says where the cascade could not be followed and why.
    """

    map: DiscreteMap
    parameter: str
    fixed: Mapping[str, float]
    periods: tuple[int, ...]
    thresholds: tuple[Estimate, ...]
    superstable: tuple[Estimate, ...]
    ratios: tuple[Estimate, ...]
    accumulation: Estimate
    delta: Estimate
    alpha: Estimate
    status: str = "complete"

    def rows(self) -> list[dict[str, Any]]:
        """Return period, threshold and ratio of each flip: the rows of `to_dataframe`."""
        ratios = [None, *self.ratios, *[None] * len(self.periods)]
        return [
            {"period": period, "threshold": value, "ratio": ratio}
            for period, value, ratio in zip(self.periods, self.thresholds, ratios, strict=False)
        ]

    @property
    def note(self) -> str:
        """What has no error bound, and what to try; empty if everything has one."""
        limits = {"accumulation": self.accumulation, "delta": self.delta, "alpha": self.alpha}
        names = ", ".join(k for k, v in limits.items() if not np.isfinite(v.error))
        return names and (
            f"no error bound on {names}: {len(self.thresholds)} doublings do not show how fast "
            "they converge; ask for more"
        )

    def to_dataset(self) -> xr.Dataset:
        """Return thresholds, superstable parameters and ratios as doubles, along ``period``."""
        import xarray as xr

        size = len(self.periods)

        def padded(numbers: tuple[Estimate, ...], before: int) -> Array:
            row = [np.nan] * before + [float(v) for v in numbers]
            return np.array(row + [np.nan] * (size - len(row)))

        variables = {
            self.parameter: ("period", padded(self.thresholds, 0)),
            "superstable": ("period", padded(self.superstable, 1)),
            "ratio": ("period", padded(self.ratios, 1)),
        }
        limits = {"accumulation": self.accumulation, "delta": self.delta, "alpha": self.alpha}
        attrs: dict[str, Any] = {"map": self.map.name, "parameter": self.parameter}
        attrs |= {k: float(v) for k, v in limits.items()}
        attrs |= {f"{k}_error": v.error for k, v in limits.items()} | {"status": self.status}
        periods = np.array(self.periods, dtype=np.int32)
        return xr.Dataset(variables, {"period": periods}, attrs)

    def __repr__(self) -> str:
        lines = [f"period-doubling cascade of {self.map.name} along {self.parameter}"]
        for i, (period, value) in enumerate(zip(self.periods, self.thresholds, strict=True)):
            ratio = f"  ratio {self.ratios[i - 1]}" if 1 <= i <= len(self.ratios) else ""
            lines.append(f"    {period:>6}  {value}{ratio}")
        lines += [
            f"    {name:<12}  {value}"
            for name, value in (
                ("accumulation", self.accumulation),
                ("delta", self.delta),
                ("alpha", self.alpha),
            )
        ]
        notes = [self.status] * (self.status != "complete") + [self.note] * bool(self.note)
        return "\n".join(lines + [f"    {text}" for text in notes])


def cascade(
    map: DiscreteMap,
    parameter: Name,
    start: Mapping[Name, Any] | FixedPoint,
    at: float,
    doublings: int = 8,
    digits: int = 15,
    *,
    period: int = 1,
    fixed: Mapping[Name, Any] | None = None,
) -> Cascade:
    """Follow a fixed point through successive period doublings.

    The path is followed in double precision, from flip to doubled cycle to its flip; where a
    symmetry makes a cycle split before it doubles, onto one of its halves. Every flip and every
    superstable parameter is then refined to the digits asked for.

    Parameters
    ----------
    map, parameter, start, at, period, fixed
        As for `continue_fixed_point`: a fixed point (or cycle) before its first flip. The flip that
        is nearest along the branch begins the cascade.
    doublings
        Number of flips.
    digits
        Significant digits of their parameter values.

    Returns
    -------
    Cascade
        As far as it could be followed; see its ``status``.

    Raises
    ------
    InputError
        As `continue_fixed_point`, and if ``doublings`` or ``digits`` is not a positive integer.
    """
    doublings, digits = checked_count("doublings", doublings), checked_count("digits", digits)
    first, curve, status = _first_flip(map, parameter, start, at, period, fixed)
    thresholds: list[Refined] = []
    middles: list[Refined] = []
    if first is not None and curve is not None:
        precise = PreciseMap(map, curve.parameter, curve.values)
        flip = first
        thresholds.append(_refined_flip(precise, curve, flip, digits))
        while len(thresholds) < doublings:
            level = _next_level(curve, flip)
            if isinstance(level, str):
                status = level
                break
            curve, flip, middle, column = level
            if middle is not None:
                middles.append(refined(precise, curve, middle, 0.0, column, digits))
            thresholds.append(_refined_flip(precise, curve, flip, digits))
            if thresholds[-1].status != "converged":
                status = f"at period {curve.period}: {thresholds[-1].status}"
                break
    return _summary(map, str(parameter), curve, period, thresholds, middles, digits, status)


def _first_flip(
    map: DiscreteMap, parameter: Name, start: Any, at: float, period: int, fixed: Any
) -> tuple[Located | None, Curve | None, str]:
    value = float(at)
    status, curve = "", None
    for reach in REACHES:
        half = reach * max(1.0, abs(value))
        track = continue_fixed_point(
            map, parameter, start, at, (value - half, value + half), period=period, fixed=fixed
        ).track
        curve = track.curve
        if track.family:
            return None, curve, "the start lies on a family of fixed points: it has no cascade"
        flips = [
            (abs(float(track.S[i] - track.S[np.argmin(np.abs(track.values - value))])), k)
            for k, (e, i) in enumerate(zip(track.events, track.places, strict=True))
            if e.kind.leaves.times == 2 and e.status == LOCATED
        ]
        if flips:
            return track.events[min(flips)[1]], curve, "complete"
        status = track.status
    if status in ("", "complete"):
        reach = REACHES[-1] * max(1.0, abs(value))
        status = f"no flip within {reach:g} of {parameter} = {value:g}: start on another branch"
    return None, curve, status


def _next_level(curve: Curve, flip: Located) -> tuple[Curve, Located, Point | None, int] | str:
    """Follow the doubled cycle to its flip.

    Returns its curve, the flip, the superstable point before it and the critical multiplier's
    column, or the sentence that says why there is none.
    """
    begun = doubled_start(curve, flip)
    twice, name = replace(curve, period=2 * curve.period), curve.parameter
    where = f"period {twice.period} after {name} = {flip.value:.12g}"
    if begun is None:
        return f"the doubled cycle was not found: {where}"
    point, step = begun
    rows: list[Points] = []
    control, everywhere = (LEAST_STEP, GREATEST_STEP, LARGEST_STATE, PIECE), (-np.inf, np.inf)
    for _ in range(PIECES):
        piece = joined([*pieces(twice, point, step, *control, everywhere)])
        rows.append(piece)
        found = located_events(twice, piece)
        leaves = [e.kind.leaves.times for e in found]
        if 2 in leaves:
            event = found[leaves.index(2)]
            if event.status != LOCATED:
                return f"{where}: {event.status}"
            column = int(np.argmin(np.abs(event.mu + 1)))
            return twice, event, _middle(twice, joined(rows), column), column
        if 1 in leaves:  # the cycle splits: on with one of its halves
            event, side = found[leaves.index(1)], None
            if event.tangents:
                side = beside(twice, event.y, twice.carried(event.y, event.tangents[1]))
            if side is None:
                return f"{where}: the cycle meets a branch point that could not be passed"
            point, rows = side, []
            step = twice.length(side.y - event.y)
            continue
        if found:
            return (
                f"{where}: the cycle has a {found[0].kind.name} at "
                f"{name} = {found[0].bracket[0].value:.12g} before it flips"
            )
        if piece.code != FULL or len(piece) < 2:
            return f"{where}: no flip before {name} = {piece[-1].value:.12g}"
        point, step = piece[-1], twice.length(piece[-1].y - piece[-2].y)
    return f"{where}: no flip within {PIECES * PIECE} points"


def _middle(curve: Curve, points: Points, column: int) -> Point | None:
    """Return the last point where the real part of the critical multiplier falls through zero."""
    real = points.MU[:, column].real
    changes = np.flatnonzero((real[1:] < 0) & (real[:-1] >= 0))
    if changes.size == 0:
        return None
    a, b = points[int(changes[-1])], points[int(changes[-1]) + 1]
    found: dict[float, Point] = {0.0: a, 1.0: b}

    def test(t: float) -> float:
        if t not in found:
            point = between(curve, a, b, t)
            if point is None:
                raise FloatingPointError
            found[t] = point
        return float(found[t].mu[column].real)

    try:
        t = brentq(test, 0.0, 1.0, xtol=1e-9)
    except (ValueError, RuntimeError, FloatingPointError):
        return None
    test(t)
    return found[t]


def _refined_flip(precise: PreciseMap, curve: Curve, flip: Located, digits: int) -> Refined:
    mu = np.array([-1.0 + 0j])
    point = Point(flip.y, np.zeros_like(flip.y), mu, 1.0)
    return refined(precise, curve, point, -1.0, 0, digits)


def _summary(
    map: DiscreteMap,
    parameter: str,
    curve: Curve | None,
    period: int,
    thresholds: list[Refined],
    middles: list[Refined],
    digits: int,
    status: str,
) -> Cascade:
    mp = mpmath.MPContext()  # of its own: other threads have other precisions
    with mp.workdps(digits + 30):
        values = [mp.convert(t.value) for t in thresholds]
        errors = [t.value.error for t in thresholds]
        gaps = [b - a for a, b in pairwise(values)]
        ratios = []
        for i, (a, b) in enumerate(pairwise(gaps)):
            error = sum(errors[i : i + 3]) * (1 + abs(a / b)) / abs(b)
            ratios.append(Estimate.of(a / b, float(error)))
        noise = max((r.error for r in ratios), default=0.0)
        delta = limit([mp.convert(r) for r in ratios], noise)
        accumulation = limit(values, max(errors, default=0.0))
        # beyond one dimension the multiplier may pass zero as a complex pair: then there is no
        # superstable cycle with a point at the extremum, and the cycles at the flips serve
        cycles = middles if map.dimension == 1 else thresholds[1:]
        distances = [_distance(mp, c.points[:-1]) for c in cycles]
        relative = [c.value.error / d for c, d in zip(cycles, distances, strict=True)]
        shrinking = [a / b for a, b in pairwise(distances)]
        alpha = limit(shrinking, float(10 * max(relative, default=0)))
    return Cascade(
        map,
        parameter,
        dict(curve.values) if curve is not None else {},
        tuple(period * 2**i for i in range(len(values))),
        tuple(t.value for t in thresholds),
        tuple(m.value for m in middles),
        tuple(ratios),
        accumulation,
        delta,
        alpha,
        status,
    )


def _distance(mp: Any, points: list[list[Any]]) -> Any:
    """Largest distance of two points of the cycle that are half a period apart.

    It is that of the pair about the extremum, where the attractor's pieces are longest: it shrinks
    by α, that about the extremum's image by α² (in several dimensions the same, along the line on
    which the map folds).
    """
    half = len(points) // 2
    pairs = zip(points[:half], points[half:], strict=True)
    return max(mp.norm([mp.convert(b) - a for a, b in zip(*pair, strict=True)]) for pair in pairs)
