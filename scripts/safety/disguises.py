"""How people hide a word from a filter: one function a kind.

``KOREAN`` and ``ENGLISH`` map a kind's name to a function ``(word, dice) -> str``, pure but for the
dice. A word too short for a kind comes back as it was. The tests hide the lexicon's words with
them, and training hides words of its sentences.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from robot_voice import hangul

Disguise = Callable[[str, random.Random], str]

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
EMOJI = "🔥💀😂🤬💩🖕"
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7+", "b": "8", "g": "9"}
_CYRILLIC = dict(zip("aeopcyxijs", "аеорсухіјѕ", strict=True))
_GREEK = dict(zip("aoikuvnp", "αοικυνηρ", strict=True))
_SMALL_CAPITALS = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
_SUPERSCRIPTS = dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))


def _inside(word: str, dice: random.Random) -> int:
    """A place within the word to put something."""
    return dice.randrange(1, len(word)) if len(word) > 1 else 0


def _insert(word: str, what: str, dice: random.Random) -> str:
    at = _inside(word, dice)
    return word[:at] + what + word[at:] if at else word


def digit(word: str, dice: random.Random) -> str:
    """씨1발"""
    return _insert(word, dice.choice("123456789"), dice)


def sign(word: str, dice: random.Random) -> str:
    """씨@발"""
    return _insert(word, dice.choice("@!*^~"), dice)


def emoji(word: str, dice: random.Random) -> str:
    """씨🔥발"""
    return _insert(word, dice.choice(EMOJI), dice)


def dotted(word: str, dice: random.Random) -> str:
    """f.u.c.k"""
    return dice.choice(".-_*~").join(word)


def bracketed(word: str, dice: random.Random) -> str:
    """[f][u][c][k]"""
    opening, closing = dice.choice([("[", "]"), ("(", ")"), ("{", "}")])
    return "".join(opening + char + closing for char in word)


def spaced(word: str, dice: random.Random) -> str:
    """f u c k"""
    del dice
    return " ".join(word)


def zero_width(word: str, dice: random.Random) -> str:
    """Invisible characters between the letters."""
    return "".join(char + dice.choice(ZERO_WIDTH) for char in word)


def marked(word: str, dice: random.Random) -> str:
    """Combining marks over and under every letter."""
    marks = [chr(code) for code in range(0x300, 0x370) if code != 0x34F]
    return "".join(char + "".join(dice.choices(marks, k=2)) for char in word)


def decomposed(word: str, dice: random.Random) -> str:
    """Normalisation form D."""
    del dice
    return unicodedata.normalize("NFD", word)


def jamo(word: str, dice: random.Random) -> str:
    """ㅅㅣㅂㅏㄹ"""
    del dice
    return hangul.letters(word)


def half_width(word: str, dice: random.Random) -> str:
    """Half-width letters."""
    del dice
    narrow = {
        unicodedata.normalize("NFKC", chr(c)): chr(c)
        for c in range(0xFFA1, 0xFFDD)
        if unicodedata.category(chr(c)) == "Lo"
    }
    wide = (unicodedata.normalize("NFKC", char) for char in hangul.letters(word))
    return "".join(narrow.get(char, char) for char in wide)


def partly_apart(word: str, dice: random.Random) -> str:
    """시ㅂㅏㄹ"""
    at = dice.randrange(len(word))
    return word[:at] + hangul.letters(word[at]) + word[at + 1 :]


def echo(word: str, dice: random.Random) -> str:
    """씨ㅣ발: an open syllable's vowel again."""
    return _after_open(word, dice, lambda vowel: vowel)


def stretched(word: str, dice: random.Random) -> str:
    """씨이발"""
    return _after_open(word, dice, lambda vowel: hangul.together("ㅇ", vowel))


def _after_open(word: str, dice: random.Random, what: Callable[[str], str]) -> str:
    places = [at for at, c in enumerate(word) if hangul.is_syllable(c) and not hangul.apart(c)[2]]
    if not places:
        return word
    at = dice.choice(places) + 1
    return word[:at] + what(hangul.apart(word[at - 1])[1]) * dice.randint(1, 3) + word[at:]


def sung(word: str, dice: random.Random) -> str:
    """씨바알: a closed syllable in two."""
    places = [at for at, c in enumerate(word) if hangul.is_syllable(c) and hangul.apart(c)[2]]
    if not places:
        return word
    at = dice.choice(places)
    initial, vowel, final = hangul.apart(word[at])
    split = hangul.together(initial, vowel) + hangul.together("ㅇ", vowel, final)
    return word[:at] + split + word[at + 1 :]


def typed(word: str, dice: random.Random) -> str:
    """tlqkf: Hangul on a keyboard left in Latin mode."""
    del dice
    return hangul.typed(word)


def filler(word: str, dice: random.Random) -> str:
    """씨ㅋ발"""
    return _insert(word, dice.choice(["ㅋ", "ㅎ", "ㅋㅋ", "ㅡ"]), dice)


def latin_letter(word: str, dice: random.Random) -> str:
    """씨x발"""
    return _insert(word, dice.choice("xoz"), dice)


def leet(word: str, dice: random.Random) -> str:
    """5h17"""
    signs = "".join(dice.choice(_LEET.get(char, char)) for char in word)
    return signs[:-1] + "1" if signs.endswith("!") else signs  # there it would be punctuation


def star(word: str, dice: random.Random) -> str:
    """f*ck"""
    at = dice.randrange(1, len(word) - 1) if len(word) > 3 else 0
    return word[:at] + dice.choice("*#%") + word[at + 1 :] if at else word


def repeated(word: str, dice: random.Random) -> str:
    """fuuuuck"""
    at = _inside(word, dice)
    return word[:at] + word[at] * dice.randint(2, 5) + word[at:] if at else word


def doubled(word: str, dice: random.Random) -> str:
    """fuuck"""
    at = _inside(word, dice)
    return word[:at] + word[at] + word[at:] if len(word) > 3 else word


def swapped(word: str, dice: random.Random) -> str:
    """fcuk"""
    if len(word) < 4:
        return word
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def without_vowels(word: str, dice: random.Random) -> str:
    """fck"""
    del dice
    bare = word[0] + "".join(char for char in word[1:] if char not in "aeiou")
    return bare if len(bare) > 3 else word


def backwards(word: str, dice: random.Random) -> str:
    """kcuf"""
    del dice
    return word[::-1] if len(word) > 3 else word


def full_width(word: str, dice: random.Random) -> str:
    """Letters as wide as a syllable."""
    del dice
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)


def _mapped(table: Mapping[str, str]) -> Disguise:
    def disguise(word: str, dice: random.Random) -> str:
        del dice
        return "".join(table.get(char, char) for char in word)

    return disguise


def _block(first: int) -> Disguise:
    """Letters of a block that holds the alphabet in order."""
    return _mapped({chr(97 + at): chr(first + at) for at in range(26)})


_BOTH = {
    "sign": sign,
    "emoji": emoji,
    "dotted": dotted,
    "bracketed": bracketed,
    "spaced": spaced,
    "zero width": zero_width,
    "marked": marked,
    "decomposed": decomposed,
}

KOREAN: Mapping[str, Disguise] = MappingProxyType(
    _BOTH
    | {
        "digit": digit,
        "jamo": jamo,
        "half width": half_width,
        "partly apart": partly_apart,
        "echo": echo,
        "stretched": stretched,
        "sung": sung,
        "typed": typed,
        "filler": filler,
        "latin letter": latin_letter,
    }
)

ENGLISH: Mapping[str, Disguise] = MappingProxyType(
    _BOTH
    | {
        "leet": leet,
        "star": star,
        "repeated": repeated,
        "doubled": doubled,
        "swapped": swapped,
        "without vowels": without_vowels,
        "backwards": backwards,
        "full width": full_width,
        "cyrillic": _mapped(_CYRILLIC),
        "greek": _mapped(_GREEK),
        "small capitals": _mapped(_SMALL_CAPITALS),
        "superscripts": _mapped(_SUPERSCRIPTS),
        "mathematical bold": _block(0x1D41A),
        "mathematical script": _block(0x1D4EA),
        "circled": _block(0x24D0),
        "regional indicators": _block(0x1F1E6),
        "negative squared": _block(0x1F170),
    }
)
