"""Curves that emanate from codimension-2 points: each prediction solves its defining system."""

import numpy as np
import pytest
import sympy as sp
from normal_form_maps import ALPHA, X, at_point, complex_form, hidden, suspended

import dynsharp as ds
from dynsharp.bifurcations.codim2 import emanating
from dynsharp.errors import InputError
from dynsharp.shooting.problem import Curve

x, y, z = X[:3]
alpha, beta = ALPHA
R = sp.Rational
TURN = R(3, 5) + R(4, 5) * sp.I
THIRD = R(-1, 2) + sp.sqrt(3) / 2 * sp.I


def one_to_four(c, d):
    return complex_form(lambda z, w: (sp.I + alpha + sp.I * beta) * z + c * z**2 * w + d * w**3)


def with_pair(first, own):
    """A real coordinate and a complex pair."""
    pair = complex_form(lambda z, w: TURN * z * (1 + beta - z * w / 2))
    pair = [e.subs({x: y, y: z}, simultaneous=True) for e in pair]
    return [first, pair[0] + own * y / 5, pair[1] + own * z / 5]


FORMS = {
    "cusp": [alpha + (1 + beta) * x - R(7, 10) * x**3 + x**4],
    "generalised-flip": [-(1 + alpha) * x + beta * x**3 + R(4, 5) * x**5 + alpha * x**2],
    "chenciner": complex_form(
        lambda z, w: (
            TURN * z * (1 + alpha + (R(7, 10) * sp.I + beta) * z * w - R(3, 10) * (z * w) ** 2)
        )
    ),
    "1:1": [x + y, y + alpha + beta * y + R(3, 2) * x**2 - R(2, 5) * x * y],
    "1:2": [-x + y, -y + alpha * x + beta * y - R(3, 5) * x**3 - R(13, 10) * x**2 * y],
    "1:3": complex_form(lambda z, w: (THIRD + alpha + sp.I * beta) * z + w**2 / 2 + z**2 * w / 3),
    "1:4": one_to_four(R(2, 5) + R(11, 10) * sp.I, R(1, 4) + sp.I / 5),
    "fold-flip": [
        x + alpha * (1 + x) + beta * x + R(3, 5) * x**2 + R(2, 5) * y**2 - x * y**2,
        -y + beta * y / 3 + R(7, 10) * x * y + y**3 / 5,
    ],
    "flip-neimark-sacker": with_pair(-(1 + alpha) * x + x**3 / 2 + x * (y**2 + z**2) / 3, x**2),
    "fold-neimark-sacker": with_pair(alpha + x + x**2 / 2 + (y**2 + z**2) / 3, x),
}
EXPECTED = {
    "cusp": [("fold", 1)],
    "generalised-flip": [("flip", 1), ("fold", 2)],
    "chenciner": [("neimark-sacker", 1)],
    "1:1": [("fold", 1), ("neimark-sacker", 1)],
    "1:2": [("flip", 1), ("neimark-sacker", 1), ("neimark-sacker", 2)],
    "1:3": [("neimark-sacker", 1)],
    "1:4": [("neimark-sacker", 1), ("fold", 4), ("fold", 4)],
    "fold-flip": [("fold", 1), ("flip", 1), ("neimark-sacker", 2)],
    "flip-neimark-sacker": [("flip", 1), ("neimark-sacker", 1), ("neimark-sacker", 2)],
    "fold-neimark-sacker": [("fold", 1), ("neimark-sacker", 1)],
}


def defect(map, start, at):
    """By how much ``at`` misses being a cycle, and its multiplier being critical."""
    n = map.dimension
    F = sp.lambdify([[*map.state], [*map.parameters]], list(map.expressions), cse=True)
    cycle, p = at[:-2].reshape(start.period, n), at[-2:]

    def step(s):
        return np.array(F(s, p), dtype=float)

    M, misses = np.eye(n), 0.0
    for i, s in enumerate(cycle):
        misses = max(misses, np.abs(step(s) - cycle[(i + 1) % start.period]).max())
        h = 1e-5
        M = np.array([(step(s + h * e) - step(s - h * e)) / (2 * h) for e in np.eye(n)]).T @ M
    mu = np.linalg.eigvals(M)
    if start.kind == "neimark-sacker":
        aim = np.exp(1j * np.arccos(start.kappa / 2))
        return misses, abs(abs(mu[np.argmin(np.abs(mu - aim))]) - 1)
    return misses, np.abs(mu - (1 if start.kind == "fold" else -1)).min()


def unfolding(kind, across, **options):
    map, state, _ = hidden(FORMS[kind], across, 5 if across else 1, offset=1)
    curve, at = at_point(map, state)
    return map, emanating(kind, curve, at, "beta", **options), at


@pytest.mark.parametrize("across", [0, 1])
@pytest.mark.parametrize("kind", FORMS)
def test_curves_of_the_cycle_itself_leave_along_their_tangent(kind, across):
    map, found, at = unfolding(kind, across)
    assert found.status == "complete"
    assert [(s.kind, s.period) for s in found.starts] == EXPECTED[kind]
    for start in found.starts:
        if not start.through:
            continue
        assert np.allclose(start.y[:-1], at, rtol=0, atol=1e-15)
        along = start.tangent / np.linalg.norm(start.tangent)
        misses, condition = zip(
            *(defect(map, start, start.y + h * along) for h in (4e-3, 2e-3)), strict=True
        )
        # linear to first order: halving the distance divides what is left by about four
        for far, near in (misses, condition):
            assert near < 1e-7 or near < far / 3


@pytest.mark.parametrize("across", [0, 1])
@pytest.mark.parametrize(
    "kind", ["generalised-flip", "1:2", "1:4", "fold-flip", "flip-neimark-sacker"]
)
def test_predicted_cycles_converge_to_their_curves(kind, across):
    pairs = [unfolding(kind, across, distance=d) for d in (0.06, 0.03)]
    map = pairs[0][0]
    for far, near in zip(pairs[0][1].starts, pairs[1][1].starts, strict=True):
        if far.through:
            continue
        amplitude = np.linalg.norm(near.y[: map.dimension] - pairs[0][2][: map.dimension])
        shift = np.linalg.norm(near.y[-2:])
        for first, second in zip(*(defect(map, s, s.y) for s in (far, near)), strict=True):
            assert second < 1e-9 or second < first / 6
            assert second < 0.02 * amplitude
        assert shift < amplitude
        # the tangent: the farther prediction is reached along it, up to second order
        step = far.y - near.y
        off = step - near.tangent * (step @ near.tangent) / (near.tangent @ near.tangent)
        assert np.linalg.norm(off) < 0.15 * np.linalg.norm(step)


def test_fold_of_the_doubled_cycle_exactly():
    """−(1 + α)ξ + βξ³ + dξ⁵ has a double 2-cycle at α = −β²/4d, β = −2d ε²."""
    d = R(4, 5)
    map = ds.DiscreteMap({x: -(1 + alpha) * x + beta * x**3 + d * x**5}, ALPHA)
    found = emanating("generalised-flip", *at_point(map, [0.0]), "beta", distance=0.2)
    start = found.starts[1]
    epsilon = start.y[0]
    assert start.y[:2] == pytest.approx([epsilon, -epsilon])
    assert start.y[-1] == pytest.approx(-2 * 0.8 * epsilon**2, rel=1e-6)
    assert start.y[-2] == pytest.approx(-(start.y[-1] ** 2) / 3.2, rel=1e-6)


def test_rates_that_are_nearly_parallel():
    """The parameters then move far for a small amplitude, and their squares count."""
    unfolded = x * (27 * alpha + 21 * beta) / 20 + x**3 * (13 * alpha + 9 * beta) / 20
    map = ds.DiscreteMap(
        {x: -x + unfolded - R(7, 5) * x**5 + R(3, 4) * alpha * x**2 - R(5, 4) * alpha}, ALPHA
    )
    found = emanating("generalised-flip", *at_point(map, [0.0]), "beta")
    assert found.status == "complete"
    misses, condition = defect(map, found.starts[1], found.starts[1].y)
    assert misses < 1e-5
    assert condition < 1e-3


@pytest.mark.parametrize("modulus", [0.5, 1.7])
@pytest.mark.parametrize("angle", np.arange(0.2, 6.3, 1.3))
def test_cycles_of_four_times_the_period(modulus, angle):
    """Folds iff |A0| > 1; each start solves its system, the Neimark–Sacker one as well."""
    A0 = modulus * np.exp(1j * angle)
    map = ds.DiscreteMap(
        dict(zip((x, y), one_to_four(sp.sympify(1j * A0), sp.Integer(1)), strict=True)), ALPHA
    )
    found = emanating("1:4", *at_point(map, [0.0, 0.0]), "beta", distance=0.02)
    assert found.status == "complete"
    longer = [s for s in found.starts if s.period == 4]
    assert [s.kind for s in longer].count("fold") == (2 if modulus > 1 else 0)
    a, b = A0.real, abs(A0.imag)
    own = abs(a) < 1 and b > (1 + a**2) / np.sqrt(1 - a**2)
    assert [s.kind for s in longer].count("neimark-sacker") == own
    for start in longer:
        misses, condition = defect(map, start, start.y)
        assert misses < 1e-6
        assert condition < 1e-5


def test_no_doubled_curves_where_the_case_has_none():
    above = [-x + y, -y + alpha * x + beta * y + x**3 - x**2 * y]
    map = ds.DiscreteMap(dict(zip((x, y), above, strict=True)), ALPHA)
    starts = emanating("1:2", *at_point(map, [0.0, 0.0]), "beta").starts
    assert {s.period for s in starts} == {1}
    against = [x + alpha + beta * x + x**2 - y**2, -y + x * y]
    map = ds.DiscreteMap(dict(zip((x, y), against, strict=True)), ALPHA)
    starts = emanating("fold-flip", *at_point(map, [0.0, 0.0]), "beta").starts
    assert {s.period for s in starts} == {1}


def test_the_neimark_sacker_side_of_a_resonance():
    for kind, sign in (("1:1", 1), ("1:2", -1)):
        map = ds.DiscreteMap(dict(zip((x, y), FORMS[kind], strict=True)), ALPHA)
        start = emanating(kind, *at_point(map, [0.0, 0.0]), "beta").starts[1]
        assert start.kappa == pytest.approx(2 * sign)
        at = start.y + 1e-3 * start.tangent / np.linalg.norm(start.tangent)
        J = map.jacobian.subs(dict(zip([x, y, alpha, beta], at, strict=True)))
        assert np.abs(np.linalg.eigvals(np.array(J, dtype=float)).imag).min() > 1e-3


@pytest.mark.parametrize("kind", ["generalised-flip", "1:2", "fold-flip"])
def test_at_a_cycle_all_its_points_are_predicted(kind):
    map, cycle = suspended(FORMS[kind])
    found = emanating(kind, *at_point(map, cycle, 2), "beta", distance=0.03)
    assert [(s.kind, s.period) for s in found.starts] == [(k, 2 * p) for k, p in EXPECTED[kind]]
    last = found.starts[-1]
    assert last.y.size == 4 * map.dimension + 2
    misses, condition = defect(map, last, last.y)
    assert misses < 1e-6
    assert condition < 1e-5


@pytest.mark.parametrize("kind", ["generalised-flip", "1:4", "fold-flip"])
def test_the_order_of_the_parameters_does_not_matter(kind):
    map, state, _ = hidden(FORMS[kind], 0, 1)
    curve, at = at_point(map, state)
    other = Curve(map, beta, {"alpha": 0.0}, 1, (-1.0, 1.0), np.ones(map.dimension))
    one, two = (
        emanating(kind, c, at, second).starts for c, second in ((curve, "beta"), (other, "alpha"))
    )
    for first, second in zip(one, two, strict=True):
        assert np.allclose(first.y[:-2], second.y[:-2], rtol=1e-6, atol=1e-9)
        assert np.allclose(first.y[-2:], second.y[[-1, -2]], rtol=1e-6, atol=1e-9)


def test_trouble_is_told():
    map = ds.DiscreteMap({x: -(1 + alpha + beta) * x + x**5}, ALPHA)
    curve, at = at_point(map, [0.0])
    found = emanating("generalised-flip", curve, at, "beta")
    assert [s.kind for s in found.starts] == ["flip"]
    assert "choose other parameters" in found.status
    found = emanating("cusp", curve, at, "beta")
    assert not found.starts
    assert "no curve is predicted: no cusp point" in found.status
    conservative = ds.systems.henon()  # b = −1: area is preserved, the leading terms cancel
    a, xi = 3.0, 1 / 3
    curve = Curve(conservative, conservative.parameters[0], {"b": -1.0}, 1, (0.0, 4.0), np.ones(2))
    found = emanating("1:2", curve, np.array([xi, -xi, a]), "b")
    assert [s.kind for s in found.starts] == ["flip", "neimark-sacker"]
    assert "not predicted: d + 3c vanishes" in found.status
    for name in ("alpha", "gamma"):
        with pytest.raises(InputError, match="second: got"):
            emanating("generalised-flip", curve, at, name)
