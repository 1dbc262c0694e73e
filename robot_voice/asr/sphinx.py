"""English robot commands by PocketSphinx: what the starter model's ears are too young for.

A closed grammar hears nothing but its own phrases, so it also "hears" one in every noise. The gate
is utterance verification by a likelihood ratio, as in Rahim, Lee and Juang 1997: the commands must
explain the sound about as well as a free loop of phones does (``en-us-phone.lm.bin``, which comes
with the wheel), or no worse than ``THRESHOLD`` per frame of speech.

The decision, by ``scripts/bench/sphinx.py``: on the 23 human ``en_commands``, with a grammar of
their sentences, 20 were right and 13 of these passed the gate, with one wrong; the first starter
model had one right. Of 435 sounds that are no command (people in English, Korean and other
languages, keywords, noise) none passed with the robot's own commands. So it stands in for the
starter wherever that is unsure. The price: one-word commands rarely pass (2 of 61 "stop").
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pocketsphinx

from robot_voice.engines import Asr
from robot_voice.errors import AsrError, ModelError
from robot_voice.types import RATE, Samples, Transcript, Utterance

from .gate import DOUBTFUL_SPEECH
from .jsgf import grammar, speakable

THRESHOLD = -1.0e-3
"""Least ``Spotted.fit`` that is believed: the lowest at which 95 % of what passed was right
(``scripts/bench/sphinx.py``, "both, by threshold")."""
LONGEST = 4.0
"""Seconds of sound. No command takes as long; what does is conversation, and is not decoded."""
FRAME = 0.01
"""Seconds from one frame of PocketSphinx's to the next."""
SHORTEST = 0.25
"""Seconds of sound that hold a word."""
FLOOR = 3e-4
"""Level of the noise that is added (-70 dB): digital silence fits every phone equally well, and so
any command ("go to sleep")."""
TAIL = 0.3
"""Seconds kept after the speech: the decoder wants to end in silence."""
BRIEFEST = 0.3
"""Seconds of speech: what is briefer ("bow" in a clatter) has too few frames to judge by."""
UNEXPLAINED = 1.4
"""Most seconds outside the phrase: pre-roll, onset and ``TAIL`` make 0.9. A grammar without words
for what it hears calls it silence."""

_COMMANDS: dict[str, Any] = {
    "lm": None,
    # Lattices of wide beams take seconds to search, and their posteriors are not used.
    "bestpath": False,
    "beam": 1e-80,
    "pbeam": 1e-80,
    "wbeam": 1e-60,
    "maxhmmpf": 3000,
    "loglevel": "FATAL",
}
"""Beams so wide that the grammar's every phrase survives: the default ones prune away a quarter of
what people say (51 % of 35 human commands right, and 74 % with these)."""
_PHONES: dict[str, Any] = {
    "lm": None,
    "bestpath": False,
    "allphone_ci": True,
    "lw": 2.0,
    "beam": 1e-20,
    "pbeam": 1e-20,
    "loglevel": "FATAL",
}
"""The phone loop as PocketSphinx documents it, with context-independent phones for speed."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spotted:
    """The phrase that fits best."""

    text: str
    fit: float
    """How much better than free phones it explains a frame of speech, in the decoder's log units;
    around 0 when the phrase was said, far below when not."""

    @property
    def accepted(self) -> bool:
        return self.fit >= THRESHOLD


class PhraseSpotter:
    """Hears which of some English phrases was said. Owned by one thread."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Raises ``ModelError`` when none of the phrases is English of known words."""
        try:
            self._commands = pocketsphinx.Decoder(pocketsphinx.Config(**_COMMANDS))
            loop = f"{pocketsphinx.get_model_path()}/en-us/en-us-phone.lm.bin"
            self._phones = pocketsphinx.Decoder(pocketsphinx.Config(allphone=loop, **_PHONES))
        except RuntimeError as error:
            raise ModelError(
                f"PocketSphinx cannot load its model ({error}); reinstall the extra [sphinx], or"
                ' set asr.fallback = "off"'
            ) from error
        heard, unknown = speakable(
            phrases, lambda word: self._commands.lookup_word(word) is not None
        )
        if unknown:
            _log.warning("%d commands have words that PocketSphinx does not know", len(unknown))
        if not heard:
            raise ModelError(
                'none of the robot\'s commands is in English; set asr.fallback = "off"'
            )
        self._phrases = frozenset(heard)
        self._commands.add_jsgf_string("commands", grammar(heard))
        self._commands.activate_search("commands")

    def spot(self, samples: Samples) -> Spotted | None:
        """The phrase that fits best, believed or not; None when no phrase fits from end to end.

        ``samples``: shape (n,), in [-1, 1], at ``RATE``. Raises ``AsrError``.
        """
        if not SHORTEST * RATE <= len(samples) <= LONGEST * RATE:
            return None
        floor = np.random.default_rng(0).normal(0, FLOOR, len(samples))
        raw = (np.clip(samples + floor, -1, 1) * 32767).astype("<i2").tobytes()
        try:
            text, score, frames = _decode(self._commands, raw)
            if text not in self._phrases:  # the sound ended within a phrase
                return None
            spoken = frames * FRAME
            if spoken < BRIEFEST or len(samples) / RATE - spoken > UNEXPLAINED:
                return None
            _, free, _ = _decode(self._phones, raw)
        except RuntimeError as error:
            raise AsrError(f"PocketSphinx failed: {error}") from error
        return Spotted(text, (score - free) / frames)


class CommandAsr:
    """Implements ``engines.Asr``: another engine, whose doubtful English is checked for commands.

    For the starter model, which understands few people: what it is not sure of is looked up in the
    closed grammar, and only what passes the gate there replaces its words.
    """

    def __init__(
        self,
        primary: Asr,
        spotter: PhraseSpotter,
        is_sure: Callable[[Transcript, Utterance], bool],
    ) -> None:
        """``is_sure``: whether a transcript of this utterance can be trusted."""
        self._primary = primary
        self._spotter = spotter
        self._is_sure = is_sure

    def transcribe(self, utterance: Utterance) -> Transcript:
        """The command that was said, with confidence 1 for it has passed the gate; else what the
        primary engine heard. Raises ``AsrError``."""
        heard = self._primary.transcribe(utterance)
        if heard.language != "en" or self._is_sure(heard, utterance):
            return heard
        if utterance.speech is not None and utterance.speech < DOUBTFUL_SPEECH:
            return heard  # a closed grammar finds a command in every melody
        end = round((utterance.speech_end - utterance.start + TAIL) * RATE)
        spotted = self._spotter.spot(utterance.samples[: max(0, end)])
        if spotted is None or not spotted.accepted:
            return heard
        return Transcript(spotted.text, "en", 1.0, heard.language_confidence, choice=heard.choice)

    def translate(self, utterance: Utterance) -> Transcript:
        """What was said, in English, by the primary engine: a command is in English already.
        Raises ``AsrError``."""
        return self._primary.translate(utterance)


def _decode(decoder: Any, raw: bytes) -> tuple[str, float, int]:
    """The words, the logarithm of their score, and how many frames were no silence."""
    decoder.reinit_feat()  # forget the sounds before: the same sound is to give the same result
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    if hypothesis is None or hypothesis.score <= 0:
        return "", -math.inf, 0
    # Marks such as <sil>, [NOISE] and (NULL) are no words.
    spoken = [part for part in decoder.seg() if part.word[0] not in "<[("]
    frames = sum(part.end_frame - part.start_frame + 1 for part in spoken)
    return hypothesis.hypstr, math.log(hypothesis.score), frames
