"""Numbers as people say them, in English and Korean, with their units. Pure.

Texts are as ``wording.normalise`` leaves them: small letters, Hangul without spaces. Korean has two
rows of numerals, the Sino-Korean one for measures (구십 도) and the native one for what is counted
(세 번); both are understood everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIGITS = r"\d{1,6}(?:\.\d{1,3})?"

_ONES = "zero one two three four five six seven eight nine"
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_SMALL = {word: number for number, word in enumerate(f"{_ONES} {_TEENS}".split())}
_DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * number for number, word in enumerate(_DECADES.split(), 2)}
_ENGLISH_WORD = "|".join(
    sorted([*_SMALL, *_TENS, "a", "an", "and", "half", "hundred", "point"], key=len, reverse=True)
)

_SINO = {char: number for number, char in enumerate("영일이삼사오육칠팔구")} | {"공": 0}
_PLACES = {"십": 10, "백": 100, "천": 1000}
_NATIVE_TENS = ("열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_NATIVE = {
    name: number
    for number, names in enumerate(
        ("하나 한", "둘 두", "셋 세", "넷 네", "다섯", "여섯", "일곱", "여덟", "아홉"), 1
    )
    for name in names.split()
}
_COUNTED = "|".join(sorted(_NATIVE, key=len, reverse=True))
_NATIVE_TEN = "|".join(_NATIVE_TENS)

NUMBER = {
    "en": rf"(?:{_DIGITS}|(?:{_ENGLISH_WORD})(?: (?:{_ENGLISH_WORD}))*)",
    "ko": rf"(?:{_DIGITS}|[영공일이삼사오육칠팔구십백천]+(?:점[영공일이삼사오육칠팔구]+)?"
    rf"|스무|(?:{_NATIVE_TEN})(?:{_COUNTED})?|{_COUNTED}|반)",
}
"""Regular expressions of what may be a number, by language; other languages have digits."""


def expression(language: str, units: Sequence[str], bare: bool) -> str:
    """A regular expression of a number with one of ``units`` after it, which is in no group of
    its own; ``bare``: or without. The number is its first group."""
    number = f"({NUMBER.get(language, _DIGITS)})"
    if not units:
        return number
    unit = "|".join(map(re.escape, sorted(units, key=len, reverse=True)))
    return f"{number}(?: ?(?:{unit})){'?' if bare else ''}"


def value(text: str, language: str) -> float | None:
    """The number that ``text`` is; None if it is none."""
    if re.fullmatch(_DIGITS, text):
        return float(text)
    if language == "ko":
        return _korean(text)
    return _english(text.split()) if language == "en" else None


def _english(words: Sequence[str]) -> float | None:
    if "point" in words:
        at = words.index("point")
        whole, digits = _english(words[:at]), [_SMALL.get(word, 10) for word in words[at + 1 :]]
        if whole is None or not digits or max(digits) > 9:
            return None
        return float(f"{whole:g}.{''.join(map(str, digits))}")
    if words and words[-1] == "half":  # "one and a half"
        before = [*words[:-1]]
        while before and before[-1] in ("a", "and"):
            before.pop()
        rest = _english(before) if before else 0.0
        return None if rest is None else rest + 0.5
    if list(words) in (["half", "a"], ["half", "an"]):
        return 0.5
    return _whole([word for word in words if word != "and"])


def _whole(words: Sequence[str]) -> float | None:
    """Ninety; two hundred five; a hundred and eighty."""
    number = 0
    room = 1000  # the next word must be less than this
    for word in words:
        if word == "hundred" and 0 < number < 10:
            number, room = 100 * number, 100
            continue
        digit = 1 if word in ("a", "an") and not number else _SMALL.get(word, _TENS.get(word, room))
        if digit >= room:
            return None
        number += digit
        room = 10 if word in _TENS else 0 if digit >= 10 else 1
    return float(number) if words else None


def _korean(text: str) -> float | None:
    if text == "반":
        return 0.5
    if text == "스무":
        return 20.0
    for tens, name in enumerate(_NATIVE_TENS, 1):
        if text.startswith(name):
            rest = text[len(name) :]
            ones = _NATIVE.get(rest) if rest else 0
            return None if ones is None else 10.0 * tens + ones
    if text in _NATIVE:
        return float(_NATIVE[text])
    whole, point, digits = text.partition("점")
    number = _sino(whole)
    if number is None or not all(digit in _SINO for digit in digits) or (point and not digits):
        return None
    return float(f"{number}.{''.join(str(_SINO[digit]) for digit in digits) or 0}")


def _sino(text: str) -> int | None:
    """백이십; 구십; also digits said one by one: 일공오."""
    if text and all(char in _SINO for char in text):
        return int("".join(str(_SINO[char]) for char in text))
    number, digit, room = 0, None, 10_000
    for char in text:
        if char in _SINO and digit is None:
            digit = _SINO[char]
        elif char in _PLACES and _PLACES[char] < room:
            room = _PLACES[char]
            number, digit = number + (1 if digit is None else digit) * room, None
        else:
            return None
    return number + (digit or 0) if text else None
