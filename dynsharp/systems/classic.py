"""Classics: the maps of the textbooks, and of the papers that first met the edge of stability."""

from __future__ import annotations

from functools import cache

import sympy as sp

from dynsharp.map import DiscreteMap
from dynsharp.optimisers import gradient_descent


def logistic() -> DiscreteMap:
    r"""Return the logistic map x' = r x (1 − x): state x, parameter r.

    References
    ----------
    May, *Simple mathematical models with very complicated dynamics*, Nature 261, 1976.
    """
    x, r = sp.symbols("x r", real=True)
    return DiscreteMap({x: r * x * (1 - x)}, [r], name="logistic")


def odd_cubic() -> DiscreteMap:
    r"""Return the odd cubic map x' = r x − x³: state x, parameter r.

    With r = 1 + ρ it is gradient descent on ¼(x² − ρ)², the UV model on its edge-of-stability
    manifold in w = √F (`uv_eos`).

    References
    ----------
    Strogatz, *Nonlinear Dynamics and Chaos*, exercise 10.3.6.
    """
    x, r = sp.symbols("x r", real=True)
    return DiscreteMap({x: r * x - x**3}, [r], name="odd-cubic")


def henon() -> DiscreteMap:
    r"""Return the Hénon map x' = 1 − a x² + y, y' = b x: state (x, y), parameters a, b.

    References
    ----------
    Hénon, *A two-dimensional mapping with a strange attractor*, Comm. Math. Phys. 50, 1976.
    """
    x, y, a, b = sp.symbols("x y a b", real=True)
    return DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b], name="henon")


def delayed_logistic() -> DiscreteMap:
    r"""Return the delayed logistic map x' = a x (1 − y), y' = x: state (x, y), parameter a.

    Its nonzero fixed point meets a Neimark–Sacker bifurcation at a = 2.

    References
    ----------
    Maynard Smith, *Mathematical Ideas in Biology*, 1968. Aronson, Chory, Hall, McGehee,
    *Bifurcations from an invariant circle for two-parameter families of maps of the plane*, 1982.
    """
    x, y, a = sp.symbols("x y a", real=True)
    return DiscreteMap({x: a * x * (1 - y), y: x}, [a], name="delayed-logistic")


def standard() -> DiscreteMap:
    r"""Return the standard map p' = p + K sin θ, θ' = θ + p': state (p, theta), parameter K.

    Area preserving; on the plane, the angle is not wrapped.

    References
    ----------
    Chirikov, *A universal instability of many-dimensional oscillator systems*, Phys. Rep. 52, 1979.
    """
    p, theta, K = sp.symbols("p theta K", real=True)
    kicked = p + K * sp.sin(theta)
    return DiscreteMap({p: kicked, theta: theta + kicked}, [K], name="standard")


def xyzw() -> DiscreteMap:
    r"""Return gradient descent on ½(xyzw − 1)²: state (x, y, z, w), parameter η.

    The minimal example of the edge of stability of Zhu et al.; the chain of depth 4 with target 1.
    Observable: ``loss``.

    References
    ----------
    Zhu, Wang, Wang, Zhou, Ge, *Understanding Edge-of-Stability Training Dynamics with a Minimalist
    Example*, ICLR 2023, arXiv:2210.03294.
    """
    weights = sp.symbols("x y z w", real=True)
    eta = sp.Symbol("eta", positive=True)
    return gradient_descent((sp.prod(weights) - 1) ** 2 / 2, weights, eta, name="xyzw")


@cache
def quadratic_regression() -> DiscreteMap:
    r"""Return the quadratic regression model: state (z, T), parameters ε, E, both positive.

    One datum and two weights whose model is quadratic with curvatures 1 and −ε: the residual is
    r = ½(a² − εb²) − E₀, and the weights descend ½r² with step η. In the scaled residual z = ηr and
    the scaled tangent kernel T = η‖∇r‖² = η(a² + ε²b²), with E = ηE₀,

        z' = z (1 − T) + ½ z² T₁,     T' = T − 2z T₁ + z² T₂,
        T₁ = (1 − ε) T + 2ε (z + E),  T₂ = (1 − ε) T₁ + ε T,

    where T_k = η Σ ω_i^k (∂_i r)² over the curvatures ω = (1, −ε). Derived here from gradient
    descent in (a, b). The state exists where a² ≥ 0 and b² ≥ 0: −T/(2ε) ≤ z + E ≤ T/2.
    For ε = 1 it is the map `uv` with k = T and ρ = E.

    Observables: ``loss`` is η² times the loss, z²/2.

    References
    ----------
    Agarwala, Pedregosa, Pennington, *Second-order regression models exhibit progressive sharpening
    to the edge of stability*, ICML 2023, arXiv:2210.04860. Zhu, Liu, Radhakrishnan, Belkin,
    *Quadratic models for understanding neural network dynamics*, arXiv:2205.11787.
    """
    a, b, z, T = sp.symbols("a b z T", real=True)
    eta, epsilon, E = sp.symbols("eta epsilon E", positive=True)
    residual = (a**2 - epsilon * b**2) / 2 - E / eta
    kernel = sum(sp.diff(residual, weight) ** 2 for weight in (a, b))
    descent = gradient_descent(residual**2 / 2, [a, b], eta)
    # The weights' squares, from z and T: two linear equations.
    A, B = sp.symbols("A B")
    squares = sp.solve(
        [(eta * e).subs({a**2: A, b**2: B}) - new for e, new in ((residual, z), (kernel, T))],
        [A, B],
    )
    scaled = descent.conjugate(
        {z: eta * residual, T: eta * kernel},
        {a: sp.sqrt(squares[A]), b: sp.sqrt(squares[B])},
    )
    unit = scaled.substitute({eta: 1})  # z and T are in its units: the update is free of it
    assert scaled.update == unit.update
    return DiscreteMap(
        {s: sp.collect(sp.expand(e), z, sp.factor) for s, e in unit.update.items()},
        [epsilon, E],
        name="quadratic-regression",
        domain=sp.And(z + E <= T / 2, z + E >= -T / (2 * epsilon)),
        observables={"loss": z**2 / 2},
    )
