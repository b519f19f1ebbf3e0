"""A derivation as JSON: expressions as text, numbers also as floats.

`sympy.sympify(text, locals=symbols)` reads the text back with the symbols by name, since some
names (``beta``, ``S``) are sympy's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from dynsharp.derive.derivation import Derivation
from dynsharp.version import __version__

__all__ = ["as_dict", "value"]


def as_dict(d: Derivation) -> dict[str, Any]:
    """Return a derivation in types that JSON has."""
    return {
        "dynsharp": __version__,
        "map": d.map.name,
        "state": [s.name for s in d.map.state],
        "parameters": [s.name for s in d.map.parameters],
        "update": _state(d.map.update),
        "domain": str(d.map.domain),
        "fixed_points": [
            {
                "state": _state(p.state),
                "family": [s.name for s in p.family],
                "relations": [str(r) for r in p.relations],
                "exists": str(p.exists),
                "multipliers": [str(m) for m in p.multipliers],
                "stable": str(p.stable),
            }
            for p in d.fixed_points
        ],
        "thresholds": [
            {
                "fixed_point": n,
                "parameter": t.parameter.name,
                "kind": t.kind,
                **value(t.value),
                "criticality": t.criticality,
                "condition": str(t.condition),
                "state": _state(t.state),
            }
            for (n, _), found in d.thresholds.items()
            for t in found
        ],
        "manifolds": [
            {
                "equation": str(m.equation),
                "cofactor": str(m.cofactor),
                "transverse_multiplier": str(m.transverse_multiplier),
                "condition": str(m.condition),
                "constants": [s.name for s in m.constants],
            }
            for m in d.manifolds or ()
        ],
        "subspaces": []
        if d.manifolds is None
        else [[str(e) for e in s.equations] for s in d.manifolds.subspaces],
        "regions": [
            {
                "inequalities": [str(i) for i in r.inequalities],
                "corners": [_state(c) for c in r.corners],
                "bounded": r.bounded,
                "condition": str(r.condition),
            }
            for r in d.regions
        ],
        "cycles": [
            {
                "period": c.period,
                "points": [_state(p) for p in cycle.points],
                "relations": [str(r) for r in cycle.relations],
                "exists": str(cycle.exists),
                "multipliers": [str(m) for m in cycle.multipliers],
                "stable": str(cycle.stable),
            }
            for c in d.cycles
            for cycle in c
        ],
        "unresolved": d.unresolved,
    }


def value(e: sp.Expr) -> dict[str, Any]:
    """Return an expression as text, and as a float where it is a real number."""
    number = float(e) if e.is_number and e.is_extended_real else None
    return {"value": str(e), "float": number}


def _state(state: Mapping[sp.Symbol, sp.Expr]) -> dict[str, str]:
    return {x.name: str(e) for x, e in state.items()}
