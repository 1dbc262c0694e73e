"""Which language was that, and which one answers? Policies over a detector's probabilities. Pure.

A detector that knows a hundred languages hears Korean as Japanese, one English word as Korean and
a cough as Welsh. People speak only a few languages to one robot and seldom change. So

1. the probability is shared out among the allowed languages alone;
2. the shorter the sound, the less the detector is trusted;
3. a session leans towards the languages it was held in, the latest first;
4. whoever leads by too little changes nothing: the language before is kept.

In numbers, with p what the detector gives a language, t the trust and q the session's share of it,
the weight of a language is p^t * q: Bayes' rule, with evidence that is worth less when it is short
(a "tempered" likelihood). Only words that were committed count for the session.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from robot_voice.config import LanguageConfig
from robot_voice.types import LanguageChoice, LanguageReason, Transcript

from .switch import asked_language

MARGIN = 0.2
"""By how much the best language must lead the second. Our own choice: real doubt abstains."""

FULL_TRUST, LEAST_TRUST = 1.5, 0.35
"""Seconds of voice from which on the detector is trusted fully, and the trust in a mere blip. Our
own choice: Whisper's detector was made for 30 s and errs mostly on single words."""

MEMORY = 0.7
"""How much an utterance counts after the next one."""

DOUBT = 0.3
"""Weight of every language before anybody spoke: it bounds how far a session can lean. After
many utterances of one language, of two, its share is (3.3 + 0.3) / (3.3 + 0.6) = 0.92."""

HUNCH = 0.2
"""What the configured default counts, in utterances, before anybody spoke."""

FLOOR = 1e-4
"""Probability that no detector's answer is taken to be below: its zeros are not that certain."""


class LanguagePolicy:
    """The session's memory of languages. ``choose`` and the others may run in different threads:
    the state is one value that is replaced whole."""

    def __init__(self, config: LanguageConfig, known: Sequence[str]) -> None:
        """``known``: the allowed languages that the speech model has, at least one."""
        self._known = tuple(known)
        self._language = config.default if config.default in known else self._known[0]
        self._spoken: Mapping[str, float] = {self._language: HUNCH}

    @property
    def language(self) -> str:
        """What was spoken last, as far as the session knows."""
        return self._language

    def choose(self, probabilities: Mapping[str, float], seconds: float) -> LanguageChoice:
        """The language of ``seconds`` of voice.

        ``probabilities`` maps ISO 639-1 codes to the detector's probabilities, over any set of
        languages; missing ones, NaN and negatives count as 0. Changes nothing.
        """
        if len(self._known) == 1:
            return LanguageChoice(self._known[0], 1.0, "only", {self._known[0]: 1.0})
        detected = _shared_out(probabilities, self._known)
        if detected is None:
            return LanguageChoice(self._language, 0.0, "kept")
        trust = min(1.0, max(LEAST_TRUST, seconds / FULL_TRUST))
        spoken = self._spoken
        total = sum(spoken.values()) + DOUBT * len(self._known)
        weights = {
            code: max(FLOOR, detected[code]) ** trust * (spoken.get(code, 0.0) + DOUBT) / total
            for code in self._known
        }
        scale = sum(weights.values())
        first, second = sorted(weights, key=weights.__getitem__, reverse=True)[:2]
        if weights[first] - weights[second] < MARGIN * scale:
            kept = self._language
            return LanguageChoice(kept, weights[kept] / scale, "kept", detected)
        loudest = max(detected, key=detected.__getitem__)
        reason: LanguageReason = "heard" if first == loudest else "session"
        return LanguageChoice(first, weights[first] / scale, reason, detected)

    def heard(self, language: str) -> None:
        """Words in this language were committed: the session leans towards it."""
        if language not in self._known:
            return
        faded = {code: MEMORY * count for code, count in self._spoken.items()}
        faded[language] = faded.get(language, 0.0) + 1.0
        self._spoken, self._language = faded, language


class ReplyLanguage:
    """The language of the answers: the configured one, else the user's, until the user asks for
    another one ("speak Korean")."""

    def __init__(self, config: LanguageConfig, voices: Collection[str]) -> None:
        """``voices``: languages that can be spoken, besides the allowed ones."""
        self._config = config
        self._speakable = {*config.allowed, *voices}
        self._asked: str | None = None

    def __call__(self, transcript: Transcript) -> str:
        """Of the answer to these words. Changes nothing: the words may yet be withdrawn."""
        asked = self._asked_in(transcript) or self._asked
        if asked is not None:
            return asked
        return reply_language(self._config, transcript)

    def commit(self, transcript: Transcript) -> str | None:
        """The user did say this. Returns the language asked for in it, if any was."""
        asked = self._asked_in(transcript)
        if asked is not None:
            self._asked = asked
        return asked

    def _asked_in(self, transcript: Transcript) -> str | None:
        asked = asked_language(transcript.text)
        return asked if asked in self._speakable else None


def reply_language(config: LanguageConfig, transcript: Transcript) -> str:
    """The language of the answer: the fixed one, else the user's, else the default."""
    if config.reply != "user":
        return config.reply
    heard = transcript.language
    return heard if heard in config.allowed else config.default


def _shared_out(
    probabilities: Mapping[str, float], known: Sequence[str]
) -> dict[str, float] | None:
    """The known languages' probabilities, made to add up to 1; None when all are 0."""
    weights = {code: probabilities.get(code, 0.0) for code in known}
    weights = {code: w if math.isfinite(w) and w > 0 else 0.0 for code, w in weights.items()}
    total = sum(weights.values())
    if total <= 0.0:
        return None
    return {code: weight / total for code, weight in weights.items()}
