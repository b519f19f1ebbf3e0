"""Critical values: at each, on that branch of the fixed point, the multiplier is critical.

Thresholds and normal forms ask one search, and agree. Truth: the eigenvalues of the Jacobian at the
state of the fixed point, with numbers for all symbols, to 30 digits.
"""

import mpmath
import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.symbolic.critical import critical_values
from dynsharp.symbolic.normal_forms import flip_at

x, y, w, u, v = sp.symbols("x y w u v", real=True)
r, a, b, c, q, eta, beta = sp.symbols("r a b c q eta beta", real=True)

WELL = (w**2 - q) ** 2 / 4
MAPS = {
    "logistic": ds.systems.logistic(),
    "Hénon": ds.systems.henon(),
    "Hénon, other form": ds.DiscreteMap({x: a - x**2 + b * y, y: x}, [a, b]),
    "delayed logistic": ds.DiscreteMap({x: r * x * (1 - y), y: x}, [r]),
    "predator and prey": ds.DiscreteMap(
        {x: r * x * (1 - x) - x * y, y: c * x * y}, [r, c], name="predator and prey"
    ),
    "Ricker": ds.DiscreteMap({x: x * sp.exp(r * (1 - x))}, [r]),
    "descent": ds.gradient_descent(WELL, [w], eta),
    "heavy ball": ds.heavy_ball(WELL, [w], eta, beta),
    "Nesterov": ds.nesterov(WELL, [w], eta, beta),
    "heavy ball, sixth power": ds.heavy_ball((w**3 - 1) ** 2 / 2, [w], eta, beta),
    "Nesterov, log cosh": ds.nesterov(sp.log(sp.cosh(w - 1)), [w], eta, beta),
    "pitchfork": ds.DiscreteMap({x: r * x - c * x**3, y: y / 2 + x**2}, [r, c]),
    "square of the parameter": ds.DiscreteMap({x: (a - b**2) * x + x**2}, [a, b]),
}
FORMS = {
    "flip": ds.flip_normal_form,
    "multiplier 1": ds.fold_normal_form,
    "neimark-sacker": ds.neimark_sacker_normal_form,
}
CASES = [
    (name, i, parameter)
    for name, map_ in MAPS.items()
    for i in range(len(ds.fixed_points(map_)))
    for parameter in map_.parameters
]


def samples(condition, symbols, seed, count=3):
    """Numbers for the symbols that satisfy the condition."""
    rng = np.random.default_rng(seed)
    found = []
    for n in range(400):
        size = (300, 1000)[n % 2]
        at = {s: sp.Rational(int(rng.integers(-size, size)), 101) for s in symbols}
        if condition.subs(at) == sp.true:
            found.append(at)
        if len(found) == count:
            break
    return found


def multipliers(map_, state, values):
    """Eigenvalues of the Jacobian to 30 digits, after a check that the state is a fixed point."""
    with mpmath.workdps(30):
        point = {**values, **state}
        numbers = [point[s] for s in (*map_.state, *map_.parameters)]
        numbers = [mpmath.mpf(sp.re(sp.N(e, 30))) for e in numbers]
        step = sp.lambdify((*map_.state, *map_.parameters), map_.expressions, "mpmath")(*numbers)
        assert max(abs(s - n) for s, n in zip(step, numbers, strict=False)) < 1e-24
        J = sp.lambdify((*map_.state, *map_.parameters), sp.Matrix(map_.jacobian), "mpmath")
        return list(mpmath.eig(J(*numbers))[0])


def critical_multiplier(kind, mu):
    """How far the nearest multiplier, or product of two, is from the critical one."""
    if kind == "neimark-sacker":
        pairs = [(s, t) for i, s in enumerate(mu) for t in mu[:i]]
        return min(abs(s * t - 1) for s, t in pairs)
    return min(abs(m - {"flip": -1, "multiplier 1": 1}[kind]) for m in mu)


@pytest.mark.parametrize(("name", "i", "parameter"), CASES, ids=str)
def test_a_critical_value_is_critical_on_that_branch(name, i, parameter):
    map_ = MAPS[name]
    p = ds.fixed_points(map_)[i]
    unresolved: list[str] = []
    others = [s for s in map_.parameters if s != parameter]
    for c in critical_values(p, parameter, unresolved, members=True):
        checked = samples(c.condition, others, seed=i)
        assert checked
        for at in checked:
            value = c.value.subs(at)
            state = {s: e.subs({parameter: value}).subs(at) for s, e in p.state.items()}
            if any(e.has(sp.nan, sp.zoo) for e in state.values()):  # removable: Hénon at a = 0
                state = {s: e.subs(at) for s, e in c.state.items()}
            assert all(abs(sp.N(e - c.state[s].subs(at), 30)) < 1e-24 for s, e in state.items())
            mu = multipliers(map_, state, at | {parameter: value})
            assert critical_multiplier(c.kind, mu) < 1e-10
            if c.loses_stability:
                assert max(map(abs, mu)) < 1 + 1e-10
    assert not unresolved


QUICK = ["logistic", "delayed logistic", "Ricker", "descent"]
SLOW = [name for name in MAPS if name not in QUICK]


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_thresholds_and_normal_forms_agree(name):
    map_ = MAPS[name]
    for p in ds.fixed_points(map_):
        for parameter in map_.parameters:
            found = {(t.kind, t.value): t for t in ds.thresholds(p, parameter, budget=120)}
            for c in critical_values(p, parameter, [], members=True):
                form = FORMS[c.kind](map_, p, parameter, value=c.value)
                assert (form.value, form.condition) == (c.value, c.condition)
                kind = getattr(form, "kind", c.kind)
                t = found.get((kind if kind != "undetermined" else c.kind, c.value))
                assert (t is not None) == c.loses_stability
                if t is not None:
                    assert t.condition == form.condition
                    words = {form.criticality, f"supercritical if {form.supercritical}"}
                    assert t.criticality in words


@pytest.mark.parametrize(
    "name",
    [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW if "Hénon" not in name)],
)
def test_the_verdict_is_that_of_the_numbers(name):
    """`flip_at` in floating-point numbers, at samples of what the condition allows."""
    map_ = MAPS[name]
    for i, p in enumerate(ds.fixed_points(map_)):
        for parameter in map_.parameters:
            others = [s for s in map_.parameters if s != parameter]
            for c in critical_values(p, parameter, [], ["flip"], members=True):
                form = ds.flip_normal_form(map_, p, parameter, value=c.value)
                for at in samples(form.condition, others, seed=i):
                    state = {s: float(e.subs(at)) for s, e in form.state.items()}
                    values = {s: float(e) for s, e in at.items()}
                    values[parameter] = float(form.value.subs(at))
                    if form.b is None:  # a fold-flip point, as the numbers say too
                        assert form.status.startswith("there is a multiplier 1 too")
                        assert min(abs(m - 1) for m in multipliers(map_, state, values)) < 1e-20
                        continue
                    number = flip_at(map_, state, values, parameter)
                    assert float(form.b.subs(at)) == pytest.approx(float(number.b), abs=1e-9)
                    if form.criticality != "degenerate":
                        says = sp.sympify(form.supercritical).subs(at)
                        assert bool(says) == (float(number.b) > 0)


def test_the_other_point_of_henon_flips_under_its_condition():
    henon = MAPS["Hénon"]
    b_ = henon.symbol("b")
    form = ds.flip_normal_form(henon, ds.fixed_points(henon)[0], "a")
    assert sp.expand(form.value - 3 * (b_ - 1) ** 2 / 4) == 0
    assert form.condition == (b_ > 1)
    assert "condition: b > 1" in repr(form)
    at = henon.substitute({b_: sp.Rational(3, 10)})
    other = next(p for p in ds.fixed_points(at) if p.stable == sp.false)
    with pytest.raises(ds.InputError, match="it has none"):
        ds.flip_normal_form(at, other, "a")


def test_heavy_ball_is_supercritical_wherever_it_is_asked():
    map_ = MAPS["heavy ball"]
    for p in ds.fixed_points(map_)[1:]:
        (t,) = ds.thresholds(p, eta)
        form = ds.flip_normal_form(map_, p, eta)
        assert t.criticality == form.criticality == "supercritical"
        assert t.condition == form.condition
