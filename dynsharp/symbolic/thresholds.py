"""Where a fixed point, or a whole family of them, loses stability along a parameter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from dynsharp.algebra.budget import BudgetExceeded, limit
from dynsharp.errors import InputError
from dynsharp.map import Name
from dynsharp.results import Result
from dynsharp.symbolic.critical import Critical, critical_values
from dynsharp.symbolic.fixed_points import FixedPoint
from dynsharp.symbolic.normal_forms.family_flip import family_form
from dynsharp.symbolic.normal_forms.flip import flip_form
from dynsharp.symbolic.normal_forms.fold import fold_form
from dynsharp.symbolic.normal_forms.neimark_sacker import neimark_sacker_form
from dynsharp.symbolic.normal_forms.normal_form import NormalForm
from dynsharp.version import __version__

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Threshold(Result):
    """A parameter value at which a fixed point or a family loses or gains stability.

    Attributes
    ----------
    kind
        ``"flip"``, ``"fold"``, ``"transcritical"``, ``"pitchfork"``, ``"neimark-sacker"``, or
        ``"multiplier 1"`` where the normal form does not decide.
    value
        The critical value, exact.
    parameter
        The parameter (or family coordinate) it is a value of.
    criticality
        ``"supercritical"``, ``"subcritical"``, ``"degenerate"``, ``"supercritical if ..."`` where
        it depends on the other symbols, or ``"undetermined"``; None for a fold and a transcritical
        bifurcation, which have none.
    condition
        What the other symbols must satisfy for it to bound the region of stability.
    state
        Where it happens. On a family: the member of the family that loses stability last.
    """

    kind: str
    value: sp.Expr
    parameter: sp.Symbol
    criticality: str | None
    condition: Boolean
    state: dict[sp.Symbol, sp.Expr]

    def __str__(self) -> str:
        criticality = f", {self.criticality}" if self.criticality else ""
        condition = "" if self.condition == sp.true else f"    [{self.condition}]"
        return f"{self.kind} at {self.parameter} = {self.value}{criticality}{condition}"


_SEARCH = 0.75  # at most this part of the budget goes to critical values; the rest to normal forms


class Thresholds(list[Threshold]):
    """A list of thresholds, with a sentence in ``unresolved`` for each part that was not solved."""

    def __init__(self, found: Sequence[Threshold] = (), unresolved: Sequence[str] = ()) -> None:
        super().__init__(found)
        self.unresolved = tuple(unresolved)

    def __repr__(self) -> str:
        lines = [str(t) for t in self] + [f"unresolved: {u}" for u in self.unresolved]
        return "\n".join(lines) or "no threshold"

    def as_dict(self) -> dict[str, Any]:
        """Return the thresholds in types that JSON has, as those of every result."""
        rows = [t.entries() for t in self]
        return {"dynsharp": __version__, "thresholds": rows, "unresolved": list(self.unresolved)}

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table, one row a threshold, with the values as they are."""
        import pandas as pd

        return (
            pd.concat([t.to_dataframe() for t in self], ignore_index=True)
            if self
            else (pd.DataFrame())
        )


def thresholds(p: FixedPoint, parameter: Name, budget: float = 20.0) -> Thresholds:
    """Return where a fixed point loses stability along a parameter, and by which bifurcation.

    A multiplier reaches 1 (fold, transcritical, pitchfork), −1 (flip) or a pair reaches the unit
    circle (Neimark–Sacker) while all others are inside it or what keeps them inside is stated as
    the threshold's condition. At a minimum of a loss this is the exact learning-rate threshold.

    For a family of fixed points the threshold is that of the *whole* family: the value past which
    no member that exists is stable. It is an extremum, over the family, of the parameter at which
    a member loses stability, in the interior or where members cease to exist. Along one of the
    family's own coordinates, the threshold is the position at which the members lose stability.

    A point that is stable for no parameters has none: of the two branches of a fold only the one
    that is stable next to it lists it. Nor is the border of a smooth piece of a map with kinks one:
    where the point leaves its piece, its ``exists`` says.

    Values at which the map degenerates (a zero step makes every state a fixed point) are no
    bifurcation and are left out.

    Parameters
    ----------
    p
        A fixed point from `fixed_points`.
    parameter
        A parameter of its map, or a coordinate of the family.
    budget
        Seconds of processor time after which the rest is reported as unresolved.

    Raises
    ------
    InputError
        If ``p`` is not a fixed point, or the parameter is neither of the two.

    Examples
    --------
    >>> from dynsharp.symbolic.fixed_points import fixed_points
    >>> x, r = sp.symbols("x r", real=True)
    >>> logistic = DiscreteMap({x: r*x*(1 - x)}, parameters=[r])
    >>> thresholds(fixed_points(logistic)[1], r)
    transcritical at r = 1
    flip at r = 3, supercritical
    """
    if not isinstance(p, FixedPoint):
        raise InputError("p", repr(p), "a FixedPoint, such as fixed_points(map)[0]")
    symbol = p.map.symbol(parameter, "parameter")
    if symbol not in (*p.map.parameters, *p.family):
        wanted = ", ".join(map(str, (*p.map.parameters, *p.family)))
        raise InputError("parameter", symbol, f"a parameter or a family coordinate: {wanted}")
    found: list[Critical] = []
    unresolved: list[str] = []
    deadline = time.process_time() + budget
    try:
        with limit(_SEARCH * budget):
            if p.stable != sp.false:
                found.extend(critical_values(p, symbol, unresolved))
    except BudgetExceeded:
        spent = f"not finished within {_SEARCH * budget:g} s"
        unresolved.append(f"thresholds along {symbol}: {spent}; raise the budget or fix parameters")
    found = [c for c in found if c.loses_stability and not c.relations]
    named: list[Threshold] = []
    late: list[str] = []
    for n, c in enumerate(found):
        kind: str = c.kind
        criticality: str | None = "undetermined"
        try:
            with limit(max(deadline - time.process_time(), 0) / (len(found) - n)):
                kind, criticality = _named(p, c)
        except BudgetExceeded:
            late.append(str(c.value))
        named.append(Threshold(kind, c.value, symbol, criticality, c.condition, c.state))
    if late:
        spent = f"not finished within {budget:g} s in all"
        where = ", ".join(late) if len(str(late)) <= 100 else f"{len(late)} of these values"
        unresolved.append(f"criticality at {symbol} = {where}: {spent}")
    return Thresholds(sorted(named, key=_by_value), list(dict.fromkeys(unresolved)))


def _by_value(threshold: Threshold) -> tuple[int, float, str]:
    value = threshold.value
    return (0, float(value), "") if value.is_number else (1, 0.0, str(value))


def _named(p: FixedPoint, c: Critical) -> tuple[str, str | None]:
    """Return the kind in full, and the criticality, by the normal form."""
    forms: dict[str, Callable[[FixedPoint, Critical], NormalForm]] = {
        "flip": family_form if p.family else flip_form,
        "multiplier 1": fold_form,
        "neimark-sacker": neimark_sacker_form,
    }
    if p.family and c.kind != "flip":
        return c.kind, "undetermined"
    try:
        form = forms[c.kind](p, c)
    except (InputError, TypeError):
        # no graph over the family; or a coefficient is not a number there
        return c.kind, "undetermined"
    kind = getattr(form, "kind", c.kind)
    known = (c.kind, "fold", "transcritical", "pitchfork")
    return (kind if kind in known else c.kind), _in_words(form)


def _in_words(form: NormalForm) -> str | None:
    condition = form.supercritical
    if form.criticality == "undetermined" and isinstance(condition, Boolean):
        readable = len(str(condition)) <= 60
        return f"supercritical if {condition}" if readable else "undetermined"
    return form.criticality
