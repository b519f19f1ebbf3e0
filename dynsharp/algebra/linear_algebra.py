"""Linear algebra on small exact matrices: eigenvectors, kernels, solutions, adjugates.

Rational functions are computed with in their field; what else stands in a matrix is simplified on
the way. Floating-point numbers go through the same formulas, kernels by singular values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from sympy.polys.matrices import DomainMatrix

from dynsharp.algebra.shortening import flat, short, vanishes

Simplifier = Callable[[Any], Any]


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
