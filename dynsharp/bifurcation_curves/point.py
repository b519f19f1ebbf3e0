"""A point of a bifurcation curve: coordinates, critical vectors, tangent, multipliers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from dynsharp.bifurcation_curves.defining import KAPPA, Borders
from dynsharp.bifurcation_curves.surface import Plane, Surface
from dynsharp.bifurcations.kind import Kind
from dynsharp.normal_forms.along_curves import Value
from dynsharp.types import Array


@dataclass(frozen=True)
class Chart:
    """Coordinates (x_0, parameters, κ if there is one) for the curves of one kind on a surface."""

    surface: Surface
    kind: Kind

    @cached_property
    def with_kappa(self) -> bool:
        """Whether there is a κ: where two multipliers are critical together."""
        return self.kind.borders > 1

    @cached_property
    def units(self) -> Array:
        """Units of the coordinates."""
        return np.append(self.surface.units, KAPPA) if self.with_kappa else self.surface.units

    def coordinates(self, y: Array, kappa: float) -> Array:
        """Return the coordinates, in units."""
        head = self.surface.head(y)
        return (np.concatenate((head, (kappa,))) if self.with_kappa else head) / self.units

    def split(self, move: Array) -> tuple[Array, float]:
        """Return a head, and a change of κ, of a move of the coordinates in units."""
        full, count = move * self.units, len(self.surface.units)
        return full[:count], float(full[count]) if self.with_kappa else 0.0


@dataclass(frozen=True)
class CurvePoint:
    """A point of a curve.

    Attributes
    ----------
    chart
        The surface on which it lies, the kind of the curve, and coordinates.
    y
        The cycle and the parameters.
    kappa
        The unknown of the defining equation for a pair.
    tangent
        Unit tangent of the coordinates, in units.
    plane, right, left
        Linearised equations there; unit right and left critical vectors, which turn continuously
        along the curve (for a pair orthonormal bases).
    known
        Values of test functions and coefficients that were computed here.
    """

    chart: Chart
    y: Array
    kappa: float
    tangent: Array
    plane: Plane
    right: Array
    left: Array
    known: dict[object, Value] = field(default_factory=dict, repr=False)

    @property
    def surface(self) -> Surface:
        """The cycles over the parameters."""
        return self.chart.surface

    @property
    def kind(self) -> Kind:
        """The kind of the curve."""
        return self.chart.kind

    @property
    def jacobian(self) -> Array:
        """A = DG."""
        return self.plane.A

    @cached_property
    def coordinates(self) -> Array:
        """The coordinates of the chart, in units."""
        return self.chart.coordinates(self.y, self.kappa)

    @property
    def borders(self) -> Borders:
        """Borders for points nearby."""
        return Borders(self.kind, self.left, self.right)

    @cached_property
    def rest(self) -> Array:
        """The other multipliers, of A on the complement of the left critical vectors.

        A family's own multiplier 1 is left out too.
        """
        left = self.left
        if self.surface.is_family:
            family = np.linalg.svd(self.plane.A - np.eye(len(self.plane.A)))[0][:, -1:]
            left = np.hstack([left, family])
        Q = np.linalg.qr(left, mode="complete")[0][:, left.shape[1] :]
        B = Q.T @ self.plane.A @ Q
        return np.asarray(np.linalg.eigvals(B) if len(B) > 1 else B.diagonal()).astype(complex)

    @property
    def multipliers(self) -> Array:
        """All multipliers, the critical ones first."""
        family = [1.0 + 0j] * self.surface.is_family
        kappa = np.clip(self.kappa, *self.kind.limits(self.kappa))
        return np.concatenate([self.kind.roots(float(kappa)), family, self.rest])

    def second(self, one: list[Array], two: list[Array]) -> Array:
        """B(u, v) for each u of one list and v of the other, at fixed parameters."""
        fixed = np.zeros((len(one), len(self.surface.parameters)))
        heads = np.column_stack([np.array(one), fixed])
        return self.surface.derivatives(self.y, heads, np.array(two))

    def third(self, u: Array) -> Array:
        """C(u, u, u), at fixed parameters."""
        return self.surface.third(self.y, u)

    def reversed(self) -> CurvePoint:
        """Return the point with the tangent the other way."""
        return replace(self, tangent=-self.tangent)

    def shifted(self, move: Array) -> tuple[Array, float]:
        """Return y and κ moved along the tangent plane by so much (in units)."""
        head, kappa = self.chart.split(move)
        return self.surface.moved(self.y, self.plane, head, defects=False), self.kappa + kappa


def shown(point: CurvePoint) -> str:
    """Return the parameters of a point, in words."""
    surface = point.surface
    values = dict(zip(surface.names, surface.head(point.y), strict=True))
    return ", ".join(f"{name} = {values[name]:.10g}" for name in surface.box)


def nearest(values: Array, to: Array) -> Array:
    """Return values in another order: each is the one nearest to its fellow of those not taken."""
    left = list(values)
    return np.array([left.pop(int(np.argmin(np.abs(np.array(left) - m)))) for m in to], complex)
