"""Normal forms of codimension two: hidden ones are recovered, and decide what they say."""

import numpy as np
import pytest
import sympy as sp
from normal_form_maps import X, at_point, complex_form, hidden

from dynsharp.bifurcation_curves._coefficients import codim2_form

x, y = X[:2]
TURN = sp.Rational(3, 5) + sp.Rational(4, 5) * sp.I
THIRD = sp.Rational(-1, 2) + sp.sqrt(3) / 2 * sp.I
C1 = sp.Rational(7, 10) * sp.I
C2 = sp.Rational(-3, 10) + sp.Rational(2, 5) * sp.I
B3, C3 = sp.Rational(1, 2) - sp.I / 5, sp.Rational(3, 10) + sp.I / 10
C4, D4 = sp.Rational(2, 5) + sp.I * sp.Rational(11, 10), sp.Rational(1, 4) + sp.I / 5

FORMS = {
    "cusp": [x - sp.Rational(7, 10) * x**3 + x**4],
    "generalised-flip": [-x + sp.Rational(4, 5) * x**5 + x**6],
    "chenciner": complex_form(lambda z, w: TURN * z * (1 + C1 * z * w + C2 * z**2 * w**2)),
    "1:1": [x + y, y + sp.Rational(3, 2) * x**2 - sp.Rational(2, 5) * x * y],
    "1:2": [-x + y, -y + sp.Rational(3, 5) * x**3 - sp.Rational(13, 10) * x**2 * y],
    "1:3": complex_form(lambda z, w: THIRD * z + B3 * w**2 + C3 * z**2 * w),
    "1:4": complex_form(lambda z, w: sp.I * z + C4 * z**2 * w + D4 * w**3),
    "fold-flip": [
        x + sp.Rational(3, 5) * x**2 + sp.Rational(2, 5) * y**2,
        -y + sp.Rational(7, 10) * x * y,
    ],
}


def amplitudes(kind, T):
    """Lengths of the critical directions of the normal form's own unit vectors."""
    if kind in ("chenciner", "1:3", "1:4"):
        return np.array([np.linalg.norm(T[:, 0] - 1j * T[:, 1]) / 2])
    return np.linalg.norm(T[:, :2], axis=0)


@pytest.mark.parametrize(("across", "seed"), [(0, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("kind", FORMS)
def test_a_hidden_normal_form_is_recovered(kind, across, seed):
    map, state, T = hidden(FORMS[kind], across, seed, offset=1)
    form = codim2_form(kind, *at_point(map, state))
    assert form.status == "nondegenerate", form
    s, *others = amplitudes(kind, T)

    def recovered(name, value):
        assert form[name] == pytest.approx(value, rel=1e-6, abs=1e-9), (name, form)

    match kind:
        case "cusp":
            recovered("c", -0.7 / s**2)
        case "generalised-flip":
            recovered("d", 0.8 / s**4)
        case "chenciner":
            recovered("L2", (-0.3 + 0.7**2 / 2) / s**4)
            recovered("c1", complex(C1) / s**2)
        case "1:1":
            sign = np.sign(form["a"])  # q and −q are both unit vectors
            recovered("a", sign * 1.5 / s)
            recovered("b", -sign * 0.4 / s)
        case "1:2":
            recovered("c", 0.6 / s**2)
            recovered("d", -1.3 / s**2)
        case "1:3":
            rate = (np.conj(complex(THIRD)) * complex(C3)).real
            assert abs(form["b"]) == pytest.approx(abs(complex(B3)) / s, rel=1e-7)
            recovered("a1", rate / (3 * abs(complex(B3)) ** 2) - 1 / 3)
        case "1:4":
            recovered("c", complex(C4) / s**2)
            recovered("A0", -1j * complex(C4) / abs(complex(D4)))
        case "fold-flip":
            sign = np.sign(form["a"])
            recovered("a", sign * 1.2 / s)
            recovered("b", sign * 0.8 * s / others[0] ** 2)
            recovered("e", sign * 0.7 / s)
