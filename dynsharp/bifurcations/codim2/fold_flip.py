"""The fold-flip: multipliers 1 and −1.

Kuznetsov, Meijer, van Veen, Int. J. Bifurcation Chaos 14 (2004) 2253.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dynsharp.bifurcations.codim2.kind import FLIP, FOLD, NEIMARK_SACKER, Codim2Kind
from dynsharp.bifurcations.codim2.multipliers import another
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign
from dynsharp.normal_forms.unfoldings import Born, Longer
from dynsharp.types import Array

TERMS = [  # the name of a coefficient, its factor, the coordinate and the exponents of its monomial
    ("a", 2, 0, 2, 0),
    ("b", 2, 0, 0, 2),
    ("c", 6, 0, 3, 0),
    ("d", 2, 0, 1, 2),
    ("e", 1, 1, 1, 1),
    ("f", 2, 1, 2, 1),
    ("g", 6, 1, 0, 3),
]


class FoldFlip(Codim2Kind):
    """Test functions ∏(μ + 1) along folds and ∏(μ − 1) along flips."""

    name = "fold-flip"
    meaning = "multipliers 1 and −1: a curve of folds touches one of flips"
    marker = Marker("p", "black", "fold–flip")
    tests = (another("fold", -1.0), another("flip", 1.0))
    multipliers = (1.0, -1.0)
    map = "(ξ + ½a ξ² + ½b η² + ⅙c ξ³ + ½d ξη², −η + e ξη + ½f ξ²η + ⅙g η³)"
    through = (FOLD, FLIP)
    multiples = (2,)
    beyond = "for a closed invariant curve of the doubled cycle a region of tangles"

    def read(self, m: CenterManifold) -> Reading:
        """Read a to g."""
        numbers = {name: k * m.coefficient(i, *powers).real for name, k, i, *powers in TERMS}
        a, b, e = (numbers[name] for name in "abe")
        return Reading(
            numbers,
            f"{sign('b e', b * e)}, {sign('a e', a * e)}",
            "the doubled cycle has a Neimark–Sacker curve"
            if b * e > 0
            else "the doubled cycle has no Neimark–Sacker curve",
            required={"a": (a, 2), "b": (b, 2), "e": (e, 2)},
        )

    def longer(self, m: CenterManifold) -> Longer:
        """(x + gα + hα x + ½a x² + ½b y², −y + nα y + e xy): e x = −nα, gα = −½b ε².

        The trace adds (h − an/e)α = O(ε²), with a constant from the cubic terms that Newton finds.
        """
        g, h, n = (m.rates(i, *e).real for i, *e in ((0, 0, 0), (0, 1, 0), (1, 0, 1)))
        a, b = 2 * m.coefficient(0, 2).real, 2 * m.coefficient(0, 0, 2).real
        e = m.coefficient(1, 1, 1).real
        rates = np.array([g, h - a * n / e])

        def place(u: Array, epsilon: float) -> tuple[Array, Array]:
            alpha = np.linalg.solve(rates, u[:2] * epsilon**2)
            return np.array([-(n @ alpha) / e + u[2] * epsilon**2, epsilon]), alpha

        def curves() -> Iterator[Born]:
            if b * e > 0:
                yield Born(NEIMARK_SACKER, 2, place, np.array([-b / 2, 0.0, 0.0]))

        return Longer(rates, curves)


KIND = FoldFlip()
