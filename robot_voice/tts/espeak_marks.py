"""From espeak-ng's events to how much of a text is over at which sample. Pure.

Words alone do not do: the library takes "서울에서 학교" for one, reads "42명" as two that begin at
"42" and "2", and all of a Japanese sentence without spaces is one word. But it tells every phoneme
too. So a stretch of text from one word's beginning to the next is shared out among the vowels
(more exactly: syllable nuclei) heard in it: a Hangul syllable, a kana, a Han character has one, a
word in an alphabet about as many as it has groups of vowel letters.

What was measured about the events (espeak-ng 1.51): positions count characters from 1, in any
script; a word after punctuation may begin at the punctuation; the first word of a text may lack
its event; a last, empty word may follow at a place before; ``length`` never exceeds 31.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from robot_voice.traced import Traced

from .espeak_child import PHONEME, SENTENCE, WORD
from .espeak_library import Event

_VOWELS = re.compile("[aeiouyæɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶøœʉʊʌʏ\u0329]")
"""IPA's vowels, and the sign of a syllabic consonant."""

_GLIDES = ("j", "w", "ɥ", "ʲ", "ɰ")
_MORAIC_N = ("ũ", "u\u0303")
"""How the Japanese voice says ん."""

_UNIT = re.compile(
    r"(?P<hangul>[\uac00-\ud7a3]|[\u1100-\u115f][\u1160-\u11ff]+)"
    r"|(?P<kana>[\u3041-\u3096\u30a1-\u30fa][ゃゅょぁぃぅぇぉゎャュョァィゥェォヮんっンッー\u3099]*)"
    r"|(?P<han>[\u3400-\u9fff\uf900-\ufaff々])"
    r"|(?P<digit>\d)"
    r"|(?P<word>[^\W\d\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]+)"
)
_LETTERS = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿœаеёиоуыэюяіїєαεηιουωάέήίόύώ]+", re.I)
_SILENT = re.compile(r"[^\w%&@#*+=$€£¥₩°]+")

SPELLED = 4
"""Nuclei of a kanji that the Japanese voice does not know: it says "Chinese letter"."""


@dataclass(slots=True)
class _Stretch:
    """From a word's beginning to the next."""

    start: int
    """Offset into the text."""
    sample: int
    phonemes: list[tuple[int, str]] = field(default_factory=list)
    """Where each begins, and its IPA; empty IPA is a pause."""


class Marker:
    """Collects a sentence's events; tells its marks when a stretch is complete."""

    def __init__(self, text: Traced, language: str) -> None:
        """``text``: what the library reads; the marks count the characters of its original."""
        self._text = text
        self._language = language
        self._stretch = _Stretch(0, 0)

    @property
    def settled(self) -> int:
        """All marks before this sample have been told."""
        return self._stretch.sample

    def push(self, event: Event) -> Iterator[tuple[int, int]]:
        """The marks that are known now: sample, and characters of the original that are over."""
        if event.kind == PHONEME:
            said = event.said.rstrip(b"\0").decode("utf-8", "replace")
            self._stretch.phonemes.append((event.sample, said))
        elif event.kind in (WORD, SENTENCE):
            start = self._snapped(event.position - 1)
            if start <= self._stretch.start:
                return  # of the same word, or the empty one at the end
            if any(said for _, said in self._stretch.phonemes):
                yield from self._marks(start, event.sample)
                self._stretch = _Stretch(start, event.sample)
            else:
                self._stretch.start = start

    def finish(self, sample: int) -> Iterator[tuple[int, int]]:
        """The rest of the marks. ``sample``: where all sound ends."""
        yield from self._marks(len(self._text.text), sample)
        self._stretch = _Stretch(len(self._text.text), sample)

    def _snapped(self, at: int) -> int:
        """The first character from ``at`` on that makes a sound."""
        text = self._text.text
        at = min(max(0, at), len(text))
        silent = _SILENT.match(text, at)
        return silent.end() if silent and silent.end() < len(text) else at

    def _marks(self, end: int, sample: int) -> Iterator[tuple[int, int]]:
        stretch = self._stretch
        ends, weights = _units(self._text.text[stretch.start : end], self._language)
        borders = _borders(stretch.phonemes, sample)
        whole = sum(weights)
        for offset, weight in zip(ends, accumulate(weights), strict=True):
            heard = len(borders) * weight // whole
            if heard:
                yield borders[heard - 1], self._text.over(stretch.start + offset)


def _units(text: str, language: str) -> tuple[list[int], list[int]]:
    """Where each unit of ``text`` ends, with the punctuation and space behind it, and how many
    nuclei it should have. At least one unit."""
    ends: list[int] = []
    weights: list[int] = []
    for match in _UNIT.finditer(text):
        if ends:
            ends[-1] = match.start()
        count = _nuclei(match, language)
        length = match.end() - match.start()
        parts = count if match.lastgroup == "word" else 1
        ends += [match.end() - length * (parts - part) // parts for part in range(1, parts + 1)]
        weights += [count // parts] * parts
    if not ends:
        return [len(text)], [1]
    ends[-1] = len(text)
    return ends, weights


def _nuclei(unit: re.Match[str], language: str) -> int:
    if unit.lastgroup == "word":
        return max(1, len(_LETTERS.findall(unit.group())))
    return SPELLED if unit.lastgroup == "han" and language == "ja" else 1


def _borders(phonemes: list[tuple[int, str]], end: int) -> list[int]:
    """Where each syllable of a stretch ends: where the next one's first consonant begins, and
    at last where the pause behind it begins, or the next word (``end``)."""
    while phonemes and not phonemes[-1][1]:
        end = phonemes.pop()[0]
    nuclei = [at for at, (_, said) in enumerate(phonemes) if _is_nucleus(said)]
    return [phonemes[_onset(phonemes, at)][0] for at in nuclei[1:]] + [end]


def _is_nucleus(said: str) -> bool:
    if said.startswith("(") or said in _MORAIC_N:
        return False
    return bool(_VOWELS.search(unicodedata.normalize("NFD", said)))


def _onset(phonemes: list[tuple[int, str]], nucleus: int) -> int:
    """The index of the phoneme with which this nucleus's syllable begins."""
    at = nucleus
    if at and phonemes[at - 1][1] in _GLIDES:
        at -= 1
    if at and not _is_nucleus(phonemes[at - 1][1]):
        at -= 1
    if at and not phonemes[at - 1][1]:  # the silence of a closed mouth
        at -= 1
    return at
