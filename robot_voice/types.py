"""The nouns of the assistant, in the order an utterance meets them.

Every type is frozen: a value may cross a thread or a queue without being copied.
Time inside these values is counted in seconds of audio since the microphone opened,
never in wall time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples per second of everything that is heard: what Whisper and both detectors want."""

Samples = NDArray[np.float32]
"""Mono audio in [-1, 1], shape (n,)."""

T_co = TypeVar("T_co", covariant=True)

Stream: TypeAlias = AbstractAsyncContextManager[AsyncIterator[T_co]]
"""Items that arrive over time. Leaving the context stops their production."""


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """One fixed-size block from the microphone."""

    samples: Samples
    start: float
    """Seconds of audio before this frame."""
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame together with the probability in [0, 1] that it is speech."""

    frame: AudioFrame
    speech: float


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The user has begun to speak."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The user went on after a soft end: what was made of it is void."""

    at: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the user said so far, as audio: from before the first word to the latest silence."""

    samples: Samples
    start: float
    speech_end: float
    """Where the last voiced frame ended."""
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class SoftEnd:
    """The user has paused. Perhaps that was all; perhaps not."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class SpeechCut:
    """The utterance grew too long. This was its beginning; the rest follows as its own audio."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the user said, as text. Empty text: there were no words."""

    text: str
    language: str
    """ISO 639-1 code."""
    confidence: float = 1.0
    """Mean probability of the text's tokens, in [0, 1]."""
    language_confidence: float = 1.0


Verdict: TypeAlias = Literal["accept", "ask", "ignore"]
"""What to make of a transcript: believe it, ask for it again, or take it for a noise."""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the conversation, as the language model sees it."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence the model made, with what is needed to judge it."""

    text: str
    language: str
    user: str = ""
    """What the user had said."""
    previous: str = ""
    """The sentence before this one in the same reply."""


ScreenAction: TypeAlias = Literal["pass", "soften", "replace", "crisis"]


@dataclass(frozen=True, slots=True)
class SafeText:
    """A sentence the robot may say. Only ``robot_voice.safety`` constructs it."""

    text: str
    language: str
    action: ScreenAction = "pass"
    category: str = ""
    """Why it is not what the model wrote; empty when it passed."""

    @property
    def ends_reply(self) -> bool:
        """Whether the rest of the model's reply must be dropped."""
        return self.action in ("replace", "crisis")


@dataclass(frozen=True, slots=True)
class Speech:
    """A block of synthesised audio."""

    samples: Samples
    rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class Action:
    """A thing the robot's body is asked to do."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
