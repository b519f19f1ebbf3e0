import numpy as np
import sympy as sp

from dynsharp import systems


def test_quadratic_regression_is_gradient_descent_on_two_weights():
    m = systems.quadratic_regression()
    step = sp.lambdify([*m.state, *m.parameters], list(m.expressions))
    epsilon, target, eta = 0.3, 0.8, 0.21
    a, b = 1.1, -0.7

    def observed(a, b):
        r = (a**2 - epsilon * b**2) / 2 - target
        return eta * r, eta * (a**2 + epsilon**2 * b**2)

    for _ in range(10):
        predicted = step(*observed(a, b), epsilon, eta * target)
        r = (a**2 - epsilon * b**2) / 2 - target
        a, b = a - eta * r * a, b + eta * r * epsilon * b
        assert np.allclose(observed(a, b), predicted, rtol=1e-12)


def test_quadratic_regression_closes_on_the_moments_of_the_curvatures():
    m = systems.quadratic_regression()
    (z, T), (epsilon, E) = m.state, m.parameters
    T1 = (1 - epsilon) * T + 2 * epsilon * (z + E)
    T2 = (1 - epsilon) * T1 + epsilon * T
    assert sp.expand(m.update[z] - (z * (1 - T) + z**2 * T1 / 2)) == 0
    assert sp.expand(m.update[T] - (T - 2 * z * T1 + z**2 * T2)) == 0


def test_quadratic_regression_with_opposite_curvatures_is_the_uv_model():
    uv, m = systems.uv(), systems.quadratic_regression()
    same = m.substitute({"epsilon": 1, "E": uv.parameters[0]})
    names = dict(zip(same.state, uv.state, strict=True))
    for ours, theirs in zip(same.expressions, uv.expressions, strict=True):
        assert sp.expand(ours.subs(names) - theirs) == 0


def test_xyzw_is_the_chain_of_four_with_target_one():
    xyzw, chain = systems.xyzw(), systems.chain(4).substitute({"q": 1})
    names = dict(zip(chain.state, xyzw.state, strict=True))
    for ours, theirs in zip(xyzw.expressions, chain.expressions, strict=True):
        assert sp.expand(ours - theirs.subs(names)) == 0


def test_known_bifurcations():
    delayed = systems.delayed_logistic()
    (x, y), (a,) = delayed.state, delayed.parameters
    at_fixed_point = delayed.jacobian.subs({x: 1 - 1 / a, y: 1 - 1 / a}).subs(a, 2)
    multipliers = list(at_fixed_point.eigenvals())
    assert all(sp.simplify(abs(v)) == 1 for v in multipliers)  # Neimark–Sacker at a = 2
    assert systems.henon().determinant == -systems.henon().symbol("b")
    assert systems.standard().determinant == 1
    cubic = systems.odd_cubic()
    (x,), (r,) = cubic.state, cubic.parameters
    assert sp.expand(cubic.jacobian[0, 0].subs(x, sp.sqrt(r - 1)).subs(r, 2)) == -1
