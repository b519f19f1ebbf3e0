"""What several threads compute at once, on the same map or branch, is what one computes alone."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds

x, y, z, r, a, b = sp.symbols("x y z r a b", real=True)
LOGISTIC = ds.DiscreteMap({x: r * x * (1 - x)}, [r], name="logistic")
HENON = ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b], name="Henon")
DELAYED = ds.DiscreteMap({x: a * x * (1 - y), y: x}, [a], name="delayed logistic")
COUPLED = ds.DiscreteMap(
    {x: r * x * (1 - x) + (y - x) / 20, y: r * y * (1 - y) + (x - y) / 20}, [r], name="coupled"
)
DRIFTING = ds.DiscreteMap(  # its corank at r = 1 is two
    {x: r * x - x**3 / 10 + y * z / 7, y: r * y - y**3 / 10 + x * z / 7, z: z / 3 + r - 1},
    [r],
    name="drifting pitchforks",
)


@pytest.fixture(autouse=True)
def _threads_change_often():
    """Give the threads every chance to disturb each other."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def equal_to_serial(tasks, times):
    """Run every task alone, then all of them many times in eight threads."""
    alone = [task() for task in tasks]
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(task) for _ in range(times) for task in tasks]
    return [f.result() for f in futures] == alone * times


def branch_of(map, parameter, start, at, span, **options):
    return ds.continue_fixed_point(map, parameter, start, at=at, span=span, **options)


CASES = {
    "flip of a map in one dimension": (LOGISTIC, "r", {"x": 0.6}, 2.5, (1.5, 3.6), {}),
    "flip of a cycle": (LOGISTIC, "r", {"x": [0.44, 0.84]}, 3.3, (2.5, 3.6), {"period": 2}),
    "flip in two dimensions": (
        HENON, "a", {"x": 0.6, "y": 0.2}, 0.2, (0, 1.2), {"fixed": {"b": 0.3}},
    ),
    "branch points of a symmetry": (COUPLED, "r", {"x": 0.6, "y": 0.6}, 2.5, (1.5, 3.6), {}),
    "two multipliers at once": (
        DRIFTING, "r", {"x": 0, "y": 0, "z": -0.15}, 0.9, (0.8, 1.2), {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_switching_on_one_branch(case):
    *arguments, options = case
    branch = branch_of(*arguments, **options)
    points = [p for p in branch.special_points if p.kind in ("flip", "branch")]
    assert points
    others = [lambda p=p: branch.switch_all(p) for p in points]
    assert all(len(found[0]) > 10 for found in (task() for task in others))
    assert equal_to_serial(others, times=-(-16 // len(points)))


def test_branches_of_the_same_map():
    """Of several maps at once, from several starts each; one has a Neimark–Sacker point."""
    tasks = [
        lambda case=case, step=step: branch_of(*case[:-1], **case[-1], step=step)
        for case in CASES.values()
        for step in (0.01, 0.02)
    ]
    tasks += [
        lambda s=s: branch_of(DELAYED, "a", {"x": 0.3, "y": 0.3}, 1.5, (1.1, 2.5), step=s)
        for s in (0.01, 0.02)
    ]
    assert [p.kind for p in tasks[-1]().special_points] == ["neimark-sacker"]
    assert equal_to_serial(tasks, times=4)


def test_cascades():
    tasks = [
        lambda digits=digits: ds.cascade(
            LOGISTIC, "r", {"x": 0.6}, at=2.5, doublings=4, digits=digits
        )
        for digits in (15, 30)
    ] + [
        lambda: ds.cascade(
            HENON, "a", {"x": 0.6, "y": 0.2}, at=0.2, doublings=3, digits=20, fixed={"b": 0.3}
        )
    ]
    alone = [task() for task in tasks]
    assert [len(c.thresholds) for c in alone] == [4, 4, 3]
    assert equal_to_serial(tasks, times=3)


def test_curves_in_two_parameters():
    """Also from one and the same special point."""
    branch = branch_of(HENON, "a", {"x": 0.6, "y": 0.2}, 0.2, (-1, 1.2), fixed={"b": 0.3})
    points = {p.kind: p for p in branch.special_points}
    assert set(points) == {"fold", "flip"}
    span = {"a": (-2, 3), "b": (-0.9, 0.9)}
    tasks = [
        lambda p=p, step=step: ds.continue_bifurcation(p, ("a", "b"), span, step=step)
        for p in points.values()
        for step in (0.02, 0.05)
    ]
    assert equal_to_serial(tasks, times=4)


def test_diagrams():
    tasks = [
        lambda: ds.bifurcation_diagram(LOGISTIC, "r", (0.5, 3.5), depth=2),
        lambda: ds.bifurcation_diagram(COUPLED, "r", (1.5, 3.4), {"x": 0.6, "y": 0.6}, at=2.5),
    ]
    assert equal_to_serial(tasks, times=3)


def test_cycles_of_a_box():
    fixed = {"a": 1.4, "b": 0.3}
    box = {"x": (-2, 2), "y": (-1, 1)}
    tasks = [
        lambda: ds.find_cycles(LOGISTIC, 5, {"x": (0, 1)}, fixed={"r": 3.9}),
        lambda: ds.find_cycles(HENON, 4, box, fixed=fixed, starts=2_000),
        lambda: ds.find_cycles(HENON, 5, box, fixed=fixed, starts=2_000),
    ]
    assert all(len(task()) > 1 for task in tasks)
    assert equal_to_serial(tasks, times=3)


def test_an_unequal_result_is_seen():
    """Equality of results is that of their numbers: the last bit of one point counts."""
    branch = branch_of(LOGISTIC, "r", {"x": 0.6}, 2.5, (1.5, 3.6))
    (other,) = branch.switch_all(branch.special_points[0])[:1]
    again = branch.switch_all(branch.special_points[0])[0]
    assert again == other
    again.states[3, 0, 0] = np.nextafter(again.states[3, 0, 0], 1)
    assert again != other
