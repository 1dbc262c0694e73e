"""What of a text can be spoken, and in which words. Pure.

Models write for the eye: Markdown, links, emoji, digits. A voice would read the marks out, or
stumble.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from robot_voice.traced import Piece, Traced

from . import wording

_LINK = {"ko": "링크", "ja": "リンク", "zh": "链接", "de": "Link", "es": "enlace"}
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\])」』。、，]+?(?=[.,!?;:…]*(?:[\s<>\])」』。、，]|$))", re.I
)
_LABELLED = re.compile(r"!?\[([^\]\[]*)\]\([^)\s]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]*|[-*+•][ \t]+)+", re.M)
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~)(?=\S)([^*_~]+?)(?<=\S)\1")
_MARKS = re.compile(r"[`|\\\[\]{}]+")
_UNSPOKEN = re.compile(r"[*_^~#]+")
"""Marks where no rule of the language has read them: "#5", "2^3", "~10"."""

_SPACES = re.compile(r"\s\s+|[^\S ]")
_SIGNS = re.compile(r"[^\w\s!-~]")
_SPOKEN_SIGNS = "°%&+=$€£₩¥"
_KEPT_SIGNS = "°℃℉©®™№"
_DROPPED = ("So", "Sk", "Cc", "Cf", "Co", "Cn", "Cs")
"""Unicode categories nobody reads aloud: emoji, control and format characters, broken code."""

_WIDE = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()}
_WIDE |= str.maketrans("％＄￥￦＋＝＆−－", "%$¥₩+=&--")
"""Digits, letters and signs as wide as a Chinese character. Punctuation stays: it makes pauses."""


def speakable(text: str, language: str = "en") -> str:
    """``text`` as one line without Markdown, links or emoji; empty if no word is left.

    Square brackets go too: espeak-ng takes ``[[...]]`` for phonemes.
    """
    return _said(_bare(_unmarked(Traced.of(text), language))).text


def read_out(text: str, language: str = "en") -> Traced:
    """``text`` in the words in which it is said in ``language``, on one line; empty if there are
    none. Every character knows what it stands for in ``text``."""
    plain = _unmarked(Traced.of(text), language)
    if not _said(plain).text:
        return _said(plain)
    return _said(_bare(wording.read(plain.same_length(plain.text.translate(_WIDE)), language)))


def _unmarked(text: Traced, language: str) -> Traced:
    """Without markup, links and what nobody reads aloud."""
    text = text.replace(_composed(text.text))
    text = text.sub(_LABELLED, lambda match: match[1])
    text = text.sub(_URL, _LINK.get(language, "link"))
    text = text.sub(_LINE_MARK, "").sub(_TAG, " ")
    text = text.sub(_EMPHASIS, lambda match: match[2]).sub(_MARKS, " ")
    return text.sub(_SIGNS, _spoken).sub(_SPACES, " ")


def _bare(text: Traced) -> Traced:
    return text.sub(_UNSPOKEN, " ").sub(_SPACES, " ").strip()


def _said(text: Traced) -> Traced:
    """Nothing, if there is not one word."""
    if any(char.isalnum() or char in _SPOKEN_SIGNS for char in text.text):
        return text
    return Traced.of("")


def _composed(text: str) -> Iterator[Piece]:
    """Where ``text`` is not in NFC, and what it is there: "e" and an accent are one letter."""
    if unicodedata.is_normalized("NFC", text):
        return
    first = 0
    for last in range(1, len(text) + 1):
        if last < len(text) and _joins(text[last]):
            continue
        cluster = text[first:last]
        if (composed := unicodedata.normalize("NFC", cluster)) != cluster:
            yield first, last, composed
        first = last


def _joins(char: str) -> bool:
    """Whether it may become one with what stands before it: a mark, or a part of a syllable."""
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff"


def _spoken(match: re.Match[str]) -> str:
    char = match.group()
    if char in _KEPT_SIGNS:
        return char
    category = unicodedata.category(char)
    if category == "So":
        return " "
    return "" if category in _DROPPED or "\ufe00" <= char <= "\ufe0f" else char
