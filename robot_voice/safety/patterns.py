"""The phrases of ``data/context.toml``, by kind. Pure."""

from __future__ import annotations

import re
from functools import cache

from .lexicon import read_data


def found(kind: str, view: str) -> bool:
    """Whether a phrase of this kind is in a strict view. All languages count: people mix them."""
    return bool(_patterns()[kind].search(view))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """The rules of all languages, each kind as one pattern."""
    data = read_data("context.toml")
    return {
        kind: re.compile("|".join(f"(?:{p})" for patterns in table.values() for p in patterns))
        for kind, table in data.items()
    }
