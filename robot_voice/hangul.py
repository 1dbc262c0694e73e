"""Hangul letters: put together, taken apart, and where they are on a keyboard. Pure.

The arithmetic of syllables is the Unicode Standard's, section 3.12; the keyboard is KS X 5002
("dubeolsik"). Letters are compatibility letters (U+3131 to U+3163), which do not combine.
"""

from __future__ import annotations

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
"""The first stands for no final consonant."""

_FIRST = 0xAC00
_KEYS = dict(
    zip(
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ",
        [*"qwertyuiopasdfghjklzxcvbnm", *"qwertop"],
        strict=True,
    )
)
"""What is typed for a letter, without capitals: the text to be searched has none either."""

_TWO_KEYS = {"ㅘ": "hk", "ㅙ": "ho", "ㅚ": "hl", "ㅝ": "nj", "ㅞ": "np", "ㅟ": "nl", "ㅢ": "ml"}
_TWO_KEYS |= {"ㄳ": "rt", "ㄵ": "sw", "ㄶ": "sg", "ㄺ": "fr", "ㄻ": "fa", "ㄼ": "fq", "ㄽ": "ft"}
_TWO_KEYS |= {"ㄾ": "fx", "ㄿ": "fv", "ㅀ": "fg", "ㅄ": "qt"}


def is_syllable(char: str) -> bool:
    """Whether ``char`` is a whole syllable, such as 가."""
    return "가" <= char <= "힣"


def apart(syllable: str) -> tuple[str, str, str]:
    """The letters of a syllable: initial, vowel, final; the final is empty where there is none."""
    initial, rest = divmod(ord(syllable) - _FIRST, 588)
    vowel, final = divmod(rest, 28)
    return INITIALS[initial], VOWELS[vowel], FINALS[final].strip()


def together(initial: str, vowel: str, final: str = "") -> str:
    """The syllable of these letters. Raises ValueError for a letter that cannot stand there."""
    code = INITIALS.index(initial) * 21 + VOWELS.index(vowel)
    return chr(_FIRST + code * 28 + FINALS.index(final or " "))


def letters(text: str) -> str:
    """``text`` with every syllable taken apart into its two or three letters."""
    return "".join("".join(apart(char)) if is_syllable(char) else char for char in text)


def typed(text: str) -> str:
    """What ``text`` becomes on a keyboard left in Latin mode: 시발 is "tlqkf"."""
    return "".join(_TWO_KEYS.get(c) or _KEYS.get(c, c) for c in letters(text))
