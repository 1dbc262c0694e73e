"""What was probably said, where a recogniser has made a mistake of a letter or two. Pure.

A sentence that is no phrase of the table to the letter may still sound like one: "turn lift",
왼쪽으로 도라. It is taken for the phrase when

* it sounds nearly the same: few edits (Levenshtein, 1966), of which those cost less that
  recognisers make more often (``sounds``);
* no single word of it differs much: "let me know" is not "let me go";
* no phrase with another meaning is nearly as near: "lights awn" might be on or off;
* it has no word, and no Korean ending, that turns a command into talk about one: not, when, he,
  지 마, the past tense. A Korean command's mood is in its last syllable, which must be as it is.

Short phrases have no room for mistakes: they are believed only as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from robot_voice.hangul import apart, is_syllable

from .sounds import ALIKE, Sound, edits, korean, latin, swap_syllables
from .wording import is_korean

LEAST_LETTERS = 8
"""Of a Latin phrase, without spaces, to be found with a mistake in it."""
LEAST_SYLLABLES = 4
"""Of a Korean one. With one fewer it must sound the same."""
PER_LETTER, PER_SYLLABLE = 0.13, 0.22
"""Cost of the mistakes that are forgiven, for each of the phrase's letters and syllables."""
MOST_COST = 2.0
"""However long the phrase is."""
PER_WORD = 0.2
"""Cost that is forgiven in one Latin word, for each of its sounds: "burn" is not "turn"."""
ONE_VOWEL = 0.4
"""Cost that is forgiven in any Latin word."""
MERGED, LEAST_MERGED = 0.5, 9
"""Cost that is forgiven where words are written in one or apart ("turn a round"), and letters of
phrases where that is forgiven."""
ENDING = 0.15
"""Cost that is forgiven in the last syllable of a Korean phrase, but for its initial."""
MARGIN = 0.8
"""By how much a phrase with another meaning must cost more."""
LONGER = 6
"""Characters by which a sentence may be longer than the longest phrase."""
CANDIDATES = 12
"""Phrases that are compared at length."""

_SPEAKERS = (
    "i i'm i'll i've he he's she she's they they're we we're it's him her them you're your you"
)
_LINKS = "who what when where why how which if because than but every always yesterday tomorrow"
_REFUSALS = "not don't didn't doesn't never no won't can't couldn't isn't"
_VERBS = (
    "is are am was were be been did does do had has have said says say told tell asked ask should"
    " shall may might must"
)
_MEANING = frozenset(f"{_SPEAKERS} {_LINKS} {_REFUSALS} {_VERBS}".split())
"""English words that make a statement, a question or a refusal of a command."""
_PAST = re.compile(r"..(?:ed|ing)$")
_KOREAN_MEANING = re.compile(
    r"지마|지말|않|못|^안(?![아내])|싶|라고|라는|다고|려고|면|니까|는데|잖|까$|니$|냐$|네$|지$|자고|도돼|도되|어야|아야"
)
"""Endings that do the same in Korean; the table's own phrases may have them."""
_OFTEN_MISHEARD = re.compile(r"(?<=..)[조저져]$")
"""What becomes of 줘 ("please"), which ``wording.normalise`` takes away."""


@dataclass(frozen=True, slots=True)
class Near:
    """A phrase that sounds like what was said."""

    phrase: str
    cost: float
    """Of the mistakes; 0: it sounds the same."""


@dataclass(frozen=True, slots=True)
class _Known:
    sound: Sound
    bag: Mapping[str, int]
    """How many there are of each consonant."""
    size: int
    """How many consonants there are."""
    korean: bool


class Nearest:
    """Finds the phrase that was probably said."""

    def __init__(self, meanings: Mapping[str, object]) -> None:
        """``meanings``: what each phrase means, by its normalised words."""
        self._meanings = {w: meaning for w, meaning in meanings.items() if _is_long_enough(w)}
        self._known = {words: _heard(words) for words in self._meanings}
        self._longest = max(map(len, self._meanings), default=0) + LONGER
        self._usual = {hint for words in self._meanings for hint in _hints(words)}

    def find(self, words: str) -> Near | None:
        """The phrase that ``words``, normalised, were meant to be; None when that is not clear."""
        if not words or len(words) > self._longest or not _hints(words) <= self._usual:
            return None
        found = self._find(words)
        if found is None and is_korean(words) and _OFTEN_MISHEARD.search(words):
            return self._find(words[:-1])
        return found

    def _find(self, words: str) -> Near | None:
        limit = MOST_COST + MARGIN
        said = _heard(words)
        costs = [(self._distance(said, phrase, limit), phrase) for phrase in self._like(said)]
        cost, phrase = min(costs, default=(limit, ""))
        if not phrase or cost > forgiven(phrase):
            return None
        meaning = self._meanings[phrase]
        other = min((c for c, p in costs if self._meanings[p] != meaning), default=limit)
        if other - cost < MARGIN or not _means_the_same(words, phrase):
            return None
        return Near(phrase, cost)

    def _like(self, said: _Known) -> Sequence[str]:
        """The phrases that have most sounds in common with it, whatever their order."""
        limit = MOST_COST + MARGIN
        bounds = (
            (bound, phrase)
            for phrase, known in self._known.items()
            if known.korean == said.korean
            and abs(known.size - said.size) * ALIKE <= limit
            and (bound := _bound(said, known)) <= limit
        )
        return [phrase for _, phrase in sorted(bounds)[:CANDIDATES]]

    def _distance(self, said: _Known, phrase: str, limit: float) -> float:
        return edits(said.sound, self._known[phrase].sound, limit)


def forgiven(phrase: str) -> float:
    """The cost of mistakes by which a sentence may differ from ``phrase``."""
    if not is_korean(phrase):
        return min(MOST_COST, PER_LETTER * _letters(phrase))
    return min(MOST_COST, PER_SYLLABLE * len(phrase)) if len(phrase) >= LEAST_SYLLABLES else 0.1


def _is_long_enough(phrase: str) -> bool:
    if is_korean(phrase):
        return len(phrase) >= LEAST_SYLLABLES - 1
    return _letters(phrase) >= LEAST_LETTERS


def _letters(phrase: str) -> int:
    return len(phrase.replace(" ", ""))


def _heard(words: str) -> _Known:
    if is_korean(words):
        syllables = korean(words)
        bag = Counter(part[0] for part in syllables if part[0] not in "ㅇㅎ")
        return _Known(syllables, bag, bag.total(), True)
    letters = latin(words)
    bag = Counter(char for char in letters if char not in "aeiouywh ")
    return _Known(letters, bag, bag.total(), False)


def _bound(one: _Known, other: _Known) -> float:
    """No more than the cost of making one of the other: so many consonants one of them lacks, of
    which each costs at least ``ALIKE``."""
    a, b = one.bag, other.bag
    more = sum(max(0, count - b.get(kind, 0)) for kind, count in a.items())
    fewer = sum(max(0, count - a.get(kind, 0)) for kind, count in b.items())
    return ALIKE * max(more, fewer)


def _means_the_same(words: str, phrase: str) -> bool:
    """Whether the difference is one of sound only."""
    if not _hints(words) <= _hints(phrase):
        return False
    if not is_korean(phrase):
        return _same_in_latin(words.split(), phrase.split())
    last, wanted = korean(words)[-1], korean(phrase)[-1]
    return swap_syllables(f"ㅇ{last[1:]}", f"ㅇ{wanted[1:]}") <= ENDING


def _hints(words: str) -> set[str]:
    """What in the words makes more of them than a command."""
    if is_korean(words):
        past = (f"ㅆ{n}" for n in range(sum(apart(s)[2] == "ㅆ" for s in words if is_syllable(s))))
        return {*_KOREAN_MEANING.findall(words), *past}
    return {word for word in words.split() if word in _MEANING or _PAST.search(word)}


def _same_in_latin(words: Sequence[str], phrase: Sequence[str]) -> bool:
    if len(words) != len(phrase):
        one, other = latin("".join(words)), latin("".join(phrase))
        return len(other) >= LEAST_MERGED and edits(one, other, MERGED) <= MERGED
    pairs = ((latin(one), latin(other)) for one, other in zip(words, phrase, strict=True))
    return all(
        edits(one, other, MOST_COST) <= max(ONE_VOWEL, PER_WORD * len(other))
        for one, other in pairs
    )
