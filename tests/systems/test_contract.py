"""What every system of the catalogue must satisfy."""

import inspect
from functools import cache

import numpy as np
import pytest
import sympy as sp

from dynsharp import DiscreteMap, InputError, systems

NAMES = [*systems.catalogue(), "chain-1", "chain-3", "chain-4", "balanced-chain-3"]
system = cache(systems.get)

every_system = pytest.mark.parametrize("name", NAMES)


def samples(m, count=20, seed=0):
    """Random states and parameters of the map's domain: columns (*state, *parameters)."""
    rng = np.random.default_rng(seed)
    inside = sp.lambdify((*m.state, *m.parameters), m.domain, "numpy")
    points = []
    while len(points) < count:
        state = rng.normal(size=m.dimension) * 1.5
        parameters = rng.uniform(0.1, 2, size=len(m.parameters))
        integers = [p.is_integer for p in m.parameters]
        parameters = np.where(integers, rng.integers(2, 7, size=len(integers)), parameters)
        if inside(*state, *parameters):
            points.append([*state, *parameters])
    return np.array(points)


def compiled(m, expressions):
    return sp.lambdify((*m.state, *m.parameters), expressions, "numpy")


@every_system
def test_it_is_a_named_map_with_a_one_line_description(name):
    m = system(name)
    assert isinstance(m, DiscreteMap)
    assert m.name == (f"{name}-2" if name == "chain" else name)
    assert systems.get(name) == m
    for build in systems.catalogue().values():
        first = inspect.getdoc(build).splitlines()[0]
        assert first.startswith("Return ")
        assert first.endswith(".")


@every_system
def test_jacobian_is_the_finite_difference(name):
    m = system(name)
    step, jacobian = compiled(m, list(m.expressions)), compiled(m, m.jacobian)
    h = 1e-6
    for point in samples(m):
        state, parameters = point[: m.dimension], point[m.dimension :]
        columns = [
            (np.array(step(*(state + h * e), *parameters)) - step(*(state - h * e), *parameters))
            / (2 * h)
            for e in np.eye(m.dimension)
        ]
        exact = np.array(jacobian(*point), dtype=float)
        scale = 1 + np.abs(exact).max()
        assert np.allclose(np.transpose(columns) / scale, exact / scale, atol=1e-5)


@every_system
def test_determinant_is_that_of_the_jacobian(name):
    m = system(name)
    jacobian, determinant = compiled(m, m.jacobian), compiled(m, m.determinant)
    for point in samples(m):
        numeric = np.linalg.det(np.array(jacobian(*point), dtype=float))
        assert np.isclose(determinant(*point), numeric, rtol=1e-8, atol=1e-8)


@every_system
def test_the_second_iterate_is_two_steps(name):
    m = system(name)
    step, twice = compiled(m, list(m.expressions)), compiled(m, list(m.iterate(2).expressions))
    for point in samples(m):
        parameters = point[m.dimension :]
        two_steps = step(*step(*point), *parameters)
        assert np.allclose(twice(*point), two_steps, rtol=1e-8, atol=1e-8)


@every_system
def test_scaling_the_state_commutes_with_stepping(name):
    m = system(name)
    new = [sp.Symbol(f"{s.name}_new", real=True) for s in m.state]
    h = {y: 3 * x - 1 for y, x in zip(new, m.state, strict=True)}
    back = {x: (y + 1) / 3 for y, x in zip(new, m.state, strict=True)}
    other = m.conjugate(h, back)
    step, step_other = compiled(m, list(m.expressions)), compiled(other, list(other.expressions))
    for point in samples(m):
        state, parameters = point[: m.dimension], point[m.dimension :]
        moved = step_other(*(3 * state - 1), *parameters)
        assert np.allclose(moved, 3 * np.array(step(*point)) - 1, rtol=1e-8, atol=1e-8)


@every_system
def test_the_domain_is_forward_invariant(name):
    m = system(name)
    step = compiled(m, list(m.expressions))
    if m.domain == sp.true:
        relations = []
    else:
        relations = m.domain.args if isinstance(m.domain, sp.And) else [m.domain]
    slack = compiled(m, [(r.gts - r.lts) for r in relations])
    for point in samples(m, 200):
        image = step(*point)
        size = 1 + np.max(np.abs(image))
        assert all(s >= -1e-9 * size for s in slack(*image, *point[m.dimension :]))


@every_system
def test_observables_are_numbers_wherever_the_state_is_one(name):
    m = system(name)
    for key, expression in m.observables.items():
        observe = compiled(m, expression)
        values = np.array([observe(*point) for point in samples(m)], dtype=float)
        assert np.isfinite(values).all(), key
        assert (values >= 0).all() or key != "loss"


# ---- systems that are gradient descent on their loss -----------------------------------------


def _step(name):
    """Step size at which the system descends its observable "loss", as an expression."""
    m = system(name)
    if name.startswith("balanced"):
        rho = m.symbol("rho")
        D = m.symbol("D") if name == "balanced-chain" else int(name.rpartition("-")[2])
        return 2 * rho / D**2
    return m.symbol("eta")


@pytest.mark.parametrize("name", [n for n in NAMES if "chain" in n or n == "xyzw"])
def test_the_update_is_the_gradient_step_of_the_loss(name):
    m = system(name)
    for w, image in m.update.items():
        descent = w - _step(name) * sp.diff(m.observables["loss"], w)
        assert sp.simplify(image - descent) == 0


def test_the_odd_cubic_descends_a_quartic_and_squares_to_the_edge_of_stability():
    cubic = system("odd-cubic")
    (x,), (r,) = cubic.state, cubic.parameters
    rho = sp.Symbol("rho", positive=True)
    loss = (x**2 - rho) ** 2 / 4
    image = cubic.substitute({r: 1 + rho}).expressions[0]
    assert sp.expand(image - (x - sp.diff(loss, x))) == 0
    (F,) = system("uv-eos").state
    assert sp.expand(image**2 - system("uv-eos").expressions[0].subs(F, x**2)) == 0


# ---- names -----------------------------------------------------------------------------------


def test_names_are_forgiving_about_case_and_underscores():
    assert systems.get("UV_EOS") == systems.get("uv-eos") == systems.uv_eos()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("logstic", "logistic"), ("uv-eso", "uv-eos"), ("chain-x", "chain"), ("quux", "henon")],
)
def test_an_unknown_name_suggests_close_ones(name, hint):
    with pytest.raises(InputError, match=hint) as error:
        systems.get(name)
    assert error.value.argument == "name"


@pytest.mark.parametrize("name", ["chain-0", "balanced-chain-1"])
def test_a_depth_too_small_is_an_error(name):
    with pytest.raises(InputError, match="depth"):
        systems.get(name)
