"""Generated source: equal to sympy's own evaluation, for every kind of expression."""

import math
import random

import numpy as np
import pytest
import sympy as sp

from dynsharp import InputError
from dynsharp.compiled import differentiate, identifiers, straight_line

x, y, a = sp.symbols("x' lambda w_{1}")  # complex, a keyword, no identifiers
EXPRESSIONS = [
    a * x * (1 - x),
    x**7 * (a**2 + y) ** 5 + 2 * x,
    (x - y) ** -2,
    x**2.0 / a**3,
    a / x**4,
    1 / (x**3 * y**4 * a**5),
    -((x / y) ** 4) / (x**2 + 1) ** 4,
    y / sp.sqrt(1 + x**2) ** 5,
    2 * x / 3 - sp.pi,
    sp.sqrt(1 + x**2) ** 3,
    1 / sp.sqrt(1 + x**2),
    sp.Abs(x) ** sp.Rational(1, 3),
    sp.Abs(x) ** a,
    sp.exp(-x) + sp.exp(2 * x),
    sp.log(1 + sp.exp(x)),
    sp.tanh(a * x) + sp.coth(y),
    sp.erf(x) * sp.atan2(x, y),
    sp.sin(x) / sp.cos(y) + sp.sec(x),
    sp.sinc(x),
    sp.Mod(a * x, 1),
    sp.Mod(x, -3),
    sp.floor(a * x) + sp.ceiling(y),
    sp.Max(x, 0, a) - sp.Min(x, y, 1) ** 2,
    sp.sign(x - y) * sp.Abs(y),
    sp.Heaviside(x),
    sp.Piecewise((x, (x < 0) & (y > 0)), (x**2 + a, True)),
    sp.Piecewise((1, ~((x > 0) | (y > 0))), (2, True)),
    sp.Piecewise((a * x, x < a), (sp.sqrt(x - a), True)),
]
VARIABLES, CONSTANTS = identifiers([x, y], "x"), identifiers([a], "p")


class LikeCompiled:
    """The module math as numba has it: NaN instead of exceptions."""

    def __getattr__(self, name):
        return getattr(np, name, None) or getattr(math, name)


def run(program, values):
    targets = [f"result{n}" for n in range(len(program.results))]
    namespace = {"math": LikeCompiled(), "np": np, **values}
    with np.errstate(all="ignore"):
        exec("\n".join(program.lines(targets)), namespace)
    return [namespace[t] for t in targets]


def points(n=12):
    draw = random.Random(1).uniform
    return [{x: draw(-3, 3), y: draw(-3, 3), a: draw(0.2, 3)} for _ in range(n)]


def named(point):
    return {{**VARIABLES, **CONSTANTS}[s]: value for s, value in point.items()}


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_source_evaluates_to_what_sympy_does(expression):
    program = straight_line([expression], VARIABLES, CONSTANTS)
    for point in points():
        assert run(program, named(point))[0] == pytest.approx(float(expression.subs(point)), 1e-12)


def test_many_expressions_share_and_do_not_disturb_each_other():
    together = run(straight_line(EXPRESSIONS, VARIABLES, CONSTANTS), named(points()[0]))
    alone = [run(straight_line([e], VARIABLES, CONSTANTS), named(points()[0])) for e in EXPRESSIONS]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-13)


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_derivatives_are_difference_quotients(expression):
    def with_gradient(form, state):
        return form + list(differentiate(form, state))

    program = straight_line([expression], VARIABLES, CONSTANTS, extend=with_gradient)
    for point in points():
        value, *gradient = run(program, named(point))
        for s, slope in zip((x, y), gradient, strict=True):
            ahead, behind = (
                run(program, named({**point, s: point[s] + h}))[0] for h in (1e-6, -1e-6)
            )
            if max(abs(ahead - value), abs(behind - value)) < 1e-2:  # no jump in between
                assert slope == pytest.approx((ahead - behind) / 2e-6, rel=1e-4, abs=1e-4)


def test_only_constants_stand_in_the_set_up_and_are_computed_there():
    program = straight_line([sp.sqrt(a) * x + a**2 * y + sp.sin(a)], VARIABLES, CONSTANTS)
    assert "math" not in " ".join(program.results) + " ".join(code for _, code in program.body)
    assert not any(name in code for _, code in program.setup for name in VARIABLES.values())


def test_elements_of_arrays_serve_as_names():
    program = straight_line([a * x - y], {x: "u[0]", y: "u[1]"}, {a: "p[3]"})
    assert eval(program.results[0], {"u": [2.0, 3.0], "p": [0, 0, 0, 5.0]}) == 7.0


def test_deep_compositions_stay_small():
    z = x
    for _ in range(8):
        z = a * z * (1 - z)
    assert sum(map(len, straight_line([z], VARIABLES, CONSTANTS).lines(["r"]))) < 1000


@pytest.mark.parametrize(
    ("expression", "culprit"),
    [
        (sp.LambertW(x), "LambertW"),
        (sp.Function("mystery")(x), "mystery"),
        (sp.I * x, "I"),
        (sp.Sum(x**y, (y, 0, 3)), "Sum"),
        (10**400 * x, "1000"),
        (x + sp.Symbol("stranger"), "stranger"),
    ],
)
def test_what_cannot_be_compiled_is_named(expression, culprit):
    with pytest.raises(InputError, match=culprit):
        straight_line([expression], VARIABLES, CONSTANTS)
