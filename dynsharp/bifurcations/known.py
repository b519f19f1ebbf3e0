"""The kinds of a protocol: objects ``KIND`` of the files of a room, and those registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Generic, Protocol, TypeVar

from dynsharp.errors import InputError


class _Named(Protocol):
    name: str


K = TypeVar("K", bound=_Named)


class Known(Generic[K]):
    """What is known of one protocol, by the names of the kinds."""

    def __init__(self, room: str, protocol: type[K]) -> None:
        self.room, self.protocol = room, protocol
        self.added: dict[str, K] = {}

    @cached_property
    def own(self) -> dict[str, K]:
        """The kinds of the room's files."""
        modules = iter_modules(import_module(self.room).__path__)
        files = [import_module(f"{self.room}.{m.name}") for m in modules if not m.ispkg]
        return {file.KIND.name: file.KIND for file in files if hasattr(file, "KIND")}

    def all(self) -> dict[str, K]:
        """Return all kinds by name."""
        return self.own | self.added

    def register(self, kind: K) -> None:
        """Add a kind: what is followed from now on is searched for it.

        Raises
        ------
        InputError
            If it is no object of the protocol with a name of its own.
        """
        if not isinstance(kind, self.protocol):
            wants = f"an object of a class derived from {self.protocol.__name__}"
            raise InputError("kind", repr(kind), wants)
        if kind.name in self.all():
            raise InputError("kind", repr(kind.name), "a name that no other kind has")
        self.added[kind.name] = kind

    def unregister(self, name: str) -> None:
        """Take away a kind that was registered.

        Raises
        ------
        InputError
            If none of that name was.
        """
        if name not in self.added:
            raise InputError("name", repr(name), f"one of {', '.join(self.added) or 'none'}")
        del self.added[name]


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ("---",) * len(head), *([c.replace("|", "\\|") for c in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
