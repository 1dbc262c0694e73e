"""Where a string may be cut without breaking what a reader sees as one character. Pure.

The rules of Unicode's UAX #29 that matter for text a model writes: combining marks, joined
emoji, flags, and Hangul written as separate letters stay whole.
"""

from __future__ import annotations

import unicodedata

_ZWJ = "\u200d"


def may_cut(text: str, at: int) -> bool:
    """Whether ``text[:at]`` and ``text[at:]`` are whole characters, for 0 < ``at`` < its length."""
    before, after = text[at - 1], text[at]
    if after == _ZWJ or _extends(after):
        return False
    if before == _ZWJ and unicodedata.category(after) == "So":
        return False
    if _is_flag_half(before) and _is_flag_half(after):
        halves = 0
        while halves < at and _is_flag_half(text[at - 1 - halves]):
            halves += 1
        return halves % 2 == 0
    surrogate_pair = "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff"
    return not surrogate_pair and not _joins(_jamo(before), _jamo(after))


def last_cut(text: str) -> int:
    """The largest ``at`` < len(text) where it may be cut; 0 when there is none."""
    return next((at for at in range(len(text) - 1, 0, -1) if may_cut(text, at)), 0)


def _extends(char: str) -> bool:
    skin_tone = "\U0001f3fb" <= char <= "\U0001f3ff"
    return skin_tone or unicodedata.category(char) in ("Mn", "Me", "Mc")


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _jamo(char: str) -> str:
    """What part of a Hangul syllable ``char`` is: L, V, T, LV, LVT, or nothing."""
    if "\u1100" <= char <= "\u115f" or "\ua960" <= char <= "\ua97c":
        return "L"
    if "\u1160" <= char <= "\u11a7" or "\ud7b0" <= char <= "\ud7c6":
        return "V"
    if "\u11a8" <= char <= "\u11ff" or "\ud7cb" <= char <= "\ud7fb":
        return "T"
    if "가" <= char <= "힣":
        return "LV" if (ord(char) - ord("가")) % 28 == 0 else "LVT"
    return ""


def _joins(before: str, after: str) -> bool:
    if before == "L":
        return after in ("L", "V", "LV", "LVT")
    if before in ("V", "LV"):
        return after in ("V", "T")
    return before in ("T", "LVT") and after == "T"
