"""Which kinds there are: those of this room, found in its files, and those that were registered."""

from __future__ import annotations

from dynsharp.bifurcations.kind import Kind, Marker
from dynsharp.bifurcations.known import Known, markdown

_KNOWN = Known("dynsharp.bifurcations", Kind)
register, unregister = _KNOWN.register, _KNOWN.unregister


def kinds() -> tuple[Kind, ...]:
    """Return all kinds of special points that branches are searched for.

    >>> [kind.name for kind in kinds()]
    ['flip', 'fold', 'branch', 'neimark-sacker']
    """
    return tuple(sorted(_KNOWN.all().values(), key=lambda kind: kind.order))


def kind_named(name: str) -> Kind | None:
    """Return the kind of that name; None for a name that an event of the user's has."""
    return _KNOWN.all().get(name)


def marker_of(name: str) -> Marker:
    """Return how points of that kind are drawn; events of the user's have one marker."""
    kind = kind_named(name)
    return Marker("v", "yellow", name) if kind is None else kind.marker


def table() -> str:
    """Return all kinds as a table in Markdown: name, condition, what leaves, whether followed."""
    rows = [
        (f"`{k.name}`", k.marker.label, k.condition, k.leaves.text, "yes" if k.borders else "no")
        for k in kinds()
    ]
    return markdown(
        ("kind", "name", "happens where", "what leaves", "followed in two parameters"), rows
    )
