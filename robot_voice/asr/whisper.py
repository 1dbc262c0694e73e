"""Speech to text by Whisper, through faster-whisper and CTranslate2, on the CPU.

Why the encoder is cut short. Whisper pads every utterance to 30 s, and the library with it,
though CTranslate2's encoder takes any length. For a robot that hears two seconds at a time this
is nearly all of the work: 425 ms for the "tiny" encoder at 30 s, 13 ms at 3 s (one core, int8).
OpenAI's weights have only ever seen 30 s, so the window has a floor and a margin that the owner
may set; audio longer than one window is never cut; and a transcript that fails one of the guards
in ``evidence``, as it does where a window was too short, is made again from the full one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from robot_voice.config import AsrConfig, LanguageConfig
from robot_voice.errors import AsrError, ModelError
from robot_voice.types import (
    RATE,
    LanguageChoice,
    Passage,
    Recording,
    Samples,
    Transcript,
    Utterance,
)

from .evidence import Decoded, better, decoded, failed_guard, nobody_spoke
from .folder import check_folder, unusable
from .language import LanguagePolicy
from .recording import BATCH, Piece, cut, passages, speech
from .windowed import STEP, WindowedWhisper, window

_log = logging.getLogger(__name__)

Task: TypeAlias = Literal["transcribe", "translate"]

SHORTEST = 0.1
"""Seconds. No word is shorter; below it the log-mel spectrogram is mostly padding."""
SAMPLE_LEN = 224
"""Most tokens decoded from one window: half of Whisper's text context, as at OpenAI."""
FIRST_PIECES = 5
"""Of a recording: the longest of these tells its language."""
HOT_TOKENS = 100
"""Most tokens of hot words: with these and ``SAMPLE_LEN`` a window stays within the context."""


@dataclass(slots=True)
class _Latest:
    """What is known of the latest utterance: a translation follows its transcription."""

    samples: Samples
    choice: LanguageChoice
    frames: int


class WhisperAsr:
    """Implements ``engines.Asr``. ``policy`` decides the language; somebody has to tell it which
    transcripts were committed."""

    def __init__(
        self, model_dir: Path, language: LanguageConfig, config: AsrConfig, threads: int
    ) -> None:
        """Load the model and try it on a moment of silence.

        Raises ``ModelError`` when the folder is not a usable Whisper model.
        """
        check_folder(model_dir)
        try:
            self._model = WindowedWhisper(
                str(model_dir),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError, MemoryError) as error:
            raise unusable(model_dir, str(error)) from error
        self._folder, self._language, self._config = model_dir, language, config
        self._known = self._languages(model_dir, language.allowed)
        self.policy = LanguagePolicy(language, self._known)
        self._hot_words = self._prompt(config.hot_words)
        self._latest: _Latest | None = None
        silence = Utterance(np.zeros(RATE // 2, np.float32), 0.0, 0.5)
        try:
            self._model.language_probabilities(silence.samples, 2 * STEP)
            self._decode(silence, self.policy.language, 2 * STEP, "transcribe")
        except (AsrError, RuntimeError, ValueError) as error:
            raise unusable(model_dir, str(error.__cause__ or error)) from error

    def transcribe(self, utterance: Utterance) -> Transcript:
        """What was said and in which language; empty text when there were no words.

        ``utterance.samples``: shape (n,), any length, at ``RATE``. Raises ``AsrError``.
        """
        if self._too_short(utterance):
            return Transcript("", self.policy.language, 0.0, 0.0)
        latest = self._meet(utterance)
        heard = self._hear(utterance, latest, "transcribe")
        return heard.transcript(latest.choice, latest.choice.language)

    def translate(self, utterance: Utterance) -> Transcript:
        """What was said, in English; ``choice`` has the language that was spoken.

        The encoder does not hear again what was just transcribed. Raises ``AsrError``, also when
        the model knows no language but English.
        """
        self._require_translation()
        if self._too_short(utterance):
            return Transcript("", "en", 0.0, 0.0)
        latest = self._meet(utterance)
        english = latest.choice.language == "en"
        heard = self._hear(utterance, latest, "transcribe" if english else "translate")
        return heard.transcript(latest.choice, "en")

    def recording(self, samples: Samples, *, translate: bool = False) -> Recording:
        """Understand a recording of any length: what fits the model's window like an utterance,
        anything longer in pieces between which nobody speaks, as a session of its own.

        ``samples``: shape (n,), at ``RATE``; ``translate``: into English. Raises ``AsrError``,
        also while the passages are read; until then nothing else may be heard.
        """
        if translate:
            self._require_translation()
        whole = Utterance(samples, 0.0, len(samples) / RATE)
        if self._too_short(whole) or whole.seconds <= self._model.full / 100:
            return self._short_recording(whole, translate=translate)
        self.policy = LanguagePolicy(self._language, self._known)
        pieces = speech(samples)
        if not pieces:
            return Recording(LanguageChoice(self.policy.language, 0.0, "kept"), iter(()))
        longest = max(pieces[:FIRST_PIECES], key=lambda piece: piece[1] - piece[0])
        choice = self._meet(cut(samples, longest)).choice
        return Recording(choice, self._passages(samples, pieces, translate=translate))

    def _short_recording(self, whole: Utterance, *, translate: bool) -> Recording:
        heard = self.translate(whole) if translate else self.transcribe(whole)
        choice = heard.choice or LanguageChoice(self.policy.language, 0.0, "kept")
        spoken, certain = choice.language, heard.confidence
        passage = Passage(0.0, whole.seconds, heard.text, spoken, certain, heard.words)
        believed = heard.text and not nobody_spoke(heard.evidence)
        return Recording(choice, iter([passage] if believed else []))

    def _passages(
        self, samples: Samples, pieces: Sequence[Piece], *, translate: bool
    ) -> Iterator[Passage]:
        """Piece by piece the language is found; then neighbours of one language are decoded
        together."""
        for first in range(0, len(pieces), BATCH):
            batch = pieces[first : first + BATCH]
            spoken = [self._meet(cut(samples, piece)).choice.language for piece in batch]
            both = zip(spoken, batch, strict=True)
            for language, group in groupby(both, key=lambda each: each[0]):
                task: Task = "translate" if translate and language != "en" else "transcribe"
                for passage in self._batch(samples, [piece for _, piece in group], language, task):
                    self.policy.heard(language)
                    yield passage

    def _batch(
        self, samples: Samples, pieces: Sequence[Piece], language: str, task: Task
    ) -> Iterator[Passage]:
        longest = max(end - start for start, end in pieces)
        frames = window(longest, self._config, self._model.full)

        def again(piece: Piece) -> Decoded:
            alone = cut(samples, piece)
            choice = LanguageChoice(language)
            return self._hear(alone, _Latest(alone.samples, choice, frames), task)

        self._model.frames = frames
        options = self._options(language, task, SAMPLE_LEN)
        options["word_timestamps"] = self._config.word_timestamps and task == "transcribe"
        try:
            yield from passages(self._model, samples, pieces, options, again)
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise AsrError(f"transcription failed: {error}") from error

    def _require_translation(self) -> None:
        if not self._model.model.is_multilingual:
            raise AsrError(
                f"the speech model {self._folder} only knows English, so it cannot translate;"
                " choose a multilingual one (asr.model)"
            )

    def _too_short(self, utterance: Utterance) -> bool:
        samples = utterance.samples
        if utterance.rate != RATE or samples.ndim != 1:
            raise AsrError(
                f"Whisper hears mono audio at {RATE} Hz,"
                f" not shape {samples.shape} at {utterance.rate} Hz"
            )
        if not np.isfinite(samples).all():
            raise AsrError("the audio holds NaN or infinite samples: the microphone is at fault")
        return len(samples) < SHORTEST * RATE

    def _languages(self, model_dir: Path, allowed: Sequence[str]) -> tuple[str, ...]:
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

    def _prompt(self, hot_words: Sequence[str]) -> str | None:
        """As many of the hot words as have room before the text, in one line."""
        kept: list[str] = []
        for word in hot_words:
            line = " " + ", ".join([*kept, word])
            if len(self._model.hf_tokenizer.encode(line).ids) > HOT_TOKENS:
                _log.warning("asr.hot_words: no room for %r and what follows it", word)
                break
            kept.append(word)
        return ", ".join(kept) or None

    def _meet(self, utterance: Utterance) -> _Latest:
        """The language and the window of an utterance, found when it is first met."""
        if self._latest is None or self._latest.samples is not utterance.samples:
            frames = window(utterance.seconds, self._config, self._model.full)
            self._latest = _Latest(utterance.samples, self._choose(utterance, frames), frames)
        return self._latest

    def _choose(self, utterance: Utterance, frames: int) -> LanguageChoice:
        voiced = utterance.voiced
        seconds = utterance.speech_end - utterance.start if voiced is None else voiced
        if len(self._known) == 1:
            return self.policy.choose({}, seconds)
        try:
            found = self._model.language_probabilities(utterance.samples, frames)
        except (RuntimeError, ValueError) as error:
            raise AsrError(f"language detection failed: {error}") from error
        return self.policy.choose(found, seconds)

    def _hear(self, utterance: Utterance, latest: _Latest, task: Task) -> Decoded:
        """Decode; once more from the full window when a guard says that it went wrong, and keep
        the better of both."""
        language, full = latest.choice.language, self._model.full
        heard = self._decode(utterance, language, latest.frames, task)
        guard = failed_guard(heard, utterance.voiced, utterance.seconds)
        if not guard or latest.frames >= full:
            return heard
        _log.debug("decoding again from the full window: %s", guard)
        again = self._decode(utterance, language, full, task)
        if better(heard, again, utterance.voiced, utterance.seconds):
            heard, latest.frames = again, full
        return replace(heard, evidence=replace(heard.evidence, retried=guard))

    def _decode(self, utterance: Utterance, language: str, frames: int, task: Task) -> Decoded:
        samples = utterance.samples
        self._model.frames = frames
        try:
            # Speech has at most about 20 tokens a second, in Korean too.
            most = min(SAMPLE_LEN, 24 + 20 * len(samples) // RATE)
            options = self._options(language, task, most)
            found, _ = self._model.transcribe(samples, **options)
            segments = list(found)
            wanted = self._config.word_timestamps and task == "transcribe"
            words = self._model.words(segments, language) if wanted else ()
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            raise AsrError(f"transcription failed: {error}") from error
        start = utterance.start
        return decoded(
            segments, tuple(replace(w, start=w.start + start, end=w.end + start) for w in words)
        )

    def _options(self, language: str, task: Task, most: int) -> dict[str, Any]:
        """What the library is told, at most so many new tokens a window."""
        return {
            "language": language,
            "task": task,
            "beam_size": self._config.beam_size,
            "temperature": 0.0,
            "condition_on_previous_text": False,
            "without_timestamps": True,
            "max_new_tokens": most,
            "no_speech_threshold": None,  # ``gate`` decides, and says why
            "hotwords": self._hot_words,
        }
