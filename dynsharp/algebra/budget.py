"""A time budget for exact algebra, which may take for ever without being wrong."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class BudgetExceeded(BaseException):
    """The stated time for a piece of algebra is over.

    No Exception, so that an ``except Exception`` inside the algebra does not take it for its own.
    """


def _is_callback_of_gc(frame: FrameType | None) -> bool:
    """Whether this frame is run by the garbage collector, which would swallow an exception."""
    codes = [getattr(callback, "__code__", None) for callback in gc.callbacks]
    return frame is not None and frame.f_code in codes


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raise `BudgetExceeded` in the block when it has run for ``seconds`` of processor time.

    What else runs on the machine does not change an answer. Budgets nest: the shorter of the two
    ends first. The interruption uses a timer signal, which only the main thread of a POSIX system
    has; elsewhere the block runs to its end.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "SIGVTALRM"
    ):
        yield
        return

    inside = True

    def ring(_number: int, frame: FrameType | None) -> None:
        if inside and not _is_callback_of_gc(frame):
            raise BudgetExceeded(f"not finished within {seconds:g} s")

    started = time.process_time()
    outer_left, _ = signal.getitimer(signal.ITIMER_VIRTUAL)
    if outer_left and outer_left <= seconds:  # the outer budget rings first, in its own name
        yield
        return
    outer = signal.signal(signal.SIGVTALRM, ring)
    # Rung again and again: code that swallows every exception is interrupted at the next one.
    signal.setitimer(signal.ITIMER_VIRTUAL, max(seconds, 1e-6), 0.2)
    try:
        yield
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, outer)
        if outer_left:
            left = outer_left - (time.process_time() - started)
            signal.setitimer(signal.ITIMER_VIRTUAL, max(left, 1e-6), 0.2)
