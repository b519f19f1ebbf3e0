"""Normal forms: closed forms, conjugacy, and the doubled cycle and invariant circle themselves."""

from dataclasses import dataclass

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp.symbolic.normal_forms import (
    flip_at,
    flip_normal_form,
    fold_at,
    fold_normal_form,
    neimark_sacker_at,
    neimark_sacker_normal_form,
)

x, y, z, r, a, b, eta = sp.symbols("x y z r a b eta", real=True)


@dataclass(frozen=True)
class Point:
    """What a normal form asks of a fixed point."""

    state: dict
    family: tuple = ()
    relations: tuple = ()
    exists: object = sp.true


LOGISTIC = ds.DiscreteMap({x: r * x * (1 - x)}, [r], name="logistic")
HENON = ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b], name="henon")
HENON_X = ((b - 1) + sp.sqrt((1 - b) ** 2 + 4 * a)) / (2 * a)
DELAYED = ds.DiscreteMap({x: r * x * (1 - y), y: x}, [r], name="delayed logistic")
THREE = ds.DiscreteMap(
    {x: -a * x + y * z + x**3 + x * y, y: y / 2 + x**2 - z**2, z: x * y - z / 3 + x**2 / 2},
    [a],
    name="three",
)
QUARTIC = ds.heavy_ball(x**2 / 2 + x**3 / 3 + x**4 / 5, [x], eta, sp.Rational(1, 2))


def numbers(map_, values):
    """Return one step of the map as a float function."""
    at = {map_.parameter(k): v for k, v in values.items()}
    f = sp.lambdify(map_.state, [e.subs(at) for e in map_.expressions])
    return lambda s: np.array(f(*s), dtype=float)


# ---- flip -------------------------------------------------------------------------------------


def test_logistic_keeps_the_drift_of_the_fixed_point():
    form = flip_normal_form(LOGISTIC, Point({x: 1 - 1 / r}), r)
    assert (form.value, form.a, form.b, form.supercritical) == (3, -1, 9, True)
    assert form.criticality == "supercritical"
    assert "r = 3: supercritical" in repr(form)


def test_uv_on_its_edge_manifold():
    eos = ds.systems.uv_eos()
    form = flip_normal_form(eos, Point({eos.state[0]: eos.parameters[0]}), "rho")
    assert (form.value, form.a, form.b) == (1, -2, 2)


@pytest.mark.slow
def test_flip_of_the_uv_two_cycle_in_closed_form():
    eos = ds.systems.uv_eos()
    (F,), (rho,) = eos.state, eos.parameters
    cycle = Point({F: (1 + rho + sp.sqrt((1 + rho) ** 2 - 4)) / 2})
    second = flip_normal_form(eos.iterate(2), cycle, rho)
    assert second.value == sp.sqrt(5) - 1
    assert sp.simplify(second.a + 4 * sp.sqrt(5)) == 0  # of 9 - 2(1 + rho)^2
    assert second.supercritical is True


@pytest.mark.parametrize(
    ("map_", "point", "parameter", "fixed"),
    [
        (LOGISTIC, Point({x: 1 - 1 / r}), r, {}),
        (HENON, Point({x: HENON_X, y: b * HENON_X}), a, {b: sp.Rational(3, 10)}),
        (THREE, Point({x: sp.S(0), y: sp.S(0), z: sp.S(0)}), a, {}),
        (QUARTIC, Point(dict.fromkeys(QUARTIC.state, sp.S(0))), eta, {}),
    ],
)
def test_amplitude_of_the_doubled_cycle(map_, point, parameter, fixed):
    """Naive: iterate past the flip and measure half the distance of the two points."""
    map_ = map_.substitute(fixed)
    point = Point({s: e.subs(fixed) for s, e in point.state.items()})
    form = flip_normal_form(map_, point, parameter)
    assert form.supercritical is True
    errors = []
    for delta in (4e-3, 1e-3):
        delta = delta * np.sign(float(form.amplitude2))
        f = numbers(map_, {parameter: float(form.value) + delta})
        s = np.array([float(form.state[v]) for v in map_.state])
        s = s + 0.5 * np.sqrt(abs(delta)) * np.array(form.q, dtype=float).ravel()
        for _ in range(40_000):
            s = f(s)
        amplitude2 = np.sum((f(s) - s) ** 2) / 4
        errors.append(amplitude2 / (delta * float(form.amplitude2)) - 1)
    assert abs(errors[1]) < 0.02
    assert abs(errors[1]) < 0.35 * abs(errors[0]) + 1e-9  # first order in delta


@given(st.integers(1, 5), st.integers(-4, 4), st.integers(-6, 6))
def test_one_dimensional_descent_criterion(curvature, third, fourth):
    """GD at its threshold is supercritical iff 3L'''² − L''L'''' > 0."""
    loss = curvature * x**2 / 2 + sp.Rational(third, 6) * x**3 + sp.Rational(fourth, 24) * x**4
    gd = ds.gradient_descent(loss, [x], eta)
    form = flip_normal_form(gd, Point({x: sp.S(0)}), eta)
    criterion = 3 * third**2 - curvature * fourth
    assert form.value == sp.Rational(2, curvature)
    assert form.b == form.value**2 * sp.Rational(criterion, 12)
    word = {1: "supercritical", -1: "subcritical", 0: "degenerate"}[int(np.sign(criterion))]
    assert form.criticality == word


def balanced(domain):
    omega, rho = sp.symbols("omega rho", positive=True)
    D = sp.Symbol("D", integer=True, positive=True)
    gd = omega - 2 * rho / D * (omega**D - 1) * omega ** (D - 1)
    return ds.DiscreteMap({omega: gd}, [rho, D], domain=domain(D)), omega, rho, D


def test_balanced_chain_is_supercritical_at_every_depth():
    map_, omega, rho, D = balanced(lambda D: D >= 2)
    form = flip_normal_form(map_, Point({omega: sp.S(1)}), rho)
    loss = (omega**D - 1) ** 2 / 2
    second, third, fourth = (sp.diff(loss, omega, n).subs(omega, 1) for n in (2, 3, 4))
    # The map is gradient descent with step 2 rho/D^2, so that b is its square/12 of the criterion.
    criterion = sp.expand(3 * third**2 - second * fourth)
    assert sp.expand(form.b - (2 / D**2) ** 2 * criterion / 12) == 0
    assert (form.value, form.a, form.supercritical) == (1, -2, True)


def test_without_a_bound_on_the_depth_the_answer_is_a_condition():
    map_, omega, rho, D = balanced(lambda D: sp.true)
    form = flip_normal_form(map_, Point({omega: sp.S(1)}), rho)
    assert form.criticality == "undetermined"
    assert form.supercritical == (D > 1)


def test_henon_stays_symbolic_and_resolves_the_root_of_a_square():
    form = flip_normal_form(HENON, Point({x: HENON_X, y: b * HENON_X}), a)
    assert sp.factor(form.value - 3 * (1 - b) ** 2 / 4) == 0
    exact = flip_normal_form(
        HENON.substitute({b: sp.Rational(1, 5)}),
        Point({x: HENON_X.subs(b, "1/5"), y: HENON_X.subs(b, "1/5") / 5}),
        a,
    )
    for ours, theirs in ((form.a, exact.a), (form.b, exact.b)):
        assert sp.simplify(ours.subs(b, sp.Rational(1, 5)) - theirs) == 0


def test_numbers_in_numbers_out():
    values = {"a": 3 * 0.7**2 / 4, "b": 0.3}
    state = {"x": 2 / (3 * 0.7), "y": 0.2 / 0.7}
    form = flip_at(HENON, state, values, "a")
    exact = flip_normal_form(HENON, Point({x: HENON_X, y: b * HENON_X}), a)
    assert float(form.a) == pytest.approx(float(exact.a.subs(b, 0.3)))
    assert float(form.b) == pytest.approx(float(exact.b.subs(b, 0.3)))


def test_coordinate_without_a_closed_form_stays_symbolic():
    q, decay = sp.symbols("q gamma", positive=True)
    loss = (x**3 - q) ** 2 / 2
    gd = ds.gradient_descent(loss, [x], eta, weight_decay=decay)
    relation = sp.expand(sp.diff(loss, x) / x + decay)
    form = flip_normal_form(gd, Point({x: x}, relations=(relation,)), eta)
    at = {q: 1, decay: sp.Rational(1, 10)}
    root = max(sp.Poly(relation.subs(at), x).nroots(), key=lambda w: sp.re(w))
    number = {x: root, **at}
    known = flip_at(gd, {x: root}, {eta: form.value.subs(number), q: 1, decay: 0.1}, eta)
    assert float(form.b.subs(number)) == pytest.approx(float(known.b))
    assert float(form.a.subs(number)) == pytest.approx(float(known.a))


def test_relation_with_the_parameter_is_solved_along():
    cubic = ds.DiscreteMap({x: r - x - x**3 / 5}, [r])
    form = flip_normal_form(cubic, Point({x: x}, relations=(r - 2 * x - x**3 / 5,)), r)
    assert form.value == 0
    assert form.a == 0
    assert "does not cross" in form.status


def test_relation_with_exponentials_is_solved_for_the_coordinate():
    ricker = ds.DiscreteMap({x: x * sp.exp(r * (1 - x - y / 4)), y: x}, [r])
    relation = sp.exp(r) - sp.exp(r * y * sp.Rational(5, 4))
    form = flip_normal_form(ricker, Point({x: y, y: y}, relations=(relation,)), r)
    known = flip_at(ricker, dict.fromkeys((x, y), sp.Rational(4, 5)), {r: sp.Rational(10, 3)}, r)
    assert (form.value, form.state[y]) == (sp.Rational(10, 3), sp.Rational(4, 5))
    assert sp.simplify(form.b - known.b) == 0
    assert form.supercritical is True


def test_what_cannot_be_a_flip_says_so():
    with pytest.raises(ds.InputError, match="it has none"):
        flip_normal_form(ds.DiscreteMap({x: x / 2 + a}, [a]), Point({x: 2 * a}), a)
    double = ds.DiscreteMap({x: -r * x + x**3, y: -r * y}, [r])
    form = flip_normal_form(double, Point({x: sp.S(0), y: sp.S(0)}), r)
    assert "not simple" in form.status
    assert form.b is None
    both = ds.DiscreteMap({x: -r * x + x**3, y: y + x**2}, [r])
    assert "family_flip" in flip_normal_form(both, Point({x: sp.S(0), y: sp.S(0)}), r).status
    two = ds.DiscreteMap({x: (1 - r**2) * x}, [r])
    with pytest.raises(ds.InputError, match=r"sqrt\(2\)"):
        flip_normal_form(two, Point({x: sp.S(0)}), r)
    assert flip_normal_form(two, Point({x: sp.S(0)}), r, value=sp.sqrt(2)).criticality == (
        "degenerate"
    )
    with pytest.raises(ds.InputError, match="multiplier -1"):
        flip_at(LOGISTIC, {x: 0}, {r: 2})
    with pytest.raises(ds.InputError, match="fixed point"):
        flip_at(LOGISTIC, {x: 0.3}, {r: 3})


# ---- conjugacy --------------------------------------------------------------------------------

SMALL = st.integers(-2, 2)


def conjugated(map_, point, matrix, bend):
    """Change coordinates by (x, y) -> M (x, y + bend·x²), and the point with them."""
    M = sp.Matrix(2, 2, matrix)
    u, v = sp.symbols("u v", real=True)
    s1, s2 = map_.state
    forward = M * sp.Matrix([s1, s2 + bend * s1**2])
    back = M.inv() * sp.Matrix([u, v])
    inverse = {s1: back[0], s2: back[1] - bend * back[0] ** 2}
    new = map_.conjugate({u: forward[0], v: forward[1]}, inverse)
    return new, Point(
        {n: sp.simplify(e.subs(point.state)) for n, e in zip((u, v), forward, strict=True)}
    )


@pytest.mark.slow
@settings(max_examples=4)
@given(st.tuples(SMALL, SMALL, SMALL, SMALL), SMALL)
def test_conjugacy_changes_no_rate_and_no_sign(matrix, bend):
    assume(sp.Matrix(2, 2, matrix).det() != 0)
    check_conjugacy(matrix, bend)


def test_a_shear_with_a_bend_changes_no_rate_and_no_sign():
    check_conjugacy((1, 0, -1, 2), 1)


def check_conjugacy(matrix, bend):
    third = sp.Rational(1, 3)
    map_ = ds.DiscreteMap({x: -r * x + x * y + 2 * x**2, y: third * y + x**2 - x * y}, [r])
    point = Point({x: sp.S(0), y: sp.S(0)})
    form = flip_normal_form(map_, point, r)
    other = flip_normal_form(*conjugated(map_, point, matrix, bend), r)
    assert (other.value, other.a, other.criticality) == (form.value, form.a, form.criticality)

    point = Point({x: 1 - 1 / r, y: 1 - 1 / r})
    form = neimark_sacker_normal_form(DELAYED, point, r)
    other = neimark_sacker_normal_form(*conjugated(DELAYED, point, matrix, bend), r)
    assert (other.value, other.rate, other.theta) == (form.value, form.rate, form.theta)
    assert other.criticality == form.criticality


# ---- fold -------------------------------------------------------------------------------------


def test_fold_and_the_branches_it_joins():
    quadratic = ds.DiscreteMap({x: x**2 + a}, [a])
    form = fold_normal_form(quadratic, Point({x: (1 - sp.sqrt(1 - 4 * a)) / 2}), a)
    assert (form.kind, form.value) == ("fold", sp.Rational(1, 4))
    assert sp.Abs(form.forcing) == sp.Abs(form.quadratic) == 1
    henon = fold_normal_form(HENON, Point({x: HENON_X, y: b * HENON_X}), a)
    assert henon.kind == "fold"
    assert sp.factor(henon.value + (1 - b) ** 2 / 4) == 0
    # Naive: the branch is x* + sqrt(-f/s * delta) q.
    at, delta = {b: sp.Rational(3, 10)}, sp.Rational(1, 10**8)
    branch = HENON_X.subs(at).subs(a, henon.value.subs(at) + delta) - henon.state[x].subs(at)
    xi = sp.sqrt((-henon.forcing / henon.quadratic).subs(at) * delta) * henon.q[0].subs(at)
    assert abs(float(sp.Abs(branch) / sp.Abs(xi)) - 1) < 1e-3


def test_transcritical_rate_is_that_of_the_branches():
    form = fold_normal_form(LOGISTIC, Point({x: sp.S(0)}), r)
    assert (form.kind, form.value, form.rate) == ("transcritical", 1, 1)
    shifted = LOGISTIC.conjugate({y: x - r}, {x: y + r})  # both branches move with r now
    form = fold_at(shifted, {y: -1}, {r: 1}, r)
    assert (form.kind, form.forcing, form.rate) == ("transcritical", 0, 1)


def test_pitchfork_cusp_isola_and_touching():
    pitchfork = ds.DiscreteMap({x: r * x - x**3 + y**2, y: y / 2 + a * x**2}, [r, a])
    form = fold_normal_form(pitchfork, Point({x: sp.S(0), y: sp.S(0)}), r)
    assert (form.kind, form.value, form.rate, form.cubic) == ("pitchfork", 1, 1, -1)
    assert form.criticality == "supercritical"
    sub = ds.DiscreteMap({x: r * x + x * y, y: y / 2 + x**2}, [r])
    form = fold_normal_form(sub, Point({x: sp.S(0), y: sp.S(0)}), r)
    assert (form.kind, form.cubic, form.criticality) == ("pitchfork", 2, "subcritical")
    cases = {"cusp": x + a - x**3, "isola": x + a**2 + x**2, "undetermined": x - a * a * x - x**2}
    for kind, update in cases.items():
        assert fold_at(ds.DiscreteMap({x: update}, [a]), {x: 0}, {a: 0}, a).kind == kind
    with pytest.raises(ds.InputError, match="multiplier 1"):
        fold_at(LOGISTIC, {x: 0}, {r: 2}, r)


# ---- Neimark–Sacker ---------------------------------------------------------------------------


def naive_lyapunov(map_, point):
    """Kuznetsov's formula in complex floats, with numpy's eigenvectors."""
    n, s = map_.dimension, map_.state

    def tensor(order):
        shape = (n,) * (order + 1)
        D = np.empty(shape)
        for index in np.ndindex(shape):
            d = sp.diff(map_.expressions[index[0]], *(s[j] for j in index[1:]))
            D[index] = float(d.subs(point))
        return D

    A, B, C = tensor(1), tensor(2), tensor(3)
    w, V = np.linalg.eig(A)
    i = max(range(n), key=lambda i: w[i].imag)
    lam, q = w[i], V[:, i] / np.linalg.norm(V[:, i])
    lam = lam / abs(lam)
    p = np.linalg.inv(V)[i] * np.linalg.norm(V[:, i])
    I = np.eye(n)  # noqa: E741

    def bilinear(u, v):
        return np.einsum("ijk,j,k->i", B, u, v)

    qc = q.conj()
    cubic = np.einsum("ijkl,j,k,l->i", C, q, q, qc)
    cubic = cubic + 2 * bilinear(q, np.linalg.solve(I - A, bilinear(q, qc)))
    cubic = cubic + bilinear(qc, np.linalg.solve(lam**2 * I - A, bilinear(q, q)))
    return (p @ cubic / lam / 2).real, np.angle(lam)


def test_delayed_logistic_in_closed_form():
    point = Point({x: 1 - 1 / r, y: 1 - 1 / r})
    form = neimark_sacker_normal_form(DELAYED, point, r)
    assert (form.value, form.theta, form.rate) == (2, sp.pi / 3, sp.Rational(1, 2))
    assert (form.lyapunov, form.supercritical, form.resonance) == (-1, True, None)
    naive, theta = naive_lyapunov(DELAYED, {x: 0.5, y: 0.5, r: 2})
    assert float(form.lyapunov) == pytest.approx(naive)
    assert float(form.theta) == pytest.approx(theta)


def test_radius_of_the_invariant_circle():
    """Naive: on the circle x = x* + 2 Re(zq), the mean of (x - mean)² is 2|z|²|q_x|²."""
    delta = 2e-3
    f = numbers(DELAYED, {"r": 2 + delta})
    s = np.array([0.5 + 0.03, 0.5])
    for _ in range(20_000):
        s = f(s)
    orbit = np.empty(20_000)
    for i in range(len(orbit)):
        s = f(s)
        orbit[i] = s[0]
    radius2 = 0.5 * delta / 1  # -rate·delta/lyapunov
    assert np.var(orbit) == pytest.approx(2 * radius2 / 2, rel=0.02)  # |q_x|² = 1/2


@settings(max_examples=2)
@given(st.lists(st.integers(-3, 3), min_size=8, max_size=8), st.sampled_from([(3, 5), (5, 13)]))
def test_three_dimensional_map_against_the_naive_formula(k, rational_rotation):
    c = sp.Rational(*rational_rotation)
    s = sp.sqrt(1 - c**2)
    map_ = ds.DiscreteMap(
        {
            x: r * (c * x - s * y) + k[0] * x * z + k[1] * y**2 + k[2] * x**3,
            y: r * (s * x + c * y) + k[3] * x * y + k[4] * z * y + x * y**2,
            z: -z / 2 + k[5] * x**2 + k[6] * x * y + k[7] * z * x + x / 3,
        },
        [r],
    )
    origin = {x: sp.S(0), y: sp.S(0), z: sp.S(0)}
    form = neimark_sacker_normal_form(map_, Point(origin), r, value=1)
    naive, theta = naive_lyapunov(map_, {**origin, r: 1})
    assert form.rate == 1
    assert float(form.theta) == pytest.approx(theta)
    assert float(form.lyapunov) == pytest.approx(naive, abs=1e-12)
    floats = neimark_sacker_at(map_, dict.fromkeys("xyz", 0.0), {"r": 1.0}, "r")
    assert float(floats.lyapunov) == pytest.approx(naive, abs=1e-9)


@pytest.mark.parametrize(("k", "cosine"), [(2, -1), (3, "-1/2"), (4, 0)])
def test_strong_resonances_are_reported(k, cosine):
    c = sp.Rational(cosine)
    map_ = ds.DiscreteMap({x: y, y: -r * x + 2 * c * y + x**2 - y**3}, [r])
    form = neimark_sacker_normal_form(map_, Point({x: sp.S(0), y: sp.S(0)}), r)
    assert form.resonance == k
    assert form.supercritical is None
    assert form.status != "nondegenerate"


def test_parameters_left_symbolic_and_neutral_saddles():
    map_ = ds.DiscreteMap({x: y, y: -r * x + a * y - y**3}, [r, a])
    form = neimark_sacker_normal_form(map_, Point({x: sp.S(0), y: sp.S(0)}), r)
    assert form.value == 1
    assert form.cosine == a / 2
    naive, _ = naive_lyapunov(map_, {x: 0, y: 0, r: 1, a: 0.7})
    assert float(form.lyapunov.subs(a, 0.7)) == pytest.approx(naive)
    saddle = map_.substitute({a: 3})
    with pytest.raises(ds.InputError, match="neutral saddle"):
        neimark_sacker_normal_form(saddle, Point({x: sp.S(0), y: sp.S(0)}), r)
