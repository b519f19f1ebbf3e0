"""Taylor coefficients of a map at a point, as multilinear forms, and the linear algebra on them.

F(x₀ + x; α₀ + α) = x₀ + Ax + ½B(x, x) + ⅙C(x, x, x) + F_α α + ..., with

    B(u, v)_i = Σ_jk ∂²F_i/∂x_j∂x_k u_j v_k,    C(u, v, w)_i = Σ_jkl ∂³F_i/∂x_j∂x_k∂x_l u_j v_k w_l

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 5.4). Everything is exact if the point
is; floating-point numbers go through the same formulas.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix

from dynsharp.algebra.expressions import tidy
from dynsharp.map import DiscreteMap

__all__ = [
    "Expansion",
    "adjugate",
    "eigenpair",
    "evaluate",
    "flat",
    "kernel",
    "particular",
    "short",
    "solve",
    "vanishes",
]

Simplifier = Callable[[Any], Any]


class Expansion:
    """The map's derivatives at a point, evaluated when asked for.

    Parameters
    ----------
    map
        The map F(x; α).
    point
        Value of every state variable, and of those parameters that are not to stay symbolic.
    """

    def __init__(self, map: DiscreteMap, point: Mapping[sp.Symbol, sp.Expr]) -> None:
        self.map = map
        self.point = dict(point)
        self._known: dict[tuple[sp.Symbol, ...], sp.ImmutableMatrix] = {}

    def derivative(self, *symbols: sp.Symbol) -> sp.ImmutableMatrix:
        """Return the column of ∂F_i/∂(symbols), state variables or parameters, at the point."""
        key = tuple(sorted(symbols, key=lambda s: s.name))
        if key not in self._known:
            column = [sp.diff(e, *key).xreplace(self.point) for e in self.map.expressions]
            self._known[key] = sp.ImmutableMatrix(column).applyfunc(flat)
        return self._known[key]

    @cached_property
    def A(self) -> sp.ImmutableMatrix:  # noqa: N802
        """Jacobian at the point."""
        return sp.ImmutableMatrix.hstack(*(self.derivative(x) for x in self.map.state))

    def B(self, u: sp.Matrix, v: sp.Matrix) -> sp.ImmutableMatrix:  # noqa: N802
        """Second derivative form."""
        return self._form((u, v))

    def C(self, u: sp.Matrix, v: sp.Matrix, w: sp.Matrix) -> sp.ImmutableMatrix:  # noqa: N802
        """Third derivative form."""
        return self._form((u, v, w))

    def along(self, direction: sp.Matrix, parameter: sp.Symbol) -> sp.ImmutableMatrix:
        """Return dA/dα as the point moves with the parameter: ∂A/∂α + B(direction, ·)."""
        columns = []
        for j, x in enumerate(self.map.state):
            unit = sp.eye(self.map.dimension).col(j)
            columns.append(self.derivative(x, parameter) + self.B(direction, unit))
        return sp.ImmutableMatrix.hstack(*columns).applyfunc(flat)

    def _form(self, vectors: tuple[sp.Matrix, ...]) -> sp.ImmutableMatrix:
        total = sp.zeros(self.map.dimension, 1)
        for index in itertools.product(range(self.map.dimension), repeat=len(vectors)):
            weight = sp.Mul(*(v[j] for v, j in zip(vectors, index, strict=True)))
            if weight != 0:
                total += weight * self.derivative(*(self.map.state[j] for j in index))
        return sp.ImmutableMatrix(total).applyfunc(flat)


def eigenpair(
    A: sp.Matrix, multiplier: Any, simplify: Simplifier | None = None
) -> tuple[sp.ImmutableMatrix, sp.ImmutableMatrix] | None:
    """Return q and p with A q = μ q, p A = μ p, p q = 1, or None if μ is not simple.

    The adjugate of A − μI is a multiple of q p; its trace is the product of the differences of the
    other eigenvalues to μ, so it vanishes exactly if μ is not simple. One component of q is 1.
    """
    reduce = simplify or flat
    adj, _ = adjugate(A - multiplier * sp.eye(A.rows), simplify)
    trace = reduce(adj.trace())
    if vanishes(trace, reduce):
        return None
    usable = [i for i in range(A.rows) if not vanishes(adj[i, i], reduce)]
    if trace.is_number and all(adj[i, i].is_number for i in usable):
        i = max(usable, key=lambda i: abs(sp.N(adj[i, i])))
    else:
        i = min(usable, key=lambda i: adj[i, i].count_ops())
    q = (adj.col(i) / adj[i, i]).applyfunc(reduce)
    p = (adj.row(i) / trace).applyfunc(reduce)
    return sp.ImmutableMatrix(q), sp.ImmutableMatrix(p)


def solve(M: sp.Matrix, b: sp.Matrix, simplify: Simplifier | None = None) -> sp.ImmutableMatrix:
    """Solve M x = b for a non-singular M, by Cramer's rule."""
    adj, det = adjugate(M, simplify)
    return sp.ImmutableMatrix((adj * b / det).applyfunc(simplify or flat))


def particular(M: sp.Matrix, b: sp.Matrix) -> sp.ImmutableMatrix:
    """Return one solution of a consistent system M x = b, whether or not M is singular."""
    if _in_floats(M):
        x, *_ = np.linalg.lstsq(_floats(M), _floats(b), rcond=1e-6)
        return sp.ImmutableMatrix(M.cols, 1, [float(e) for e in x.flat])
    augmented = sp.Matrix.hstack(sp.Matrix(M), sp.Matrix(b))
    exact = _in_a_field(augmented)
    if exact is not None:
        reduced, pivots = exact.rref()
        last = reduced.to_Matrix().col(-1)
    else:
        reduced, pivots = augmented.rref(simplify=short, iszerofunc=vanishes)
        last = reduced.col(-1)
    x = sp.zeros(M.cols, 1)
    for row, column in enumerate(pivots):
        if column < M.cols:
            x[column] = last[row]
    return sp.ImmutableMatrix(x)


def kernel(M: sp.Matrix) -> sp.ImmutableMatrix:
    """Return a basis of the kernel as columns; by singular values where there are floats."""
    if _in_floats(M):
        from scipy.linalg import null_space

        basis = null_space(_floats(M), rcond=1e-6)
        return sp.ImmutableMatrix(*basis.shape, [float(e) for e in basis.flat])
    exact = _in_a_field(M)
    if exact is not None:
        return sp.ImmutableMatrix(exact.nullspace().to_Matrix().T)
    columns = M.nullspace(simplify=short, iszerofunc=vanishes)
    return sp.ImmutableMatrix.hstack(sp.zeros(M.rows, 0), *columns).applyfunc(short)


def adjugate(
    M: sp.Matrix, simplify: Simplifier | None = None
) -> tuple[sp.ImmutableMatrix, sp.Expr]:
    """Return adjugate and determinant (Faddeev–LeVerrier): divides by integers only.

    Rational functions are computed with in their field, other entries with ``simplify``.
    """
    exact = None if simplify else _in_a_field(M)
    if exact is None:
        reduce, one = simplify or short, sp.eye(M.rows)
        N, last = _faddeev_leverrier(M, one, lambda X: X.applyfunc(reduce))
        return sp.ImmutableMatrix(N), reduce(last)
    N, last = _faddeev_leverrier(exact, DomainMatrix.eye(exact.shape, exact.domain), lambda X: X)
    return sp.ImmutableMatrix(N.to_Matrix()), exact.domain.to_sympy(last)


def _faddeev_leverrier(M: Any, identity: Any, reduce: Simplifier) -> tuple[Any, Any]:
    n, N = M.shape[0], identity
    for k in range(1, n):
        product = reduce(M * N)
        N = reduce(product - identity * (_trace(product) / k))
    sign = (-1) ** (n - 1)
    return sign * N, sign * _trace(M * N) / n


def _trace(X: Any) -> Any:
    if isinstance(X, DomainMatrix):
        return sum((X[i, i].element for i in range(X.shape[0])), X.domain.zero)
    return X.trace()


def evaluate(formula: Callable[..., Any], *matrices: sp.Matrix) -> sp.ImmutableMatrix:
    """Return a polynomial formula in matrices, computed in their common field if there is one."""
    exact = [E for E in map(_in_a_field, matrices) if E is not None]
    if len(exact) < len(matrices):
        return sp.ImmutableMatrix(formula(*matrices)).applyfunc(flat)
    return sp.ImmutableMatrix(formula(*exact[0].unify(*exact[1:])).to_Matrix())


def _in_floats(M: sp.Matrix) -> bool:
    return all(e.is_number for e in M) and bool(M.has(sp.Float))


def _floats(M: sp.Matrix) -> np.ndarray:
    return np.array(sp.Matrix(M).evalf(), dtype=float)


def _in_a_field(M: sp.Matrix) -> DomainMatrix | None:
    """Return M over the rationals, rational functions or an algebraic field, if it fits in one."""
    if M.has(sp.Float) or any(not a.exp.is_Integer for a in M.atoms(sp.Pow) if a.free_symbols):
        return None
    exact = DomainMatrix.from_Matrix(sp.Matrix(M), extension=True).to_field()
    simple = exact.domain.is_QQ or exact.domain.is_FractionField or exact.domain.is_Algebraic
    return exact.to_dense() if simple else None


def flat(expression: Any) -> Any:
    """Bring a rational function to one fraction, quickly; other expressions to a short form."""
    e = sp.sympify(expression)
    return sp.cancel(e) if _is_rational(e) else short(e)


def _is_rational(e: sp.Expr) -> bool:
    """Whether e is a rational function over the rational numbers, as written."""
    return bool(
        not e.is_number
        and not e.has(sp.Float)
        and all(a.exp.is_Integer for a in e.atoms(sp.Pow))
        and e.is_rational_function()
    )


def short(expression: Any) -> Any:
    """Bring an expression to a short exact form; numbers with floating-point parts to a number."""
    e = sp.sympify(expression)
    if e.is_Atom:
        return e
    floats = e.atoms(sp.Float)
    if e.is_number and floats:
        digits = max(int(f._prec * math.log10(2)) for f in floats)
        value = sp.N(e, max(15, digits))
        return sp.re(value) if abs(sp.im(value)) < 1e-14 * (1 + abs(value)) else value
    if e.has(sp.exp):
        e = sp.powsimp(e).replace(sp.exp, lambda argument: sp.exp(sp.cancel(argument)))
    roots = [a for a in e.atoms(sp.Pow) if a.exp.is_Rational and not a.exp.is_Integer]
    if not roots:
        return tidy(e)
    forms = [tidy(e), tidy(sp.expand(e)), tidy(sp.radsimp(e, max_terms=3))]
    if e.is_number or e.count_ops() < 60:
        forms.append(sp.sqrtdenest(sp.simplify(forms[-1])))
    return min(forms, key=lambda f: (f.count_ops(), len(str(f))))


def vanishes(expression: Any, simplify: Simplifier | None = None) -> bool:
    """Whether an expression is zero: exactly, or to half the digits of floating-point numbers."""
    e = (simplify or flat)(expression)
    if e.is_number and e.atoms(sp.Float):
        return bool(abs(e) < 1e-8)
    if e.is_zero is not None:
        return bool(e.is_zero)
    if e.is_number:
        return bool(e.equals(0))
    return False if _is_rational(e) else bool(sp.simplify(e) == 0)
