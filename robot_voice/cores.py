"""The cores, lent to one engine at a time.

Speech recognition and the language model may each use all of ``cpu.threads``. Nearly always they
take turns by nature: the words are there before the answer. Where they do not (captions while the
model reads ahead, an interpreter's next sentence), twice the threads on the same cores would be
far slower than half of each: both libraries' threads wait for one another by spinning. So whoever
comes second waits, the language model after every token; nobody waits for a whole answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import psutil

from .config import Config
from .engines import Asr, Cancelled, Llm
from .types import Message, Transcript, Utterance

T = TypeVar("T")


class Cores:
    """Everybody is served in turn: who has just had the cores cannot take them from who waits."""

    def __init__(self) -> None:
        self._next = Lock()
        self._lent = Lock()

    @contextmanager
    def lent(self) -> Generator[None]:
        """Nobody else has the cores meanwhile."""
        with self._next:  # only one waits here; the others before
            self._lent.acquire()
        try:
            yield
        finally:
            self._lent.release()

    def during(self, call: Callable[[], T]) -> T:
        """The result of a call that has the cores all the time."""
        with self.lent():
            return call()

    def between(self, pieces: Iterator[T]) -> Iterator[T]:
        """The same pieces; each is made with the cores, which are given back in between."""
        while True:
            with self.lent():
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
            yield piece


class SharedAsr:
    """Implements ``engines.Asr``: another one, which has the cores while it hears."""

    def __init__(self, asr: Asr, cores: Cores) -> None:
        self._asr, self._cores = asr, cores

    def transcribe(self, utterance: Utterance) -> Transcript:
        """As the other one. Raises ``AsrError``."""
        return self._cores.during(lambda: self._asr.transcribe(utterance))

    def translate(self, utterance: Utterance) -> Transcript:
        """As the other one. Raises ``AsrError``."""
        return self._cores.during(lambda: self._asr.translate(utterance))


class SharedLlm:
    """Implements ``engines.Llm``: another one, which has the cores for one piece at a time."""

    def __init__(self, llm: Llm, cores: Cores) -> None:
        self._llm, self._cores = llm, cores

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        """As the other one. Raises ``LlmError``."""
        return self._cores.between(self._llm.generate(messages, cancelled))

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        """As the other one. Raises ``LlmError``."""
        self._cores.during(lambda: self._llm.prefill(messages, cancelled))

    def close(self) -> None:
        """As the other one."""
        self._llm.close()


def threads_for(config: Config, wanted: int | None = None) -> int:
    """How many threads an engine may use: what its own section wants, within the budget that all
    of them share, ``cpu.threads``; that is, unless set, the physical cores this process may run on.

    Each may use the whole budget, for recognition and the language model take turns (``cores``);
    synthesis has one thread, and most of the time nothing to do.
    """
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    budget = config.cpu.threads or min(physical, allowed)
    return min(wanted or budget, budget)
