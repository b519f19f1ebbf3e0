"""A time budget for exact algebra, which may take for ever without being wrong."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["BudgetExceeded", "limit"]


class BudgetExceeded(Exception):  # noqa: N818 - not an error: an answer that is not there yet
    """The stated time for a piece of algebra is over."""


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise `BudgetExceeded` in the block when it has run for ``seconds``.

    Budgets nest: the shorter of the two ends first. The interruption uses the timer signal, which
    only the main thread of a POSIX system has; elsewhere the block runs to its end.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise BudgetExceeded(f"not finished within {seconds:g} s")

    started = time.monotonic()
    outer_left, _ = signal.getitimer(signal.ITIMER_REAL)
    if outer_left and outer_left <= seconds:  # the outer budget rings first, in its own name
        yield
        return
    outer = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer)
        if outer_left:
            left = outer_left - (time.monotonic() - started)
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6))
