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
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from robot_voice.traced import Traced

from .espeak_child import PHONEME, SENTENCE, WORD
from .espeak_library import Event

_VOWELS = re.compile("[aeiouyæɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶøœʉʊʌʏ\u0329]")
"""IPA's vowels, and the sign of a syllabic consonant."""

_MORAIC_N = ("ũ", "u\u0303")
"""How the Japanese voice says ん."""

_ROWS = {
    "あ": "あかがさざただなはばぱまやらわゃ",
    "い": "いきぎしじちぢにひびぴみり",
    "う": "うくぐすずつづぬふぶぷむゆるゅ",
    "え": "えけげせぜてでねへべぺめれ",
    "お": "おこごそぞとどのほぼぽもよろをょ",
}
"""A vowel after a kana that ends in the same one makes it longer: to the voice they are one."""

_LONGER = "|".join(f"(?<=[{row}]){vowel}" for vowel, row in _ROWS.items())
_UNIT = re.compile(
    r"(?P<hangul>[\uac00-\ud7a3]|[\u1100-\u115f][\u1160-\u11ff]+)"
    r"|(?P<kana>[\u3041-\u3096\u30a1-\u30fa]"
    rf"(?:[ゃゅょぁぃぅぇぉゎャュョァィゥェォヮんっンッー\u3099]|{_LONGER})*)"
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
        self._told = 0  # what is over stays so, even where a piece stands for what another does

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
        units = _units(self._text.text[stretch.start : end], self._language)
        borders = _borders(stretch.phonemes, sample)
        for heard, border in enumerate(borders, 1):
            offset = _reached(units, heard / len(borders))
            self._told = max(self._told, self._over(stretch.start + offset))
            yield border, self._told

    def _over(self, count: int) -> int:
        """How many of the original's characters are over when ``count`` of the text's are. Within
        a piece that was written otherwise, such as "21" or "天気", as large a share of both."""
        starts, ends = self._text.starts, self._text.ends
        over = self._text.over(count)
        first = bisect_left(starts, over)
        if first >= count or count >= len(starts):
            return over
        share = (count - first) / (bisect_right(starts, over) - first)
        return over + int(share * (ends[count] - over))


class _Unit(NamedTuple):
    end: int
    """Where it ends, with the punctuation and space behind it."""
    letters: int
    nuclei: int
    whole: bool
    """Whether nothing of it is over before all of it is."""


def _units(text: str, language: str) -> list[_Unit]:
    """What shares the nuclei of ``text``; at least one unit."""
    matches = list(_UNIT.finditer(text))
    if not matches:
        return [_Unit(len(text), len(text), 1, True)]
    ends = [*(match.start() for match in matches[1:]), len(text)]
    return [
        _Unit(end, len(match.group()), _nuclei(match, language), match.lastgroup != "word")
        for match, end in zip(matches, ends, strict=True)
    ]


def _reached(units: Sequence[_Unit], share: float) -> int:
    """How many characters are over when ``share`` of the nuclei is."""
    left = share * sum(unit.nuclei for unit in units) + 1e-6
    begin = 0
    for unit in units:
        if left < unit.nuclei:
            return begin if unit.whole else begin + int(unit.letters * left / unit.nuclei + 0.5)
        left -= unit.nuclei
        begin = unit.end
    return begin


def _nuclei(unit: re.Match[str], language: str) -> int:
    if unit.lastgroup == "word":
        return max(1, len(_LETTERS.findall(unit.group())))
    return SPELLED if unit.lastgroup == "han" and language == "ja" else 1


def _borders(phonemes: list[tuple[int, str]], end: int) -> list[int]:
    """Where each syllable of a stretch is over: in the middle of the consonants before the next
    vowel, and at last where the pause behind it begins, or the next word (``end``)."""
    while phonemes and not phonemes[-1][1]:
        end = phonemes.pop()[0]
    vowels = [at for at, (_, said) in enumerate(phonemes) if _is_nucleus(said)]
    return [
        *((phonemes[one + 1][0] + phonemes[two][0]) // 2 for one, two in pairwise(vowels)),
        end,
    ]


def _is_nucleus(said: str) -> bool:
    if said.startswith("(") or said in _MORAIC_N:  # a language's name in brackets is no sound
        return False
    return bool(_VOWELS.search(unicodedata.normalize("NFD", said)))
