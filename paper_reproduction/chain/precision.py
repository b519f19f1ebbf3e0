"""Claim chain.7: the oscillation at the edge of stability depends on the arithmetic's precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from paper_reproduction.chain.precision_figure import draw
from paper_reproduction.chain.precision_runs import (
    ARITHMETICS,
    EXPLODED,
    ORDER,
    VISIBLE,
    Descent,
    Passage,
    descend,
    predicted_exit,
)
from paper_reproduction.claim import Check, Claim

__all__ = ["judge", "measure", "run"]

HEIGHT = 10.0  # the slow direction's share of the solution, of the fast one's
CALM = 1e-2  # of the largest oscillation that may be left at the end


def measure(passage: Passage, length: float) -> list[Descent]:
    """Descend in every arithmetic, for a number of steps in units of 1/σ₂²."""
    steps = int(length / passage.slow**2)
    return [descend(passage, a, steps) for a in ARITHMETICS]


def judge(cells: list[list[Descent]]) -> tuple[Check, ...]:
    """Hold the exits against linear theory, and the outcomes against what is reported."""
    misses, late, kept = [], [], []
    for row in cells:
        for d in row:
            exit_, allowed = predicted_exit(row[-1], d.arithmetic)
            misses.append((d.exit - exit_) / allowed)
        late.append([d.exit for d in row])
        kept.append([d.crossing for d in row])
    exits, crossings = np.array(late), np.array(kept)
    peaks = np.array([[d.peak for d in row] for row in cells])
    bounded = [d for row in cells for d in row if not d.exploded]
    falls = [float(d.oscillation[-1 - ORDER] / d.oscillation.max()) for d in bounded]
    ends = [float(d.edge[-1]) for d in bounded]
    outcome = np.array([[d.exploded for d in row] for row in cells])
    double, most = 1, len(ARITHMETICS) - 1
    only_high = int((outcome[:, most] & ~outcome[:, double]).sum())
    only_low = int((outcome[:, :most] & ~outcome[:, most:]).sum())
    n = len(cells)
    steps = (exits - crossings)[:, [0, most]]
    return (
        Check(
            "Until the oscillation starts the arithmetic plays no part: the sharpness crosses 2/η "
            "at the same step in all of them, within one",
            f"largest difference {int(np.ptp(crossings, axis=1).max())} steps",
            bool(np.ptp(crossings, axis=1).max() <= 1),
        ),
        Check(
            "It starts late by what linear theory says for the rounding error of the arithmetic: "
            "Σ ln|1 − ηS| since the crossing has made up for the decay before. Allowed: the steps "
            "in which the deviation grows a hundredfold, for how errors add up in a step",
            f"{len(misses)} starts, off by at most {max(map(abs, misses)):.2f} of what is allowed",
            bool(max(map(abs, misses)) <= 1),
        ),
        Check(
            "The more digits, the later: float32, float64, 50, 200 digits in this order, or at the "
            "same step where the decay never got down to the rounding error",
            f"steps past the crossing from {steps[:, 0].min()} (float32) to {steps[:, 1].max()} "
            "(200 digits)",
            bool((np.diff(exits, axis=1) >= 0).all() and (exits > 0).all()),
        ),
        Check(
            "The later, the larger is ηS when it starts (the same up to 1% where the step is too)",
            f"{peaks[:, 0].min():.2f} to {peaks[:, 0].max():.2f} in float32, "
            f"{peaks[:, most].min():.2f} to {peaks[:, most].max():.2f} with 200 digits",
            bool((np.diff(peaks, axis=1) >= -0.01 * peaks[:, 1:] * (np.diff(exits) == 0)).all()),
        ),
        Check(
            "Where the loss stays bounded the oscillation decays: at the end less than "
            f"{CALM:.0%} of what it was, and ηS at most 2 up to 1%",
            f"{len(bounded)} runs; at the end at most {max(falls):.2g} of the largest; ηS at most "
            f"{max(ends):.4f}",
            bool(max(falls) < CALM and max(ends) <= 2.02),
        ),
        Check(
            "Reported: at high precision the loss can explode. There are passages that float64 "
            "survives and 200 digits do not, and none the other way round",
            f"{int(outcome[:, most].sum())} of {n} passages explode with 200 digits, {only_high} "
            f"of these not in float64; {only_low} with fewer digits only",
            bool(only_high > 0 and only_low == 0),
        ),
    )


def run(quick: bool, data: Path | None = None) -> Claim:
    """Compute, judge and draw. The passages are made for the purpose: ``data`` plays no part."""
    shown = Passage(0.05 if quick else 0.03, HEIGHT, 2.0)
    slow = (0.1, 0.05) if quick else (0.1, 0.05, 0.03, 0.02)
    beyond = (1.5, 2.0, 2.5) if quick else (1.5, 2.0, 2.5, 3.0)
    passages = [Passage(s, HEIGHT, b) for s in slow for b in beyond]
    deep = Passage(0.05, HEIGHT / 2, 1.5, depth=3)
    length = 20.0 if quick else 40.0
    cells = {p: measure(p, length) for p in (*passages, deep)}
    every = list(cells.values())
    outcome = [[d.exploded for d in row] for row in every]
    peak_kept = max(d.peak for row in every for d in row if not d.exploded)
    peak_lost = min(d.peak for row in every for d in row if d.exploded)
    drawn = {"runs": _runs(cells[shown]), "exits": _exits(every)}
    return Claim(
        "How the oscillation at the edge of stability starts and decays depends on the precision "
        "of the arithmetic, and at high precision the loss can explode: a descent that is carried "
        "slowly through the edge leaves it late, by how late depends on its rounding errors.",
        "chain paper, remark on numerical precision (reported there, unexplained)",
        f"Depth 2 (once 3), two samples with σ₁ = 1 and σ₂ = {', '.join(map(str, slow))}, targets "
        f"such that the slow direction makes up {HEIGHT:g} times the fast one (depth 3: "
        f"{HEIGHT / 2:g}); η at {', '.join(map(str, beyond))} times the critical step of the "
        f"balanced minimum (depth 3: 1.5); {length:g}/σ₂² steps. Every operation in float32, "
        "float64, 50 and 200 digits. The oscillation starts when the alternating part of the fast "
        f"residual is {VISIBLE} of its target; exploded: {EXPLODED:.0e} times the first loss.",
        judge(every),
        draw(drawn),
        f"Left: ηS and the oscillation of one descent (σ₂ = {shown.slow}, η = {shown.beyond:g} η_c)"
        " in four arithmetics. Right: steps from the crossing of 2/η to the start of the "
        "oscillation, measured against linear theory, in all passages; below, ηS when it starts, "
        "with crosses where the loss exploded afterwards.",
        drawn,
        f"Whether it explodes is decided by ηS when the oscillation starts: up to {peak_kept:.2f} "
        f"runs stay bounded, from {peak_lost:.2f} on they explode; "
        f"{sum(row[-1] and not row[1] for row in outcome)} of {len(every)} passages are bounded in "
        "float64 and explode with 200 digits. A fast passage, whose deviation never decays to the "
        "rounding error, is the same at all precisions.",
    )


def _runs(row: list[Descent]) -> xr.Dataset:
    """Sharpness and oscillation of one passage, up to where the slowest has calmed down."""
    length = max(len(d.edge) for d in row)
    edge, oscillation = np.full((2, len(row), length), np.nan)
    for i, d in enumerate(row):
        edge[i, : len(d.edge)], oscillation[i, : len(d.edge)] = d.edge, d.oscillation
    names = [d.arithmetic.name for d in row]
    kept = slice(0, min(length, 6 * row[0].crossing))
    return xr.Dataset(
        {
            "eta_sharpness": (("arithmetic", "iterate"), edge[:, kept].astype(np.float32)),
            "oscillation": (("arithmetic", "iterate"), oscillation[:, kept].astype(np.float32)),
        },
        {"arithmetic": names},
        {"slow": row[0].passage.slow, "beyond": row[0].passage.beyond},
    )


def _exits(cells: list[list[Descent]]) -> xr.Dataset:
    grid = ("passage", "arithmetic")
    predicted = [[predicted_exit(row[-1], d.arithmetic)[0] for d in row] for row in cells]
    crossing = np.array([[d.crossing for d in row] for row in cells])
    return xr.Dataset(
        {
            "measured": (grid, np.array([[d.exit for d in row] for row in cells]) - crossing),
            "predicted": (grid, np.array(predicted) - crossing),
            "eta_sharpness": (grid, np.array([[d.peak for d in row] for row in cells])),
            "exploded": (grid, np.array([[int(d.exploded) for d in row] for row in cells])),
            "slow": ("passage", [row[0].passage.slow for row in cells]),
            "beyond": ("passage", [row[0].passage.beyond for row in cells]),
            "depth": ("passage", [row[0].passage.depth for row in cells]),
        },
        {"arithmetic": [a.name for a in ARITHMETICS]},
    )
