"""Which command was meant, by a language model that reads and writes nothing. Pure.

For words that only resemble commands, the model is asked how likely each of a few commands is as
what these words mean, by the probability of the command's text after a question: one reading of
the prompt, and a few tokens for each candidate. What a command has of probability by itself, after
a question about nothing, is taken off (pointwise mutual information; Holtzman et al., "Surface form
competition", 2021): else short and common ones would always win.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

from robot_voice.types import Transcript

from .commands import CommandTable, Found
from .wording import is_korean, normalise

Score: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]
"""The natural logarithm of each continuation's probability after the prompt."""

LEAST = 0.9
"""Share of the probability that one meaning must have. Our own choice, on the side of doing
nothing; what it is worth depends on the model."""
MOST = 6
"""Candidates that are scored."""
LONGEST = 60
"""Characters of words that may be a command."""
NOTHING = "nothing, they only talk"
"""The candidate that no command was meant."""

_PROMPT = (
    "Somebody in front of a robot says: {words!r}\n"
    "If that is an order to the robot, the order is one of: {orders}; else it is: {nothing}.\n"
    "It is: "
)
_FILLERS = "a an the to me my your it is on in of for please and you i"
_WEAK = frozenset(_FILLERS.split())
"""Words that sentences have in common though they mean nothing alike."""


class Chooser:
    """Chooses for one table. Called where the model's calls are allowed to take their time."""

    def __init__(self, table: CommandTable, score: Score) -> None:
        self._actions, self._score = table.actions, score
        self._with: dict[str, list[str]] = defaultdict(list)
        for phrase in table.actions:
            for part in _parts(phrase):
                self._with[part].append(phrase)

    def __call__(self, transcript: Transcript) -> Found | None:
        """The command that the words were meant to be, where the model is sure. None otherwise; for
        words that share none with a command it is not asked. Raises what the model raises."""
        words = normalise(transcript.text)
        phrases = self._candidates(words) if len(words) <= LONGEST else ()
        if not phrases:
            return None
        shares = _shares(transcript.text, phrases, self._score)
        best = max(phrases, key=lambda phrase: shares[phrase])
        return Found(self._actions[best], "scored", best) if shares[best] >= LEAST else None

    def _candidates(self, words: str) -> Sequence[str]:
        """For each action the phrase that has most in common with ``words``; what few phrases have
        counts for more. The best first."""
        common: dict[str, float] = defaultdict(float)
        for part in _parts(words):
            phrases = self._with.get(part, ())
            for phrase in phrases:
                common[phrase] += 1 / len(phrases)
        best: list[str] = []
        for phrase in sorted(common, key=lambda phrase: (-common[phrase], len(phrase), phrase)):
            if all(self._actions[phrase] != self._actions[other] for other in best):
                best.append(phrase)
        return best[:MOST]


def _parts(words: str) -> set[str]:
    """English words; pairs of Korean syllables, as there are no spaces."""
    if is_korean(words):
        return {one + other for one, other in pairwise(words)}
    return set(words.split()) - _WEAK


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
