"""English as it is said: numbers, dates, money, abbreviations, signs. Pure.

Voices differ in what they can read, and none reads all: espeak-ng says "nine hundred eleven" and
"five slash three". So everything is put into words here, as in American English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from robot_voice.traced import Traced

from . import english_amounts, english_names, english_times
from .english_numbers import digits
from .rules import Rule, Span, apply, dictated, only, phones

_NAMES = [f" {digits(str(digit))}" for digit in range(10)] + [" plus"]
_GAP = ","

_CALL = (
    "code pin password passcode call calls called calling dial dialing text phone phoning ring"
    " number hotline helpline"
    " lifeline line extension contact reach"
)
_BETWEEN = (
    "or and text call us them me the police ambulance at on is to number now for help an a fire"
    " department crisis emergency services center"
)
_CALLED = re.compile(
    rf"\b(?:{_CALL.replace(' ', '|')})"
    rf"(?:[\s:,]+(?:{_BETWEEN.replace(' ', '|')}|\d{{3,}}(?![\w%°:/-]|[.,]\d)))+",
    re.I,
)
"""Short numbers somebody is told to call: 112, 119, 116123."""

_EMERGENCY = re.compile(r"(?<![\w.,$£€₩¥:-])(?:911|988)(?![\w%°:/-]|[.,]\d)")
"""The emergency and the crisis line of the USA are hardly ever said in another way."""

_COUNTED = re.compile(
    r"\s(?!for|if|or|and|now|to|right|at|in|when|immediately|as|is|was|has|because|always)[a-z]+"
)
_SHORT = re.compile(r"(?<!\w)\d{3,}(?!\w)")

_MINUS = re.compile(r"(?<=\d)(\s?[-−]\s?)(?=[\d.,]+\s?=)|(?<=\d)(\s[-−]\s)(?=\d)")
_EVEN = re.compile(r"\b50(-)50\b")
_RANGE = re.compile(
    r"(?<![\w.-])[$£€₩¥]?\d[\d,.:]*(?:%|°[CF]?|\s?[ap]\.?m\.?|st|nd|rd|th)?([-~]|\s?[–—]\s?)"
    r"(?=[$£€₩¥]?\d)"
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
    (re.compile(r"(?:~|±)\s?(?=[$£€₩¥]?\d)"), "about "),
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
    text = dictated(text, [*phones(text.text), *_called(text.text)], _NAMES, _GAP)
    text = apply(text, english_names.RULES)
    text = only(text, _MINUS, " minus ")
    text = only(only(text, _EVEN, " "), _RANGE, " to ")
    for rules in (
        english_times.RULES,
        english_amounts.RULES,
        english_times.YEARS,
        english_names.MIXED,
        _SIGNS,
    ):
        text = apply(text, rules)
    return apply(apply(text, english_amounts.PLAIN), _WORDS)


def _called(text: str) -> Iterator[Span]:
    """Where short telephone numbers stand: none is followed by what it counts."""
    found = [*_EMERGENCY.finditer(text)]
    for match in _CALLED.finditer(text):
        found += _SHORT.finditer(text, *match.span())
    return (match.span() for match in found if not _COUNTED.match(text, match.end()))
