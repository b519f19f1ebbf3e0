"""Random maps with many events: what is found against a scan of a much finer branch."""

import itertools

import mpmath
import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point

p = sp.Symbol("p", real=True)
SIZES = (0.3, 1.3, 1.0, 0.5)  # of the coefficients of each degree


def polynomials(n):
    """Return the map of all polynomials of degree 3, their coefficients linear in p."""
    xs = sp.symbols(f"x1:{n + 1}", real=True)
    monomials = [m for d in range(4) for m in itertools.combinations_with_replacement(range(n), d)]
    update, parameters = {}, [p]
    for i, x in enumerate(xs):
        terms = []
        for k, m in enumerate(monomials):
            c, d = sp.symbols(f"c{i}_{k} d{i}_{k}", real=True)
            parameters += [c, d]
            terms.append((c + p * d) * sp.prod([xs[j] for j in m]))
        update[x] = sum(terms)
    return ds.DiscreteMap(update, parameters), [len(m) for m in monomials]


def coefficients(rng, n, degrees):
    numbers = {}
    for i, (k, degree) in itertools.product(range(n), enumerate(degrees)):
        size = SIZES[degree] / (n if degree > 1 else 1)
        numbers[f"c{i}_{k}"] = float(rng.normal() * size)
        numbers[f"d{i}_{k}"] = float(rng.normal() * size * 0.7)
    return numbers


def scanned(branch, fixed):
    """Return where determinants and moduli change their side along a branch, from numpy alone."""
    map, n = branch.map, branch.map.dimension
    code = sp.lambdify((*map.state, *map.parameters), list(map.jacobian), "numpy")
    p_ = branch.values
    A = np.eye(n)
    for phase in range(branch.period):
        entries = code(*branch.states[:, phase].T, p_, *fixed.values())
        J = np.stack([np.broadcast_to(e, p_.shape) for e in entries], axis=-1)
        A = J.reshape(-1, n, n) @ A
    mu, Y = np.linalg.eigvals(A), p_[:, None]
    one, minus = (np.prod(mu - s, axis=1).real > 0 for s in (1, -1))
    pairs = np.array([(m.imag > 1e-9).sum() for m in mu])
    outside = np.array([(np.abs(m[m.imag > 1e-9]) > 1).sum() for m in mu])
    found = [("flip", i) for i in np.flatnonzero(minus[1:] != minus[:-1])]
    found += [("one", i) for i in np.flatnonzero(one[1:] != one[:-1])]
    rotates = (outside[1:] != outside[:-1]) & (pairs[1:] == pairs[:-1])
    found += [("neimark-sacker", i) for i in np.flatnonzero(rotates)]
    # what happens at the very ends is on either side by rounding
    return [(kind, Y[i, -1]) for kind, i in found if 4 <= i < len(Y) - 4]


def compare(n, period, count, seed, finer):
    """Count events and compare them, for so many maps."""
    map, degrees = polynomials(n)
    rng = np.random.default_rng(seed)
    maps = events = 0
    while maps < count:
        fixed = coefficients(rng, n, degrees)
        start = {f"x{i + 1}": float(v) for i, v in enumerate(rng.normal(size=n) / 2)}
        options = {"at": 0.0, "span": (-2, 2), "period": period, "fixed": fixed}
        options["max_points"] = 20_000
        branch = continue_fixed_point(map, "p", start, **options)
        fine = continue_fixed_point(map, "p", start, **options, step=0.01 / finer)
        if fine.status != "complete":
            continue  # no start, or too long to be scanned
        assert branch.status == "complete"
        maps += 1
        left = [
            ("one" if e.kind in ("fold", "branch") else e.kind, e.value)
            for e in branch.special_points
        ]
        assert len(left) == len(fine.special_points)
        for e in branch.special_points:
            assert e.status == "located"
        for kind, value in scanned(fine, fixed):
            near = [e for e in left if e[0] == kind and abs(e[1] - value) < 2e-3]
            assert near, (kind, value, fixed)
            left.remove(min(near, key=lambda e: abs(e[1] - value)))
            events += 1
        assert not [e for e in left if min(e[1] + 2, 2 - e[1]) > 1e-3], fixed
    return events


@pytest.mark.parametrize(("n", "period"), [(1, 1), (2, 1)])
def test_no_event_is_lost_or_invented(n, period):
    assert compare(n, period, 6, seed=11, finer=10) > 6


@pytest.mark.slow
@pytest.mark.parametrize(("n", "period"), [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (4, 1)])
def test_no_event_is_lost_or_invented_in_many_maps(n, period):
    assert compare(n, period, 15, seed=7, finer=20) > 5


def test_nothing_depends_on_the_step():
    map, degrees = polynomials(2)
    rng = np.random.default_rng(3)
    for _ in range(12):
        fixed = coefficients(rng, 2, degrees)
        found = []
        for step in (1e-3, 1e-2, 1.0):  # steps up to a hundred times the default
            branch = continue_fixed_point(
                map, "p", {"x1": 0.1, "x2": 0.1}, 0.0, (-2, 2), fixed=fixed, step=step
            )
            found.append([(e.kind, e.value) for e in branch.special_points])
        for other in found[:2]:
            assert [k for k, _ in other] == [k for k, _ in found[2]]
            values = [v for _, v in found[2]]
            assert [v for _, v in other] == pytest.approx(values, rel=1e-9, abs=1e-11)


def test_special_points_satisfy_their_equations_in_many_digits():
    map, degrees = polynomials(2)
    rng = np.random.default_rng(5)
    checked = 0
    code = sp.lambdify((*map.state, *map.parameters), list(map.expressions), "mpmath")
    jacobian = sp.lambdify((*map.state, *map.parameters), list(map.jacobian), "mpmath")
    while checked < 20:
        fixed = coefficients(rng, 2, degrees)
        branch = continue_fixed_point(map, "p", {"x1": 0.1, "x2": 0.1}, 0.0, (-2, 2), fixed=fixed)
        for e in branch.special_points:
            with mpmath.workdps(30):
                state = [mpmath.mpf(e.state[s.name]) for s in map.state]
                size = 1 + max(map_ for map_ in (abs(v) for v in state))
                arguments = [*state, mpmath.mpf(e.value), *(mpmath.mpf(v) for v in fixed.values())]
                image, D = code(*arguments), jacobian(*arguments)
                trace, det = D[0] + D[3], D[0] * D[3] - D[1] * D[2]
                sizes = 1 + sum(abs(v) for v in D) + abs(D[0] * D[3]) + abs(D[1] * D[2])
                assert max(abs(a - b) for a, b in zip(image, state, strict=True)) < 1e-10 * size
                defect = {
                    "flip": 1 + trace + det, "fold": 1 - trace + det, "branch": 1 - trace + det,
                    "neimark-sacker": det - 1,
                }[e.kind]  # fmt: skip
                # the state's rounding reaches the multipliers through the second derivatives
                assert abs(defect) < 1e-10 * sizes * size
            checked += 1
