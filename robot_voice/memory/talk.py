"""The memory in a conversation: what the model is shown, and what is said to requests about it.

A turn may be withdrawn until it is committed. So ``answer`` only looks, and ``committed`` does what
was asked; both come to the same, in whichever order they are called. Call everything here from one
thread, which may block for the disk. To forget for good, and what was only guessed at, takes a yes.

Nothing here raises on account of the disk or the model: the robot goes on without its memory.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from robot_voice.errors import EngineError
from robot_voice.tts.sentences import SentenceSplitter

from .commands import asks_of_talks, memory_request, says_yes
from .recall import Note, relevant
from .requests import (
    MAX_FACT,
    Export,
    ForgetAll,
    ForgetThat,
    Recall,
    Remember,
    Request,
    Retain,
    trimmed,
)
from .sayings import CATEGORIES, Say, filled
from .store import MemoryStore

__all__ = ["CATEGORIES", "Memory", "Say", "filled"]

_log = logging.getLogger(__name__)

MOST_TOLD = 5
"""Facts told in one breath."""
ASKED_SECONDS = 60.0
"""How long a question of the robot waits for its yes."""
LAST_SECONDS = 600.0
"""How long "that" may mean what was remembered or told last."""
MOST_TALKED = 6
"""Sentences on earlier conversations that the model is shown when it is asked about them."""
_TOGETHER = 60.0
"""Sentences that were written within so many seconds are on the same conversation."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Plan:
    say: Say
    do: Callable[[], object] = lambda: None
    on_yes: _Plan | None = None
    """What a yes to ``say`` leads to."""


_LEFT = _Plan(Say("memory_left"))
_OFF = _Plan(Say("memory_off"))
_FAILED = Say("memory_failed")
_UNKNOWN = _Plan(Say("memory_unknown"))


class Memory:
    """See the module. ``store`` None: the owner has not switched the memory on."""

    def __init__(
        self,
        store: MemoryStore | None,
        forgotten_all: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        elsewhere: Callable[[], object] = lambda: None,
    ) -> None:
        """When everything is to be forgotten, ``forgotten_all`` is called first: the conversation
        that is under way has the same words in it; and ``elsewhere`` last: what it does may raise
        ``EngineError``. ``clock`` gives seconds since the epoch."""
        self._store = store
        self._forgotten_all = forgotten_all
        self._elsewhere = elsewhere
        self._clock = clock
        forgotten = _Plan(Say("memory_all_forgotten"), self._forget_all)
        self._all = _Plan(Say("memory_ask_all"), on_yes=forgotten)
        self._asked: tuple[float, _Plan] | None = None
        self._last: tuple[float, Sequence[int]] = (0.0, ())
        self._answered = ""
        """What was answered last and is not committed yet."""
        self._owed: tuple[str, Say | None] | None = None
        """What was committed before it was answered, as happens when recognition takes longer than
        the silence that ends a turn; and what is said to it."""

    def start(self) -> None:
        """Drop what is too old, finish what a crash interrupted, and index what another embedder
        had indexed. May take long with a model."""
        self._quietly(lambda store: (store.expire(), store.reindex()))

    def notes(self, text: str, since: float = math.inf) -> list[Note]:
        """What the model may need to know for an answer to ``text`` (``recall.as_note`` makes lines
        of it): at most three memories, the best first, and what the last conversations were about
        if it asks that; none of those that it is shown word for word: what was written ``since``,
        in seconds since the epoch."""
        found = self._relevant(text, since)
        if asks_of_talks(text) or isinstance(memory_request(text), Recall):
            found += [note for note in self._talks(since)[-MOST_TALKED:] if note not in found]
        return found

    def summarised(self, text: str, language: str) -> None:
        """Keep what a conversation was about, each sentence for itself: so it is found by few words
        in common, and the model is shown no more than it needs. ``language``: ISO 639-1 code."""
        splitter = SentenceSplitter(language, MAX_FACT, first_clause_chars=MAX_FACT)
        for sentence in filter(trimmed, [*splitter.push(text), *splitter.flush()]):
            keep = partial(MemoryStore.remember, text=sentence, language=language)
            self._quietly(partial(keep, kind="summary"))

    def answer(self, text: str, language: str) -> Say | None:
        """What is said to these words; None: they are not about the memory. Changes nothing.
        ``language``: ISO 639-1 code of what was said."""
        owed, self._owed = self._owed, None
        if owed is not None and owed[0] == text:
            return owed[1]
        self._answered = text
        try:
            plan = self._plan(text, language)
        except EngineError as error:
            return self._failed(error)
        return plan.say if plan else None

    def committed(self, text: str, language: str) -> Say | None:
        """These words were said: do what they ask. What to say instead of the ``answer``, if it
        could not be done."""
        try:
            plan = self._plan(text, language)
            known, self._answered = text == self._answered, ""
            self._owed = None if known else (text, plan.say if plan else None)
            self._asked = None
            if plan is not None:
                plan.do()
                if plan.on_yes:
                    self._asked = (self._clock(), plan.on_yes)
        except EngineError as error:
            return self._failed(error)
        return None

    def turn_over(self) -> None:
        """What was answered and not committed never was; what was committed needs no answer."""
        self._answered, self._owed = "", None

    # --- plans -----------------------------------------------------------------

    def _plan(self, text: str, language: str) -> _Plan | None:
        request = memory_request(text)
        if request is not None:
            if self._store is not None:
                return self._asks(request, language, self._store)
            if isinstance(request, ForgetAll):  # there is more to forget than memories
                return self._all
            # What was said a minute ago is in the conversation, which needs no memory.
            return None if isinstance(request, Recall) and request.about else _OFF
        if self._asked is None or self._clock() - self._asked[0] > ASKED_SECONDS:
            return None
        yes = says_yes(text)
        if yes is None:
            return None
        return self._asked[1] if yes else _LEFT

    def _asks(self, request: Request, language: str, store: MemoryStore) -> _Plan | None:
        match request:
            case Remember(fact):
                return _Plan(Say("memory_kept"), lambda: self._remember(store, fact, language))
            case ForgetThat(""):
                at, last = self._last
                known = last and self._clock() - at <= LAST_SECONDS
                return self._forgetting(store, last) if known else _UNKNOWN
            case ForgetThat(about):
                return self._forget_about(store, about)
            case ForgetAll():
                return self._all
            case Recall(about):
                return self._tell(store, about)
            case Export():
                return _Plan(Say("memory_exported"), store.export)
            case Retain(days):
                keep = _Plan(Say("memory_days", days=days), lambda: store.retain(days))
                return _Plan(Say("memory_ask_days", days=days), on_yes=keep)

    def _forgetting(self, store: MemoryStore, numbers: Sequence[int]) -> _Plan:
        def forget() -> None:
            self._last = (0.0, ())
            store.forget(numbers)

        return _Plan(Say("memory_forgotten"), forget)

    def _forget_about(self, store: MemoryStore, about: str) -> _Plan:
        near = relevant(store.nearest(about), store.threshold, self._clock())
        if not near:
            return _UNKNOWN
        # The other sentences on the same conversation may be about it too.
        at = [note.at for note in near if note.kind == "summary"]
        talks = self._talks() if at else []
        beside = [note for note in talks if any(abs(note.at - one) <= _TOGETHER for one in at)]
        forget = self._forgetting(store, [note.id for note in (*near, *beside)])
        return _Plan(Say("memory_ask_which", _texts(near)), on_yes=forget)

    def _tell(self, store: MemoryStore, about: str) -> _Plan | None:
        found = self._relevant(about) if about else store.notes()
        told = [note for note in found if note.kind == "fact"][-MOST_TOLD:]
        if found and not told:
            return None  # what was talked about the model tells, who is shown it
        if not told:
            return _UNKNOWN if about else _Plan(Say("memory_empty"))
        # "Forget that" after several facts would mean any of them.
        meant = [note.id for note in told] if len(told) == 1 else []
        return _Plan(Say("memory_told", _texts(told)), lambda: self._mean(meant))

    # --- deeds -----------------------------------------------------------------

    def _remember(self, store: MemoryStore, fact: str, language: str) -> None:
        self._mean([store.remember(fact, language)])

    def _forget_all(self) -> None:
        self._mean([])
        with ExitStack() as deeds:  # each is done whatever becomes of the others, the last first
            deeds.callback(self._elsewhere)
            if self._store is not None:
                deeds.callback(self._store.forget_all)
            deeds.callback(self._forgotten_all)

    def _mean(self, numbers: Sequence[int]) -> None:
        self._last = (self._clock(), numbers)

    def _relevant(self, text: str, since: float = math.inf) -> list[Note]:
        def find(store: MemoryStore) -> list[Note]:
            near = [one for one in store.nearest(text) if not _is_talk(one.note, since)]
            return relevant(near, store.threshold, self._clock())

        return self._quietly(find) or []

    def _talks(self, until: float = math.inf) -> list[Note]:
        """All sentences on conversations, oldest first."""
        notes = self._quietly(MemoryStore.notes) or []
        return [note for note in notes if _is_talk(note) and note.at < until]

    def _quietly(self, work: Callable[[MemoryStore], T]) -> T | None:
        try:
            return work(self._store) if self._store else None
        except EngineError as error:
            self._failed(error)
            return None

    def _failed(self, error: EngineError) -> Say:
        _log.warning("%s", error)
        return _FAILED


def _is_talk(note: Note, since: float = -math.inf) -> bool:
    """Whether it tells of a conversation, and was written then or later."""
    return note.kind == "summary" and note.at >= since


def _texts(notes: Sequence[Note]) -> tuple[str, ...]:
    return tuple(note.text for note in notes)
