"""The UV model: its exact statements against simulations, most of them of the real network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp

from dynsharp.report.effort import Effort
from dynsharp.report.exact_uv import UVTheory
from dynsharp.report.rows import ROUNDING, Row, bisect, number, onset
from dynsharp.sweeps import lyapunov, orbit, orbit_diagram
from dynsharp.systems import UVNetwork, uv_network

_PART = "UV model"
_INPUT, _TARGET = (0.6, -0.8, 1.1), 1.5
_BRACKET = 1e-5  # relative width at which bisections of divergence end


def network(width: int, s: float, seed: int, sigma_w: float = 0.35) -> UVNetwork:
    """Return the network of the report: one example with three inputs."""
    return uv_network(width, s, sigma_w, _INPUT, _TARGET, seed)


def compare_uv(theory: UVTheory, effort: Effort, seed: int) -> Iterator[Row]:
    """Yield the rows one by one."""
    for width, s in effort.networks:
        yield _same_orbit(theory, network(width, s, seed))
    for width, s in effort.networks[1:3]:
        yield _critical_step(theory, network(width, s, seed), effort.training)
    yield _divergence(theory, network(*effort.networks[1], seed, sigma_w=1.4))
    yield from _flow(theory, network(*effort.networks[-1], seed))
    yield from _flips(theory, effort.steps)
    yield from _on_the_cycle(theory)
    yield from _exponents(theory)
    yield _invariance(theory, effort.starts, seed)


def _same_orbit(theory: UVTheory, net: UVNetwork, steps: int = 200) -> Row:
    """Train in weight space, iterate the map from the same start, compare error and trace."""
    eta = 1.1 * theory.critical_step(net.y, net.g)[0]
    trained = net.train(eta, steps)
    fixed = {"eta": eta, "y": net.y, "g": net.g}
    mapped = orbit(theory.physical.map, net.start, steps, fixed=fixed, progress=False)
    apart = [float(np.max(np.abs(trained[v] - mapped[v]))) for v in ("df", "lam")]
    if trained.sizes["iterate"] <= steps:
        apart = [np.nan]  # training diverged
    size = max(float(np.max(np.abs(trained[v].values))) for v in ("df", "lam"))
    return Row(
        _PART,
        f"network of width {net.width}, n_eff = {net.n_eff:g}, against the map at 1.1 η_c: "
        f"largest deviation in {steps} steps",
        0.0,
        float(np.max(apart)),
        steps * ROUNDING * size,
        f"rounding: {steps} steps, the spacing of doubles at the largest value each",
    )


def _critical_step(theory: UVTheory, net: UVNetwork, steps: int) -> Row:
    """Bisect on whether training the network still converges."""
    value, exact = theory.critical_step(net.y, net.g)

    def converges(eta: float) -> bool:
        data = net.train(eta, steps, every=steps // 2)
        if data.attrs["status"] != "completed":
            return False
        half, end = data["loss"].values[1:]
        return bool(end <= max(0.1 * half, (1e3 * ROUNDING * net.y) ** 2))  # or at rounding level

    found, error = bisect(converges, 0.5 * value, 1.3 * value, value / steps / 4)
    return Row(
        _PART,
        f"largest step at which a network of width {net.width} still converges",
        value,
        found,
        error + 2 * value / steps,
        f"half the bracket, and the distance from η_c that {steps:,} steps resolve",
        exact,
    )


def _divergence(theory: UVTheory, net: UVNetwork) -> Row:
    """Bisect on whether training stays bounded: the edge of the forward-invariant region."""
    start = net.start
    value = theory.largest_bounded_step(start["df"], start["lam"], net.y, net.g)

    def bounded(eta: float) -> bool:
        return str(net.train(eta, 3000, every=3000).attrs["status"]) == "completed"

    found, error = bisect(bounded, 0.5 * value, 1.5 * value, _BRACKET * value)
    return Row(
        _PART,
        f"largest step at which a network of width {net.width} stays bounded",
        value,
        found,
        error + _BRACKET * value,
        "the bracket; an escape takes about ln(1/width) steps",
    )


def _flow(theory: UVTheory, net: UVNetwork) -> Iterator[Row]:
    """Integrate gradient flow of the weights themselves, for two sizes of initial weights."""
    n, d = net.U.shape
    for sigma_w in (0.6, 2.0):
        net = uv_network(n, 0.5, sigma_w, _INPUT, _TARGET, 3)

        def velocity(_: float, weights: np.ndarray, net: UVNetwork = net) -> np.ndarray:
            U, v = weights[: n * d].reshape(n, d), weights[n * d :]
            new_U, new_v = net.step(U, v, 1.0)
            return np.concatenate([(new_U - U).ravel(), new_v - v])

        tolerance = 1e-10
        start = np.concatenate([net.U.ravel(), net.v])
        end = solve_ivp(velocity, (0, 200), start, rtol=tolerance, atol=tolerance).y[:, -1]
        lam = net.measure(end[: n * d].reshape(n, d), end[n * d :])["lam"]
        f = net.start["df"] + net.y
        trend = "sharpening" if abs(f) < abs(net.y) else "reduction"
        value = theory.flow_limit(net.start["df"], net.start["lam"], net.y, net.g)
        yield Row(
            _PART,
            f"λ(∞) of gradient flow in the weights of a network of width {n} "
            f"({trend} from {net.start['lam']:.3g})",
            value,
            lam,
            20 * tolerance * value,
            "twenty times the integrator's relative tolerance, 1e-10",
        )


def _flips(theory: UVTheory, steps: int) -> Iterator[Row]:
    """Where orbits on the edge-of-stability manifold double their period, and double again."""
    m, rho = theory.reduced.map, theory.rho.name
    start = {m.state[0].name: 0.4}
    for text, period, exact, span in (
        ("fixed point on the EoS manifold turns into a 2-cycle at ρ", 1, theory.flip.value, 0.4),
        ("2-cycle turns into a 4-cycle at ρ", 2, theory.second_flip, 0.2),
    ):
        value = float(exact)
        found = onset(m, rho, (value - span, value + span / 2), start, period=period, steps=steps)
        yield Row(_PART, text, value, found.value, found.error, found.because, exact)
    ratio = theory.form.amplitude2
    deltas = np.array([1e-3, 2e-3])
    data = orbit_diagram(
        m, rho, float(theory.flip.value) + deltas, start, transient=200_000, keep=2, progress=False
    )
    squares = (np.ptp(data[m.state[0].name].values, axis=1) / 2) ** 2 / deltas
    limit = 2 * squares[0] - squares[1]  # the linear correction in δ taken off
    yield Row(
        _PART,
        "amplitude² of the 2-cycle per unit of ρ − 1, at the flip",
        number(ratio),
        float(limit),
        float(deltas[1] ** 2),
        "extrapolated from ρ − 1 = 0.001 and 0.002: what is left is of second order",
        ratio,
    )


def _on_the_cycle(theory: UVTheory) -> Iterator[Row]:
    """Mean trace and transverse exponent on the 2-cycle, halfway to the second flip, in 2-D."""
    m, rho = theory.scaled.map, theory.rho
    value = (float(theory.flip.value) + float(theory.second_flip)) / 2
    at = {rho: sp.Float(value)}
    z, k = (s.name for s in m.state)
    first = {s.name: float(e.subs(at)) for s, e in theory.cycle_states[0].items()}
    start = {z: first[z] - 0.02, k: first[k] + 0.02}
    data = orbit_diagram(m, rho.name, [value], start, transient=4000, keep=256, progress=False)
    yield Row(
        _PART,
        f"mean of the scaled trace k over the 2-cycle, ρ = {value:.4g}",
        float(theory.mean_trace.subs(at)),
        float(data[k].mean()),
        100 * ROUNDING,
        "rounding: the orbit has settled on the cycle",
        theory.mean_trace,
    )
    exact = sp.log(sp.Abs(theory.transverse_multiplier)) / theory.cycle.period
    growth = lyapunov(
        m, rho.name, [value], start, transient=4000, iterations=20_000,
        transverse=theory.manifold, progress=False,
    )  # fmt: skip
    yield Row(
        _PART,
        f"transverse exponent of the 2-cycle per step, ρ = {value:.4g}",
        float(exact.subs(at)),
        float(growth["transverse_exponent"][0]),
        1e-12 + 2 * float(growth["transverse_standard_error"][0]),
        "two standard errors, and rounding",
        exact,
    )


def _exponents(theory: UVTheory) -> Iterator[Row]:
    """Lyapunov and transverse exponent where the region opens, ρ = 2."""
    m, rho = theory.reduced.map, theory.rho.name
    value, exact = float(theory.end), theory.exponent_at_end
    starts = {m.state[0].name: np.linspace(0.11, 1.13, 64)}
    growth = lyapunov(
        m, rho, np.full(64, value), starts, transient=500, iterations=20_000, progress=False
    )
    mean, error = _mean(growth["exponent"].values)
    yield Row(
        _PART,
        f"Lyapunov exponent on the EoS manifold at ρ = {value:g}",
        float(exact),
        mean,
        4 * error,
        "four standard errors of the mean of 64 orbits",
        exact,
    )


def _mean(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _invariance(theory: UVTheory, count: int, seed: int, steps: int = 300) -> Row:
    """Random starts in the region, at random ρ: how many orbits leave it."""
    m, rho, region = theory.scaled.map, theory.rho, theory.region
    random = np.random.default_rng(seed)
    values = random.uniform(0.02, float(theory.end) - 0.02, count)
    corners = sp.lambdify(rho, [[c[s] for s in m.state] for c in region.corners], "numpy")
    shape = (len(region.corners), m.dimension, count)
    vertices = np.array([[np.broadcast_to(e, count) for e in c] for c in corners(values)])
    assert vertices.shape == shape
    x = np.einsum("cn,csn->sn", random.dirichlet(np.ones(shape[0]), count).T, vertices)
    step = sp.lambdify([*m.state, rho], list(m.expressions), "numpy")
    sides = [i.gts - i.lts for i in region.inequalities]
    margin = sp.lambdify([*m.state, rho], sides, "numpy")
    outside = np.zeros(count, bool)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            x = np.array(step(*x, values))
            outside |= ~(np.min(margin(*x, values), axis=0) >= -1e-9)
    return Row(
        _PART,
        f"orbits of {count:,} random starts in the triangle, ρ < {theory.end}, that leave it",
        0.0,
        float(outside.sum()),
        0.0,
        f"none may; {steps} steps, sides met to 1e-9",
    )
