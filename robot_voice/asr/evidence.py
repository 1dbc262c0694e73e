"""What speaks for and against a transcript, and which of two is the better one. Pure.

Whisper decodes well or not at all: it loops, it stops at once, it guesses. The thresholds are
OpenAI's (``whisper/transcribe.py``: ``compression_ratio_threshold``, ``logprob_threshold``,
``no_speech_threshold``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from robot_voice.types import Evidence, LanguageChoice, Transcript, Word

LOOP = 2.4
"""A text that compression shrinks more than this many times repeats itself."""
IMPROBABLE = -1.0
"""Mean log-probability of tokens below which they are guessed."""
NO_SPEECH = 0.6
"""Probability above which nobody spoke, if the tokens are improbable as well."""
TIMES = 5
"""How often in a row the same words make a loop. Our own choice: people say "no" four times."""
CLEAR_VOICE, CLEAR_SHARE = 0.5, 0.3
"""Seconds of voice, and its share of the sound, in which there must be words. Our own choice."""

_LOOPED = re.compile(rf"(\w.{{1,29}}?)\1{{{TIMES - 1},}}")


class Segment(Protocol):
    """What is read of faster-whisper's segments: one decoded window."""

    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> Sequence[int]: ...
    @property
    def avg_logprob(self) -> float: ...
    @property
    def no_speech_prob(self) -> float: ...
    @property
    def compression_ratio(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Decoded:
    """The outcome of one decoding. ``text`` is empty when there were no words."""

    text: str
    evidence: Evidence
    words: tuple[Word, ...] = ()

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, the ends of text included, in [0, 1];
        0 without words."""
        return min(1.0, math.exp(self.evidence.log_probability)) if self.text else 0.0

    def transcript(self, choice: LanguageChoice, language: str) -> Transcript:
        """``language``: that of the text, which may be a translation of what was spoken."""
        how = self.confidence, choice.probability, self.evidence, choice, self.words
        return Transcript(self.text, language, *how)


def decoded(segments: Sequence[Segment], words: tuple[Word, ...] = ()) -> Decoded:
    """What all windows say together: their words, the least doubt that somebody spoke, the mean
    log-probability of all tokens, and the worst compression."""
    text = " ".join(segment.text.strip() for segment in segments).strip()
    text = text.replace("\ufffd", "")  # half a character, when a byte-level token went astray
    if not any(character.isalnum() for character in text):
        text, words = "", ()
    if not segments:
        return Decoded(text, Evidence())
    counts = [len(segment.tokens) + 1 for segment in segments]  # each window ends with a token
    pairs = zip(segments, counts, strict=True)
    evidence = Evidence(
        no_speech=min(segment.no_speech_prob for segment in segments),
        log_probability=sum(one.avg_logprob * count for one, count in pairs) / sum(counts),
        compression=max(segment.compression_ratio for segment in segments),
    )
    return Decoded(text, evidence, words)


def repeats(text: str) -> bool:
    """Whether something of 2 to 30 characters comes ``TIMES`` times in a row: what a short text
    hides from the compression ratio."""
    words = re.findall(r"\w+", text.casefold())
    return _LOOPED.search(" ".join([*words, ""])) is not None


def nobody_spoke(evidence: Evidence) -> bool:
    """Whether it was likely no speech, and its text unlikely: OpenAI's test."""
    return evidence.no_speech > NO_SPEECH and evidence.log_probability < IMPROBABLE


def failed_guard(heard: Decoded, voiced: float | None, seconds: float) -> str:
    """Which guard says that this decoding failed; empty: none.

    ``voiced``: seconds of voice by the detector, if one was asked; ``seconds``: of the sound.
    """
    evidence = heard.evidence
    if not heard.text:
        clear = voiced is not None and voiced >= max(CLEAR_VOICE, CLEAR_SHARE * seconds)
        return "no tokens" if clear else ""
    if evidence.compression > LOOP:
        return "compression"
    if repeats(heard.text):
        return "n-grams"
    if evidence.log_probability < IMPROBABLE and not nobody_spoke(evidence):
        return "log-probability"
    return ""


def better(first: Decoded, second: Decoded, voiced: float | None, seconds: float) -> bool:
    """Whether the second decoding of a sound is to be believed rather than the first, which has
    failed a guard: it passes them, or its words are less improbable where neither does. No words
    are better than failed ones, except where there is clearly a voice."""
    if not failed_guard(second, voiced, seconds):
        return True
    if not (first.text and second.text):
        return False
    return _rank(second) > _rank(first)


def _rank(heard: Decoded) -> tuple[bool, float]:
    looped = heard.evidence.compression > LOOP or repeats(heard.text)
    return not looped, heard.evidence.log_probability
