"""Cycles of maps of several variables: known counts, products, families."""

import numpy as np
import pytest

import dynsharp as ds
from dynsharp.cycle_search import find_cycles

HENON = ds.systems.henon()
BOX = {"x": (-2, 2), "y": (-1, 1)}
CLASSICAL = {"a": 1.4, "b": 0.3}
# Galias, Int. J. Bifurcation Chaos 11, 2001, and the fixed point outside the attractor
COUNTS = {1: 2, 2: 1, 3: 0, 4: 1, 5: 0, 6: 2, 7: 4, 8: 7, 9: 6, 10: 10, 11: 14, 12: 19}


def test_henon_map_has_the_known_number_of_cycles():
    cycles = find_cycles(HENON, 8, BOX, fixed=CLASSICAL)
    assert cycles.counts == {n: COUNTS[n] for n in range(1, 9)}
    assert max(c.residual for c in cycles) < 1e-14
    for c in cycles:
        assert np.prod(c.multipliers) == pytest.approx((-0.3) ** c.period, rel=1e-9)


@pytest.mark.slow
def test_henon_map_to_period_12():
    assert find_cycles(HENON, 12, BOX, fixed=CLASSICAL).counts == COUNTS


def test_uv_has_a_line_of_fixed_points_and_isolated_cycles():
    cycles = find_cycles(ds.systems.uv(), 2, {"z": (-3, 3), "k": (0, 8)}, fixed={"rho": 1.3})
    (line,) = cycles.families
    assert (line.period, line.dimension) == (1, 1)
    assert line.samples[:, 0, 0] == pytest.approx(0, abs=1e-9)
    assert (line.samples[:, 0, 1].min(), line.samples[:, 0, 1].max()) == pytest.approx(
        (2.6, 8), abs=0.2
    )
    corners = sorted(tuple(np.round(c.states[0], 9) + 0.0) for c in cycles.of_period(1))
    assert corners == [(-2.0, 1.4), (-1.3, 0.0), (2.0, 6.6)]
