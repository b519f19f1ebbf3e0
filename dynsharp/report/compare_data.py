"""The chain on real data: formulas in singular coordinates against training in the original ones.

The simulations here know nothing of singular values: they take u and v, the data X and y, and the
gradient of the loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp

from dynsharp.networks.chain_weights import descended, gradient, imbalance_law, sharpness
from dynsharp.networks.data import Data
from dynsharp.report.effort import Effort
from dynsharp.report.rows import ROUNDING, Row, bisect
from dynsharp.systems import ChainOnData

_PART = "chain on data"


def near_balanced(
    chain: ChainOnData, random: np.random.Generator, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the balanced minimum with every weight displaced by a random share of it."""
    u, v = chain.minimum()
    return (
        u + spread * np.linalg.norm(u) / np.sqrt(len(u)) * random.normal(size=u.shape),
        v * (1 + spread * random.normal(size=v.shape)),
    )


def compare_data(data: Data, effort: Effort, seed: int) -> Iterator[Row]:
    """Yield the rows one by one."""
    random = np.random.default_rng(seed)
    for depth in effort.depths[:3]:
        chain = data.chain(depth)
        yield from _minimum(data, chain)
        yield _threshold(data, chain)
    depth = effort.depths[1]
    chain = data.chain(depth, whole=False)
    yield _trained(data, chain, random)
    yield _flow(data, chain, random)
    yield _imbalance(data, chain, random)


def _weights(chain: ChainOnData, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return a state in the original coordinates."""
    return np.concatenate([chain.directions @ u, v])


def _minimum(data: Data, chain: ChainOnData) -> Iterator[Row]:
    u, v = chain.minimum()
    measured = sharpness(data.X, data.y, _weights(chain, u, v))
    value = float(chain.sharpness_at_minimum(v))
    yield Row(
        _PART,
        f"sharpness of the balanced minimum, depth {chain.depth}, all data",
        value,
        measured,
        1e-8 * value,
        "central differences with a relative step of 1e-5",
    )
    lower, upper = chain.sharpness_bounds
    yield Row(
        _PART,
        f"its bounds, depth {chain.depth}: centre and half-width",
        (lower + upper) / 2,
        measured,
        (upper - lower) / 2 + 1e-8 * value,
        f"the bounds themselves, [{lower:.6g}, {upper:.6g}], and the differences' 1e-8",
    )


def _threshold(data: Data, chain: ChainOnData, steps: int = 1000) -> Row:
    """Bisect on whether descent returns to the balanced minimum along the top direction."""
    u, v = chain.minimum()
    minimum = _weights(chain, u, v)
    _, vectors = np.linalg.eigh(chain.hessian(u, v))
    top = _weights(chain, vectors[: chain.rank, -1], vectors[chain.rank :, -1])
    kick = 1e-6 * float(np.linalg.norm(minimum))

    def returns(eta: float) -> bool:
        w = minimum + kick * top
        for _ in range(steps):
            w = w - eta * gradient(data.X, data.y, w)
            if abs((w - minimum) @ top) > 10 * kick:
                return False
        return bool(abs((w - minimum) @ top) < kick)

    width = 1e-5
    found, error = bisect(returns, 0.8 * chain.eta_c, 1.2 * chain.eta_c, width * chain.eta_c)
    return Row(
        _PART,
        f"step at which gradient descent leaves the balanced minimum, depth {chain.depth}",
        chain.eta_c,
        found,
        error + width * chain.eta_c,
        "half the bracket, and the kick of 1e-6",
    )


def _trained(data: Data, chain: ChainOnData, random: np.random.Generator) -> Row:
    """Sharpness where training ends, at a minimum that is not balanced."""
    u, v = near_balanced(chain, random, 0.1)
    w = descended(data.trained, data.y, _weights(chain, u, v), 0.8 * chain.eta_c, 20_000)
    value = float(chain.sharpness_at_minimum(w[data.X.shape[1] :]))
    return Row(
        _PART,
        f"sharpness where training ends, depth {chain.depth}, against its formula in v",
        value,
        sharpness(data.trained, data.y, w),
        1e-8 * value,
        "central differences with a relative step of 1e-5",
    )


def _flow(data: Data, chain: ChainOnData, random: np.random.Generator) -> Row:
    """Integrate gradient flow in the original coordinates; its end is known from its start."""
    u, v = near_balanced(chain, random, 0.3)
    *_, value = chain.gradient_flow_limit(u, v)
    top = float(chain.sharpness_at_minimum(chain.minimum()[1]))
    tolerance = 1e-9

    def velocity(_: float, w: np.ndarray) -> Any:
        return -gradient(data.trained, data.y, w)

    end = solve_ivp(
        velocity, (0, 2e4 / top), _weights(chain, u, v), "LSODA", rtol=tolerance, atol=tolerance
    ).y[:, -1]
    return Row(
        _PART,
        f"sharpness at the end of gradient flow, depth {chain.depth}, from its start alone",
        value,
        sharpness(data.trained, data.y, end),
        100 * tolerance * value,
        "a hundred times the integrator's tolerance of 1e-9, which every step adds to",
    )


def _imbalance(data: Data, chain: ChainOnData, random: np.random.Generator) -> Row:
    """One step in the original coordinates from a random state."""
    u, v = near_balanced(chain, random, 0.5)
    w = _weights(chain, u, v)
    n, eta = data.X.shape[1], chain.eta_c
    X, y = data.trained, data.y
    new = descended(X, y, w, eta, 1)
    change = (new[:n] @ new[:n] - new[n:] ** 2) - (w[:n] @ w[:n] - w[n:] ** 2)
    h = X.T @ (X @ w[:n] * v.prod() - y) / len(y)
    law, symbols = imbalance_law()
    values = sp.lambdify(symbols, law)(eta, v.prod(), v, np.linalg.norm(h), w[:n] @ h)
    layer = int(np.argmax(np.abs(values)))
    return Row(
        _PART,
        f"change of the imbalance in one step at η_c, depth {chain.depth}, layer {layer + 1}",
        float(values[layer]),
        float(change[layer]),
        10 * ROUNDING * float(new @ new),
        "rounding of the squared lengths",
        law,
    )
