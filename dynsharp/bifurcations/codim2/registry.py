"""The kinds of codimension two that are known: one a file of this room, and those registered."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from dynsharp.arguments import checked_word
from dynsharp.bifurcations.codim2.kind import Codim2Kind
from dynsharp.errors import InputError

__all__ = ["kind_of", "kinds", "register"]


@cache
def _known() -> dict[str, Codim2Kind]:
    """By name; every file of the room that has a KIND is one."""
    room = import_module("dynsharp.bifurcations.codim2")
    modules = (import_module(f"{room.__name__}.{m.name}") for m in iter_modules(room.__path__))
    found = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in found}


def kinds() -> tuple[Codim2Kind, ...]:
    """Return all kinds."""
    return tuple(_known().values())


def kind_of(name: str) -> Codim2Kind:
    """Return the kind of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    checked_word("kind", name, _known())
    return _known()[name]


def register(kind: Codim2Kind) -> Codim2Kind:
    """Add a kind: from now on it is looked for along the curves that it names.

    Raises
    ------
    InputError
        If it is no `Codim2Kind`, or another one has its name.
    """
    if not isinstance(kind, Codim2Kind):
        raise InputError("kind", repr(kind), "an object of a subclass of Codim2Kind")
    if _known().setdefault(kind.name, kind) is not kind:
        raise InputError("kind.name", repr(kind.name), "a name that no other kind has")
    return kind
