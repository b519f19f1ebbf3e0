"""The criteria of claim chain.4 about where SGD ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from scipy import stats

from paper_reproduction.chain.flow import DRIFT
from paper_reproduction.chain.stochasticity_runs import REACH, Case
from paper_reproduction.chain.training import STATUS
from paper_reproduction.claim import Check

__all__ = ["judge", "trend"]

LEVEL = 1e-3  # of significance, for all tests of a kind together
REPORTED = (1, -1)  # the final sharpness rises with B, and falls with η at B = 1


def trend(values: np.ndarray) -> tuple[int, float]:
    """Return whether the columns rise (1) or fall (−1) in order, and the p-value of that.

    Rows are independent runs, columns the settings in order. Kendall's τ of all values against
    their settings: the test of Jonckheere, Biometrika 41, 133 (1954).
    """
    column = np.broadcast_to(np.arange(values.shape[1]), values.shape).ravel()
    found = stats.kendalltau(column, values.ravel(), alternative="greater")
    up = float(found.pvalue)
    down = float(stats.kendalltau(column, values.ravel(), alternative="less").pvalue)
    return (1, up) if found.statistic > 0 else (-1, down)


class _Trend:
    """The trends of a case with B, and with η at B = 1, without replacement.

    Those of ``near`` are at the least η, where the prediction is sharpest (it moves S by O(η), with
    a spread of O(η^{3/2})), and over the three least; ``near`` is None where one of them is
    predicted to carry C past C*. Those of ``whole`` are at the largest η, and over all.
    """

    def __init__(self, case: Case, level: float) -> None:
        final = case.runs["final"].sel(scheme="without").transpose("seed", "batch", "eta")
        few = range(3)
        stays = not any(case.crosses(eta) for eta in case.runs["eta"].to_numpy()[few])
        self.case = case

        def directions(at: int, over: Sequence[int]) -> tuple[int, int]:
            with_size, p = trend(final.isel(eta=at).to_numpy())
            with_step, q = trend(final.sel(batch=1).isel(eta=list(over)).to_numpy())
            return with_size * (p < level), with_step * (q < level)  # 0: no trend

        self.near = directions(0, few) if stays else None
        self.whole = directions(final.sizes["eta"] - 1, range(final.sizes["eta"]))
        self.predicted = (int(-np.sign(case.noise)), int(np.sign(case.descent + case.noise)))


def judge(
    cases: Sequence[Case],
    windows: Mapping[str, xr.Dataset],
    drifts: Sequence[xr.Dataset],
    settling: Sequence[tuple[float, float]],
) -> tuple[Check, ...]:
    """Hold where SGD ends against what gradient flow alone predicts, and against the report."""
    level = LEVEL / (4 * len(cases))
    rows = [_Trend(c, level) for c in cases]
    near = [r for r in rows if r.near is not None]
    balanced = [r for r in near if r.case.imbalance == 0]
    met = [r.near == r.predicted for r in near]
    even = [r.near == REPORTED for r in balanced]
    unlike = [r.case.name for r in rows if r.whole != REPORTED]
    flow = max([c.drift for c in cases] + [float(w["drift"]) for w in windows.values()])
    return (
        _arrived(cases),
        _full(cases),
        _slopes(cases, flow),
        Check(
            "The trends are those predicted wherever the noise of B = 1 is predicted to leave C on "
            "its side of C*: with B at the least η of the sign of −b, with η at B = 1, over the "
            f"three least, of the sign of a + b (Jonckheere's test over seeds, p < {level:.1g} "
            f"each: {LEVEL:g} for all)",
            f"in {sum(met)} of these {len(near)} of {len(rows)} cases"
            + "".join(f"; not for {r.case.name}" for r in near if r.near != r.predicted),
            bool(near) and all(met),
        ),
        Check(
            "From a balanced start, C = 0, they are as reported there: B up, S up; at B = 1 η up, "
            "S down (the same tests)",
            f"in {sum(even)} of {len(balanced)}",
            bool(balanced) and all(even),
        ),
        Check(
            "They are as reported in every case and up to the largest η",
            f"not for {'; '.join(unlike)}" if unlike else f"in all {len(rows)}",
            not unlike,
            required=False,
        ),
        *_drifting(drifts, settling),
    )


def _arrived(cases: Sequence[Case]) -> Check:
    status = np.concatenate([c.runs["status"].to_numpy().ravel() for c in cases])
    full = all((c.runs["settled"] == 0).all() for c in cases)
    counts = {name: int(np.sum(status == i)) for i, name in enumerate(STATUS)}
    return Check(
        f"Data that can be interpolated: every run arrives (residual {REACH:g} of the targets)",
        ", ".join(f"{n} {name}" for name, n in counts.items() if n),
        counts[STATUS[0]] == len(status) and full,
    )


def _full(cases: Sequence[Case]) -> Check:
    tolerance = 10 * float(np.sqrt(np.finfo(float).eps))
    off = 0.0
    for c in cases:
        r = c.runs.sel(scheme="without").isel(batch=-1)
        off = max(off, float(abs(r["final"] / r["full"] - 1).fillna(np.inf).max()))
    return Check(
        "B = N without replacement is full-batch descent: the same end, to 10√ε (the samples come "
        "in another order, and rounding adds up over the steps)",
        f"largest relative difference {off:.1e}",
        off <= tolerance,
    )


def _slopes(cases: Sequence[Case], flow: float) -> Check:
    ratio, count = 0.0, 0
    relative = []
    for c in cases:
        s = c.noise_slopes
        miss, slack = abs(s["value"] - c.noise), s["correction"] + 4 * s["error"]
        noisy = c.runs["factor"] > 0
        worst = (miss / slack).where(noisy, 0.0).fillna(np.inf)  # a run that diverged is a miss
        ratio, count = max(ratio, float(worst.max())), count + int(noisy.sum())
        relative.append(float(miss.sel(batch=1).max() / abs(c.noise)))
    return Check(
        "∂S/∂(ηφ) at η = 0 is b = Σ ∂S/∂C_i ∫(V/v_i)²(v_i² tr Σ − uᵀΣu)dt along gradient flow, for "
        "every batch size, with and without replacement: to the correction that halving η makes "
        f"plus 4 standard errors; the flow's invariants kept to {DRIFT:.0e}",
        f"at most {ratio:.2g} of that in {count} comparisons; at B = 1 within {max(relative):.1%} "
        f"of b; drift {flow:.1e}",
        bool(ratio <= 1 and flow <= DRIFT),
    )


def _drifting(
    drifts: Sequence[xr.Dataset], settling: Sequence[tuple[float, float]]
) -> tuple[Check, ...]:
    worst, ahead, diverged = 0.0, [], 0
    for d in drifts:
        half, whole = d["mean"].isel(time=slice(1, None))
        error = np.sqrt(4 * d["error"][0] ** 2 + d["error"][1] ** 2)
        miss = abs(2 * half - whole - d["drift"])
        ratio = (miss / (abs(half - whole) + 4 * error)).fillna(np.inf)
        worst = max(worst, float(ratio.max()))
        ahead.append(bool(d.attrs["turn"] < float(d["drift"][-1])))
        diverged += int(d["diverged"])
    off = max(abs(measured / exact - 1) for measured, exact in settling)
    rising = [d["sharpness"][0].to_numpy() for d, past in zip(drifts, ahead, strict=True) if past]
    rises = [bool(S[-1] > S.min()) for S in rising]
    return (
        Check(
            "Data that cannot be interpolated, where SGD never settles: C follows dC/dτ = "
            "v² tr Σ − uᵀΣu along the minima, τ = η²φ a step, extrapolated to η = 0 within the "
            "correction that halving η makes plus 4 standard errors; no run diverges",
            f"at most {worst:.2g} of that in {sum(d.sizes['time'] - 1 for d in drifts)} means; "
            f"{diverged} diverge",
            bool(worst <= 1 and diverged == 0),
        ),
        Check(
            "Gradient flow on X and y from the end of such a run settles at the sharpness taken "
            "for it, to 1e-6: central differences with a relative step of 1e-5",
            f"largest relative difference {off:.1e}",
            off <= 1e-6,
        ),
        Check(
            "Where the drift carries C past C* the sharpness rises with further noise",
            f"{sum(rises)} of {len(rises)} such runs; C*, rest (in √Q): "
            + "; ".join(f"{d.attrs['turn']:.3g}, {d.attrs['rest']:.3g}" for d in drifts),
            all(rises),
        ),
    )
