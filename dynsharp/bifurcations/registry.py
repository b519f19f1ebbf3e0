"""Which kinds there are: those of this room, found in its files, and those that were registered."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from dynsharp.bifurcations.kind import Kind, Marker
from dynsharp.errors import InputError

__all__ = ["kind_named", "kinds", "marker_of", "register", "table", "unregister"]

_added: dict[str, Kind] = {}


@cache
def _own() -> tuple[Kind, ...]:
    """Objects ``KIND`` of the files of this room."""
    room = import_module("dynsharp.bifurcations")
    names = sorted(m.name for m in pkgutil.iter_modules(room.__path__) if not m.ispkg)
    files = (import_module(f"{room.__name__}.{name}") for name in names)
    found = (getattr(file, "KIND", None) for file in files)
    return tuple(sorted((k for k in found if k is not None), key=lambda k: k.order))


def kinds() -> tuple[Kind, ...]:
    """Return all kinds of special points that branches are searched for.

    >>> [kind.name for kind in kinds()]
    ['flip', 'fold', 'branch', 'neimark-sacker']
    """
    return tuple(sorted((*_own(), *_added.values()), key=lambda kind: kind.order))


def kind_named(name: str) -> Kind | None:
    """Return the kind of that name; None for a name that an event of the user's has."""
    return next((kind for kind in kinds() if kind.name == name), None)


def marker_of(name: str) -> Marker:
    """Return how points of that kind are drawn; events of the user's have one marker."""
    kind = kind_named(name)
    return Marker("v", "yellow", name) if kind is None else kind.marker


def register(kind: Kind) -> None:
    """Add a kind: every branch that is followed from now on is searched for it.

    Raises
    ------
    InputError
        If it is no `Kind` with a name of its own.
    """
    if not isinstance(kind, Kind):
        raise InputError("kind", repr(kind), "an object of a class derived from Kind")
    if kind_named(kind.name) is not None:
        raise InputError("kind", repr(kind.name), "a name that no other kind has")
    _added[kind.name] = kind


def unregister(name: str) -> None:
    """Take away a kind that was registered.

    Raises
    ------
    InputError
        If none of that name was.
    """
    if name not in _added:
        raise InputError("name", repr(name), f"one of {', '.join(_added) or 'none'}")
    del _added[name]


def table() -> str:
    """Return all kinds as a table in Markdown: name, condition, what leaves, whether followed."""
    rows = [
        (f"`{k.name}`", k.marker.label, k.condition, k.leaves.text, "yes" if k.borders else "no")
        for k in kinds()
    ]
    head = ("kind", "name", "happens where", "what leaves", "followed in two parameters")
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
