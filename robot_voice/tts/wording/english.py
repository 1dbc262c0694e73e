"""English as it is said: numbers, dates, money, abbreviations, signs. Pure.

Voices differ in what they can read, and none reads all: espeak-ng says "nine hundred eleven" and
"five slash three". So everything is put into words here, as in American English.
"""

from __future__ import annotations

import re

from robot_voice.traced import Traced

from . import english_amounts, english_names, english_phones, english_times
from .rules import Rule, apply, dictated, only

_MINUS = re.compile(r"(?<=\d)(\s?[-−]\s?)(?=[\d.,]+\s?=)|(?<=\d)(\s[-−]\s)(?=\d)")
_EVEN = re.compile(r"\b50(-)50\b")
_RANGE = re.compile(
    r"(?<![\w.-])[$£€₩¥]?\d[\d,.:]*(?:%|°[CF]?|\s?[ap]\.?m\.?|st|nd|rd|th)?([-~]|\s?[–—]\s?)"
    r"(?=[$£€₩¥]?\d)"
)

_SIZES: tuple[Rule, ...] = (
    (re.compile(r"(?:(?<!\S)[~≈]|(?<=\()~)\s?(?=[$£€₩¥]?\d)"), "about "),
    (re.compile(r"±\s?(?=\d)"), "plus or minus "),
)
_SIGNS: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)\s?[*×x]\s?(?=\d)"), " times "),
    (re.compile(r"(?<=\d)\s?(?:÷|\s/\s)\s?(?=\d)"), " divided by "),
    (re.compile(r"(?<=[\d\w)])\s?\+\s?(?=\d)|(?<=\w)\s\+\s(?=\w)"), " plus "),
    (re.compile(r"(?<=\d)\+(?!\w)"), " plus"),
    (re.compile(r"(?<=\d)x\b"), " times"),
    (re.compile(r"\s?(?:!=|≠)\s?"), " is not "),
    (re.compile(r"(?<=\S)\s?=\s?(?=\S)"), " equals "),
    (re.compile(r"\s?≈\s?"), " is about "),
    (re.compile(r"(?<=[\w)])\s?(?:<=|≤)\s?(?=[\d\w])"), " is at most "),
    (re.compile(r"(?<=[\w)])\s?(?:>=|≥)\s?(?=[\d\w])"), " is at least "),
    (re.compile(r"(?<=\w)\s?<\s?(?=\d)"), " is less than "),
    (re.compile(r"(?<=\w)\s?>\s?(?=\d)"), " is greater than "),
    (re.compile(r"(?<=\w)\^2\b|(?<=\w)²"), " squared"),
    (re.compile(r"(?<=\w)\^3\b|(?<=\w)³"), " cubed"),
    (re.compile(r"(?<=\w)\^(?=\d)"), " to the power of "),
    (re.compile(r"#\s?(?=\d)"), "number "),
    (re.compile(r"(?<!\w)#(?=[^\W\d])"), "hashtag "),
    (re.compile(r"(?<!\w)@(?=\w)"), "at "),
    (re.compile(r"\s?@\s?"), " at "),
    (re.compile(r"\s?&\s?"), " and "),
    (re.compile(r"\s?(?:[→⇒]|->|=>)\s?"), ", "),
    (re.compile(r"[™®©]"), ""),
    (re.compile(r"§\s?(?=\d)"), "section "),
)
_WORDS: tuple[Rule, ...] = (
    (re.compile(r"\band/or\b"), "and or"),
    (re.compile(r"(?<=[a-z])/(?=[a-z])"), " or "),
    (re.compile(r"(?<=\w)/(?=[^\W\d])"), " "),
    (re.compile(r"%"), " percent"),
)


def read(text: Traced) -> Traced:
    """``text`` with every number, sign and abbreviation in words."""
    text = apply(text, english_times.DATES)
    text = dictated(text, english_phones.spans(text.text), english_phones.NAMES, english_phones.GAP)
    text = apply(text, english_names.RULES)
    text = only(text, _MINUS, " minus ")
    text = only(only(text, _EVEN, " "), _RANGE, " to ")
    text = apply(text, _SIZES)
    for rules in (
        english_times.RULES,
        english_amounts.RULES,
        english_times.YEARS,
        english_names.MIXED,
        _SIGNS,
    ):
        text = apply(text, rules)
    return apply(apply(text, english_amounts.PLAIN), _WORDS)
