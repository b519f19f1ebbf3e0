"""What the derivations say about the chain on rank-one data: thresholds at every depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dynsharp import systems
from dynsharp.derive import Derivation, derive
from dynsharp.symbolic.normal_forms import FamilyFlip, FlipNormalForm, flip_normal_form
from dynsharp.symbolic.thresholds import Threshold

_BUDGET = 400.0  # seconds a derivation: these are known to end, on a slow machine later


@dataclass(frozen=True)
class ChainTheory:
    """Derivations of chains.

    Attributes
    ----------
    chains
        By depth, the derivation of `chain` along the step η.
    balanced
        Derivation of `balanced_chain` with its depth a symbol, along ρ.
    form
        Normal form of its flip, for every depth at once.
    family
        The flip on the family of minima of the chain of depth 2: the edge of stability.
    """

    chains: dict[int, Derivation]
    balanced: Derivation
    form: FlipNormalForm | FamilyFlip
    family: FamilyFlip

    def critical_step(self, depth: int) -> Threshold:
        """Return η_c of that depth: past it no minimum is stable."""
        return next(
            t for ts in self.chains[depth].thresholds.values() for t in ts if t.kind == "flip"
        )

    @property
    def flip(self) -> Threshold:
        """Return the flip of the balanced minimum, at any depth."""
        return next(t for ts in self.balanced.thresholds.values() for t in ts if t.kind == "flip")


def chain_theory(
    depths: Sequence[int] = (2, 3, 4), tell: Callable[..., Any] = lambda *stage: None
) -> ChainTheory:
    """Derive all of it, by the package's own means."""
    chains = {}
    for depth in depths:
        tell(f"chain of depth {depth}")
        shown = depth == min(depths)
        chains[depth] = derive(
            systems.chain(depth), ["eta"], periods=(), manifolds=shown, budget=_BUDGET
        )
    tell("balanced chain of any depth")
    balanced = derive(systems.balanced_chain(), ["rho"], periods=(), budget=_BUDGET)
    rho = balanced.map.parameters[0]
    n = next(n for (n, _), ts in balanced.thresholds.items() if any(t.kind == "flip" for t in ts))
    shortest = chains[min(depths)]
    family = flip_normal_form(
        shortest.map, shortest.fixed_points[0], shortest.fixed_points[0].map.parameters[0]
    )
    assert isinstance(family, FamilyFlip)
    form = flip_normal_form(balanced.map, balanced.fixed_points[n], rho)
    return ChainTheory(chains, balanced, form, family)
