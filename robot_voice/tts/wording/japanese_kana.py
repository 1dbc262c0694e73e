"""Japanese in kana, for voices that cannot read kanji: espeak-ng says "Chinese letter" for each.

The readings are those of SudachiPy with its small dictionary (the extra ``ja``). Without it the
text stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from robot_voice.traced import Piece, Traced

from .japanese_numbers import COUNTERS, cardinal, counted, joined, value_of
from .rules import Rule, apply

if TYPE_CHECKING:
    from sudachipy import Dictionary, Morpheme

_KANJI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〆]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_JAPANESE = re.compile(rf"{_KANJI.pattern}|{_KANA.pattern}")

_READ = ["げつ", "か", "すい", "もく", "きん", "ど", "にち"]
_WEEKDAYS = dict(zip("月火水木金土日", _READ, strict=True))

_RULES: tuple[Rule, ...] = (
    (
        re.compile(f"([{''.join(_WEEKDAYS)}])曜(日?)"),
        lambda match: f"{_WEEKDAYS[match[1]]}よう{'び' * len(match[2])}",
    ),
    (re.compile("お兄さん"), "おにいさん"),
    (re.compile("お姉さん"), "おねえさん"),
    (re.compile("お父さん"), "おとうさん"),
    (re.compile("お母さん"), "おかあさん"),
    (re.compile("日本(?![一-鿿])"), "にほん"),
    (re.compile("明日"), "あした"),
    (re.compile("一昨日"), "おととい"),
    (re.compile("明後日"), "あさって"),
    (re.compile("一度"), "いちど"),
    (re.compile("上手"), "じょうず"),
    (re.compile("(?<![一-鿿])私(?![一-鿿])"), "わたし"),
    (re.compile("(?<![一-鿿])何(?=[をがかもにへ])"), "なに"),
    (
        re.compile(f"何({'|'.join(sorted(COUNTERS, key=len, reverse=True))})"),
        lambda match: joined("ナン", match[1]),
    ),
    (re.compile("こんにちは"), "こんにちわ"),
    (re.compile("こんばんは"), "こんばんわ"),
)
"""Where a dictionary of written Japanese is too formal for a conversation, or wrong."""

_LONGEST = 16_000
"""Sudachi takes no more than 49149 bytes; a character may be three. No sentence is as long."""

_PARTICLES = {"は": "わ", "へ": "え"}
"""They are not said as they are written. を is: espeak-ng reads it as お."""


_NUMERAL = re.compile("[〇一二三四五六七八九十百千万億兆]+|数")
_MANY = {"数": "スウ"}


def available() -> bool:
    """Whether kanji can be read."""
    return _dictionary() is not None


def respell(text: Traced) -> Traced:
    """``text`` with the reading of every word that has kanji, and particles as they sound."""
    if not _JAPANESE.search(text.text) or len(text.text) > _LONGEST:
        return text
    if (dictionary := _dictionary()) is None:
        return text
    text = apply(text, _RULES)
    return text.replace(_readings(dictionary.tokenizer().tokenize(text.text)))


def _readings(words: Sequence[Morpheme]) -> Iterator[Piece]:
    """What is to be said for each word that is said otherwise than written."""
    for at, word in enumerate(words):
        surface, reading = word.surface(), word.reading_form()
        if _is_numeral(word):
            counter = words[at + 1] if at + 1 < len(words) else word
            if counter.surface() in COUNTERS:
                yield word.begin(), counter.end(), _counted(surface, counter.surface())
            else:
                yield word.begin(), word.end(), _MANY.get(surface) or cardinal(_value(surface))
        elif at and surface in COUNTERS and _is_numeral(words[at - 1]):
            continue  # said with its number
        elif word.part_of_speech()[0] == "助詞" and surface in _PARTICLES:
            yield word.begin(), word.end(), _PARTICLES[surface]
        elif _KANJI.search(surface) and _KANA.match(reading):
            yield word.begin(), word.end(), reading


def _is_numeral(word: Morpheme) -> bool:
    return word.part_of_speech()[1] == "数詞" and bool(_NUMERAL.fullmatch(word.surface()))


def _counted(numeral: str, counter: str) -> str:
    if many := _MANY.get(numeral):
        return joined(many, counter)
    return counted(_value(numeral), counter)


def _value(numeral: str) -> str:
    return str(value_of(numeral))


@lru_cache(maxsize=1)
def _dictionary() -> Dictionary | None:
    try:
        from sudachipy import Dictionary

        return Dictionary(dict="small")
    except ImportError:  # the analyser or its dictionary
        return None
