import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import dynsharp as ds
from dynsharp import DiscreteMap, InputError

x, y, z, r, a = sp.symbols("x y z r a", real=True)
LOGISTIC = DiscreteMap({x: r * x * (1 - x)}, parameters=[r], name="logistic")
HENON = DiscreteMap({x: 1 - a * x**2 + y, y: r * x}, parameters=[a, r], name="henon")


# ---- construction ----------------------------------------------------------------------------


def test_a_map_is_what_it_was_made_of():
    m = DiscreteMap({x: y, y: a * x}, parameters=[a], name="m", domain=x > 0)
    assert m.state == (x, y)
    assert m.parameters == (a,)
    assert m.update == {x: y, y: a * x}
    assert m.dimension == 2
    assert m.domain == (x > 0)
    assert m.observables == {}
    assert m.symbol("a") == a
    assert m.symbol(x) == m.symbol("x") == x
    assert m.parameter("a") == a


@pytest.mark.parametrize(
    ("build", "argument"),
    [
        (lambda: DiscreteMap({}), "update"),
        (lambda: DiscreteMap([x]), "update"),
        (lambda: DiscreteMap({"x": r}, [r]), "update"),
        (lambda: DiscreteMap({x: y}), "update[x]"),
        (lambda: DiscreteMap({x: "r*x"}, [r]), "update[x]"),
        (lambda: DiscreteMap({x: None}, [r]), "update[x]"),
        (lambda: DiscreteMap({x: True}), "update[x]"),
        (lambda: DiscreteMap({x: math.nan}), "update[x]"),
        (lambda: DiscreteMap({x: sp.oo}), "update[x]"),
        (lambda: DiscreteMap({x: x / sp.Integer(0)}), "update[x]"),
        (lambda: DiscreteMap({x: sp.Matrix([x])}), "update[x]"),
        (lambda: DiscreteMap({x: x, sp.Symbol("x"): x}), "update"),
        (lambda: DiscreteMap({x: x}, [x]), "parameters"),
        (lambda: DiscreteMap({x: x}, [sp.Symbol("x")]), "parameters"),
        (lambda: DiscreteMap({x: r}, [r, r]), "parameters"),
        (lambda: DiscreteMap({x: r}, r), "parameters"),
        (lambda: DiscreteMap({x: r}, "r"), "parameters"),
        (lambda: DiscreteMap({x: x}, domain=3), "domain"),
        (lambda: DiscreteMap({x: x}, domain=x), "domain"),
        (lambda: DiscreteMap({x: x}, domain=y > 0), "domain"),
        (lambda: DiscreteMap({x: x}, name=3), "name"),
        (lambda: DiscreteMap({x: x}, observables=[x]), "observables"),
        (lambda: DiscreteMap({x: x}, observables={1: x}), "observables"),
        (lambda: DiscreteMap({x: x}, observables={"x": x}), "observables"),
        (lambda: DiscreteMap({x: x}, observables={"l": y}), "observables['l']"),
        (lambda: LOGISTIC.symbol("s"), "symbol"),
        (lambda: LOGISTIC.parameter("x"), "parameter"),
        (lambda: LOGISTIC.iterate(0), "n"),
        (lambda: LOGISTIC.iterate(1.5), "n"),
        (lambda: LOGISTIC.substitute({"x": 1}), "values"),
        (lambda: LOGISTIC.substitute([1]), "values"),
        (lambda: LOGISTIC.substitute({"r": object()}), "values[r]"),
        (lambda: LOGISTIC.substitute({"r": math.nan}), "values[r]"),
        (lambda: LOGISTIC.substitute({"r": x}), "values[r]"),
        (lambda: LOGISTIC.conjugate([y]), "coordinates"),
        (lambda: LOGISTIC.conjugate({y: x, z: x}), "coordinates"),
        (lambda: LOGISTIC.conjugate({y: x**2}), "coordinates"),
        (lambda: LOGISTIC.conjugate({y: x + sp.exp(x)}), "coordinates"),
        (lambda: LOGISTIC.conjugate({y: 2 * x}, {"x": y}), "inverse"),
        (lambda: LOGISTIC.conjugate({y: 2 * x}, {"r": y}), "inverse"),
        (lambda: LOGISTIC.restrict(x), "equation"),
        (lambda: HENON.restrict(x - 1), "equation"),
        (lambda: HENON.restrict(3), "equation"),
        (lambda: HENON.restrict(x, eliminate="q"), "eliminate"),
    ],
)
def test_bad_input_is_named(build, argument):
    with pytest.raises(InputError) as error:
        build()
    assert error.value.argument == argument
    assert str(error.value).startswith(f"{argument}: got ")
    assert "expected" in str(error.value)


def test_symbols_that_differ_in_assumptions_only_are_pointed_out():
    with pytest.raises(InputError, match="x differ in their assumptions"):
        DiscreteMap({x: sp.Symbol("x") ** 2})


# ---- value semantics -------------------------------------------------------------------------


def observed():
    return DiscreteMap(
        {x: r * x}, [r], domain=x > 0, observables={"loss": x**2, "double": 2 * x}, name="o"
    )


def test_maps_are_values():
    assert observed() == observed()
    assert hash(observed()) == hash(observed())
    assert len({observed(), observed(), LOGISTIC}) == 2
    assert observed() != observed().substitute({r: 2})
    assert DiscreteMap(HENON.update, [r, a], name="henon") != HENON


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda m: pickle.loads(dumped(m))])
def test_copies_and_pickles_are_equal(duplicate):
    m = observed()
    assert m.jacobian == sp.Matrix([[r]])  # a cached result does not disturb
    assert duplicate(m) == m
    assert hash(duplicate(m)) == hash(m)
    assert duplicate(m).observables == m.observables


def dumped(m):
    return pickle.dumps(m)


def test_nothing_in_a_map_can_be_changed():
    m = observed()
    with pytest.raises(dataclasses.FrozenInstanceError):
        m.name = "other"
    with pytest.raises(TypeError):
        m.observables["loss"] = x
    m.update[x] = sp.Integer(0)
    assert m == observed()


def test_the_dictionary_given_is_not_kept():
    observables = {"loss": x**2}
    m = DiscreteMap({x: x}, observables=observables)
    observables["loss"] = sp.Integer(0)
    assert m.observables["loss"] == x**2


# ---- tracing ---------------------------------------------------------------------------------


def traced(function, state=("x", "y"), parameters=("r",)):
    return DiscreteMap.from_function(function, state=list(state), parameters=list(parameters))


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y, r: (r * x * (1 - x), y),
        lambda x, y, r: (np.sin(x) + np.cos(y) ** 2, np.exp(-r) * y),
        lambda x, y, r: (np.maximum(x, y), np.abs(x) - np.sign(y)),
        lambda x, y, r: np.tanh(np.array([[1.5, 2.0], [0.25, -1.0]]) @ np.array([x, y])),
        lambda x, y, r: np.array([x, y]) - r * np.dot([x, y], [1.0, 2.0]) * np.array([y, x]),
        lambda x, y, r: (np.arctan2(x, y), np.hypot(x, y)),
        lambda x, y, r: (np.log1p(x**2), np.log10(1 + y**2) + np.log2(2 + np.cos(x))),
        lambda x, y, r: ((x + r) % 1, y // 2),
        lambda x, y, r: (np.sum(np.array([x, y]) ** 2), np.linalg.norm([x, y])),
        lambda x, y, r: (-x + +y, 2**x / 3),
    ],
)
def test_tracing_learns_what_the_function_computes(function):
    m = traced(function)
    step = sp.lambdify((*m.state, *m.parameters), list(m.expressions), "numpy")
    for point in np.random.default_rng(1).normal(size=(5, 3)):
        assert np.allclose(step(*point), function(*point), rtol=1e-13)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y, r: (x if x > r else r, y),
        lambda x, y, r: (x if x == r else r, y),
        lambda x, y, r: (np.where(x > r, x, y), y),
        lambda x, y, r: (x if np.any(x > r) else r, y),
        lambda x, y, r: (math.sin(x), y),
        lambda x, y, r: (np.spacing(x), y),
        lambda x, y, r: x,
        lambda x, y: (x, y),
        lambda x, y, s: (x, y),
        "x*r",
    ],
)
def test_what_cannot_be_traced_is_an_error(function):
    with pytest.raises(InputError, match="function"):
        traced(function)


def test_traced_symbols_are_real_and_options_are_passed_on():
    m = DiscreteMap.from_function(lambda x, r: r * x, ["x"], ["r"], name="linear")
    assert m == DiscreteMap({x: r * x}, [r], name="linear")


# ---- derivatives and iterates ----------------------------------------------------------------


def test_jacobian_and_determinant():
    assert HENON.jacobian == sp.Matrix([[-2 * a * x, 1], [r, 0]])
    assert HENON.determinant == -r
    assert LOGISTIC.determinant == sp.factor(r * (1 - 2 * x))


@given(n=st.integers(1, 4), start=st.floats(0, 1), rate=st.floats(0, 4))
def test_an_iterate_is_repeated_stepping(n, start, rate):
    value = start
    for _ in range(n):
        value = rate * value * (1 - value)
    ((iterated),) = LOGISTIC.iterate(n).substitute({r: rate}).expressions
    assert math.isclose(iterated.subs(x, start), value, rel_tol=1e-9, abs_tol=1e-12)


def test_iterates_compose_and_keep_the_name():
    assert LOGISTIC.iterate(1) == LOGISTIC
    assert LOGISTIC.iterate(np.int64(2)).name == "logistic^2"
    difference = HENON.iterate(2).iterate(2).expressions[0] - HENON.iterate(4).expressions[0]
    assert sp.expand(difference) == 0


def test_polynomial_or_not():
    assert HENON.is_polynomial()
    assert not DiscreteMap({x: sp.sin(x)}).is_polynomial()
    assert DiscreteMap({x: sp.sin(r) * x}, [r]).is_polynomial()


# ---- new maps from old -----------------------------------------------------------------------


def test_substitution_takes_names_symbols_and_new_parameters():
    assert LOGISTIC.substitute({"r": 2}) == LOGISTIC.substitute({r: 2})
    assert LOGISTIC.substitute({r: 2}).parameters == ()
    assert HENON.substitute({r: a}).parameters == (a,)
    swapped = HENON.substitute({a: r, r: a})
    assert swapped.update == {x: 1 - r * x**2 + y, y: a * x}
    grown = HENON.substitute({a: sp.Symbol("c") + sp.Symbol("b") + r})
    assert [p.name for p in grown.parameters] == ["r", "b", "c"]
    with pytest.raises(InputError):
        HENON.substitute({a: z, r: 1}).substitute({"a": 1})


def test_substitution_reaches_domain_and_observables():
    m = DiscreteMap({x: r * x}, [r], domain=x > r, observables={"o": r * x}).substitute({r: 3})
    assert m.domain == (x > 3)
    assert m.observables["o"] == 3 * x


def test_the_logistic_map_is_the_quadratic_one_in_other_coordinates():
    quadratic = LOGISTIC.conjugate({y: r * (sp.Rational(1, 2) - x)}, name="quadratic")
    assert quadratic.name == "quadratic"
    assert sp.expand(quadratic.expressions[0] - (y**2 + r / 2 - r**2 / 4)) == 0


@given(st.tuples(*[st.integers(-3, 3)] * 4).filter(lambda m: m[0] * m[3] != m[1] * m[2]))
def test_conjugation_commutes_with_stepping_and_keeps_the_determinant(entries):
    A = sp.Matrix(2, 2, entries)
    u, v = sp.symbols("u v", real=True)
    h = dict(zip((u, v), A * sp.Matrix([x, y]), strict=True))
    other = HENON.conjugate(h)
    for new, expression in h.items():
        image_then_h = expression.subs(HENON.update, simultaneous=True)
        h_then_image = other.update[new].subs(h, simultaneous=True)
        assert sp.expand(image_then_h - h_then_image) == 0
    assert sp.expand(other.determinant.subs(h, simultaneous=True) - HENON.determinant) == 0


def test_conjugation_carries_domain_and_observables():
    m = DiscreteMap({x: x / 2}, domain=x > 1, observables={"loss": x**2}).conjugate({y: x / 2})
    assert m.observables["loss"] == 4 * y**2
    assert m.domain == sp.Gt(y, sp.Rational(1, 2))


def test_restriction_to_an_invariant_manifold():
    m = DiscreteMap({x: x + r * y, y: y + r * x}, [r], observables={"loss": x * y})
    on_diagonal = m.restrict(x - y)
    assert on_diagonal.state == (x,)
    assert sp.expand(on_diagonal.expressions[0] - (1 + r) * x) == 0
    assert on_diagonal.observables["loss"] == x**2
    assert m.restrict(x - y, eliminate=x).state == (y,)
    assert m.restrict(sp.Eq(x, y)) == on_diagonal
    assert m.restrict(x + y, name="anti").name == "anti"


def test_a_step_off_the_manifold_is_reported():
    with pytest.raises(InputError, match="a step leaves it by"):
        HENON.restrict(y)


# ---- showing ---------------------------------------------------------------------------------


def test_repr_and_latex():
    m = DiscreteMap({x: r * x, y: sp.sqrt(x**2 + 1)}, [r], domain=x > 0, name="m")
    assert repr(m) == "m: parameters r\n    x' = r*x\n    y' = sqrt(x**2 + 1)\n    on x > 0"
    assert m.latex() == (
        "\\begin{aligned}\nx' &= r x \\\\\ny' &= \\sqrt{x^{2} + 1}\n\\end{aligned}"
    )
    assert m._repr_latex_() == f"$${m.latex()}$$"
    assert repr(DiscreteMap({x: x})) == "map: parameters none\n    x' = x"


def test_the_contract_of_the_design():
    assert ds.DiscreteMap is DiscreteMap
    m = ds.DiscreteMap.from_function(
        lambda x, r: r * x * (1 - x), state=["x"], parameters=["r"], name="logistic"
    )
    assert m == LOGISTIC
