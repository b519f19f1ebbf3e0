"""Branches side by side with AUTO-07p: ``python -m analysis.benchmarks.against_auto``.

Both follow the same fixed point over the same span in about 2,000 points, with exact Jacobians and
all tests for special points on, in turn, several rounds; medians. AUTO's time is that of its
process, and less that of a process with two points; ours is that of the whole call, special points
and normal forms included. Then the errors of the flip at AUTO's usual tolerances and at tight ones,
and what either says on a family of fixed points.

AUTO-07p (Doedel, Oldeman) has to be installed: on Debian ``apt install auto-07p gfortran``.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sympy as sp

import dynsharp as ds

LIBRARY = Path("/usr/lib/auto-07p/lib")
USUAL, TIGHT = (
    {"EPSL": 1e-7, "EPSU": 1e-7, "EPSS": 1e-5},
    {"EPSL": 1e-13, "EPSU": 1e-13, "EPSS": 1e-11},
)
POINTS = 2000


@dataclass(frozen=True)
class Case:
    """A branch to follow, and the exact value of its flip."""

    map: ds.DiscreteMap
    parameter: str
    start: dict[str, float]
    span: tuple[float, float]
    flip: float
    fixed: dict[str, float]


def cases() -> dict[str, Case]:
    """Return the branches; they start at the left end of the span, near the fixed point."""
    eos, henon = ds.systems.uv_eos(), ds.systems.henon()
    b = henon.parameter("b")
    thresholds = [t for p in ds.fixed_points(henon) for t in ds.thresholds(p, "a")]
    (flip,) = (t.value.subs(b, sp.Rational(3, 10)) for t in thresholds if t.kind == "flip")
    return {
        "EoS": Case(eos, "rho", {"F": 0.2}, (0.2, 2.0), 1.0, {}),
        "Hénon": Case(henon, "a", {"x": 0.9, "y": 0.3}, (0.01, 1.4), float(flip), {"b": 0.3}),
    }


class Auto:
    """A map compiled for AUTO in a folder."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder
        folder.mkdir()
        (folder / "equations.f90").write_text(_fortran(case), encoding="ascii")
        for command in (
            ["gfortran", "-O3", "-march=native", "-c", "equations.f90"],
            ["gfortran", "-fopenmp", "equations.o", *map(str, LIBRARY.glob("*.o")), "-o", "run"],
        ):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)

    def run(self, points: int, step: float, tolerances: dict[str, float]) -> float:
        """Run so many points; return the seconds that the process took."""
        low, high = self.case.span
        constants = {
            "NDIM": self.case.map.dimension, "IPS": -1, "IRS": 0, "ILP": 1, "ICP": "[1]",
            "NTST": 1, "NCOL": 4, "IAD": 0, "ISP": 2, "ISW": 1, "IPLT": 0, "NBC": 0, "NINT": 0,
            "NMX": points, "NPR": 0, "MXBF": 0, "IID": 0, "ITMX": 9, "ITNW": 7, "NWTN": 3, "JAC": 1,
            "DS": step, "DSMIN": step / 1000, "DSMAX": step, "IADS": 1, "RL0": low - 1e-6,
            "RL1": high, "NPAR": 1, **tolerances,
        }  # fmt: skip
        text = "".join(f"{name}={value}\n" for name, value in constants.items())
        (self.folder / "fort.2").write_text(text, encoding="ascii")
        begun = time.perf_counter()
        subprocess.run(["./run"], cwd=self.folder, check=True, capture_output=True)
        return time.perf_counter() - begun

    def labelled(self) -> list[tuple[int, float]]:
        """Return the special points of the last run: AUTO's type number, the parameter."""
        rows = (line.split() for line in (self.folder / "fort.7").read_text().splitlines())
        return [(int(r[2]), float(r[4])) for r in rows if r[0] != "0" and r[2] != "0"]

    def points(self) -> int:
        """Return how many points the last run has."""
        return sum(
            not line.startswith("   0")
            for line in (self.folder / "fort.7").read_text().splitlines()
        )


def _fortran(case: Case) -> str:
    """Return FUNC with F, DF and dF/dp, and STPNT with the fixed point at the start."""
    map = case.map
    parameter = map.parameter(case.parameter)
    fixed = {map.parameter(k): sp.Float(v) for k, v in case.fixed.items()}
    names = {s: sp.Symbol(f"U({i})") for i, s in enumerate(map.state, start=1)}
    names[parameter] = sp.Symbol("PAR(1)")
    F = sp.Matrix([e.subs(fixed) for e in map.expressions])

    def assigned(target: str, e: sp.Expr) -> str:
        return sp.fcode(e.subs(names), assign_to=target, source_format="free", standard=95)

    def matrix(target: str, m: sp.Matrix) -> list[str]:
        return [
            assigned(f"{target}({i + 1},{j + 1})", m[i, j])
            for i in range(m.rows)
            for j in range(m.cols)
        ]

    low, begun = case.span[0], ours(case)
    state = begun.states[0, 0] if not begun.family else case.start.values()
    return "\n".join(
        [
            "SUBROUTINE FUNC(NDIM,U,ICP,PAR,IJAC,F,DFDU,DFDP)",
            "IMPLICIT NONE",
            "INTEGER NDIM, ICP(*), IJAC",
            "DOUBLE PRECISION U(NDIM), PAR(*), F(NDIM), DFDU(NDIM,NDIM), DFDP(NDIM,*)",
            *(assigned(f"F({i})", e) for i, e in enumerate(F, start=1)),
            "IF (IJAC.EQ.0) RETURN",
            *matrix("DFDU", F.jacobian(list(map.state))),
            "IF (IJAC.EQ.1) RETURN",
            *matrix("DFDP", F.diff(parameter)),
            "END SUBROUTINE FUNC",
            "SUBROUTINE STPNT(NDIM,U,PAR,T)",
            "IMPLICIT NONE",
            "INTEGER NDIM",
            "DOUBLE PRECISION U(NDIM), PAR(*), T",
            f"PAR(1) = {low!r}d0",
            *(f"U({i}) = {float(x)!r}d0" for i, x in enumerate(state, start=1)),
            "END SUBROUTINE STPNT",
            *(f"SUBROUTINE {n}\nEND SUBROUTINE {n}" for n in ("BCND", "ICND", "FOPT", "PVLS")),
        ]
    ) + "\n"  # fmt: skip


def ours(case: Case, step: float = 0.01) -> Any:
    """Follow the same branch."""
    return ds.continue_fixed_point(
        case.map, case.parameter, case.start, case.span[0], case.span, fixed=case.fixed, step=step
    )


def calibrated(points: Any) -> float:
    """Return the step with which a branch has about 2,000 points."""
    step = 0.001
    for _ in range(8):
        step *= points(step) / POINTS
    return step


def side_by_side(name: str, case: Case, folder: Path, rounds: int) -> None:
    """Print the times of both, in turn, and the errors of the flip."""
    auto = Auto(case, folder)

    def count(step: float) -> int:
        auto.run(20 * POINTS, step, USUAL)
        return auto.points()

    steps = calibrated(lambda step: len(ours(case, step))), calibrated(count)
    processes, starts, calls = [], [], []
    for _ in range(rounds):
        processes.append(auto.run(20 * POINTS, steps[1], USUAL))
        points = auto.points()
        starts.append(auto.run(2, steps[1], USUAL))
        begun = time.perf_counter()
        branch = ours(case, steps[0])
        calls.append(time.perf_counter() - begun)
    process, start, call = (statistics.median(t) for t in (processes, starts, calls))
    print(
        f"{name:8}{points:8}{process * 1e3:10.1f}{(process - start) * 1e3:10.1f}"
        f"{len(branch):8}{call * 1e3:10.1f}{process / call:9.1f}{(process - start) / call:9.1f}"
    )
    errors = []
    for tolerances in (USUAL, TIGHT):
        auto.run(20 * POINTS, steps[1], tolerances)
        flips = [value for kind, value in auto.labelled() if kind == 7 and case.span[0] < value]
        errors.append(min((abs(f - case.flip) for f in flips), default=float("nan")))
    (flip,) = (p for p in branch.special_points if p.kind == "flip")
    print(
        f"        error of the flip: AUTO {errors[0]:.0e}, tight {errors[1]:.0e}; "
        f"ours {abs(flip.value - case.flip):.0e} (stated {flip.uncertainty:.0e})"
    )


def family(folder: Path) -> None:
    """Print what both say on the family z = 0 of the UV map."""
    case = Case(ds.systems.uv(), "rho", {"z": 0.0, "k": 1.6}, (0.5, 2.0), float("nan"), {})
    auto = Auto(case, folder)
    auto.run(400, 0.005, USUAL)
    found = [value for kind, value in auto.labelled() if kind not in (9, -9, 4, -4)]
    says = f"{auto.points()} points, bifurcations: {found or 'none'}"
    print(f"\nUV map, the fixed points z = 0\nAUTO: {says}")
    print(f"ours: {ours(case).special_points}")


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds to take the median of")
    rounds = parser.parse_args().rounds
    if not LIBRARY.is_dir() or shutil.which("gfortran") is None:
        sys.exit(f"AUTO-07p ({LIBRARY}) and gfortran are needed: apt install auto-07p gfortran")
    print("            AUTO: points, ms, less start   ours: points, ms   ratio, less start")
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases().items():
            side_by_side(name, case, Path(folder) / name, rounds)
        family(Path(folder) / "family")


if __name__ == "__main__":
    main()
