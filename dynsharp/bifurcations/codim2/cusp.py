"""The cusp: two folds meet where the quadratic coefficient of the fold vanishes.

Kuznetsov, *Elements of Applied Bifurcation Theory*, 3rd ed., section 9.2.
"""

from __future__ import annotations

from dynsharp.bifurcations.codim2.kind import FOLD, Codim2Kind, CurveTest
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.along_curves import quadratic
from dynsharp.normal_forms.center_manifold import CenterManifold
from dynsharp.normal_forms.critical_form import Reading, sign


class Cusp(Codim2Kind):
    """Test function w·B(v, v) along folds."""

    name = "cusp"
    meaning = "two curves of folds meet; three cycles between them"
    marker = Marker("v", "purple", "cusp")
    tests = (CurveTest("fold", quadratic),)
    multipliers = (1.0,)
    map = "ξ + c ξ³"
    through = (FOLD,)

    def read(self, m: CenterManifold) -> Reading:
        """Read c."""
        b, c = (m.coefficient(0, k).real for k in (2, 3))
        stable = (
            "the outer two of the three cycles are" if c < 0 else "the middle one of the three is"
        )
        return Reading(
            {"c": c},
            sign("c", c),
            f"{stable} stable along the critical direction",
            required={"c": (c, 3)},
            vanishing={"the quadratic coefficient": (b, 2)},
        )


KIND = Cusp()
