"""What of a text can be spoken. Pure.

Models write for the eye: Markdown, links, emoji. A voice would read the marks out, or stumble.
"""

from __future__ import annotations

import re
import unicodedata

_LINK = {"ko": "링크", "ja": "リンク", "zh": "链接", "de": "Link", "es": "enlace"}
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\])」』。、，]+?(?=[.,!?;:…]*(?:[\s<>\])」』。、，]|$))", re.I
)
_LABELLED = re.compile(r"!?\[([^\]\[]*)\]\([^)\s]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]*|[-*+•][ \t]+)+", re.M)
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~)(?=\S)([^*_~]+?)(?<=\S)\1")
_UNSPOKEN = re.compile(r"[`*_|\\\[\]{}^~#]+")
_SPACES = re.compile(r"\s+")
_SPOKEN_SIGNS = "°℃℉©®™№"
_DROPPED = ("So", "Sk", "Cc", "Cf", "Co", "Cn", "Cs")
"""Unicode categories nobody reads aloud: emoji, control and format characters, broken code."""


def speakable(text: str, language: str = "en") -> str:
    """``text`` as one line without Markdown, links or emoji; empty if no word is left.

    Square brackets go too: espeak-ng takes ``[[...]]`` for phonemes.
    """
    text = unicodedata.normalize("NFC", text)
    text = _LABELLED.sub(r"\1", text)
    text = _URL.sub(_LINK.get(language, "link"), text)
    text = _TAG.sub(" ", _LINE_MARK.sub("", text))
    text = _UNSPOKEN.sub(" ", _EMPHASIS.sub(r"\2", text))
    text = "".join(_spoken(char) for char in text)
    text = _SPACES.sub(" ", text).strip()
    return text if any(char.isalnum() or char in "°%&+=$€£₩¥" for char in text) else ""


def _spoken(char: str) -> str:
    if char in _SPOKEN_SIGNS or char.isspace():
        return char
    category = unicodedata.category(char)
    if category == "So":
        return " "
    return "" if category in _DROPPED or "\ufe00" <= char <= "\ufe0f" else char
