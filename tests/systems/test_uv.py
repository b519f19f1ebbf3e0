"""The exact facts of the UV model."""

import numpy as np
import pytest
import sympy as sp

from dynsharp import systems

UV, PHYSICAL, EOS = systems.uv(), systems.uv_physical(), systems.uv_eos()
(z, k), (rho,) = UV.state, UV.parameters
(F,) = EOS.state


def image(expression, m=UV):
    return expression.subs(m.update, simultaneous=True)


def test_the_update_and_its_determinant():
    assert sp.expand(UV.update[z] - z * (1 - k + z * (z + rho))) == 0
    assert sp.expand(UV.update[k] - (k + z * (z * k - 4 * (z + rho)))) == 0
    expected = (z - 1) * (z + 1) * (k + 2 * rho * z + 3 * z**2 - 1)
    assert sp.expand(UV.determinant - expected) == 0


def test_scaling_the_physical_map_gives_the_scaled_one():
    df, lam = PHYSICAL.state
    eta, y, g = PHYSICAL.parameters
    scale = {z: eta * g * df, k: eta * lam, rho: eta * g * y}
    for new, unit in ((z, eta * g), (k, eta)):
        step = PHYSICAL.update[df if new == z else lam]
        assert sp.expand(UV.update[new].subs(scale, simultaneous=True) - unit * step) == 0
    for name, unit in (("loss", (eta * g) ** 2), ("sharpness", eta)):
        scaled = sp.lambdify([z, k, rho], UV.observables[name])
        plain = sp.lambdify([df, lam, y, g], PHYSICAL.observables[name])
        for a, b, c in np.random.default_rng(0).uniform(0.1, 2, size=(10, 3)):
            b += 2 * abs(a + c)
            size = float(unit.subs({eta: 0.3, g: 0.7}))
            own = plain(a / 0.21, b / 0.3, c / 0.21, 0.7)
            assert np.isclose(scaled(a, b, c), size * own, rtol=1e-12)


@pytest.mark.parametrize(
    ("manifold", "cofactor"),
    [
        (k - 2 * (z + rho), (1 + z) ** 2),
        (k + 2 * (z + rho), (1 - z) ** 2),
        (k - 4 - rho * z, 1 + rho * z + z**2),
    ],
)
def test_invariant_lines_and_their_cofactors(manifold, cofactor):
    assert sp.expand(image(manifold) - cofactor * manifold) == 0


def test_one_step_multiplies_the_conserved_quantity_of_the_flow():
    conserved = k**2 - 4 * (z + rho) ** 2
    assert sp.expand(image(conserved) - (1 - z**2) ** 2 * conserved) == 0


@pytest.mark.parametrize(
    ("point", "multipliers"),
    [
        ({z: 0}, [1, 1 - k]),
        ({z: -rho, k: 0}, [(1 + rho) ** 2, (1 - rho) ** 2]),
        ({z: 2, k: 4 + 2 * rho}, [9, 5 + 2 * rho]),
        ({z: -2, k: 4 - 2 * rho}, [9, 5 - 2 * rho]),
    ],
)
def test_fixed_points_and_multipliers(point, multipliers):
    assert all(sp.expand(image(x).subs(point) - x.subs(point)) == 0 for x in (z, k))
    mu = sp.Symbol("mu")
    characteristic = UV.jacobian.subs(point).charpoly(mu).as_expr()
    assert sp.expand(characteristic - sp.prod(mu - m for m in multipliers)) == 0


def test_the_edge_of_stability_map():
    assert sp.expand(EOS.expressions[0] - F * (1 + rho - F) ** 2) == 0
    assert EOS.domain == (F >= 0)
    # in F = w² it is the odd cubic map, gradient descent on (w² − ρ)²/4
    w = sp.Symbol("w", real=True)
    root = w - sp.diff((w**2 - rho) ** 2 / 4, w)
    assert sp.expand(EOS.expressions[0].subs(F, w**2) - root**2) == 0


def test_the_sharpness_on_the_edge_of_stability_has_no_root_left():
    assert not EOS.observables["sharpness"].atoms(sp.Pow)
    assert EOS.observables["sharpness"].subs(F, rho).equals(2 * rho)


def test_the_chebyshev_end():
    # With F = 4 sin²θ the map at ρ = 2 triples the angle.
    theta = sp.Symbol("theta", real=True)
    tripled = EOS.substitute({"rho": 2}).expressions[0].subs(F, 4 * sp.sin(theta) ** 2)
    assert sp.expand(tripled - 4 * sp.expand_trig(sp.sin(3 * theta)) ** 2) == 0


@pytest.mark.parametrize("value", [0.6, 1.3, 1.9])
def test_the_triangle_traps_what_is_inside_and_nothing_else(value):
    step = sp.lambdify([z, k], [e.subs(rho, value) for e in UV.expressions], "numpy")
    rng = np.random.default_rng(0)
    starts = rng.uniform([-3, 0], [3, 9], size=(20000, 2)).T
    starts = starts[:, starts[1] >= 2 * np.abs(starts[0] + value)]
    inside = starts[1] <= 4 + value * starts[0]
    state = starts
    with np.errstate(all="ignore"):
        for _ in range(3000):
            state = np.array(step(*state))
    assert inside.any()
    assert not inside.all()
    assert np.array_equal(np.isfinite(state).all(axis=0), inside)
