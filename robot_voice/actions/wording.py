"""What does not change which command a sentence is: case, punctuation, politeness. Pure."""

from __future__ import annotations

import re
import unicodedata

_HANGUL = re.compile(r"[가-힣]")
_UNSPOKEN = re.compile(r"(?<=\d)(?:(\.(?=\d))|([%°]))|[^\w\s']|_")
"""Signs that nobody says; those of "1.5", "25%" and "90°" are kept."""
_COURTESY = (
    r"(?:please|now|right now|for me|thanks|thank you|robot|okay|ok|hey robot|hey|then|um|uh|just"
    r"|a little|a little bit|a bit)"
)
_BEFORE = re.compile(
    rf"^(?:(?:{_COURTESY}|go ahead and) "
    r"|(?:can|could|would|will) you (?:please |kindly )?"
    r"|i (?:want|need) you to )+"
)
_AFTER = re.compile(rf"(?: {_COURTESY})+$")
_KOREAN_ASIDE = re.compile(
    r"(?:^|(?<=\s))(?:제발|지금|이제|어서|로봇아|로봇|자|네|그럼|음|어|조금만?|살짝|한\s?번만?)\s"
)
_KOREAN_POLITE = re.compile(
    r"(?:줄수있(?:어요?|나요|니|을까요?)|주실수있(?:어요|나요|을까요)|주시겠(?:어요|습니까)|주실래요?"
    r"|주실까요|주십시오|주세요|줄래요?|줘요?|줘라|볼래요?|보실래요?|보시겠어요)$"
)


def normalise(text: str) -> str:
    """``text`` without what does not change which command it is. In Hangul without spaces."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = " ".join(_UNSPOKEN.sub(lambda m: m[1] or m[2] or " ", text).split())
    if not is_korean(text):
        return _AFTER.sub("", _BEFORE.sub("", text))
    plain = _KOREAN_ASIDE.sub("", text).replace(" ", "").replace("좀", "")
    return _KOREAN_POLITE.sub("", plain) or plain


def is_korean(text: str) -> bool:
    """Whether there is a syllable of Hangul in it."""
    return bool(_HANGUL.search(text))
