"""Word and character error rates, and what counts as the same text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .numerals import english


def plain(text: str) -> str:
    """Lower case, numbers in words, no punctuation: what the robot's command table compares."""
    text = text.lower().replace("nevermind", "never mind").replace("2:30", "two thirty")
    text = re.sub(r"\d{1,3}", lambda match: f" {english(int(match[0]))} ", text)
    return " ".join(re.sub(r"[^\w' ]", " ", text).split())


def distance(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Fewest substitutions, insertions and deletions between two sequences (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for index, wanted in enumerate(reference, 1):
        corner, row[0] = row[0], index
        for column, got in enumerate(heard, 1):
            replaced = corner + (wanted != got)
            corner = row[column]
            row[column] = min(replaced, row[column] + 1, row[column - 1] + 1)
    return row[-1]


def error_rate(references: Sequence[str], heard: Sequence[str], language: str) -> float:
    """Word error rate, for Korean the character error rate, of all texts together."""
    units = list if language == "ko" else str.split
    pairs = [(units(plain(a)), units(plain(b))) for a, b in zip(references, heard, strict=True)]
    wrong = sum(distance(reference, text) for reference, text in pairs)
    return wrong / max(1, sum(len(reference) for reference, _ in pairs))
