import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp import InputError, systems, testing
from dynsharp.symbolic.fixed_points import fixed_points

x, y, r, a = sp.symbols("x y r a", real=True)
u, v, q = sp.symbols("u v q", real=True)
eta = sp.Symbol("eta", positive=True)
LOGISTIC = systems.logistic()
ROTATION = ds.DiscreteMap({x: x * sp.cos(a) - y * sp.sin(a), y: x * sp.sin(a) + y * sp.cos(a)}, [a])


# ---- fixed points and cycles -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "state", "fixed"),
    [
        (LOGISTIC, {"x": 1 - 1 / r}, None),
        (LOGISTIC, 0, None),
        (LOGISTIC, [0.6], {"r": 2.5}),
        (LOGISTIC, np.array([1 - 1 / 3.3]), {r: 3.3}),
        (systems.uv(), {"z": 0, "k": sp.Symbol("k")}, None),
        (systems.uv(), {"z": 2, "k": 4 + 2 * sp.Symbol("rho")}, None),
        (systems.balanced_chain(), {"omega": 1}, None),
        (systems.standard(), (0, sp.pi), None),
        (systems.chain(2), {"w1": sp.Symbol("w1"), "w2": q / sp.Symbol("w1")}, None),
    ],
)
def test_fixed_points_pass(m, state, fixed):
    testing.assert_fixed_point(m, state, fixed=fixed)


@pytest.mark.parametrize(
    ("m", "state", "fixed"),
    [
        (LOGISTIC, {"x": 1 + 1 / r}, None),
        (LOGISTIC, 0.61, {"r": 2.5}),
        (LOGISTIC, sp.Rational(1, 10**15), None),
        (systems.uv(), {"z": 2, "k": 4 - 2 * sp.Symbol("rho")}, None),
        (systems.balanced_chain(), {"omega": sp.Rational(1, 2)}, None),
    ],
)
def test_wrong_fixed_points_fail(m, state, fixed):
    with pytest.raises(AssertionError, match=f"{m.name} maps the fixed point"):
        testing.assert_fixed_point(m, state, fixed=fixed)


def eos_cycle():
    rho = systems.uv_eos().parameters[0]
    root = sp.sqrt((rho - 1) * (rho + 3))
    return [(1 + rho + root) / 2, (1 + rho - root) / 2]


def test_cycles_pass():
    testing.assert_cycle(systems.uv_eos(), eos_cycle())
    testing.assert_cycle(systems.uv_eos(), [2, 0.5], fixed={"rho": 1.5})
    testing.assert_cycle(ROTATION, [(1, 0), (0, 1), (-1, 0), (0, -1)], fixed={"a": sp.pi / 2})


def test_wrong_cycles_fail():
    with pytest.raises(AssertionError, match="maps point 1 of the cycle"):
        testing.assert_cycle(systems.uv_eos(), [2, 0.51], fixed={"rho": 1.5})
    with pytest.raises(AssertionError, match="has period 2, not 4"):
        testing.assert_cycle(systems.uv_eos(), [*eos_cycle(), *eos_cycle()])
    with pytest.raises(AssertionError, match="has period 1, not 2"):
        testing.assert_cycle(LOGISTIC, [0.6, 0.6], fixed={"r": 2.5})


# ---- conserved quantities --------------------------------------------------------------------


def test_conserved_quantities_pass():
    testing.assert_conserved(ROTATION, x**2 + y**2)
    swap = ds.DiscreteMap({x: y, y: x})
    testing.assert_conserved(swap, sp.Abs(x - y))
    testing.assert_conserved(swap, sp.exp(x + y) + sp.Max(x, y))
    testing.assert_conserved(ds.DiscreteMap({x: x * a, y: y / a}, [a]), x * y, fixed={"a": 0.3})
    positive = ds.DiscreteMap({x: x**2, y: y**2}, domain=sp.And(x > 0, y > 0))
    testing.assert_conserved(positive, sp.log(x) / sp.log(y))


def test_changing_quantities_fail():
    with pytest.raises(AssertionError, match=r"not conserved by map: it changes by .* at \("):
        testing.assert_conserved(ROTATION, x**2 + 2 * y**2)
    chain = systems.chain(2)
    w1, w2 = chain.state  # conserved by gradient flow, not by gradient descent
    with pytest.raises(AssertionError, match="w1"):
        testing.assert_conserved(chain, w1**2 - w2**2)
    with pytest.raises(AssertionError):
        testing.assert_conserved(ds.DiscreteMap({x: x + sp.Rational(1, 10**12)}), x)


# ---- invariant manifolds ---------------------------------------------------------------------


def manifold(name, equation):
    m = systems.get(name)
    return m, equation(*m.state, *m.parameters)


@pytest.mark.parametrize(
    ("name", "equation"),
    [
        ("uv", lambda z, k, rho: k - 2 * (z + rho)),
        ("uv", lambda z, k, rho: k + 2 * (z + rho)),
        ("uv", lambda z, k, rho: sp.Eq(k, 4 + rho * z)),
        ("uv", lambda z, k, rho: z),
        ("chain-3", lambda a, b, c, eta, q: (a - b) * (a + c)),
        ("chain-3", lambda a, b, c, eta, q: (a - b) ** 2),
        ("logistic", lambda x, r: x),
    ],
)
def test_invariant_manifolds_pass(name, equation):
    testing.assert_invariant_manifold(*manifold(name, equation))


def test_manifolds_without_algebra_pass():
    growth = ds.DiscreteMap({x: 2 * x, y: y**2}, domain=y > 0)
    testing.assert_invariant_manifold(growth, y - sp.exp(x))
    testing.assert_invariant_manifold(ROTATION, sp.sqrt(x**2 + y**2) - 3)
    testing.assert_invariant_manifold(
        systems.uv(), sp.Symbol("k") - 2.0 * sp.Symbol("z") - 2.4, fixed={"rho": 1.2}
    )


@pytest.mark.parametrize(
    ("name", "equation"),
    [
        ("uv", lambda z, k, rho: k - 2 * z - 3 * rho),
        ("uv", lambda z, k, rho: k - 4),
        ("chain-3", lambda a, b, c, eta, q: a - b * c),
        ("henon", lambda x, y, a, b: y - sp.sin(x)),
    ],
)
def test_wrong_manifolds_fail(name, equation):
    with pytest.raises(AssertionError, match=r"is not invariant .* a step leads to"):
        testing.assert_invariant_manifold(*manifold(name, equation))


# ---- thresholds ------------------------------------------------------------------------------


def family(m):
    return next(p for p in fixed_points(m) if p.family)


def test_thresholds_of_isolated_points_pass():
    testing.assert_threshold(LOGISTIC, fixed_points(LOGISTIC)[1], "r")
    eos = systems.uv_eos()
    p = next(p for p in fixed_points(eos) if p.state[eos.state[0]] == eos.parameters[0])
    testing.assert_threshold(eos, p, "rho")


def test_a_neimark_sacker_threshold_passes():
    delayed = systems.delayed_logistic()
    p = next(p for p in fixed_points(delayed) if p.state[delayed.state[0]] != 0)
    testing.assert_threshold(delayed, p, "a")


def test_thresholds_of_momentum_pass():
    beta = sp.Symbol("beta", real=True)
    for optimiser in (ds.heavy_ball, ds.nesterov):
        m = optimiser(a * x**2 / 2, [x], eta, beta)
        testing.assert_threshold(m, fixed_points(m)[0], "eta", fixed={"beta": 0.6, "a": 3})


def test_the_threshold_of_a_member_of_a_family_passes():
    physical = systems.uv_physical()
    fixed = {"g": 0.7, "y": 1.3}
    p = family(physical)
    testing.assert_threshold(physical, p, "eta", fixed=fixed, at={"lam": 2.5})
    chain = systems.chain(3)
    p = family(chain)
    balanced = dict.fromkeys(p.family, sp.Rational(2) ** sp.Rational(1, 3))
    testing.assert_threshold(chain, p, "eta", fixed={"q": 2}, at=balanced)


def test_a_simulation_of_ones_own():
    X, target = [[1.0]], [1.5]
    data = systems.chain_on_data(X, target, depth=2)
    m = systems.chain(2)

    def stable(step):
        weight = np.sqrt(1.5) + 1e-5
        loss = data.train(step, [weight], [weight], 400, record=["loss"])["loss"]
        return float(loss[-1]) < float(loss[0])

    testing.assert_threshold(m, family(m), "eta", stable, fixed={"q": 1.5}, tolerance=5e-3)


def test_a_simulation_of_another_system_fails_and_says_both_values():
    other = ds.DiscreteMap({x: r * x * (1 - x) * sp.Rational(101, 100)}, [r], name="other")
    p = fixed_points(LOGISTIC)[1]
    with pytest.raises(AssertionError) as error:
        testing.assert_threshold(LOGISTIC, p, "r", lambda r: 1.01 < r < 2.97)
    assert "transcritical at r = 1" in str(error.value)
    assert "the simulation changes at 1.01" in str(error.value)
    assert "allowed is 0.001" in str(error.value)
    with pytest.raises(AssertionError):
        testing.assert_threshold(other, p, "r")
    testing.assert_threshold(LOGISTIC, p, "r", lambda r: 1.01 < r < 2.97, tolerance=0.02)


def test_a_simulation_that_never_changes_fails():
    p = fixed_points(LOGISTIC)[1]
    with pytest.raises(AssertionError, match=r"stable on both sides, at r = 0\.95 and 1\.05"):
        testing.assert_threshold(LOGISTIC, p, "r", lambda r: True)


def test_no_threshold_in_theory_fails():
    linear = ds.DiscreteMap({x: x / 2 + r}, [r], name="linear")
    with pytest.raises(AssertionError, match="theory has no threshold of linear along r"):
        testing.assert_threshold(linear, fixed_points(linear)[0], "r")


# ---- bad input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "argument"),
    [
        (lambda: testing.assert_fixed_point(x, 0), "map"),
        (lambda: testing.assert_fixed_point(LOGISTIC, {"y": 0}), "state"),
        (lambda: testing.assert_fixed_point(LOGISTIC, [0, 1]), "state"),
        (lambda: testing.assert_fixed_point(LOGISTIC, {}), "state"),
        (lambda: testing.assert_fixed_point(LOGISTIC, sp.Symbol("s")), "state[x]"),
        (lambda: testing.assert_fixed_point(LOGISTIC, "x"), "state[x]"),
        (lambda: testing.assert_fixed_point(LOGISTIC, 0, fixed={"s": 1}), "fixed"),
        (lambda: testing.assert_fixed_point(LOGISTIC, 0, fixed={"r": "1"}), "fixed[r]"),
        (lambda: testing.assert_fixed_point(LOGISTIC, 0, fixed={"r": r}), "fixed[r]"),
        (lambda: testing.assert_fixed_point(LOGISTIC, 0, fixed=[1]), "fixed"),
        (lambda: testing.assert_cycle(LOGISTIC, []), "points"),
        (lambda: testing.assert_cycle(LOGISTIC, {"x": 1}), "points"),
        (lambda: testing.assert_conserved(LOGISTIC, r), "quantity"),
        (lambda: testing.assert_conserved(LOGISTIC, y), "quantity"),
        (lambda: testing.assert_conserved(LOGISTIC, None), "quantity"),
        (lambda: testing.assert_invariant_manifold(LOGISTIC, 3), "equation"),
        (lambda: testing.assert_invariant_manifold(systems.henon(), x**2 + 1), "equation"),
        (lambda: testing.assert_threshold(LOGISTIC, 3, "r"), "p"),
        (lambda: testing.assert_threshold(LOGISTIC, fixed_points(LOGISTIC)[0], "x"), "parameter"),
    ],
)
def test_claims_that_cannot_be_judged_are_bad_input(claim, argument):
    with pytest.raises(InputError) as error:
        claim()
    assert error.value.argument == argument


def test_a_threshold_needs_all_other_values():
    physical = systems.uv_physical()
    p = family(physical)
    for options, argument in (
        ({"at": {"lam": 2}}, "fixed"),
        ({"fixed": {"g": 1, "y": 1}, "at": {"df": 0}}, "at"),
    ):
        with pytest.raises(InputError) as error:
            testing.assert_threshold(physical, p, "eta", **options)
        assert error.value.argument == argument
    uv = systems.uv()
    with pytest.raises(InputError, match="depends on rho"):  # k = 2 is critical for every rho
        testing.assert_threshold(uv, family(uv), "rho")


def test_without_a_member_the_one_that_is_stable_longest_is_simulated():
    physical = systems.uv_physical()
    testing.assert_threshold(physical, family(physical), "eta", fixed={"g": 1, "y": 2})
    wrong = physical.substitute({"eta": 2 * physical.parameter("eta")})
    with pytest.raises(AssertionError, match="theory"):
        testing.assert_threshold(wrong, family(physical), "eta", fixed={"g": 1, "y": 2})
