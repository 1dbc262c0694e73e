"""The engines' interfaces: one verb each, synchronous, ignorant of asyncio.

An engine is owned by one thread at a time (see ``worker``), so it needs no lock. It raises its
own ``EngineError`` when it fails. A call that may take long is given ``cancelled`` and looks at
it often enough to return within 50 ms of it becoming true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeAlias

from .types import Draft, Message, SafeText, Samples, Speech, Transcript, Utterance

Cancelled: TypeAlias = Callable[[], bool]
"""Has everyone stopped listening?"""


class Vad(Protocol):
    """Voice activity detection, streamed: it remembers the frames before."""

    @property
    def window(self) -> int:
        """How many samples (at ``types.RATE``) every call is given."""

    def probability(self, samples: Samples) -> float:
        """The probability in [0, 1] that these ``window`` samples are speech."""

    def reset(self) -> None:
        """Forget the frames before, as after a gap in the audio."""


class Asr(Protocol):
    """Automatic speech recognition."""

    def transcribe(self, utterance: Utterance) -> Transcript:
        """What was said and in which language. No words: empty text. Raises ``AsrError``."""

    def translate(self, utterance: Utterance) -> Transcript:
        """What was said, in English; cheaper right after ``transcribe`` of the same utterance.
        No words: empty text. Raises ``AsrError``, also when the model cannot translate."""


class Llm(Protocol):
    """A chat model."""

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        """The reply, piece by piece as it is made. Raises ``LlmError``."""

    def prefill(self, messages: Sequence[Message], cancelled: Cancelled) -> None:
        """Read these messages in advance, as far as there is time: a reply to them, or to more of
        the same, begins sooner. Raises ``LlmError``."""

    def close(self) -> None:
        """Give the memory back. It is not used after that."""


class Screen(Protocol):
    """The tone and safety filter."""

    def screen(self, draft: Draft) -> SafeText:
        """What may be said in the draft's place. Raises ``SafetyError``: then say nothing."""


class Judge(Protocol):
    """A second opinion on a sentence of which the filter is not sure."""

    def unkind(self, draft: Draft, feeling: str, deadline: float) -> float | None:
        """The probability that the draft breaks the rules. ``deadline``: seconds from now; None:
        no answer by then. Raises ``LlmError``."""

    def close(self) -> None:
        """Give the memory back. It is not used after that."""


class Tts(Protocol):
    """Speech synthesis."""

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        """The sentence as sound, in blocks of at most 0.25 s. Raises ``TtsError``."""

    def close(self) -> None:
        """End the processes it has started. It is not used after that."""
