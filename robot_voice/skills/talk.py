"""The skills in a conversation.

A turn may be withdrawn until it is committed. So ``answer`` only looks, and ``committed`` does what
was asked; both come to the same, in whichever order they are called. Any thread may call;
``committed`` and ``due`` may wait for the disk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from robot_voice.safety.templates import KoreanLevel

from . import board
from .answers import answer
from .items import Item, State, due, ordered, quiet, ring
from .recognise import skill_request
from .timers import step
from .voice import Voice, voice

OWED_SECONDS = 30.0
"""How much later than the commit an answer may be asked for: a model may keep the robot waiting."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said, once the screen has let it pass: it may hold the user's words."""

    text: str
    language: str
    """ISO 639-1 code of ``text``."""


class Skills:
    """See the module. Remembers the timers, and what the robot has asked about them."""

    def __init__(
        self,
        level: KoreanLevel = "해요체",
        name: str = "",
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``level``: of Korean answers. ``name``: what the robot is called. ``path``: the file the
        timers are kept in; None: they end with the process. ``clock``: seconds since the epoch."""
        self._level: KoreanLevel = level
        self._name = name
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._answered = ""
        """What was answered last and is not committed yet."""
        self._owed: tuple[float, str, Answer | None] | None = None
        """When and what was committed before it was answered, and its answer."""
        self._state = State(items=board.load(path) if path else ())

    def answer(self, text: str, language: str) -> Answer | None:
        """The answer to what the user said, in ``language`` (ISO 639-1 code) or English; None: it
        is for the model. Changes nothing."""
        with self._lock:
            owed, self._owed = self._owed, None
            if owed and owed[1] == text and self._clock() - owed[0] <= OWED_SECONDS:
                return owed[2]
            self._answered = text
            return self._step(text, language)[0]

    def committed(self, text: str, language: str) -> None:
        """The user did say this: what rings falls silent, and what was asked for is done."""
        with self._lock:
            before = self._state
            said, after = self._step(text, language)
            known = text == self._answered
            self._owed = None if known else (self._clock(), text, said)
            self._answered = ""
            asked = after.asked if after.asked is not before.asked else None
            self._become(replace(quiet(after), asked=asked))

    def turn_over(self) -> None:
        """What was answered and not committed never was; what was committed needs no answer."""
        with self._lock:
            self._answered, self._owed = "", None

    def due(self) -> list[Answer]:
        """What is to be said now because its time has come. Call it once a second or so."""
        with self._lock:
            ringing, after = due(self._state, self._clock())
            self._become(after)
            voices = [self._voice(item.language) for item in ringing]
        return [
            Answer(ring(item, voice), voice.language)
            for item, voice in zip(ringing, voices, strict=True)
        ]

    def waiting(self) -> tuple[Item, ...]:
        """What is to ring, for the ``Skills`` that take this one's place."""
        with self._lock:
            return self._state.items

    def take_over(self, items: Iterable[Item]) -> None:
        """Ring these too; those that are known already ring once."""
        with self._lock:
            self._become(replace(self._state, items=ordered({*self._state.items, *items})))

    def forget(self) -> None:
        """Drop the reminders, and what timers and alarms are called: these ring all the same."""
        with self._lock:
            items = [replace(item, name="") for item in self._state.items if not item.remind]
            self._state = State(items=tuple(items))
            if self._path is not None:  # whatever it holds now
                board.save(self._path, self._state.items)

    def _step(self, text: str, language: str) -> tuple[Answer | None, State]:
        """What is said to these words, and what is true afterwards."""
        voice, state = self._voice(language), self._state
        request = skill_request(text, self._name)
        if request is None:
            return None, state
        said = answer(request, voice)
        found = step(request, state, voice) if said is None else (said, state)
        return (None, state) if found is None else (Answer(found[0], voice.language), found[1])

    def _voice(self, language: str) -> Voice:
        now = datetime.fromtimestamp(self._clock()).astimezone()
        return voice(language, self._level, now)

    def _become(self, state: State) -> None:
        if self._path is not None and state.items != self._state.items:
            board.save(self._path, state.items)
        self._state = state
