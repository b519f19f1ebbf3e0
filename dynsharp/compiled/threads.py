"""Work on many orbits, shared out to threads: the kernels release Python's lock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dynsharp.arguments import checked_count
from dynsharp.compiled._writer import LANES
from dynsharp.progress import ProgressBar

CHUNK = 20_000_000  # steps times orbits between two looks at whether to go on: well under a second
GROUPS_PER_THREAD = 4
BLOCKS_PER_GROUP = 64  # at most: so that a chunk of their steps is worth its set-up


def run(
    size: int,
    work: Callable[[int, int], Iterator[float]],
    *,
    label: str,
    threads: int | None = None,
    progress: bool | None = None,
) -> NDArray[np.bool_]:
    """Do ``work(first, last)`` for ranges that make up ``range(size)``; say which were finished.

    Parameters
    ----------
    size
        Number of orbits.
    work
        Generator: does a part of its work (at most about `CHUNK` steps), then yields the fraction
        done so far. It is abandoned between two parts if the user interrupts.
    label
        What the progress bar says.
    threads
        Number of threads; as many as there are cores for this process if left out.
    progress
        Whether to show a progress bar; if left out, on a terminal after a second.

    Returns
    -------
    array of bool
        For each orbit whether its work was finished: all of them unless Ctrl-C was pressed.
    """
    if threads is None:
        threads = _cores()
    threads = checked_count("threads", threads)
    blocks = -(-size // LANES)
    wanted = threads * GROUPS_PER_THREAD if threads > 1 else 1
    ranges = min(blocks, max(wanted, -(-blocks // BLOCKS_PER_GROUP)))
    edges = np.minimum(np.linspace(0, blocks, ranges + 1).astype(int) * LANES, size)
    finished = np.zeros(size, dtype=bool)
    done = np.zeros(ranges)
    stop = threading.Event()

    def task(n: int) -> None:
        first, last = int(edges[n]), int(edges[n + 1])
        for fraction in work(first, last):
            done[n] = fraction
            if stop.is_set() and fraction < 1:
                return
        if not stop.is_set() or done[n] >= 1:
            finished[first:last] = True

    with ThreadPoolExecutor(threads) as pool, ProgressBar(label, progress) as bar:
        futures = [pool.submit(task, n) for n in range(ranges)]
        try:
            pending: Any = futures
            while pending:
                pending = wait(pending, timeout=0.1).not_done
                bar.update(float(done.mean()))
        except KeyboardInterrupt:
            stop.set()
            pool.shutdown(cancel_futures=True)
    for future in futures:
        if not future.cancelled():
            future.result()
    return finished


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
