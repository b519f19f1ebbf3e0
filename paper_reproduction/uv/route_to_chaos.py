"""Claim 5: past η_c training takes the period-doubling route to chaos, on the EoS manifold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
import xarray as xr

import dynsharp as ds
from paper_reproduction.claim import Check, Claim
from paper_reproduction.uv._route_to_chaos_figure import figure_of
from paper_reproduction.uv.chaos_training import (
    approach,
    exponents_of_map,
    superstable_cycles,
    trained_orbits,
    windows,
)
from paper_reproduction.uv.doubling import (
    continued_flips,
    feigenbaum,
    map_cascade,
    measured_flips,
    ratios,
)
from paper_reproduction.uv.theory import (
    critical_step,
    manifolds,
    reduced,
    reduced_fixed_points,
    region_boundary,
    two_cycle,
)
from paper_reproduction.uv.training import EXAMPLE, example_network

__all__ = [
    "judged_approach",
    "judged_attractor",
    "judged_continued",
    "judged_delta",
    "judged_exponents",
    "judged_flips",
    "judged_windows",
    "run",
]

WIDTH, SIGMA = 8, 0.1
NETWORKS = ((0.0, 0), (0.5, 1), (1.0, 2))  # s, seed; the last is the one of the diagrams
ROUNDING = float(np.finfo(float).eps)
SIGMAS = 5  # standard errors that are allowed
MISSED = 10.0  # e^(−this) is the chance that a window is missed in the transient


def run(quick: bool) -> Claim:
    """Train past η_c; measure flips, exponents, windows and the distance to the manifold."""
    count, transient, keep, shown = (110, 1500, 2048, 64) if quick else (480, 6000, 16384, 128)
    turns, doublings, patience = (100, 5, 6000) if quick else (1200, 6, 40000)
    periods = (2, 3, 4) if quick else (2, 3, 4, 5, 6)
    networks = [example_network(WIDTH, s, SIGMA, seed) for s, seed in NETWORKS]
    net, end = networks[-1], _end()
    flips = measured_flips(networks, doublings, turns)
    rho = np.linspace(0.9, end - 0.015, count)
    orbits = trained_orbits(net, rho, transient, keep, shown)
    exponents = exponents_of_map(rho[rho > 1], transient, keep)
    span = (float(map_cascade(doublings + 1).accumulation), end)
    cycles = superstable_cycles(periods, span, 20001)
    reached = region_boundary(net.start["df"], net.start["lam"], net.y, net.g)
    bounded = cycles["rho"] < reached / critical_step(net.y, net.g)
    found = windows(net, cycles.isel(window=bounded.values), patience)
    three = np.array([1.1, 1.5, 1.9])
    approaching = approach(networks, three, 150 if quick else 300)
    across = exponents_of_map(three, transient, keep)["transverse_exponent"]
    approaching["exponent"] = ("rho", across.values)
    delta = _delta(flips)
    checks = (
        judged_continued(continued_flips(4), doublings),
        judged_flips(flips),
        judged_ratios(flips),
        judged_delta(flips, doublings),
        judged_exponents(orbits, exponents),
        judged_windows(found, patience),
        judged_approach(approaching),
        judged_transverse(orbits, exponents),
        judged_attractor(orbits, exponents),
    )
    x, y = EXAMPLE
    chaotic = exponents["exponent"] > SIGMAS * exponents["standard_error"]
    return Claim(
        sentence="Past η_c training takes the period-doubling route to chaos: Δf, NTK trace and "
        "sharpness double their period again and again, at the flips of a map of one variable, "
        "with Feigenbaum's ratio; chaos with periodic windows follows, on an attracting manifold.",
        source="UV paper, the sections on the edge-of-stability manifold and on the route to chaos",
        computed=f"Networks of width {WIDTH}, s = 0, ½, 1, σ_w = {SIGMA}, seeds 0, 1, 2, on x = "
        f"{x}, y = {y}, trained in weight space. Flips of period 1 to {2 ** (doublings - 1)}: "
        f"bisection on whether training settles on the cycle in {turns} turns. Orbit diagrams and "
        f"exponents: s = 1, seed 2, {count} step sizes from {rho[0]:g} to {rho[-1]:g} η_c, "
        f"{transient:,} steps left out, {keep:,} kept (the last {shown} drawn); of the reduced "
        "map as many steps. Windows: every step size up to where this start diverges at which a "
        f"cycle of period {periods[0]} to {periods[-1]} is superstable, {patience:,} steps.",
        checks=checks,
        where=f"From η_c to {end} η_c, where the bounded region closes on the start: past that "
        f"training diverges. Of the step sizes above η_c {float(chaotic.mean()):.0%} are chaotic "
        f"by the map's exponent, the first at {float(exponents['rho'][chaotic][0]):.3f} η_c (the "
        f"doublings accumulate at {float(span[0]):.6f} η_c).",
        figure=figure_of(orbits, exponents, flips, delta, found, approaching),
        caption=f"Left: orbit diagrams of training a network of width {WIDTH} ({shown} iterates at "
        f"each of {count} step sizes): error, NTK trace and sharpness against the step in units of "
        "η_c, with 2/η (dashed) and the flips measured on training (red); below, the Lyapunov "
        "exponent of the reduced map and the same mean along training; numbers: the period of the "
        "widest window of each. Right: ratios of successive distances of flips, with error bars "
        "from what the bisection resolves, and their extrapolated limit; distance of training to "
        "the edge-of-stability manifold, with the slopes of the transverse exponent; that exponent "
        "against the step.",
        data={
            "orbits": orbits,
            "exponents": exponents,
            "flips": flips,
            "windows": found,
            "approach": approaching,
        },
    )


def _end() -> float:
    (rho,) = reduced().parameters
    (region,) = (r for r in manifolds().regions if r.bounded)
    t = sp.Dummy(real=True)
    return float(region.condition.subs(rho, t).as_set().sup)


def _mean(flips: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    return flips["measured"].mean("network").values, flips["tolerance"].max("network").values


def _delta(flips: xr.Dataset) -> tuple[float, float]:
    return feigenbaum(*_mean(flips))


# ---- flips -------------------------------------------------------------------------------------


def judged_continued(continued: Sequence[tuple[float, float]], doublings: int) -> Check:
    """Compare flips by continuation with the exact ones, and with the cascade to more digits."""
    (rho,) = reduced().parameters
    first = next(
        t.value for p in reduced_fixed_points() for t in ds.thresholds(p, rho) if t.kind == "flip"
    )
    exact = [first, two_cycle()[0].stable.as_set().sup]
    refined = [float(v) for v in map_cascade(doublings + 1).thresholds[: len(continued)]]
    apart = [abs(v - r) for (v, _), r in zip(continued, refined, strict=True)]
    apart += [abs(v - float(e)) for (v, _), e in zip(continued, exact, strict=False)]
    allowed = [4 * ROUNDING * v + e for v, e in continued]
    return Check(
        f"the first flips by continuation are the exact {' and '.join(map(str, exact))} and, all "
        "of them, those of the refined cascade, to their stated uncertainty and rounding",
        f"{', '.join(f'{v:.12f}' for v, _ in continued)}; at most {max(apart):.1e} apart",
        all(a <= t for a, t in zip(apart, allowed + allowed, strict=False)),
    )


def judged_flips(flips: xr.Dataset) -> Check:
    """Compare the flips of training with those of the reduced map."""
    apart = np.abs((flips["measured"] - flips["exact"]).values)
    tolerance = flips["tolerance"].values
    shown = ", ".join(f"{v:.7f}" for v in _mean(flips)[0])
    return Check(
        "the flips of training, in units of η_c, are those of the reduced map; tolerance: half the "
        f"bracket and what {flips.attrs['turns']} turns resolve",
        f"{shown}: {(apart <= tolerance).sum()} of {apart.size} within it (at most "
        f"{np.nanmax(apart / tolerance):.2f} of it, tolerances {tolerance.max():.0e} to "
        f"{tolerance.min():.0e})",
        bool((apart <= tolerance).all()),
    )


def judged_ratios(flips: xr.Dataset) -> Check:
    """Compare the ratios of successive distances, level by level."""
    value, error = ratios(*_mean(flips))
    exact, _ = ratios(flips["exact"].values, flips["exact_error"].values)
    return Check(
        "ratios of successive distances of flips of training are those of the reduced map, to the "
        "tolerances of the flips carried through",
        "; ".join(
            f"{v:.4f} ± {e:.4f} (map {x:.4f})" for v, e, x in zip(value, error, exact, strict=True)
        ),
        bool((np.abs(value - exact) <= error).all()),
    )


def judged_delta(flips: xr.Dataset, doublings: int) -> Check:
    """Compare Feigenbaum's constant from training with that of the cascade of the map."""
    value, error = _delta(flips)
    cascade = map_cascade(doublings + 1)
    reference, bound = float(cascade.delta), float(cascade.delta.error)
    return Check(
        "Feigenbaum's δ extrapolated from training is that of the cascade of the reduced map, to "
        "the sum of their errors",
        f"training {value:.4f} ± {error:.4f}, map {reference:.4f} ± {bound:.4f}",
        abs(value - reference) <= error + bound,
    )


# ---- chaos and windows ---------------------------------------------------------------------------


def _compared(
    orbits: xr.Dataset, exponents: xr.Dataset, names: tuple[str, str, str], prefix: str
) -> tuple[np.ndarray, np.ndarray]:
    mine, error, theirs = names
    one = orbits.sel(rho=exponents["rho"])
    apart = np.abs(one[mine].values - exponents[theirs].values)
    spread = np.hypot(one[error].values, exponents[f"{prefix}standard_error"].values)
    return apart, SIGMAS * spread + one[f"{mine}_extent"].values / orbits.attrs["keep"]


def judged_exponents(orbits: xr.Dataset, exponents: xr.Dataset) -> Check:
    """Compare the exponent along training with that of the map: periodic and chaotic alike."""
    apart, allowed = _compared(orbits, exponents, ("exponent", "standard_error", "exponent"), "")
    held = apart <= allowed
    return Check(
        "the Lyapunov exponent along training (mean of ln|derivative of the reduced map| at the F "
        f"of training) is that of the map at every η > η_c, to {SIGMAS} standard errors and one "
        "iterate more or less",
        f"{held.sum()} of {held.size} within it; from {np.nanmin(exponents['exponent']):.2f} to "
        f"{float(exponents['exponent'].max()):.3f}, largest difference {apart.max():.1e}",
        bool(held.all()),
    )


def judged_windows(found: xr.Dataset, patience: int) -> Check:
    """Compare the periods of training with those of the map, in windows it can find in time."""
    due = found["capture_time"].values * MISSED <= patience
    right = (found["period"] == found["expected"]).values
    return Check(
        "where the reduced map has a superstable cycle, training has its period: at all values "
        f"with a capture time of up to 1/{MISSED:g} of the steps",
        f"{(right & due).sum()} of {due.sum()} (periods {_counted(found, due)}); of the "
        f"{(~due).sum()} narrower ones {(right & ~due).sum()}",
        bool(right[due].all() and due.any()),
    )


def _counted(found: xr.Dataset, due: np.ndarray) -> str:
    values, number = np.unique(found["expected"].values[due], return_counts=True)
    return ", ".join(f"{p}: {n}" for p, n in zip(values, number, strict=True))


# ---- the manifold --------------------------------------------------------------------------------


def judged_approach(approaching: xr.Dataset) -> Check:
    """Compare what each step multiplies the distance by with the cofactor."""
    root = np.sqrt(approaching["distance"].values)
    predicted = root[..., :-1] * np.sqrt(approaching["cofactor"].values[..., :-1])
    roundings = WIDTH + len(EXAMPLE[0]) + 4  # in a step: two sums, and what they are made of
    size = np.sqrt(approaching["floor"].values)[..., :-1]
    extent = 4 + approaching["rho"].values[:, None]  # of F + ρ in the bounded region, at least
    allowed = roundings * (size + ROUNDING * extent * root[..., :-1])
    apart = np.abs(root[..., 1:] - predicted)
    return Check(
        "each step of training multiplies k − 2F by (1 + z)², to rounding, from the start down to "
        "the rounding of the weights",
        f"{(apart <= allowed).sum()} of {apart.size} steps, k − 2F from "
        f"{approaching['distance'].values.max():.1e} down to "
        f"{approaching['distance'].values.min():.0e}; at most {np.max(apart / allowed):.2f} of it",
        bool((apart <= allowed).all()),
    )


def judged_transverse(orbits: xr.Dataset, exponents: xr.Dataset) -> Check:
    """Compare the transverse exponent along training with that of the map, and with zero."""
    names = ("transverse", "transverse_error", "transverse_exponent")
    apart, allowed = _compared(orbits, exponents, names, "transverse_")
    held = apart <= allowed
    one = orbits.sel(rho=exponents["rho"])
    top = one["transverse"].values + SIGMAS * one["transverse_error"].values
    return Check(
        "the mean of 2 ln|1 + z| along training is the transverse exponent of the map, to "
        f"{SIGMAS} standard errors and one iterate, and by as many below zero at every η > η_c",
        f"{held.sum()} of {held.size} within it, {(top < 0).sum()} negative; largest "
        f"{one['transverse'].values.max():.4f}",
        bool(held.all() and (top < 0).all()),
    )


def judged_attractor(orbits: xr.Dataset, exponents: xr.Dataset) -> Check:
    """Look whether training has come to the manifold, as far as numbers can tell."""
    forgotten = exponents["transverse_exponent"].values * orbits.attrs["transient"]
    due = forgotten < 2 * np.log(ROUNDING)
    distance = orbits["distance"].sel(rho=exponents["rho"]).values[due]
    return Check(
        "at the end k and 2F are the same number, k − 2F ≤ ε k, wherever transient × transverse "
        "exponent < 2 ln ε (the start is forgotten)",
        f"at {(distance <= ROUNDING).sum()} of {due.sum()} step sizes ({due.size} above η_c); at "
        f"most {distance.max():.0e} k",
        bool((distance <= ROUNDING).all() and due.any()),
    )
