"""Continuation of fixed points and cycles: branches, special points, switching, cascades."""

from dynsharp.continuation.branch import Branch
from dynsharp.continuation.cascade.doublings import cascade
from dynsharp.continuation.cascade.many_digits import Estimate
from dynsharp.continuation.cascade.result import Cascade
from dynsharp.continuation.fixed_points import continue_fixed_point
from dynsharp.continuation.special_point import SpecialPoint
from dynsharp.normal_forms.codim1 import NormalForm

__all__ = [
    "Branch",
    "Cascade",
    "Estimate",
    "NormalForm",
    "SpecialPoint",
    "cascade",
    "continue_fixed_point",
]
