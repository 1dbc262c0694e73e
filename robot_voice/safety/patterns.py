"""The phrases of ``data/context.toml``, by kind. Pure."""

from __future__ import annotations

import re
from functools import cache

from .lexicon import read_data

_SENTENCE_ENDS = re.compile(r"[.!?;。！？]")
_AROUND = 120
"""Characters before and after a phrase that can change what it means."""


def found(kind: str, view: str) -> bool:
    """Whether a phrase of this kind is in a strict view. All languages count: people mix them."""
    return bool(_patterns()[kind].search(view))


def meant(kind: str, view: str) -> bool:
    """Whether one is, and its sentence does not say that it is not meant (``not_`` + ``kind``): "in
    the movie he says I want to die" tells of a movie, "I left my book" beside it tells nothing."""
    return any(
        not found(f"not_{kind}", _sentence(view, *phrase.span()))
        for phrase in _patterns()[kind].finditer(view)
    )


def _sentence(view: str, start: int, end: int) -> str:
    """What stands around the phrase from ``start`` to ``end``, which is put in "<>"."""
    before = _SENTENCE_ENDS.split(view[max(0, start - _AROUND) : start])[-1]
    after = _SENTENCE_ENDS.split(view[end : end + _AROUND])[0]
    return f"{before}<{view[start:end]}>{after}"


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """The rules of all languages, each kind as one pattern."""
    data = read_data("context.toml")
    return {
        kind: re.compile("|".join(f"(?:{p})" for patterns in table.values() for p in patterns))
        for kind, table in data.items()
    }
