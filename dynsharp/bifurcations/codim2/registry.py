"""The kinds of codimension two: those of this room, found in its files, and those registered."""

from __future__ import annotations

from dynsharp.arguments import checked_word
from dynsharp.bifurcations.codim2.kind import Codim2Kind
from dynsharp.bifurcations.known import Known, markdown

_KNOWN = Known("dynsharp.bifurcations.codim2", Codim2Kind)  # type: ignore[type-abstract]
register, unregister = _KNOWN.register, _KNOWN.unregister


def kinds() -> tuple[Codim2Kind, ...]:
    """Return all kinds that bifurcation curves are searched for."""
    return tuple(_KNOWN.all().values())


def kind_of(name: str) -> Codim2Kind:
    """Return the kind of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    return _KNOWN.all()[checked_word("kind", name, _KNOWN.all())]


def table() -> str:
    """Return all kinds as a table in Markdown: name, normal form, what happens, what emanates."""
    rows = []
    for k in kinds():
        born = [f"some of {n} times the period" for n in k.multiples]
        curves = ", ".join([*dict.fromkeys(c.kind for c in k.through), *born])
        rows.append((f"`{k.name}`", k.map, k.meaning, curves))
    return markdown(("kind", "the map P steps later", "what happens", "curves of cycles"), rows)
