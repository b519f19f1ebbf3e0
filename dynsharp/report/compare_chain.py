"""The chain on rank-one data: exact thresholds at several depths against simulations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from dynsharp import systems
from dynsharp.report.effort import Effort
from dynsharp.report.exact_chain import ChainTheory
from dynsharp.report.rows import Row, number, onset

_PART = "chain"
_Q = 1.7


def compare_chain(theory: ChainTheory, effort: Effort) -> Iterator[Row]:
    """Yield the rows one by one."""
    rho = theory.balanced.map.parameters[0].name
    exact = theory.flip.value
    for depth in effort.depths:
        value = float(exact)
        found = onset(
            systems.balanced_chain(depth),
            rho,
            (0.7 * value, 1.05 * value),
            {"omega": 1.02},
            steps=effort.steps,
        )
        yield Row(
            _PART,
            f"balanced chain of depth {depth} begins to oscillate at ρ = η/η_c",
            value,
            found.value,
            found.error,
            found.because,
            exact,
        )
    for depth, derivation in theory.chains.items():
        if depth in effort.depths:
            yield _critical_step(theory, depth, derivation.map.parameters[1], effort.steps)
    yield _self_stabilisation(theory)


def _critical_step(theory: ChainTheory, depth: int, q: sp.Symbol, steps: int) -> Row:
    """Where the chain, started unbalanced near its flattest minimum, keeps oscillating."""
    threshold = theory.critical_step(depth)
    exact = threshold.value
    value = float(exact.subs(q, _Q))
    flattest = [float(abs(e.subs(q, _Q))) for e in threshold.state.values()]
    start = {
        s.name: w * (1 + 0.02 * (i + 1) / depth)
        for i, (s, w) in enumerate(zip(threshold.state, flattest, strict=True))
    }
    m = theory.chains[depth].map
    # Four times the resolution in η itself: the drift along the family is the slower motion.
    found = onset(
        m, "eta", (0.8 * value, 1.05 * value), start, fixed={"q": _Q}, steps=steps, scale=4 * value
    )
    return Row(
        _PART,
        f"chain of depth {depth}, q = {_Q}, begins to oscillate at η",
        value,
        found.value,
        found.error,
        found.because,
        exact,
    )


def _self_stabilisation(theory: ChainTheory) -> Row:
    """How large the oscillation gets that carries an orbit back from above the edge.

    For an excess ε over the edge amplitude² grows to ε²/product; from two excesses the correction,
    which is linear in ε, is taken off.
    """
    form = theory.family
    q = form.map.parameters[1]
    (c,) = form.family
    at = {q: 1.0, c: 0.6}
    product = number(form.product, at)
    excesses = (4e-3, 2e-3)
    ratios = [_peak(theory, e, at) * product / e**2 for e in excesses]
    return Row(
        _PART,
        "self-stabilisation, depth 2: peak amplitude² × product / excess²",
        1.0,
        2 * ratios[1] - ratios[0],
        10 * excesses[0] ** 2,
        "extrapolated from two excesses: what is left is of second order in the larger, 0.004",
        sp.Integer(1),
    )


def _peak(theory: ChainTheory, excess: float, at: dict[sp.Symbol, float]) -> float:
    form = theory.family
    eta, q = form.map.parameters
    edge = number(form.value, at)
    step_size = edge * (1 + excess / 2)  # the multiplier is 1 - eta S: -1 at the edge
    update = [e.subs({eta: step_size, q: at[q]}) for e in form.map.expressions]
    step = sp.lambdify(form.map.state, update)
    x = np.array([number(e, at) for e in form.state.values()])
    direction = np.array([number(e, at) for e in form.q or ()])
    x += 1e-7 * direction
    largest = 0.0
    for _ in range(int(60 / excess)):
        new = np.array(step(*x))
        largest = max(largest, float(((new - x) @ direction / 2) ** 2))
        x = new
    return largest
