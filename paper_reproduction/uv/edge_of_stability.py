"""Claim 3: past which step size training ends at the edge of stability, and how that scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import sympy as sp
import xarray as xr

from dynsharp.systems import UVNetwork
from dynsharp.types import Array
from paper_reproduction.claim import Check, Claim
from paper_reproduction.uv._edge_of_stability_figure import figure_of
from paper_reproduction.uv.theory import (
    critical_step,
    critical_step_expression,
    in_words,
    manifolds,
    physical,
    region_boundary,
    scaled,
)
from paper_reproduction.uv.training import EXAMPLE, Lanes, example_network

__all__ = ["bisect", "converges", "edge_condition", "exponent", "judged_boundaries", "run"]

PARAMETERISATIONS, SIGMAS = (0.0, 0.5, 1.0), (0.2, 0.5)
SPAN = (0.3, 1.6)  # of the expected value: where they begin
BEYOND = 1.02  # how far past the measured step it is looked at what training does there
# Deviations shrink like e^(−2δn) at a relative distance δ from η_c, so that n steps resolve 5/n
# by their size. Where the loss follows its critical law to within LAW, this share of it is left.
LAW, RESOLUTION = 0.1, 5.0
REACH = 20.0  # /n: what is allowed where it does not follow it even in the longer run
WINDOW = 16  # the loss is averaged over so many steps, since it alternates at the edge
ROUNDING = float(np.finfo(float).eps)


def run(quick: bool) -> Claim:
    """Bisect on training for the largest step that converges, over widths and s."""
    widths = (1, 8, 64) if quick else tuple(2**i for i in range(10))
    seeds, steps, bracket = (1, 1000, 1e-5) if quick else (4, 4000, 1e-7)
    table = _measured(widths, seeds, steps, bracket)
    checks = (
        judged_boundaries(table),
        *(judged_exponent(table, s) for s in PARAMETERISATIONS),
        judged_outcomes(table),
    )
    x, y = EXAMPLE
    lost = table.sel(s=0.0, sigma_w=SIGMAS[-1])
    last = [int(w) for w in widths if (lost["edge"].sel(width=w) == 1).all()]
    condition = in_words(edge_condition())
    return Claim(
        sentence="The edge of stability is reached past η_c = √n_eff/(‖x‖|y|), which does not "
        "depend on the width in μP (s = 1) and grows as √n in NTP (s = 0).",
        source="UV paper, the sections on the edge of stability and on parameterisation",
        computed=f"Networks of width {', '.join(map(str, widths))}, s = 0, ½, 1, σ_w = "
        f"{', '.join(map(str, SIGMAS))}, seeds 0 to {seeds - 1}, on x = {x}, y = {y}. Bisection "
        f"(relative bracket {bracket:g}) on whether training converges: whether over the second "
        f"half of {steps} steps 1/loss grows ever faster: at η_c it grows linearly, above it "
        f"levels off. Where the loss is not yet within {LAW:.0%} of that law at the value found, "
        f"it is measured anew with {4 * steps} steps.",
        checks=checks,
        where="The value of η_c holds everywhere. That training reaches the edge of stability past "
        f"it needs a start with {condition} for y > 0; other starts diverge at a smaller step. "
        "λ₀ is about 2σ_w²‖x‖² for every width, the right side shrinks as n^(−(1−s)/2): at fixed "
        f"σ_w a wide network has no edge of stability unless s = 1. For s = 0, σ_w = {SIGMAS[-1]} "
        f"all of these networks have one up to width {max(last, default=0)}.",
        figure=figure_of(table, {s: fitted(table, s)[:2] for s in PARAMETERISATIONS}),
        caption="The largest step size at which training a network converges (dots: bisection "
        f"on training, {seeds} seed(s)) against its width, for small (left) and larger (middle) "
        "initial weights. Lines: η_c, exact; p is the fitted exponent with its standard error. "
        "Open marks: past this step training diverges, "
        "below η_c (crosses: the exact value, where the start leaves the bounded region). Right: "
        "how far measured and exact values are apart, against the tolerance.",
        data={"boundaries": table},
    )


# ---- what theory says --------------------------------------------------------------------------


def edge_condition() -> sp.Expr:
    """Return which starts stay bounded at η_c, in (λ₀, f₀, g, y), y > 0: λ₀ < g(f₀ + 3y).

    It is the side of the bounded region that a start can cross, at the step size η_c.
    """
    _, y, g = physical().parameters
    (z, k), (rho,) = scaled().state, scaled().parameters
    eta = critical_step_expression()
    f0, lam0 = sp.symbols("f0 lambda0", real=True)
    start = {z: eta * g * (f0 - y), k: eta * lam0, rho: eta * g * y}
    (region,) = (r for r in manifolds().regions if r.bounded)
    sides = [sp.expand((i.gts - i.lts).subs(start) / eta) for i in region.inequalities]
    (side,) = (s for s in sides if s.coeff(lam0) < 0)
    return lam0 < sp.factor(side + lam0)


def exponent(s: float) -> float:
    """Return d ln η_c / d ln n, from g = ‖x‖ n^(−(1−s)/2)."""
    n, size, s_ = sp.symbols("n size s", positive=True)
    _, _, g = physical().parameters
    eta = critical_step_expression().subs(g, size / sp.sqrt(n ** (1 - s_)))
    return float(sp.simplify(n * sp.diff(sp.log(eta), n)).subs(s_, sp.nsimplify(s)))


# ---- measuring it ------------------------------------------------------------------------------


def converges(networks: Sequence[UVNetwork], eta: Array, steps: int) -> Array:
    """Whether the loss of each network goes to zero at its step size, by training alone.

    At the critical step the loss falls like 1/n, so that 1/loss grows linearly; below, it grows
    ever faster, above it levels off. The sign of its second difference over the second half of the
    run tells them apart. A chaotic loss has no such law: its maximum over a quarter of the run does
    not fall to the 2/3 that it falls to at the critical step.
    """
    loss = _second_half(networks, eta, steps)
    first, middle, last = _three_means(loss)
    quarter = steps // 4
    floor = (1e3 * ROUNDING * np.array([net.y for net in networks])) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        faster = 1 / last + 1 / first > 2 / middle
    falls = loss[-quarter:].max(axis=0) < 0.8 * loss[:quarter].max(axis=0)
    return np.asarray((last <= floor) | (faster & falls))


def off_the_law(networks: Sequence[UVNetwork], eta: Array, steps: int) -> Array:
    """Return by which share the loss misses its law at the critical step: to halve in the half."""
    first, _, last = _three_means(_second_half(networks, eta, steps))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.abs(first / last / 2 - 1))


def _second_half(networks: Sequence[UVNetwork], eta: Array, steps: int) -> Array:
    """Loss (steps // 4 * 2 + window, lanes), up to the last step."""
    lanes = Lanes.of(networks, eta)
    kept = steps // 4 * 2 + WINDOW
    lanes.advance(steps - kept)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(lanes.record(kept)[0] ** 2 / 2)


def _three_means(loss: Array) -> list[Array]:
    """Mean loss at the begin, in the middle and at the end of the second half."""
    quarter = (len(loss) - WINDOW) // 2
    return [loss[n * quarter :][:WINDOW].mean(axis=0) for n in range(3)]


def bisect(
    holds: Callable[[Array], Array], low: Array, high: Array, width: float
) -> tuple[Array, Array]:
    """Bisect in all lanes at once; return the middles and half the widths of the brackets.

    ``holds`` is true at ``low`` and false at ``high``; where not so, the result is NaN.
    """
    wrong = np.logical_not(holds(low)) | holds(high)
    low, high = np.where(wrong, np.nan, low), np.where(wrong, np.nan, high)
    while np.nanmax((high - low) / high, initial=0.0) > width:
        middle = (low + high) / 2
        kept = holds(middle)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
    return (low + high) / 2, (high - low) / 2


def _measured(widths: Sequence[int], seeds: int, steps: int, bracket: float) -> xr.Dataset:
    axes = {"width": widths, "s": PARAMETERISATIONS, "sigma_w": SIGMAS, "seed": range(seeds)}
    shape = tuple(len(a) for a in axes.values())
    columns: dict[str, list[Array]] = {}
    for width in widths:
        nets = [
            example_network(width, s, sigma_w, seed)
            for s in PARAMETERISATIONS
            for sigma_w in SIGMAS
            for seed in range(seeds)
        ]
        for name, values in _of_networks(nets, steps, bracket).items():
            columns.setdefault(name, []).append(values)
    return xr.Dataset(
        {name: (tuple(axes), np.array(v).reshape(shape)) for name, v in columns.items()},
        {k: np.array(list(a)) for k, a in axes.items()} | {"seed": np.arange(seeds)},
        {"bracket": bracket},
    )


def _of_networks(nets: Sequence[UVNetwork], steps: int, bracket: float) -> dict[str, Array]:
    """Measure networks of one width: the boundary, and what training does a little beyond it."""
    critical = np.array([critical_step(n.y, n.g) for n in nets])
    region = np.array([region_boundary(n.start["df"], n.start["lam"], n.y, n.g) for n in nets])
    exact = np.minimum(critical, region)
    found, tolerance = bisect(
        lambda eta: converges(nets, eta, steps), SPAN[0] * exact, SPAN[1] * exact, bracket
    )
    lanes = Lanes.of(nets, BEYOND * np.nan_to_num(found, nan=1.0))
    lanes.advance(steps)
    df, lam = lanes.record(WINDOW)
    bounded = np.isfinite(lam).all(axis=0)  # where it is not, the bracket is all there is
    tolerance += bounded * found * LAW * RESOLUTION / steps
    late = np.flatnonzero(bounded & ~(off_the_law(nets, found, steps) < LAW))
    if len(late):
        some, longer, near = [nets[int(i)] for i in late], 4 * steps, REACH / steps
        found[late], tolerance[late] = bisect(
            lambda eta: converges(some, eta, longer),
            (1 - near) * found[late],
            (1 + near) * found[late],
            bracket,
        )
        follows = off_the_law(some, found[late], longer) < LAW
        tolerance[late] += found[late] / longer * np.where(follows, LAW * RESOLUTION, REACH)
    return {
        "measured": found,
        "tolerance": tolerance,
        "exact": exact,
        "critical": critical,
        "edge": (region > BEYOND * critical).astype(np.int8),
        "bounded_beyond": bounded.astype(np.int8),
        "loss_beyond": np.mean(df**2, axis=0) / 2,
    }


# ---- judging it --------------------------------------------------------------------------------


def judged_boundaries(table: xr.Dataset) -> Check:
    """Compare measured and exact steps, each with the tolerance of its measurement."""
    apart = np.abs(table["measured"].values - table["exact"].values)
    relative = apart / table["exact"].values
    held = apart <= table["tolerance"].values
    return Check(
        "the largest step at which training converges is the smaller of η_c and the step at which "
        "the start leaves the bounded region; tolerance: half the bracket, and for η_c what n "
        f"steps resolve, {RESOLUTION:g}/n times the {LAW:g} within which the loss follows its "
        f"critical law 1/n (where it does not: {REACH:g}/n)",
        f"{held.sum()} of {held.size} networks within it; relative differences of at most "
        f"{np.max(relative):.1e} (median {np.median(relative):.1e}), tolerances of at most "
        f"{np.max(table['tolerance'].values / table['exact'].values):.1e}",
        bool(held.all()),
    )


def fitted(table: xr.Dataset, s: float) -> tuple[float, float, float]:
    """Return the exponent of η_c in the width, its standard error and its systematic error.

    Least squares in logarithms over all networks that reach the edge of stability, for the smaller
    σ_w. The last is what errors within the tolerances can add, Σ|x − x̄|e/Σ(x − x̄)².
    """
    one = table.sel(s=s, sigma_w=SIGMAS[0])
    at = np.broadcast_to(np.log(one["width"].values)[:, None], one["measured"].shape)
    edge = one["edge"].values == 1
    x, y = at[edge], np.log(one["measured"].values[edge])
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    far = np.abs(x - x.mean())
    error = one["tolerance"].values[edge] / one["exact"].values[edge]
    return float(slope), float(np.sqrt(covariance[0, 0])), float(far @ error / (far @ far))


def judged_exponent(table: xr.Dataset, s: float) -> Check:
    """Compare the fitted exponent with (1 − s)/2, derived."""
    slope, error, systematic = fitted(table, s)
    expected = exponent(s)
    return Check(
        f"for s = {s:g} the measured η_c grows as n^{expected:g}, to 4 standard errors of the "
        "fitted exponent and what the tolerances of the measured values can add",
        f"exponent {round(slope, 8) + 0.0:.8f}, standard error {error:.1e}, tolerances "
        f"{systematic:.1e}",
        abs(slope - expected) <= 4 * error + systematic,
    )


def judged_outcomes(table: xr.Dataset) -> Check:
    """Past the boundary: at the edge of stability where theory says so, divergence elsewhere."""
    edge = table["edge"].values == 1
    bounded = table["bounded_beyond"].values == 1
    stays = bounded & (table["loss_beyond"].values > 0)
    right = np.where(edge, stays, ~bounded)
    return Check(
        f"at {BEYOND:g} times the measured step training stays bounded without converging if the "
        f"start has {in_words(edge_condition())} (with {BEYOND:g} η_c for η_c), else diverges",
        f"{right.sum()} of {right.size} as said: {edge.sum()} at the edge, {(~edge).sum()} diverge",
        bool(right.all()),
    )
