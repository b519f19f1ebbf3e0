"""Normal forms of codimension two: hidden ones are recovered, and decide what they say."""

import pickle

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from normal_form_maps import ALPHA, X, at_point, complex_form, hidden, suspended

import dynsharp as ds
from dynsharp.bifurcations.codim2 import codim2_form, kinds
from dynsharp.errors import InputError
from dynsharp.normal_forms.center_manifold import center_manifold, eigenvectors, linearised
from dynsharp.shooting.forms import Forms
from dynsharp.shooting.problem import Curve

x, y = X[:2]
R = sp.Rational
TURN = R(3, 5) + R(4, 5) * sp.I
THIRD = R(-1, 2) + sp.sqrt(3) / 2 * sp.I
C1 = R(7, 10) * sp.I
C2 = R(-3, 10) + R(2, 5) * sp.I
B3, C3 = R(1, 2) - sp.I / 5, R(3, 10) + sp.I / 10
C4, D4 = R(2, 5) + sp.I * R(11, 10), R(1, 4) + sp.I / 5

FORMS = {
    "cusp": [x - R(7, 10) * x**3 + x**4],
    "generalised-flip": [-x + R(4, 5) * x**5 + x**6],
    "chenciner": complex_form(lambda z, w: TURN * z * (1 + C1 * z * w + C2 * z**2 * w**2)),
    "1:1": [x + y, y + R(3, 2) * x**2 - R(2, 5) * x * y],
    "1:2": [-x + y, -y + R(3, 5) * x**3 - R(13, 10) * x**2 * y],
    "1:3": complex_form(lambda z, w: THIRD * z + B3 * w**2 + C3 * z**2 * w),
    "1:4": complex_form(lambda z, w: sp.I * z + C4 * z**2 * w + D4 * w**3),
    "fold-flip": [
        x + R(3, 5) * x**2 + R(2, 5) * y**2,
        -y + R(7, 10) * x * y,
    ],
}


def amplitudes(kind, T):
    """Lengths of the critical directions of the normal form's own unit vectors."""
    if kind in ("chenciner", "1:3", "1:4"):
        return np.array([np.linalg.norm(T[:, 0] - 1j * T[:, 1]) / 2])
    return np.linalg.norm(T[:, :2], axis=0)


@pytest.mark.parametrize(("across", "seed"), [(0, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("kind", FORMS)
def test_a_hidden_normal_form_is_recovered(kind, across, seed):
    map, state, T = hidden(FORMS[kind], across, seed, offset=1)
    form = codim2_form(kind, *at_point(map, state))
    assert form.status == "nondegenerate", form
    s, *others = amplitudes(kind, T)

    def recovered(name, value):
        assert form[name] == pytest.approx(value, rel=1e-6, abs=1e-9), (name, form)

    match kind:
        case "cusp":
            recovered("c", -0.7 / s**2)
        case "generalised-flip":
            recovered("d", 0.8 / s**4)
        case "chenciner":
            recovered("L2", (-0.3 + 0.7**2 / 2) / s**4)
            recovered("c1", complex(C1) / s**2)
        case "1:1":
            sign = np.sign(form["a"])  # q and −q are both unit vectors
            recovered("a", sign * 1.5 / s)
            recovered("b", -sign * 0.4 / s)
        case "1:2":
            recovered("c", 0.6 / s**2)
            recovered("d", -1.3 / s**2)
        case "1:3":
            rate = (np.conj(complex(THIRD)) * complex(C3)).real
            assert abs(form["b"]) == pytest.approx(abs(complex(B3)) / s, rel=1e-7)
            recovered("a1", rate / (3 * abs(complex(B3)) ** 2) - 1 / 3)
        case "1:4":
            recovered("c", complex(C4) / s**2)
            recovered("A0", -1j * complex(C4) / abs(complex(D4)))
        case "fold-flip":
            sign = np.sign(form["a"])
            recovered("a", sign * 1.2 / s)
            recovered("b", sign * 0.8 * s / others[0] ** 2)
            recovered("e", sign * 0.7 / s)


@pytest.mark.parametrize("kind", FORMS)
def test_the_error_of_a_located_point_does_not_grow(kind):
    """Also at a Jordan block, where the multipliers move by the root of the error."""
    map, state, _ = hidden(FORMS[kind], 1, 2)
    exact = codim2_form(kind, *at_point(map, state))
    shift = 1e-9 * np.random.default_rng(1).normal(size=map.dimension)
    form = codim2_form(kind, *at_point(map, state + shift))
    assert form.status == "nondegenerate"
    for name, value in exact.coefficients.items():
        assert form[name] == pytest.approx(value, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("kind", ["1:1", "1:2"])
@pytest.mark.parametrize("unit", [1e-4, 1e4])
def test_units_of_the_second_coordinate_do_not_matter(kind, unit):
    """(x, y) with y in another unit: the chain q₀, q₁ has very different lengths."""
    first, second = (e.subs(y, unit * y) for e in FORMS[kind])
    map = ds.DiscreteMap({x: first, y: second / unit}, ALPHA)
    form, known = (
        codim2_form(kind, *at_point(map, np.zeros(2))),
        codim2_form(kind, *_plain(FORMS[kind])),
    )
    assert form.case == known.case
    for name, value in known.coefficients.items():
        assert form[name] == pytest.approx(value, rel=1e-7)


def turned(i, own, coupling):
    """A complex coordinate at X[i], X[i + 1] that turns by its own angle."""
    c, s = own
    u, v = X[i], X[i + 1]
    return [(c * u - s * v) * (1 + coupling), (s * u + c * v) * (1 + coupling)]


def test_the_leading_terms_with_three_and_four_critical_multipliers():
    z, w = X[2], X[3]
    one, two = (R(3, 5), R(4, 5)), (R(5, 13), R(12, 13))
    near, far = y**2 + z**2, z**2 + w**2
    first = [x + x**2 / 2 - near / 3, *turned(1, one, x / 5)]
    form = codim2_form("fold-neimark-sacker", *_plain(first))
    # z q + z̄ q̄ with |q| = 1 is √2 times the vector (Re z, Im z): |z|² halves what near has
    assert [form[k].real for k in "abe"] == pytest.approx([1 / 2, -2 / 3, 1 / 5])
    assert form.case == "a b < 0, a Re e > 0"
    second = [-x + x**3 / 2 - x * near / 3, *turned(1, one, x**2 / 5 - near / 7)]
    form = codim2_form("flip-neimark-sacker", *_plain(second))
    assert [form[k].real for k in "abcd"] == pytest.approx([1 / 2, -2 / 3, 1 / 5, -2 / 7])
    third = [
        *turned(0, one, (x**2 + y**2) / 2 - far / 3),
        *turned(2, two, (x**2 + y**2) / 5 - far / 7),
    ]
    form = codim2_form("double-neimark-sacker", *_plain(third))
    found = sorted([(form["a"].real, form["b"].real), (form["d"].real, form["c"].real)])
    assert np.allclose(found, [(-2 / 7, 2 / 5), (1, -2 / 3)])
    assert sorted(form.theta) == pytest.approx(np.arctan([4 / 3, 12 / 5]))


def _plain(form):
    update = dict(zip(X[: len(form)], form, strict=True))
    return at_point(ds.DiscreteMap(update, ALPHA), np.zeros(len(form)))


@settings(max_examples=6)
@given(st.integers(0, 2**16), st.integers(0, 1), st.integers(-2, 2))
def test_what_decides_does_not_depend_on_coordinates(seed, across, offset):
    map, state, _ = hidden(FORMS["1:4"], across, seed, offset)
    form = codim2_form("1:4", *at_point(map, state))
    assert form["A0"] == pytest.approx(-1j * complex(C4) / abs(complex(D4)), rel=1e-6)
    map, state, _ = hidden(FORMS["fold-flip"], across, seed, offset)
    form = codim2_form("fold-flip", *at_point(map, state))
    assert form["a"] / form["e"] == pytest.approx(1.2 / 0.7, rel=1e-7)
    assert form["b"] * form["e"] > 0


def cubic(curve, at, A, mu):
    """The critical coefficient of codimension one, by the multilinear forms."""
    forms, one = Forms(curve, at), np.eye(len(A))
    critical = eigenvectors(A, [mu])
    p, q = critical.P[0], critical.Q[:, 0]

    def second(u, v):
        return forms.second(np.append(u, 0), np.append(v, 0))

    def third(u, v, w):
        return forms.third(np.append(u, 0), np.append(v, 0), np.append(w, 0))

    if mu == 1:
        return p @ second(q, q) / 2
    if mu == -1:
        return p @ (third(q, q, q) + 3 * second(q, np.linalg.solve(one - A, second(q, q)))) / 6
    bar = q.conj()
    steady = np.linalg.solve(one - A, second(q, bar))
    double = np.linalg.solve(mu**2 * one - A, second(q, q))
    return p @ (third(q, q, bar) + 2 * second(q, steady) + second(bar, double)) / 2


@pytest.mark.parametrize("multiplier", [-1.0, 1.0, 0.6 + 0.8j])
def test_at_lower_order_it_is_the_normal_form_of_codimension_one(multiplier):
    """A map with transcendental terms in three dimensions."""
    z, p = X[2], ALPHA[0]
    if np.iscomplex(multiplier):
        linear = [(3 * x - 4 * y) / 5, (4 * x + 3 * y) / 5, z / 2]
    else:
        linear = [int(multiplier) * x, y / 2, -z / 3]
    bend = [sp.exp(x + y) - 1 - x - y + z**2, sp.sin(x * y) + x**2 * z, sp.tanh(x - z) ** 2]
    update = {s: e + b + p * s for s, e, b in zip(X[:3], linear, bend, strict=True)}
    curve, at = at_point(ds.DiscreteMap(update, ALPHA), np.zeros(3))
    pair = [multiplier, np.conj(multiplier)] if np.iscomplex(multiplier) else [multiplier]
    A = linearised(curve, at)[0]
    manifold = center_manifold(curve, at, eigenvectors(A, pair), 3)
    exponents = {1: (2,), -1: (3,)}.get(multiplier, (2, 1))
    exact = cubic(curve, at, A, multiplier)
    assert manifold.coefficient(0, *exponents) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    ("period", "value", "multiplier", "start"),
    [(2, 1 + 6**0.5, -1.0, 0.44), (3, 1 + 8**0.5, 1.0, 0.16)],
)
def test_a_cycle_of_the_logistic_map(period, value, multiplier, start):
    logistic = ds.systems.logistic()
    curve = Curve(logistic, logistic.parameters[0], {}, period, (3.0, 4.0), np.ones(1))
    g = logistic.substitute({"r": value}).iterate(period).expressions[0]
    wanted = sp.diff(g, logistic.state[0]) - multiplier
    states = [float(sp.nsolve(wanted, start))]
    for _ in range(period - 1):
        states.append(value * states[-1] * (1 - states[-1]))
    at = np.append(states, value)
    assert curve.residual(at) < 1e-10
    A = linearised(curve, at)[0]
    manifold = center_manifold(curve, at, eigenvectors(A, [multiplier]), 3)
    exact = cubic(curve, at, A, multiplier)
    assert manifold.coefficient(0, 3 if period == 2 else 2) == pytest.approx(exact, rel=1e-6)


def test_a_cusp_of_a_two_cycle():
    """F = −N with N odd and N = x + k x (x² − 1)³: F² = N² is ξ + 2 · 8k ξ³ + ... at x = ±1."""
    k = R(1, 20)
    map = ds.DiscreteMap({x: -x - k * x * (x**2 - 1) ** 3}, ALPHA)
    form = codim2_form("cusp", *at_point(map, [1.0, -1.0], 2))
    assert form["c"] == pytest.approx(16 / 20)
    assert "middle" in form.decides


def test_a_cycle_has_the_form_of_the_composed_map():
    """A 1:1 resonance of a 2-cycle of an odd map in three dimensions."""
    z = X[2]
    N = [
        x + y + x * z**2,
        y + R(3, 10) * x * (x**2 - 1) ** 2 - x * y * (x**2 - 1) * z**2 - x**2 * y * (x**2 - 1),
        z / 2 + x * (x**2 - 1) * y**2 + x**3 - x,
    ]
    map = ds.DiscreteMap({s: -e for s, e in zip(X[:3], N, strict=True)}, ALPHA)
    cycle = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    one = codim2_form("1:1", *at_point(map, cycle, 2))
    other = codim2_form("1:1", *at_point(map.iterate(2), cycle[0]))
    assert one.status == other.status == "nondegenerate"
    for name in "ab":
        assert one[name] == pytest.approx(other[name], rel=1e-9)


@pytest.mark.parametrize("kind", FORMS)
def test_a_cycle_that_passes_through_the_normal_form_once(kind):
    map = ds.DiscreteMap(dict(zip(X, FORMS[kind], strict=False)), ALPHA)
    alone = codim2_form(kind, *at_point(map, np.zeros(map.dimension)))
    form = codim2_form(kind, *at_point(*suspended(FORMS[kind]), 2))
    assert form.status == "nondegenerate"
    assert form.case == alone.case
    for name, value in alone.coefficients.items():
        assert abs(form[name]) == pytest.approx(abs(value), rel=1e-7, abs=1e-12)


# ---- what the coefficients decide --------------------------------------------------------------


def _lyapunov(map, state, values):
    """First Lyapunov coefficient at a Neimark–Sacker point of a planar map."""
    curve = Curve(map, ALPHA[0], {ALPHA[1].name: values[1]}, 1, (-1.0, 1.0), np.ones(2))
    at = np.append(state, values[0])
    mu = np.linalg.eigvals(linearised(curve, at)[0])[0]
    assert abs(abs(mu) - 1) < 1e-12
    assert abs(mu.imag) > 1e-3
    mu = mu / abs(mu)
    manifold = center_manifold(
        curve, at, eigenvectors(linearised(curve, at)[0], [mu, mu.conj()]), 3
    )
    return (manifold.coefficient(0, 2, 1) / mu).real


@pytest.mark.parametrize(("a", "b"), [(1.5, -0.4), (1.5, 4.0), (-0.5, 1.0), (-0.5, -2.0)])
def test_criticality_near_a_one_to_one_resonance(a, b):
    alpha, beta = ALPHA
    update = {x: x + y, y: y + alpha + beta * y + a * x**2 + b * x * y}
    map = ds.DiscreteMap(update, ALPHA)
    form = codim2_form("1:1", *at_point(map, np.zeros(2)))
    xi = -1e-3 / a  # fixed points y = 0, a ξ² = −α; det = 1 at β = (2a − b) ξ, a pair for a ξ < 0
    b1 = _lyapunov(map, [xi, 0.0], [-a * xi**2, (2 * a - b) * xi])
    assert ("unstable" in form.decides) == (b1 > 0)


@pytest.mark.parametrize(("c", "d"), [(0.6, -1.3), (0.6, -2.5), (-0.5, 2.0), (-0.5, 1.0)])
def test_criticality_near_a_one_to_two_resonance(c, d):
    alpha, beta = ALPHA
    update = {x: -x + y, y: -y + alpha * x + beta * y + c * x**3 + d * x**2 * y}
    map = ds.DiscreteMap(update, ALPHA)
    form = codim2_form("1:2", *at_point(map, np.zeros(2)))
    b1 = _lyapunov(map, [0.0, 0.0], [-1e-3, 1e-3])  # det = 1 − α − β, a pair for α < 0
    assert ("unstable" in form.decides) == (b1 > 0)


def test_criticality_near_a_one_to_three_resonance():
    """With θ near 2π/3 the first Lyapunov coefficient has the sign that a1 tells."""
    for c in (0.1, -0.3, -0.7):
        update = complex_form(lambda z, w, c=c: THIRD * z + w**2 / 2 + sp.Float(c) * z**2 * w)
        form = codim2_form("1:3", *_plain(update))
        turn = sp.exp(sp.I * (2 * sp.pi / 3 + R(1, 500))).evalf(20)
        update = complex_form(lambda z, w, c=c, t=turn: t * z + w**2 / 2 + sp.Float(c) * z**2 * w)
        map = ds.DiscreteMap(dict(zip(X[:2], update, strict=True)), ALPHA)
        b1 = _lyapunov(map, [0.0, 0.0], [0.0, 0.0])
        assert ("unstable" in form.decides) == (b1 > 0)
        assert form["a1"].real == pytest.approx(b1 / (3 * abs(form["b"]) ** 2), rel=0.1)


@pytest.mark.parametrize("d", [0.8, -0.6])
def test_the_outer_two_cycle_at_a_generalised_flip(d):
    """−(1 + α)ξ + βξ³ + dξ⁵: u = ξ² of a 2-cycle solves α = βu + du²."""
    form = codim2_form(
        "generalised-flip", *at_point(ds.DiscreteMap({x: -x + d * x**5}, ALPHA), [0])
    )
    beta = -0.1 * np.sign(d)
    alpha = -(beta**2) / (8 * d)
    u = max(np.roots([d, beta, -alpha]).real)
    multiplier = (-(1 + alpha) + 3 * beta * u + 5 * d * u**2) ** 2
    assert ("is stable" in form.decides) == (multiplier < 1)


@pytest.mark.parametrize("c", [0.7, -0.7])
def test_the_outer_cycles_at_a_cusp(c):
    form = codim2_form("cusp", *at_point(ds.DiscreteMap({x: x + c * x**3}, ALPHA), [0]))
    beta = -0.1 * np.sign(c)  # (1 + β)ξ + cξ³: ξ² = −β/c
    assert ("outer" in form.decides) == (abs(1 + beta - 3 * beta) < 1)


# ---- trouble -----------------------------------------------------------------------------------


def test_trouble_is_told():
    line = ds.DiscreteMap({x: x + ALPHA[0] + x**3}, ALPHA)
    assert "needs 2 critical" in codim2_form("1:1", *at_point(line, [0.0])).status
    assert "do not contain" in codim2_form("generalised-flip", *at_point(line, [0.0])).status
    fold = ds.DiscreteMap({x: x + x**2 - x**3}, ALPHA)
    assert "should vanish" in codim2_form("cusp", *at_point(fold, [0.0])).status
    flat = ds.DiscreteMap({x: x + x**5}, ALPHA)
    assert "c vanishes" in codim2_form("cusp", *at_point(flat, [0.0])).status
    straight = ds.DiscreteMap({x: -x}, ALPHA)
    assert "d vanishes" in codim2_form("generalised-flip", *at_point(straight, [0.0])).status
    both = ds.DiscreteMap({x: -x + y**3, y: -y - x**3}, ALPHA)
    assert "two eigenvectors" in codim2_form("1:2", *at_point(both, [0.0, 0.0])).status
    block = ds.DiscreteMap({x: -x + y, y: -y + x**3}, ALPHA)
    assert "not simple" in codim2_form("generalised-flip", *at_point(block, [0.0, 0.0])).status
    family = ds.DiscreteMap({x: -x + x * y + x**3, y: y + x**2}, ALPHA)
    assert (
        "another multiplier, 1" in codim2_form("generalised-flip", *at_point(family, [0, 0])).status
    )
    log = ds.DiscreteMap({x: -x + sp.log(y) * 0 + sp.log(y + ALPHA[0]), y: y / 2}, ALPHA)
    assert "does not exist" in codim2_form("generalised-flip", *at_point(log, [0.0, -1.0])).status
    assert "no cycle" in codim2_form("cusp", *at_point(fold, [0.1])).status
    rectified = ds.DiscreteMap({x: -x + sp.Max(x, 0) ** 2}, ALPHA)
    assert "a kink" in codim2_form("generalised-flip", *at_point(rectified, [0.0])).status
    root = ds.DiscreteMap({x: -x + sp.sqrt(x**2) ** 3}, ALPHA)
    assert "a kink" in codim2_form("generalised-flip", *at_point(root, [0.0])).status


def test_wrong_input_is_named():
    curve, at = at_point(ds.DiscreteMap({x: -x}, ALPHA), [0.0])
    with pytest.raises(InputError, match="kind: got 'bautin'"):
        codim2_form("bautin", curve, at)
    with pytest.raises(InputError, match="y: got"):
        codim2_form("cusp", curve, np.zeros(3))


def test_the_form_is_data():
    map, state, _ = hidden(FORMS["1:4"], 0, 1)
    form = codim2_form("1:4", *at_point(map, state))
    assert pickle.loads(pickle.dumps(form)) == form
    assert "A0 = " in repr(form)
    assert "|A0| > 1" in repr(form)
    assert set(FORMS) < {kind.name for kind in kinds()}
