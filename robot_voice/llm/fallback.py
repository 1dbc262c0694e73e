"""Two chat models: a remote one that answers, and the one on board for when it cannot.

The link may die at any moment, so what the remote model writes is passed on sentence by sentence,
and what is left of an unfinished one is dropped. That costs the head start which a first clause
has before its sentence, and no more: nothing else is spoken before its end is there. Whole
sentences are what can be taken over: half of one would have to be finished in another model's mind.

* Before the first sentence, the model on board answers as if there were no other.
* After it, that model is given the beginning as its own, as a last message of the assistant's, and
  goes on. It must be one that ``continues`` such a message, with no mark of the chat format behind
  it: behind a message that the format had closed, the starter model wrote noise five times of five.
  Otherwise the reply ends with the last sentence: short, but whole.
* A sentence that was said is not said again, whichever model writes it.

A server that failed is left alone for a while that doubles (a circuit breaker, M. Nygard, "Release
It!", 2007), so that a dead one does not cost every turn its time-out.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from robot_voice.engines import Cancelled, Llm
from robot_voice.errors import LlmError
from robot_voice.types import Message

_log = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds for which a server is left alone after its first failure."""
LONGEST_PAUSE = 300.0
LONGEST_SENTENCE = 120
"""Characters after which a run without an end is passed on up to its last word, as
``tts.sentences`` cuts it."""
SHORTEST_REPEATED = 6
"""Letters of a sentence that may not come twice: "No." and "Dr." may."""
_END = re.compile(r"[.!?…]+[\"'”’»)\]*]*\s+|[。！？]+[」』”’）]*|\n+")


class Breaker:
    """Whether a server is worth a try. Closed is well, as in electricity."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: seconds, from anywhere."""
        self._clock = clock
        self._until = 0.0
        self._pause = 0.0
        """The present one; 0: closed."""

    @property
    def may_try(self) -> bool:
        return not self._pause or self._clock() >= self._until

    def failed(self) -> bool:
        """It failed: leave it alone. Returns whether that is news."""
        news = not self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE) or PAUSE
        self._until = self._clock() + self._pause
        return news

    def succeeded(self) -> bool:
        """It is well. Returns whether that is news."""
        news = bool(self._pause)
        self._pause = 0.0
        return news


class FallbackLlm:
    """Implements ``engines.Llm``. Owned by one thread."""

    def __init__(
        self,
        remote: Llm,
        local: Llm,
        continues: bool = False,
        changed: Callable[[bool, str], None] = lambda reachable, reason: None,
        breaker: Breaker | None = None,
    ) -> None:
        """``continues``: the local model goes on from a last message of the assistant's.
        ``changed`` is told, in the thread, when the remote model is gone, and why, or is back.
        """
        self._remote, self._local, self._continues = remote, local, continues
        self._changed = changed
        self._breaker = breaker or Breaker()

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        """The reply to ``messages``: the remote model's as far as it comes, a sentence at a time.

        Once ``cancelled`` is true it ends, without an error, as soon as the model at work does.
        Raises ``LlmError`` when neither has begun an answer.
        """
        said: list[str] = []
        whole = self._breaker.may_try and (yield from self._remotely(messages, said, cancelled))
        if whole or cancelled():
            return
        if not any(map(_letters, said)):
            yield from self._local.generate(messages, cancelled)
        elif self._continues:
            yield from self._rest(messages, said, cancelled)

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        """Have the local model read them, so that it can take over without delay. Raises
        ``LlmError``."""
        self._local.prefill(messages, cancelled)

    def close(self) -> None:
        """Close both."""
        self._remote.close()
        self._local.close()

    def _remotely(
        self, messages: Sequence[Message], said: list[str], cancelled: Cancelled
    ) -> Generator[str, None, bool]:
        """The remote model's sentences, written down in ``said``. Returns whether they are all."""
        try:
            for sentence in _sentences(self._remote.generate(messages, cancelled)):
                said.append(sentence)
                yield sentence
        except LlmError as error:
            if self._breaker.failed():
                _log.warning("the model on board answers from now on: %s", error)
                self._changed(False, str(error))
            return False
        if not cancelled() and self._breaker.succeeded():
            _log.info("the remote language model is back")
            self._changed(True, "")
        return True

    def _rest(
        self, messages: Sequence[Message], said: Sequence[str], cancelled: Cancelled
    ) -> Iterator[str]:
        """What the local model has to add."""
        beginning = Message("assistant", "".join(said).strip())
        known = {key for key in map(_letters, said) if len(key) >= SHORTEST_REPEATED}
        try:
            for sentence in _sentences(self._local.generate([*messages, beginning], cancelled)):
                if _letters(sentence) not in known:
                    yield sentence
        except LlmError as error:  # the turn is answered as it is
            _log.warning("the model on board could not go on: %s", error)


def _sentences(pieces: Iterator[str]) -> Iterator[str]:
    """The same text, cut after the ends of sentences, or what looks like them.

    What is unfinished when the pieces end is passed on; when they fail, it is lost.
    """
    held = ""
    with closing(pieces):  # type: ignore[type-var]
        for piece in pieces:
            held += piece
            while at := _cut(held):
                yield held[:at]
                held = held[at:]
    if held:
        yield held


def _cut(text: str) -> int:
    """Where the first sentence ends; 0: not yet."""
    end = _END.search(text)
    if end is not None:
        return end.end()
    if len(text) <= LONGEST_SENTENCE:
        return 0
    return text.rfind(" ") + 1 or len(text)


def _letters(sentence: str) -> str:
    """What makes a sentence the same as another one."""
    return "".join(filter(str.isalnum, sentence)).casefold()
