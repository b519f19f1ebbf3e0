"""The largest Lyapunov exponent, and the exponent transverse to an invariant manifold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from dynsharp.arguments import checked_count
from dynsharp.compiled.kernels import RESCALED_EVERY
from dynsharp.compiled.threads import CHUNK
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap, Name
from dynsharp.sweeps.layout import Sweep, free_names, sweep
from dynsharp.sweeps.stepping import Orbits
from dynsharp.types import Array

if TYPE_CHECKING:
    import xarray as xr

BLOCKS = 32
ESTIMATES = ("exponent", "standard_error", "status")
OWN_NAMES = [*ESTIMATES, *(f"transverse_{e}" for e in ESTIMATES), "diverged", "outside_domain"]
OK, DIVERGED, ZERO, OVERFLOW, UNFINISHED, OUTSIDE = range(6)
STATUS = (
    "ok",
    "diverged: a state variable became larger than escape; choose a start that stays, or a greater "
    "escape",
    "superstable: the tangent vector became zero, as the orbit meets a point of zero derivative; "
    "the exponent is -inf",
    "overflow: the tangent vector grew beyond doubles within a few steps; choose a smaller escape",
    "unfinished: interrupted; run these values again",
    "outside domain: the start is outside the map's domain here; choose a start that is inside for "
    "every value",
)
TRANSVERSE_STATUS = (
    *STATUS[:ZERO],
    "superstable: the orbit meets a zero of the cofactor; the exponent is -inf",
    "overflow: the cofactor grew beyond doubles within a few steps; choose a smaller escape",
    *STATUS[UNFINISHED:],
)


def lyapunov(
    map: DiscreteMap,
    parameter: Name,
    values: Any,
    start: Mapping[Name, Any],
    *,
    iterations: int = 20000,
    transient: int = 1000,
    transverse: Any = None,
    fixed: Mapping[Name, Any] | None = None,
    escape: float = 1e6,
    threads: int | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    r"""Estimate the largest Lyapunov exponent for every value of a parameter.

    The exponent is lim ln‖DFⁿ(x) v‖/n for almost every tangent vector v (natural logarithm, per
    step). One vector is carried along each orbit and rescaled by powers of two. Its growth in each
    of 32 stretches of the orbit gives the standard error.

    Parameters
    ----------
    map
        The map.
    parameter, values, start, fixed
        As for `orbit_diagram`.
    iterations
        Number of steps to average over; rounded up to whole stretches, see
        ``attrs["iterations"]``.
    transient
        Number of steps before; the tangent vector joins for the second half.
    transverse
        An invariant manifold of this map (see `invariant_manifolds`): the mean of ln|c| along the
        orbit *on* the manifold that begins at the start's coordinates is computed too, where c is
        the cofactor, by which a step scales the distance from the manifold. Negative: the manifold
        attracts. Or an expression c in state and parameters, to be averaged along the map's own
        orbit.
    escape, threads, progress
        As for `orbit_diagram`.

    Returns
    -------
    xarray.Dataset
        ``exponent``, ``standard_error`` and ``status``, a number whose meaning is in its attribute
        ``flag_meanings``; with ``transverse`` also ``transverse_exponent``,
        ``transverse_standard_error`` and ``transverse_status``. At a superstable orbit the
        exponent is -inf; it is NaN where ``diverged`` is 1 (the orbit escaped) or, if the map has
        a domain, where ``outside_domain`` is 1 (the start is outside). ``attrs`` has the settings
        and the numbers ``diverged``, ``outside_domain`` and ``unfinished``.

    Raises
    ------
    InputError
        If a value is missing, unknown or not finite, all starts are outside the map's domain, or
        the parameter has the name of a variable of the result.

    Examples
    --------
    >>> import dynsharp as ds
    >>> le = lyapunov(ds.systems.logistic(), "r", [4.0], {"x": 0.3})  # exactly ln 2
    >>> round(float(le["exponent"][0]), 2)
    0.69

    References
    ----------
    Benettin, Galgani, Giorgilli, Strelcyn, *Lyapunov characteristic exponents for smooth dynamical
    systems*, Meccanica 15, 1980. Flyvbjerg, Petersen, *Error estimates on averages of correlated
    data*, J. Chem. Phys. 91, 1989.
    """
    import xarray as xr

    iterations = checked_count("iterations", iterations, 2 * RESCALED_EVERY)
    transient = checked_count("transient", transient, 0)
    name = map.parameter(parameter).name
    free_names("parameter", [name], OWN_NAMES)
    lanes = sweep(map, {name: values}, start, fixed)
    plan = _Plan(iterations, transient, threads, progress)
    reduced, cofactor = _transverse(map, transverse)

    own = (cofactor,) if cofactor is not None and reduced is map else ()
    rates, orbits = plan.rates(lanes, own, escape)
    variables = _estimates("", name, rates[:, 0], orbits, STATUS)
    variables["diverged"] = (name, orbits.diverged.astype(np.int8))
    variables |= lanes.marks
    counts = orbits.counts
    if cofactor is not None:
        others = orbits
        if reduced is not map:
            kept = {s.name for s in reduced.state}
            begin = {key: value for key, value in start.items() if str(key) in kept}
            rates, others = plan.rates(
                sweep(reduced, {name: values}, begin, fixed), (cofactor,), escape
            )
            counts["unfinished"] = int((~(orbits.finished & others.finished)).sum())
        variables |= _estimates("transverse_", name, rates[:, 1], others, TRANSVERSE_STATUS)
    return xr.Dataset(
        variables,
        {name: lanes.axes[name]},
        lanes.settings
        | {
            "parameter": name,
            "iterations": plan.stretch * plan.blocks,
            "transient": transient,
            "transverse": str(cofactor) if cofactor is not None else "none",
        }
        | counts,
    )


def _estimates(
    prefix: str, name: str, rates: Array, orbits: Orbits, meanings: tuple[str, ...]
) -> dict[str, Any]:
    """Return mean, its standard error and the status, from the rates in stretches × orbits."""
    rates[:, orbits.lost] = np.nan
    with np.errstate(invalid="ignore"):  # -inf among the stretches: no error is defined
        exponent, error = rates.mean(axis=0), standard_error(rates)
    status = np.full(rates.shape[1], OK, dtype=np.int8)
    status[~np.isfinite(exponent)] = OVERFLOW
    status[np.isneginf(exponent)] = ZERO
    status[orbits.diverged] = DIVERGED
    status[~orbits.finished] = UNFINISHED
    status[orbits.outside] = OUTSIDE
    flags = {"flag_meanings": "\n".join(f"{n} = {text}" for n, text in enumerate(meanings))}
    variables = ((name, exponent), (name, error), (name, status, flags))
    return {prefix + key: value for key, value in zip(ESTIMATES, variables, strict=True)}


def standard_error(blocks: Array) -> Array:
    """Estimate the standard error of the mean over the first axis, which may be correlated.

    Neighbours are averaged two by two as long as there are eight of them; the largest of the
    estimates is taken, which errs on the safe side.
    """
    errors = []
    while len(blocks) >= 2:
        errors.append(blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks)))
        blocks = blocks[: len(blocks) // 2 * 2]
        blocks = (blocks[::2] + blocks[1::2]) / 2
        if len(blocks) < 8:
            break
    return np.max(errors, axis=0)


class _Plan:
    """How long to iterate, in stretches that are multiples of the kernel's period of rescaling."""

    def __init__(
        self, iterations: int, transient: int, threads: int | None, progress: bool | None
    ) -> None:
        self.blocks = min(BLOCKS, iterations // RESCALED_EVERY)
        self.stretch = -(-iterations // (self.blocks * RESCALED_EVERY)) * RESCALED_EVERY
        self.aligning = transient // 2 // RESCALED_EVERY * RESCALED_EVERY
        self.settling = transient - self.aligning
        self.total = transient + self.blocks * self.stretch
        self.options: dict[str, Any] = {"threads": threads, "progress": progress}

    def rates(
        self, lanes: Sweep, factors: tuple[sp.Expr, ...], escape: float
    ) -> tuple[Array, Orbits]:
        """Growth per step: stretches × (tangent vector, then each factor) × orbits."""
        orbits = Orbits(lanes, "grow", [lanes.own(c) for c in factors], escape=escape)
        d, n = orbits.x.shape
        golden = (np.sqrt(5) - 1) / 2  # a direction in general position
        v = np.tile(golden ** np.arange(d)[:, None], n)
        growth = np.zeros((self.blocks, 1 + len(factors), n))
        part = np.empty((1 + len(factors), n))

        def grow(first: int, last: int, steps: int) -> Iterator[int]:
            piece = max(1, CHUNK // (last - first) // RESCALED_EVERY) * RESCALED_EVERY
            for begin in range(0, steps, piece):
                end = min(begin + piece, steps)
                orbits.call("grow", first, last, end - begin, v, part)
                yield end

        def work(first: int, last: int) -> Iterator[float]:
            for taken in orbits.advance(first, last, self.settling):
                yield taken / self.total
            for taken in grow(first, last, self.aligning):
                yield (self.settling + taken) / self.total
            begun = self.settling + self.aligning
            for block in growth:
                for taken in grow(first, last, self.stretch):
                    block[:, first:last] += part[:, first:last]
                    yield (begun + taken) / self.total
                begun += self.stretch

        orbits.run(work, label="Lyapunov exponent", **self.options)
        return growth / self.stretch, orbits


def _transverse(map: DiscreteMap, transverse: Any) -> tuple[DiscreteMap, sp.Expr | None]:
    """Return the map along whose orbit to average ln|c|, and c."""
    if transverse is None:
        return map, None
    cofactor = getattr(transverse, "cofactor", transverse)
    owner = getattr(transverse, "map", None)
    if isinstance(owner, DiscreteMap) and owner.state == map.state and map.dimension > 1:
        if owner.expressions != map.expressions:
            raise InputError("transverse", repr(transverse), f"a manifold of {map.name}")
        return transverse.restrict(), transverse.transverse_multiplier
    try:
        cofactor = sp.sympify(cofactor, strict=True)
    except sp.SympifyError as error:
        raise InputError("transverse", repr(transverse), "a manifold or an expression") from error
    by_name = {s.name: s for s in map.state + map.parameters}
    if unknown := [s.name for s in cofactor.free_symbols if s.name not in by_name]:
        raise InputError("transverse", f"{cofactor} with {unknown}", f"symbols of {map.name}")
    return map, cofactor.xreplace({s: by_name[s.name] for s in cofactor.free_symbols})
