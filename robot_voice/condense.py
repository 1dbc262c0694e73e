"""Conversations are summed up while nobody speaks: long ones for the model, ended ones for good.

A long conversation is condensed: its beginning gives way to a note (``llm.summary``). When one is
over, which is when nobody has spoken for ``END_SECONDS``, its gist goes into the robot's ``Diary``,
if it has one. Both are the model's work, in the pauses of the conversation and never in a turn.
Whoever begins to speak ends that at once: what was made so far is dropped, the engine is free as
soon as after any cancel, and the next pause begins it anew. When it is done, the model reads the
conversation in advance, so that the next turn finds it in the cache.

Nothing is in the diary of a conversation that is not over when the process ends: a clean end has
less than two seconds, and summing up takes longer.

A model that cannot sum up is not asked; then the oldest messages are forgotten (``Window``), and
the diary stays empty.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from .errors import EngineError, LlmError
from .llm.summary import Window, ask, cost, within
from .stages import Mind
from .types import Message, Stream, Transcript

_log = logging.getLogger(__name__)

SumUp: TypeAlias = Callable[[Sequence[Message], str], Stream[str]]
"""The model's reply to these messages, in this language."""

SETTLE_SECONDS = 1.0
"""Nobody speaks for so long before it begins: who has only taken a breath goes on at once."""

END_SECONDS = 300.0
"""Nobody has spoken for so long: the conversation is over."""

LEAST_EXCHANGES = 2
"""What both sides said so often is worth a gist: less is a question and its answer."""

GIST_TOKENS, _GIST_DENSE = 150.0, 360.0
"""Tokens of a gist, as ``llm.summary.cost`` has it: 60 English words, 150 Hangul syllables."""
_DENSE = ("ja", "ko", "zh")
"""Languages whose characters cost as much as words."""


@dataclass(slots=True)
class Diary:
    """Where the gist of conversations that are over is kept."""

    keep: Callable[[str, str, Message], None]
    """Given a gist, its language (ISO 639-1 code), and the last words of the user's in it."""
    silent: bool = False
    """Set while a conversation is under way of which nothing may be kept."""


class Condenser:
    """Sums up one conversation after another. Its work lives in the task group of its caller."""

    def __init__(
        self, window: Window, mind: Mind, sum_up: SumUp | None, diary: Diary | None = None
    ) -> None:
        """``sum_up`` shows the model the very prompt that ``mind.generate`` does, but without
        notes behind the last words. None: the model cannot sum up. ``diary`` None: nothing is kept
        of conversations that are over."""
        self._window = window
        self._mind = mind
        self._sum_up = sum_up
        self._diary = diary
        self._task: asyncio.Task[None] | None = None
        self._begun = False
        self._seen: list[Message] = []  # what was said when the pause began
        self._since = 0.0  # when that had been said, in the loop's time
        self._failed: list[Message] = []  # what could not be summed up: not before it has changed
        self._written: Message | None = None  # the last words that the diary is done with
        self._noted = 0  # exchanges since then that are in the window's note alone
        self._doubted = False  # whether that note may hold what no diary may

    def consider(self, tasks: asyncio.TaskGroup, latest: Transcript | None) -> None:
        """A pause begins, goes on or ends. Cheap; to be called at least whenever that changes.

        ``latest``: nobody speaks, nor is about to, and these were the last words; None: somebody
        does, or nobody is heard any more.
        """
        if not self._begun:  # what is there already comes from an earlier process
            self._begun = True
            self._turn_page(self._window.messages())
            self._doubted = self._written is not None
        if latest is None:
            if self._task is not None:
                self._task.cancel()
                self._task = None
        elif self._task is None and self._sum_up is not None:
            self._task = tasks.create_task(self._pause(self._sum_up, latest))

    async def _pause(self, sum_up: SumUp, latest: Transcript) -> None:
        now = asyncio.get_running_loop().time
        if self._window.messages() != self._seen:
            self._seen, self._since = self._window.messages(), now()
        if not self._seen:  # all was forgotten, the note as well
            self._doubted = False
        await asyncio.sleep(SETTLE_SECONDS)
        if self._window.due:
            await self._attempt(self._condense(sum_up, self._mind.reply_language(latest)))
        if self._diary is not None:
            await asyncio.sleep(max(0.0, self._since + END_SECONDS - now()))
            await self._end(self._diary, sum_up, self._mind.reply_language(latest))

    async def _end(self, diary: Diary, sum_up: SumUp, language: str) -> None:
        if diary.silent:
            messages = self._window.messages()
            # Words that were not answered yet become one message with those that follow them.
            diary.silent, self._doubted = bool(messages) and messages[-1].role == "user", True
            self._turn_page(messages)
        else:
            await self._attempt(self._write(diary, sum_up, language))

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        if self._window.messages() == self._failed:
            work.close()
            return
        try:
            await work
        except EngineError as error:
            _log.warning("the conversation was not summed up: %s", error)
            self._failed = self._window.messages()

    async def _condense(self, sum_up: SumUp, language: str) -> None:
        seen, budget = self._window.messages(), self._window.limits.summary
        request = [*self._window.shown(seen), ask(language, budget)]
        summary = await self._summary(sum_up, request, language, budget)
        if not self._window.condense(seen, summary, language):
            raise LlmError("the model made no summary of it")
        self._seen = self._window.messages()  # nothing new was said
        self._noted += _exchanges(self._new(seen)) - _exchanges(self._new(self._seen))
        await self._read(language)

    async def _write(self, diary: Diary, sum_up: SumUp, language: str) -> None:
        seen = self._window.messages()
        new, noted = self._new(seen), 0 if self._doubted else self._noted
        if _exchanges(new) + noted < LEAST_EXCHANGES:
            return
        shown = self._window.shown(new) if noted else new
        budget = _GIST_DENSE if language in _DENSE else GIST_TOKENS
        request = [*shown, ask(language, budget)]
        gist = within(await self._summary(sum_up, request, language, budget), budget)
        if diary.silent or self._window.messages() != seen:
            return  # it was to be forgotten, meanwhile
        if not gist:
            raise LlmError("the model made no summary of it")
        self._turn_page(seen)
        assert self._written is not None  # somebody was answered
        diary.keep(gist, language, self._written)
        await self._read(language)

    async def _summary(
        self, sum_up: SumUp, request: Sequence[Message], language: str, budget: float
    ) -> str:
        summary = ""
        async with sum_up(request, language) as pieces:
            async for piece in pieces:
                summary += piece
                if cost(summary) > budget:  # the rest would be cut off
                    break
        return summary

    async def _read(self, language: str) -> None:
        await self._mind.prepare(self._window.shown(self._window.messages()), language)

    def _turn_page(self, messages: Sequence[Message]) -> None:
        """The diary is done with all of ``messages`` that was answered."""
        answered = [one for one, _ in pairwise(messages) if one.role == "user"]
        self._written = answered[-1] if answered else self._written
        self._noted = 0

    def _new(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Those that the diary is not done with."""
        at = next((i for i, message in enumerate(messages) if message is self._written), None)
        return messages if at is None else messages[at + 2 :]  # it is followed by its answer


def _exchanges(messages: Sequence[Message]) -> int:
    return sum(message.role == "assistant" for message in messages)
