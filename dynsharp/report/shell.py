"""The frame of a page: one HTML file that needs no network, its figures inside it."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template


def framed(
    title: str,
    subtitle: str,
    verdict: str,
    sections: Mapping[str, tuple[str, str]],
    *,
    fails: bool = False,
) -> str:
    """Return a page: sections by anchor, each a title and its HTML, numbered and listed on top."""
    numbered = [(n, key, *section) for n, (key, section) in enumerate(sections.items(), start=1)]
    template = Template(resources.files("dynsharp.report").joinpath("page.html").read_text("utf-8"))
    return template.substitute(
        title=title,
        subtitle=subtitle,
        state="fails" if fails else "",
        verdict=verdict,
        contents="".join(f'<li><a href="#{key}">{name}</a></li>' for _, key, name, _ in numbered),
        body="\n".join(
            f'<section id="{key}"><h2>{n}. {name}</h2>\n{content}</section>'
            for n, key, name, content in numbered
        ),
    )


def prose(text: str) -> str:
    """Return text as HTML, the index of a letter (η_c, n_eff) set as one."""
    return re.sub(r"\b(\w)_([^\W_]+)", r"\1<sub>\2</sub>", html.escape(text))


def paragraph(text: str) -> str:
    """Return HTML as a paragraph."""
    return f"<p>{text}</p>\n"


def embedded(picture: Path, alternative: str, caption: str) -> str:
    """Return a figure with the picture inside; the caption is HTML, the alternative plain text."""
    content = base64.b64encode(picture.read_bytes()).decode("ascii")
    return (
        f'<figure><img alt="{html.escape(alternative)}" src="data:image/png;base64,{content}"/>'
        f"<figcaption>{caption}</figcaption></figure>"
    )
