"""A thread for what may have to wait for the disk, and for which no turn waits for long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from robot_voice.clock import count_work
from robot_voice.errors import EngineError

_log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds a turn waits; a recall among 10,000 memories takes 0.02. Then it goes without."""

MAX_WAITING = 8
"""Requests that may wait for a disk that hangs; of more none is made."""

MAX_CERTAIN = 64
"""Requests of people among them, which are not dropped as easily."""

T = TypeVar("T")


class Errands:
    """Lives on the event loop. Unlike a ``Worker`` it may hang: the robot does without it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, name)
        self._waiting = 0
        self._soon: asyncio.Future[object] | None = None

    async def ask(self, work: Callable[[], T]) -> T | None:
        """The result of ``work``; None, with a warning, when it fails or takes too long."""
        result = self.submit(work)
        if result is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await result
        except (TimeoutError, EngineError) as error:
            why = str(error) or "it takes too long"
            _log.warning("a turn goes without the %s: %s", self._name, why)
            return None

    def soon(self, work: Callable[[], object]) -> None:
        """Have it done after what waits, once for all that ask for it meanwhile."""
        if self._soon is None or self._soon.done():
            self._soon = self.submit(work, certain=True)

    def submit(self, work: Callable[[], T], *, certain: bool = False) -> asyncio.Future[T] | None:
        """Have it done, in the order of submission. None: too much waits already. ``certain``: it
        follows from words that were committed, and may wait behind more."""
        if self._waiting >= (MAX_CERTAIN if certain else MAX_WAITING):
            return None
        self._waiting += 1
        count_work(self._loop, 1)
        job = self._thread.submit(work)
        result = asyncio.wrap_future(job)  # first, so that the loop has it before the work ends
        job.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._done))
        return result

    def close(self) -> None:
        """What waits is still done, before the process ends."""
        self._thread.shutdown(wait=False)

    def _done(self) -> None:
        self._waiting -= 1
        count_work(self._loop, -1)
