"""Templates become sentences: ``(a|b)`` is one of them, ``{slot}`` a word of that kind.

Everything is drawn from one ``random.Random``, so a seed gives the same dialogues everywhere.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.starter.llm.tokenizer import syllables

from .korean import particles

DATA = Path(__file__).parent / "data"

_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{([a-z_]+)\}")

_EN_STARTS = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "sh",
    "t",
    "tr",
    "v",
    "w",
    "z",
]
_EN_MIDDLES = ["a", "e", "i", "o", "u", "ai", "ee", "oo"]
_EN_ENDS = ["", "n", "l", "r", "s", "m", "ck", "x", "ra", "la", "na", "ko", "vi"]
_KO_FIRSTS = (
    "가나다라마바사아자차카타하고노도로모보소조호구누두루무부수우주후"
    "기니디리미비시이지히민현서준영해별솔연윤선진찬"
)
_KO_LASTS = "아나라미우희수진호은연준영서현민주원윤하린람결솔빈율온새비루리도경환철석태"


def read(name: str) -> dict[str, Any]:
    """A table of ``data``."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


_SYLLABLES = list(syllables())


class Words:
    """Fills templates. ``held``: with the words that training dialogues never have."""

    def __init__(self, dice: random.Random, held: bool) -> None:
        self.dice = dice
        self.held = held
        self._slots = read("slots")

    def word(self, kind: str, language: str) -> str:
        """A word of one kind, as ``color``; names are made up half of the time."""
        if kind in ("names", "words"):
            kinds = ["name"] if kind == "names" else ["name", "color", "food", "animal", "hobby"]
            count = self.dice.choice((3, 3, 4, 5, 6, 7))
            several = [self.word(self.dice.choice(kinds), language) for _ in range(count)]
            return ", ".join(several[:-1]) + (" and " if language == "en" else ", ") + several[-1]
        if kind == "name":
            if self.dice.random() < 0.6:
                return self._made_up(language)
            kind = f"{language}_name"
        elif language == "ko" and f"{kind}_ko" in self._slots:
            kind = f"{kind}_ko"
        return str(self.dice.choice(self._slots[kind]["held" if self.held else "train"]))

    def told(self, kind: str, language: str) -> str:
        """A word that the user tells; often one that nobody knows, so that it must be copied."""
        if kind in ("name", "names", "words", "job") or self.dice.random() > 0.35:
            return self.word(kind, language)
        word = self._made_up(language)
        if language == "en":
            return word if kind == "city" else word.lower()
        return word + "색" if kind == "color" else word

    def fill(self, template: str, language: str, fixed: Mapping[str, str]) -> str:
        """One sentence of ``template``; slots not in ``fixed`` are drawn."""
        text = template
        while (after := _CHOICE.sub(self._one_of, text, count=1)) != text:
            text = after

        def slot(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in fixed:
                return fixed[name]
            if name == "n":
                return self._number(language)
            return self.word(name.removesuffix("_ko"), language)

        text = _SLOT.sub(slot, text)
        return particles(text) if language == "ko" else text

    def _one_of(self, match: re.Match[str]) -> str:
        return str(self.dice.choice(match.group(1).split("|")))

    def _number(self, language: str) -> str:
        number = self.dice.choice([self.dice.randint(0, 20), self.dice.randint(0, 999)])
        if self.dice.random() < 0.5:
            return str(number)
        small = {
            "en": "one two three four five six seven eight nine ten eleven twelve twenty",
            "ko": "일 이 삼 사 오 육 칠 팔 구 십 십일 십이 이십",
        }
        return self.dice.choice(small[language].split())

    def _made_up(self, language: str) -> str:
        """A name nobody has: what is copied, not known. Held-out ones end in other syllables."""
        dice = self.dice
        if language == "ko":
            if dice.random() < 0.15:
                return "".join(dice.choice(_SYLLABLES) for _ in range(dice.choice([2, 2, 3])))
            half = len(_KO_LASTS) * 4 // 5
            lasts = _KO_LASTS[half:] if self.held else _KO_LASTS[:half]
            first = dice.choice(_KO_FIRSTS)
            middle = dice.choice(_KO_FIRSTS) if dice.random() < 0.25 else ""
            return first + middle + dice.choice(lasts)
        ends = _EN_ENDS[-3:] if self.held else _EN_ENDS[:-3]
        parts = [
            dice.choice(_EN_STARTS) + dice.choice(_EN_MIDDLES)
            for _ in range(dice.choice([1, 2, 2]))
        ]
        name = "".join(parts) + dice.choice(ends)
        return name.capitalize() if len(name) > 2 else self._made_up(language)


def noisy(text: str, dice: random.Random) -> str:
    """``text`` as a recogniser may write it: no marks, small letters, a slip, a filler."""
    draw = dice.random()
    if draw < 0.55:
        return text
    if draw < 0.80:
        text = re.sub(r"[.,!?]+", "", text)
        return text.lower() if dice.random() < 0.6 else text
    korean = bool(re.search("[가-힣]", text))
    if draw < 0.88:
        fillers = (
            ["음 ", "어 ", "저기 ", "그 ", "아 "] if korean else ["um ", "uh ", "well ", "so "]
        )
        return dice.choice(fillers) + (text if korean else text[:1].lower() + text[1:])
    if draw < 0.95 and korean:
        return re.sub(" ", "", text, count=1) if " " in text else text
    return _slip(text, dice)


def _slip(text: str, dice: random.Random) -> str:
    """One letter or syllable lost or doubled, not in a name: those must be copied."""
    at = [
        n
        for n in range(1, len(text))
        if text[n].isalpha() and (text[n] >= "가" or text[n].islower())
    ]
    if len(at) < 8:
        return text
    place = dice.choice(at)
    return (
        text[:place] + text[place + 1 :]
        if dice.random() < 0.5
        else text[:place] + text[place] + text[place:]
    )
