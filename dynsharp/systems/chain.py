"""The chain: a deep linear network with one neuron a layer, on rank-one data.

Yoo, Song, Yun, *Understanding Sharpness Dynamics in NN Training with a Minimalist Example: The
Effects of Dataset Difficulty, Depth, Stochasticity, and More*, ICML 2025, arXiv:2506.06940.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from dynsharp.arguments import checked_count
from dynsharp.map import DiscreteMap
from dynsharp.optimisers import gradient_descent


def chain(depth: int = 2) -> DiscreteMap:
    r"""Return the chain of `depth` scalars: state (w1, ..., wD), parameters η, q > 0.

    Gradient descent on the loss ½(P − q)² of their product P = Π w_i:

        w_i' = w_i − η (P − q) P/w_i

    A target of the other sign is the same system with one weight's sign changed.

    Observables: ``loss``; ``sharpness_at_minimum`` = Σ (P/w_i)², the trace of the neural tangent
    kernel, which is the top Hessian eigenvalue wherever P = q; and for depth 1 and 2 ``sharpness``,
    that eigenvalue at every point. (From depth 3 on it is the root of a cubic or worse.)

    Parameters
    ----------
    depth
        D, the number of weights.

    Raises
    ------
    InputError
        If the depth is not a positive integer.

    Examples
    --------
    >>> chain(2).expressions
    (-eta*w2*(-q + w1*w2) + w1, -eta*w1*(-q + w1*w2) + w2)
    """
    weights = sp.symbols(f"w1:{checked_count('depth', depth, 1) + 1}", real=True)
    eta, q = sp.symbols("eta q", positive=True)
    product = sp.prod(weights)
    loss = (product - q) ** 2 / 2
    descent = gradient_descent(loss, weights, eta)
    observables = {
        "loss": loss,
        "sharpness_at_minimum": sum(sp.diff(product, w) ** 2 for w in weights),
    }
    if depth <= 2:
        observables["sharpness"] = _top_eigenvalue(sp.hessian(loss, weights))
    return DiscreteMap(descent.update, [eta, q], name=f"chain-{depth}", observables=observables)


def balanced_chain(depth: int | None = None) -> DiscreteMap:
    r"""Return the balanced, scaled chain: state ω, parameters ρ = η/η_c and the depth D.

        ω' = ω − (2ρ/D) (ω^D − 1) ω^(D−1)

    All weights of `chain` are equal, w_i = w = q^{1/D} ω, and η_c = 2/S is the largest step at
    which the balanced minimum is stable, so that ρ = 1 is the edge of stability at every depth.

    Derived, with D a symbol. On the line w_i = w the loss is L(w) = ½(w^D − q)², whose slope L' is
    the sum of D equal partial derivatives: each weight takes a step of η along L'/D, which is
    gradient descent on L with step η/D. Likewise L'' sums the D² entries of the Hessian H, so that
    L''/D = eᵀHe for the unit vector e along the line. At the minimum H has rank one and e is its
    range: S = L''/D. (That this is `chain` restricted to w_i = w_j is a test, depth by depth.)

    Observables: ``loss`` in units of q²; ``sharpness``, η times the top Hessian eigenvalue of the
    full chain, so that its threshold is 2: along the line, or across it with multiplicity D − 1.

    Parameters
    ----------
    depth
        The number D ≥ 2 of weights; left out, D is a parameter of the map, an integer symbol.

    Raises
    ------
    InputError
        If the depth is not an integer of at least 2.

    Examples
    --------
    >>> balanced_chain(2)
    balanced-chain-2: parameters rho
        omega' = -omega*rho*(omega**2 - 1) + omega
    """
    system = _balanced_chain()
    if depth is None:
        return system
    D = system.symbol("D")
    fixed = system.substitute({D: checked_count("depth", depth, 2)})
    return DiscreteMap(
        fixed.update,
        fixed.parameters,
        name=f"balanced-chain-{depth}",
        observables=fixed.observables,
    )


@cache
def _balanced_chain() -> DiscreteMap:
    """Derive it for any depth."""
    w, omega = sp.symbols("w omega", real=True)
    D = sp.Symbol("D", integer=True, positive=True)
    eta, q, rho = sp.symbols("eta q rho", positive=True)
    loss = (w**D - q) ** 2 / 2
    along = sp.diff(loss, w, 2) / D
    # Across the line, for e_i − e_j, H has the eigenvalue −(P − q)P/w² = −L'/(D w).
    across = -sp.diff(loss, w) / (D * w)
    minimum = q ** (1 / D)
    critical = 2 / sp.simplify(along.subs(w, minimum))

    def scaled(expression: sp.Expr, power: int) -> sp.Expr:
        """In ω and ρ: (a polynomial in ω^D, factored) · ω^(D·(power > 0) − power)."""
        in_omega = expression.subs(w, minimum * omega).subs(eta, rho * critical)
        prefactor = omega ** (D - power) if power else sp.Integer(1)
        return _simplified(_simplified(in_omega) / prefactor).factor() * prefactor

    descent = -eta * sp.diff(loss, w) / D
    return DiscreteMap(
        {omega: omega + scaled(descent / minimum, power=1)},
        parameters=[rho, D],
        name="balanced-chain",
        domain=D >= 2,
        observables={
            "loss": scaled(loss / q**2, power=0),
            "sharpness": sp.Max(scaled(eta * along, power=2), scaled(eta * across, power=2)),
        },
    )


def _top_eigenvalue(H: sp.Matrix) -> sp.Expr:
    """Top eigenvalue of a symmetric matrix of size 1 or 2."""
    if H.shape == (1, 1):
        return H[0, 0]
    gap = sp.sqrt((H[0, 0] - H[1, 1]) ** 2 + 4 * H[0, 1] ** 2)
    return (H.trace() + gap) / 2


def _simplified(expression: sp.Expr) -> sp.Expr:
    """Powers with a symbol in the exponent collected to one power a term."""
    return sp.powsimp(sp.expand(sp.simplify(sp.expand(expression))))
