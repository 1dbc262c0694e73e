"""Tokens in, sentences out, each as early as it is safe. Pure.

A sentence's end is only known once the character after it is seen: "3." may go on as "3.5",
"안녕." as "안녕...", 「はい。 as 「はい。」. So the splitter reads one character at a time and
asks, before each, whether a sentence ends in front of it. What it answers depends on the characters
alone; how they were dealt into tokens cannot matter.

There are three answers. ``SURE``: a space or the next letter settles it. ``MAYBE``: it ends unless
a small letter or a digit follows the space: `etc. and`, `"Stop!" he said`, `No. 5`, `2024. 5. 3.`,
`Well... maybe`. ``NO``: `Dr. Kim`, `am 3. Mai`, `z. B. hier`.

The first sentence of a reply is what the user waits for, so its first clause is released by
itself when it is long enough to be worth saying (``first_clause_chars``).

What comes out, joined, is what went in up to whitespace: nothing is dropped, not even marks that
cannot be spoken (``speakable`` sees to those).

Why not a library: pysbd, blingfire and their kin want the whole text, and none says what of a
growing text is already certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum

from .graphemes import last_cut

_LINE_ENDS = "\n\u2028\u2029"
_WIDE_STOPS = "。！？｡．"
_STOPS = ".!?…‥" + _WIDE_STOPS
_CLOSERS = "\"'”’»›)]}」』】）］｝》〉*_~`"
_COMMAS = ",;:—–"
_WIDE_COMMAS = "、，；："
_QUOTED_ON = "とっのなは"
"""Japanese goes on after a closing quote with と, って, の, など, は."""

_TITLES = {"dr", "mr", "mrs", "ms", "prof", "st", "mt", "vs", "e.g", "i.e"}
_NEVER_ENDS: dict[str, set[str]] = {
    "de": {"z.b", "d.h", "u.a", "o.g", "i.d.r", "bzw", "ca", "nr", "hr", "fr", "str", "ggf", "evtl"}
    | {"inkl", "vgl", "sog", "zzgl", "bspw"},
    "es": {"sr", "sra", "srta", "sres", "dra", "dña", "ud", "uds", "p.ej", "ej", "pág", "núm", "av"}
    | {"aprox", "avda"},
}
_MAY_END: dict[str, set[str]] = {
    "": {"etc", "inc", "ltd", "co", "corp", "jr", "sr", "a.m", "p.m", "u.s", "ph.d", "dept", "est"}
    | {"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"}
    | {"no", "nos", "fig", "vol", "approx", "tel"},
    "de": {"usw", "usf", "mio", "mrd", "jh", "abs", "mind", "max", "min"},
    "es": {"ee.uu", "s.a", "d.c", "a.c"},
}
"""Abbreviations by language ("" for all that write in Latin letters), in small letters, without
their last stop. After ``_NEVER_ENDS`` a name or number follows; ``_MAY_END`` also end sentences."""

_CONNECTIVES = {
    "en": {"but", "because", "although", "though", "while", "unless", "until", "which", "whereas"},
    "de": {"aber", "weil", "denn", "sondern", "obwohl", "während"},
    "es": {"pero", "porque", "aunque", "sino", "mientras"},
}
"""Words that begin a clause; nobody misses the breath before them."""

_KOREAN_CONNECTIVE = re.compile(r"(?:지만|는데|은데|인데|니까|므로|면서|거든|더니|다면|으면|려고)$")
_KOREAN_DATE = re.compile(r"\d\. ?\d{1,2}$")
_URL = re.compile(r"(?:https?://|www\.)\S*$", re.IGNORECASE)
_DOTTED = re.compile(r"(?:[a-z]\.)+[a-z]", re.IGNORECASE)


class _End(IntEnum):
    NO = 0
    MAYBE = 1
    SURE = 2


class SentenceSplitter:
    """Collects tokens until a sentence can be spoken."""

    def __init__(
        self, language: str = "en", max_chars: int = 120, first_clause_chars: int = 24
    ) -> None:
        """``language`` is an ISO 639-1 code and decides abbreviations and connectives.

        A run without an end is cut at ``max_chars`` characters. The first clause may leave alone
        from ``first_clause_chars`` on, a wide character (Hangul, Han, kana) counting as two.
        """
        self._language = language
        self._max_chars = max(1, max_chars)
        self._first_clause_chars = first_clause_chars
        self._never_ends = _TITLES | _NEVER_ENDS.get(language, set())
        self._may_end = _MAY_END[""] | _MAY_END.get(language, set())
        self._connectives = _CONNECTIVES.get(language, set())
        self._buffer = ""  # never begins with whitespace nor holds two in a row
        self._first = True

    def push(self, token: str) -> Iterator[str]:
        """Take more text; return the sentences it completes, without surrounding space."""
        sentences: list[str] = []
        for char in token:
            for at in self._cuts(char):
                sentences += self._cut(at)
            if not (char.isspace() and self._buffer[-1:].strip() == ""):
                self._buffer += char
        return iter(sentences)

    def flush(self) -> Iterator[str]:
        """The text has ended: return what is left. The splitter is ready for another reply."""
        rest = self._cut(len(self._buffer))
        self._first = True
        return iter(rest)

    def _cut(self, at: int) -> list[str]:
        piece, self._buffer = self._buffer[:at].strip(), self._buffer[at:].lstrip()
        if not piece:
            return []
        self._first = False
        return [piece]

    def _cuts(self, char: str) -> Iterator[int]:
        """Where to cut the buffer, now that ``char`` is known to follow it."""
        if not self._buffer:
            return
        if char in _LINE_ENDS or self._ends_before(char):
            yield len(self._buffer)
        elif self._first and (at := self._clause(char)):
            yield at
        while len(self._buffer) >= self._max_chars and not char.isspace():
            yield self._forced(char)

    def _forced(self, char: str) -> int:
        """Where to cut a run that has grown too long: at a space, else between characters."""
        space = max(self._buffer.rfind(mark) for mark in (" ", "\t", "\u00a0"))
        spaceless = _is_wide(self._buffer[-1]) and not "가" <= self._buffer[-1] <= "힣"
        if space > (self._max_chars // 2 if spaceless else 0):
            return space
        return last_cut(self._buffer + char) or len(self._buffer)

    # --- sentence ends -------------------------------------------------------

    def _ends_before(self, char: str) -> bool:
        text = self._buffer.rstrip()
        spaced = len(text) < len(self._buffer)
        if char.isspace():
            return not spaced and self._end(text) is _End.SURE
        if not spaced:
            return self._ends_unspaced(text, char)
        goes_on = char.islower() or char.isdigit() or char in _STOPS
        return not goes_on and self._end(text) is _End.MAYBE

    def _end(self, text: str) -> _End:
        """Whether ``text``, before a space, ends a sentence."""
        core = _without_closers(text)
        if not core or core[-1] not in _STOPS:
            return _End.NO
        body = core.rstrip(_STOPS)
        if len(core) - len(body) == 1 and core[-1] in ".．":
            verdict = self._stop_after(body)
        else:
            verdict = _End.MAYBE if core[-1] in ".…‥" else _End.SURE
        return min(verdict, _End.MAYBE) if core != text else verdict

    def _stop_after(self, body: str) -> _End:
        """What a single full stop after ``body`` means."""
        word = body.rsplit(maxsplit=1)[-1] if body and not body[-1].isspace() else ""
        word = word.strip(_CLOSERS + "([{“‘«¿¡「『（-–—/").lower()
        if word.isdigit():
            return self._stop_after_number(body, word)
        if word in self._never_ends:
            return _End.NO
        if word in self._may_end or _DOTTED.fullmatch(word):
            return _End.MAYBE
        if len(word) == 1 and word.isascii() and word.isalpha():
            return _End.MAYBE if (word, self._language) == ("i", "en") else _End.NO
        return _End.SURE

    def _stop_after_number(self, body: str, number: str) -> _End:
        if body.strip(_CLOSERS + "([-–•#> ").isdigit():  # "1. Open the door": an item of a list
            return _End.NO
        if self._language == "de":  # "am 3. Mai"; a year ends sentences, an ordinal rarely
            return _End.NO if len(number) <= 2 else _End.SURE
        if self._language == "ko":  # "2024. 5. 3. 금요일"
            return _End.NO if _KOREAN_DATE.search(body) else _End.MAYBE
        return _End.SURE

    def _ends_unspaced(self, text: str, char: str) -> bool:
        """Whether a sentence ends between ``text`` and ``char`` though no space is there."""
        core = _without_closers(text)
        if not core or core[-1] not in _STOPS or char in _STOPS or _closes(char):
            return False
        if core[-1] in "。！？｡":
            return core == text or char not in _QUOTED_ON
        if core[-1] in "!?":
            settled = _is_wide(char) or char.isupper() or char in "「『“¿¡"
            quoted = core != text and char in _QUOTED_ON
            return settled and not quoted and not _URL.search(text)
        single = core[-1] in ".．" and core[-2:-1] not in _STOPS
        return single and _is_wide(core[-2:-1]) and _is_wide(char) and len(core) > 2

    # --- the first clause ----------------------------------------------------

    def _clause(self, char: str) -> int:
        """Where the first clause ends, now that ``char`` follows; 0 when it does not."""
        text = self._buffer
        if text[-1] in _WIDE_COMMAS and not char.isspace() and not _closes(char):
            return len(text) if self._long_enough(text) else 0
        if not char.isspace() or text[-1].isspace():
            return 0
        if text[-1] in _COMMAS + _WIDE_COMMAS:
            return len(text) if self._long_enough(text) else 0
        if self._language == "ko" and _KOREAN_CONNECTIVE.search(text):
            return len(text) if self._long_enough(text) else 0
        head, _, word = text.rpartition(" ")
        if word.lower() in self._connectives and self._long_enough(head):
            return len(head)
        return 0

    def _long_enough(self, text: str) -> bool:
        return sum(2 if _is_wide(char) else 1 for char in text) >= self._first_clause_chars


def _closes(char: str) -> bool:
    """Quotes, brackets, Markdown marks and emoji belong to the sentence before them."""
    return char in _CLOSERS or unicodedata.category(char) in ("So", "Sk", "Mn", "Cf")


def _without_closers(text: str) -> str:
    end = len(text)
    while end and _closes(text[end - 1]):
        end -= 1
    return text[:end]


def _is_wide(char: str) -> bool:
    """A letter of a script that puts a sentence's end where it likes: Hangul, Han, kana."""
    return (
        "\u1100" <= char <= "\u11ff"
        or "\u3040" <= char <= "\u9fff"
        or "\uac00" <= char <= "\ud7a3"
        or "\U00020000" <= char <= "\U0003ffff"
    )
