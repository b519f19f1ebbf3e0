"""Claim 4: initialisation, parameterisation and step size set the regime of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
import xarray as xr
from scipy.ndimage import distance_transform_cdt

from dynsharp.types import Array
from paper_reproduction.claim import Check, Claim
from paper_reproduction.uv._initialisation_figure import BEND, figure_of, spaced, spread
from paper_reproduction.uv.edge_of_stability import RESOLUTION
from paper_reproduction.uv.regimes import (
    CATAPULT,
    CHAOTIC,
    DIVERGENCE,
    EDGE,
    REGIMES,
    SHOWN,
    UNDECIDED,
    monotone_limit,
    predicted,
    touches_boundary,
    trained,
)
from paper_reproduction.uv.theory import critical_step
from paper_reproduction.uv.training import EXAMPLE, example_network

__all__ = [
    "confusion",
    "judged_catapult",
    "judged_kind",
    "judged_monotone",
    "judged_outcomes",
    "judged_places",
    "judged_reduction",
    "judged_sharpening",
    "judged_total",
    "measured",
    "run",
]

WIDTH, STEPS = 16, 800
PARAMETERISATIONS = (0.0, 0.5, 1.0)
SIGMAS, RATIOS = (0.1, 3.0), (0.01, 2.2)
ROUNDING = float(np.finfo(float).eps)
DRAWN = 1  # the seed in the figure: with s = 0 it has sharpness reduction
ERRORS = 5  # standard errors


def run(quick: bool) -> Claim:
    """Predict and train on a grid of (σ_w, η) for each s and seed; compare the regimes."""
    shape, seeds = ((8, 16), 2) if quick else ((24, 40), 4)
    table = measured(shape, seeds)
    x, y = EXAMPLE
    counted, near = confusion(table), _near(table)
    agreement, error = _share(table["predicted"] == table["regime"])
    return Claim(
        sentence="The scale σ_w of the initial weights, the parameterisation s and the step size "
        "set what training does: sharpness reduction, progressive sharpening, catapult, edge of "
        "stability (periodic or chaotic) or divergence, as f₀, λ₀ and η against η_c say.",
        source="UV paper, the sections on initialisation and parameterisation",
        computed=f"Networks of width {WIDTH}, s = 0, ½, 1, seeds 0 to {seeds - 1} (one draw for "
        f"each seed, scaled by σ_w), x = {x}, y = {y}: {shape[0]} values of σ_w from "
        f"{SIGMAS[0]:g} to {SIGMAS[1]:g}, {shape[1]} of η/η_c from {RATIOS[0]:g} to "
        f"{RATIOS[1]:g} (even in the logarithm up to {BEND:g}, linearly above), {STEPS} steps of "
        "training in weight space each, their loss and sharpness named by `training_regime`. "
        "Theory: divergence outside the bounded forward-invariant region; inside, past η_c, the "
        "edge of stability, chaotic if the Lyapunov exponent of the reduced map is positive; below "
        "η_c a catapult if |z'/z| > 1 at the start or on its path of gradient flow, else "
        "sharpening or reduction as gradient flow ends sharper than it starts or not. Errors: "
        "standard errors over the seeds and s.",
        checks=(
            judged_outcomes(table),
            judged_reduction(table),
            judged_total(table),
            judged_places(table),
            judged_sharpening(table),
            judged_catapult(table),
            judged_monotone(table),
            judged_kind(table),
        ),
        where=f"In {agreement:.1%} ± {error:.1%} of all cells training is in the regime that "
        "theory gives. Whether it converges, comes to the edge of stability or diverges is exact; "
        "what depends on gradient flow (sharpening, reduction, catapult) moves with the step: each "
        "step multiplies λ² − 4g²f² by (1 − z²)², so that larger ones end flatter, and below "
        "|f₀| = |y| there is reduction too. "
        f"{_edge_ranges(table)}",
        figure=figure_of(table, min(DRAWN, seeds - 1), counted, near),
        caption=f"Regimes of networks of width {WIDTH}, seed {min(DRAWN, seeds - 1)}, over the "
        "scale of the initial weights and the step size in units of η_c (logarithmic below the "
        f"dotted line at {BEND:g}, linear above; dashed: η_c), for three parameterisations s: from "
        "theory (top) and from training (middle). Bottom left: share of cells in which they differ "
        "against the distance to the nearest boundary between regimes of theory, over all "
        f"{table['regime'].size:,} cells ({seeds} seeds), with standard errors. Bottom right: "
        "what training does in the cells of each regime of theory.",
        data={"regimes": table, "confusion": counted, "distance": near},
    )


def measured(shape: tuple[int, int], seeds: int) -> xr.Dataset:
    """Return the regimes ``predicted`` and of training, over (s, seed, σ_w, ρ)."""
    sigma = np.geomspace(*SIGMAS, shape[0])
    first, last = (float(spread(r)) for r in RATIOS)
    rho = spaced(np.linspace(first, last, shape[1]))
    parts, critical = [], []
    for s in PARAMETERISATIONS:
        rows = []
        for seed in range(seeds):
            networks = [example_network(WIDTH, s, float(scale), seed) for scale in sigma]
            start = np.array([net.start["df"] + net.y for net in networks])
            row = trained(networks, rho, STEPS)
            row["predicted"] = (("network", "rho"), predicted(networks, rho).astype(np.int8))
            row["f0"] = ("network", start / networks[0].y)
            rows.append(row)
        parts.append(xr.concat(rows, "seed"))
        critical.append(critical_step(networks[0].y, networks[0].g))
    table = xr.concat(parts, "s").rename(network="sigma_w")
    table = table.assign_coords(
        s=list(PARAMETERISATIONS), seed=np.arange(seeds, dtype=np.int32), sigma_w=sigma
    )
    table["critical"] = ("s", critical)
    for name in ("regime", "predicted"):
        table[name].attrs |= {"regimes": ", ".join(f"{i} {n}" for i, n in enumerate(REGIMES))}
    return table


# ---- agreement -----------------------------------------------------------------------------------


def _share(right: xr.DataArray, where: xr.DataArray | None = None) -> tuple[float, float]:
    """Return the share of cells that are right, and its standard error over seeds and s."""
    chosen = right if where is None else right.where(where)
    each = chosen.mean(("sigma_w", "rho")).values.ravel()
    each = each[np.isfinite(each)]
    error = each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.nan
    return float(each.mean()), float(error)


def _outcome(regime: xr.DataArray) -> xr.DataArray:
    """0 converges, 1 stays at the edge of stability, 2 diverges."""
    return xr.where(regime == DIVERGENCE, 2, xr.where(regime.isin(EDGE), 1, 0))


def _distance(table: xr.Dataset) -> Array:
    """Return how many cells each is from the nearest that touches a boundary of theory."""
    clear = ~touches_boundary(table["predicted"].values).astype(bool)
    cells = [distance_transform_cdt(t, "chessboard") for t in clear.reshape(-1, *_shape(table))]
    return np.array(cells).reshape(clear.shape)


def _shape(table: xr.Dataset) -> tuple[int, int]:
    return table.sizes["sigma_w"], table.sizes["rho"]


def _near(table: xr.Dataset) -> xr.Dataset:
    wrong = table["predicted"] != table["regime"]
    cells = xr.DataArray(_distance(table), dims=wrong.dims)
    found = range(min(int(cells.max()), 5) + 1)
    rows = [_share(wrong, cells == n) for n in found]
    share, error = np.array(rows).T
    return xr.Dataset(
        {"share": ("cells", share), "error": ("cells", error)},
        {"cells": np.array(list(found), np.int32)},
    )


def confusion(table: xr.Dataset) -> xr.Dataset:
    """Count the cells of each regime of theory (rows) by what training does (columns)."""
    pairs = table["predicted"].values.ravel() * len(REGIMES) + table["regime"].values.ravel()
    cells = np.bincount(pairs, minlength=SHOWN * len(REGIMES)).reshape(SHOWN, len(REGIMES))
    share = cells / np.maximum(cells.sum(axis=1, keepdims=True), 1)
    dims = ("theory", "training")
    return xr.Dataset({"cells": (dims, cells.astype(np.int32)), "share": (dims, share)})


def _edge_ranges(table: xr.Dataset) -> str:
    """Say up to which σ_w training came to the edge of stability, for each s."""
    edge = table["regime"].isin(EDGE).any("rho")
    rows: list[str] = []
    for s in table["s"].values:
        reach = [float(table["sigma_w"].values[e].max()) for e in edge.sel(s=s).values if e.any()]
        rows.append(f"{min(reach):.2g} to {max(reach):.2g} for s = {s:g}")
    return (
        "Training came to the edge of stability up to σ_w of "
        + ", ".join(rows)
        + " (the range is that of the seeds): the wider reach of s = 1 is that of the condition "
        "λ₀ < g(f₀ + 3y), since g falls with the width unless s = 1."
    )


# ---- criteria ------------------------------------------------------------------------------------


def judged_outcomes(table: xr.Dataset) -> Check:
    """Compare whether training converges, stays at the edge or diverges with the exact answer."""
    sure = np.abs(table["rho"] - 1) > RESOLUTION / STEPS
    right = (_outcome(table["predicted"]) == _outcome(table["regime"])).sel(rho=sure)
    return Check(
        "whether training converges, stays at the edge of stability or diverges is as the bounded "
        f"region and η_c say, in every cell (within {RESOLUTION:g}/{STEPS} of η_c the steps do not "
        f"tell: {int((~sure).sum())} rows left out)",
        f"in {int(right.sum()):,} of {right.size:,} cells",
        bool(right.all()),
    )


def _settled(table: xr.Dataset) -> xr.DataArray:
    """Whether a run has converged: the error is at rounding level of the loss."""
    return (table["left"] <= np.sqrt(ROUNDING)) & (_outcome(table["regime"]) == 0)


def judged_reduction(table: xr.Dataset) -> Check:
    """Where |f₀| > |y| the NTK trace ends below its start, at any step size."""
    due = _settled(table) & (table["largest"] ** 2 <= 2) & (np.abs(table["f0"]) > 1)
    right = (table["growth"] < 1) & due
    return Check(
        "where |f₀| > |y| the NTK trace ends below its start at every converging step with z² ≤ 2: "
        "gradient flow conserves λ² − 4g²f², a step multiplies it by (1 − z²)² ≤ 1",
        f"in {int(right.sum()):,} of {int(due.sum()):,} cells",
        bool((right == due).all() and due.any()),
    )


def judged_total(table: xr.Dataset) -> Check:
    """Whether theory errs at its boundaries: agreement away from them against that on them."""
    same = table["predicted"] == table["regime"]
    touched = xr.DataArray(touches_boundary(table["predicted"].values), dims=same.dims)
    total, off, on = _share(same), _share(same, ~touched), _share(same, touched)
    gap, error = off[0] - on[0], float(np.hypot(off[1], on[1]))
    return Check(
        "the six regimes of theory and training agree more often in cells that touch no boundary "
        f"of theory than in those that do, by more than {ERRORS} standard errors",
        f"agreement {total[0]:.2%} ± {total[1]:.2%} of {same.size:,} cells: {off[0]:.2%} ± "
        f"{off[1]:.2%} away from boundaries, {on[0]:.2%} ± {on[1]:.2%} at them",
        gap > ERRORS * error,
    )


def judged_places(table: xr.Dataset) -> Check:
    """Whether every cell that differs touches a boundary of theory."""
    wrong = (table["predicted"] != table["regime"]).values
    cells = _distance(table)
    far = wrong & (cells > 0)
    return Check(
        "every cell in which theory and training differ touches a boundary of theory",
        f"{int((wrong & (cells == 0)).sum()):,} do, {int(far.sum()):,} do not; the farthest is "
        f"{int(cells[wrong].max(initial=0))} cells away",
        not far.any(),
        required=False,
    )


def judged_sharpening(table: xr.Dataset) -> Check:
    """Where |f₀| < |y| the trace grows: gradient flow says so, large steps may not do it."""
    due = _settled(table) & (np.abs(table["f0"]) < 1) & (table["regime"] != CATAPULT)
    wrong = due & (table["growth"] <= 1)
    share, error = _share(~wrong, due)
    ratios = table["rho"].values[wrong.any(("s", "seed", "sigma_w")).values]
    nearest = xr.where(wrong, np.abs(table["f0"]), np.nan)
    range_ = f"; where not, η ≥ {ratios[0]:.3g} η_c and |f₀| ≥ {float(nearest.min()):.2g} |y|"
    range_ *= len(ratios) > 0
    return Check(
        "where |f₀| < |y| and the loss does not rise, the NTK trace ends above its start, whatever "
        "the step",
        f"in {share:.2%} ± {error:.2%} of {int(due.sum()):,} cells{range_}",
        not wrong.any(),
        required=False,
    )


def judged_catapult(table: xr.Dataset) -> Check:
    """Whether the loss rises where gradient flow crosses the line of monotone loss."""
    due = (_outcome(table["predicted"]) == 0) & (_outcome(table["regime"]) == 0)
    said, seen = table["predicted"] == CATAPULT, table["regime"] == CATAPULT
    share, error = _share(said == seen, due)
    return Check(
        "below η_c the loss rises exactly where |z'/z| > 1 at the start or on the path of gradient "
        "flow",
        f"in {share:.2%} ± {error:.2%} of {int(due.sum()):,} cells; a catapult not foreseen in "
        f"{int((due & seen & ~said).sum())}, one foreseen that gradient descent avoids in "
        f"{int((due & said & ~seen).sum())}",
        bool(((said == seen) | ~due).all()),
        required=False,
    )


def judged_monotone(table: xr.Dataset) -> Check:
    """Whether catapults that gradient flow does not foresee are where the manifold has them."""
    seen = (table["regime"] == CATAPULT) & (table["predicted"] < CATAPULT)
    limit = monotone_limit()
    early = seen.where(table["rho"] <= float(limit), False)
    return Check(
        "the loss rises where gradient flow does not foresee it only past "
        f"{sp.sstr(limit)} = {float(limit):.3f} η_c, up to where it is monotone for every start on "
        "the edge-of-stability manifold",
        f"{int(seen.sum())} such cells, {int(early.sum())} of them before",
        not early.any(),
        required=False,
    )


def judged_kind(table: xr.Dataset) -> Check:
    """Whether the edge of stability is periodic or chaotic as the exponent of the map says."""
    due = table["predicted"].isin(EDGE) & table["regime"].isin(EDGE)
    same = table["predicted"] == table["regime"]
    share, error = _share(same, due)
    wrong = (due & ~same).any(("s", "seed", "sigma_w")).values
    chaotic = (table["predicted"] == CHAOTIC) & due
    unnamed = due & (table["regime"] == UNDECIDED)
    return Check(
        "at the edge of stability training is periodic or chaotic as the Lyapunov exponent of the "
        "reduced map says, which depends on η/η_c alone",
        f"in {share:.2%} ± {error:.2%} of {int(due.sum()):,} cells, {int(chaotic.sum()):,} of them "
        f"chaotic; {int(unnamed.sum())} of the others are not told from {STEPS} steps; it differs "
        f"at η/η_c = {_listed(table['rho'].values[wrong])}",
        bool((same | ~due).all()),
        required=False,
    )


def _listed(values: Sequence[float] | Array) -> str:
    return ", ".join(f"{v:.3f}" for v in values) or "none"
