"""The kinds of codimension two: those of this room, found in its files, and those registered."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from dynsharp.arguments import checked_word
from dynsharp.bifurcations.codim2.kind import Codim2Kind
from dynsharp.errors import InputError

__all__ = ["kind_of", "kinds", "register", "table", "unregister"]

_added: dict[str, Codim2Kind] = {}


@cache
def _own() -> tuple[Codim2Kind, ...]:
    """Objects ``KIND`` of the files of this room."""
    room = import_module("dynsharp.bifurcations.codim2")
    names = sorted(m.name for m in iter_modules(room.__path__))
    files = (import_module(f"{room.__name__}.{name}") for name in names)
    return tuple(file.KIND for file in files if hasattr(file, "KIND"))


def kinds() -> tuple[Codim2Kind, ...]:
    """Return all kinds that bifurcation curves are searched for."""
    return *_own(), *_added.values()


def kind_of(name: str) -> Codim2Kind:
    """Return the kind of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    known = {kind.name: kind for kind in kinds()}
    return known[checked_word("kind", name, known)]


def register(kind: Codim2Kind) -> Codim2Kind:
    """Add a kind: from now on it is looked for along the curves that it names.

    Raises
    ------
    InputError
        If it is no `Codim2Kind` with a name of its own.
    """
    if not isinstance(kind, Codim2Kind):
        raise InputError("kind", repr(kind), "an object of a subclass of Codim2Kind")
    if kind.name in {k.name for k in kinds()}:
        raise InputError("kind.name", repr(kind.name), "a name that no other kind has")
    _added[kind.name] = kind
    return kind


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
    """Return all kinds as a table in Markdown: name, normal form, what happens, what emanates."""
    rows = [("kind", "the map P steps later", "what happens", "curves of cycles"), ("---",) * 4]
    for k in kinds():
        born = [f"some of {n} times the period" for n in k.multiples]
        curves = ", ".join([*dict.fromkeys(c.kind for c in k.through), *born])
        rows.append((f"`{k.name}`", k.map.replace("|", "\\|"), k.meaning, curves))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
