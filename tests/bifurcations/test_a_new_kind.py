"""A kind is one file: two are defined here, and everything that is done with kinds is done to them.

The neutral saddle (two real multipliers have the product 1) is seen where a function changes its
sign, and is followed in two parameters; the double −1 is seen where a singular value, which cannot
change its sign, comes down to zero.
"""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import bisect

import dynsharp as ds
from dynsharp import bifurcations
from dynsharp.bifurcations import Counted, Kind, Marker, Tested
from dynsharp.errors import InputError
from dynsharp.normal_forms.codim1 import NormalForm

x, y, r, a, b = sp.symbols("x y r a b", real=True)
SADDLE = ds.DiscreteMap({x: y, y: a + b * y + x / 5 - x**2}, [a, b], name="saddle")
VALUE = 0.6 * (1 - 2.5) + 0.24  # x = y = 3/5, where the determinant 2x − 1/5 is 1, at b = 5/2
FLIPS = ds.DiscreteMap({x: -(1 + r) * x + x**3, y: -(1 - r) * y + y**3}, [r], name="flips")


class NeutralSaddle(Tested):
    name = "neutral-saddle"
    condition = "two real multipliers have the product 1"
    marker = Marker("P", "yellow", "neutral saddle")
    critical = False
    borders = 2
    order = 20

    def values(self, curve, Y, MU):
        pairs = [MU[:, i] * MU[:, j] - 1 for i, j in combinations(range(MU.shape[1]), 2)]
        return np.prod(pairs, axis=0).real[:, None]

    def belongs(self, curve, place):
        return bool(np.all(place.point.mu.imag == 0))

    def form(self, curve, place):
        A = curve.linearised(place.point.y).product
        return NormalForm(self.name, status=f"trace {np.trace(A):.6g}")

    def polynomial(self, kappa):
        return 1.0, -kappa, 1.0

    def kappa(self, multipliers):
        pairs = list(combinations(multipliers.real, 2))
        return float(sum(min(pairs, key=lambda p: abs(p[0] * p[1] - 1))))

    def limits(self, kappa):
        return (2.0, np.inf) if kappa > 0 else (-np.inf, -2.0)


class DoubleFlip(Tested):
    name = "double-flip"
    condition = "A + I has two null vectors"
    marker = Marker("X", "green", "double −1")
    signed = False
    order = 21

    def values(self, curve, Y, MU):
        A = np.array([curve.linearised(y).product for y in Y])
        return np.linalg.svd(A + np.eye(A.shape[1]), compute_uv=False)[:, -2:-1]

    def form(self, curve, place):
        return NormalForm(self.name, status="semisimple")


@pytest.fixture
def new_kinds():
    added = NeutralSaddle(), DoubleFlip()
    for kind in added:
        bifurcations.register(kind)
    yield added
    for kind in added:
        bifurcations.unregister(kind.name)


def of_kind(branch, name):
    return [p for p in branch.special_points if p.kind == name]


def saddle(map=SADDLE, start=0.7, **options):
    state = {s.name: start for s in map.state}
    return ds.continue_fixed_point(map, "a", state, -0.69, (-3, 3), fixed={"b": 2.5}, **options)


def test_the_neutral_saddle_is_at_its_closed_form_with_its_form(new_kinds):
    (point,) = of_kind(saddle(), "neutral-saddle")
    assert abs(point.value - VALUE) <= point.uncertainty < 1e-13
    assert point.status == "located"
    assert point.bifurcation
    assert np.prod(point.multipliers) == pytest.approx(1, abs=1e-13)
    assert "neutral-saddle; trace 2.5" in repr(point)
    branch = saddle()
    assert branch.status == "complete"
    assert len(branch.where(point)) == 1  # it is one of the branch's points
    assert {p.kind for p in branch.special_points} > {"neutral-saddle"}


def test_it_equals_bisection_of_the_multipliers(new_kinds):
    def state(value, side):  # x² − (b − 4/5) x − a = 0: above and below the fold at x = 17/20
        return (1.7 + side * np.sqrt(1.7**2 + 4 * value)) / 2

    def product(value, side):
        return np.linalg.det([[0, 1], [0.2 - 2 * state(value, side), 2.5]]) - 1

    grid, naive = np.linspace(-0.7224, 3, 5001), []
    for side in (1, -1):
        sign = np.sign([product(v, side) for v in grid])
        for i in np.flatnonzero(sign[1:] != sign[:-1]):
            root = bisect(product, grid[i], grid[i + 1], args=(side,), xtol=1e-14)
            mu = np.linalg.eigvals([[0, 1], [0.2 - 2 * state(root, side), 2.5]])
            assert np.isreal(mu).all()
            naive.append(root)
    found = [p.value for p in of_kind(saddle(start=1.0), "neutral-saddle")]
    assert len(naive) == 1
    assert found == pytest.approx(naive, abs=1e-12)


@pytest.mark.parametrize("step", [1e-3, 1e-2, 1.0])
def test_coordinates_units_and_steps_change_nothing(new_kinds, step):
    u, v = sp.symbols("u v", real=True)
    inside = {x: 100 * u + v, y: u - v / 3}
    image = sp.Matrix([SADDLE.update[s].xreplace(inside) for s in (x, y)])
    matrix = sp.Matrix([[100, 1], [1, -sp.Rational(1, 3)]])
    other = ds.DiscreteMap(dict(zip((u, v), matrix.inv() * image, strict=True)), [a, b])
    place = np.linalg.solve(np.array(matrix, float), [0.7, 0.7])
    start = {"u": place[0], "v": place[1]}
    branch = ds.continue_fixed_point(
        other, "a", start, -0.69, (-3, 3), fixed={"b": 2.5}, step=step
    )  # fmt: skip
    values = [p.value for p in of_kind(branch, "neutral-saddle")]
    assert values == pytest.approx([VALUE], abs=1e-11)


@pytest.mark.parametrize("at", [-0.1, -0.0333, 0.2])
def test_the_double_flip_is_where_both_multipliers_are_minus_one(new_kinds, at):
    branch = ds.continue_fixed_point(FLIPS, "r", {"x": 0, "y": 0}, at, (-0.2, 0.2))
    (point,) = of_kind(branch, "double-flip")
    assert abs(point.value) <= point.uncertainty < 1e-12
    assert np.allclose(point.multipliers, -1, atol=1e-10)
    assert "semisimple" in repr(point)
    assert not branch.stable[branch.where(point)].any()


def test_no_double_flip_where_the_multipliers_only_come_close(new_kinds):
    # −1 at r = 0 and at r = 10⁻⁵: A + I has one null vector at each
    apart = {x: -(1 + r) * x + x**3, y: -(1 + sp.Rational(1, 10**5) - r) * y + y**3}
    map = ds.DiscreteMap(apart, [r])
    branch = ds.continue_fixed_point(map, "r", {"x": 0, "y": 0}, -0.1, (-0.2, 0.2))
    assert of_kind(branch, "double-flip") == []
    assert len(of_kind(branch, "flip")) == 2


def test_it_is_followed_in_two_parameters(new_kinds):
    (point,) = of_kind(saddle(), "neutral-saddle")
    curve = ds.continue_bifurcation(point, ("a", "b"), {"a": (-3, 3), "b": (0, 4)})
    assert (curve.kind, curve.status) == ("neutral-saddle", "complete")
    A, B = curve.values.T  # on x = y the determinant is 2x − 1/5, the trace b: from b = 2 on
    np.testing.assert_allclose(A, 0.6 * (1 - B) + 0.24, atol=1e-12)
    np.testing.assert_allclose(curve.states[:, 0], 0.6, atol=1e-12)
    np.testing.assert_allclose(curve.multipliers.prod(axis=1), 1, atol=1e-10)
    np.testing.assert_allclose(curve.multipliers.sum(axis=1), B, atol=1e-10)
    assert (B.min(), B.max()) == (pytest.approx(2, abs=1e-12), 4)
    assert "κ = 2, where neutral-saddle points end" in curve.ends
    assert np.isnan(curve.coefficient).all()
    flips = ds.continue_fixed_point(FLIPS, "r", {"x": 0, "y": 0}, -0.1, (-0.2, 0.2))
    with pytest.raises(InputError, match="point"):  # it has no defining matrix
        ds.continue_bifurcation(of_kind(flips, "double-flip")[0], ("r", "r"), {})


def test_it_is_drawn_with_its_marker(new_kinds):
    mpl.use("agg")
    from dynsharp import plotting

    axes = plotting.branch(saddle())
    (mark,) = [line for line in axes.get_lines() if line.get_gid() == "neutral-saddle"]
    assert mark.get_marker() == "P"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "neutral saddle" in labels


def test_it_is_listed_while_it_is_registered(new_kinds):
    own = ["flip", "fold", "branch", "neimark-sacker"]
    assert [k.name for k in bifurcations.kinds()] == [*own, "neutral-saddle", "double-flip"]
    rows = bifurcations.table().splitlines()
    assert any("neutral-saddle" in row and row.endswith("yes |") for row in rows)
    assert any("double-flip" in row and row.endswith("no |") for row in rows)
    bifurcations.unregister("double-flip")
    assert [k.name for k in bifurcations.kinds()] == [*own, "neutral-saddle"]
    bifurcations.register(DoubleFlip())


def test_what_is_registered_has_a_name_of_its_own(new_kinds):
    with pytest.raises(InputError, match="kind"):
        bifurcations.register(NeutralSaddle())
    with pytest.raises(InputError, match="kind"):
        bifurcations.register("flip")
    with pytest.raises(InputError, match="name"):
        bifurcations.unregister("flip")
    with pytest.raises(InputError, match="events"):  # nor may an event of the user's have it
        saddle(events={"neutral-saddle": x})


def test_without_registration_nothing_of_it_is_left():
    assert of_kind(saddle(), "neutral-saddle") == []
    assert bifurcations.kind_named("neutral-saddle") is None


@pytest.mark.parametrize("kind", bifurcations.kinds(), ids=lambda kind: kind.name)
def test_every_kind_says_what_the_protocol_asks(kind):
    assert isinstance(kind, Kind)
    assert kind.condition
    assert kind.marker.symbol
    assert kind.marker.label
    if isinstance(kind, Counted):
        MU = np.array([[0.5, -2, 1.5 + 1j, 1.5 - 1j]])
        assert kind.count(MU, np.ones(1)).shape == (1,)
    if kind.borders:  # K is singular exactly if a multiplier is critical
        kappa = 0.4
        A = np.diag([0.3, -0.7])
        assert np.linalg.matrix_rank(kind.matrix(A, kappa)) == 2
        critical = np.atleast_1d(kind.roots(kappa))
        block = np.array([[kappa, -1], [1, 0]]) if len(critical) == 2 else np.diag(critical.real)
        A = np.block([[block, np.ones((len(block), 2))], [np.zeros((2, len(block))), A]])
        assert len(A) - np.linalg.matrix_rank(kind.matrix(A, kappa)) == kind.borders
