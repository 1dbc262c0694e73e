"""Is a transcript to be believed? Pure, but for reading the threshold.

The evidence is weighed in this order, and the first that speaks against the words decides:

1. the detector's voice: without any there were no words ("no voice");
2. Whisper's no-speech probability, when its words are improbable too ("no speech");
3. a text that repeats itself ("repetition");
4. a sentence that Whisper is known to write in silence, or nothing but its prompt, with weak
   evidence for it ("phantom");
5. the confidence ("unsure"; "too short", when it was so short that it may have been a cough).

While the robot's own motors run (``Utterance.motion``), every threshold is stricter.

A small model hears something in everything. Its ``Transcript.confidence`` was compared with the
truth on speech it had never heard, and the threshold above which it is right often enough lies
beside its weights, in ``gate.json``::

    {"confidence": 0.83, ...}

What else the file holds (how it was calibrated) is for people. A model without it has OpenAI's
threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import east_asian_width

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from robot_voice.errors import ModelError
from robot_voice.types import Judgement, Transcript, Utterance

from .evidence import CLEAR_SHARE, CLEAR_VOICE, IMPROBABLE, LOOP, NO_SPEECH, repeats
from .phantom import is_phantom, plain

FILE = "gate.json"

UNCALIBRATED = math.exp(IMPROBABLE)
"""Confidence below which OpenAI's own decoder takes a transcript for failed."""

LEAST_VOICE, LEAST_SHARE = 0.1, 0.08
"""Seconds of voice, and its share of the sound, without which nobody spoke. Our own choice, far
below a word: "no" takes 0.2 s, and is a fifth of what is recorded around it."""

WEAK_SHARE, WEAK_NO_SPEECH, WEAK_LOG_PROBABILITY = 0.15, 0.4, -0.5
"""Evidence too weak for a phantom's sentence. Our own choice: what is clearly said is far off."""

LETTER, SYLLABLE = 0.04, 0.07
"""Seconds of voice that a letter, or a character of Korean, Japanese or Chinese, takes in the most
hurried speech: half of what it takes on average (Pellegrino, Coupe and Marsico 2011: 6.2 syllables
a second in English, 7.8 in Japanese). A sentence with less voice than that was not said."""

DOUBTFUL_SPEECH, SURE_WORDS, ASKABLE_SPEECH = 0.79, 0.98, 0.85
"""What the detector gives the voiced frames on average: below the first, words are believed only
with this confidence, and below the last nobody is asked to repeat them. A guitar has 0.69 in the
median and 0.78 at most; of people's utterances 95 of 100 have 0.79 or more, in noise at 5 dB 0.76
(``scripts/bench/stillness.py``). A detector that says yes or no gives 1."""

BY_MOTION = 0.5
"""How much of a threshold's distance to certainty full motion takes away. Our own choice."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    shortest_seconds: float = Field(0.3, ge=0, le=10, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Gate:
    """The thresholds of one model. With the defaults all words pass that nothing speaks against."""

    confidence: float = 0.0
    """In [0, 1]: less confidence than this is not believed."""
    shortest_seconds: float = 0.0
    """A doubtful transcript of a shorter sound is taken for a noise: nobody is asked to repeat
    a cough."""
    hot_words: tuple[str, ...] = ()
    """What the model was prompted with. In silence Whisper repeats its prompt."""

    def judge(self, transcript: Transcript, utterance: Utterance) -> Judgement:
        """What to make of the words heard in this utterance, and why. Its ``voiced`` may be
        unknown: then all of it up to ``speech_end`` counts as voice."""
        if not transcript.text:
            return Judgement("ignore", "no words")
        sound = _Sound(transcript, utterance)
        against = self._against(transcript, sound)
        if against is not None:
            return against
        if transcript.confidence >= sound.strict(sound.wanted(self.confidence), 1.0):
            return Judgement("accept")
        if utterance.speech is not None and utterance.speech < ASKABLE_SPEECH:
            return Judgement("ignore", "no speech")
        if sound.voice < self.shortest_seconds:
            return Judgement("ignore", "too short")
        return Judgement("ask", "unsure")

    def _against(self, transcript: Transcript, sound: _Sound) -> Judgement | None:
        """What the evidence says against the words, whatever the model's confidence in them."""
        if sound.no_voice:
            return Judgement("ignore", "no voice")
        if sound.no_speech:
            return Judgement("ignore", "no speech")
        if sound.looped:
            return Judgement("ask" if sound.clear_voice else "ignore", "repetition")
        if sound.weak and self._made_up(transcript):
            return Judgement("ignore", "phantom")
        return None

    def _made_up(self, transcript: Transcript) -> bool:
        """Whether these are words that Whisper writes in silence."""
        rest = plain(transcript.text)
        for word in sorted(map(plain, self.hot_words), key=len, reverse=True):
            rest = rest.replace(word, "") if word else rest
        return not rest or is_phantom(transcript.text, transcript.language)


class _Sound:
    """What speaks for there having been speech at all."""

    def __init__(self, transcript: Transcript, utterance: Utterance) -> None:
        spoken = utterance.speech_end - utterance.start
        self.voice = spoken if utterance.voiced is None else utterance.voiced
        self._share = self.voice / max(spoken, 1e-3)
        self._like_speech = utterance.speech is None or utterance.speech >= DOUBTFUL_SPEECH
        self._motion = min(1.0, max(0.0, utterance.motion))
        self._text, self._evidence = transcript.text, transcript.evidence

    def strict(self, threshold: float, strictest: float) -> float:
        """A threshold, nearer to its strictest value the more the robot itself moves."""
        return threshold + self._motion * BY_MOTION * (strictest - threshold)

    def wanted(self, confidence: float) -> float:
        """The confidence that words need, in a sound like this."""
        return confidence if self._like_speech else max(confidence, SURE_WORDS)

    @property
    def no_voice(self) -> bool:
        return self.voice < self.strict(LEAST_VOICE, CLEAR_VOICE) or self._share < LEAST_SHARE

    @property
    def clear_voice(self) -> bool:
        voice, share = self.strict(CLEAR_VOICE, 1.0), self.strict(CLEAR_SHARE, 1.0)
        return self.voice >= voice and self._share >= share

    @property
    def no_speech(self) -> bool:
        """OpenAI's test: likely no speech, and its text unlikely."""
        return self._evidence.no_speech > self.strict(
            NO_SPEECH, 0.0
        ) and self._evidence.log_probability < self.strict(IMPROBABLE, 0.0)

    @property
    def looped(self) -> bool:
        """Five times "no" are a loop only if nothing else speaks for them."""
        return self._evidence.compression > LOOP or (self.weak and repeats(self._text))

    @property
    def weak(self) -> bool:
        return (
            self.voice < least_seconds(self._text)
            or self._share < self.strict(WEAK_SHARE, 1.0)
            or self._evidence.no_speech > self.strict(WEAK_NO_SPEECH, 0.0)
            or self._evidence.log_probability < self.strict(WEAK_LOG_PROBABILITY, 0.0)
        )


def least_seconds(text: str) -> float:
    """Seconds of voice that this text takes at the very least."""
    letters = list(filter(str.isalnum, text))
    wide = sum(east_asian_width(letter) == "W" for letter in letters)
    return wide * SYLLABLE + (len(letters) - wide) * LETTER


def load_gate(model_dir: Path, hot_words: Sequence[str] = ()) -> Gate:
    """The gate of the model in this folder, which is prompted with these words; one with OpenAI's
    threshold when it has none.

    Raises ``ModelError`` when its file cannot be used: a model that needs a gate does not run
    without it.
    """
    file = model_dir / FILE
    try:
        found = _File.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Gate(UNCALIBRATED, 0.3, tuple(hot_words))
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ModelError(
            f"{file}: {where}: {first['msg']}. It belongs to the speech model: fetch both again."
        ) from error
    return Gate(found.confidence, found.shortest_seconds, tuple(hot_words))
