"""Disguised spellings of a listed word that only one who knows the word can undo. Pure.

They are made once, when the lexicon is compiled, and sought like words: a longer list costs the
automaton nothing. A variant that is a word of its own is named in the data as ``not_variants``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from robot_voice import hangul

STAR = "*"
"""Stands for any sign put in a letter's place."""

_LEAST_LATIN = 4
"""Letters of a word that may be misspelt; shorter ones are one slip from too many others."""

_LONG_LATIN = 6
_LEAST_BARE = 3
_LEAST_TYPED = 5
_ALIKE = [*zip("대대귀명며유비뚜", "머댸커띵띠윾네뜌", strict=True)]
"""Syllables written as ones that look alike ("yamin jeongeum"): 커엽다 for 귀엽다."""

_VOWEL = re.compile("[aeiou]")
_TEMPLATE = re.compile(r"\[([^\]]+)\]|<(\w+)>|([^\[<]+)")


@dataclass(frozen=True, slots=True)
class Variant:
    """``key`` is sought. ``changed``: it counts only where the text was written differently, since
    the key itself is innocent. ``whole``: it counts only as a word by itself."""

    key: str
    changed: bool = False
    whole: bool = False


def expand(template: str, sets: Mapping[str, Sequence[str]]) -> list[str]:
    """All words of a template, in which ``[씨시]`` is one of these characters and ``<name>`` one of
    that set. Raises KeyError for a set that is not there."""
    choices: list[Sequence[str]] = []
    for characters, name, literal in _TEMPLATE.findall(template):
        choices.append(characters or (sets[name] if name else [literal]))
    return ["".join(parts) for parts in product(*choices)]


def variants(word: str) -> Iterator[Variant]:
    """Spellings of ``word``, without itself, for its script."""
    if word.isascii():
        if word.isalpha() and len(word) >= _LEAST_LATIN:
            yield from _latin(word)
    elif all(map(hangul.is_syllable, word)):
        yield from _hangul(word)


def _latin(word: str) -> Iterator[Variant]:
    yield Variant(word.replace("l", "i"), changed=True)
    yield Variant(re.sub(r"(.)\1", r"\1", word), changed=True)
    if word.startswith("f"):
        yield Variant("ph" + word[1:])
    for at in range(len(word)):
        yield Variant(word[:at] + word[at] + word[at:])
    for at in range(1, len(word) - 1):
        yield Variant(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
        shorter = word[:at] + word[at + 1 :]
        if len(word) >= _LONG_LATIN or _VOWEL.match(word[at]):
            yield Variant(shorter, changed=len(shorter) < _LEAST_LATIN)
    bare = word[0] + _VOWEL.sub("", word[1:])
    if len(bare) >= _LEAST_BARE:
        yield Variant(bare, changed=len(bare) < _LEAST_LATIN)
    for at in range(2, len(word) - 1):
        yield Variant(f"{word[:at]} {word[at:]}", whole=True)
    yield Variant(word[::-1], whole=True)
    yield from map(Variant, _starred(word))


def _starred(word: str) -> Iterator[str]:
    """f*ck, f**k, fuc*, f***."""
    for first in range(1, len(word)):
        for last in range(first + 1, len(word) + 1):
            hidden = last - first
            if last == len(word) and first < 2 and hidden < 3:
                continue
            yield word[:first] + STAR * hidden + word[last:]


def _hangul(word: str) -> Iterator[Variant]:
    for syllable, alike in _ALIKE:
        if syllable in word and len(word) > 2:
            yield Variant(word.replace(syllable, alike), whole=True)
    if len(word) > 1:
        yield Variant(" ".join(word), whole=len(word) == 2)
    for at, syllable in enumerate(word):
        initial, vowel, final = hangul.apart(syllable)
        if final:  # 발, sung: 바알
            sung = hangul.together(initial, vowel) + hangul.together("ㅇ", vowel, final)
            yield Variant(word[:at] + sung + word[at + 1 :])
    for at in range(1, len(word) - 1):
        yield Variant(word[:at] + STAR + word[at + 1 :])
    typed = hangul.typed(word)
    if len(typed) >= _LEAST_TYPED and len(word) > 1:
        yield Variant(typed)
