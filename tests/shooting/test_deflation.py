"""The deflated Newton step, against its definition."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from dynsharp.shooting.deflation import deflation


@given(seed=st.integers(0, 10_000), n=st.integers(1, 3), known=st.integers(0, 3))
def test_the_step_is_newtons_for_the_deflated_residual(seed, n, known):
    """(∂(m g))⁻¹ m g = factor · (∂g)⁻¹ g, with m differentiated by sympy."""
    rng = np.random.default_rng(seed)
    x = sp.symbols(f"x:{n}", real=True)
    points, units, radius = rng.uniform(-1, 1, (known, n)), rng.uniform(0.5, 2, n), 0.7
    distances = [
        sum(((a - p) / u) ** 2 for a, p, u in zip(x, row, units, strict=True)) for row in points
    ]
    m = sp.prod([1 + radius**2 / d for d in distances])
    g = sp.Matrix(
        rng.uniform(-1, 1, (n, n)) @ sp.Matrix(x) + sp.Matrix([a**2 for a in x])
    ) + sp.Matrix(rng.uniform(-1, 1, n))
    at = rng.uniform(2, 3, n)
    values = dict(zip(x, at, strict=True))
    J, G = (np.array(e.subs(values), float) for e in (g.jacobian(x), g))
    plain = np.linalg.solve(J, -G.ravel())
    D, M = ((m * g).jacobian(x).subs(values), (m * g).subs(values))
    deflated = np.linalg.solve(np.array(D, float), -np.array(M, float).ravel())
    factor = deflation(at, plain, points.reshape(-1, n), units, radius)
    assert factor * plain == pytest.approx(deflated, rel=1e-8)
