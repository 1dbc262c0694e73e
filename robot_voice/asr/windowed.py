"""faster-whisper's model with an encoder window of any length, and what depends on its output."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robot_voice.config import AsrConfig
from robot_voice.types import Samples, Word

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster_whisper imports huggingface_hub

from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

STEP = 50
"""Windows are rounded up to this many mel frames of 10 ms, so that few shapes occur."""
OPENING, CLOSING = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"
"""Marks that belong to the word after them, and to the one before (the library's defaults)."""


class WindowedWhisper(WhisperModel):  # type: ignore[misc]
    """The library's model, with an encoder that hears ``frames`` frames instead of 3000."""

    frames = 3000
    _encoded: tuple[NDArray[np.float32], Any] | None = None

    @property
    def full(self) -> int:
        """Mel frames of the longest window: 3000, which are 30 s, for OpenAI's weights."""
        return int(self.feature_extractor.nb_max_frames)

    def encode(self, features: NDArray[np.float32]) -> Any:
        """The encoder's output for features of shape (mels, 3000), or several of them.

        The last one is kept: detecting the language, transcribing and translating begin with it.
        """
        heard = features[..., : self.frames]
        if self._encoded is None or not np.array_equal(self._encoded[0], heard):
            self._encoded = heard, super().encode(heard)
        return self._encoded[1]

    def language_probabilities(self, samples: Samples, frames: int) -> Mapping[str, float]:
        """The probability of every language the model knows, from the first window; none when it
        knows but one."""
        self.frames = frames
        # ``transcribe`` leaves the last frame out as well, so the encoder's output can be shared.
        features = self.feature_extractor(samples)[..., :-1][..., : self.full]
        encoded = self.encode(pad_or_trim(features))
        if not self.model.is_multilingual:
            return {}
        ranked = self.model.detect_language(encoded)[0]
        return {token[2:-2]: probability for token, probability in ranked}  # <|en|> -> en

    def words(self, segments: Sequence[Segment], language: str) -> tuple[Word, ...]:
        """When each word was said in what was encoded last, which must have been all of the sound:
        with more than one window there are none.

        By the library's alignment, which its own ``transcribe`` would use to start over after the
        last word, in the silence.
        """
        if len(segments) != 1 or self._encoded is None:
            return ()
        segment = segments[0]
        tokenizer = Tokenizer(
            self.hf_tokenizer, self.model.is_multilingual, task="transcribe", language=language
        )
        piece: dict[str, Any] = {"seek": 0, "start": 0.0, "end": segment.end}
        piece["tokens"] = segment.tokens
        frames = min(self.frames, round(segment.end * self.frames_per_second))
        encoded = self._encoded[1]
        self.add_word_timestamps([[piece]], tokenizer, encoded, frames, OPENING, CLOSING, 0.0)
        return tuple(
            Word(
                word["word"].strip(), *(float(word[key]) for key in ("start", "end", "probability"))
            )
            for word in piece["words"]
        )


def window(seconds: float, config: AsrConfig, full: int) -> int:
    """How many mel frames of 10 ms the encoder is given for an utterance of this length.

    ``full``: the model's own window. What is longer is decoded in several of these.
    """
    needed = max(config.min_window_seconds, seconds + config.window_margin_seconds) * 100
    return min(full, math.ceil(needed / STEP) * STEP)
