"""What the robot says of its own accord: what became of an action, that a timer rings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from robot_voice.errors import EngineError
from robot_voice.types import SafeText

from .prepared import Announce

_log = logging.getLogger(__name__)

Text: TypeAlias = Callable[[], Awaitable[SafeText]]
"""What to say. Raises ``EngineError``."""


class Telling:
    """Lives on the event loop. Says nothing but within ``open``."""

    def __init__(self) -> None:
        self._announce: Announce | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._telling: set[asyncio.Task[bool]] = set()

    @contextmanager
    def open(self, tasks: asyncio.TaskGroup, announce: Announce) -> Iterator[None]:
        """Tell by ``announce`` until the end of the context."""
        self._tasks, self._announce = tasks, announce
        try:
            yield
        finally:
            self._tasks = self._announce = None  # there is nobody left to tell
            self.drop()

    def drop(self) -> None:
        """What is not sound yet is not said."""
        for task in self._telling:
            task.cancel()

    def later(self, text: Text, begins: Callable[[], None]) -> None:
        """Say it when nobody speaks, and call ``begins`` then; do not wait for it."""
        if self._tasks is None:
            return
        task = self._tasks.create_task(self.now(text, begins))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def now(self, text: Text, begins: Callable[[], None]) -> bool:
        """The same; whether it could be made into sound, if anybody is left to hear it."""
        try:
            safe = await text()
            if self._announce is not None:
                await self._announce(safe, begins)
        except EngineError as error:
            _log.warning("something could not be told: %s", error)
            return False
        return True
