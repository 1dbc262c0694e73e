"""What the user seems to feel. A hint for the tone of a reply, never announced as fact. Pure.

Own short word lists: they see what is said outright ("I'm scared", "강아지가 죽었어"), not what is
meant. A feeling that is denied ("not sad", "안 슬퍼") does not count.
"""

from __future__ import annotations

import re
from functools import cache

from .lexicon import read_data
from .normalise import normalise

SOBER = frozenset({"sadness", "fear", "anger", "pain"})
"""Feelings in the face of which one neither laughs nor congratulates."""

_DENIED_BEFORE = {
    "en": re.compile(
        r"\b(?:not|never|no longer|isn't|aren't|wasn't|don't|didn't|doesn't)\b[\w ]{0,14}$"
    ),
    "ko": re.compile(r"(?:^|\s)(?:안|별로 안|하나도 안|전혀 안)\s?$"),
}
_DENIED_AFTER = {
    "en": re.compile(r"(?!)"),
    "ko": re.compile(r"[가-힣]{0,2}\s?(?:지|진|지는|지도)?\s?(?:않|아니)"),
}
_NEAR = 40
"""Characters before a word in which its denial stands, more than the patterns above can span."""


def read_emotion(text: str, language: str) -> str | None:
    """joy, affection, sadness, anger, fear, pain or surprise; None when the words do not tell.

    ``language`` is an ISO 639-1 code; there are words for "en" and "ko", others give None.
    """
    feelings = _feelings().get(language)
    if feelings is None:
        return None
    view = normalise(text).strict
    for name, pattern in feelings:
        for match in pattern.finditer(view):
            if not _is_denied(match, language):
                return name
    return None


def denies_feeling(text: str, language: str) -> bool:
    """Whether a feeling is named only to be denied: "not sad", "안 슬퍼"."""
    view = normalise(text).strict
    named = [
        match
        for _, pattern in (_feelings().get(language) or ())
        for match in pattern.finditer(view)
    ]
    return bool(named) and all(_is_denied(match, language) for match in named)


def _is_denied(match: re.Match[str], language: str) -> bool:
    text, start, end = match.string, match.start(), match.end()
    before = _DENIED_BEFORE[language].search(text, max(0, start - _NEAR), start)
    return bool(before or _DENIED_AFTER[language].match(text, end))


@cache
def _feelings() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """By language: each emotion with its words, those that settle the matter first."""
    data = read_data("emotion.toml")
    return {
        language: [(table["emotion"], re.compile("|".join(table["patterns"]))) for table in tables]
        for language, tables in data.items()
    }
