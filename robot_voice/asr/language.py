"""Which language was that? A policy over the detector's probabilities. Pure.

A detector that knows a hundred languages hears Korean as Japanese and a cough as Welsh. People
speak only a few to one robot, and one sentence rarely changes the language: so the probability
is shared out among the allowed languages alone, and a close call stays with the language of the
sentence before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robot_voice.config import LanguageConfig
from robot_voice.types import Transcript

MARGIN = 0.2
"""By how much the best language must lead the second. Our own choice: on the 468 synthesised
phrases that the starter model hears right it leads by 0.4 or more, so only real doubt abstains."""


def choose_language(
    probabilities: Mapping[str, float], allowed: Sequence[str], previous_or_default: str
) -> tuple[str, float]:
    """The language spoken and the probability in [0, 1] that it is this one among ``allowed``.

    ``probabilities`` maps ISO 639-1 codes to the detector's probabilities, over any set of
    languages; missing ones, NaN and negatives count as 0. When no language leads by ``MARGIN``
    the answer is ``previous_or_default``, provided that it is allowed.
    """
    weights = {code: max(0.0, probabilities.get(code, 0.0)) for code in allowed}
    weights = {code: weight if weight == weight else 0.0 for code, weight in weights.items()}
    total = sum(weights.values())
    if total <= 0:
        return (previous_or_default if previous_or_default in weights else allowed[0]), 0.0
    ranked = sorted(weights, key=lambda code: weights[code], reverse=True)
    lead = weights[ranked[0]] - (weights[ranked[1]] if len(ranked) > 1 else 0.0)
    doubtful = lead / total < MARGIN and previous_or_default in weights
    chosen = previous_or_default if doubtful else ranked[0]
    return chosen, weights[chosen] / total


def reply_language(config: LanguageConfig, transcript: Transcript) -> str:
    """The language of the answer: the fixed one, else the user's, else the default."""
    if config.reply != "user":
        return config.reply
    heard = transcript.language
    return heard if heard in config.allowed else config.default
