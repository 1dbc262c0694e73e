"""The fast path of "stop": recognised while the word is still being said.

While the robot speaks or moves, what is said to it is also heard in short windows, without waiting
for a pause: whoever shouts "stop, stop, stop!" over a machine makes none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from .errors import EngineError
from .stages import Stages
from .types import Utterance

FIRST_SECONDS = 0.45
"""Voice before the first look: as long as "stop" and "멈춰" take. What is shorter ends in a pause
before this."""

WINDOW_SECONDS = 1.6
"""Of the newest sound: a stop word and what is heard before its voice."""

EVERY_SECONDS = 0.3

REST = 2.0
"""Times as long as a look took that the recogniser is left alone after it: the hearing of the whole
utterance must not have to wait for long."""


class StopWatch:
    """One utterance after another. It lives in the pipeline's task group."""

    def __init__(self, stages: Stages, on_stop: Callable[[str], None]) -> None:
        """``on_stop`` is told the word, at most once an utterance."""
        self._stages = stages
        self._on_stop = on_stop
        self._task: asyncio.Task[None] | None = None
        self._due = float("inf")
        self.stopped = False
        """Whether the present utterance has already stopped the robot."""

    def begin(self) -> None:
        """The user has begun to speak."""
        self.pause()
        self.stopped = False
        self._due = _now() + FIRST_SECONDS

    def pause(self) -> None:
        """The whole of it is going to be heard."""
        if self._task is not None:
            self._task.cancel()

    def consider(self, tasks: asyncio.TaskGroup, so_far: Callable[[], Utterance | None]) -> None:
        """Hear the newest of what was said ``so_far`` if it is time."""
        if self.stopped or _now() < self._due or (self._task and not self._task.done()):
            return
        utterance = so_far()
        if utterance is not None:
            self._task = tasks.create_task(self._look(_newest(utterance)))

    async def _look(self, utterance: Utterance) -> None:
        began = _now()
        try:
            word = self._stages.stops(await self._stages.transcribe(utterance))
            if word and not self.stopped:
                self.stopped = True
                self._on_stop(word)
        except EngineError:
            pass  # whatever it is, the turn itself will meet it and tell
        finally:
            self._due = _now() + max(EVERY_SECONDS, REST * (_now() - began))


def _newest(utterance: Utterance) -> Utterance:
    samples = utterance.samples[-round(WINDOW_SECONDS * utterance.rate) :]
    start = utterance.start + (len(utterance.samples) - len(samples)) / utterance.rate
    return replace(utterance, samples=samples, start=start)


def _now() -> float:
    return asyncio.get_running_loop().time()
