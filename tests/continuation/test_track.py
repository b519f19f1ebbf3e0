"""Tracks: every event is at its place, whatever was cut, joined or put in; copies go on as they."""

import pickle

import numpy as np
import pytest
import sympy as sp

import dynsharp as ds
from dynsharp.bifurcations.kind import LOCATED
from dynsharp.continuation.track import part, with_event
from dynsharp.errors import InputError

x, y, r, a, b = sp.symbols("x y r a b", real=True)
LOGISTIC = ds.DiscreteMap({x: r * x * (1 - x)}, [r], name="logistic")
HENON = ds.DiscreteMap({x: 1 - a * x**2 + y, y: b * x}, [a, b], name="Henon")
PITCHFORK = ds.DiscreteMap({x: (1 + r) * x - x**3}, [r], name="pitchfork")
CIRCLE = ds.DiscreteMap({x: x + (1 - x**2 - r**2) / 4}, [r], name="circle")
TWO = ds.DiscreteMap({x: r * x * (1 - x), y: r * y * (1 - y)}, [r], name="two logistic maps")

BRANCHES = {
    "flip": lambda: ds.continue_fixed_point(LOGISTIC, "r", {"x": 0.6}, 2.5, (1.5, 3.6)),
    "fold and flip": lambda: ds.continue_fixed_point(
        HENON, "a", {"x": 0.6, "y": 0.2}, 0.2, (-1, 1.2), fixed={"b": 0.3}
    ),
    "trunk": lambda: ds.continue_fixed_point(PITCHFORK, "r", {"x": 0}, -0.5, (-1, 1)),
    "closed": lambda: ds.continue_fixed_point(
        CIRCLE, "r", {"x": 1.0}, 0, (-2, 2), events={"level": x - r, "at the start": r}
    ),
    "collapsing": lambda: ds.continue_fixed_point(
        LOGISTIC, "r", {"x": [0.51, 0.8]}, 3.2, (2.5, 3.6), period=2
    ),
    "four branches cross": lambda: ds.continue_fixed_point(
        TWO, "r", {"x": 0.5, "y": 0.5}, 2.0, (0.5, 3.4)
    ),
    "family": lambda: ds.continue_fixed_point(
        ds.systems.uv(), "rho", {"z": 0.0, "k": 1.4}, 0.5, (0.2, 2)
    ),
}


def with_others(name):
    """A branch and all that leave from it."""
    branch = BRANCHES[name]()
    found = [branch]
    if not branch.family:
        for point, event in zip(branch.special_points, branch.track.events, strict=True):
            if event.kind.leaves.times:
                found += branch.switch_all(point)
    return found


def check(track):
    """What holds on every track."""
    assert len(track.events) == len(track.places)
    assert list(track.places) == sorted(track.places)
    assert (np.diff(track.S) >= 0).all()
    assert track.S[0] == 0
    for event, i in zip(track.events, track.places, strict=True):
        assert np.array_equal(track.Y[i], event.y)
        if event.kind.critical:
            assert not track.stable[i]
        if event.status == LOCATED:  # as rounding leaves them where several meet
            near = np.abs(track.MU[i][:, None] - event.mu).min(axis=1)
            assert near.max() < 1e-6


@pytest.mark.parametrize("name", BRANCHES)
def test_every_event_is_at_its_place(name):
    branches = with_others(name)
    assert any(b.special_points for b in branches)
    for branch in branches:
        check(branch.track)
        rows = np.column_stack([branch.states.reshape(len(branch), -1), branch.values])
        for p in branch.special_points:  # found the long way
            here = np.append(np.ravel(np.transpose([*p.state.values()])), p.value)
            same = np.flatnonzero((rows == here).all(axis=1))
            assert branch.where(p) == list(same)


def test_a_part_has_the_events_inside():
    track = BRANCHES["fold and flip"]().track
    ends = ("here", "there")
    (first, last) = track.places
    assert part(track, first, last, ends).events == ()
    wider = part(track, first - 1, last + 1, ends)
    check(wider)
    assert wider.events == track.events
    assert wider.places == (1, len(wider) - 2)
    assert wider.ends == ends
    assert np.array_equal(wider.Y, track.Y[first - 1 : last + 2])


def test_an_event_of_another_branch_is_put_in_where_it_is():
    branch = BRANCHES["trunk"]()
    (point,) = branch.special_points
    fork = branch.switch(point).track
    (i,) = fork.places
    size = len(fork)
    ends = fork.ends
    alone = part(fork, 0, size - 1, ends)
    bare = type(alone)(
        alone.curve, np.delete(alone.Y, i, 0), np.delete(alone.MU, i, 0),
        np.delete(alone.stable, i), np.delete(alone.S, i), (), (), ends,
    )  # fmt: skip
    again = with_event(bare, fork.events[0], i - 0.5)
    check(again)
    assert again.places == (i,)
    assert np.array_equal(again.Y, fork.Y)
    assert np.allclose(again.S, fork.S, rtol=0, atol=1e-12)
    once_more = with_event(again, fork.events[0], float(i))  # it is a point already
    assert len(once_more) == size
    assert once_more.places == (i, i)


@pytest.mark.parametrize("name", ["flip", "fold and flip", "trunk"])
def test_copies_go_on(name):
    branch = BRANCHES[name]()
    copy, points = pickle.loads(pickle.dumps(branch)), branch.special_points
    assert copy == branch
    for i, (event, p) in enumerate(zip(branch.track.events, points, strict=True)):
        alone = pickle.loads(pickle.dumps(p))
        assert alone == p
        if event.kind.leaves.times:
            others = branch.switch_all(p)
            assert others
            assert copy.switch_all(copy.special_points[i]) == others
            assert branch.switch_all(alone) == others
        if event.kind.borders and len(branch.map.parameters) == 2:
            span = {"a": (-2, 3), "b": (-0.9, 0.9)}
            curve = ds.continue_bifurcation(p, ("a", "b"), span, step=0.05)
            assert len(curve) > 20
            assert ds.continue_bifurcation(alone, ("a", "b"), span, step=0.05) == curve


def test_a_point_of_another_branch_is_none_of_this():
    one, other = (BRANCHES[name]() for name in ("flip", "trunk"))
    with pytest.raises(InputError, match="special_point"):
        one.switch(other.special_points[0])
    one = BRANCHES["fold and flip"]()
    (fold,) = (p for p in one.special_points if p.kind == "fold")
    with pytest.raises(InputError, match="a flip or a branch point"):
        one.switch(fold)
