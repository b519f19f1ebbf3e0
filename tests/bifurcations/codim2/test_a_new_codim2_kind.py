"""A kind of codimension two is one object: the 1:5 resonance, which the house does not know."""

import numpy as np
import pytest
import sympy as sp
from normal_form_maps import ALPHA, X, complex_form

import dynsharp as ds
from dynsharp.bifurcation_curves import continue_bifurcation
from dynsharp.bifurcations import codim2
from dynsharp.bifurcations.codim2.kind import NEIMARK_SACKER
from dynsharp.bifurcations.codim2.multipliers import at_kappa
from dynsharp.bifurcations.kind import Marker
from dynsharp.normal_forms.critical_form import Reading, sign

FIFTH = np.exp(2j * np.pi / 5)
C, D = sp.Rational(-3, 10) + sp.I / 5, sp.Rational(1, 2) - sp.I / 4


class Resonance15(codim2.Codim2Kind):
    """A weak resonance: Arnold's tongue of rotation number 1/5 begins here."""

    name = "1:5"
    meaning = "multipliers e^{±2πi/5}: two cycles of five times the period on the invariant curve"
    marker = Marker("*", "yellow", "1:5 resonance")
    tests = (at_kappa("neimark-sacker", 2 * FIFTH.real),)
    multipliers = (FIFTH,)
    map = "λ z + c z|z|² + d z̄⁴"
    order = 4
    through = (NEIMARK_SACKER,)

    def read(self, m):
        """Read c and d."""
        c, d = m.coefficient(0, 2, 1), m.coefficient(0, 0, 4)
        rate = (np.conj(FIFTH) * c).real
        return Reading(
            {"c": c, "d": d},
            sign("Re λ̄c", rate),
            "a tongue in which two cycles of five times the period lie on the invariant curve",
            required={"Re λ̄c": (rate, 3), "d": (d, 4)},
        )


@pytest.fixture
def kind():
    new = Resonance15()
    codim2.register(new)
    yield new
    codim2.unregister("1:5")


def turning():
    """z' = (1 + α) e^{iβ} z (1 + c |z|²) + d z̄⁴: Neimark–Sacker points at α = 0 with θ = β."""
    alpha, beta = ALPHA
    turn = (1 + alpha) * (sp.cos(beta) + sp.I * sp.sin(beta))
    form = complex_form(lambda z, w: turn * z * (1 + C * z * w) + D * w**4)
    return ds.DiscreteMap(dict(zip(X[:2], form, strict=True)), ALPHA)


def curve():
    line = ds.continue_fixed_point(
        turning(), "alpha", dict.fromkeys(X[:2], 0.0), -0.1, (-0.5, 0.5), fixed={"beta": 0.9}
    )
    point = next(p for p in line.special_points if p.kind == "neimark-sacker")
    return continue_bifurcation(point, ("alpha", "beta"), {"alpha": (-1, 1), "beta": (0.8, 1.5)})


def test_it_is_detected_located_and_reported_with_its_form(kind):
    (point,) = curve().special_points
    assert (point.kind, point.status) == ("1:5", "located")
    assert np.all(np.abs(np.array(point.values) - (0, 2 * np.pi / 5)) <= point.uncertainty)
    assert max(point.uncertainty) < 1e-12
    form = point.normal_form
    # z q + z̄ q̄ with |q| = 1 is √2 times the vector (Re z, Im z)
    assert form["c"] == pytest.approx(2 * FIFTH * complex(C), rel=1e-9)
    assert abs(form["d"]) == pytest.approx(2**1.5 * abs(complex(D)), rel=1e-9)
    assert form.status == "nondegenerate"
    assert form.decides.startswith("a tongue")
    assert "1:5" in repr(curve())


def test_it_is_drawn_with_its_marker(kind):
    axes = ds.plotting.bifurcation_curve(curve())
    (mark,) = (line for line in axes.get_lines() if line.get_gid() == "1:5")
    assert mark.get_marker() == "*"
    assert mark.get_ydata() == pytest.approx([2 * np.pi / 5])


def test_it_is_listed_and_taken_away_again(kind):
    assert kind in codim2.kinds()
    assert "| `1:5` | λ z + c z\\|z\\|² + d z̄⁴ |" in codim2.table()
    with pytest.raises(ds.InputError, match="kind: got '1:5'"):
        codim2.register(Resonance15())
    codim2.unregister("1:5")
    assert curve().special_points == ()
    with pytest.raises(ds.InputError, match="name: got '1:5'"):
        codim2.unregister("1:5")
    codim2.register(kind)


def test_only_kinds_are_registered():
    with pytest.raises(ds.InputError, match="derived from Codim2Kind"):
        codim2.register("1:5")


def test_every_kind_says_what_it_is():
    """Its name and marker are its own, and it is found on curves that go through it."""
    known = codim2.kinds()
    assert len({k.name for k in known}) == len(known) >= 11
    assert len({k.marker.symbol for k in known}) == len(known)
    for k in known:
        assert k.name in codim2.table()
        assert k.meaning
        assert k.map
        assert {t.curve for t in k.tests} | {e.curve for e in k.ends} <= {c.kind for c in k.through}
        needed = sum(2 if m is None or np.iscomplex(m) else 1 for m in k.multipliers)
        assert needed <= 4
