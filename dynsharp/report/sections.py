"""The sections of the page: for each model prose, exact statements and figures."""

from __future__ import annotations

import html
from typing import Any

import sympy as sp

from dynsharp.derive import Table, as_html, equation, letter, mathml, next_value
from dynsharp.networks.data import Data
from dynsharp.report.continued import Continued, cascade_table
from dynsharp.report.exact_chain import ChainTheory
from dynsharp.report.exact_uv import UVTheory
from dynsharp.report.result import Report
from dynsharp.report.shell import embedded, paragraph, prose


def uv_section(result: Report) -> str:
    """Return the section of the UV model."""
    t: UVTheory | None = result.theory.get("uv")
    if t is None:
        return missing()
    shown = t.scaled.tables()
    return "".join(
        [
            paragraph(
                "A two-layer linear network f = vᵀUx/√n<sub>eff</sub> on one example (x, y), loss "
                "½(f − y)², trained by gradient descent with step η. With g = ‖x‖/√n<sub>eff</sub>,"
                " the error Δf = f − y and the trace λ of the neural tangent kernel close exactly, "
                "for every width (Kalra, He, Barkeshli, ICLR 2025):"
            ),
            _equations(t.physical.map),
            paragraph("In the scaled variables z = ηgΔf, k = ηλ, ρ = ηgy:"),
            _equations(t.scaled.map),
            "<h3>Exact statements</h3>\n",
            as_html(shown[1:], level=4),
            "<h4>Critical step in physical units</h4>",
            as_html([_critical_steps(t)], level=4),
            "<h3>On the edge-of-stability manifold</h3>\n",
            paragraph(
                f"The flip occurs on {mathml(equation(t.manifold.equation, 0))}, "
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
        (equation(eta, s.value), s.kind, s.criticality or "", s.condition)
        for s in t.physical.thresholds[0, eta]
    ]
    return Table("", ("threshold", "bifurcation", "criticality", "if"), rows)


def _uv_consequences(t: UVTheory) -> Table:
    (F,) = t.reduced.map.state
    multiplier = t.cycle.multipliers[0]
    rows: list[Any] = [
        ("flip of the fixed point", equation(t.rho, t.flip.value)),
        ("rate of the multiplier there", t.form.a),
        ("cubic coefficient (positive: supercritical)", t.form.b),
        ("amplitude² of the 2-cycle per unit of ρ − 1", t.form.amplitude2),
        ("2-cycle", [equation(F, p[F]) for p in t.cycle.points]),
        ("its multiplier along the manifold", multiplier),
        ("its multiplier across the manifold", t.transverse_multiplier),
        ("mean of k over it", t.mean_trace),
        ("flip of the 2-cycle", equation(t.rho, t.second_flip)),
        ("the invariant triangle opens", equation(t.rho, t.end)),
        ("Lyapunov exponent there: a Chebyshev map", t.exponent_at_end),
        ("conserved by gradient flow", t.conserved),
    ]
    return Table("Along the route to chaos", ("statement", "exactly"), rows)


def chain_section(result: Report) -> str:
    """Return the section of the chain on data of rank one."""
    t: ChainTheory | None = result.theory.get("chain")
    if t is None:
        return missing()
    shown = t.chains[min(t.chains)]
    rows: list[Any] = [
        (
            str(depth),
            equation(sp.Symbol("eta_c"), t.critical_step(depth).value),
            t.critical_step(depth).criticality or "",
            [equation(x, e) for x, e in t.critical_step(depth).state.items()],
        )
        for depth in t.chains
    ]
    columns = ("depth", "no minimum is stable past", "criticality", "where the last one is")
    steps = Table("Critical step by depth", columns, rows)
    family = [
        ("edge: multiplier −1", equation(t.family.unknown, t.family.value)),
        ("drift along the family per amplitude²", list(t.family.drift or ())),
        ("change of the multiplier along the family", list(t.family.rate or ())),
        ("their product (positive: self-stabilising)", t.family.product),
        ("cubic coefficient", t.family.cubic),
    ]
    forms: list[Any] = [
        ("flip", equation(t.flip.parameter, t.flip.value)),
        ("criticality", str(t.flip.criticality)),
        ("rate of the multiplier", t.form.a),
        ("cubic coefficient", t.form.b),
    ]
    return "".join(
        [
            paragraph(
                "A deep linear network with one neuron a layer (Yoo, Song, Yun, ICML 2025), on "
                "data of rank one: gradient descent on ½(P − q)² of the product P of D scalars. "
                "For depth 2:"
            ),
            _equations(shown.map),
            "<h3>Exact statements</h3>\n",
            as_html([steps], level=4),
            as_html(shown.tables()[1:], level=4),
            "<h3>Balanced, any depth</h3>\n",
            paragraph(
                "With all weights equal, in units of the balanced minimum and of its η<sub>c</sub>:"
            ),
            _equations(t.balanced.map),
            as_html([Table("Normal form of the flip", ("statement", "exactly"), forms)], level=4),
            "<h3>The edge of stability on the family of minima</h3>\n",
            paragraph(
                "Minima come in a family, so the flip there is a bifurcation without parameters: "
                "oscillation drives a drift along the family. For depth 2:"
            ),
            as_html([Table("", ("statement", "exactly"), family)], level=4),
            _stabilising(t),
            "<h3>Figures</h3>\n",
            _figures(result, "chain"),
        ]
    )


def _stabilising(t: ChainTheory) -> str:
    where = t.family.self_stabilising
    if where is None or where is False:
        return paragraph(html.escape(t.family.reading) + ".")
    on = "" if where is True else f" where {mathml(sp.sympify(where))}"
    return paragraph(
        f"The product is positive{on}: there the oscillation carries the weights to lower "
        "sharpness, back below the edge, and its amplitude² grows to excess²/product on the way."
    )


def branches_section(result: Report) -> str:
    """Return the section of what was continued."""
    found: Continued | None = result.theory.get("branches")
    if found is None:
        return missing()
    d = found.diagram
    return "".join(
        [
            paragraph(
                "Pseudo-arclength continuation from the derived fixed points over "
                f"{letter(d.parameter)} from {d.span[0]:g} to {d.span[1]:g}: at every flip the "
                "doubled cycle is followed as well, at every branch point all other branches. Each "
                "special point is located to rounding on its defining equations."
            ),
            _figures(result, "branches"),
            "<h3>Cascades</h3>\n",
            paragraph(
                "Flips to thirty digits; the balanced chain of depth 2 is the UV map. The ratios "
                "of their distances tend to Feigenbaum's δ at every depth alike; the errors are "
                "bounds from the convergence."
            ),
            as_html([cascade_table(name, c) for name, c in found.cascades.items()], level=4),
        ]
    )


def data_section(result: Report) -> str:
    """Return the section of the chain on real data."""
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
            paragraph(
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


def _equations(m: Any) -> str:
    lines = [mathml(next_value(x, e), block=True) for x, e in m.update.items()]
    if m.domain not in (sp.true, sp.false):
        lines.append(paragraph(f"on {mathml(m.domain)}."))
    return "\n".join(lines)


def _figures(result: Report, part: str) -> str:
    found = []
    for n, p in enumerate((p for p in result.pictures if p.part == part), start=1):
        caption = f"Figure {n}. {prose(p.caption)} ({p.file.stem}.pdf)"
        found.append(embedded(p.file, p.caption, caption))
    return "\n".join(found) or paragraph("None: the run was interrupted.")


def missing() -> str:
    """Return what stands for what an interrupted run did not come to."""
    return paragraph("Not derived: the run was interrupted.")
