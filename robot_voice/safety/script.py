"""Which script a text is in. Pure."""

from __future__ import annotations

import re

_SYLLABIC = {
    "ko": re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]"),
    "ja": re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
}
_ANY_SYLLABIC = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")

_FOREIGN_WORDS = 3
"""Latin words without a letter of the language's own: "Okay!" is said in Korean, too."""


def in_another_script(text: str, language: str) -> bool:
    """Whether ``text`` cannot be in ``language``, by its letters. Languages other than Korean,
    Japanese and Chinese are taken to be written without their scripts."""
    own = _SYLLABIC.get(language)
    if own is None:
        syllables = len(_ANY_SYLLABIC.findall(text))
        return syllables > len(re.findall(r"[A-Za-z\u00c0-\u024f]+", text))
    return not own.search(text) and len(_LATIN_WORD.findall(text)) >= _FOREIGN_WORDS
