import numpy as np
import pytest
import sympy as sp

from dynsharp import InputError, systems

DEPTHS = range(2, 7)


def restricted_and_scaled(depth):
    """`chain` on the line of equal weights, measured in the units of its balanced minimum."""
    m = systems.chain(depth)
    eta, q = m.parameters
    hessian = sp.hessian(m.observables["loss"], m.state)
    w1, *others = m.state
    for w in others:
        m = m.restrict(w - w1, eliminate=w)
    omega = sp.Symbol("omega", real=True)
    rho = sp.Symbol("rho", positive=True)
    minimum = q ** sp.Rational(1, depth)
    # The largest of the eigenvalues {S, 0, ..., 0} of a matrix of rank one is its trace.
    at_minimum = hessian.subs(dict.fromkeys([w1, *others], minimum)).applyfunc(sp.simplify)
    assert at_minimum.rank() == 1
    eta_c = 2 / at_minimum.trace()
    return m.conjugate({omega: w1 / minimum}, {w1: minimum * omega}).substitute({eta: rho * eta_c})


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_balanced_chain_is_the_restricted_chain(depth):
    restricted = restricted_and_scaled(depth)
    symbolic = systems.balanced_chain()
    fixed = systems.balanced_chain(depth)
    D = symbolic.symbol("D")
    assert fixed.parameters == (symbolic.symbol("rho"),)
    for m in (fixed, symbolic.substitute({D: depth})):
        assert sp.simplify(m.expressions[0] - restricted.expressions[0]) == 0
        q = next(iter(restricted.observables["loss"].free_symbols - {*m.state}))
        assert sp.simplify(m.observables["loss"] - restricted.observables["loss"] / q**2) == 0


@pytest.mark.parametrize("depth", DEPTHS)
def test_threshold_of_the_balanced_minimum(depth):
    m = systems.balanced_chain(depth)
    (omega,), (rho,) = m.state, m.parameters
    assert sp.expand(m.jacobian[0, 0].subs(omega, 1) - (1 - 2 * rho)) == 0  # flip at rho = 1
    assert m.observables["sharpness"].subs({omega: 1, rho: 1}) == 2


@pytest.mark.parametrize("depth", DEPTHS)
def test_balanced_sharpness_is_the_hessians_top_eigenvalue(depth):
    chain, balanced = systems.chain(depth), systems.balanced_chain(depth)
    _, q = chain.parameters
    hessian = sp.lambdify([*chain.state, q], sp.hessian(chain.observables["loss"], chain.state))
    sharpness = sp.lambdify(
        [*balanced.state, *balanced.parameters], balanced.observables["sharpness"]
    )
    target, rho = 1.7, 0.9
    eta_c = 2 / (depth * target ** (2 - 2 / depth))
    for omega in np.linspace(0.3, 1.6, 8):
        weights = [target ** (1 / depth) * omega] * depth
        top = np.linalg.eigvalsh(hessian(*weights, target))[-1]
        assert np.isclose(sharpness(omega, rho), rho * eta_c * top, rtol=1e-10)


def test_the_flip_is_supercritical_for_every_depth():
    m = systems.balanced_chain()
    (omega,), D = m.state, m.symbol("D")
    loss = m.observables["loss"]
    d2, d3, d4 = (sp.diff(loss, omega, n).subs(omega, 1) for n in (2, 3, 4))
    assert sp.factor(3 * d3**2 - d2 * d4) == D**4 * 4 * (D - 1) * (5 * D - 4)


@pytest.mark.parametrize("depth", [1, 2])
def test_sharpness_of_short_chains_at_any_point(depth):
    m = systems.chain(depth)
    _, q = m.parameters
    hessian = sp.lambdify([*m.state, q], sp.hessian(m.observables["loss"], m.state))
    sharpness = sp.lambdify([*m.state, q], m.observables["sharpness"])
    for point in np.random.default_rng(0).normal(size=(20, depth + 1)):
        assert np.isclose(sharpness(*point), np.linalg.eigvalsh(hessian(*point))[-1])


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_sharpness_at_a_minimum(depth):
    m = systems.chain(depth)
    _, q = m.parameters
    loss = m.observables["loss"]
    hessian = sp.lambdify([*m.state, q], sp.hessian(loss, m.state))
    sharpness = sp.lambdify([*m.state, q], m.observables["sharpness_at_minimum"])
    for point in np.random.default_rng(1).normal(size=(20, depth)):
        target = np.prod(point)
        top = np.linalg.eigvalsh(hessian(*point, target))[-1]
        assert np.isclose(sharpness(*point, target), top)
        # q² Σ 1/w² ≥ D q^(2−2/D), with equality iff balanced
        assert top >= depth * abs(target) ** (2 - 2 / depth) * (1 - 1e-12)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_differences_and_sums_of_weights_are_invariant_factors(depth):
    m = systems.chain(depth)
    eta, q = m.parameters
    P = sp.prod(m.state)
    first, second = m.state[:2]
    kick = eta * (P - q) * P / (first * second)
    difference, total = m.update[first] - m.update[second], m.update[first] + m.update[second]
    assert sp.expand(difference - (first - second) * (1 + kick)) == 0
    assert sp.expand(total - (first + second) * (1 - kick)) == 0


def test_depth_two_is_the_edge_of_stability_map():
    balanced, eos = systems.balanced_chain(2), systems.uv_eos()
    (omega,), (rho,) = balanced.state, balanced.parameters
    F = rho * omega**2
    image = rho * balanced.expressions[0] ** 2
    assert sp.expand(image - eos.expressions[0].subs(eos.state[0], F)) == 0


@pytest.mark.parametrize("depth", [0, -1, 2.5, "2", None])
def test_bad_depth(depth):
    with pytest.raises(InputError, match="depth"):
        systems.chain(depth)
    if depth is not None:
        with pytest.raises(InputError, match="depth"):
            systems.balanced_chain(depth)
