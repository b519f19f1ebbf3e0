from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

from paper_reproduction.chain import precision
from paper_reproduction.chain.precision_runs import (
    ARITHMETICS,
    Arithmetic,
    Passage,
    descend,
    digits,
    predicted_exit,
)


class Multi(Arithmetic):
    """Multiprecision also for the numbers that the processor has."""

    def numbers(self):
        return mp.mpf


FAST, SLOW, DEEP = Passage(0.1, 10, 1.5), Passage(0.045, 10, 2.5), Passage(0.08, 5, 1.4, depth=3)


@pytest.fixture(scope="module")
def cells():
    return [precision.measure(p, 20) for p in (FAST, SLOW, DEEP)]


def test_the_claim_holds_for_other_passages(cells):
    assert [c.criterion for c in precision.judge(cells) if c.required and not c.holds] == []


@pytest.mark.parametrize("passage", [SLOW, DEEP])
def test_multiprecision_of_53_bits_is_float64_bit_by_bit(passage):
    double, same = (descend(passage, a, 120) for a in (ARITHMETICS[1], Multi("53 bits", 53)))
    other = descend(passage, Multi("54 bits", 54), 120)
    for name in ("u", "v", "residual"):
        np.testing.assert_array_equal(getattr(double, name), getattr(same, name))
    assert np.abs(other.u - double.u).max() > 0  # and one bit more is something else


@pytest.mark.parametrize("passage", [SLOW, DEEP])
def test_float64_is_plain_gradient_descent_on_the_samples(passage):
    """The same steps with the loss written out for X and y, differentiated by hand."""
    chain, (u, v) = passage.chain, passage.start
    X, y = np.diag(chain.sigma), chain.targets
    run = descend(passage, ARITHMETICS[1], 40)
    for n in range(40):
        np.testing.assert_allclose(run.u[n], u, rtol=1e-12)
        np.testing.assert_allclose(run.v[n], v, rtol=1e-12)
        h = X.T @ (X @ u * v.prod() - y) / 2
        pulls = [np.delete(v, j).prod() * (u @ h) for j in range(len(v))]
        u, v = u - passage.eta * v.prod() * h, v - passage.eta * np.array(pulls)


def test_without_rounding_it_leaves_as_late_as_it_was_drawn_in():
    """More digits change nothing once the decay never gets down to them."""
    exits = [descend(FAST, digits(n), 400).exit for n in (100, 300)]
    assert exits[0] == exits[1] > 0


def test_each_digit_delays_by_its_share(cells):
    """Between two arithmetics the regained Σ ln|1 − ηS| is the ratio of their rounding errors."""
    slow = cells[1][-1]
    growth = np.log(np.abs(1 - slow.edge[: slow.exit]))
    few, many = (predicted_exit(slow, digits(n))[0] for n in (10, 30))
    assert growth[few:many].sum() / np.log(10) == pytest.approx(20, abs=1)


def test_a_wrong_theory_is_refused(cells):
    exact = [[replace(d, arithmetic=replace(d.arithmetic, bits=300)) for d in row] for row in cells]
    refused = [c.criterion[:14] for c in precision.judge(exact) if not c.holds and c.required]
    assert "It starts late" in refused
    swapped = [[row[0], row[2], row[1], row[3]] for row in cells]
    refused = [c.criterion[:14] for c in precision.judge(swapped) if not c.holds and c.required]
    assert "The more digit" in refused
