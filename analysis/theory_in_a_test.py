"""Do my formulas and my simulation agree? A test file, and the comparison it stands for.

The claims are about the UV model on its edge-of-stability manifold: the functions ``test_...`` are
what pytest would collect. ``python -m analysis.theory_in_a_test`` runs them, measures both
thresholds by bisection on the named phases of simulated training, and draws the comparison.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import sympy as sp

import dynsharp as ds
from dynsharp import plotting, testing

FIGURE = Path(__file__).parents[1] / "figures" / "theory_in_a_test.png"

uv, eos = ds.systems.uv(), ds.systems.uv_eos()
(z, k), (F,), (rho,) = uv.state, eos.state, eos.parameters


def test_the_manifold_is_invariant() -> None:
    """Training that begins on k = 2(z + ρ) stays there."""
    testing.assert_invariant_manifold(uv, k - 2 * (z + rho))


def test_the_minimum_flips() -> None:
    """The loss is zero at F = ρ, and training keeps it there up to ρ = 1."""
    testing.assert_fixed_point(eos, {F: rho})
    minimum = next(p for p in ds.fixed_points(eos) if p.state[F] == rho)
    testing.assert_threshold(eos, minimum, rho)


def test_the_cycle_beyond() -> None:
    """Then F₁F₂ = 1 and F₁ + F₂ = 1 + ρ."""
    root = sp.sqrt((1 + rho) ** 2 - 4)
    testing.assert_cycle(eos, [{F: (1 + rho + root) / 2}, {F: (1 + rho - root) / 2}])


def measured(period: int, low: float, high: float, halvings: int) -> float:
    """Bisect for the ρ at which simulated training settles on a longer period than this."""
    for _ in range(halvings):
        middle = (low + high) / 2
        run = ds.orbit(uv, {z: 0.9 - middle, k: 1.8}, 20000, fixed={rho: middle})
        final = ds.training_regime(run, eta=1).final
        settled = 1 if final.name == "convergence" else final.period or np.inf
        low, high = (middle, high) if settled <= period else (low, middle)
    return (low + high) / 2


def main(quick: bool = False, figure: Path = FIGURE) -> list[tuple[str, float, float, float]]:
    """Run the tests, compare the thresholds; return name, theory, simulation and tolerance."""
    for test in (test_the_manifold_is_invariant, test_the_minimum_flips, test_the_cycle_beyond):
        test()
        print(f"{test.__name__}: holds")
    halvings = 6 if quick else 10
    rows = [
        ("edge of stability", 1.0, measured(1, 0.9, 1.1, halvings), 0.2 / 2**halvings),
        ("period 4", float(sp.sqrt(5) - 1), measured(2, 1.15, 1.35, halvings), 0.2 / 2**halvings),
    ]
    for name, theory, found, tolerance in rows:
        print(f"{name}: theory rho = {theory:.6f}, training {found:.6f} ± {tolerance:.1g}")
    print("figure:", plotting.save(plotting.comparison(rows), figure))
    return rows


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
