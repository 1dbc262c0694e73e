"""The robot's memory in a conversation: on a thread of its own, in words that pass the screen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from robot_voice.clock import count_work
from robot_voice.config import Config
from robot_voice.conversation import Conversation
from robot_voice.engines import Screen
from robot_voice.errors import EngineError
from robot_voice.memory.hashing import Embedder, HashEmbedder
from robot_voice.memory.recall import as_note
from robot_voice.memory.store import MemoryStore, memory_path
from robot_voice.memory.talk import Memory, Say, filled
from robot_voice.safety.templates import KoreanLevel, template
from robot_voice.settings import Loaded
from robot_voice.types import Draft, Message, SafeText, Transcript

_log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds a turn waits for the memory; a recall among 10,000 takes 0.02. Then it goes without."""

MAX_WAITING = 8
"""Requests that may wait for a disk that hangs; of more none is made."""

T = TypeVar("T")


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
        self, config: Config, store: MemoryStore | None, screen: Screen, conversation: Conversation
    ) -> None:
        self._level: KoreanLevel = config.tone.korean_level
        self._screen = screen
        self._conversation = conversation
        self._loop = asyncio.get_running_loop()
        self._memory = Memory(store, self._forgotten)
        self._knows = store is not None
        self._thread = ThreadPoolExecutor(1, "memory")
        self._waiting = 0
        self._failure: Say | None = None
        if self._knows:
            self._submit(self._memory.start)

    async def answer(self, words: Transcript, language: str) -> SafeText | None:
        """What is said to these words in this language; None: they are not about the memory."""
        say = await self._ask(partial(self._memory.answer, words.text, words.language))
        return self._spoken(say, language, words.text) if say else None

    async def note(self, messages: Sequence[Message], language: str) -> str:
        """A line for the model: what is remembered that has to do with the user's last words."""
        if not self._knows or not messages or messages[-1].role != "user":
            return ""
        notes = await self._ask(partial(self._memory.notes, messages[-1].text))
        return as_note(notes, language) if notes else ""

    def committed(self, transcript: Transcript) -> None:
        """The user did say this: remember, or forget, what they asked for."""

        def do() -> None:
            failure = self._memory.committed(transcript.text, transcript.language)
            if failure is not None:
                self._failure = failure

        if self._knows:
            self._submit(do)

    def closing(self, language: str) -> SafeText | None:
        """What is added to the next reply: that something could not be done after all."""
        failure, self._failure = self._failure, None
        return self._spoken(failure, language, "") if failure else None

    def close(self) -> None:
        """What waits is still done, before the process ends."""
        self._thread.shutdown(wait=False)

    def _spoken(self, say: Say, language: str, user: str) -> SafeText:
        safe = template(say.category, language, self._level, instead_of=user)
        text = filled(safe.text, say)
        if text == safe.text:
            return safe
        return self._screen.screen(Draft(text, safe.language, user))  # users' words are in it

    def _forgotten(self) -> None:
        """Called by the memory's thread: the conversation holds the same words."""
        self._loop.call_soon_threadsafe(self._conversation.clear)

    async def _ask(self, work: Callable[[], T]) -> T | None:
        if not self._knows:
            return work()  # touches no disk
        job = self._submit(work)
        if job is None:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.wrap_future(job)
        except (TimeoutError, EngineError) as error:
            _log.warning("a turn goes without the memory: %s", str(error) or "it takes too long")
            return None

    def _submit(self, work: Callable[[], T]) -> Future[T] | None:
        if self._waiting >= MAX_WAITING:
            return None
        self._waiting += 1
        count_work(self._loop, 1)
        job = self._thread.submit(work)
        job.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._done))
        return job

    def _done(self) -> None:
        self._waiting -= 1
        count_work(self._loop, -1)
