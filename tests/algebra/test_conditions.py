"""Conditions: each simplification is held against the plain condition on random numbers."""

import itertools
import random

import pytest
import sympy as sp

from dynsharp.algebra import conditions, positivity

a, b, c, x = sp.symbols("a b c x", real=True)
q, g = sp.symbols("q g", positive=True)
D = sp.Symbol("D", integer=True, positive=True)

EXPRESSIONS = [
    2 - x * (a**2 + b**2),
    (x - 1) * (3 - x),
    (1 - x) ** 2 * (3 - x) * a,
    (a - b) / (a**2 + 1),
    a**2 * b - c,
    (x**2 + x + 1) * (a - 2),
    -(a**2) - 1,
    x**4 - 5 * x**2 + 4,
    (a**2 - 1) ** 2 * b**2 + a**4,
    q * (x - g),
    sp.Abs(a) * (b - 1),
    a * b * c,
    (x - 2) / (x + 1),
]


def samples(symbols, count=40):
    rng = random.Random(0)
    for _ in range(count):
        yield {
            s: sp.Rational(rng.randint(1, 40) if s.is_positive else rng.randint(-40, 40), 8)
            for s in sorted(symbols, key=str)
        }


@pytest.mark.parametrize("e", EXPRESSIONS, ids=str)
def test_positive_means_positive(e):
    condition = conditions.positive(e)
    for point in samples(e.free_symbols):
        value = e.subs(point)
        if value.is_finite:
            assert bool(condition.subs(point)) == bool(value > 0), (condition, point)


PAIRS = itertools.combinations(EXPRESSIONS[:9], 2)


@pytest.mark.parametrize(
    ("e", "f"),
    [pytest.param(*p, marks=[] if p[1] in EXPRESSIONS[:6] else pytest.mark.slow) for p in PAIRS],
    ids=str,
)
def test_simplified_conjunction_is_equivalent(e, f):
    given = sp.And(e > 0, f > 0)
    simple = conditions.simplify(given)
    for point in samples(e.free_symbols | f.free_symbols, 25):
        assert bool(simple.subs(point)) == bool(given.subs(point)), (simple, point)


@pytest.mark.parametrize("e", EXPRESSIONS, ids=str)
def test_proved_signs_hold(e):
    sign = conditions.sign(e)
    if sign is not None:
        values = [e.subs(p) for p in samples(e.free_symbols)]
        assert all(sp.sign(v) == sign for v in values if v.is_finite)


def test_two_conjuncts_that_prove_each_other_do_not_both_vanish():
    assert conditions.simplify(sp.And(x < 1, 1 - x > 0, 2 * x < 2)) == (x < 1)


def test_contradictions_are_found():
    assert conditions.simplify(sp.And(x > 1, x < 0)) == sp.false
    assert conditions.simplify(sp.And(x > a + 1, x < a)) == sp.false
    assert conditions.simplify(sp.And(1 - (1 + x) ** 2 > 0, 1 - (1 - x) ** 2 > 0)) == sp.false


def test_facts_are_used():
    assert conditions.sign(a**2 + b**2, [sp.Ne(a, 0)]) == 1
    assert conditions.sign(a**2 + b**2) is None
    assert conditions.sign(a - b, [a > b + 1]) == 1
    assert conditions.sign((D - 1) * (5 * D - 4), [D >= 2]) == 1
    assert conditions.positive(a * (x - 1), [a < 0]) == (x < 1)


def test_the_wanted_symbol_is_isolated():
    e = 2 * (1 + b) - x * q
    bound = conditions.positive(e, order=[x])
    assert bound.func is sp.Lt
    assert bound.lhs == x
    assert sp.simplify(bound.rhs - 2 * (b + 1) / q) == 0
    assert conditions.positive(e, order=[b]).lhs == b


def test_real_condition():
    assert conditions.real_condition(sp.sqrt(a - b)) in (a >= b, b <= a)
    assert conditions.real_condition(1 / a) == sp.Ne(a, 0)
    assert conditions.real_condition(sp.log(a)) == (a > 0)
    assert conditions.real_condition(sp.atanh(x)) == sp.And(x > -1, x < 1)
    assert conditions.real_condition(sp.sqrt(-(a**2) - 1)) == sp.false


def test_moduli():
    assert positivity.without_moduli(sp.Abs(a - 1), [a <= 1]) == 1 - a
    assert positivity.without_moduli(sp.Abs(a), []) == sp.Abs(a)


def test_a_bound_on_an_increasing_function_is_one_on_its_argument():
    assert conditions.positive(1 - sp.exp(a)) == (a < 0)
    assert conditions.positive(sp.exp(-2 * a) - q) == (a < -sp.log(q) / 2)


ROOTS = [
    2 - 2 * b - sp.sqrt(q + b**2),
    sp.sqrt(q + 1) - sp.sqrt(q),
    a * (sp.sqrt(q) + sp.sqrt(g) + b**2),
    1 - sp.sqrt(q),
    -sp.sqrt(q) * a,
    q + g - sp.sqrt(q**2 + g**2),
]


@pytest.mark.parametrize("e", ROOTS, ids=str)
def test_square_roots_are_squared_away_soundly(e):
    condition = conditions.positive(e)
    assert condition == sp.true or not condition.atoms(sp.Pow) & e.atoms(sp.Pow) - {b**2}
    for point in samples(e.free_symbols):
        assert bool(condition.subs(point)) == bool(e.subs(point) > 0), (condition, point)


def test_a_root_is_never_negative():
    assert conditions.positive(-sp.sqrt(a**2 + b)) == sp.false
    assert conditions.sign(-1 - sp.sqrt(a**2 + b)) == -1


def test_products_in_the_words_of_moduli_and_cases():
    assert conditions.positive(1 - (g * a) ** 2) == (sp.Abs(a) < 1 / g)
    given = sp.And(sp.Ne(a + b, 0), b * (a + b) > 0, (b - a) * (a + b) < 0)
    simple = conditions.simplify(given)
    for point in samples({a, b}):
        assert bool(simple.subs(point)) == bool(given.subs(point))
    assert sp.count_ops(simple) < sp.count_ops(given)


def test_bounds_are_compared_by_what_two_others_imply():
    assert conditions.simplify(sp.And(a > 0, a < -b, a < -b / 2)) == sp.And(a > 0, a < -b / 2)
    assert conditions.simplify(sp.And(a <= q, a < q / 2)) == (a < q / 2)


def test_a_weak_fact_gives_a_sign_to_a_factor():
    assert conditions.positive(a * (g - q), [q <= g]) == sp.And(a > 0, g > q)
    assert conditions.simplify(a**2 - 2 * a * b + b**2 + 4 * c**2 >= 0) == sp.true


def test_the_range_of_an_inverse_sine():
    assert conditions.real_condition(sp.asin(a / q)) == (q >= sp.Abs(a))
    assert conditions.real_condition(sp.asin(a / sp.sqrt(a**2 + 4))) == sp.true


def test_a_weak_condition_in_one_symbol_is_solved():
    given = sp.And(a**2 - 8 * a >= 0, 2 * a + 2 * sp.sqrt(a**2 - 8 * a) - 4 >= 0)
    assert conditions.simplify(given) == sp.Or(a <= -1, a >= 8)


def test_holes_and_bounds_of_one_symbol_are_joined():
    given = sp.And(sp.Ne(a - 2, 0), sp.Or(a >= 2, a <= 0), a < 3)
    simple = conditions.simplify(given)
    assert sp.count_ops(simple) < sp.count_ops(given)
    for point in samples({a}):
        assert bool(simple.subs(point)) == bool(given.subs(point))
