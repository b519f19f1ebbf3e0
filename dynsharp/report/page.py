"""The page: its sections, the comparisons and the settings in one HTML file."""

from __future__ import annotations

import html
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from dynsharp.derive import Table, as_html, mathml
from dynsharp.report.result import Report
from dynsharp.report.rows import Row
from dynsharp.report.sections import (
    branches_section,
    chain_section,
    data_section,
    missing,
    uv_section,
)
from dynsharp.report.shell import framed, paragraph, prose
from dynsharp.version import __version__

_PACKAGES = ("numpy", "scipy", "sympy", "numba", "xarray", "matplotlib", "scikit-learn")


def write(result: Report) -> None:
    """Write the page of a report, a complete one or what there is of it."""
    sections = {
        "uv": ("The UV model", uv_section(result)),
        "chain": ("The chain on rank-one data", chain_section(result)),
        "branches": ("Branches and cascades", branches_section(result)),
        "data": ("The chain on real data", data_section(result)),
        "comparison": ("Theory against simulation", _comparison(result.compared)),
        "settings": ("Settings", _settings(result)),
    }
    papers = Path("paper_reproduction") / "paper_reproduction.html"
    if (result.page.parent / papers).is_file():
        link = f'<a href="{papers.as_posix()}">Both papers, claim by claim</a>'
        sections["papers"] = ("The papers", paragraph(f"{link}: computed, drawn and judged."))
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
    made, failed = len(result.compared), [r for r in result.compared if not r.passed]
    if result.interrupted:
        return f"Interrupted. {made} comparisons were made, {len(failed)} of them fail."
    if failed:
        names = "; ".join(html.escape(r.name) for r in failed)
        return f"{len(failed)} of {made} comparisons fail: {names}."
    return (
        f"All {made} comparisons of a derived value with a simulation agree within "
        "the stated tolerances."
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
    return "\n".join(parts) or missing()


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
