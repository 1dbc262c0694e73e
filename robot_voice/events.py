"""What happened, for whoever wants to know. Nothing here steers the pipeline.

``at`` is the event loop's time in seconds. ``turn`` numbers the robot's turns from 1; a turn
that was withdrawn before its commit keeps its number to itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .types import Action, SafeText, Transcript, Verdict

_log = logging.getLogger(__name__)

Outcome: TypeAlias = Literal["done", "failed", "late", "stopped"]
"""What became of an action."""


@dataclass(frozen=True, slots=True)
class Event:
    at: float


@dataclass(frozen=True, slots=True)
class UserStarted(Event):
    """A voice was heard. If the robot was speaking, it is silent now."""


@dataclass(frozen=True, slots=True)
class UserPaused(Event):
    """Soft end: a turn starts, speculatively."""

    turn: int
    silence: float
    """Seconds since the user's last sound. ``at - silence`` is the end of speech."""


@dataclass(frozen=True, slots=True)
class Withdrawn(Event):
    """The user went on: the speculative turn never was."""

    turn: int


@dataclass(frozen=True, slots=True)
class Transcribed(Event):
    turn: int
    transcript: Transcript
    verdict: Verdict = "accept"
    """Words that are not accepted are neither answered, nor acted on, nor remembered."""
    reason: str = ""
    """Why they are not accepted (``Judgement.reason``)."""
    motion: float = 0.0
    """How loud the robot's own motors were meanwhile, from 0 to 1: the words are less reliable."""


@dataclass(frozen=True, slots=True)
class Dismissed(Event):
    """There were no words in it, or none to be believed. The robot goes on as if nothing had been
    heard."""

    turn: int
    reason: str = ""
    """Why: ``no words``, ``failed``, or what kept them from being believed."""


@dataclass(frozen=True, slots=True)
class Captioned(Event):
    """What is understood of an utterance while the user still speaks."""

    stable: str
    """The beginning on which two hearings in a row agree."""
    rest: str
    """What the latest hearing has after it; it may change."""
    language: str


@dataclass(frozen=True, slots=True)
class Committed(Event):
    """The user is done: the words enter the history, the mouth may open."""

    turn: int
    transcript: Transcript
    patience: float
    """Seconds of silence the endpoint policy asked for."""
    silence: float
    """Seconds of silence there had been."""


@dataclass(frozen=True, slots=True)
class ActionSubmitted(Event):
    """The body is to do this."""

    turn: int
    """0: it was asked for in a reply."""
    action: Action


@dataclass(frozen=True, slots=True)
class ActionEnded(Event):
    """What was submitted to an executor is over."""

    action: Action
    outcome: Outcome
    seconds: float
    """From its submission on."""


@dataclass(frozen=True, slots=True)
class StopRequested(Event):
    """Somebody told the robot to stop, in so many words: it is silent, and its body should be
    still. Sent as soon as the words are understood, long before a commit; it may come twice."""

    word: str
    """Which of the configured words it was."""


@dataclass(frozen=True, slots=True)
class FirstToken(Event):
    turn: int


@dataclass(frozen=True, slots=True)
class SentenceScreened(Event):
    turn: int
    sentence: SafeText


@dataclass(frozen=True, slots=True)
class ReplyReady(Event):
    """The first block of sound is there, waiting for the commit if need be."""

    turn: int


@dataclass(frozen=True, slots=True)
class SpeakingStarted(Event):
    """The first sample of the reply has left the loudspeaker."""

    turn: int


@dataclass(frozen=True, slots=True)
class TurnEnded(Event):
    turn: int
    heard: str
    """What of the reply the user has heard; the history holds the same."""
    finished: bool


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """An engine failed; the turn ends with an apology, unless it was withdrawn or dismissed.

    Turn 0: a part of an over-long utterance was lost; the rest of it is answered.
    """

    turn: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceChanged(Event):
    """A sound device went away or came back."""

    device: str
    """``microphone`` or ``loudspeaker``."""
    present: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EchoChanged(Event):
    """The robot avoids hearing itself in another way than before."""

    mode: str
    """``aec``, ``half-duplex`` or ``off``."""
    reason: str = ""
    """Why the echo is not cancelled though it was asked for; empty: it is as configured."""


@dataclass(frozen=True, slots=True)
class Muted(Event):
    """The microphone was closed, or may be opened again, because somebody wanted that."""

    muted: bool


@dataclass(frozen=True, slots=True)
class SoundLost(Event):
    """Sound from the microphone was dropped: nobody took it in time, or it came too late."""

    seconds: float


Listener: TypeAlias = Callable[[Event], None]


class EventBus:
    """Calls every listener, in order, at once. A listener that fails is logged, not obeyed."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = list(listeners)

    def add(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a listener must not silence the robot
                _log.exception("listener failed on %s", type(event).__name__)
