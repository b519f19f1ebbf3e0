"""Which step and momentum go together? The plane of both, with the exact boundary over it.

Heavy ball on the double well log(1 + (w² − 1)²): the period on which training settles for every
pair, and the boundary of stability that Schur and Cohn's conditions give for its minima:
``python -m analysis.step_and_momentum``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import sympy as sp

import dynsharp as ds
from dynsharp import plotting

FIGURE = Path(__file__).parents[1] / "figures" / "step_and_momentum.png"


def main(quick: bool = False, figure: Path = FIGURE) -> float:
    """Draw the plane; return the share of it where simulation and boundary agree."""
    w = sp.Symbol("w", real=True)
    eta, beta = sp.symbols("eta beta", positive=True)
    hb = ds.heavy_ball(sp.log(1 + (w**2 - 1) ** 2), weights=[w], step=eta, momentum=beta)
    minimum = next(p for p in ds.fixed_points(hb) if p.state[w] == 1)
    print("the minima are stable where", minimum.stable)

    n = 60 if quick else 400
    plane = ds.phase_diagram(
        hb,
        {eta: np.linspace(0.01, 1.2, n), beta: np.linspace(0, 0.95, n)},
        start={"w": 0.9, "m_w": 0.0},
        max_period=32,
        transient=3000,
    )
    stable = sp.lambdify([eta, beta], minimum.stable)(*np.meshgrid(
        plane["eta"], plane["beta"], indexing="ij"))  # fmt: skip
    settled = plane["period"].values == 1
    agree = float((settled == stable).mean())
    print(f"training settles at a minimum on {settled.mean():.1%} of the plane;")
    print(f"the boundary says the same of {agree:.1%} of the pairs: beyond it training settles on")
    print(f"a cycle or chaos ({(~settled & ~stable).mean():.1%}), in front of it on a cycle")
    print(f"beside the stable minimum ({(~settled & stable).mean():.1%})")

    (flip,) = ds.thresholds(minimum, eta)
    ax = plotting.phase_diagram(plane)
    steps = sp.lambdify(beta, flip.value)(plane["beta"].values)
    ax.plot(steps, plane["beta"], color="white", lw=1.4, ls="--")
    with plotting.style():
        label = f"flip (dashed):\n$\\eta = {sp.latex(flip.value)}$"
        ax.text(0.03, 0.85, label, color="white", transform=ax.transAxes)
    print("figure:", plotting.save(ax, figure))
    return agree


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
