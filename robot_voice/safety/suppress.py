"""What makes two sentences the same one, for those that must never be said again. Pure."""

from __future__ import annotations

import unicodedata

from .normalise import normalise

_KEPT = "LNM"
"""Unicode's letters, numbers, and the marks that many scripts write their vowels with."""


def form(text: str) -> str:
    """The letters and numbers of ``text`` as the rules see them (``Views.strict``): the same for
    however it is spaced, capitalised and punctuated. Empty where there are none."""
    strict = normalise(text).strict
    return "".join(char for char in strict if unicodedata.category(char)[0] in _KEPT)
