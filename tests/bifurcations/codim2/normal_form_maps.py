"""Maps with a known normal form, hidden: stable directions coupled to it, new coordinates."""

import numpy as np
import sympy as sp

import dynsharp as ds
from dynsharp.shooting.problem import Curve

X = sp.symbols("x1:6", real=True)
ALPHA = sp.symbols("alpha beta", real=True)


def complex_form(function):
    """A map of z = x + iy, as two real expressions."""
    z = X[0] + sp.I * X[1]
    return list(sp.expand(function(z, sp.conjugate(z)), complex=True).as_real_imag())


def quadratic(rng, symbols, terms=2):
    """A few random quadratic terms."""
    chosen = rng.choice(symbols, size=(terms, 2))
    return sum((_number(rng) * a * b for a, b in chosen), sp.S.Zero)


def _number(rng):
    return sp.Rational(int(rng.choice([-3, -2, 2, 3])), 10)


def hidden(form, across, seed, offset=0):
    """The map of a normal form in w with ``across`` stable directions v, in other coordinates.

    w' = form(w) + (v)(w, v), v' = Λ v + (v)(w); so v = 0 is the centre manifold, and the map on it
    is the form. Then Z = offset + T (w + quadratic(v, w), v + quadratic(w)): a triangular change
    with a polynomial inverse, where v = 0 is curved and the coordinates w are bent too.
    Returns the map, its fixed point and the derivative T of the change.
    """
    rng = np.random.default_rng(seed)
    m, n = len(form), len(form) + across
    w, v, xs = X[:m], X[m:n], X[:n]
    update = [e + sum((_number(rng) * s * rng.choice(xs) for s in v), sp.S.Zero) for e in form]
    update += [_number(rng) * s * (1 + rng.choice(w)) for s in v]
    steps = []  # shears x_i -> x_i + quadratic(the others), one after another
    for i in [*range(m, n), 0]:
        others = [s for s in xs if s != xs[i]]
        if others:
            steps.append((xs[i], quadratic(rng, others)))
    T = np.eye(n, dtype=int)
    for i, j in rng.permutation([(i, j) for i in range(n) for j in range(n) if i != j])[: n + 1]:
        T[i] += int(rng.choice([-1, 1])) * T[j]  # determinant 1
    back = list(sp.Matrix(T).inv() * (sp.Matrix(xs) - offset * sp.ones(n, 1)))
    old = dict(zip(xs, back, strict=True))
    for s, bend in reversed(steps):
        old[s] = old[s] - bend.subs(old, simultaneous=True)
    new = dict(zip(xs, [e.subs(old, simultaneous=True) for e in update], strict=True))
    for s, bend in steps:
        new[s] = new[s] + bend.subs(new, simultaneous=True)
    image = sp.Matrix(T) * sp.Matrix([new[s] for s in xs]) + offset * sp.ones(n, 1)
    map = ds.DiscreteMap(dict(zip(xs, image, strict=True)), ALPHA)
    return map, np.full(n, float(offset)), T.astype(float)


def suspended(form):
    """A map whose second iterate on its cycle of σ = 1, −1 is the form, with the cycle (0, ±1)."""
    sigma, w = X[len(form)], X[: len(form)]
    on = (1 + sigma) / 2
    update = {s: on * e + (1 - on) * s for s, e in zip(w, form, strict=True)}
    update[sigma] = -sigma + (sigma**3 - sigma) / 4
    cycle = np.zeros((2, len(update)))
    cycle[:, -1] = [1, -1]
    return ds.DiscreteMap(update, ALPHA), cycle


def at_point(map, state, period=1):
    """The problem and its unknowns where both parameters vanish."""
    n = map.dimension
    curve = Curve(map, ALPHA[0], {ALPHA[1].name: 0.0}, period, (-1.0, 1.0), np.ones(n))
    return curve, np.append(np.ravel(state), 0.0)
