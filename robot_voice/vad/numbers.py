"""Is a number being dictated? Pure.

People say long numbers in groups and breathe between them: "zero one zero ... one two three
four". To a fixed time-out each group is a sentence; so is it to a recogniser, which puts a full
stop behind it. A number is being dictated when its digits are said one by one, or when the
sentence says what it is ("my number is", 비밀번호는). It is done when it is as long as such
numbers are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        name: digit
        for digit, names in zip(
            "0123456789",
            ("zero oh o", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            strict=True,
        )
        for name in names.split()
    }
}
"""Digits that are words of their own. "twenty five" is an amount: nobody dictates by tens."""

_CHARACTERS: Mapping[str, dict[int, int]] = {
    "ko": str.maketrans("공영일이삼사오육륙칠팔구", "001234566789"),
    "ja": str.maketrans("〇零一二三四五六七八九", "00123456789"),
    "zh": str.maketrans("〇零一二三四五六七八九幺", "001234567891"),
}
"""Digits that are characters, so that a word made of nothing else may be a number."""

_PHONE = re.compile(r"\b(?:number|phone|dial)\b|번호|전화|番号|電話|号码|電话|电话")
_CODE = re.compile(
    r"\b(?:code|pin|password|passcode)\b|비밀번호|암호|인증|暗証|パスワード|密码|验证码"
)

_GAP = re.compile(r"(?:,?\s|[、，\-–—])+")  # not the comma in 1,000

_CODE_DIGITS = 4
"""The shortest code in use: a bank card's."""

_LEAST_WORDS = 3
"""Digits said as characters or words without a cue before they count as dictated: "two three" and
이사 ("moving") do not, while three in a row are seldom anything else."""


def dictated(text: str, language: str) -> str:
    """The digits that ``text`` ends with, if they are being dictated; else nothing.

    ``text``: in lower case, without a full stop. Digits come out as 0 to 9, without gaps.
    """
    groups = _groups(unicodedata.normalize("NFKC", text), language)
    digits = "".join(groups)
    if not digits:
        return ""
    if _PHONE.search(text) or _CODE.search(text):
        return digits
    one_by_one = len(groups) >= 2 and len(digits) >= _LEAST_WORDS
    leading_zero = len(digits) >= _LEAST_WORDS and digits[0] == "0"
    spelt = len(digits) >= _LEAST_WORDS and not text.rstrip()[-1:].isdecimal()
    return digits if one_by_one or leading_zero or spelt else ""


def is_whole(digits: str, text: str) -> bool:
    """Whether the dictated ``digits`` are as long as what ``text`` says they are.

    Telephone numbers: with a leading zero at least 10 digits, 11 for Korean mobiles (010) and for
    what begins with 1 (Chinese mobiles, North America with its country code); else at least 7.
    """
    if _CODE.search(text):
        return len(digits) >= _CODE_DIGITS
    if digits.startswith(("010", "1")):
        return len(digits) >= 11
    return len(digits) >= (10 if digits.startswith("0") else 7)


def _groups(text: str, language: str) -> list[str]:
    """The run of numbers at the end of ``text``, as digits, the way they were grouped."""
    words, characters = _WORDS.get(language, {}), _CHARACTERS.get(language, {})
    groups: list[str] = []
    for token in reversed(_GAP.split(text.strip(" ,、，-–—"))):
        digits = words.get(token) or token.translate(characters)
        if not re.fullmatch(r"[0-9]+", digits):
            tail = re.search(r"[0-9]+$", digits)
            if tail and language in ("ja", "zh") and len(tail.group()) >= _LEAST_WORDS:
                groups.append(tail.group())  # no space before it
            break
        groups.append(digits)
    return groups[::-1]
