"""An event loop that does not wait.

``FastLoop`` lets recorded audio run faster than real time with the results of real time. Its
clock runs at the true pace while an engine works, and jumps to the next timer when nobody does:
a second of silence costs nothing, a millisecond of thinking costs a millisecond. The code above
cannot tell the difference, because it reads ``loop.time()`` only.

Engines work in threads of ``worker.Worker``, which tells the loop by ``work(+1)`` and ``work(-1)``.
"""

from __future__ import annotations

import asyncio
import threading


class FastLoop(asyncio.SelectorEventLoop):
    """Jumps over the time in which nothing happens."""

    def __init__(self) -> None:
        super().__init__()
        self._skipped = 0.0
        self._working = 0
        self._lock = threading.Lock()

    def time(self) -> float:
        return super().time() + self._skipped

    def work(self, jobs: int) -> None:
        """Count ``jobs`` more (or fewer) at work. Any thread may call it.

        A thread that counts itself out must have posted its results before.
        """
        with self._lock:
            self._working += jobs
            idle = self._working == 0
        if idle and not self.is_closed():
            self._write_to_self()  # type: ignore[attr-defined]  # it may be waiting for a timer

    def _run_once(self) -> None:
        # The order matters: whoever counted itself out has filled ``_ready`` before.
        idle = self._working == 0
        if idle and not self._ready and self._scheduled:  # type: ignore[attr-defined]
            next_timer: float = self._scheduled[0].when()  # type: ignore[attr-defined]
            self._skipped += max(0.0, next_timer - self.time())
        super()._run_once()  # type: ignore[misc]


def count_work(loop: asyncio.AbstractEventLoop, jobs: int) -> None:
    """Tell ``loop`` of ``jobs`` more at work, if it wants to know."""
    if isinstance(loop, FastLoop):
        loop.work(jobs)
