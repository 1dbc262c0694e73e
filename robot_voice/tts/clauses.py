"""Where a sentence may be cut for a voice that makes each piece of sound in one go. Pure.

A neural voice gives nothing before all of its text is done. Cut at commas, a long sentence begins
to sound earlier, and is given up sooner. Short pieces stay together: each is said as a phrase of
its own, and a sentence in shreds is no sentence.
"""

from __future__ import annotations

import re
import unicodedata

LEAST = 24
"""Letters of a piece, wide ones (Hangul, Han, kana) counting twice; about 1.5 s of speech. A guess:
no voice could be listened to."""

_BREAK = re.compile(r"[.!?…]+[\"'”’)\]]*\s+|[,;:—–]\s+|[。！？、，；：]+[」』”’）]*\s*")


def clauses(text: str) -> list[tuple[int, int]]:
    """First and last offset of every piece of ``text``; together they are all of it but the space
    between them. None of an empty text."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(text):
        if _size(text[start : match.end()]) >= LEAST <= _size(text[match.end() :]):
            found.append((start, len(text[: match.end()].rstrip())))
            start = match.end()
    if text[start:].strip():
        found.append((start, len(text.rstrip())))
    return found


def _size(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
