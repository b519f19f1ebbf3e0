"""The bifurcation diagram: from starts to the whole tree of branches."""

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
)
from dynsharp.branch_tree.grow import Growth, Settings
from dynsharp.branch_tree.origin import Unfollowed
from dynsharp.branch_tree.result import BifurcationDiagram, wrapped
from dynsharp.branch_tree.starts import own_starts, starts
from dynsharp.continuation.follow import Options
from dynsharp.map import DiscreteMap, Name
from dynsharp.shooting.problem import Curve


def bifurcation_diagram(
    map: DiscreteMap,
    parameter: Name,
    span: Sequence[float],
    start: Any = None,
    *,
    at: float | None = None,
    depth: int = 3,
    fixed: Mapping[Name, Any] | None = None,
    period: int = 1,
    step: float = 0.01,
    max_branches: int = 100,
    search: bool | None = None,
    progress: bool | None = None,
) -> BifurcationDiagram:
    """Follow all branches of fixed points and cycles that hang together, with their stability.

    Every branch is followed over the span. At every flip the doubled cycle is followed too, at
    every branch point all other branches, where cycles collapse onto shorter ones these; from there
    on again, until ``depth`` switches from a start. A branch that was followed already is
    recognised: cycles are compared, in all their phases, with those of all branches.

    Families of fixed points, such as the minima of an over-parameterised loss, are branches along
    their own coordinate at one value of the parameter.

    Parameters
    ----------
    map
        The map.
    parameter
        Name or symbol of the parameter.
    span
        Its least and greatest value.
    start
        A guess {state variable: number}, a fixed point of `fixed_points`, a `Branch`, or a list of
        them. If left out, the map's own fixed points in closed form.
    at
        Value of the parameter at a guess. For fixed points in closed form, where to evaluate them;
        if left out, at several values in the span (a family at one of them).
    depth
        Greatest number of switches from a start: the number of period doublings in a row.
    fixed
        A number for every other parameter.
    period
        Of the cycles to start with.
    step
        Greatest step, as for `continue_fixed_point`.
    max_branches
        Number of branches after which the search ends.
    search
        Whether to look for solutions on branches that are not connected with the others, by
        deflated Newton's method (Farrell, Birkisson, Funke 2015) at a few values of the parameter;
        if left out, where no start is given. What it finds is a branch; it cannot prove that there
        is no other.
    progress
        Whether to show a progress bar; if left out, on a terminal after a second. Ctrl-C ends the
        search and returns what is done.

    Returns
    -------
    BifurcationDiagram
        Branches, graph, and under ``unfollowed`` whatever was not followed, with the reason.

    Raises
    ------
    InputError
        If an argument is not what is said above.

    Examples
    --------
    >>> import dynsharp as ds
    >>> diagram = bifurcation_diagram(ds.systems.logistic(), "r", (0.5, 3.5), depth=2)
    >>> [(p.kind, round(p.value, 6)) for p in diagram.special_points]
    [('branch', 1.0), ('flip', 3.0), ('flip', 3.44949)]
    >>> [b.period for b in diagram.branches]
    [1, 1, 2, 4]
    """
    symbol = checked_instance("map", map, DiscreteMap).parameter(parameter)
    interval = checked_span("span", span)
    values = checked_fixed(map, fixed, [symbol])
    depth = checked_count("depth", depth, 0)
    period = checked_count("period", period)
    most = checked_count("max_branches", max_branches)
    options = Options(checked_positive("step", step, most=100))
    problem = Curve(map, symbol, values, period, interval, np.ones(map.dimension))
    growth = Growth(Settings(problem, depth, options, most))
    if start is None:
        begun, failed = own_starts(map, symbol, interval, at, values) if period == 1 else ([], [])
    else:
        begun, failed = starts(map, symbol, interval, start, at, values)
    growth.unfollowed += [Unfollowed("a start", text) for text in failed]
    growth.run(begun, start is None if search is None else search, progress)
    return wrapped(growth)
