"""Continuation of fixed points and cycles along a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dynsharp.arguments import (
    checked_count,
    checked_fixed,
    checked_instance,
    checked_positive,
    checked_span,
    checked_within,
)
from dynsharp.bifurcations.user import user_events
from dynsharp.continuation.branch import Branch, wrapped
from dynsharp.continuation.follow import Options
from dynsharp.continuation.from_state import followed_from
from dynsharp.continuation.start import starting_state
from dynsharp.map import DiscreteMap, Name
from dynsharp.shooting.problem import Curve
from dynsharp.symbolic.fixed_points import FixedPoint


def continue_fixed_point(
    map: DiscreteMap,
    parameter: Name,
    start: Mapping[Name, Any] | FixedPoint,
    at: float,
    span: Sequence[float],
    *,
    period: int = 1,
    fixed: Mapping[Name, Any] | None = None,
    step: float = 0.01,
    max_points: int = 20_000,
    events: Mapping[str, Any] | None = None,
) -> Branch:
    r"""Follow a fixed point or a cycle along a parameter, both ways, with its special points.

    Pseudo-arclength continuation of F(x_i; p) = x_{i+1} (i mod period): the branch turns round
    folds and goes through branch points. Where multipliers cross the unit circle the point is
    located by Newton's method on its defining system, to rounding.

    If the start lies on a whole family of fixed points, such as the minima of an over-parameterised
    loss, I − DF is singular on all of it and there is nothing to follow along the parameter: the
    branch then goes *along the family*, at p = ``at``, and ``Branch.parameter`` names the family's
    coordinate. In families of several dimensions it goes where the leading multiplier changes
    fastest. Its flips are the edge of stability.

    Parameters
    ----------
    map
        The map.
    parameter
        Name or symbol of the parameter.
    start
        A rough guess of the fixed point (of a point of the cycle, or for each state variable the
        array of its values along it), or a fixed point from `fixed_points`.
    at
        Value of the parameter at the start.
    span
        Least and greatest value of the parameter: the branch ends there.
    period
        Number of points of the cycle.
    fixed
        A number for every other parameter.
    step
        Greatest length of a step, where the parameter counts in units of the span and the state in
        units of its size at the start (a cycle by its mean square). Steps are smaller where the
        branch bends or multipliers move fast.
    max_points
        Number of points after which each direction ends.
    events
        More to look for: {name: function}. Where a function changes its sign there is a special
        point whose kind is that name, on this branch and on those switched to. A function is

        - an expression (or ``sp.Eq``) in the map's symbols: of a cycle it is taken at every point,
          and happens when it vanishes at any of them. ``{"superstable": map.determinant}``;
        - a callable of two dictionaries, state and parameters, that returns a number. Of a cycle it
          is given the whole, for each state variable the array of its values along it, and may
          return a number for each point. If it takes a third argument it is given the multipliers,
          the largest first: ``{"half": lambda state, p, mu: abs(mu[0]) - 0.5}``.

    Returns
    -------
    Branch
        Whatever could be computed. Failure is not an exception: see its ``status``.

    Raises
    ------
    InputError
        If the parameter is not one of the map's, ``at`` is outside the span, a number is missing or
        not finite, an event is no function of the map's symbols, or the map has functions that
        cannot be compiled.

    Examples
    --------
    >>> import dynsharp as ds
    >>> branch = continue_fixed_point(ds.systems.logistic(), "r", {"x": 0.6}, at=2.5, span=(1.5, 4))
    >>> [(p.kind, round(p.value, 12), p.normal_form.criticality) for p in branch.special_points]
    [('flip', 3.0, 'supercritical')]
    """
    symbol = checked_instance("map", map, DiscreteMap).parameter(parameter)
    low, high = checked_span("span", span)
    value = checked_within("at", at, (low, high), symbol)
    period = checked_count("period", period)
    options = Options(
        checked_positive("step", step, most=100),
        max_points=checked_count("max_points", max_points, 2),
    )
    values = checked_fixed(map, fixed, [symbol])
    states = starting_state(map, start, period, {**values, symbol.name: value})
    ones, looked_for = np.ones(map.dimension), user_events(map, events)
    rough = Curve(map, symbol, values, period, (low, high), ones, looked_for)
    return wrapped(followed_from(rough, states, value, options))
