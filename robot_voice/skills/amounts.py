"""Numbers and lengths of time as people say them, in English and Korean. Pure.

Texts are as ``plain`` leaves them: small letters, Hangul without spaces.
"""

from __future__ import annotations

import re
from fractions import Fraction

from robot_voice.actions import numerals

_DIGITS = r"\d{1,12}(?:\.\d{1,6})?"
_LARGE_EN = (("million", 1_000_000), ("thousand", 1_000))
_LARGE_KO = (("억", 100_000_000), ("만", 10_000))
_ONES = "[일이삼사오육륙칠팔구]"
_HUNDREDS = rf"(?:{_ONES}?천)?(?:{_ONES}?백)?(?:{_ONES}?십)?{_ONES}?"
_SINO = (
    rf"(?:(?=[일이삼사오육륙칠팔구십백천만억])(?:{_HUNDREDS}억)?(?:{_HUNDREDS}만)?{_HUNDREDS}"
    r"(?:점[영공일이삼사오육륙칠팔구]+)?|[영공])"
)
_NATIVE_ONES = "하나|한|둘|두|셋|세|넷|네|다섯|여섯|일곱|여덟|아홉"
_NATIVE = (
    rf"(?:(?:열|스물|서른|마흔|쉰|예순|일흔|여든|아흔)(?:{_NATIVE_ONES})?|스무|{_NATIVE_ONES}|반)"
)
"""Numbers as they are counted. Not digits one by one: in 팔이, 이 is a particle."""

_EN = numerals.NUMBER["en"]
EN = rf"(?:{_DIGITS}|{_EN}(?: (?:thousand|million)(?: {_EN})?)*)"
"""A number in English, as a regular expression."""
KO = rf"(?:{_DIGITS}(?:만|억)?|{_NATIVE}|{_SINO})"
"""A number in Korean."""

_UNIT_EN = r"(?:hours?|hrs?|minutes?|mins?|seconds?|secs?)"
_PART_EN = rf"{_EN} {_UNIT_EN}(?: and a half)?"
LENGTH_EN = rf"(?:{_PART_EN}(?:(?: and)? {_PART_EN}){{0,2}})"
"""A length of time in English: "an hour and ten minutes"."""
LENGTH_KO = rf"(?:반시간|{KO}시간(?:반|{KO}분(?:{KO}초)?|{KO}초)?|{KO}분(?:반|{KO}초)?|{KO}초)"
"""A length of time in Korean: 한시간반, 삼분삼십초."""

_SECONDS = {"h": 3600, "m": 60, "s": 1, "시간": 3600, "분": 60, "초": 1}
_ONE_PART_EN = re.compile(rf"({_EN}) ({_UNIT_EN})( and a half)?")
_ONE_PART_KO = re.compile(rf"({KO})(시간|분|초)(반)?")


def number(text: str, language: str) -> Fraction | None:
    """The number that ``text`` is, in "en" or "ko"; None if it is none."""
    if re.fullmatch(_DIGITS, text):
        return Fraction(text)
    text = text.replace("륙", "육")
    total, rest = Fraction(0), text
    for name, size in _LARGE_KO if language == "ko" else _LARGE_EN:
        head, found, tail = rest.partition(name)
        if found:
            count = _small(head.strip(), language) if head.strip() else Fraction(1)
            if count is None:
                return None
            total += count * size
            rest = tail.strip().removeprefix("and ")
    if not rest:
        return total
    last = _small(rest, language)
    return None if last is None else total + last


def _small(text: str, language: str) -> Fraction | None:
    if re.fullmatch(_DIGITS, text):
        return Fraction(text)
    found = numerals.value(text, language)
    return None if found is None else Fraction(str(found))


def seconds(text: str, language: str) -> int | None:
    """The length of time that ``text`` is, in seconds, at least one; None if it is none."""
    if text == "반시간":
        return 1800
    total, end = Fraction(0), 0
    pattern = _ONE_PART_KO if language == "ko" else _ONE_PART_EN
    for part in pattern.finditer(text):
        count = number(part[1].removeprefix("and "), language)
        if count is None or text[end : part.start()].strip() not in ("", "and"):
            return None
        unit = part[2] if language == "ko" else part[2][0]
        total += (count + (Fraction(1, 2) if part[3] else 0)) * _SECONDS[unit]
        end = part.end()
    return round(total) if end == len(text) and total >= 1 else None
