"""How alike two phrases sound to a recogniser: English by its spelling, Korean as pronounced. Pure.

The costs are ours, set by hand on the tuning sentences (``scripts/bench/sayings/tuning.txt``). The
groups of letters are those of articulation: what is made at the same place is taken for one
another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from robot_voice.hangul import apart, is_syllable
from robot_voice.tts.korean_sounds import pronounced

Sound: TypeAlias = Sequence[str]
"""Latin: letters that stand for sounds, with spaces between the words. Korean: initial, vowel and
final (or a space) of each syllable, as it is pronounced."""

_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"\bwr", "r"), (r"\bkn", "n"), (r"\bwh", "w"), (r"ph", "f"), (r"eight", "et"),
        (r"ight", "it"), (r"augh", "af"), (r"ck", "k"), (r"tch", "ch"), (r"c(?=[eiy])", "s"),
        (r"c(?!h)|q", "k"), (r"x", "ks"), (r"(?<=[aeiou])h|(?<=[a-z]{2})e\b|'", ""),
        (r"oo|ou", "u"), (r"ea|ee|ie|ei", "i"), (r"ai|ay|ey", "e"), (r"ow|oa", "o"),
        (r"(.)\1", r"\1"),
    )
)  # fmt: skip
"""From spelling to something like sound, in this order."""

_LIKE = {frozenset(pair) for pair in ["bp", "dt", "gk", "vf", "sz", "mn", "lr", "jc", "wu"]}
_VOWELS = frozenset("aeiouy")
ALIKE = 0.5
"""Cost of a consonant in the place of one that is taken for it; no consonant costs less, but for
those that are but air (h, w)."""
_VOWEL, _SPACE, _AIR = 0.4, 0.3, 0.5

_KOREAN_VOWELS = {
    frozenset(pair): cost
    for cost, pairs in (
        (0.1, "ㅐㅔ ㅒㅖ ㅙㅚ ㅙㅞ ㅚㅞ"),
        (
            0.4,
            "ㅓㅗ ㅡㅜ ㅓㅡ ㅢㅣ ㅢㅡ ㅔㅣ ㅑㅏ ㅕㅓ ㅛㅗ ㅠㅜ ㅘㅏ ㅝㅓ ㅟㅣ ㅚㅔ ㅙㅐ ㅞㅔ ㅖㅔ"
            " ㅏㅓ ㅚㅣ",
        ),
    )
    for pair in pairs.split()
}
_KOREAN_INITIALS = ("ㄱㅋㄲ", "ㄷㅌㄸ", "ㅂㅍㅃ", "ㅈㅊㅉ", "ㅅㅆ", "ㄴㄹ", "ㄴㅁ", "ㅇㅎ")
_OTHER_VOWEL, _FINAL = 0.9, 0.6
_SYLLABLE = 1.8


def latin(words: str) -> str:
    """How English words sound, roughly."""
    for pattern, sound in _RULES:
        words = pattern.sub(sound, words)
    return words


def korean(words: str) -> tuple[str, ...]:
    """How Korean words sound. What is no syllable stands for itself."""
    spoken = pronounced(words)
    return tuple(
        "".join(part or " " for part in apart(char)) if is_syllable(char) else char
        for char in spoken
    )


def edits(one: Sound, other: Sound, limit: float) -> float:
    """The least cost of making one of the other (Wagner and Fischer, 1974); once it is above
    ``limit``, a lower bound of it."""
    row = [0.0]
    for part in other:
        row.append(row[-1] + _gap(part))
    for mine in one:
        gap, diagonal = _gap(mine), row[0]
        left = row[0] = diagonal + gap
        for at, theirs in enumerate(other, 1):
            above = row[at]
            left = min(
                diagonal if mine == theirs else diagonal + _swap(mine, theirs),
                above + gap,
                left + _gap(theirs),
            )
            row[at], diagonal = left, above
        if min(row) > limit:
            return min(row)
    return row[-1]


@lru_cache(4096)
def _gap(sound: str) -> float:
    """The cost of a sound too many, or too few."""
    if len(sound) > 1:
        return _SYLLABLE
    if sound == " ":
        return _SPACE
    if sound in _VOWELS:
        return _VOWEL
    return _AIR if sound in "hw" else 1.0


@lru_cache(65_536)
def _swap(one: str, other: str) -> float:
    """The cost of one sound in the place of another."""
    if len(one) == len(other) == 3:
        return swap_syllables(one, other)
    if one in _VOWELS and other in _VOWELS:
        return _VOWEL
    return ALIKE if frozenset((one, other)) in _LIKE else max(_gap(one), _gap(other))


@lru_cache(65_536)
def swap_syllables(one: str, other: str) -> float:
    """The cost of one Korean syllable in the place of another; each is its three letters."""
    cost = 0.0
    if one[0] != other[0]:
        cost += ALIKE if any(one[0] in g and other[0] in g for g in _KOREAN_INITIALS) else 1.0
    if one[1] != other[1]:
        cost += _KOREAN_VOWELS.get(frozenset((one[1], other[1])), _OTHER_VOWEL)
    if one[2] != other[2]:
        cost += _FINAL if " " in (one[2], other[2]) or {one[2], other[2]} <= set("ㄴㅁㅇ") else 0.9
    return min(cost, _SYLLABLE)
