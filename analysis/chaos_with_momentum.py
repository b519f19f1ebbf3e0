"""Does momentum change the route to chaos? Heavy ball on a double well, a robust loss.

Loss log(1 + (w² − 1)²): for every momentum β the flip of the minima is derived, then orbits and
their Lyapunov exponent are computed on both sides: ``python -m analysis.chaos_with_momentum``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

import dynsharp as ds
from dynsharp import plotting

FIGURE = Path(__file__).parents[1] / "figures" / "chaos_with_momentum.png"


def main(quick: bool = False, figure: Path = FIGURE) -> dict[float, float]:
    """Draw the routes, print where chaos begins in units of the flip, and return that."""
    w = sp.Symbol("w", real=True)
    eta, beta = sp.symbols("eta beta", positive=True)
    hb = ds.heavy_ball(sp.log(1 + (w**2 - 1) ** 2), weights=[w], step=eta, momentum=beta)
    minimum = next(p for p in ds.fixed_points(hb) if p.state[w] == 1)
    (flip,) = ds.thresholds(minimum, eta)
    print(f"{flip.kind} at eta = {flip.value}, {flip.criticality}")

    momenta, begins = (0.0, 0.4), {}
    with plotting.style():
        panels = plt.figure(figsize=(9, 4.6)).subplots(2, 2, sharex="col",
                                                       height_ratios=[2.4, 1])  # fmt: skip
    for column, value in enumerate(momenta):
        at = float(flip.value.subs(beta, value))
        steps = np.linspace(0.8, 2, 300 if quick else 3000) * at
        start = {"w": 0.9, "m_w": 0.0}
        common = {"fixed": {"beta": value}, "start": start}
        orbits = ds.orbit_diagram(hb, eta, steps, record="w", **common)
        exponent = ds.lyapunov(hb, eta, steps, iterations=2000 if quick else 10000, **common)
        plotting.orbit_diagram(
            orbits, thresholds=[(at, "flip")], exponent=exponent, ax=panels[:, column]
        )
        panels[0, column].set_title(f"momentum {value}")
        le, error = exponent["exponent"].values, exponent["standard_error"].values
        chaotic = steps[(le > 3 * error) & (le > 0.01)]
        begins[value] = float(chaotic[0]) / at if len(chaotic) else np.nan
        print(f"beta = {value}: flip at {at:.4f}, chaos from {begins[value]:.3f} of that")
    print("figure:", plotting.save(panels, figure))
    return begins


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
