"""Assertions that hold a map, or a simulation of it, against a theory: for a researcher's tests.

Each raises `AssertionError` with both sides of the comparison when the claim is wrong, and
`InputError` when it cannot be judged. Claims are decided exactly where sympy can; otherwise at
random points that are the same in every run.
"""

from dynsharp.testing._claims import (
    assert_conserved,
    assert_cycle,
    assert_fixed_point,
    assert_invariant_manifold,
)
from dynsharp.testing._threshold import assert_threshold

__all__ = [
    "assert_conserved",
    "assert_cycle",
    "assert_fixed_point",
    "assert_invariant_manifold",
    "assert_threshold",
]
