"""The page: prose, tables and figures put together into one HTML file that needs no network."""

from __future__ import annotations

import html
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import sympy as sp

from dynsharp.derive import Table, as_html, letter, mathml, next_value
from dynsharp.networks.data import Data
from dynsharp.report.continued import Continued, cascade_table
from dynsharp.report.exact_chain import ChainTheory
from dynsharp.report.exact_uv import UVTheory
from dynsharp.report.result import Report
from dynsharp.report.rows import Row
from dynsharp.report.shell import embedded, framed, prose
from dynsharp.version import __version__

__all__ = ["write"]

_PACKAGES = ("numpy", "scipy", "sympy", "numba", "xarray", "matplotlib", "scikit-learn")


def write(result: Report) -> None:
    """Write the page of a report, a complete one or what there is of it."""
    sections = {
        "uv": ("The UV model", _uv(result)),
        "chain": ("The chain on rank-one data", _chain(result)),
        "branches": ("Branches and cascades", _branches(result)),
        "data": ("The chain on real data", _data(result)),
        "comparison": ("Theory against simulation", _comparison(result.rows)),
        "settings": ("Settings", _settings(result)),
    }
    papers = Path("paper_reproduction") / "paper_reproduction.html"
    if (result.page.parent / papers).is_file():
        link = f'<a href="{papers.as_posix()}">Both papers, claim by claim</a>'
        sections["papers"] = ("The papers", _p(f"{link}: computed, drawn and judged."))
    page = framed(
        "Gradient descent at the edge of stability: theory against simulation",
        "Two minimal models of neural-network training as discrete dynamical systems. "
        f"Every formula below was derived by dynsharp {__version__} in the run that made this "
        "page.",
        _verdict(result),
        sections,
        fails=not result.passed,
    )
    result.page.parent.mkdir(parents=True, exist_ok=True)
    result.page.write_text(page, encoding="utf-8")


def _verdict(result: Report) -> str:
    failed = [r for r in result.rows if not r.passed]
    if result.interrupted:
        return f"Interrupted. {len(result.rows)} comparisons were made, {len(failed)} of them fail."
    if failed:
        names = "; ".join(html.escape(r.name) for r in failed)
        return f"{len(failed)} of {len(result.rows)} comparisons fail: {names}."
    return (
        f"All {len(result.rows)} comparisons of a derived value with a simulation agree within "
        "the stated tolerances."
    )


def _p(text: str) -> str:
    return f"<p>{text}</p>\n"


def _missing() -> str:
    return _p("Not derived: the run was interrupted.")


def _uv(result: Report) -> str:
    t: UVTheory | None = result.theory.get("uv")
    if t is None:
        return _missing()
    shown = t.scaled.tables()
    return "".join(
        [
            _p(
                "A two-layer linear network f = vᵀUx/√n<sub>eff</sub> on one example (x, y), loss "
                "½(f − y)², trained by gradient descent with step η. With g = ‖x‖/√n<sub>eff</sub>,"
                " the error Δf = f − y and the trace λ of the neural tangent kernel close exactly, "
                "for every width (Kalra, He, Barkeshli, ICLR 2025):"
            ),
            _equations(t.physical.map),
            _p("In the scaled variables z = ηgΔf, k = ηλ, ρ = ηgy:"),
            _equations(t.scaled.map),
            "<h3>Exact statements</h3>\n",
            as_html(shown[1:], level=4),
            "<h4>Critical step in physical units</h4>",
            as_html([_critical_steps(t)], level=4),
            "<h3>On the edge-of-stability manifold</h3>\n",
            _p(
                f"The flip occurs on {mathml(sp.Eq(t.manifold.equation, 0, evaluate=False))}, "
                "which holds a map of one variable, F = z + ρ:"
            ),
            _equations(t.reduced.map),
            as_html([_uv_consequences(t)], level=4),
            "<h3>Figures</h3>\n",
            _figures(result, "uv"),
        ]
    )


def _critical_steps(t: UVTheory) -> Table:
    eta = t.physical.map.parameters[0]
    rows: list[Any] = [
        (sp.Eq(eta, s.value, evaluate=False), s.kind, s.criticality or "", s.condition)
        for s in t.physical.thresholds[0, eta]
    ]
    return Table("", ("threshold", "bifurcation", "criticality", "if"), rows)


def _uv_consequences(t: UVTheory) -> Table:
    (F,) = t.reduced.map.state
    multiplier = t.cycle.multipliers[0]
    rows: list[Any] = [
        ("flip of the fixed point", sp.Eq(t.rho, t.flip.value, evaluate=False)),
        ("rate of the multiplier there", t.form.a),
        ("cubic coefficient (positive: supercritical)", t.form.b),
        ("amplitude² of the 2-cycle per unit of ρ − 1", t.form.amplitude2),
        ("2-cycle", [sp.Eq(F, p[F], evaluate=False) for p in t.cycle.points]),
        ("its multiplier along the manifold", multiplier),
        ("its multiplier across the manifold", t.transverse_multiplier),
        ("mean of k over it", t.mean_trace),
        ("flip of the 2-cycle", sp.Eq(t.rho, t.second_flip, evaluate=False)),
        ("the invariant triangle opens", sp.Eq(t.rho, t.end, evaluate=False)),
        ("Lyapunov exponent there: a Chebyshev map", t.exponent_at_end),
        ("conserved by gradient flow", t.conserved),
    ]
    return Table("Along the route to chaos", ("statement", "exactly"), rows)


def _chain(result: Report) -> str:
    t: ChainTheory | None = result.theory.get("chain")
    if t is None:
        return _missing()
    shown = t.chains[min(t.chains)]
    rows: list[Any] = [
        (
            str(depth),
            sp.Eq(sp.Symbol("eta_c"), t.critical_step(depth).value, evaluate=False),
            t.critical_step(depth).criticality or "",
            [sp.Eq(x, e, evaluate=False) for x, e in t.critical_step(depth).state.items()],
        )
        for depth in t.chains
    ]
    columns = ("depth", "no minimum is stable past", "criticality", "where the last one is")
    steps = Table("Critical step by depth", columns, rows)
    family = [
        ("edge: multiplier −1", sp.Eq(t.family.unknown, t.family.value, evaluate=False)),
        ("drift along the family per amplitude²", list(t.family.drift or ())),
        ("change of the multiplier along the family", list(t.family.rate or ())),
        ("their product (positive: self-stabilising)", t.family.product),
        ("cubic coefficient", t.family.cubic),
    ]
    forms: list[Any] = [
        ("flip", sp.Eq(t.flip.parameter, t.flip.value, evaluate=False)),
        ("criticality", str(t.flip.criticality)),
        ("rate of the multiplier", t.form.a),
        ("cubic coefficient", t.form.b),
    ]
    return "".join(
        [
            _p(
                "A deep linear network with one neuron a layer (Yoo, Song, Yun, ICML 2025), on "
                "data of rank one: gradient descent on ½(P − q)² of the product P of D scalars. "
                "For depth 2:"
            ),
            _equations(shown.map),
            "<h3>Exact statements</h3>\n",
            as_html([steps], level=4),
            as_html(shown.tables()[1:], level=4),
            "<h3>Balanced, any depth</h3>\n",
            _p(
                "With all weights equal, in units of the balanced minimum and of its η<sub>c</sub>:"
            ),
            _equations(t.balanced.map),
            as_html([Table("Normal form of the flip", ("statement", "exactly"), forms)], level=4),
            "<h3>The edge of stability on the family of minima</h3>\n",
            _p(
                "Minima come in a family, so the flip there is a bifurcation without parameters: "
                "oscillation drives a drift along the family. For depth 2:"
            ),
            as_html([Table("", ("statement", "exactly"), family)], level=4),
            _stabilising(t),
            "<h3>Figures</h3>\n",
            _figures(result, "chain"),
        ]
    )


def _branches(result: Report) -> str:
    found: Continued | None = result.theory.get("branches")
    if found is None:
        return _missing()
    d = found.diagram
    return "".join(
        [
            _p(
                "Pseudo-arclength continuation from the derived fixed points over "
                f"{letter(d.parameter)} from {d.span[0]:g} to {d.span[1]:g}: at every flip the "
                "doubled cycle is followed as well, at every branch point all other branches. Each "
                "special point is located to rounding on its defining equations."
            ),
            _figures(result, "branches"),
            "<h3>Cascades</h3>\n",
            _p(
                "Flips to thirty digits; the balanced chain of depth 2 is the UV map. The ratios "
                "of their distances tend to Feigenbaum's δ at every depth alike; the errors are "
                "bounds from the convergence."
            ),
            as_html([cascade_table(name, c) for name, c in found.cascades.items()], level=4),
        ]
    )


def _stabilising(t: ChainTheory) -> str:
    where = t.family.self_stabilising
    if where is None or where is False:
        return _p(html.escape(t.family.reading) + ".")
    on = "" if where is True else f" where {mathml(sp.sympify(where))}"
    return _p(
        f"The product is positive{on}: there the oscillation carries the weights to lower "
        "sharpness, back below the edge, and its amplitude² grows to excess²/product on the way."
    )


def _data(result: Report) -> str:
    data: Data = result.data
    rows: list[Any] = []
    for depth in result.effort.depths:
        c = data.chain(depth)
        lower, upper = c.sharpness_bounds
        numbers = (2 / c.eta_c, lower, upper, c.predicted_sharpness, c.eta_c)
        rows.append((str(depth), *(f"{x:.6g}" for x in numbers)))
    columns = ("depth", "sharpness S", "lower bound", "upper bound", "predicted", "critical step")
    whole, part = data.chain(2), data.chain(2, whole=False)
    return "".join(
        [
            _p(
                f"{html.escape(data.name[0].upper() + data.name[1:])}: N = {whole.samples} samples "
                f"of rank {whole.rank}, difficulty Q = ‖X⁺y‖² = {whole.Q:.6g}. Where training has "
                f"to reach the minimum, the {data.directions} leading singular directions with "
                f"σ ≥ σ₁/20 are used, for which Q = {part.Q:.6g}."
            ),
            as_html([Table("Balanced minimum on all data", columns, rows)], level=3),
            "<h3>Figures</h3>\n",
            _figures(result, "data"),
        ]
    )


def _comparison(rows: Sequence[Row]) -> str:
    parts = []
    for part in dict.fromkeys(r.part for r in rows):
        head = "<th>claim</th><th>exactly</th>" + "".join(
            f'<th class="number">{c}</th>'
            for c in ("theory", "simulation", "difference", "tolerance", "")
        )
        body = "".join(_row(r) for r in rows if r.part == part)
        parts.append(
            f"<h3>{html.escape(part[0].upper() + part[1:])}</h3>\n"
            '<div class="wide"><table class="rows">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
    return "\n".join(parts) or _missing()


def _row(r: Row) -> str:
    exact = "" if r.exact is None else mathml(r.exact)
    verdict = "pass" if r.passed else "fail"
    numbers = (
        _number(r.theory),
        _number(r.simulation),
        f"{r.difference:.1e}",
        f"{r.tolerance:.1e}",
    )
    return (
        f"<tr><td>{prose(r.name)}<small>tolerance: {prose(r.because)}</small></td>"
        f"<td>{exact}</td>"
        + "".join(f'<td class="number">{_minus(n)}</td>' for n in numbers)
        + f'<td class="{verdict}">{verdict}</td></tr>'
    )


def _number(x: float) -> str:
    return f"{x:.9g}"


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _settings(result: Report) -> str:
    e = result.effort
    rows: list[Any] = [
        ("seed of random starts", str(result.seed)),
        ("data", result.data.name),
        ("networks (width, s)", ", ".join(f"({n}, {s:g})" for n, s in e.networks)),
        ("steps behind an onset of oscillation", f"{e.steps:,}"),
        ("steps of training behind a critical step", f"{e.training:,}"),
        ("Python", platform.python_version()),
        ("dynsharp", __version__),
    ]
    for package in _PACKAGES:
        try:
            rows.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue
    return as_html([Table("", ("setting", "value"), rows)], level=3)


def _equations(m: Any) -> str:
    lines = [mathml(next_value(x, e), block=True) for x, e in m.update.items()]
    if m.domain not in (sp.true, sp.false):
        lines.append(_p(f"on {mathml(m.domain)}."))
    return "\n".join(lines)


def _figures(result: Report, part: str) -> str:
    found = []
    for n, p in enumerate((p for p in result.pictures if p.part == part), start=1):
        caption = f"Figure {n}. {prose(p.caption)} ({p.file.stem}.pdf)"
        found.append(embedded(p.file, p.caption, caption))
    return "\n".join(found) or _p("None: the run was interrupted.")
