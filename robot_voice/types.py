"""The nouns of the assistant, in the order an utterance meets them.

Every type is frozen: a value may cross a thread or a queue without being copied.
Time inside these values is counted in seconds of audio since the microphone opened,
never in wall time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
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
    voiced: float | None = None
    """Seconds of it that the detector took for speech; None: no detector was asked."""
    speech: float | None = None
    """The mean probability that these seconds are speech; None: there are none."""
    motion: float = 0.0
    """The strongest motion of the robot's own body meanwhile, in [0, 1]: its motors are heard."""

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
class Evidence:
    """What speaks for and against a transcript, besides its words."""

    no_speech: float = 0.0
    """The probability in [0, 1] that nobody spoke."""
    log_probability: float = 0.0
    """Mean natural logarithm of the tokens' probabilities; 0 is certainty."""
    compression: float = 0.0
    """How many times smaller gzip makes the text: high where it repeats itself."""
    retried: str = ""
    """Which guard had the audio decoded again from the full window; empty: none."""


LanguageReason: TypeAlias = Literal["only", "heard", "session", "kept", "given"]
"""Why a language was chosen: no other is allowed; the sound says so; the sound and the session
together do; the sound was unclear, so the one before was kept; somebody said which it is."""


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """The language of an utterance, and how it was decided."""

    language: str
    """ISO 639-1 code."""
    probability: float = 1.0
    """That it is this one among the allowed, in [0, 1], all things considered."""
    reason: LanguageReason = "given"
    detected: Mapping[str, float] = field(default_factory=dict)
    """What the sound alone says: the allowed languages' probabilities, which add up to 1."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and when it was said, in seconds since the audio began."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the user said, as text. Empty text: there were no words."""

    text: str
    language: str
    """ISO 639-1 code."""
    confidence: float = 1.0
    """Mean probability of the text's tokens, in [0, 1]."""
    language_confidence: float = 1.0
    evidence: Evidence = Evidence()
    choice: LanguageChoice | None = None
    """How the language was decided, where that was asked."""
    words: tuple[Word, ...] = ()
    """Empty unless ``asr.word_timestamps`` is set."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What was said in one stretch of a recording, in seconds from its beginning."""

    start: float
    end: float
    text: str
    language: str
    """ISO 639-1 code of what was spoken, though the text may be its translation."""
    confidence: float = 1.0
    """Mean probability of the text's tokens, in [0, 1]."""
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that is being understood."""

    choice: LanguageChoice
    """Its language, by the longest of its first pieces; a passage may be in another one."""
    passages: Iterator[Passage]
    """In their order, found as they are asked for. Getting the next one may raise ``AsrError``."""


Verdict: TypeAlias = Literal["accept", "ask", "ignore"]
"""What to make of a transcript: believe it, ask for it again, or take it for a noise."""


REASONS = (
    "no words",
    "no voice",
    "no speech",
    "repetition",
    "phantom",
    "too short",
    "backchannel",
    "own voice",
    "unsure",
    "failed",
)
"""Why words are not accepted."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why: ``reason`` is one of ``REASONS``, or empty when it is to accept."""

    verdict: Verdict
    reason: str = ""


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
    user_language: str = ""
    """The language of ``user``; empty: the reply's."""
    again: str = ""
    """Set when this was written in the place of a sentence that was to be softened: why."""


ScreenAction: TypeAlias = Literal["pass", "soften", "replace", "crisis"]


@dataclass(frozen=True, slots=True)
class SafeText:
    """A sentence the robot may say. Only ``robot_voice.safety`` constructs it."""

    text: str
    language: str
    action: ScreenAction = "pass"
    category: str = ""
    """Why it is not what the model wrote; empty when it passed."""
    manner: Literal["", "gentle", "bright"] = ""
    """How it is to be said, to somebody who feels so; a voice may not know how."""

    @property
    def ends_reply(self) -> bool:
        """Whether the rest of the model's reply must be dropped."""
        return self.action in ("replace", "crisis")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the sentence has got at a moment of its sound."""

    at: float
    """Seconds from the beginning of the block."""
    chars: int
    """Characters of the sentence's text (``SafeText.text``) whose sound is over by then."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A block of synthesised audio."""

    samples: Samples
    rate: int
    marks: tuple[Mark, ...] = ()
    """In their order; none from a voice that does not tell."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, slots=True)
class Action:
    """A thing the robot's body is asked to do."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
