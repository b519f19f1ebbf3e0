"""Permutation and sign symmetries of a map, and the subspaces that they leave fixed.

A linear g with F∘g = g∘F maps orbits to orbits, and an orbit that starts in Fix(g) = {x : gx = x}
stays there: fixed subspaces of symmetries are invariant manifolds of any map, polynomial or not.

Golubitsky, Stewart, Schaeffer, *Singularities and Groups in Bifurcation Theory*, vol. II, 1988,
chapter XIII.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import sympy as sp

from dynsharp.algebra.expressions import tidy
from dynsharp.map import DiscreteMap
from dynsharp.results import Result

Move: TypeAlias = tuple[int, int, int]  # (i, j, s): x_i ↔ s·x_j; i == j with s = −1: x_i → −x_i
Involution: TypeAlias = frozenset[Move]
Evaluator: TypeAlias = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, repr=False, eq=False)
class InvariantSubspace(Result):
    """The subspace that a symmetry of a map leaves fixed: it is invariant under the map.

    Attributes
    ----------
    map
        The map.
    equations
        Linear expressions that vanish on the subspace; their number is its codimension.
    symmetry
        The substitution {variable: ± variable} that commutes with the map.
    """

    map: DiscreteMap
    equations: tuple[sp.Expr, ...]
    symmetry: dict[sp.Symbol, sp.Expr] = field(hash=False)

    @cached_property
    def transverse(self) -> sp.ImmutableMatrix:
        """Matrix T with equations∘F = T·equations to first order, in the coordinates of `restrict`.

        Its eigenvalues are the transverse multipliers of one step.
        """
        # DF commutes with g on Fix(g), so it maps the −1 eigenspace of g, spanned by the columns
        # of B, to itself. E·B = 1 for the rows E of the equations.
        E = sp.Matrix(self.equations).jacobian(self.map.state)
        B = E.T * (E * E.T).inv()
        on_it = self.map.jacobian.subs(self.parametrisation, simultaneous=True)
        return sp.ImmutableMatrix((E * on_it * B).applyfunc(tidy))

    @property
    def parametrisation(self) -> dict[sp.Symbol, sp.Expr]:
        """Each state variable in the coordinates of `restrict`."""
        return _parametrisation(self.map, self.equations)

    def restrict(self, name: str | None = None) -> DiscreteMap:
        """Return the map on the subspace, in the state variables that stay free."""
        onto = self.parametrisation
        label = ", ".join(f"{e} = 0" for e in self.equations)
        return self.map.rewritten(
            lambda e: tidy(e.subs(onto, simultaneous=True)),
            {x: e for x, e in self.map.update.items() if onto[x] == x},
            name=name or f"{self.map.name} on {label}",
        )

    def __repr__(self) -> str:
        return ", ".join(f"{e} = 0" for e in self.equations)


def symmetries(map: DiscreteMap, blocks: int = 3) -> list[dict[sp.Symbol, sp.Expr]]:
    """Find the signed permutations g of order two with F∘g = g∘F.

    Candidates are built move by move: exchange two variables up to a sign, or flip one; a component
    that then breaks F∘g = g∘F has to move as well (exchanging two weights exchanges their
    velocities). A candidate is weeded out at a few numerical states and proved by algebra.

    Parameters
    ----------
    map
        Any map.
    blocks
        How many pairs of variables one exchange may move at once. Sign flips have no limit.

    Returns
    -------
    list of dict
        Each symmetry as the substitution of the variables that it moves, simple ones first.
    """
    return [_substitution(map, g) for g in _involutions(map, blocks)]


def fixed_subspaces(map: DiscreteMap, blocks: int = 3) -> list[InvariantSubspace]:
    """Return the fixed subspaces of the map's `symmetries`, those of low codimension first.

    Raises nothing: a map without symmetries has none. The origin alone is not listed.
    """
    found = []
    for g in _involutions(map, blocks):
        equations = tuple(_equation(map, move) for move in _ordered(g))
        if len(equations) < map.dimension:
            found.append(InvariantSubspace(map, equations, _substitution(map, g)))
    return found


# ---- candidates ----------------------------------------------------------------------------


def _involutions(map: DiscreteMap, blocks: int) -> list[Involution]:
    evaluate, samples = _evaluator(map)
    n = map.dimension
    seen: set[Involution] = set()
    starts: list[Move] = [(i, i, -1) for i in range(n)]
    starts += [(i, j, s) for i in range(n) for j in range(i + 1, n) for s in (1, -1)]
    for start in starts:
        limit = n if start[0] == start[1] else blocks
        seen.update(_completions(frozenset([start]), evaluate, samples, limit))
    found = sorted(seen, key=lambda g: (len(g), _ordered(g)))
    return [g for g in found if _commutes(map, g)]


def _completions(
    g: Involution, evaluate: Evaluator, samples: np.ndarray, limit: int
) -> Iterator[Involution]:
    """Yield the smallest involutions that contain the moves of g and commute with the map."""
    after, before = evaluate(_act(g, samples)), _act(g, evaluate(samples))
    scale = np.maximum(np.abs(before), 1.0)
    broken = np.flatnonzero(~(np.abs(after - before) < 1e-9 * scale).all(axis=1))
    if not broken.size:
        yield g
        return
    moved = {i for move in g for i in move[:2]}
    loose = [int(k) for k in broken if k not in moved]
    if len(g) >= limit:
        return
    if all(i == j for i, j, _ in g):
        more = [(k, k, -1) for k in loose]
    else:  # exchanging p and q breaks the components that feel p and those that feel q in pairs
        more = [(loose[0], j, s) for j in loose[1:] for s in (1, -1)]
    for move in more:
        yield from _completions(g | {move}, evaluate, samples, limit)


def _evaluator(map: DiscreteMap) -> tuple[Evaluator, np.ndarray]:
    """Return the map as a function of an array (state, sample), and sample states."""
    symbols = map.state + map.parameters
    values = np.modf(np.sqrt([float(sp.prime(i + 1)) for i in range(3 * len(symbols))]))[0] + 0.3
    values = values.reshape(len(symbols), 3)
    states, parameters = values[: map.dimension], values[map.dimension :]
    numbers = sp.lambdify(symbols, map.expressions, "numpy")

    def evaluate(x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.array([np.broadcast_to(y, 3) for y in numbers(*x, *parameters)], dtype=float)

    return evaluate, states


def _act(g: Involution, x: np.ndarray) -> np.ndarray:
    y = x.copy()
    for i, j, s in g:
        y[i], y[j] = s * x[j], s * x[i]
    return y


# ---- algebra -------------------------------------------------------------------------------


def _commutes(map: DiscreteMap, g: Involution) -> bool:
    """Prove F∘g = g∘F."""
    swap = _substitution(map, g)
    zero = sp.expand if map.is_polynomial() else sp.simplify
    image = {x: swap.get(x, x) for x in map.state}
    return all(
        zero(map.update[x].subs(swap, simultaneous=True) - y.subs(map.update, simultaneous=True))
        == 0
        for x, y in image.items()
    )


def _substitution(map: DiscreteMap, g: Involution) -> dict[sp.Symbol, sp.Expr]:
    rule = {}
    for i, j, s in _ordered(g):
        rule[map.state[i]], rule[map.state[j]] = s * map.state[j], s * map.state[i]
    return rule


def _equation(map: DiscreteMap, move: Move) -> sp.Expr:
    i, j, s = move
    return map.state[i] - s * map.state[j] if i != j else map.state[i]


def _parametrisation(map: DiscreteMap, equations: tuple[sp.Expr, ...]) -> dict[sp.Symbol, sp.Expr]:
    solved = sp.solve(equations, map.state[::-1], dict=True)[0]
    return {x: solved.get(x, x) for x in map.state}


def _ordered(g: Involution) -> list[Move]:
    return sorted(g, key=lambda m: (m[0], m[1], -m[2]))
