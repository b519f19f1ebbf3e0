"""Claim chain.2: the difficulty of the data sets the sharpness at the end of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from paper_reproduction.chain.difficulty import FEATURES, sources
from paper_reproduction.chain.difficulty_figure import draw
from paper_reproduction.chain.difficulty_runs import (
    GAUSSIAN_SIZES,
    SEED,
    WIDTH,
    Growth,
    Series,
    measure_chain,
    measure_growth,
    measure_network,
)
from paper_reproduction.chain.flow import DRIFT
from paper_reproduction.claim import Check, Claim

__all__ = ["judge", "run"]

REPORTED_LINEAR, REPORTED_TANH = 0.99, 0.81  # by the paper


def judge(
    chains: Sequence[Series],
    drift: float,
    networks: Sequence[Series],
    growth: Growth,
) -> tuple[Check, ...]:
    """Hold what was measured against the claim: ``networks`` are linear, linear large, tanh."""
    drawn, worst, z = growth.drawn, growth.worst, growth.z
    both = xr.concat([s.table for s in chains], "problem")
    off = float(abs(both["measured"] / both["exact"] - 1).max())
    slack = 100 * DRIFT
    inside = (both["measured"] >= both["lower"] * (1 - slack)) & (
        both["measured"] <= both["upper"] * (1 + slack)
    )
    falls = {}
    for source in drawn["source"].to_numpy():
        median = drawn["median"].sel(source=source).dropna("size").to_numpy()
        falls[str(source)] = float(median.max() / median[-1])
    n = len(both["problem"])
    checks = [
        Check(
            "As long as the data can be interpolated Q never falls with one more sample (nested "
            "data, two orders of each set), to the rounding of Q, 2ε σ₁/σ_r",
            f"smallest increment {worst:.2g} of that",
            worst >= -1,
        ),
        Check(
            f"Gaussian data: the mean Q is N/(d − N − 1) below N = d = {FEATURES}, d/(N − d − 1) "
            f"above it, to 5 standard errors at N = {', '.join(map(str, GAUSSIAN_SIZES))}",
            f"largest |z| {np.abs(z).max():.2f} of {len(z)}",
            bool(np.all(np.abs(z) <= 5)),
        ),
        Check(
            "Q also grows with N past the rank of the data",
            "it falls from its peak by factors of "
            + ", ".join(f"{fall:.3g} ({k})" for k, fall in falls.items()),
            max(falls.values()) <= 1,
            required=False,
        ),
        Check(
            f"Gradient flow of the minimalist model ends, in all {n} problems, at the exact "
            f"sharpness, to {slack:.0e} (a hundred times the drift allowed), between both bounds",
            f"largest difference {off:.1e}, drift {drift:.1e}; {int(inside.sum())} within bounds",
            bool(off <= slack and drift <= DRIFT and inside.all() and both["arrived"].all()),
        ),
    ]
    for s in (*chains, networks[0]):
        checks.append(_correlated(s))
    checks.append(_reported(networks[0], REPORTED_LINEAR))
    large, tanh = networks[1:]
    checks += [
        _correlated(large, required=False),
        _correlated(tanh, required=False),
        _reported(tanh, REPORTED_TANH),
    ]
    missing = sum(int((~s.table["arrived"]).sum()) for s in networks)
    checks.append(
        Check(
            "Every network's flow arrives (1e-3 of the targets, tanh 1e-2): none is left out",
            f"{missing} do not and are left out of the correlations",
            missing == 0,
            required=False,
        )
    )
    return tuple(checks)


def _correlated(s: Series, *, required: bool = True) -> Check:
    c = s.correlation
    return Check(
        f"{_plain(s)}: Ŝ_D is correlated with the sharpness at the end of gradient flow: both "
        "95% intervals lie above 0",
        str(c),
        min(c.low, c.log_low) > 0,
        required,
    )


def _reported(s: Series, value: float) -> Check:
    c = s.correlation
    return Check(
        f"{_plain(s)}: the reported {value} lies in the 95% interval",
        f"[{c.low:.3f}, {c.high:.3f}]",
        c.low <= value <= c.high,
        required=False,
    )


def _plain(s: Series) -> str:
    return s.name.replace("$", "")


def run(quick: bool, data: Path | None = None) -> Claim:
    """Compute, judge and draw."""
    draws = sources(data, np.random.default_rng(SEED))
    sizes, orders = ((4, 16, 32), 1) if quick else ((4, 8, 16, 24, 32, 48), 2)
    results = [measure_chain(draws, sizes, orders, depth) for depth in (2, 5)]
    chains, drift = [s for s, _ in results], max(d for _, d in results)
    widths = (4, 10, 16) if quick else (4, 8, 12, 16, 24)
    networks = [
        measure_network(draws, widths, orders, *model)
        for model in ((5, False, 0.5, True), (5, False, 1.0), (4, True, 0.5))
    ]
    growth = measure_growth(draws, *((8, 10) if quick else (40, 24)))
    series = [*chains, *networks]
    reported = [np.nan, np.nan, REPORTED_LINEAR, np.nan, REPORTED_TANH]
    table = xr.Dataset(
        {
            k: ("case", [getattr(s.correlation, k) for s in series])
            for k in ("n", "r", "low", "high", "log_r", "log_low", "log_high")
        }
        | {"reported": ("case", reported), "name": ("case", [s.name for s in series])}
    )
    drawn = {s.name: s.table for s in (chains[1], networks[0], networks[2])}
    where = (
        "Q grows with N up to N = rank and falls past it. Ŝ_D is most of the sharpness where "
        "κ = (D − 1)Σd²/(σ₁²Q) is small, for hard data; on easy data (κ > 1) the second term is, "
        "which falls with Q. A fully connected linear network follows the minimalist model if "
        f"its initial weights are small (0.5 Q^(1/2D): r = {networks[0].correlation.r:.3f}), less "
        f"so if they are large (gain 1: r = {networks[1].correlation.r:.3f}, of logarithms "
        f"{networks[1].correlation.log_r:.2f}); of a tanh network of width {WIDTH} r = "
        f"{networks[2].correlation.r:.2f}, of logarithms {networks[2].correlation.log_r:.2f}."
    )
    return Claim(
        "The dataset difficulty Q = ‖X⁺y‖² grows with the number of samples, and with it the "
        "sharpness at the end of training, as Ŝ_D = (σ₁²/N) Q^((D−1)/D) predicts.",
        "chain paper, dataset difficulty; correlations 0.99 (5-layer linear) and 0.81 (4-layer "
        "tanh) as reported",
        f"Data: {', '.join(draws)} ({FEATURES} features; targets ±1), seeds from {SEED}. "
        f"Minimalist model of depth 2 and 5 on the first N = {', '.join(map(str, sizes))} of "
        f"{orders} order(s), balanced start with 0.4 of the minimum's weights; networks of width "
        f"{WIDTH}, weights of variance gain²/fan-in (small start: gain 0.5 Q^(1/2D)), "
        f"N = {', '.join(map(str, widths))}. Every run is gradient flow by LSODA with the exact "
        "Hessian.",
        judge(chains, drift, networks, growth),
        draw(growth.drawn, drawn, table),
        "Top left: Q against the number of samples, median and the range of 80% of draws, with the "
        "exact mean for Gaussian data (dotted). Top middle and bottom: sharpness at the end of "
        "gradient flow against Ŝ_D, one mark a problem; dashed is equality. Top right: their ratio "
        "with both bounds as bars against κ, which bounds it by 1 + κ. Bottom right: correlations "
        "with 95% intervals.",
        {
            "growth": growth.drawn,
            "correlations": table.assign(name=("case", [s.name.replace("$", "") for s in series])),
            "chain": chains[1].table,
            "chain_depth2": chains[0].table,
            "linear": networks[0].table,
            "linear_large": networks[1].table,
            "tanh": networks[2].table,
        },
        where,
    )
