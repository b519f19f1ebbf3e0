from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp
import xarray as xr

from dynsharp import DiscreteMap, InputError, gradient_descent
from dynsharp.plotting import manifold, phase_portrait
from dynsharp.plotting._numbers import margin
from dynsharp.systems import uv

SPAN = {"z": (-2.5, 1.5), "k": (0, 6)}


def point(state, family=(), **more):
    return SimpleNamespace(state=state, family=family, **{"exists": sp.true, **more})


def by_gid(ax, start):
    return [a for a in ax.get_children() if (a.get_gid() or "").startswith(start)]


def uv_points():
    m = uv()
    (z, k), (rho,) = m.state, m.parameters
    return m, [
        point({z: sp.S(0), k: k}, (k,), exists=k >= 2 * rho),
        point({z: -rho, k: sp.S(0)}),
        point({z: sp.S(-2), k: 4 - 2 * rho}, exists=rho <= 2),
        point({z: sp.S(2), k: 4 + 2 * rho}, exists=rho < 0),
    ]


def test_line_of_fixed_points_is_split_at_its_flip():
    m, points = uv_points()
    ax = phase_portrait(m, SPAN, {"rho": 0.7}, fixed_points=points)
    (stable,) = by_gid(ax, "family, stable")
    (unstable,) = by_gid(ax, "family, unstable")
    assert np.nanmin(stable.get_ydata()) == pytest.approx(1.4, abs=0.01)
    assert np.nanmax(stable.get_ydata()) == pytest.approx(2.0, abs=0.01)
    assert np.nanmin(unstable.get_ydata()) == pytest.approx(2.0, abs=0.01)
    assert np.nanmax(np.abs(stable.get_xdata())) == 0
    beyond = phase_portrait(m, SPAN, {"rho": 1.4}, fixed_points=points)
    assert not by_gid(beyond, "family, stable")


def test_isolated_points_by_stability_and_existence():
    m, points = uv_points()
    ax = phase_portrait(m, SPAN, {"rho": 0.7}, fixed_points=points)
    drawn = {tuple(np.ravel(p.get_xydata())): p.get_gid() for p in by_gid(ax, "fixed point,")}
    assert drawn == {(-0.7, 0.0): "fixed point, saddle", (-2.0, 2.6): "fixed point, unstable"}


def test_axes_in_either_order():
    m, points = uv_points()
    z, k = m.state
    curve = {"EoS": k - 2 * (z + m.parameters[0])}
    a = phase_portrait(m, SPAN, {"rho": 0.7}, fixed_points=points, manifolds=curve)
    b = phase_portrait(
        m, dict(reversed(SPAN.items())), {"rho": 0.7}, fixed_points=points, manifolds=curve
    )
    assert (b.get_xlabel(), b.get_ylabel()) == ("$k$", "$z$")
    for gid in ("fixed point,", "family, stable"):
        for p, q in zip(by_gid(a, gid), by_gid(b, gid), strict=True):
            np.testing.assert_allclose(p.get_xydata(), q.get_xydata()[:, ::-1])


def test_arrows_point_along_the_displacement_and_only_in_the_domain():
    m = uv()
    ax = phase_portrait(m, SPAN, {"rho": 0.7})
    (arrows,) = (c for c in ax.collections if hasattr(c, "U"))
    z, k = arrows.XY.T
    assert (k >= 2 * np.abs(z + 0.7)).all()
    dz = z * (-k + z * (z + 0.7))
    dk = z * (z * k - 4 * (z + 0.7))
    np.testing.assert_allclose(arrows.get_array(), np.hypot(dz, dk))
    frame = ax.get_window_extent()
    np.testing.assert_allclose(np.hypot(arrows.U, arrows.V), 1)
    assert (np.sign(arrows.U) == np.sign(dz)).all()
    assert (np.sign(arrows.V) == np.sign(dk)).all()
    assert frame.width > 0


def test_manifold_is_on_its_equation_and_in_the_domain():
    m = uv()
    z, k = m.state
    wanted = SimpleNamespace(equation=k - 2 * (z + m.parameters[0]))
    ax = phase_portrait(m, SPAN, {"rho": 0.7}, manifolds=[wanted], nullclines=False)
    (line,) = by_gid(ax, "manifold")
    x, y = line.get_xydata()[np.isfinite(line.get_xydata()).all(axis=1)].T
    np.testing.assert_allclose(y, 2 * (x + 0.7), atol=1e-9)
    assert x.min() == pytest.approx(-0.7, abs=0.02)
    texts = [t.get_text() for t in ax.get_legend().get_texts()]
    assert r"$k = 2 \left(\rho + z\right)$" in texts


def test_nullclines_with_a_double_root_are_found():
    x, y = sp.symbols("x y", real=True)
    m = DiscreteMap({x: x + (x - y) ** 2, y: y / 2})
    ax = phase_portrait(m, {"x": (-1, 1), "y": (-1, 1)})
    points = np.concatenate([line.get_xydata() for line in by_gid(ax, "nullcline")])
    on_double = np.abs(points[:, 0] - points[:, 1]) < 1e-9
    assert on_double.sum() > 100
    np.testing.assert_allclose(points[~on_double][:, 1], 0, atol=1e-9)


def test_curve_given_by_a_relation_is_split_by_the_other_multiplier():
    x, y, a = sp.symbols("x y a", real=True)
    m = gradient_descent((sp.tanh(x * y) - sp.Rational(1, 2)) ** 2 / 2, [x, y], a)
    family = point({x: x, y: y}, (y,), relations=(2 * sp.tanh(x * y) - 1,))
    ax = phase_portrait(m, {"x": (0, 2), "y": (0, 2)}, {"a": 3}, fixed_points=[family])
    (stable,) = by_gid(ax, "family, stable")
    u, v = stable.get_xydata()[np.isfinite(stable.get_xydata()).all(axis=1)].T
    np.testing.assert_allclose(u * v, np.arctanh(0.5), rtol=1e-3)
    sharpness = (1 - 0.25) ** 2 * (u**2 + v**2)
    assert sharpness.max() == pytest.approx(2 / 3, rel=0.01)


def test_points_given_by_relations_are_all_found():
    x, y, a = sp.symbols("x y a", real=True)
    m = DiscreteMap({x: x + sp.sin(x) / 2, y: a * y}, [a])
    implicit = point({x: x, y: sp.S(0)}, relations=(sp.sin(x),))
    ax = phase_portrait(m, {"x": (-7, 7), "y": (-1, 1)}, {"a": 0.5}, fixed_points=[implicit])
    drawn = {round(float(p.get_xdata()[0]) / np.pi): p.get_gid() for p in by_gid(ax, "fixed point")}
    expected = {i: "saddle" if i % 2 == 0 else "stable" for i in range(-2, 3)}
    shown = {i: kind for i, kind in drawn.items() if abs(i) <= 2}
    assert shown == {i: f"fixed point, {kind}" for i, kind in expected.items()}


def test_trajectories_from_arrays_and_datasets():
    m = uv()
    orbit = np.array([[0.1, 1.0], [0.2, 2.0], [0.3, 3.0]])
    data = xr.Dataset({"z": ("iterate", orbit[:, 0]), "k": ("iterate", orbit[:, 1])})
    many = xr.concat([data, data + 1], dim="start")
    for given, count in ((orbit, 1), ([orbit, orbit], 2), (data, 1), ([data], 1), (many, 2)):
        ax = phase_portrait(m, SPAN, {"rho": 1}, trajectories=given, field=False)
        drawn = by_gid(ax, "iterates")
        assert len(drawn) == count
        np.testing.assert_array_equal(drawn[0].get_xydata(), orbit)


@pytest.mark.parametrize(
    "condition",
    ["x > 1", "(x > 1) & (y < 0)", "(x**2 + y**2 <= 1) | (y > 2)", "~(x > y)", "True", "False"],
)
def test_margin_has_the_sign_of_the_condition(condition):
    x, y = sp.symbols("x y", real=True)
    condition = sp.S(sp.sympify(condition, locals={"x": x, "y": y}))
    for values in np.random.default_rng(0).uniform(-3, 3, (20, 2)):
        at = dict(zip((x, y), values, strict=True))
        assert (sp.sympify(margin(condition)).subs(at) >= 0) == bool(condition.subs(at))


def test_manifold_draws_orbit_and_cobweb_or_distance():
    m = uv()
    z, k = m.state
    left, right = manifold(
        m, k - 2 * (z + m.parameters[0]), SPAN, {"rho": 1.1}, start={"z": -0.6, "k": 2.1}
    )
    graph = next(line for line in right.lines if line.get_gid() == "graph")
    x, fx = graph.get_xydata().T
    np.testing.assert_allclose(fx, x * (1 - 2 * (x + 1.1) + x * (x + 1.1)), atol=1e-12)
    orbit = by_gid(left, "iterates")[0].get_xydata()
    assert abs(orbit[-1, 1] - 2 * (orbit[-1, 0] + 1.1)) < 1e-3

    w = sp.symbols("w1:4", real=True)
    chain = gradient_descent((sp.prod(w) - 1) ** 2 / 2, w, sp.Rational(3, 5))
    start = {"w1": 0.8, "w2": 1.1, "w3": 1.0}
    axes = manifold(chain, w[0] - w[1], {"w1": (0, 2), "w2": (0, 2)}, start=start)
    distance = axes[1].lines[0].get_ydata()
    assert distance[0] == pytest.approx(0.3)
    assert axes[1].get_yscale() == "log"
    orbit = by_gid(axes[0], "iterates")[0].get_xydata()
    np.testing.assert_allclose(np.abs(orbit[:, 0] - orbit[:, 1]), distance)


def test_bad_input_is_named():
    m = uv()
    x = sp.Symbol("x", real=True)
    for argument, call in {
        "map": lambda: phase_portrait(DiscreteMap({x: x / 2}), {"x": (0, 1)}),
        "fixed": lambda: phase_portrait(m, SPAN),
        "span": lambda: phase_portrait(m, {"z": (0, 1), "k": (1, 0)}, {"rho": 1}),
        "trajectories": lambda: phase_portrait(m, SPAN, {"rho": 1}, trajectories=[[1, 2, 3]]),
    }.items():
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.argument == argument
