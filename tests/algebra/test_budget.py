"""The time budget: it ends, it nests, it is not swallowed, and it leaves no timer behind."""

import signal
import time

import pytest

from dynsharp.algebra.budget import BudgetExceeded, limit


def busy(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_it_interrupts_and_leaves_no_timer():
    started = time.process_time()
    with pytest.raises(BudgetExceeded, match=r"0\.05 s"), limit(0.05):
        busy(5)
    assert time.process_time() - started < 2
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_in_time_nothing_happens():
    with limit(5):
        busy(0.01)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_swallowing_does_not_help():
    def careless():
        try:
            busy(5)
        except Exception:
            busy(5)
        try:
            busy(5)
        except:  # noqa: E722 - what is tested
            busy(5)

    with pytest.raises(BudgetExceeded), limit(0.05):
        careless()


@pytest.mark.parametrize(("outer", "inner"), [(0.05, 5.0), (5.0, 0.05)])
def test_the_shorter_of_two_ends_first(outer, inner):
    with pytest.raises(BudgetExceeded, match=r"0\.05 s"), limit(outer), limit(inner):
        busy(4)


def test_the_outer_one_goes_on_after_the_inner_one():
    def inner_then_more():
        with pytest.raises(BudgetExceeded), limit(0.05):
            busy(4)
        busy(4)

    with pytest.raises(BudgetExceeded, match=r"0\.2 s"), limit(0.2):
        inner_then_more()
