"""What a kind of bifurcation of codimension two is: one file, one object of a `Codim2Kind`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.along_curves import OnCurve, Value
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading
from dynsharp.normal_forms.reduced_map import Condition
from dynsharp.normal_forms.unfoldings import Longer

FOLD, FLIP = Condition("fold", 1.0), Condition("flip", -1.0)
NEIMARK_SACKER = Condition("neimark-sacker")


@dataclass(frozen=True)
class CurveTest:
    """How a kind is seen along curves of one kind of codimension one.

    Attributes
    ----------
    curve
        The kind of the curves.
    value
        A function, smooth along the curve, that changes sign at such a point; with the size of the
        terms that it is a sum of, against which rounding is measured.
    others
        How many multipliers that are not critical along the curve it takes.
    multiplier
        The value that another multiplier has there, if that is what is tested.
    genuine
        Whether a zero is such a point.
    on_families
        Whether it has a meaning along a family of fixed points, where A − I is singular.
    """

    curve: str
    value: Callable[[OnCurve], Value]
    others: int = 0
    multiplier: float | None = None
    genuine: Callable[[OnCurve], bool] = lambda point: True
    on_families: bool = True


@dataclass(frozen=True)
class CurveEnd:
    """Curves of a kind end at that value of their unknown κ, such as 2 cos θ.

    ``where`` and what is ``beyond`` say so in words.
    """

    curve: str
    kappa: float
    where: str
    beyond: str


class Codim2Kind(ABC):
    """A kind of bifurcation of codimension two.

    A new one is a file of this room, or anywhere a subclass of which one object is handed to
    `register`: then curves are searched for it, it is located, its normal form is read, the curves
    that emanate can be followed, and it is drawn and listed.

    Attributes
    ----------
    name, meaning
        Its name, and one line on what happens there.
    marker
        How it is drawn.
    tests
        How it is seen.
    ends
        Curves that end there.
    multipliers
        The critical ones: a complex one stands for its pair, None for any complex pair on the unit
        circle, and the same real one twice for a Jordan block.
    map
        The critical normal form, the map P steps later, in words of the coefficients.
    order
        Greatest degree of a term on the centre manifold that `read` and `longer` need.
    through
        Curves of the cycle itself that go through the point.
    multiples
        Of the period, the periods of the cycles whose curves `longer` predicts.
    beyond
        What is born there besides and is no curve of bifurcations of cycles.
    """

    name: str
    meaning: ClassVar[str]
    marker: ClassVar[Marker]
    tests: ClassVar[Sequence[CurveTest]] = ()
    ends: ClassVar[Sequence[CurveEnd]] = ()
    multipliers: ClassVar[Sequence[complex | None]]
    map: ClassVar[str]
    order: ClassVar[int] = 3
    through: ClassVar[Sequence[Condition]] = ()
    multiples: ClassVar[Sequence[int]] = ()
    beyond: ClassVar[str] = ""

    @abstractmethod
    def read(self, m: CenterManifold) -> Reading:
        """Read the coefficients on the centre manifold of the critical map, and what they say."""

    def longer(self, m: CenterManifold) -> Longer:
        """Predict the curves of longer cycles, from the manifold with two parameters."""
        raise NotImplementedError(f"{self.name} has multiples, but predicts no curves")

    def __repr__(self) -> str:
        return f"{self.name}: {self.meaning}"
