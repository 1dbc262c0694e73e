"""Which command was meant, by a language model that reads and writes nothing. Pure.

For words that only resemble commands, the model is asked how likely each of a few commands is as
what these words mean, by the probability of the command's text after a question: one reading of
the prompt, and a few tokens for each candidate. What a command has of probability by itself, after
a question about nothing, is taken off (pointwise mutual information; Holtzman et al., "Surface form
competition", 2021): else short and common ones would always win.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from robot_voice.types import Transcript

from .commands import CommandTable, Found
from .wording import normalise

Score: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]
"""The natural logarithm of each continuation's probability after the prompt."""

LEAST = 0.9
"""Share of the probability that one meaning must have. Our own choice, on the side of doing
nothing; how well a model does depends on the model."""
MOST = 6
"""Candidates that are scored."""
SPREAD = 6.0
"""What candidates may differ by from the words (``matching.Nearest.like``)."""
LONGEST = 60
"""Characters of words that may be a command."""
NOTHING = "nothing, they only talk"
"""The candidate that no command was meant."""

_PROMPT = (
    "Somebody in front of a robot says: {words!r}\n"
    "If that is an order to the robot, the order is one of: {orders}; else it is: {nothing}.\n"
    "It is: "
)


def choose(transcript: Transcript, table: CommandTable, score: Score) -> Found | None:
    """The command that the words were meant to be, where the model is sure. None otherwise, and for
    words that resemble none. Raises what ``score`` raises."""
    words = normalise(transcript.text)
    if not words or len(words) > LONGEST:
        return None
    near = table.nearest.like(words, most=len(table.actions), least=SPREAD)
    phrases = [phrase for phrase in near if phrase in table.actions][:MOST]
    if not phrases:
        return None
    shares = _shares(transcript.text, phrases, score)
    best = max(phrases, key=lambda phrase: shares[phrase])
    meant = table.actions[best]
    together = sum(shares[phrase] for phrase in phrases if table.actions[phrase] == meant)
    return Found(meant, "scored", best) if together >= LEAST else None


def _shares(words: str, phrases: Sequence[str], score: Score) -> dict[str, float]:
    """Of each phrase, and of ``NOTHING``; they add up to 1."""
    texts = [*phrases, NOTHING]
    after = score(_prompt(words, phrases), texts)
    alone = score(_prompt("...", phrases), texts)
    gains = [one - other for one, other in zip(after, alone, strict=True)]
    weights = [math.exp(gain - max(gains)) for gain in gains]
    return {text: weight / sum(weights) for text, weight in zip(texts, weights, strict=True)}


def _prompt(words: str, phrases: Sequence[str]) -> str:
    orders = ", ".join(sorted(phrases))
    return _PROMPT.format(words=words, orders=orders, nothing=NOTHING)
