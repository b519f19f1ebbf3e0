"""Which steps are stable for my loss? A network whose first weight is shared by two layers.

The model f = a²b is fitted to q > 0 with the robust loss log cosh(f − q). Its minima a²b = q are a
curve, and the step must suit the flattest of them. Derived exactly, then held against simulated
training from beside that minimum: ``python -m analysis.threshold_of_a_new_loss``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import sympy as sp

import dynsharp as ds
from dynsharp import plotting

FIGURE = Path(__file__).parents[1] / "figures" / "threshold_of_a_new_loss.png"


def main(quick: bool = False, figure: Path = FIGURE) -> sp.Expr:
    """Derive the threshold, check it by simulation, draw what happens past it; return it."""
    a, b = sp.symbols("a b", real=True)
    eta, q = sp.symbols("eta q", positive=True)
    gd = ds.gradient_descent(sp.log(sp.cosh(a**2 * b - q)), weights=[a, b], step=eta)

    minima = next(p for p in ds.fixed_points(gd) if p.family and p.state[a] != 0)
    (flip,) = ds.thresholds(minima, eta)
    print(minima)
    print(f"{flip.kind} at eta = {flip.value}, {flip.criticality}")

    for value in [1] if quick else [0.5, 1, 2]:
        ds.testing.assert_threshold(gd, minima, eta, fixed={q: value})
        at = float(flip.value.subs(q, value))
        print(f"q = {value}: training loses stability at eta = {at:.6f}, as derived")

    # The flattest minimum: stable up to the largest step, so where 2/eta is the sharpness.
    sharpness = sp.diff(q * (4 * b**3 + q) / b**2, b)
    flattest = next(r for r in sp.solve(sharpness, b) if r.is_positive)
    start = {b: float(flattest.subs(q, 1)), a: float(1 / sp.sqrt(flattest.subs(q, 1))) + 0.01}
    steps = np.linspace(0.8, 1.8, 400 if quick else 2000) * float(flip.value.subs(q, 1))
    orbits = ds.orbit_diagram(
        gd, eta, steps, start, fixed={q: 1}, transient=4000, record="loss", keep=128
    )
    ax = plotting.orbit_diagram(orbits, thresholds=[(float(flip.value.subs(q, 1)), "flip")])
    print("figure:", plotting.save(ax, figure))
    return flip.value


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
