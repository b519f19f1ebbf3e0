"""Where the branches of a diagram come from, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass

from dynsharp.bifurcations.located import Located
from dynsharp.continuation import SpecialPoint


@dataclass(frozen=True)
class Parent:
    """An `Origin` while the branches are followed: with the event instead of the special point."""

    branch: int | None
    event: Located | None
    text: str
    depth: int


@dataclass(frozen=True)
class Origin:
    """Where a branch comes from: the branch and special point it was switched to from, or a start.

    Attributes
    ----------
    branch
        Number of the branch it was switched to from; None for a start.
    point
        The special point there; None for a start and where cycles collapse onto shorter ones.
    text
        The same in words.
    depth
        Number of switches from a start.
    """

    branch: int | None
    point: SpecialPoint | None
    text: str
    depth: int


@dataclass(frozen=True)
class Unfollowed:
    """Something that was not followed, and why.

    ``what`` names it, ``branch`` is the number of the branch it is on, None if it is on none.
    """

    what: str
    reason: str
    branch: int | None = None

    def __str__(self) -> str:
        on = "" if self.branch is None else f" on branch {self.branch}"
        return f"{self.what}{on}: {self.reason}"
