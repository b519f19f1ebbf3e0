"""Exact statements about a map, derived by sympy: nothing in here is typed in or approximate."""

from dynsharp.symbolic.cycles import Cycle, Cycles, cycles
from dynsharp.symbolic.fixed_points import FixedPoint, FixedPoints, fixed_points
from dynsharp.symbolic.manifolds.invariants import (
    InvariantManifold,
    InvariantManifolds,
    invariant_manifolds,
)
from dynsharp.symbolic.normal_forms import (
    flip_normal_form,
    fold_normal_form,
    neimark_sacker_normal_form,
)
from dynsharp.symbolic.stability import stability_conditions
from dynsharp.symbolic.thresholds import Threshold, Thresholds, thresholds

__all__ = [
    "Cycle",
    "Cycles",
    "FixedPoint",
    "FixedPoints",
    "InvariantManifold",
    "InvariantManifolds",
    "Threshold",
    "Thresholds",
    "cycles",
    "fixed_points",
    "flip_normal_form",
    "fold_normal_form",
    "invariant_manifolds",
    "neimark_sacker_normal_form",
    "stability_conditions",
    "thresholds",
]
