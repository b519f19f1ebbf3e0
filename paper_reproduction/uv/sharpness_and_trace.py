"""Claim 6: sharpness and NTK trace at the edge of stability, both against 2/η."""

from __future__ import annotations

import numpy as np
import sympy as sp
import xarray as xr

from paper_reproduction.claim import Check, Claim
from paper_reproduction.uv._sharpness_and_trace_figure import figure_of
from paper_reproduction.uv.edge_means import (
    cycle_means,
    end_means,
    merging_point,
    sharpness_minus_trace,
)
from paper_reproduction.uv.edge_training import (
    BLOCKS,
    hessians_along,
    on_the_manifold,
    trained,
    two_runs,
)
from paper_reproduction.uv.theory import edge_manifold, in_words, scaled, two_cycle
from paper_reproduction.uv.training import EXAMPLE, example_network

__all__ = [
    "judged_cycle",
    "judged_hessians",
    "judged_map",
    "judged_order",
    "judged_sharpness",
    "judged_trace",
    "run",
]

NETWORKS = ((8, 1.0, 0.1), (64, 0.0, 0.03))  # width, s, σ_w: starts that stay bounded up to ρ = 2
SEED = 0
ROUNDING = float(np.finfo(float).eps)


def run(quick: bool) -> Claim:
    """Train past η_c, and compare trace, sharpness and their means with 2/η and with theory."""
    transient, keep, count = (1500, 2048, 26) if quick else (6000, 32768, 141)
    end = float(end_means().up_to)
    rho = np.linspace(0.6, end - 0.02, count)
    networks = [example_network(*n, SEED) for n in NETWORKS]
    means = trained(networks, rho, transient, keep)
    mapped = on_the_manifold(rho[rho > 1], transient, keep)
    hessians = hessians_along(networks[0], 20 if quick else 100)
    checks = (
        judged_hessians(hessians),
        judged_order(means),
        _judged_minima(means),
        judged_cycle(means),
        judged_map(means, mapped),
        _judged_end(transient, keep),
        judged_trace(means, period_two=True),
        judged_sharpness(means, period_two=True),
        judged_trace(means, period_two=False),
        judged_sharpness(means, period_two=False),
    )
    runs = two_runs(networks[0])
    x, y = EXAMPLE
    crossing = _crossing(means)
    cycle, at_end = cycle_means(), end_means()
    return Claim(
        sentence="At the edge of stability sharpness and NTK trace oscillate about 2/η; the trace "
        "hovers above it, and the sharpness nearer to it than the trace while the period is two.",
        source="UV paper, the sections on the edge of stability and on sharpness",
        computed="Networks of width "
        + " and ".join(f"{n} (s = {s:g}, σ_w = {w:g})" for n, s, w in NETWORKS)
        + f", seed {SEED}, on x = {x}, y = {y}, trained in weight space at {count} step sizes, ρ = "
        f"η/η_c from {rho[0]:g} to {rho[-1]:g}: {transient:,} steps left out, {keep:,} kept. "
        "Standard errors of the means from "
        f"{BLOCKS} blocks. Where the period is two the exact means are η⟨λ⟩ = "
        f"{in_words(cycle.trace)} and η⟨sharpness⟩ = {in_words(sp.together(cycle.sharpness))}, at "
        f"ρ = {in_words(at_end.up_to)} they are {in_words(at_end.trace)} and "
        f"{in_words(at_end.sharpness)} = {float(at_end.sharpness):.4f}.",
        checks=checks,
        where="Both means tend to 2/η as η falls to η_c. Above, neither stays there: on the "
        f"2-cycle, ρ < {in_words(cycle.up_to)}, the trace exceeds it by "
        f"({in_words(cycle.trace - 2)})/η and the sharpness by "
        f"{in_words(sp.cancel((cycle.sharpness - 2) / (cycle.trace - 2)))} of that; "
        f"from ρ = {crossing:.2f} on the sharpness exceeds even the trace, far above 2/η. "
        f"{_exception(means)}At an instant "
        "the sharpness is the larger of the two where f > y or f < y/3, and both are equal at "
        "the minima.",
        figure=figure_of(runs, means, mapped),
        caption=f"Training a network of width {networks[0].width} on the 2-cycle (top left) and in "
        "chaos (top right): sharpness and NTK trace, times η, against 2. Bottom left: their means "
        "over training, of both networks (marks), with the exact means on the 2-cycle and at "
        "ρ = 2 (black lines, stars) and the means of the map on the edge-of-stability manifold "
        "(thin lines). Bottom right: mean sharpness less mean trace, with standard errors.",
        data={"means": means, "manifold": mapped, "runs": runs},
    )


def _crossing(means: xr.Dataset) -> float:
    """Return the first ρ > 1 from which on mean sharpness exceeds mean trace, by all networks."""
    rho = means["rho"].values
    below = (means["difference"].values <= 0).any(axis=0) & (rho > 1)
    return float(rho[min(int(np.flatnonzero(below)[-1]) + 1, len(rho) - 1)])


def _exception(means: xr.Dataset) -> str:
    """Say where the mean trace is below 2/η beyond doubt."""
    rho, low = means["rho"].values, means["trace"].values + 5 * means["trace_error"].values < 2
    found = rho[low.any(axis=0) & (rho > 1)]
    if not len(found):
        return ""
    merging = merging_point()
    return (
        f"The mean trace is below 2/η from ρ = {found[0]:.2f} to {found[-1]:.2f}: near "
        f"{in_words(merging)} = {float(merging):.3f} the largest f is mapped to f = 0, and "
        "training lingers at the saddle of vanishing weights. "
    )


def judged_hessians(table: xr.Dataset) -> Check:
    """Compare the closed form of the sharpness with eigenvalues of the Hessian."""
    apart = np.abs(table["eigenvalue"].values - table["formula"].values)
    return Check(
        "the closed form of the sharpness is the top eigenvalue of the Hessian in all weights, to "
        "the rounding of the eigensolver, (number of weights) ε ‖H‖",
        f"{apart.size} Hessians along training: at most {apart.max():.1e} apart",
        bool((apart <= table["tolerance"].values).all()),
    )


def judged_order(means: xr.Dataset) -> Check:
    """Count iterates at which sharpness and trace are in the wrong order."""
    wrong = int(means["disorder"].sum())
    total = means.attrs["keep"] * means["disorder"].size
    return Check(
        "the sharpness is larger than the trace exactly where "
        f"{in_words(sharpness_minus_trace())} > 0, that is f > y or f < y/3 (where they "
        "differ by more than √ε, relatively)",
        f"{wrong} of {total:,} iterates against it",
        wrong == 0,
    )


def _judged_minima(means: xr.Dataset) -> Check:
    one = means.sel(rho=means["rho"][means["rho"] < 1])
    settled = one["error"].values <= np.sqrt(ROUNDING)
    apart = np.abs(one["difference"].values)
    holds = settled & (apart <= np.sqrt(ROUNDING)) & (one["sharpness"].values <= 2)
    return Check(
        "below η_c training ends at a minimum (|Δf| ≤ √ε |y|) where sharpness and trace are equal, "
        "to √ε, and at most 2/η",
        f"{holds.sum()} of {holds.size} runs; η × sharpness from {one['sharpness'].min():.4f} to "
        f"{one['sharpness'].max():.4f}",
        bool(holds.all()),
    )


def judged_cycle(means: xr.Dataset) -> Check:
    """Compare the means where the period is two with the exact ones."""
    exact = cycle_means()
    cycle, states = two_cycle()
    (rho,) = scaled().parameters
    cofactor = edge_manifold().cofactor
    across = sp.prod(cofactor.subs(s, simultaneous=True) for s in states)
    found = means["rho"].values
    values = found[(found > 1) & (found < float(exact.up_to))]
    one = means.sel(rho=values)
    contraction = np.max(
        [np.abs(sp.lambdify(rho, m)(values)) for m in (cycle.multipliers[0], across)], axis=0
    )
    # Half of the transient to come near the cycle, half of it to be drawn in; then rounding, which
    # every turn adds and contracts.
    late = contraction ** (means.attrs["transient"] / 4)
    size = 8 * max(n for n, _, _ in NETWORKS) * ROUNDING * 2 * float(exact.trace.subs(rho, 2))
    tolerance = late + size / (1 - contraction)
    apart = np.array(
        [
            np.abs(one[name].values - sp.lambdify(rho, e)(values))
            for name, e in (("trace", exact.trace), ("sharpness", exact.sharpness))
        ]
    )
    holds = apart <= tolerance
    return Check(
        f"for 1 < ρ < {in_words(exact.up_to)} the means are η⟨λ⟩ = {in_words(exact.trace)} and "
        f"η⟨sharpness⟩ = {in_words(exact.sharpness)}, to rounding and to what the multipliers of "
        "the 2-cycle leave of the start after half of the transient",
        f"{holds.sum()} of {holds.size} means within it, at most {apart.max():.1e} apart",
        bool(holds.all()),
    )


def judged_map(means: xr.Dataset, mapped: xr.Dataset) -> Check:
    """Compare the means of trained networks with those of the map on the manifold."""
    one = means.sel(rho=mapped["rho"])
    apart, allowed = [], []
    for name in ("trace", "sharpness"):
        apart.append(np.abs(one[name].values - mapped[name].values))
        error = np.hypot(one[name + "_error"].values, mapped[name + "_error"].values)
        extent = one[name + "_high"].values - one[name + "_low"].values
        allowed.append(5 * error + extent / means.attrs["keep"])
    held = np.array(apart) <= np.array(allowed)
    return Check(
        "for all ρ > 1, in chaos and windows too, the means of the networks are those of the map "
        "on the edge-of-stability manifold, to 5 standard errors and one iterate more or less",
        f"{held.sum()} of {held.size} means within it, at most {np.max(apart):.1e} apart",
        bool(held.all()),
    )


def _judged_end(transient: int, keep: int) -> Check:
    exact = end_means()
    starts = np.linspace(0.11, 1.13, 64)
    found = on_the_manifold(np.full(64, float(exact.up_to)), transient, keep, starts)
    inside = found["diverged"].values == 0
    rows = []
    for name, value in (("trace", exact.trace), ("sharpness", exact.sharpness)):
        values = found[name].values[inside]
        rows.append((values.mean() - float(value), values.std(ddof=1) / np.sqrt(values.size)))
    shown = "; ".join(f"{apart:+.1e} ± {error:.1e}" for apart, error in rows)
    return Check(
        f"where the bounded region opens, ρ = {in_words(exact.up_to)}, the means on the manifold "
        f"are {in_words(exact.trace)} and {in_words(exact.sharpness)}, to 5 standard errors of 64 "
        "orbits",
        f"differences {shown}; {inside.sum()} orbits stay bounded",
        all(abs(apart) <= 5 * error for apart, error in rows),
    )


def judged_trace(means: xr.Dataset, *, period_two: bool) -> Check:
    """Whether the trace oscillates about 2/η with a mean above it, on the 2-cycle or for all ρ."""
    end = float(cycle_means().up_to)
    rho = means["rho"].values
    one = means.sel(rho=rho[(rho > 1) & (rho < end)] if period_two else rho[rho > 1])
    above = one["trace"].values - 5 * one["trace_error"].values > 2
    about = (one["trace_low"].values < 2) & (one["trace_high"].values > 2)
    mean = one["trace"].values
    range_ = f"1 < ρ < {in_words(cycle_means().up_to)}" if period_two else "all ρ > 1"
    return Check(
        f"for {range_} the NTK trace oscillates about 2/η and its mean is above it, by more than "
        "5 standard errors",
        f"mean above at {above.sum()} of {above.size}, below (by as much) at "
        f"{(mean + 5 * one['trace_error'].values < 2).sum()}, least η⟨λ⟩ {mean.min():.4f}; "
        f"oscillation about 2/η at {about.sum()}",
        bool(above.all() and about.all()),
        required=period_two,
    )


def judged_sharpness(means: xr.Dataset, *, period_two: bool) -> Check:
    """Whether the sharpness oscillates about 2/η, its mean nearer to it than that of the trace."""
    end = float(cycle_means().up_to)
    rho = means["rho"].values
    one = means.sel(rho=rho[(rho > 1) & (rho < end)] if period_two else rho[rho > 1])
    nearer = np.abs(one["sharpness"].values - 2) < np.abs(one["trace"].values - 2)
    about = (one["sharpness_low"].values < 2) & (one["sharpness_high"].values > 2)
    range_ = f"1 < ρ < {in_words(cycle_means().up_to)}" if period_two else "all ρ > 1"
    return Check(
        f"for {range_} the sharpness oscillates about 2/η and its mean is nearer to it than that "
        "of the trace",
        f"nearer at {nearer.sum()} of {nearer.size}; oscillation about 2/η at {about.sum()}; mean "
        f"η × sharpness from {one['sharpness'].min():.4f} to {one['sharpness'].max():.4f}",
        bool(nearer.all() and about.all()),
        required=period_two,
    )
