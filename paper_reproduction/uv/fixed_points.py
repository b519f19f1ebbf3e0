"""Claim 2: the fixed points of the (Δf, λ) plane, and how they make sharpness fall and rise."""

from __future__ import annotations

import numpy as np
import sympy as sp
import xarray as xr

from paper_reproduction.claim import Check, Claim
from paper_reproduction.uv._fixed_points_figure import figure_of
from paper_reproduction.uv.gradient_flow import conserved, flow_limit, flows
from paper_reproduction.uv.phase_plane import (
    fitted_jacobian,
    network_at,
    random_starts,
    state_of,
)
from paper_reproduction.uv.rounding import gamma, one_step_scale
from paper_reproduction.uv.theory import fixed_points, in_words, numeral, physical, scaled
from paper_reproduction.uv.training import EXAMPLE

__all__ = ["judged_flows", "judged_jacobians", "judged_starts", "run"]

RHO = (0.7, 1.2)  # below and above the critical step size
ON_THE_LINE = 0.5  # of a point on the line I: its k above the flattest minimum's
WIDTH, SEED = 8, 0
DRIFT = 1e-8  # what gradient flow may lose of what it conserves
STARTS = ((0.05, 0.6), (0.6, 3.2), (1.6, 4.2), (-0.4, 1.3))  # (F, k) of the trajectories drawn


def run(quick: bool) -> Claim:
    """Hold the plane's fixed points, multipliers, regions and flow against training."""
    count, steps, networks = (60, 1500, 6) if quick else (400, 4000, 48)
    points = _at_the_points()
    starts = [random_starts(rho, count, steps, SEED) for rho in RHO]
    rates = _rates()
    settings = [
        (WIDTH // 2, s, sigma_w, SEED + i)
        for i in range(networks // 6)
        for s in (0.0, 1.0)
        for sigma_w in (0.3, 1.2, 2.5)
    ]
    flowing = flows(settings)
    descents = _descents()
    checks = (
        judged_points(points),
        judged_jacobians(points),
        judged_rates(rates),
        judged_starts(starts),
        judged_signs(starts),
        judged_conserved(descents),
        judged_flows(flowing),
        judged_trend(flowing),
    )
    x, y = EXAMPLE
    return Claim(
        sentence="Four kinds of fixed points organise training: a line of minima, stable where "
        "ηλ < 2 and nowhere stable past η_c, and three unstable points. λ (at a minimum the "
        "sharpness) rises while 0 < f < y and falls while f > y: progressive sharpening and early "
        "reduction.",
        source="UV paper, the sections on fixed points and on the four regimes",
        computed=f"Networks of width {WIDTH} (s = 1) on x = {x}, y = {y}, trained in weight space "
        f"at η/η_c = {RHO[0]:g} and {RHO[1]:g}: brought to each fixed point and perturbed (80 "
        "random perturbations of all weights, of relative size 0.02), started near "
        f"{rates.sizes['k']} minima, and from {count} random weights each, σ_w from 0.05 to 1.6, "
        f"for {steps} steps, seed {SEED}. Gradient flow of {flowing.sizes['network']} networks of "
        f"width {WIDTH // 2}, s = 0 and 1, σ_w = 0.3, 1.2, 2.5, in all weights: Radau's method, "
        "relative tolerance 1e-10, to |Δf| < 1e-11 of its scale.",
        checks=checks,
        where="Everywhere. Of gradient descent, sharpening while 0 < f < y and reduction while "
        "f > y hold in the bounded region; where f < 0 the trace falls only while k < 4F/z (as it "
        "must for small steps), and descent ends at a lower trace than gradient flow, by "
        f"{in_words(conserved()[1])} a step in λ² − 4g²f².",
        figure=figure_of(descents, flowing),
        caption="Top: the plane for a step size below (left) and above (right) the critical one, "
        "with trajectories of trained networks from chosen starts (rings); arrows: the direction "
        "of a step, their colour its size. I: minima, solid where stable. In the shaded "
        "region λ' > λ, training sharpens. Bottom left: gradient flow of networks in the (f, "
        "λ/g) plane, from rings to dots: λ² − 4g²f² is conserved. Bottom right: the trace where "
        "gradient flow ends relative to its start, measured (marks) and from the closed form "
        "(crosses), against |f₀|/|y|.",
        data={
            "fixed_points": points,
            "rates": rates,
            "starts_below": starts[0],
            "starts_above": starts[1],
            "flows": flowing,
            "descents": descents,
        },
    )


# ---- what is computed --------------------------------------------------------------------------


def _at_the_points() -> xr.Dataset:
    """Bring a network to each fixed point; fit where it goes and the Jacobian of training."""
    (z, k), (rho,) = scaled().state, scaled().parameters
    names = {"exact": ("of", "by"), "fitted": ("of", "by"), "fitted_allowed": ("of", "by")}
    rows: list[dict[str, object]] = []
    for value in RHO:
        for number, point in enumerate(fixed_points()):
            at = {rho: value, k: 2 * value + ON_THE_LINE} if point.family else {rho: value}
            state = np.array([float(point.state[s].subs(at)) for s in (z, k)])
            net, eta = network_at(state[0], state[1], value, WIDTH)
            U, v = net.step(net.U, net.v, eta)
            stays = state_of(net, U, v, eta) - state
            terms = one_step_scale(net, net.U, net.v, eta) * [eta * net.g, eta] + np.abs(state)
            fit, error = fitted_jacobian(net, eta, state, SEED)
            here = {z: state[0], k: state[1], rho: value}
            exact = np.column_stack([state, np.array(scaled().jacobian.subs(here), float)])
            rows.append(
                {
                    "rho": value,
                    "point": number,
                    "weights_flip": int(np.allclose(v, -net.v) and not np.allclose(v, net.v)),
                    "state": state,
                    "moved": np.abs(stays),
                    "moved_allowed": 2 * gamma(net) * terms,
                    "fitted": fit,
                    "exact": exact,
                    "fitted_allowed": error,
                    "multipliers": np.sort(np.linalg.eigvals(fit[:, 1:]).real),
                    "multipliers_exact": np.sort([float(m.subs(at)) for m in point.multipliers]),
                }
            )
    single = ("rho", "point", "weights_flip")
    dims = {n: names.get(n, () if n in single else ("of",)) for n in rows[0]}
    return xr.Dataset(
        {n: (("row", *dims[n]), np.array([r[n] for r in rows])) for n in rows[0]},
        {"of": ["z", "k"], "by": ["constant", "z", "k"]},
    )


def _rates(distance: float = 1e-7, steps: int = 12) -> xr.Dataset:
    """Start near minima of every trace and measure by how much |Δf| changes in a step."""
    k = np.linspace(2 * RHO[0] + 0.05, 3.5, 30)
    found = []
    for value in k:
        net, eta = network_at(distance, float(value), RHO[0], WIDTH)
        df = net.train(eta, steps)["df"].values
        found.append(np.abs(df[1:4] / df[:3]).mean())
    exact = sp.lambdify(scaled().state[1], _across_the_line())(k)
    return xr.Dataset(
        {"rate": ("k", np.array(found)), "multiplier": ("k", exact)},
        {"k": k},
        {"distance": distance, "rho": RHO[0]},
    )


def _across_the_line() -> sp.Expr:
    line = next(p for p in fixed_points() if p.family)
    return next(m for m in line.multipliers if m != 1)


def _descents() -> xr.Dataset:
    """Train from the starts of the picture."""
    steps, runs = 60, []
    for rho in RHO:
        for F, k in STARTS:
            net, eta = network_at(F - rho, k, rho, WIDTH)
            runs.append(net.train(eta, steps))
    shape = (len(RHO), len(STARTS), steps + 1)
    return xr.Dataset(
        {
            name: (("rho", "start", "iterate"), np.reshape([r[name].values for r in runs], shape))
            for name in ("df", "lam")
        },
        {"rho": list(RHO), "iterate": np.arange(steps + 1, dtype=np.int32)},
        {"g": net.g, "y": net.y, "rounding": gamma(net)},
    )


# ---- judging it --------------------------------------------------------------------------------


def judged_points(points: xr.Dataset) -> Check:
    """Whether networks brought to the fixed points stay in their state."""
    held = points["moved"].values <= points["moved_allowed"].values
    flip = points["weights_flip"].values == 1
    names = [numeral(fixed_points()[int(n)]) for n in points["point"]]
    two = np.isin(names, ("III", "IV"))
    return Check(
        "a network with weights that give Δf and λ of a fixed point (of I one member) keeps both "
        "in a step of training, to the rounding bound of claim 1; at III and IV every weight that "
        "counts changes its sign",
        f"{held.all(axis=1).sum()} of {len(held)} states, ρ = {RHO[0]:g} and {RHO[1]:g}: moved by "
        f"at most {points['moved'].values.max():.1e}; weights change sign at "
        + ", ".join(sorted({name for name, flips in zip(names, flip, strict=True) if flips})),
        bool(held.all() and (flip == two).all()),
    )


def judged_jacobians(points: xr.Dataset) -> Check:
    """Compare Jacobians fitted to training with the exact ones at the fixed points."""
    apart = np.abs(points["fitted"].values - points["exact"].values)
    held = apart <= points["fitted_allowed"].values
    shown = [
        f"{numeral(p)}: {m[0]:.4f}, {m[1]:.4f}"
        for p, m in zip(fixed_points(), points["multipliers"].values, strict=False)  # at RHO[0]
    ]
    return Check(
        "the Jacobian of training at each fixed point, fitted to training from perturbed weights, "
        "is the exact one, to the rounding of data and fit; its eigenvalues are the multipliers "
        + ", ".join(
            f"{numeral(p)}: {', '.join(map(in_words, p.multipliers))}" for p in fixed_points()
        ),
        f"entries at most {apart.max():.1e} apart; at ρ = {RHO[0]:g} " + "; ".join(shown),
        bool(held.all()),
    )


def judged_rates(rates: xr.Dataset) -> Check:
    """Compare the change of |Δf| near minima with the multiplier across the line of minima."""
    exact = np.abs(rates["multiplier"].values)
    apart = np.abs(rates["rate"].values - exact)
    # z' = z(1 − k + z(z + ρ)): the next order is z times about ρ, and k moves by 4z in a step; z
    # grows at most by the largest multiplier in the three steps.
    tolerance = 8 * rates.attrs["distance"] * (1 + rates.attrs["rho"]) * max(1, exact.max()) ** 3
    stable = rates["rate"].values < 1
    said = rates["k"].values < 2
    return Check(
        f"near a minimum with ηλ = k the error changes by |{in_words(_across_the_line())}| a step, "
        "to terms of the next order in the distance; it shrinks exactly where k < 2",
        f"{apart.size} minima: at most {apart.max():.1e} apart (allowed {tolerance:.1e}); "
        f"stable at {stable.sum()}, said of {said.sum()}",
        bool((apart <= tolerance).all() and (stable == said).all()),
    )


def judged_starts(starts: list[xr.Dataset]) -> Check:
    """Compare how training ends with what the region and the line of minima say."""
    right, total, shown = 0, 0, []
    for one in starts:
        rho, inside, end = one.attrs["rho"], one["inside"].values == 1, one["end"].values
        expected = np.where(inside, 0 if rho < 1 else 1, 2)
        minimum = (end != 0) | (one["k_end"].values <= 2)
        right += int(((end == expected) & minimum).sum())
        total += end.size
        ends = [f"{(end == i).sum()} {name}" for i, name in enumerate(_ENDS)]
        shown.append(f"ρ = {rho:g}: {', '.join(ends)}")
    return Check(
        "from random weights in the bounded region training converges to a minimum with ηλ ≤ 2 "
        "below η_c, and above it stays bounded without converging; all others diverge",
        f"{right} of {total} as said; " + "; ".join(shown),
        right == total,
    )


_ENDS = ("converge", "stay bounded", "diverge")


def judged_signs(starts: list[xr.Dataset]) -> Check:
    """Count training steps whose change of λ has another sign than the map says."""
    against = sum(int(s["against"].sum()) for s in starts)
    compared = sum(int(s["compared"].sum()) for s in starts)
    grew = sum(int(s["grew"].sum()) for s in starts)
    lam = physical().state[1]
    change = sp.factor(physical().update[lam] - lam)
    return Check(
        f"at each step of training λ grows exactly where {in_words(change)} > 0 (steps in which it "
        "changes by more than rounding)",
        f"{against} of {compared:,} steps against it; it grows in {grew:,}",
        against == 0,
    )


def judged_conserved(descents: xr.Dataset) -> Check:
    """Whether a step multiplies what gradient flow conserves by its exact factor."""
    g, y = descents.attrs["g"], descents.attrs["y"]
    (z, k), (rho,) = scaled().state, scaled().parameters
    _, factor = conserved()
    apart, allowed = [], []
    for value in RHO:
        one = descents.sel(rho=value)
        eta = value / (g * y)
        f, lam = one["df"].values + y, one["lam"].values
        kept, terms = lam**2 - (2 * g * f) ** 2, lam**2 + (2 * g * f) ** 2
        c = sp.lambdify([z, k, rho], factor)(eta * g * one["df"].values, eta * lam, value)
        apart.append(np.abs(kept[:, 1:] - c[:, :-1] * kept[:, :-1]))
        added = terms[:, 1:] + np.abs(c * terms)[:, :-1] + terms[:, :-1]
        allowed.append(4 * descents.attrs["rounding"] * added)
    share = np.array(apart) / np.array(allowed)
    return Check(
        f"a step of gradient descent multiplies λ² − 4g²f² by {in_words(factor)}, to rounding "
        "(four times γ_m of claim 1 and the terms that are added)",
        f"{share.size:,} steps, at most {share.max():.2g} of that bound",
        bool((share <= 1).all()),
    )


def judged_flows(flowing: xr.Dataset) -> Check:
    """Compare where gradient flow of the weights ends with the closed form."""
    apart = np.abs(flowing["lam_end"].values / flowing["limit"].values - 1)
    drift = flowing["drift"].values
    return Check(
        f"gradient flow of the weights ends at λ(∞) = {in_words(flow_limit())}, with Δf and λ of "
        f"the start, to {DRIFT:g}, and λ² − 4g²f² and ‖Ux‖²/‖x‖² − ‖v‖² drift less than {DRIFT:g}",
        f"{apart.size} networks, {int(flowing['completed'].sum())} arrived: at most "
        f"{apart.max():.1e} apart, drift at most {drift.max():.1e}",
        bool((flowing["completed"] == 1).all() and (apart < DRIFT).all() and (drift < DRIFT).all()),
    )


def judged_trend(flowing: xr.Dataset) -> Check:
    """Whether gradient flow sharpens exactly from |f₀| < |y|."""
    small = np.abs(flowing["f0"].values) < abs(EXAMPLE[1])
    grew = flowing["lam_end"].values > flowing["lam0"].values
    return Check(
        "gradient flow ends sharper than it began exactly if |f₀| < |y| (progressive sharpening), "
        "else flatter (reduction)",
        f"{(small == grew).sum()} of {small.size} networks: {grew.sum()} sharper, "
        f"{(~grew).sum()} flatter",
        bool((small == grew).all() and grew.any() and not grew.all()),
    )
