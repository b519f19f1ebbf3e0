"""Claim chain.5: the step size lowers the sharpness that gradient descent ends with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.integrate import simpson

from dynsharp.networks.chain_weights import gradient
from dynsharp.systems import ChainOnData
from paper_reproduction.chain.data import Problem, Samples
from paper_reproduction.chain.difficulty import sources
from paper_reproduction.chain.flow import DRIFT, integrate
from paper_reproduction.chain.minima import flattest
from paper_reproduction.chain.step_size_figure import draw
from paper_reproduction.chain.training import STATUS, train
from paper_reproduction.claim import Check, Claim

__all__ = ["Case", "initial_slope", "judge", "measure", "run", "start"]

SEED = 31
SHARE = 0.4  # of the minimum's weights at the start
EDGE = 0.9  # from this share of 2/S(flow) on a run settles if it comes nearer to a minimum, and
STAY = 4000  # stays there for so many steps
REACH = {"below": 1e-3, "at": 1e-9}  # residual over the targets at which a run ends
# From a minimum with S = (1 + δ)2/η a deviation grows by 1 + 2δ a step: within these steps from
# rounding to 1, and is seen, unless δ is smaller than
UNSEEN = float(-np.log(np.finfo(float).eps)) / (2 * STAY)


@dataclass(frozen=True, eq=False)
class Case:
    """Gradient descent with many step sizes on one set of data, from one start.

    Attributes
    ----------
    source, size, depth
        The data, N and D.
    imbalance
        C₀ over Q^{1/D} of the start, the same for all layers.
    limit, flattest
        Sharpness at the end of gradient flow, and of the flattest minimum.
    slope
        dS/dη at η = 0, predicted from gradient flow alone.
    runs
        Over ``eta``: ``final``, the sharpness of the minimum that gradient flow would reach from
        where descent ended; ``status``, an index into `STATUS`.
    drift
        Of the invariants of the flow.
    """

    source: str
    size: int
    depth: int
    imbalance: float
    limit: float
    flattest: float
    slope: float
    runs: xr.Dataset
    drift: float

    @property
    def name(self) -> str:
        """The case in words."""
        start = f", C = {self.imbalance:g}" if self.imbalance else ""
        return f"{self.source}, N = {self.size}, D = {self.depth}{start}"

    @property
    def measured_slope(self) -> tuple[float, float]:
        """Measured dS/dη at zero, extrapolated from the three least η, and its uncertainty.

        With s(η) = (S(η) − S(0))/η = S' + aη + bη² + ... at h, 2h and 4h the differences d and e of
        neighbours give S' = s(h) − d + 2bh², and e − 2d = 6bh². The uncertainty stated is |d| +
        |e − 2d|, and the rounding of S over η.
        """
        eta = self.runs["eta"].to_numpy()[:3]
        s = (self.runs["final"].to_numpy()[:3] - self.limit) / eta
        d, e = np.diff(s)
        return float(s[0] - d), float(abs(d) + abs(e - 2 * d) + self.rounding)

    @property
    def slow_settled(self) -> bool:
        """Whether the runs with the three least η, which the slope is measured by, settled."""
        return bool((self.runs["status"][:3] == STATUS.index("converged")).all())

    @property
    def rounding(self) -> float:
        """What rounding of S makes of a slope, at the least η."""
        return float(1e-11 * self.limit / self.runs["eta"][0])

    @property
    def settled(self) -> xr.Dataset:
        """The runs that settled; ``share`` is η over 2/S(flow), ``level`` is S over 2/η."""
        mine = self.runs.isel(eta=np.flatnonzero(self.runs["status"] == STATUS.index("converged")))
        return mine.assign(
            share=mine["eta"] * self.limit / 2, level=mine["final"] * mine["eta"] / 2
        )

    @property
    def falls(self) -> bool:
        """Whether below the edge of the flow the final sharpness falls with every larger η."""
        below = self.settled.isel(eta=np.flatnonzero(self.settled["share"] < 1))
        return bool(np.all(np.diff([self.limit, *below["final"].to_numpy()]) < 0))


def start(
    chain: ChainOnData, imbalance: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a small state with ‖u‖² − v_i² = ``imbalance``·Q^{1/D} on the side of the targets."""
    scale = chain.Q ** (1 / chain.depth)
    u = random.normal(size=chain.rank)
    u *= np.sign(u @ (chain.sigma * chain.targets)) or 1.0
    length = np.sqrt(SHARE**2 + max(imbalance, 0.0)) * np.sqrt(scale)
    v = np.sqrt(SHARE**2 + max(-imbalance, 0.0)) * np.sqrt(scale)
    return length * u / np.linalg.norm(u), np.full(chain.depth - 1, v)


def initial_slope(chain: ChainOnData, u0: np.ndarray, v0: np.ndarray) -> tuple[float, float]:
    r"""Return dS/dη of the sharpness at the end of gradient descent, at η = 0; and the drift.

    A step changes C_i = ‖u‖² − v_i² by η² f_i, f_i = (V/v_i)²(v_i²‖h‖² − (u·h)²), and to first
    order the sum of η f_i over the steps is an integral along gradient flow. As C alone decides
    where the flow ends,

        dS/dη = Σ_i ∂S/∂C_i ∫ f_i dt.
    """
    solution = integrate(chain, u0, v0)
    u, v = solution.y[: chain.rank].T, solution.y[chain.rank :].T
    V = v.prod(axis=1, keepdims=True)
    h = chain.sigma * (chain.sigma * u * V - chain.targets) / chain.samples
    along = np.sum(u * h, axis=1, keepdims=True)
    rate = V**2 * np.sum(h**2, axis=1, keepdims=True) - (V / v) ** 2 * along**2
    C = chain.imbalance(u0, v0)
    step = 1e-4 * chain.Q ** (1 / chain.depth)

    def sharpness(layer: int, change: float) -> float:
        moved = C + change * (np.arange(len(C)) == layer)
        return float(chain.sharpness_at_minimum(chain.minimum(moved)[1]))

    gradient_of_S = [(sharpness(i, step) - sharpness(i, -step)) / (2 * step) for i in range(len(C))]
    drift = np.abs(chain.imbalance(u[-1], v[-1]) - C).max() / (u[-1] @ u[-1])
    return float(gradient_of_S @ simpson(rate, x=solution.t, axis=0)), float(drift)


def measure(
    name: str,
    samples: Samples,
    size: int,
    depth: int,
    imbalance: float,
    shares: np.ndarray,
    steps: int,
) -> Case:
    """Train with η = share · 2/S(flow), for each share; the first three are as 1 : 2 : 4."""
    problem = samples.problem(size, depth)
    chain = problem.chain
    u0, v0 = start(chain, imbalance, np.random.default_rng([SEED, size, depth]))
    *_, limit = chain.gradient_flow_limit(u0, v0)
    parts = []
    for mine, reach in ((shares < EDGE, REACH["below"]), (shares >= EDGE, REACH["at"])):
        if not mine.any():
            continue
        etas = shares[mine] * 2 / limit
        out = train(problem, etas, u0, v0, steps, every=20, reach=reach, measure_sharpness=False)
        if reach == REACH["at"]:
            out = _stayed(problem, out)
        diverged = (out["status"] == STATUS.index("diverged")).to_numpy()
        final = [
            np.inf if bad else chain.gradient_flow_limit(u, v)[2]
            for u, v, bad in zip(out["u"].to_numpy(), out["v"].to_numpy(), diverged, strict=True)
        ]
        columns = {"final": ("eta", final), "status": ("eta", out["status"].to_numpy())}
        parts.append(xr.Dataset(columns, {"eta": etas}))
    runs = xr.concat(parts, "eta")
    slope, drift = initial_slope(chain, u0, v0)
    return Case(name, size, depth, imbalance, limit, flattest(chain)[1], slope, runs, drift)


def _stayed(problem: Problem, out: xr.Dataset) -> xr.Dataset:
    """Train on, and keep the status "converged" for those that are still at a minimum."""
    again = train(
        problem,
        out["eta"].to_numpy(),
        out["u"].to_numpy(),
        out["v"].to_numpy(),
        STAY,
        every=STAY,
        reach=0.0,
        measure_sharpness=False,
    )
    end = (REACH["at"] * np.linalg.norm(problem.chain.targets)) ** 2 / (2 * problem.chain.samples)
    near = again["loss"][:, -1] <= end
    moving, bad = STATUS.index("still moving"), out["status"] == STATUS.index("diverged")
    status = again["status"].where(again["status"] != moving, np.where(near, 0, moving))
    return again.assign(status=out["status"].where(bad, status))


def in_weight_space(samples: Samples, size: int, depth: int, share: float, steps: int) -> float:
    """Relative distance of the weights after so many steps from training X and y as they are."""
    problem = samples.problem(size, depth)
    chain = problem.chain
    u, v = start(chain, 0.0, np.random.default_rng([SEED, size, depth]))
    eta = share * 2 / chain.gradient_flow_limit(u, v)[2]
    w, X, y = np.concatenate([chain.directions @ u, v]), samples.X[:size], samples.y[:size]
    for _ in range(steps):
        w = w - eta * gradient(X, y, w)
    own = train(problem, eta, u, v, steps, every=steps, reach=0.0, measure_sharpness=False)
    reduced = np.concatenate([chain.directions @ own["u"][0].to_numpy(), own["v"][0].to_numpy()])
    return float(np.linalg.norm(w - reduced) / np.linalg.norm(w))


def judge(cases: Sequence[Case], weight_space: float, steps: int) -> tuple[Check, ...]:
    """Hold descent against the flow, the edge, and the slope predicted."""
    eps = 10 * steps * float(np.finfo(float).eps)
    slopes = [(c.slope, *c.measured_slope) for c in cases if c.slow_settled]
    worst = max((abs(m - p) / e for p, m, e in slopes), default=np.inf)
    predicted = [c for c in cases if c.slope < -c.rounding]
    level = np.concatenate([c.settled["level"] for c in cases])
    past = np.concatenate([c.settled["level"][c.settled["share"] >= 1] for c in cases])
    beyond = [
        STATUS[int(s)] for c in cases for s in c.runs["status"][2 / c.runs["eta"] < c.flattest]
    ]
    drift = max(c.drift for c in cases)
    return (
        Check(
            f"Training X and y as they are ends with the same weights, to rounding over {steps} "
            f"steps, {eps:.0e}",
            f"relative distance {weight_space:.1e}",
            weight_space <= eps,
        ),
        Check(
            "The slope dS/dη at η = 0 is Σ ∂S/∂C_i ∫ (V/v_i)²(v_i²‖h‖² − (u·h)²) dt along gradient "
            "flow, to within the corrections that the measured one gets from η, 2η and 4η; the "
            f"flow's invariants kept to {DRIFT:.0e}",
            f"differences of at most {worst:.2g} of these in {len(slopes)} of {len(cases)} cases, "
            f"whose three least η settle in the steps given; drift {drift:.1e}",
            worst <= 1 and drift <= DRIFT,
        ),
        Check(
            "No run settles at a minimum sharper than 2/η, by more than what grows too slowly "
            f"to be seen in {STAY:,} steps, {UNSEEN:.1%}",
            f"at most {level.max():.4f} of 2/η in {len(level)} runs that settle",
            bool(level.max() <= 1 + UNSEEN),
        ),
        Check(
            "No run settles if 2/η is below the sharpness of the flattest minimum",
            ", ".join(f"{beyond.count(s)} {s}" for s in STATUS if s in beyond) or "no such run",
            STATUS[0] not in beyond,
        ),
        Check(
            "Below the edge of the flow, η < 2/S(flow), the final sharpness falls with every "
            "larger η in the cases whose predicted slope is negative",
            f"in {sum(c.falls for c in predicted)} of {len(predicted)}",
            all(c.falls for c in predicted),
        ),
        Check(
            "It falls in every case",
            f"in {sum(c.falls for c in cases)} of {len(cases)}"
            + "".join(f"; not for {c.name}" for c in cases if not c.falls),
            all(c.falls for c in cases),
            required=False,
        ),
        Check(
            "Past the edge of the flow descent that settles ends within 10% below 2/η",
            f"at {past.min():.3f} to {past.max():.3f} of 2/η in {len(past)} runs"
            if len(past)
            else "no such run settles",
            bool(len(past) and past.min() >= 0.9),
            required=False,
        ),
    )


def run(quick: bool, data: Path | None = None) -> Claim:
    """Compute, judge and draw."""
    draws = sources(data, np.random.default_rng(SEED))
    random = np.random.default_rng([SEED, 1])
    kept = {name: new(random) for name, new in draws.items()}
    first = next(iter(kept))
    shares = np.array([0.0625, 0.125, 0.25, 0.5, 0.75, 0.95, 1.05, 1.3, 1.5])
    if not quick:
        more = (1 / 32, 0.375, 0.625, 0.85, 1.02, 1.1, 1.15, 1.2, 1.4, 1.75, 2.0)
        shares = np.sort([*shares, *more])
    plan = [(first, 8, D, 0.0) for D in (2, 4)] + [("Gaussian", 8, 3, 0.0), (first, 8, 2, 3.0)]
    if not quick:
        plan += [(first, 16, D, 0.0) for D in (2, 3, 5)] + [(first, 32, 3, 0.0)]
        plan += [(s, 16, 3, 0.0) for s in kept if s != first]
        plan += [(first, 8, 2, C) for C in (-1.0, 0.5, 1.0)]
    most = 20_000 if quick else 200_000
    cases = [measure(s, kept[s], min(n, len(kept[s].y)), D, C, shares, most) for s, n, D, C in plan]
    steps = 400
    weight_space = in_weight_space(kept[first], min(8, len(kept[first].y)), 3, 0.5, steps)
    names = xr.DataArray([c.name for c in cases], dims="case", name="case")
    table = xr.concat([_table(c) for c in cases], names)
    rising = [c.name for c in cases if c.slope > 0]
    room = [c.limit / c.flattest for c in cases]
    return Claim(
        "A larger step size of gradient descent ends with a lower sharpness than gradient flow.",
        "chain paper, the effect of the step size",
        f"Data: {', '.join(kept)} in an order of seed {SEED}, cases as in the figure's data; "
        f"starts with {SHARE} of the minimum's weights and ‖u‖² − v² = C Q^(1/D), C = 0 unless "
        f"stated; η from {shares[0]:.3g} to {shares[-1]:g} of 2/S(flow); at most {most:,} steps, "
        f"until the residual is {REACH['below']:g} of the targets, {REACH['at']:g} from {EDGE} of "
        "the edge on. S is that of the minimum that gradient flow would reach from there.",
        judge(cases, weight_space, steps),
        draw(table, first),
        "Sharpness of the minimum that gradient descent heads for, over that at the end of "
        "gradient flow, against η over 2/S(flow). Filled: the run settled; open: it kept "
        f"oscillating. Dashed: 2/η. Above left: {first}; above right: other data; below left: "
        "starts with imbalance C Q^(1/D). Below right: the slope at η = 0, measured and as "
        "predicted from gradient flow; orange: the sharpness rises with η.",
        {"cases": table},
        "From balanced and nearly balanced starts the sharpness falls with η: in proportion to it "
        "below the edge of the flow, then along 2/η, up to η = 2/S of the flattest minimum "
        f"({min(room):.3g} to {max(room):.3g} times the flow's edge here), past which no run "
        "settles. Where ‖u‖² − v² is already so large that more of it sharpens the minimum, a "
        "larger η below the edge raises the sharpness"
        + (f": {', '.join(rising)}." if rising else "."),
    )


def _table(case: Case) -> xr.Dataset:
    share = case.runs["eta"].to_numpy() * case.limit / 2
    measured, error = case.measured_slope
    return xr.Dataset(
        {
            "source": case.source,
            "samples": case.size,
            "depth": case.depth,
            "final": ("share", case.runs["final"].to_numpy()),
            "status": ("share", case.runs["status"].to_numpy()),
            "limit": case.limit,
            "flattest": case.flattest,
            "imbalance": case.imbalance,
            "slope": case.slope,
            "measured_slope": measured,
            "slope_error": error,
        },
        {"share": np.round(share, 12)},
    )
