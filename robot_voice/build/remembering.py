"""The robot's memory in a conversation: on a thread of its own, in words that pass the screen."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from robot_voice.condense import Diary
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.errors import EngineError
from robot_voice.events import Dismissed, Event, TurnEnded, Withdrawn
from robot_voice.memory.commands import memory_request
from robot_voice.memory.elsewhere import forget_elsewhere
from robot_voice.memory.hashing import Embedder, HashEmbedder
from robot_voice.memory.recall import as_note
from robot_voice.memory.requests import ForgetAll, ForgetThat
from robot_voice.memory.store import MemoryStore, memory_path
from robot_voice.memory.talk import Memory, Say, filled
from robot_voice.safety.templates import KoreanLevel, template
from robot_voice.settings import Loaded
from robot_voice.skills.talk import Skills
from robot_voice.types import Draft, Message, SafeText, Transcript

from .errands import Errands

_log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_TALKS = 32
"""Conversations of this process whose words may still be shown to the model."""


def load_memory(loaded: Loaded) -> MemoryStore | None:
    """Where the memories are; None when the owner wants none. Raises ``ModelError`` for an
    embedding model that cannot be used, ``EngineError`` for a store that cannot."""
    config = loaded.config.memory
    if not config.enabled:
        return None
    embedder: Embedder = HashEmbedder(config.threshold)
    if config.embedder != "builtin":
        from robot_voice.memory.gguf import GgufEmbedder

        base = loaded.base(("memory", "embedder")) or Path.cwd()
        embedder = GgufEmbedder(base / Path(config.embedder).expanduser(), config.threshold)
    return MemoryStore(memory_path(), embedder, retention_days=config.retention_days)


class Remembering:
    """Lives on the event loop. ``close`` it."""

    def __init__(
        self,
        config: Config,
        store: MemoryStore | None,
        screen: Callable[[Draft], Awaitable[SafeText]],
        conversation: Conversation,
        skills: Skills | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``skills``: of the same robot; they forget as well. ``clock`` gives seconds since the
        epoch."""
        self._clock = clock
        self._level: KoreanLevel = config.tone.korean_level
        self._screen = screen
        self._conversation = conversation
        self._loop = asyncio.get_running_loop()
        self._errands = Errands("memory")
        self._knows = store is not None
        elsewhere = partial(forget_elsewhere, skills)
        later = partial(self._errands.submit, partial(self._try, elsewhere))
        forgets = elsewhere if self._knows else later
        self._memory = Memory(store, self._forgotten, clock, forgets)
        self._failure: Say | None = None
        self._talks: deque[tuple[float, Message]] = deque(maxlen=MOST_TALKS)
        kept = store is not None and config.memory.summaries
        self.diary = Diary(self._summarised) if kept else None
        """Where the gist of conversations is kept; None: nowhere."""
        if store is not None:
            self._errands.submit(self._memory.start)

    async def answer(self, words: Transcript, language: str) -> SafeText | None:
        """What is said to these words in this language; None: they are not about the memory."""
        say = await self._ask(partial(self._memory.answer, words.text, words.language))
        return await self._spoken(say, language, words.text) if say else None

    async def note(self, messages: Sequence[Message], language: str) -> str:
        """Lines for the model: what is remembered that has to do with the user's last words."""
        if not messages or messages[-1].role != "user":
            return ""
        find = partial(self._memory.notes, messages[-1].text, self._shown_since(messages))
        notes = await self._ask(find)
        return as_note(notes, language, self._clock()) if notes else ""

    def committed(self, transcript: Transcript) -> None:
        """The user did say this: remember, or forget, what they asked for."""

        def do() -> None:
            failure = self._memory.committed(transcript.text, transcript.language)
            if failure is not None:
                self._failure = failure

        if isinstance(memory_request(transcript.text), ForgetThat | ForgetAll):
            self.keep_nothing()  # whatever it was
        if not self._knows:
            do()
        elif self._errands.submit(do, certain=True) is None:
            self._failure = Say("memory_failed")

    def happened(self, event: Event) -> None:
        """A listener: what was withdrawn never was."""
        if isinstance(event, Withdrawn | Dismissed | TurnEnded):
            if self._knows:
                self._errands.soon(self._memory.turn_over)
            else:
                self._memory.turn_over()

    def keep_nothing(self) -> None:
        """Keep no gist of the conversation that is under way."""
        if self.diary is not None:
            self.diary.silent = True

    def closing(self, language: str) -> SafeText | None:
        """What is added to the next reply: that something could not be done after all."""
        failure, self._failure = self._failure, None
        return template(failure.category, language, self._level) if failure else None

    def close(self) -> None:
        """What waits is still done, before the process ends."""
        self._errands.close()

    async def _spoken(self, say: Say, language: str, user: str) -> SafeText:
        safe = template(say.category, language, self._level, instead_of=user)
        text = filled(safe.text, say)
        if text == safe.text:
            return safe
        return await self._screen(Draft(text, safe.language, user))  # users' words are in it

    def _forgotten(self) -> None:
        """Called by the memory's thread: the conversation holds the same words."""
        self._loop.call_soon_threadsafe(self._conversation.clear)

    async def _ask(self, work: Callable[[], T]) -> T | None:
        if not self._knows:
            return work()  # touches no disk
        return await self._errands.ask(work)

    def _try(self, forget: Callable[[], None]) -> None:
        try:
            forget()
        except EngineError as error:
            _log.warning("%s", error)
            self._failure = Say("memory_failed")

    def _summarised(self, gist: str, language: str, last: Message) -> None:
        self._talks.append((self._clock(), last))
        self._errands.submit(partial(self._memory.summarised, gist, language))

    def _shown_since(self, messages: Sequence[Message]) -> float:
        """When the gist of the first of the conversations was written whose words are among
        ``messages``."""
        shown = (at for at, last in self._talks if any(one is last for one in messages))
        return next(shown, math.inf)
