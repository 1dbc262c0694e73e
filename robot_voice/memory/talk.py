"""The memory in a conversation: what the model is shown, and what is said to requests about it.

A turn may be withdrawn until it is committed. So ``answer`` only looks, and ``committed`` does what
was asked; both come to the same plan, as long as nothing is done between them: call everything
here from one thread, which may block for the disk. To forget for good, and what was only guessed
at, takes a yes.

Nothing here raises on account of the disk or the model: the robot goes on without its memory.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from robot_voice.errors import EngineError

from .commands import memory_request, says_yes
from .recall import Note, relevant
from .requests import Export, ForgetAll, ForgetThat, Recall, Remember, Request, Retain
from .store import MemoryStore

_log = logging.getLogger(__name__)

MOST_TOLD = 5
"""Facts told in one breath."""
ASKED_SECONDS = 60.0
"""How long a question of the robot waits for its yes."""
LAST_SECONDS = 600.0
"""How long "that" may mean what was remembered or told last."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Say:
    """What is said to a request: a template, and what is put into it."""

    category: str
    """One of ``CATEGORIES``."""
    facts: tuple[str, ...] = ()
    """For ``{facts}``: users' words, which must pass the screen."""
    days: int = 0
    """For ``{days}``."""


CATEGORIES = (
    "memory_kept",
    "memory_off",
    "memory_failed",
    "memory_forgotten",
    "memory_unknown",
    "memory_ask_which",
    "memory_ask_all",
    "memory_all_forgotten",
    "memory_left",
    "memory_told",
    "memory_empty",
    "memory_exported",
    "memory_ask_days",
    "memory_days",
)


@dataclass(frozen=True, slots=True)
class _Plan:
    say: Say
    do: Callable[[], None] = lambda: None
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
    ) -> None:
        """``forgotten_all`` is called when everything was forgotten: the conversation that is under
        way has the same words in it. ``clock`` gives seconds since the epoch."""
        self._store = store
        self._forgotten_all = forgotten_all
        self._clock = clock
        self._asked: tuple[float, _Plan] | None = None
        self._last: tuple[float, Sequence[int]] = (0.0, ())

    def start(self) -> None:
        """Drop what is too old, finish what a crash interrupted, and index what another embedder
        had indexed. May take long with a model."""
        self._quietly(lambda store: (store.expire(), store.reindex()))

    def notes(self, text: str) -> list[str]:
        """What the model may need to know for an answer to ``text``: at most three memories, the
        best first (``recall.as_note`` makes a line of the prompt of them)."""
        return [note.text for note in self._relevant(text)]

    def summarised(self, text: str, language: str) -> None:
        """Keep what a conversation was about. ``language``: ISO 639-1 code."""
        if text.strip():
            self._quietly(lambda store: store.remember(text, language, "summary"))

    def answer(self, text: str, language: str) -> Say | None:
        """What is said to these words; None: they are not about the memory. Changes nothing.
        ``language``: ISO 639-1 code of what was said."""
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
            self._asked = None
            if plan is not None:
                plan.do()
                if plan.on_yes:
                    self._asked = (self._clock(), plan.on_yes)
        except EngineError as error:
            return self._failed(error)
        return None

    # --- plans -----------------------------------------------------------------

    def _plan(self, text: str, language: str) -> _Plan | None:
        request = memory_request(text)
        if request is not None:
            if self._store is not None:
                return self._asks(request, language, self._store)
            # What was said a minute ago is in the conversation, which needs no memory.
            return None if isinstance(request, Recall) and request.about else _OFF
        if self._asked is None or self._clock() - self._asked[0] > ASKED_SECONDS:
            return None
        yes = says_yes(text)
        if yes is None:
            return None
        return self._asked[1] if yes else _LEFT

    def _asks(self, request: Request, language: str, store: MemoryStore) -> _Plan:
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
                forget = _Plan(Say("memory_all_forgotten"), lambda: self._forget_all(store))
                return _Plan(Say("memory_ask_all"), on_yes=forget)
            case Recall(about):
                return self._tell(store, about)
            case Export():
                return _Plan(Say("memory_exported"), lambda: _done(store.export()))
            case Retain(days):
                keep = _Plan(Say("memory_days", days=days), lambda: _done(store.retain(days)))
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
        forget = self._forgetting(store, [note.id for note in near])
        return _Plan(Say("memory_ask_which", _texts(near)), on_yes=forget)

    def _tell(self, store: MemoryStore, about: str) -> _Plan:
        if about:
            told = self._relevant(about)
        else:
            told = [note for note in store.notes() if note.kind == "fact"][-MOST_TOLD:]
        if not told:
            return _UNKNOWN if about else _Plan(Say("memory_empty"))
        # "Forget that" after several facts would mean any of them.
        meant = [note.id for note in told] if len(told) == 1 else []
        return _Plan(Say("memory_told", _texts(told)), lambda: self._mean(meant))

    # --- deeds -----------------------------------------------------------------

    def _remember(self, store: MemoryStore, fact: str, language: str) -> None:
        self._mean([store.remember(fact, language)])

    def _forget_all(self, store: MemoryStore) -> None:
        self._mean([])
        self._forgotten_all()  # whatever the disk does
        store.forget_all()

    def _mean(self, numbers: Sequence[int]) -> None:
        self._last = (self._clock(), numbers)

    def _relevant(self, text: str) -> list[Note]:
        def find(store: MemoryStore) -> list[Note]:
            return relevant(store.nearest(text), store.threshold, self._clock())

        return self._quietly(find) or []

    def _quietly(self, work: Callable[[MemoryStore], T]) -> T | None:
        try:
            return work(self._store) if self._store else None
        except EngineError as error:
            self._failed(error)
            return None

    def _failed(self, error: EngineError) -> Say:
        _log.warning("%s", error)
        return _FAILED


def filled(template: str, say: Say) -> str:
    """``template`` with the facts, in quotation marks, and the days of ``say`` in it. The facts are
    users' words: the result must pass the screen."""
    facts = ", ".join(f"“{fact}”" for fact in say.facts)
    return template.replace("{days}", str(say.days)).replace("{facts}", facts)


def _texts(notes: Sequence[Note]) -> tuple[str, ...]:
    return tuple(note.text for note in notes)


def _done(_: object) -> None:
    """A deed whose result nobody needs."""
