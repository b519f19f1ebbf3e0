"""Multipliers that cross in opposite directions: one event, at the closed form, from any start."""

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.continuation import continue_fixed_point

x, y, z, w, s, r = sp.symbols("x y z w s r", real=True)
FLIPS = {x: -(1 + r) * x + x**3, y: -(1 - r) * y + y**3}
BRANCHES = {x: x + (r * x - x**3) / 10, y: y + (-r * y - y**3) / 10}
HALF = sp.Rational(1, 2)


def conjugated(update, rows):
    """Return the map in coordinates u, x = M u."""
    states, M = list(update), sp.Matrix(rows)
    inside = dict(zip(states, M * sp.Matrix(states), strict=True))
    image = sp.Matrix([update[v].xreplace(inside) for v in states])
    return {v: sp.expand(e) for v, e in zip(states, M.inv() * image, strict=True)}


def turning(a, b, rate, cosine, sine):
    factor, square = 1 + rate * r, a**2 + b**2
    return {
        a: factor * (cosine * a - sine * b) - a * square,
        b: factor * (sine * a + cosine * b) - b * square,
    }


def rational(p, q, n):
    return turning(*p, q, sp.Rational(n[0], n[2]), sp.Rational(n[1], n[2]))


PAIRS = rational((x, y), 1, (3, 4, 5)) | rational((z, w), -1, (5, 12, 13))
THREE = FLIPS | {z: -(1 + 2 * r) * z + z**3 + x * y * z}
ACROSS = FLIPS | {z: z / 2 + x * y}
MIXED = [[1, 2, 0], [-1, 1, 1], [0, 1, 2]]
# s = ±1 is a cycle of period 2; over a period x and y are multiplied by −(1 ± r)
CYCLE = {
    s: -s * (3 - s**2) / 2,
    x: x * ((1 + s) * HALF - (1 - s) * HALF * (1 + r)) + x**3,
    y: y * ((1 + s) * HALF - (1 - s) * HALF * (1 - r)) + y**3,
}
CASES = {
    "flips": (FLIPS, "flip", 0.0, 2),
    "flips, mixed": (conjugated(FLIPS, [[1, 2], [-1, 1]]), "flip", 0.0, 2),
    "flips, unequal": ({x: -(1 + r) * x + x**3, y: (3 * r - 1 - r**2) * y}, "flip", 0.0, 2),
    "flips, elsewhere": (
        {k: e.subs(r, r - sp.Rational(1, 7)) for k, e in FLIPS.items()}, "flip", 1 / 7, 2,
    ),
    "three flips": (THREE, "flip", 0.0, 3),
    "three flips, mixed": (conjugated(THREE, MIXED), "flip", 0.0, 3),
    "one beside, mixed": (conjugated(ACROSS, MIXED), "flip", 0.0, 2),
    "branches": (BRANCHES, "branch", 0.0, 2),
    "branches, mixed": (conjugated(BRANCHES, [[1, 2], [-1, 1]]), "branch", 0.0, 2),
    "three branches": (BRANCHES | {z: z + (2 * r * z - z**3) / 10}, "branch", 0.0, 3),
    "pairs": (PAIRS, "neimark-sacker", 0.0, 2),
}  # fmt: skip


def event(update, kind, at, step, period=1, start=None):
    map = ds.DiscreteMap(update, [r])
    start = start or {v.name: 0 for v in map.state}
    branch = continue_fixed_point(map, "r", start, at, (-0.2, 0.2), step=step, period=period)
    (found,) = branch.special_points
    assert found.kind == kind
    assert "opposite directions" in found.status
    assert found.normal_form is None
    assert not branch.stable[branch.where(found)].any()
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("at", "step"), [(-0.1, 0.01), (-0.0333, 0.003), (0.05, 0.1), (0.2, 1.0)])
def test_one_event_at_the_closed_form_from_any_start(name, at, step):
    update, kind, value, count = CASES[name]
    found = event(update, kind, at, step)
    assert abs(found.value - value) <= found.uncertainty < 1e-10
    critical = {"flip": -1, "branch": 1}.get(kind)
    size = found.multipliers if critical is None else critical * found.multipliers
    number = (np.abs(np.abs(size) - 1) < 1e-8).sum()
    assert number == count * (2 if critical is None else 1)
    assert f"{count} multipliers" in found.status


@pytest.mark.parametrize("at", [-0.1, 0.0123])
def test_on_a_cycle(at):
    found = event(CYCLE, "flip", at, 0.01, 2, {"s": [1, -1], "x": [0, 0], "y": [0, 0]})
    assert abs(found.value) <= found.uncertainty < 1e-10
    assert np.allclose(found.multipliers[:2], -1, atol=1e-8)


def test_units_change_nothing():
    scaled = {k: sp.expand(e.subs({x: x / 1000, y: y * 50}, simultaneous=True))
              for k, e in FLIPS.items()}  # fmt: skip
    scaled = {x: 1000 * scaled[x], y: scaled[y] / 50}
    found = event(scaled, "flip", -0.1, 0.01)
    assert abs(found.value) <= found.uncertainty < 1e-10


def test_crossings_that_are_apart_are_two_events():
    for apart in (1e-2, 1e-5, 1e-7):
        update = {x: -(1 + r) * x + x**3, y: -(1 + apart - r) * y + y**3}
        map = ds.DiscreteMap(update, [r])
        branch = continue_fixed_point(map, "r", {"x": 0, "y": 0}, -0.1, (-0.2, 0.2))
        values = [p.value for p in branch.special_points]
        assert [p.kind for p in branch.special_points] == ["flip", "flip"]
        assert values == pytest.approx([0, apart], abs=1e-12)
        assert branch.status == "complete"


def test_an_approach_is_no_crossing():
    # the second multiplier comes to within 1e-3 of −1 and turns round
    update = {x: -(1 + r) * x + x**3, y: -(sp.Rational(999, 1000) - r**2) * y + y**3}
    branch = continue_fixed_point(
        ds.DiscreteMap(update, [r]), "r", {"x": 0, "y": 0}, -0.1, (-0.2, 0.2)
    )
    assert [p.status for p in branch.special_points] == ["located"]


def test_where_three_branches_meet_in_one_dimension():
    # x = 0 and x = ±r; the multiplier on x = 0 touches 1
    map = ds.DiscreteMap({x: x + x * (r**2 - x**2) / 10}, [r])
    branch = continue_fixed_point(map, "r", {"x": 0}, -0.1, (-0.2, 0.2))
    (found,) = branch.special_points
    assert found.kind == "branch"
    assert "touches the unit circle" in found.status
    assert abs(found.value) <= found.uncertainty < 1e-9
    assert len(branch.switch_all(found)) == 2
