import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import sympy as sp
from matplotlib.colors import to_rgb
from matplotlib.mathtext import MathTextParser

from dynsharp import InputError
from dynsharp.plotting import PALETTE, cobweb, orbit_diagram, save, style
from dynsharp.plotting._labels import equation, label, mathtext, number
from dynsharp.plotting._style import INK
from dynsharp.systems import uv_eos


def luminance(colour):
    """Relative luminance of sRGB (IEC 61966-2-1)."""
    c = np.array(to_rgb(colour))
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_palette_and_ink_are_ordered_in_luminance():
    steps = [luminance(c) for c in PALETTE.values()]
    assert steps == sorted(steps)
    assert len(set(steps)) == 8
    ink = [luminance(INK(v)[:3]) for v in np.linspace(0, 1, 64)]
    assert (np.diff(ink) < 0).all()
    assert luminance("white") - ink[0] > 0.2  # one visit shows on white


def test_recipes_and_save_leave_rcparams_alone(sweep, tmp_path):
    plt.figure()  # matplotlib settles its backend once
    mpl.rcParams["font.size"] = 13
    try:
        before = mpl.rcParams.copy()
        ax = orbit_diagram(sweep(np.linspace(3, 4, 50)), thresholds=[(3.5, "a")])
        save(ax, tmp_path / "a.png")
        with style():
            assert mpl.rcParams["font.size"] == 9
        with pytest.raises(InputError):
            orbit_diagram(None)
        assert mpl.rcParams == before
        assert ax.xaxis.label.get_size() == 10
        assert {t.get_size() for t in ax.get_xticklabels()} == {8.5}
    finally:
        mpl.rcdefaults()
        mpl.use("Agg")


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_saving_twice_gives_the_same_bytes(sweep, tmp_path, suffix):
    files = []
    for folder in ("", "new"):
        ax = orbit_diagram(sweep(np.linspace(3, 4.1, 60)), thresholds=[(3.5, "flip")])
        files.append(save(ax, tmp_path / folder / f"a{suffix}").read_bytes())
    files.append(save(ax, tmp_path / f"again{suffix}").read_bytes())
    assert len(set(files)) == 1
    assert b"matplotlib.org" not in files[0]
    if suffix == ".svg":
        assert files[0].count(b"<image") == 1  # the dense part is pixels, the rest is not
        assert files[0].count(b"<path") > 20
    if suffix == ".pdf":
        assert b"/FontFile2" in files[0]
        assert b"CreationDate" not in files[0]


def test_save_names_bad_input(tmp_path):
    figure = plt.figure()
    assert save(figure, tmp_path / "f.PNG").exists()
    with pytest.raises(InputError, match=r"\.png, \.pdf or \.svg"):
        save(figure, tmp_path / "f.jpg")
    with pytest.raises(InputError, match="figure"):
        save(np.array([]), tmp_path / "f.png")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rho", r"$\rho$"),
        ("lam", r"$\lambda$"),
        ("df", r"$\Delta f$"),
        ("w1", "$w_{1}$"),
        ("m_u", "$m_{u}$"),
        ("m_df", r"$m_{\Delta f}$"),
        ("m_w1", "$m_{w_{1}}$"),
        ("loss", r"$\mathrm{loss}$"),
        ("x", "$x$"),
        ("sigma_w", r"$\sigma_{w}$"),
        ("learning_rate", r"$\mathrm{learning}_{\mathrm{rate}}$"),
    ],
)
def test_names(name, text):
    assert label(name) == text


def test_every_label_renders_without_latex():
    parser = MathTextParser("path")
    x, y = sp.symbols("x lam", real=True)
    for name in ["a b", "#", "x^2", "100%", "_", "{", "über", "x__y", "$"]:
        parser.parse(label(name))
    for e in [x / (1 + sp.exp(y)), sp.Piecewise((x, x > 0), (y, True)), sp.Max(x, y), sp.tanh(x)]:
        parser.parse(f"${mathtext(e)}$")
    assert equation(y - 2 * x, y) == r"$\lambda = 2 x$"
    assert equation(y**2 + x**2 - 1, y) == r"$\lambda^{2} + x^{2} - 1 = 0$"


def test_numbers():
    assert number(sp.sqrt(5) - 1) == r"= \sqrt{5} - 1"
    assert number(0.25) == "= 0.25"
    assert number(np.float64(1.28776543)) == r"\approx 1.2878"
    assert number(sp.pi ** sp.sqrt(7) - sp.exp(2) / 7) == r"\approx 19.614"
    assert number(1.5e-7) == r"= 1.5 \times 10^{-7}"


def test_importing_dynsharp_loads_no_matplotlib():
    code = "import sys, dynsharp; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_cobweb_follows_the_map():
    ax = cobweb(uv_eos(), {"rho": 0.5}, start={"F": 0.1}, iterations=40)
    parts = {line.get_gid(): line.get_xydata() for line in ax.lines}
    x, fx = parts["graph"].T
    np.testing.assert_allclose(fx, x * (1.5 - x) ** 2, atol=1e-12)
    path = parts["transient"]
    vertical = path[1::2]
    np.testing.assert_allclose(vertical[:, 1], vertical[:, 0] * (1.5 - vertical[:, 0]) ** 2)
    np.testing.assert_allclose(path[::2, 0], path[::2, 1])
    np.testing.assert_allclose(parts["settled"][-1], [0.5, 0.5], atol=1e-3)
    with pytest.raises(InputError, match="rho"):
        cobweb(uv_eos(), start={"F": 0.1})
