"""Which script a text is in. Pure."""

from __future__ import annotations

import re

_SCRIPTS = {
    "latin": r"A-Za-z\u00c0-\u024f\u1e00-\u1eff",
    "hangul": r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3",
    "kana": r"\u3040-\u30ff",
    "han": r"\u3400-\u9fff",
    "cyrillic": r"\u0400-\u052f",
    "greek": r"\u0370-\u03ff",
    "hebrew": r"\u0590-\u05ff",
    "arabic": r"\u0600-\u06ff\u0750-\u077f",
    "devanagari": r"\u0900-\u097f",
    "thai": r"\u0e00-\u0e7f",
}
"""Ranges of Unicode blocks, as in a character class."""

_OWN = {
    "ko": ("hangul",),
    "ja": ("kana", "han"),
    "zh": ("han",),
    "ru": ("cyrillic",),
    "uk": ("cyrillic",),
    "el": ("greek",),
    "he": ("hebrew",),
    "ar": ("arabic",),
    "hi": ("devanagari",),
    "th": ("thai",),
}
"""The scripts of languages that are not written in Latin letters."""

_WORD = {name: re.compile(f"[{span}]{{2,}}") for name, span in _SCRIPTS.items()}
_LETTER = {name: re.compile(f"[{span}]") for name, span in _SCRIPTS.items()}

_FOREIGN_WORDS = 3
"""Latin words without a letter of the language's own: "Okay!" is said in Korean, too."""


def in_another_script(text: str, language: str) -> bool:
    """Whether ``text`` cannot be in ``language`` (ISO 639-1), by its letters. A word in another
    script is fine, as a name or a term that is explained."""
    own = _OWN.get(language, ("latin",))
    if any(_LETTER[name].search(text) for name in own):
        others = sum(len(_LETTER[n].findall(text)) for n in _SCRIPTS if n not in (*own, "latin"))
        words = sum(len(_WORD[name].findall(text)) for name in own)
        return others > max(words, 1) and "latin" in own
    foreign = [name for name in _SCRIPTS if name not in own and name != "latin"]
    if any(_LETTER[name].search(text) for name in foreign):
        return True
    return len(_WORD["latin"].findall(text)) >= _FOREIGN_WORDS
