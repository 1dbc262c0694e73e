"""Text as the rules want to see it. Pure.

``strict`` changes only what no reader would notice: width, case, invisible characters, spacing.
``loose`` undoes disguises as well: look-alike letters, l-e-t-t-e-r-s s p a c e d out, Hangul taken
apart. It may ruin innocent text, so only words that are bad in themselves are sought in it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһкмтвнгпαβεικνορτυχω",
    "aeopcyxijsdhkmtbhrnabeiknoptuxw",
)
"""Cyrillic and Greek small letters that pass for Latin ones (from Unicode's confusables)."""

_QUOTES = str.maketrans("’‘‛`´“”„«»", "''''" + "'" + '"""""')
_SPACES = re.compile(r"\s+")
_JAMO_RUN = re.compile(f"[{_INITIALS}{_VOWELS}{_FINALS[1:]}]{{2,}}")
_SPELLED = re.compile(r"(?<![a-z0-9])(?:[a-z0-9@$][\s._\-*~|/\\,']{1,2}){2,}[a-z0-9@$](?![a-z0-9])")
_SPLIT_LATIN = re.compile(r"(?<=[a-z0-9])[._\-~|/\\^]+(?=[a-z0-9])")
_SPLIT_HANGUL = re.compile(
    r"(?<=[가-힣ㄱ-ㅣ])[^\w\s가-힣]*[\d@!*^~._\-]+[^\w\s가-힣]*(?=[가-힣ㄱ-ㅣ])"
)
_SPACED_HANGUL = re.compile(r"(?<![가-힣ㄱ-ㅣ])[가-힣ㄱ-ㅣ](?: [가-힣ㄱ-ㅣ])+(?![가-힣ㄱ-ㅣ])")
_ELONGATED = re.compile(r"([가-힣ㄱ-ㅣ])\1{2,}")


@dataclass(frozen=True, slots=True)
class Views:
    """One text, seen twice."""

    strict: str
    loose: str


def normalise(text: str) -> Views:
    """Both views of ``text``, in small letters on one line."""
    strict = _strict(text)
    return Views(strict, _loose(strict))


def is_sound(text: str) -> bool:
    """Whether ``text`` is free of broken code units, control characters and direction overrides."""
    return not any(
        (unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") and char not in "\n\t")
        or "\u202a" <= char <= "\u202e"
        or "\u2066" <= char <= "\u2069"
        for char in text
    )


def _strict(text: str) -> str:
    text = "".join(map(_plain, unicodedata.normalize("NFC", text)))
    text = unicodedata.normalize("NFC", text).casefold().translate(_QUOTES)
    return _SPACES.sub(" ", text).strip()


def _plain(char: str) -> str:
    """Compatibility forms made plain and the invisible dropped, but Hangul letters kept as such."""
    if "ㄱ" <= char <= "ㆎ":  # NFKC would turn these into parts that combine
        return char
    if "\uffa1" <= char <= "\uffdc":  # half-width Hangul letters, with gaps between them
        narrow = unicodedata.decomposition(char).split()
        return chr(int(narrow[-1], 16)) if narrow else char
    if "\u1100" <= char <= "\u1112":
        return _INITIALS[ord(char) - 0x1100]
    if "\u1161" <= char <= "\u1175":
        return _VOWELS[ord(char) - 0x1161]
    category = unicodedata.category(char)
    if category == "Cf" or "\ufe00" <= char <= "\ufe0f" or char in "\u115f\u1160\u3164\uffa0":
        return ""
    return unicodedata.normalize("NFKC", char)


def _loose(text: str) -> str:
    text = text.translate(_LOOK_ALIKES)
    if not text.isascii():
        text = _JAMO_RUN.sub(lambda run: _compose(run.group()), _without_accents(text))
        text = _SPLIT_HANGUL.sub("", text)
        text = _SPACED_HANGUL.sub(lambda run: run.group().replace(" ", ""), text)
        text = _ELONGATED.sub(r"\1", text)
        text = _JAMO_RUN.sub(lambda run: _compose(run.group()), text)
    text = _SPELLED.sub(lambda run: re.sub(r"[^a-z0-9@$]", "", run.group()), text)
    return _SPLIT_LATIN.sub("", text)


def _without_accents(text: str) -> str:
    """Latin letters without accents; Hangul stays composed."""
    apart = (unicodedata.normalize("NFD", char)[0] if _is_accented(char) else char for char in text)
    return "".join(char for char in apart if not unicodedata.combining(char))


def _is_accented(char: str) -> bool:
    return "\u00c0" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff"


def _compose(letters: str) -> str:
    """Hangul letters in a row, put together as a keyboard would: ㅅㅣㅂㅏㄹ -> 시발."""
    out, at = "", 0
    while at < len(letters):
        initial, vowel = letters[at], letters[at + 1 : at + 2]
        if initial not in _INITIALS or not vowel or vowel not in _VOWELS:
            out, at = out + initial, at + 1
            continue
        at += 2
        final = letters[at : at + 1]
        after = letters[at + 1 : at + 2]
        takes = bool(final) and final in _FINALS and not (after and after in _VOWELS)
        code = _INITIALS.index(initial) * 21 + _VOWELS.index(vowel)
        out += chr(0xAC00 + code * 28 + (_FINALS.index(final) if takes else 0))
        at += takes
    return out
