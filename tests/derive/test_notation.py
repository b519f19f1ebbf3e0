"""Formulas as MathML and LaTeX."""

from xml.etree import ElementTree

import pytest
import sympy as sp

from dynsharp.derive.notation import latex, mathml, next_value

x, y, lam, df = sp.symbols("x y lam df", real=True)
q = sp.Symbol("q", positive=True)


@pytest.mark.parametrize(
    "expression",
    [
        (x < y) & (x > -2),
        sp.Or(x <= 1, sp.Ne(y, 0)),
        sp.Abs(x) * sp.sqrt(q) / (1 - q ** sp.Rational(2, 3)),
        sp.Max(x, y) - sp.exp(-x) + sp.log(3),
        sp.Piecewise((x, x < 1), (y, True)),
        sp.CRootOf(sp.Symbol("t") ** 5 + sp.Symbol("t") + 1, 0),
        sp.Function("f")(x, y),
        sp.Eq(sp.Symbol("m_w1"), lam * df, evaluate=False),
    ],
)
def test_mathml_is_well_formed(expression):
    root = ElementTree.fromstring(mathml(expression))
    assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
    assert "mfenced" not in mathml(expression)


def test_letters():
    assert "λ" in mathml(lam + df)
    assert "Δf" in mathml(lam + df)
    assert latex(lam * df) in (r"\Delta f \lambda", r"\lambda \Delta f")
    assert (mathml(sp.true), mathml(sp.false)) == ("always", "never")


def test_primes():
    step = next_value(sp.Symbol("w1", real=True), x - 1)
    assert latex(step) == "w_{1}' = x - 1"
    assert "".join(ElementTree.fromstring(mathml(step)).itertext()).startswith("w1′=x−1")
    assert latex(next_value(lam, x)) == r"\lambda' = x"
