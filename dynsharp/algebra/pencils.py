"""Eigenvalues of pencils of polynomials: Σ aᵢ imageᵢ = λ Σ aᵢ basisᵢ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp
from sympy.polys.matrices import DomainMatrix


def _matrices(
    images: Sequence[sp.Poly], basis: Sequence[sp.Poly]
) -> tuple[DomainMatrix, DomainMatrix]:
    """Return A and B with the coefficients of the polynomials in their columns."""
    polynomials, _ = sp.polys.polytools.parallel_poly_from_expr([*images, *basis], *basis[0].gens)
    columns = [dict(p.rep.to_dict()) for p in polynomials]
    rows = sorted({t for column in columns for t in column})
    domain = polynomials[0].domain
    entries = [[column.get(t, domain.zero) for column in columns] for t in rows]
    both = DomainMatrix(entries, (len(rows), len(columns)), domain).to_field()
    n = len(images)
    everything = list(range(len(rows)))
    return (
        both.extract(everything, list(range(n))),
        both.extract(everything, list(range(n, 2 * n))),
    )


def _largest_subspace(A: DomainMatrix, B: DomainMatrix) -> tuple[DomainMatrix, DomainMatrix]:
    """Return W and T: columns of W span the largest space with A·W = B·(T·W), T·W within it."""
    n = A.shape[1]
    columns = list(range(n))
    # B has full column rank (the basis is independent): pick n rows of B that are invertible.
    picked = list(B.transpose().rref()[1])
    others = [i for i in range(A.shape[0]) if i not in set(picked)]
    T = B.extract(picked, columns).inv() * A.extract(picked, columns)
    W = DomainMatrix.eye(n, A.domain).to_dense()
    if not others:
        return W, T
    # A·a = B·(T·a) must hold in the other rows too, and for T·a, and so on.
    defect = A.extract(others, columns) - B.extract(others, columns) * T
    constraints = defect.to_dense()
    while True:
        W = constraints.nullspace().transpose()
        defect = defect * T
        if W.shape[1] == 0 or (defect * W).is_zero_matrix:
            return W, T
        constraints = constraints.vstack(defect.to_dense())


def eigenspaces(
    images: list[sp.Poly], basis: list[sp.Poly]
) -> Iterator[tuple[sp.Expr, list[list[sp.Expr]]]]:
    """Yield each λ in the field, and a basis of the a with Σ aᵢ imageᵢ = λ Σ aᵢ basisᵢ."""
    W, T = _largest_subspace(*_matrices(images, basis))
    k = W.shape[1]
    if k == 0:
        return
    rows = list(W.transpose().rref()[1])
    on_W = W.extract(rows, list(range(k))).inv() * (T * W).extract(rows, list(range(k)))
    K, lam = W.domain, sp.Dummy("lam")
    characteristic = sum(
        (K.to_sympy(c) * lam**i for i, c in enumerate(reversed(on_W.charpoly()))), sp.S.Zero
    )
    for f, _ in sp.factor_list(sp.numer(sp.together(characteristic)), lam)[1]:
        if sp.degree(f, lam) != 1 or f == lam:
            continue
        a, b = sp.Poly(f, lam).all_coeffs()
        value = sp.cancel(-b / a)
        shifted = on_W - DomainMatrix.eye(k, K).to_dense() * K.from_sympy(value)
        kernel = shifted.to_dense().nullspace() * W.transpose()
        yield value, kernel.to_Matrix().tolist()
