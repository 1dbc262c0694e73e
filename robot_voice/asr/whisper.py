"""Speech to text by Whisper, through faster-whisper and CTranslate2, on the CPU.

Why the encoder is cut short. Whisper pads every utterance to 30 s, and the library with it,
though CTranslate2's encoder takes any length. For a robot that hears two seconds at a time this
is nearly all of the work: 425 ms for the "tiny" encoder at 30 s, 13 ms at 3 s (one core, int8).
OpenAI's weights have only ever seen 30 s, so the window has a floor that the owner may raise up
to 30; audio longer than one window is never cut; and a transcript that loops, which is how a too
short window fails, is made again from the full one.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from robot_voice.config import AsrConfig, LanguageConfig
from robot_voice.errors import AsrError, ModelError
from robot_voice.types import RATE, Samples, Transcript, Utterance

from .language import choose_language

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when faster_whisper imports huggingface_hub

from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

_log = logging.getLogger(__name__)

FULL = 3000
"""Mel frames in Whisper's window: 30 s of 10 ms."""
STEP = 50
"""Windows are rounded up to this many frames (0.5 s), so that few shapes occur."""
MARGIN = 0.5
"""Seconds of padding after the utterance, at least: the decoder ends on silence."""
SHORTEST = 0.1
"""Seconds. No word is shorter; below it the log-mel spectrogram is mostly padding."""
LOOP = 2.4
"""A text that gzip shrinks more than this many times repeats itself (OpenAI's threshold)."""
SAMPLE_LEN = 224
"""Most tokens decoded from one window: half of Whisper's text context, as at OpenAI."""
FILES = ("model.bin", "config.json", "tokenizer.json")
KEYS = {"config.json": "suppress_ids", "tokenizer.json": "model"}
"""What these must hold: the native code reads memory it does not own when it is missing."""


class WhisperAsr:
    """Implements ``engines.Asr``. Remembers the language of the last words it was sure of."""

    def __init__(
        self,
        model_dir: Path,
        language: LanguageConfig,
        config: AsrConfig,
        threads: int,
        min_window_seconds: float,
    ) -> None:
        """Load the model and try it on a moment of silence.

        ``min_window_seconds``: the least the encoder hears; 30 for weights that were trained on
        30 s only. Raises ``ModelError`` when the folder is not a usable Whisper model.
        """
        check_folder(model_dir)
        try:
            self._model = _WindowedWhisper(
                str(model_dir),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise _unusable(model_dir, str(error)) from error
        self._beam_size = config.beam_size
        self._min_frames = min_window_seconds * 100
        self._allowed = self._known(model_dir, language.allowed)
        default = language.default
        self._language = default if default in self._allowed else self._allowed[0]
        silence = np.zeros(RATE // 2, np.float32)
        try:
            self._detect(silence, 2 * STEP)
            self._decode(silence, self._language, 2 * STEP)
        except AsrError as error:
            raise _unusable(model_dir, str(error.__cause__)) from error

    def transcribe(self, utterance: Utterance) -> Transcript:
        """What was said and in which language; empty text when there were no words.

        ``utterance.samples``: shape (n,), any length, at ``RATE``. Raises ``AsrError``.
        """
        samples = self._checked(utterance)
        if len(samples) < SHORTEST * RATE:
            return Transcript("", self._language, 0.0, 0.0)
        frames = window(len(samples) / RATE, self._min_frames)
        language, certainty = self._detect(samples, frames)
        segments = self._decode(samples, language, frames)
        if frames < FULL and any(segment.compression_ratio > LOOP for segment in segments):
            _log.debug("the transcript repeats itself: decoding it again from the full window")
            segments = self._decode(samples, language, FULL)
        text = " ".join(segment.text.strip() for segment in segments).strip()
        text = text.replace("\ufffd", "")  # half a character, when a byte-level token went astray
        if not any(character.isalnum() for character in text):
            return Transcript("", language, 0.0, certainty)
        self._language = language
        return Transcript(text, language, confidence(segments), certainty)

    def _checked(self, utterance: Utterance) -> Samples:
        samples = utterance.samples
        if utterance.rate != RATE or samples.ndim != 1:
            raise AsrError(
                f"Whisper hears mono audio at {RATE} Hz,"
                f" not shape {samples.shape} at {utterance.rate} Hz"
            )
        if not np.isfinite(samples).all():
            raise AsrError("the audio holds NaN or infinite samples: the microphone is at fault")
        return samples

    def _known(self, model_dir: Path, allowed: Sequence[str]) -> tuple[str, ...]:
        """The allowed languages this model has a token for."""
        if not self._model.model.is_multilingual:
            known = tuple(code for code in allowed if code == "en")
        else:
            token_of = self._model.hf_tokenizer.token_to_id
            known = tuple(code for code in allowed if token_of(f"<|{code}|>") is not None)
        missing = [code for code in allowed if code not in known]
        if not known:
            raise ModelError(
                f"the speech model {model_dir} knows none of the languages in"
                f" language.allowed {missing}; choose another asr.model or other languages"
            )
        if missing:
            _log.warning("the speech model %s does not know %s", model_dir, ", ".join(missing))
        return known

    def _detect(self, samples: Samples, frames: int) -> tuple[str, float]:
        if len(self._allowed) == 1:
            return self._allowed[0], 1.0
        try:
            probabilities = self._model.language_probabilities(samples, frames)
        except (RuntimeError, ValueError) as error:
            raise AsrError(f"language detection failed: {error}") from error
        return choose_language(probabilities, self._allowed, self._language)

    def _decode(self, samples: Samples, language: str, frames: int) -> list[Segment]:
        self._model.frames = frames
        try:
            segments, _ = self._model.transcribe(
                samples,
                language=language,
                beam_size=self._beam_size,
                temperature=0.0,
                condition_on_previous_text=False,
                without_timestamps=True,
                # Speech has at most about 20 tokens a second, in Korean too.
                max_new_tokens=min(SAMPLE_LEN, 24 + 20 * len(samples) // RATE),
                # A window is dropped when it is likely no speech and its text unlikely.
                no_speech_threshold=0.6,
                log_prob_threshold=-1.0,
            )
            return list(segments)
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise AsrError(f"transcription failed: {error}") from error


class _WindowedWhisper(WhisperModel):  # type: ignore[misc]
    """The library's model, with an encoder that hears ``frames`` frames instead of 3000."""

    frames = FULL
    _encoded: tuple[NDArray[np.float32], Any] | None = None

    def encode(self, features: NDArray[np.float32]) -> Any:
        """The encoder's output for features of shape (mels, 3000).

        The last one is kept: detecting the language and transcribing both begin with it.
        """
        heard = features[..., : self.frames]
        if self._encoded is None or not np.array_equal(self._encoded[0], heard):
            self._encoded = heard, super().encode(heard)
        return self._encoded[1]

    def language_probabilities(self, samples: Samples, frames: int) -> Mapping[str, float]:
        """The probability of every language the model knows, from the first window."""
        self.frames = frames
        # ``transcribe`` leaves the last frame out as well, so the encoder's output can be shared.
        features = self.feature_extractor(samples)[..., :-1]
        ranked = self.model.detect_language(self.encode(pad_or_trim(features)))[0]
        return {token[2:-2]: probability for token, probability in ranked}  # <|en|> -> en


def window(seconds: float, min_frames: float) -> int:
    """How many mel frames the encoder is given for an utterance of this length."""
    needed = max(min_frames, (seconds + MARGIN) * 100)
    return min(FULL, math.ceil(needed / STEP) * STEP)


def confidence(segments: Sequence[Segment]) -> float:
    """The geometric mean of the tokens' probabilities, the ends of text included, in [0, 1]."""
    counts = [len(segment.tokens) + 1 for segment in segments]
    pairs = zip(segments, counts, strict=True)
    total = sum(segment.avg_logprob * count for segment, count in pairs)
    return min(1.0, math.exp(total / sum(counts)))


def check_folder(model_dir: Path) -> None:
    """Raises ``ModelError`` saying what is wrong when this is no converted Whisper model."""
    if not model_dir.is_dir():
        raise ModelError(
            f"there is no speech model folder {model_dir}; set asr.model to the folder of a"
            ' Whisper model in the faster-whisper format, or to "starter"'
        )
    missing = [name for name in FILES if not (model_dir / name).is_file()]
    if not any(model_dir.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    if missing:
        found = ", ".join(sorted(path.name for path in model_dir.iterdir())) or "nothing"
        raise ModelError(
            f"the speech model {model_dir} is not complete: {', '.join(missing)} missing"
            f" (found: {found}). It must be a Whisper model converted for faster-whisper"
        )
    with (model_dir / "model.bin").open("rb") as file:
        # CTranslate2: u32 version, u16 length, name of the specification.
        if b"WhisperSpec" not in (head := file.read(64)) and len(head) == 64:
            raise _unusable(model_dir, "model.bin is not a Whisper model of CTranslate2")
    for name, key in KEYS.items():
        try:
            content = json.loads((model_dir / name).read_bytes())
        except ValueError as error:
            raise _unusable(model_dir, f"{name}: {error}") from error
        if not isinstance(content, dict) or key not in content:
            raise _unusable(model_dir, f'{name} has no "{key}"')


def _unusable(model_dir: Path, reason: str) -> ModelError:
    return ModelError(
        f"the speech model {model_dir} cannot be used: {reason}. It may be damaged or not fully"
        ' copied: fetch it again, or set asr.model = "starter"'
    )
