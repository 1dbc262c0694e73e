"""Long conversations are summed up while nobody speaks.

The model sums up what it was shown (``llm.summary``), in the pauses of the conversation and never
in a turn. Whoever begins to speak ends that at once: what was made so far is dropped, the engine is
free as soon as after any cancel, and the next pause begins it anew. When it is done, the model
reads the shorter conversation in advance, so that the next turn finds it in the cache.

A model that cannot sum up is not asked; then the oldest messages are forgotten (``Window``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

from .errors import EngineError, LlmError
from .llm.summary import Window, ask, cost
from .stages import Mind
from .types import Message, Stream, Transcript

_log = logging.getLogger(__name__)

SumUp: TypeAlias = Callable[[Sequence[Message], str], Stream[str]]
"""The model's reply to these messages, in this language."""

SETTLE_SECONDS = 1.0
"""Nobody speaks for so long before it begins: who has only taken a breath goes on at once."""


class Condenser:
    """Sums up one conversation. Its work lives in the task group of whoever calls it."""

    def __init__(
        self,
        window: Window,
        mind: Mind,
        sum_up: SumUp | None,
    ) -> None:
        """``sum_up`` shows the model the very prompt that ``mind.generate`` does, but without
        notes behind the last words. None: the model cannot sum up."""
        self._window = window
        self._mind = mind
        self._sum_up = sum_up
        self._task: asyncio.Task[None] | None = None
        self._failed: list[Message] = []  # what could not be summed up: not before it has changed

    def consider(self, tasks: asyncio.TaskGroup, latest: Transcript | None) -> None:
        """Begin if it is time, or stop. Cheap; to be called all the time.

        ``latest``: nobody speaks, nor is about to, and these were the last words; None: somebody
        does, or the conversation is over.
        """
        if latest is None:
            if self._task is not None:
                self._task.cancel()
            return
        if self._sum_up is None or not self._window.due:
            return
        resting = self._task is None or self._task.done()
        if resting and self._window.messages() != self._failed:
            language = self._mind.reply_language(latest)
            self._task = tasks.create_task(self._condense(self._sum_up, language))

    async def _condense(self, sum_up: SumUp, language: str) -> None:
        await asyncio.sleep(SETTLE_SECONDS)
        seen = self._window.messages()
        try:
            summary = await self._summary(sum_up, seen, language)
            if not self._window.condense(seen, summary, language):
                raise LlmError("the model made no summary of it")
            await self._mind.prepare(self._window.shown(self._window.messages()), language)
        except EngineError as error:
            _log.warning("the conversation was not condensed: %s", error)
            self._failed = seen

    async def _summary(self, sum_up: SumUp, seen: Sequence[Message], language: str) -> str:
        budget, summary = self._window.limits.summary, ""
        request = [*self._window.shown(seen), ask(language, budget)]
        async with sum_up(request, language) as pieces:
            async for piece in pieces:
                summary += piece
                if cost(summary) > budget:  # the rest would be cut off
                    break
        return summary
