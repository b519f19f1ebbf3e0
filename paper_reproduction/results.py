"""The results as a table in Markdown and as a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dynsharp.report.shell import embedded, framed, prose
from paper_reproduction.collection import title

__all__ = ["write_page", "write_table"]

PAPERS = {
    "uv": "Kalra, He, Barkeshli, Universal Sharpness Dynamics in Neural Network Training, "
    "ICLR 2025, arXiv 2311.02076",
    "chain": "Yoo, Song, Yun, Understanding Sharpness Dynamics in NN Training with a Minimalist "
    "Example, ICML 2025, arXiv 2506.06940",
}


def write_table(records: Sequence[dict[str, Any]], path: Path, figures: Path) -> None:
    """Write the claims with their outcomes, then each with what was computed and found."""
    to = Path(os.path.relpath(figures, path.parent)).as_posix()
    lines = [
        "# Both papers, claim by claim",
        "",
        "Written by `python -m paper_reproduction`; the settings are ours, since those of the "
        "papers' figures are not known. A claim *holds in part* if all that it requires was found, "
        "with limits.",
        "",
        "| | Claim | Outcome | Criteria met |",
        "|---|---|---|---|",
    ]
    for r in records:
        met = sum(c["holds"] for c in r["checks"])
        link = f"[{r['key']}](#{_anchor(r['key'])})"
        row = (link, r["sentence"], f"**{r['outcome']}**", f"{met} of {len(r['checks'])}")
        lines.append("| " + " | ".join(_cell(c) for c in row) + " |")
    for paper, name in PAPERS.items():
        mine = [r for r in records if r["key"].startswith(paper)]
        if mine:
            lines += ["", f"## {name}"]
        for r in mine:
            lines += [
                "",
                f"### {r['key']} {title(r['key'])}",
                "",
                f"{r['sentence']} ({r['source']})",
                "",
            ]
            lines += [f"**{r['outcome'].capitalize()}.** {r['where']}".rstrip(), ""]
            lines += [f"{r['computed']}", "", "| Criterion | Found | Met |", "|---|---|---|"]
            lines += [
                f"| {_cell(c['criterion'])} | {_cell(c['measured'])} | {_met(c)} |"
                for c in r["checks"]
            ]
            lines += ["", f"![{r['sentence']}]({to}/{r['figure']})", "", r["caption"]]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_page(records: Sequence[dict[str, Any]], folder: Path) -> Path:
    """Write ``paper_reproduction.html`` into the folder of the figures."""
    count = {o: sum(r["outcome"] == o for r in records) for o in ("holds", "holds in part")}
    failed = [r["key"] for r in records if r["outcome"] == "fails"]
    verdict = (
        f"Of {len(records)} claims {count['holds']} hold, {count['holds in part']} in part"
        + (f", {', '.join(failed)} fail." if failed else ", none fails.")
    )
    page = framed(
        "Two papers on sharpness, claim by claim",
        "; ".join(PAPERS.values()) + ". The settings are ours.",
        verdict,
        {r["key"].replace(".", "-"): (title(r["key"]), _section(r, folder)) for r in records},
        fails=bool(failed),
    )
    path = folder / "paper_reproduction.html"
    path.write_text(page, encoding="utf-8")
    return path


def _section(r: dict[str, Any], folder: Path) -> str:
    rows = "".join(
        f"<tr><td>{prose(c['criterion'])}</td><td>{prose(c['measured'])}</td>"
        f'<td class="{"pass" if c["holds"] else "fail"}">{_met(c)}</td></tr>'
        for c in r["checks"]
    )
    files = ", ".join(r["data"])
    return (
        f"<p>{prose(r['sentence'])}</p>"
        f'<p class="note">{prose(r["key"])}: {prose(r["source"])}</p>'
        f"<p><strong>{r['outcome'].capitalize()}.</strong> {prose(r['where'])}</p>"
        f"<p>{prose(r['computed'])}</p>"
        '<div class="wide"><table class="rows"><thead><tr><th>criterion</th><th>found</th><th></th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
        + embedded(folder / r["figure"], r["sentence"], f"{prose(r['caption'])} Data: {files}")
    )


def _anchor(key: str) -> str:
    """Return the anchor of a heading as Markdown's readers make it."""
    return f"{key} {title(key)}".lower().replace(".", "").replace(" ", "-")


def _met(check: dict[str, Any]) -> str:
    if check["holds"]:
        return "yes"
    return "no" if check["required"] else "no (a limit)"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
