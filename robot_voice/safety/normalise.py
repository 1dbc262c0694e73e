"""Text as the rules want to see it. Pure.

``strict`` changes only what no reader would notice: width, case, invisible characters, spacing.
``loose`` undoes disguises as well (``disguise.py``). It may ruin innocent text, so only words that
are bad in themselves are sought in it. Both remember where their characters came from.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

from robot_voice.hangul import INITIALS, VOWELS
from robot_voice.traced import Traced

from .disguise import has_signs, undo, without_signs

View: TypeAlias = Literal["strict", "loose", "bare"]

_QUOTES = str.maketrans("’‘‛`´“”„«»", "''''" + "'" + '"""""')
_SPACES = re.compile(r"\s\s+|[^\S ]")
_CAPITALS = re.compile("[A-Z]+")
_PLAIN = re.compile(r"[\x20-\x7e가-힣ㄱ-ㅎㅏ-ㅣ。、！？]*")
"""Nothing to be done but to write it small."""

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u3099\u309a"
)
_STRANGE = re.compile(
    "[\u1100-\u1112][\u1161-\u1175](?:[\u11a8-\u11c2])?|[^\u1100-\u11ff]"
    f"[{_MARKS}]+|[^\\x20-\\x7e가-힣ㄱ-ㅎㅏ-ㅣ]"
)
"""A syllable in parts, a letter with marks, or any other character that may need a plain form."""


@dataclass(frozen=True, slots=True)
class Views:
    """One text, seen twice."""

    raw: str
    """The text as it came."""
    strict_trace: Traced
    loose_trace: Traced
    bare_trace: Traced

    @property
    def strict(self) -> str:
        """In small letters on one line, without what cannot be seen."""
        return self.strict_trace.text

    @property
    def loose(self) -> str:
        """Without disguises, as far as they can be undone."""
        return self.loose_trace.text

    def trace(self, view: View) -> Traced:
        """A view with the origin of its characters. "bare" is as loose, but drops the signs and
        digits within words that loose reads as letters; mostly there are none, and it is loose."""
        if view == "bare":
            return self.bare_trace
        return self.strict_trace if view == "strict" else self.loose_trace

    def span(self, view: View, start: int, end: int) -> tuple[int, int]:
        """Where ``start`` to ``end`` of a view stands in the original text. An empty range, or one
        that begins beyond the view, is an empty range in the original."""
        trace = self.trace(view)
        if not start < min(end, len(trace.text)):
            at = trace.starts[start] if start < len(trace.text) else len(self.raw)
            return at, at
        return trace.starts[start], trace.ends[min(end, len(trace.text)) - 1]


def normalise(text: str) -> Views:
    """Both views of ``text``, in small letters on one line."""
    strict = _strict(text)
    loose = undo(strict)
    return Views(text, strict, loose, without_signs(strict) if has_signs(strict.text) else loose)


def is_sound(text: str) -> bool:
    """Whether ``text`` is free of broken code units, control characters and direction overrides."""
    return not any(
        char == "\ufffd"  # what a decoder puts where it could not read
        or (unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") and char not in "\n\t")
        or "\u202a" <= char <= "\u202e"
        or "\u2066" <= char <= "\u2069"
        for char in text
    )


def _strict(text: str) -> Traced:
    traced = Traced.of(text)
    if _PLAIN.fullmatch(text):
        traced = traced.same_length(text.lower())
    else:
        traced = traced.sub(_STRANGE, _plain_cluster)
        traced = traced.same_length(traced.text.translate(_QUOTES))
        traced = traced.sub(_CAPITALS, lambda match: match.group().lower())
    return traced.sub(_SPACES, " ").strip()


def _plain_cluster(match: re.Match[str]) -> str:
    cluster = unicodedata.normalize("NFC", match.group())
    return "".join(map(_plain, cluster))


def _plain(char: str) -> str:
    """Compatibility forms made plain and the invisible dropped, but Hangul letters kept as such."""
    if "ㄱ" <= char <= "ㆎ":  # NFKC would turn these into parts that combine
        return "" if char == "\u3164" else char
    if "\uffa1" <= char <= "\uffdc":  # half-width Hangul letters, with gaps between them
        narrow = unicodedata.decomposition(char).split()
        return chr(int(narrow[-1], 16)) if narrow else char
    if "\u1100" <= char <= "\u1112":
        return INITIALS[ord(char) - 0x1100]
    if "\u1161" <= char <= "\u1175":
        return VOWELS[ord(char) - 0x1161]
    category = unicodedata.category(char)
    if category == "Cf" or "\ufe00" <= char <= "\ufe0f" or char in "\u115f\u1160\u034f\uffa0":
        return ""
    if unicodedata.combining(char):
        return char
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
