"""How far long work has come, on standard error."""

from __future__ import annotations

import sys
import time
from typing import Any

SHOW_AFTER = 1.0  # seconds of work after which the progress bar appears


class ProgressBar:
    """A progress bar on standard error that appears only when the work takes a while.

    A context manager: ``with ProgressBar("branches", None) as bar: ...; bar.update(0.5)``.

    Parameters
    ----------
    label
        What the bar says.
    progress
        Whether to show it; if None, on a terminal. It appears after a second of work.
    """

    def __init__(self, label: str, progress: bool | None) -> None:
        self.label = label
        self.wanted = sys.stderr.isatty() if progress is None else progress
        self.begun = time.monotonic()
        self.bar: Any = None

    def __enter__(self) -> ProgressBar:
        return self

    def update(self, fraction: float) -> None:
        """Show that this fraction of the work is done, from 0 to 1."""
        if self.wanted and self.bar is None and time.monotonic() - self.begun > SHOW_AFTER:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True, force_terminal=True), transient=True)
            self.bar.start()
            self.task = self.bar.add_task(self.label, total=1.0)
        if self.bar is not None:
            self.bar.update(self.task, completed=fraction)

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.stop()
