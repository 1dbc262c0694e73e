"""What the pipeline asks of the world: its ports, and the work between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from .types import (
    Action,
    Draft,
    Heard,
    Judgement,
    Message,
    SafeText,
    Speech,
    Stream,
    Transcript,
    Utterance,
)
from .vad.endpoint import Dialogue


class Microphone(Protocol):
    def listen(self) -> Stream[Heard]:
        """Frames as they are heard, each with its speech probability."""


class Speaker(Protocol):
    async def play(self, speech: Speech) -> None:
        """Queue audio; wait while the buffer is full."""

    async def sounding(self) -> None:
        """Wait until the first sample queued since the last stop has left the device."""

    async def drain(self) -> None:
        """Wait until all that was queued has been heard."""

    def hold(self, held: bool) -> None:
        """Fall silent within one block, keeping the queue; or go on from that very sample."""

    def stop(self) -> float:
        """Drop the queue. Return the seconds heard since the last stop, never too many."""

    @property
    def heard(self) -> float:
        """Seconds heard since the last stop, as far as is known yet."""


@dataclass(frozen=True, slots=True)
class Mind:
    """What makes an answer out of words; speech is not needed for it."""

    generate: Callable[[Sequence[Message], str], Stream[str]]
    """The reply to these messages, in this language."""
    reply_language: Callable[[Transcript], str]
    screen: Callable[[Draft], Awaitable[SafeText]]
    """What may be said in a draft's place. "soften" means: ask for it again, kinder, and say this
    if that fails."""
    answer: Callable[[Transcript, str, str], Awaitable[SafeText | None]]
    """What is said to these words, in this language, after the robot had said this, whatever the
    model thinks: to a cry for help, a complaint, a question about the robot. None: nothing."""
    rewrite: Callable[[Draft], Stream[str]] | None
    """The same facts, kindly. None: the model cannot."""
    closing: Callable[[str], SafeText | None]
    """What the robot adds to a reply in this language of its own accord."""
    prepare: Callable[[Sequence[Message], str], Awaitable[None]]
    """Read these messages in advance: a reply to them, or to more of the same, begins sooner."""
    sum_up: Callable[[Sequence[Message], str], Stream[str]] | None = None
    """The reply to these messages, the last of which asks to sum up the others; with nothing behind
    it, unlike ``generate``. None: the model cannot."""


Prepared: TypeAlias = Callable[[str], tuple[SafeText | None, Speech]]
"""What was synthesised beforehand, by language; a sound that holds no words has no text."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What is heard while an answer takes long."""

    filler: Callable[[Transcript, str], tuple[SafeText, Speech] | None]
    """A few words in this language, made beforehand; None: none suit what the user said."""
    thinking: Speech | None = None
    """A sound; None: silence."""
    error: Speech | None = None
    """A sound before an apology."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The work to be done. Each may be awaited, and abandoned at any await."""

    listen: Callable[[], Stream[Heard]]
    transcribe: Callable[[Utterance], Awaitable[Transcript]]
    judge: Callable[[Transcript, Utterance], Judgement]
    """Whether these words are believed; only asked when there are words."""
    finished: Callable[[Utterance], Awaitable[float | None]]
    """How likely the user is done, by the sound alone, in [0, 1]; None: nobody can tell."""
    patience: Callable[[Transcript, Dialogue], float]
    """Seconds of silence that end the turn."""
    stops: Callable[[Transcript], str]
    """Which of the words that stop the robot at once these are; empty: none, or others besides."""
    backchannel: Callable[[Transcript], bool]
    """Whether these words only say that the user listens."""
    act: Callable[[Transcript], Sequence[Action]]
    """The commands in these words, which are being done. Called once, after the commit; each goes
    out as an ``ActionSubmitted`` event too, for whoever moves the body by those."""
    mind: Mind
    synthesize: Callable[[SafeText], Stream[Speech]]
    meanwhile: Meanwhile
    """What is heard while the robot thinks."""
    apology: Callable[[str], tuple[SafeText, Speech]]
    """What is said in this language when an engine has failed; made beforehand."""
    ask_again: Callable[[str, int], tuple[SafeText, Speech]]
    """What is said in this language when the words were not clear, and have not been so many times
    before; made beforehand."""
