"""Descent of the chain in any arithmetic, through the edge of stability, and when it leaves it.

Two directions of the data: the first settles at once, the second slowly, and meanwhile raises the
product V of the last layers, hence the sharpness S. A deviation from this slow motion is multiplied
by μ = 1 − ηS a step: it decays until S passes 2/η, down to the rounding errors if there is time for
it, and grows afterwards. It is seen, and the oscillation starts, when

    Σ ln|μ_n| = ln(visible/ξ)    from the crossing on, with ξ the deviation that was left there:

the delayed loss of stability at a slow passage (Neishtadt, *Differential Equations* 23, 1987;
Baesens, *Physica D* 53, 1991, for maps and noise), with rounding in the part of noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]
import numpy as np

from dynsharp.systems import ChainOnData, chain_on_data

__all__ = ["ARITHMETICS", "Arithmetic", "Descent", "Passage", "descend", "predicted_exit"]

VISIBLE = 0.05  # oscillation of the first residual, of its target, that counts as the start of it
EXPLODED = 1e6  # times the first loss
ORDER = 6  # of the differences that show what alternates


@dataclass(frozen=True)
class Arithmetic:
    """A number type: its name, the bits of its significand."""

    name: str
    bits: int

    def numbers(self) -> Callable[[float], Any]:
        """Return what makes such a number of a double; multiprecision only inside `mp.workprec`."""
        return {24: np.float32, 53: float}.get(self.bits, mp.mpf)

    @property
    def rounding(self) -> float:
        """Half of the distance from 1 to the next number, as a power of ten (for many digits)."""
        return float(-self.bits * np.log10(2))


def digits(n: int) -> Arithmetic:
    """Return multiprecision of so many decimal digits."""
    return Arithmetic(f"{n} digits", mp.libmp.dps_to_prec(n))


ARITHMETICS = (Arithmetic("float32", 24), Arithmetic("float64", 53), digits(50), digits(200))


@dataclass(frozen=True)
class Passage:
    """A slow passage through the edge.

    Attributes
    ----------
    slow
        Singular value of the slow direction, of that of the fast one, which is 1.
    height
        Share of the slow direction in the solution, of that of the fast one.
    beyond
        ηS/2 at the balanced minimum: how far past the edge the passage would lead.
    depth
        D.
    """

    slow: float
    height: float
    beyond: float
    depth: int = 2

    @cached_property
    def chain(self) -> ChainOnData:
        """The chain on the two samples."""
        sigma = np.array([1.0, self.slow])
        return chain_on_data(np.diag(sigma), sigma * [1.0, self.height], self.depth)

    @property
    def eta(self) -> float:
        """Step size."""
        return self.beyond * self.chain.eta_c

    @property
    def start(self) -> tuple[np.ndarray, np.ndarray]:
        """Near the solution in the fast direction alone, balanced, the slow one hardly begun."""
        u = 0.95 * np.array([1.0, 0.05])
        return u, np.full(self.depth - 1, 0.95)


@dataclass(frozen=True, eq=False)
class Descent:
    """What was recorded of a descent, in doubles.

    Attributes
    ----------
    passage, arithmetic
        Of what, and in which numbers.
    u, v
        States, of shapes (n, 2) and (n, D − 1).
    residual
        Of the fast direction.
    loss
        At each iterate.
    """

    passage: Passage
    arithmetic: Arithmetic
    u: np.ndarray
    v: np.ndarray
    residual: np.ndarray
    loss: np.ndarray

    @cached_property
    def edge(self) -> np.ndarray:
        """ηS at each iterate."""
        return self.passage.eta * self.passage.chain.sharpness(self.u, self.v)

    @cached_property
    def oscillation(self) -> np.ndarray:
        """Amplitude of the alternating part of the residual: its differences of high order.

        Those of order k are 2^k times what alternates, and hardly see what changes slowly.
        """
        r = np.abs(np.diff(self.residual, ORDER)) / 2**ORDER
        return np.concatenate([np.zeros(ORDER // 2), r, np.zeros(ORDER // 2)])

    @property
    def crossing(self) -> int:
        """First iterate with ηS > 2."""
        return int(np.argmax(self.edge > 2))

    @property
    def exit(self) -> int:
        """First iterate past the crossing at which the oscillation is visible; −1 without one."""
        seen = np.flatnonzero(self.oscillation[self.crossing :] > VISIBLE)
        return int(seen[0]) + self.crossing if len(seen) else -1

    @property
    def exploded(self) -> bool:
        """Whether the loss left every bound."""
        return not self.loss[-1] <= EXPLODED * self.loss[0]

    @property
    def peak(self) -> float:
        """Greatest ηS before the oscillation is visible."""
        return float(self.edge[: self.exit].max())


def descend(passage: Passage, arithmetic: Arithmetic, steps: int) -> Descent:
    """Run gradient descent, every operation in the arithmetic, until it explodes or for ``steps``.

    u' = u − (η/N) V σ r, v_j' = v_j − (η/N) (V/v_j) u·(σ r), with r = σ u V − d.
    """
    with mp.workprec(arithmetic.bits), np.errstate(over="ignore", invalid="ignore"):
        number = arithmetic.numbers()
        chain = passage.chain
        sigma, target, u, v = (
            [number(float(x)) for x in a] for a in (chain.sigma, chain.targets, *passage.start)
        )
        eta = number(passage.eta / chain.samples)
        rows, losses, bound = [], [], np.inf
        for n in range(steps + 1):
            V = _product(v, None)
            r = [s * x * V - d for s, x, d in zip(sigma, u, target, strict=True)]
            loss = sum(float(x) ** 2 for x in r) / (2 * chain.samples)
            if n == 0:
                bound = EXPLODED * loss
            rows.append([float(x) for x in (*u, *v, r[0])])
            losses.append(loss)
            if not loss <= bound:
                break
            h = [s * x for s, x in zip(sigma, r, strict=True)]
            pull = u[0] * h[0] + u[1] * h[1]
            moved = [x - eta * V * g for x, g in zip(u, h, strict=True)]
            v = [x - eta * _product(v, j) * pull for j, x in enumerate(v)]
            u = moved
    table = np.array(rows)
    return Descent(
        passage, arithmetic, table[:, :2], table[:, 2:-1], table[:, -1], np.array(losses)
    )


def _product(v: list[Any], but: int | None) -> Any:
    """Return the product of all v, or of all but one."""
    kept = [x for j, x in enumerate(v) if j != but]
    result: Any = 1
    for x in kept:
        result = result * x
    return result


def predicted_exit(slow: Descent, arithmetic: Arithmetic) -> tuple[int, int]:
    """Return when linear theory sees the oscillation, and the steps by which it may be wrong.

    The deviation along the top eigenvector q follows ξ² → (1 − ηS)² ξ² + ε² Σ q_i² w_i² / 3 from
    the residual at the start, along the sharpness of the slow motion: each weight w_i is rounded
    once a step, by an error that is uniform within ε|w_i|. In logarithms, since many digits leave
    the range of doubles. Real rounding errors are neither independent nor uniform: a factor 100 in
    their size, at the rate of growth at the exit, is what the prediction may be off.

    Parameters
    ----------
    slow
        A descent in many digits: up to its exit the slow motion. Where it is too short the
        prediction is its end.
    arithmetic
        The numbers to predict for.
    """
    chain, end = slow.passage.chain, slow.exit
    edge = slow.edge[:end]
    scale = np.sqrt(chain.samples * edge / slow.passage.eta)  # residual per deviation
    weights = np.concatenate([slow.u, slow.v], axis=1)[:end]
    top = np.linalg.eigh(chain.hessian(slow.u[:end], slow.v[:end]))[1][..., -1]
    size = np.sqrt(((top * weights) ** 2).sum(axis=1) / 3)
    growth = np.log(np.abs(1 - edge) + 1e-300)
    floor = arithmetic.rounding * np.log(10) + np.log(size)
    log_xi = np.log(abs(slow.residual[0]) / scale[0])
    seen = np.log(VISIBLE / scale)
    for n in range(end):
        if n > slow.crossing and log_xi > seen[n]:
            break
        log_xi = 0.5 * np.logaddexp(2 * (log_xi + growth[n]), 2 * floor[n])
    return n, int(np.ceil(np.log(100) / growth[n])) + 1
