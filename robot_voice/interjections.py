"""What words mean that are heard while the robot speaks. Pure.

Not all of them are meant to end its sentence: people murmur "mm-hm" to say that they listen, and
a loudspeaker that the echo canceller does not master brings back the robot's own words. Others
must end it at once, and whatever else it does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from .types import Utterance

OWN_SECONDS = 0.7
"""Longest voice that may be the robot's own. A voice holds the loudspeaker within 0.15 s, and after
that a room gives back 0.5 s at most: whoever goes on for longer is somebody else."""

OWN_BEFORE, OWN_AFTER = 0.8, 0.2
"""What may be heard of the robot's own words, in seconds before and after the moment at which the
voice was noticed: an utterance begins 0.5 s before its voice, and sound buffers hold 0.1 s."""

_LETTERS_PER_ERROR, _SURE_LETTERS = 4, 8
"""One letter in four may be wrong, for what is understood of half a second of echo is seldom right
to the letter; but none where so few were heard that two words differ by no more."""

_LEAST_LETTERS = 2
_SYLLABLES = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def plain(text: str) -> str:
    """Letters and digits in small, without spaces and marks: how a phrase sounds, more or less."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


class Phrases:
    """A list of phrases that count when nothing else was said, be it one of them or several."""

    def __init__(self, phrases: Sequence[str], around: Sequence[str] = ()) -> None:
        """``around``: words that may stand between them without changing anything."""
        known = sorted({plain(phrase) for phrase in phrases} - {""}, key=len, reverse=True)
        padding = sorted({plain(word) for word in around} - {""}, key=len, reverse=True)
        self._phrase = re.compile("|".join(map(re.escape, known)) or r"(?!)")
        every = "|".join(map(re.escape, known + padding)) or r"(?!)"
        self._all = re.compile(f"(?:{every})+")

    def match(self, text: str) -> str:
        """The first of the phrases in ``text``, without spaces and marks; empty when other words
        were said too, or none of them."""
        letters = plain(text)
        found = self._phrase.search(letters) if self._all.fullmatch(letters) else None
        return found.group() if found else ""


def is_own_voice(heard: str, utterance: Utterance, spoken: str) -> bool:
    """Whether ``heard`` is but the robot's own voice, which said ``spoken`` at that moment."""
    if utterance.voiced is None or utterance.voiced > OWN_SECONDS:
        return False
    letters, said = plain(heard), plain(spoken)
    weight = sum(2 if _SYLLABLES.match(letter) else 1 for letter in letters)
    if weight < 2 * _LEAST_LETTERS or not said:
        return False
    errors = len(letters) // _LETTERS_PER_ERROR if len(letters) >= _SURE_LETTERS else 0
    return _distance(letters, said) <= errors


def _distance(needle: str, hay: str) -> int:
    """Fewest edits that make ``needle`` a part of ``hay`` (Sellers' algorithm, 1980)."""
    row = [0] * (len(hay) + 1)
    for count, letter in enumerate(needle, 1):
        diagonal, row[0] = row[0], count
        for at, other in enumerate(hay, 1):
            best = min(diagonal + (letter != other), row[at] + 1, row[at - 1] + 1)
            diagonal, row[at] = row[at], best
    return min(row)
