"""What people do to a word so that a filter does not see it, undone. Pure.

Each step turns one kind of disguise back, as far as that needs no knowledge of words: look-alike
letters, signs for letters, separators, letters spaced out, repeats, Hangul in pieces. What needs it
(letters left out or swapped, stars, Hangul typed on a Latin keyboard) is expected by the lexicon
instead (``variants.py``).

The kinds are those measured in our safety notes, and the confusables are from Unicode's UTS 39.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from robot_voice.hangul import FINALS, INITIALS, VOWELS, apart, together
from robot_voice.traced import Traced

_LOOK_ALIKES = dict(
    zip(
        "аеорсухіјѕԁһкмтвнгпαβεικνορτυχωєҽӏԛԝүցոսօհղӽλσηγδζμ",
        "aeopcyxijsdhkmtbhrnabeikvoptuxweelqwygnuohnxaonyozu",
        strict=True,
    )
)
"""Cyrillic, Greek and Armenian small letters that pass for Latin ones."""

_LOOK_ALIKES |= dict(zip("ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᏀᏃᏒᏙᏚᏞᏟᏢᏦᏴ", "drtiyajewmhgzrvslcpkb", strict=True))
"""Cherokee letters likewise; case folding leaves them large."""

_LOOK_ALIKES |= dict(zip("ɐɔǝɟƃɥıɾʞɯɹʇʌʍʎʃßþ¡", "acefghijkmrtvwylbpi", strict=True))
"""Letters turned upside down, and a few others."""

_NAMED = re.compile(
    r"(?:LATIN (?:SMALL |CAPITAL )?LETTER (?:SMALL CAPITAL )?|.*CAPITAL LETTER |.*SMALL LETTER"
    r"|.*INDICATOR SYMBOL LETTER )(?:[A-Z]+ )?([A-Z])(?: WITH .*)?"
)
_NOT_PLAIN = re.compile(r"[^\x00-\x7f가-힣ㄱ-ㅎㅏ-ㅣ]")

_SIGNS = str.maketrans("@43!1|$57+8960€£¢", "aaeiiissttbggoelc")
"""Signs and digits for letters. 1 and ! are read as i; the lexicon expects i for l."""

_SIGNED = re.compile(
    r"(?<![\w@$€£])(?=[a-z0-9@$€£¢!|+]*[a-z])[@$€£+!|a-z0-9](?:[a-z0-9@$€£¢!|+]*[a-z0-9@$€£¢+])?"
)
_INSERTED = re.compile(r"(?<=[a-z])[0-9@$€£¢!|+*#%]{1,2}(?=[a-z])")
_HAS_SIGN = re.compile(r"[a-z][0-9@$€£¢!|+]|[0-9@$€£¢!|+][a-z]")

_SPELLED = re.compile(r"(?<![a-z0-9])(?:[a-z](?:[^\w']|_){1,3}){2,}[a-z](?![a-z0-9])")
_SPLIT_LATIN = re.compile(r"(?<=[a-z0-9])(?:[^\w\s'&]|_)+(?=[a-z0-9])")
_GAP = re.compile(r"[^a-z]")
_REPEATED = re.compile(r"([a-z])\1{2,}")

_HANGUL = "가-힣ㄱ-ㅎㅏ-ㅣ"
_ANY_HANGUL = re.compile(f"[{_HANGUL}]")
_LETTER = re.compile("[ㄱ-ㅎㅏ-ㅣ]")
_BAR_VOWEL = re.compile(r"(?<=[ㄱ-ㅎ])[l1i|!](?![a-z0-9])")
_TEE_VOWEL = re.compile(r"(?<=[ㄱ-ㅎ])[r卜ト├](?![a-z0-9])")
_SPLIT_HANGUL = re.compile(
    rf"(?<=[{_HANGUL}])(?:[^\w\s]|_)*(?:[0-9]{{1,2}}|[a-z]{{1,2}}|[^\w\s]|_)(?:[^\w\s]|_)*(?=[{_HANGUL}])"
)
_SPACED_HANGUL = re.compile(
    rf"(?<![{_HANGUL}])[{_HANGUL}](?:(?:[^\w]|_){{1,3}}[{_HANGUL}])+(?![{_HANGUL}])"
)
_NOT_HANGUL = re.compile(f"[^{_HANGUL}]")
_PIECES = re.compile(
    f"([{INITIALS}])(ㅗ[ㅏㅐㅣ]|ㅜ[ㅓㅔㅣ]|ㅡㅣ|[{VOWELS}])([{FINALS[1:]}](?![{VOWELS}]))?"
)
_COMPOUND_VOWELS = dict(
    zip(["ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅡㅣ"], "ㅘㅙㅚㅝㅞㅟㅢ", strict=True)
)
_ECHO = re.compile("([가-힣])([ㅏ-ㅣ]+)")
_LATE_FINAL = re.compile("([가-힣])([ㄱㄴㄷㄹㅁㅂㅅㅇㅈ])(?![ㄱ-ㅎㅏ-ㅣ])")
_FILLER = re.compile("(?<=[가-힣])[ㅋㅎㅇㅡㅠㅜㆍ]+(?=[가-힣])")
_ELONGATED = re.compile(r"([가-힣ㄱ-ㅎㅏ-ㅣ])\1{2,}")
_STRETCHED = re.compile("([가-힣])([아-잏]+)")


def has_signs(text: str) -> bool:
    """Whether signs or digits stand next to Latin letters."""
    return bool(_HAS_SIGN.search(text))


def without_signs(strict: Traced) -> Traced:
    """A strict view without disguises, in which signs and digits within words mean nothing."""
    return undo(strict.sub(_INSERTED, ""))


def undo(strict: Traced) -> Traced:
    """A strict view without disguises, in which signs and digits within words mean letters."""
    text = strict
    if not text.text.isascii():
        text = text.sub(_NOT_PLAIN, lambda match: plain_letter(match.group()))
        if _ANY_HANGUL.search(text.text):
            text = _undo_hangul(text)
    if has_signs(text.text):
        text = text.sub(_SIGNED, _read_signs)
    text = text.thin(_SPELLED, _GAP)
    text = text.sub(_SPLIT_LATIN, "")
    return text.sub(_REPEATED, lambda match: match.group(1))


@lru_cache(maxsize=4096)
def plain_letter(char: str) -> str:
    """The small Latin letter that ``char`` passes for, or ``char`` itself; nothing for a mark."""
    if known := _LOOK_ALIKES.get(char):
        return known
    base = unicodedata.normalize("NFKD", char)[:1]
    if unicodedata.combining(base):
        return ""
    if base != char:
        return plain_letter(base) if len(unicodedata.normalize("NFKD", char)) > 1 else char
    named = _NAMED.fullmatch(unicodedata.name(char, ""))
    return named.group(1).lower() if named else char


def _read_signs(match: re.Match[str]) -> str:
    word = match.group()
    return word.translate(_SIGNS) if _HAS_SIGN.search(word) else word


def _undo_hangul(text: Traced) -> Traced:
    if _LETTER.search(text.text):
        text = text.sub(_BAR_VOWEL, "ㅣ").sub(_TEE_VOWEL, "ㅏ")
    text = text.sub(_SPLIT_HANGUL, "")
    text = text.thin(_SPACED_HANGUL, _NOT_HANGUL)
    if _LETTER.search(text.text):
        text = text.sub(_PIECES, _compose).sub(_ECHO, _without_echo)
        text = text.sub(_FILLER, "").sub(_LATE_FINAL, _with_final)
    text = text.sub(_ELONGATED, lambda match: match.group(1))
    return text.sub(_STRETCHED, _unstretched)


def _compose(match: re.Match[str]) -> str:
    initial, vowel, final = match.groups()
    return together(initial, _COMPOUND_VOWELS.get(vowel, vowel), final or "")


def _without_echo(match: re.Match[str]) -> str:
    """씨ㅣ is 씨."""
    syllable, vowels = match.groups()
    echo = set(vowels) == {apart(syllable)[1]} and not apart(syllable)[2]
    return str(syllable) if echo else match.group()


def _with_final(match: re.Match[str]) -> str:
    """바ㄹ is 발."""
    initial, vowel, final = apart(match.group(1))
    return match.group() if final else together(initial, vowel, match.group(2))


def _unstretched(match: re.Match[str]) -> str:
    """씨이이 is 씨, 병영 is 병: a syllable that only prolongs the vowel before it."""
    out: str = match.group(1)
    for syllable in match.group(2):
        if apart(syllable)[1:] != apart(out[-1])[1:]:
            out += syllable
    return out
