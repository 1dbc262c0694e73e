"""Korean spoken by English voices: Hangul to the phones of flite's American speakers.

espeak-ng is the only free Korean synthesiser in Debian. Reading Korean with flite's voices, with an
accent, doubles the timbres. The rules are those of the standard pronunciation (National Institute
of Korean Language, articles 8 to 20) that change a phone: linking, aspiration, nasals, laterals.
"""

from __future__ import annotations

import itertools

from .data import lists

_LISTS = lists("korean_phones.txt")
INITIALS, VOWELS, FINALS = (_LISTS[name] for name in ("initials", "vowels", "finals"))

# A final before a vowel: what stays, and what moves on as the next initial.
LINKED = [
    (0, 11), (0, 0), (0, 1), (1, 9), (0, 2), (4, 12), (4, 11), (0, 3), (0, 5), (8, 0), (8, 6),
    (8, 7), (8, 9), (8, 16), (8, 17), (8, 11), (0, 6), (0, 7), (17, 9), (0, 9), (0, 10), (21, 11),
    (0, 12), (0, 14), (0, 15), (0, 16), (0, 17), (0, 11),
]  # fmt: skip
NO_INITIAL, NIEUN, RIEUL, MIEUM = 11, 2, 5, 6
FINAL_NIEUN, FINAL_RIEUL, FINAL_MIEUM, FINAL_IEUNG = 4, 8, 16, 21
ASPIRATED = {0: 15, 3: 16, 12: 14}
TENSE = {0: 1, 3: 4, 7: 8, 9: 10, 12: 13}
H_FINALS = {27: 0, 6: 4, 15: 8}
NASAL = {"k": FINAL_IEUNG, "t": FINAL_NIEUN, "p": FINAL_MIEUM}


def phones(text: str) -> str:
    """ARPAbet phones of a Korean sentence, as ``flite -p`` takes them."""
    spoken = ["pau"]
    for word in text.split():
        syllables = [_parts(letter) for letter in word if "가" <= letter <= "힣"]
        _assimilate(syllables)
        spoken += _word(syllables)
        if word[-1] in ".?!,":
            spoken.append("pau")
    return " ".join([*spoken, "pau"])


def _parts(syllable: str) -> list[int]:
    code = ord(syllable) - ord("가")
    return [code // 588, code % 588 // 28, code % 28]


def _assimilate(syllables: list[list[int]]) -> None:
    """Change finals and initials where two syllables meet, in place."""
    for before, after in itertools.pairwise(syllables):
        final, initial = before[2], after[0]
        stop = FINALS[final]
        if initial == NO_INITIAL and final not in (0, FINAL_IEUNG):
            before[2], after[0] = LINKED[final]
        elif final in H_FINALS and initial in ASPIRATED:
            before[2], after[0] = H_FINALS[final], ASPIRATED[initial]
        elif stop in NASAL and initial in (NIEUN, MIEUM):
            before[2] = NASAL[stop]
        elif stop in NASAL and initial in TENSE:
            after[0] = TENSE[initial]
        elif (final, initial) in ((FINAL_NIEUN, RIEUL), (FINAL_RIEUL, NIEUN)):
            before[2], after[0] = FINAL_RIEUL, RIEUL


def _word(syllables: list[list[int]]) -> list[str]:
    spoken: list[str] = []
    previous = ""
    for initial, vowel, final in syllables:
        phone = INITIALS[initial]
        if phone == "s" and VOWELS[vowel][0] in "iy":
            phone = "sh"
        elif phone == "l" and previous not in ("", "l"):
            phone = "r"
        if phone != "_":
            spoken.append(phone)
        spoken += VOWELS[vowel].split(",")
        if final:
            spoken.append(FINALS[final])
        previous = FINALS[final] if final else "vowel"
    return spoken
