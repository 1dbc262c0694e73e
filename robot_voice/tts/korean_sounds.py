"""Korean as it sounds, in Hangul: what espeak-ng does not know of the language. Pure.

The rules are those of the Standard Pronunciation (표준 발음법, National Institute of Korean
Language), by article; words that they cannot tell are in ``korean_words``. Every syllable stays one
syllable, in its place. Words with one space between them are said in one breath; anything else
between two syllables keeps them apart.

What espeak-ng 1.51 was seen to need: its ㄲ sounds tense only where its rules made it so, after a
final stop or a cluster; its final ㄷ is voiced; its ㅉ draws the stress.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from robot_voice.hangul import apart, is_syllable, together
from robot_voice.traced import Traced

from .korean_marks import marks
from .korean_words import AS_SPELLED, NOUNS_IN_UI

_NEUTRAL = dict(zip("ㄲㅋㄳㄺㅅㅆㅈㅊㅌㅎㅍㅄㄿ", "ㄱㄱㄱㄱㄷㄷㄷㄷㄷㄷㅂㅂㅂ", strict=True))
_NEUTRAL |= dict(zip("ㄵㄶㄼㄽㄾㅀㄻ", "ㄴㄴㄹㄹㄹㄹㅁ", strict=True))
"""Articles 9 to 11: the seven finals that can be heard, for the others."""

_LINKED = {"ㄳ": "ㄱㅆ", "ㄵ": "ㄴㅈ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅆ"}
_LINKED |= {
    "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ",
    "ㅄ": "ㅂㅆ",
    "ㄶ": " ㄴ",
    "ㅀ": " ㄹ",
    "ㅎ": " ㅇ",
    "ㅇ": "ㅇㅇ",
}
"""Articles 12.4 and 14: what stays and what goes over to a vowel; a single final goes over."""

_ASPIRATED = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_TENSE = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}
_PLAIN = {tense: plain for plain, tense in _TENSE.items()}
_BEFORE_H = {"ㄵ": "ㄴㅊ", "ㄺ": "ㄹㅋ", "ㄼ": "ㄹㅍ", "ㅈ": " ㅊ"}
"""Article 12.1: with ㅎ within a word."""

_NO_GLIDE = {"ㅑ": "ㅏ", "ㅒ": "ㅐ", "ㅕ": "ㅓ", "ㅖ": "ㅔ", "ㅛ": "ㅗ", "ㅠ": "ㅜ"}
_NOUNS_IN_LG = "닭흙칡슭탉"
_NOUNS_IN_UI = frozenset(NOUNS_IN_UI.split())


@dataclass(slots=True)
class _Syllable:
    """Letters as they sound; what it was like is in ``written``."""

    written: str
    initial: str
    vowel: str
    final: str
    mark: str = ""
    parted: bool = False
    """Whether a space comes before it."""


def respell(text: Traced) -> Traced:
    """``text`` so that espeak-ng's Korean voice says it right: other syllables in the same places;
    everything else stays as it is."""
    return text.same_length(_for_espeak(pronounced(text.text)))


def pronounced(text: str) -> str:
    """``text`` by the Standard Pronunciation, as dictionaries give it in brackets: 감사합니다 is
    감사함니다. As long as ``text``. Of two allowed pronunciations this is the first, except for the
    particle 의, which is 에, and 맛있다, which is 마싣따."""
    places = _read(text)
    runs = list(_runs(places))
    for run in runs:
        for left, right in pairwise(run):
            _meet(left, right)
        _end(run[-1])
    for syllable in places.values():
        _vowel(syllable)
    return _written(text, places)


def _read(text: str) -> dict[int, _Syllable]:
    """The syllables of ``text`` by their places, with what the tables say about them."""
    known = marks(text)
    for written, sounding in AS_SPELLED.items():
        text = text.replace(written, sounding)
    places: dict[int, _Syllable] = {}
    for at, char in enumerate(text):
        if is_syllable(char):
            parted = at > 0 and text[at - 1] == " "
            places[at] = _Syllable(char, *apart(char), known.get(at, ""), parted)
            if char == "의" and _is_particle(text, at):
                places[at].vowel = "ㅔ"
    return places


def _is_particle(text: str, at: int) -> bool:
    """Article 5.4: 의 at the end of a word that is none of those with 의 in it."""
    first = at
    while first > 0 and is_syllable(text[first - 1]):
        first -= 1
    ends = not is_syllable(text[at + 1 : at + 2] or " ")
    noun = text[max(first, at - 1) : at + 1]
    return ends and at > first and (noun not in _NOUNS_IN_UI or (noun == "의의" and at > first + 1))


def _runs(places: dict[int, _Syllable]) -> Iterator[list[_Syllable]]:
    """Syllables that are said in one breath: at most a space lies between two of them."""
    run: list[_Syllable] = []
    last = -3
    for at, syllable in places.items():
        if run and at - last > 1 + syllable.parted:
            yield run
            run = []
        run.append(syllable)
        last = at
    if run:
        yield run


def _meet(left: _Syllable, right: _Syllable) -> None:
    """What the end of ``left`` and the beginning of ``right`` do to each other."""
    if right.parted or right.mark in ("|", "+"):
        left.final = _neutral(left)
    if right.mark == "+" and right.initial == "ㅇ" and left.final:
        right.initial = "ㄴ"
    if right.mark == "-" and left.final == "ㄴ":
        right.initial = "ㄴ"
    if right.initial == "ㅇ":
        _link(left, right)
    elif right.initial == "ㅎ":
        _aspirate(left, right)
    elif left.final in ("ㅎ", "ㄶ", "ㅀ"):
        _absorb(left, right)
    else:
        _harden(left, right)
    _assimilate(left, right)
    if right.mark == "'":
        right.initial = _TENSE.get(right.initial, right.initial)


def _neutral(syllable: _Syllable) -> str:
    return "ㅂ" if syllable.written == "밟" else _NEUTRAL.get(syllable.final, syllable.final)


def _link(left: _Syllable, right: _Syllable) -> None:
    """Articles 13 to 15 and 17: a final goes over to a vowel. One between two words does, if it
    is a stop: after ㄴ ㄹ ㅁ a speaker may as well begin anew."""
    final = left.final
    if not final or (right.parted and (final not in _NASAL or right.vowel in "ㅖㅒ")):
        return
    pair = _LINKED.get(final, " " + final)
    left.final, right.initial = pair[0].strip(), pair[1]
    if _palatal(right) and not right.parted and right.mark != "|":
        right.initial = {"ㄷ": "ㅈ", "ㅌ": "ㅊ"}.get(right.initial, right.initial)


def _palatal(syllable: _Syllable) -> bool:
    """Whether it may be the ending 이 or 히, or one of these with 어: 닫혀 but not 맏형."""
    return syllable.vowel == "ㅣ" or (syllable.vowel == "ㅕ" and syllable.final in ("", "ㅆ"))


def _aspirate(left: _Syllable, right: _Syllable) -> None:
    """Articles 12.1 and 17: a stop before ㅎ becomes one with it."""
    neutral = _neutral(left)
    if left.final in _BEFORE_H:
        pair = _BEFORE_H[left.final]
        left.final, right.initial = pair[0].strip(), pair[1]
    elif left.final == "ㄷ" and _palatal(right) and not right.parted:
        left.final, right.initial = "", "ㅊ"
    elif neutral in _NASAL:
        left.final, right.initial = "", _ASPIRATED[neutral]
    else:
        left.final = neutral


def _absorb(left: _Syllable, right: _Syllable) -> None:
    """Article 12: ㅎ before a consonant."""
    rest = {"ㅎ": "", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}[left.final]
    if right.initial in "ㄱㄷㅈ":
        left.final, right.initial = rest, _ASPIRATED[right.initial]
    elif right.initial == "ㅅ":
        left.final, right.initial = rest, "ㅆ"
    else:
        left.final = rest or "ㄷ"


def _harden(left: _Syllable, right: _Syllable) -> None:
    """Articles 9 to 11 and 23 to 25: finals lose what cannot be heard and harden what follows."""
    final = left.final
    left.final = _neutral(left)
    if final == "ㄺ" and right.initial == "ㄱ" and left.written not in _NOUNS_IN_LG:
        left.final, hard = "ㄹ", True
    elif final in ("ㄵ", "ㄼ", "ㄾ", "ㄻ") and not right.parted:
        stem = left.written not in "덟삶" and (final != "ㄻ" or right.written != "기")
        hard = stem and right.initial in "ㄱㄷㅅㅈ"
    else:
        hard = left.final in _NASAL
    if hard or left.final in _NASAL:
        right.initial = _TENSE.get(right.initial, right.initial)


def _assimilate(left: _Syllable, right: _Syllable) -> None:
    """Articles 18 to 20: nasals and laterals. A word that begins with ㄹ was borrowed, and keeps
    it; so does the ㄴ after an object, where one breathes."""
    pair = left.final + right.initial
    if left.final in _NASAL and (right.initial in "ㄴㅁ" or (pair[1] == "ㄹ" and not right.parted)):
        left.final = _NASAL[left.final]
        right.initial = "ㄴ" if right.initial == "ㄹ" else right.initial
    elif pair in ("ㅁㄹ", "ㅇㄹ") and not right.parted:
        right.initial = "ㄴ"
    elif (pair == "ㄴㄹ" and not right.parted) or (
        pair == "ㄹㄴ" and not (right.parted and left.written in "을를")
    ):
        left.final = right.initial = "ㄹ"


def _end(last: _Syllable) -> None:
    last.final = _neutral(last)


def _vowel(syllable: _Syllable) -> None:
    """Article 5: vowels that lose a glide after a consonant."""
    if syllable.initial in "ㅈㅉㅊ":
        syllable.vowel = _NO_GLIDE.get(syllable.vowel, syllable.vowel)
    first = apart(syllable.written)[0]
    if syllable.vowel == "ㅖ" and first not in "ㅇㄹ":
        syllable.vowel = "ㅔ"
    if syllable.vowel == "ㅢ" and (
        first != "ㅇ" or (syllable.initial != "ㅇ" and not syllable.parted)
    ):
        syllable.vowel = "ㅣ"


def _written(text: str, places: dict[int, _Syllable]) -> str:
    chars = list(text)
    for at, syllable in places.items():
        chars[at] = together(syllable.initial, syllable.vowel, syllable.final)
    return "".join(chars)


_FOR_FINALS = {"ㄴ": "ㄵ", "ㄹ": "ㄾ", "": "ㄱ", "ㄷ": "ㄱ", "ㄱ": "ㄱ"}
"""After these finals, so written, espeak-ng says a plain ㄱ as ㄲ ought to be."""


def _for_espeak(sounds: str) -> str:
    """The same sounds in letters that espeak-ng says so."""
    chars = list(sounds)
    for at, char in enumerate(sounds):
        if is_syllable(char):
            initial, vowel, final = apart(char)
            before = _letters(sounds, at - 1)[2]
            after = _letters(sounds, at + 1)[0]
            if final == "ㄷ":  # a second, voiced one would be heard
                beyond = _letters(sounds, at + 2)[0] if sounds[at + 1 : at + 2] == " " else ""
                final = "" if (after or beyond) in _PLAIN else "ㅅ"
            if after == "ㄲ":
                final = _FOR_FINALS.get(final, final)
            if is_syllable(sounds[at - 1 : at]) and _is_tense_anyway(before, initial):
                initial = _PLAIN[initial]
            chars[at] = together(initial, vowel, final)
    return "".join(chars)


def _letters(text: str, at: int) -> tuple[str, str, str]:
    """Those of the syllable at ``at``; empty ones where there is none."""
    inside = 0 <= at < len(text) and is_syllable(text[at])
    return apart(text[at]) if inside else ("", "", "")


def _is_tense_anyway(before: str, initial: str) -> bool:
    return (initial == "ㄲ" and before in _FOR_FINALS) or (
        initial == "ㅉ" and before in ("ㄱ", "ㅂ")
    )
