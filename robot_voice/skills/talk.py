"""The skills in a conversation.

A turn may be withdrawn until it is committed. So ``answer`` only looks, and ``committed`` does what
was asked; both come to the same. Any thread may call; ``committed`` and ``due`` may wait for the
disk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from robot_voice.safety.templates import KoreanLevel

from . import board
from .answers import answer
from .items import State, due, quiet, ring
from .recognise import skill_request
from .timers import Step, step
from .voice import Voice, voice


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
        self._state = State(items=board.load(path) if path else ())

    def answer(self, text: str, language: str) -> Answer | None:
        """The answer to what the user said, in ``language`` (ISO 639-1 code) or English; None: it
        is for the model. Changes nothing."""
        with self._lock:
            voice, found = self._step(text, language)
        return None if found is None else Answer(found[0], voice.language)

    def committed(self, text: str, language: str) -> None:
        """The user did say this: what rings falls silent, and what was asked for is done."""
        with self._lock:
            _, found = self._step(text, language)
            before = self._state
            after = before if found is None else found[1]
            asked = after.asked if after.asked is not before.asked else None
            self._become(replace(quiet(after), asked=asked))

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

    def _step(self, text: str, language: str) -> tuple[Voice, Step | None]:
        voice = self._voice(language)
        request = skill_request(text, self._name)
        if request is None:
            return voice, None
        said = answer(request, voice)
        return voice, step(request, self._state, voice) if said is None else (said, self._state)

    def _voice(self, language: str) -> Voice:
        now = datetime.fromtimestamp(self._clock()).astimezone()
        return voice(language, self._level, now)

    def _become(self, state: State) -> None:
        if self._path is not None and state.items != self._state.items:
            board.save(self._path, state.items)
        self._state = state
