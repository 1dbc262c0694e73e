"""Korean as the robot speaks it: one sentence in three speech levels, and particles that fit.

A reply is written once, with the stems of its predicates marked: ``많이 힘드~시겠.`` becomes
많이 힘드시겠어요, 많이 힘드시겠습니다 or 많이 힘들겠다. ``<a|b|c>`` gives the three levels where no
rule does. Conjugation follows the standard grammar (국립국어원, 한글 맞춤법, chapter 4, section 2:
endings and irregular stems).
"""

from __future__ import annotations

import re
from typing import Literal

Level = Literal["해요체", "합쇼체", "반말"]
LEVELS: tuple[Level, ...] = ("해요체", "합쇼체", "반말")

_L, _B, _SS = 8, 17, 20
"""Positions of ㄹ, ㅂ, ㅆ among the 28 final consonants of a syllable."""

_IRREGULAR = {"돕": "도와", "하": "해", "되": "돼", "어떻": "어때", "그렇": "그래", "푸": "퍼"}
_B_REGULAR = "입잡씹뽑좁집업접"
_D_IRREGULAR = "듣걷깨닫"
_S_IRREGULAR = "낫짓잇붓"
_STEMS = {
    **{"힘드": "힘들", "어떠": "어떻", "외로우": "외롭", "무서우": "무섭", "무거우": "무겁"},
    **{"즐거우": "즐겁", "많으": "많", "싶으": "싶", "사": "살", "아": "알"},
}
"""Stems as they stand before -시-, and what they are elsewhere."""
_CONTRACTED = dict(zip("ㅏㅓㅐㅔㅕㅗㅜㅣ", "ㅏㅓㅐㅔㅕㅘㅝㅕ", strict=True))
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"

_MARKED = re.compile(r"([가-힣]+)~([가-힣]+)")
_COPULA = re.compile(r"(\S+?)~(이[가-힣]+)")
_LEVELS_GIVEN = re.compile(r"<([^<>|]*)\|([^<>|]*)\|([^<>|]*)>")
_PARTICLE = re.compile(r"(\S)\{(\w+)/(\w+)\}|(?<=[가-힣])(?<=(.))(은/는|이/가|을/를|과/와|이랑/랑)")
_WORDS = """
저는 나는|제가 내가|저도 나도|제 내|저를 나를|저와 나와
저에게 나에게|저에게는 나에게는|저에게도 나에게도
네(?=,) 응|아니요 아니|말씀을 말을|말씀하시니 말하니
"""
_PARTS = """
하셨 했|하시 하|애쓰신 애쓴|주셔 줘|주시 주|사시 사|드시면 먹으면|도와.줄 도와줄|도와.드리 도와주
드리 주|말씀 말|그랬군요 그랬구나
"""


def _pairs(table: str) -> list[tuple[str, str]]:
    rows = (row.split() for row in re.split(r"[|\n]", table.strip()))
    return [(polite, plain) for polite, plain in rows]


_CASUAL = [(rf"(?<![가-힣]){polite}(?![가-힣])", plain) for polite, plain in _pairs(_WORDS)]
_CASUAL += _pairs(_PARTS)
"""What else changes when one speaks as to a friend."""


def speak(text: str, level: Level) -> str:
    """``text`` with its marked predicates in ``level`` and its particles chosen."""
    text = _LEVELS_GIVEN.sub(lambda m: m.group(1 + LEVELS.index(level)), text)
    text = particles(text)
    text = _COPULA.sub(lambda m: _copula(m.group(1), m.group(2), level), text)
    text = _MARKED.sub(lambda m: conjugate(m.group(1), m.group(2), level), text)
    if level == "반말":
        for polite, plain in _CASUAL:
            text = re.sub(polite, plain, text)
    return text


def particles(text: str) -> str:
    """Every ``{을/를}``, or plain 을/를 behind Hangul, as what comes before it wants."""

    def choose(match: re.Match[str]) -> str:
        if match.group(1):
            before, closed, open_ = match.group(1), match.group(2), match.group(3)
            return before + (closed if ends_closed(before) else open_)
        closed, open_ = match.group(5).split("/")
        return closed if ends_closed(match.group(4)) else open_

    return _PARTICLE.sub(choose, text)


def ends_closed(word: str) -> bool:
    """Whether the last syllable has a final consonant; Latin letters by how they are read."""
    code = ord(word[-1]) - 0xAC00
    if 0 <= code < 11172:
        return code % 28 > 0
    return word[-1].lower() in "lmnbkpt136780"


def conjugate(stem: str, ending: str, level: Level) -> str:
    """``stem`` with one of the marked endings. Raises ``KeyError`` for an unknown ending."""
    if level == "반말" and stem.endswith("드리"):
        stem = stem[:-2] + "주"
    whole = next(
        (w for s, w in _STEMS.items() if stem == s or (stem.endswith(s) and len(s) > 1)), ""
    )
    root = stem[: len(stem) - len(_key(stem))] + whole if whole else stem
    plain = infinitive(root)
    past = _with_final(plain, _SS)
    honoured = _honoured(root)
    forms: dict[str, tuple[str, str, str]] = {
        "다": (plain + "요", formal(root) + "다", plain),
        "나": (plain + "요", formal(root) + "까", plain),
        "게": (_future(root) + "게요", root + "겠습니다", _future(root) + "게"),
        "래": (honoured + "겠어요", honoured + "겠습니까", _future(root) + "래"),
        "겠": (root + "겠어요", root + "겠습니다", root + "겠다"),
        "네": (_without_l(root) + "네요", formal(root) + "다", _without_l(root) + "네"),
        "자": (plain + "요", _with_final(_open(_without_l(root)), _B) + "시다", root + "자"),
        "었": (past + "어요", past + "습니다", past + "어"),
        "냐": (honoured[:-1] + "세요", honoured[:-1] + "십니까", plain),
        "세": (honoured[:-1] + "세요", honoured[:-1] + "십시오", plain),
        "시다": (honoured[:-1] + "세요", honoured[:-1] + "십니다", plain),
        "시네": (honoured + "네요", honoured[:-1] + "십니다", _without_l(root) + "네"),
        "시겠": (honoured + "겠어요", honoured + "겠습니다", root + "겠다"),
        "셨겠": (honoured[:-1] + "셨겠어요", honoured[:-1] + "셨겠습니다", past + "겠다"),
        "셨": (honoured[:-1] + "셨어요", honoured[:-1] + "셨습니다", past + "어"),
        "셨네": (honoured[:-1] + "셨네요", honoured[:-1] + "셨습니다", past + "네"),
        "셨나": (honoured[:-1] + "셨어요", honoured[:-1] + "셨습니까", past + "어"),
    }
    return forms[ending][LEVELS.index(level)]


def infinitive(stem: str) -> str:
    """The form before -요 and -서: 반갑 -> 반가워, 하 -> 해, 모르 -> 몰라."""
    for end, form in _IRREGULAR.items():
        if stem.endswith(end):
            return stem[: -len(end)] + form
    head, last = stem[:-1], stem[-1]
    initial, vowel, final = _parts(last)
    if final == _B and last not in _B_REGULAR:
        return head + _syllable(initial, vowel, 0) + "워"
    if final and (last in _D_IRREGULAR or last in _S_IRREGULAR):
        bare = _L if last in _D_IRREGULAR else 0
        return head + _syllable(initial, vowel, bare) + _harmony(vowel)
    if final:
        return stem + _harmony(vowel)
    if vowel == "ㅡ":
        return _without_eu(head, initial)
    if vowel in _CONTRACTED:
        return head + _syllable(initial, _CONTRACTED[vowel], 0)
    return stem + "어"


def formal(stem: str) -> str:
    """The form before 합쇼체's -다 and -까: 하 -> 합니, 좋 -> 좋습니, 알 -> 압니."""
    final = _parts(stem[-1])[2]
    return stem + "습니" if final not in (0, _L) else _with_final(_without_l(stem), _B) + "니"


def _key(stem: str) -> str:
    return next(s for s in _STEMS if stem == s or (stem.endswith(s) and len(s) > 1))


def _copula(noun: str, ending: str, level: Level) -> str:
    """이다 behind a noun: a name, say."""
    closed = ends_closed(noun)
    i = "이" if closed else ""
    if noun.endswith("거") and ending == "이다":
        return noun[:-1] + ("거예요", "겁니다", "거야")[LEVELS.index(level)]
    forms = {
        "이다": (noun + ("이에요" if closed else "예요"), noun + "입니다", noun + i + "야"),
        "이네": (noun + i + "네요", noun + "입니다", noun + i + "네"),
        "이겠": (noun + i + "겠어요", noun + i + "겠습니다", noun + i + "겠다"),
    }
    return forms[ending][LEVELS.index(level)]


def _honoured(stem: str) -> str:
    """The stem with -(으)시-: 하 -> 하시, 많 -> 많으시, 힘들 -> 힘드시."""
    return _open(_without_l(stem)) + "시"


def _future(stem: str) -> str:
    """The stem with -(으)ㄹ-: 하 -> 할, 있 -> 있을, 들 -> 들."""
    return stem if _parts(stem[-1])[2] == _L else _with_final(_open(stem), _L)


def _open(stem: str) -> str:
    """The stem as it stands before -(으)-: 돕 -> 도우, 듣 -> 들으, 많 -> 많으."""
    head, last = stem[:-1], stem[-1]
    initial, vowel, final = _parts(last)
    if stem.endswith(("어떻", "그렇")):
        return head + _syllable(initial, vowel, 0)
    if final == _B and last not in _B_REGULAR:
        return head + _syllable(initial, vowel, 0) + "우"
    if last in _D_IRREGULAR:
        return head + _syllable(initial, vowel, _L) + "으"
    if last in _S_IRREGULAR:
        return head + _syllable(initial, vowel, 0) + "으"
    return stem + "으" if final not in (0, _L) else stem


def _without_l(stem: str) -> str:
    initial, vowel, final = _parts(stem[-1])
    return stem[:-1] + _syllable(initial, vowel, 0) if final == _L else stem


def _without_eu(head: str, initial: int) -> str:
    """ㅡ falls out: 바쁘 -> 바빠, 쓰 -> 써; 르 doubles its ㄹ: 모르 -> 몰라."""
    if not head:
        return _syllable(initial, "ㅓ", 0)
    before, vowel, final = _parts(head[-1])
    bright = "ㅏ" if vowel in "ㅏㅗ" else "ㅓ"
    if initial == 5 and not final:  # ㄹ
        return head[:-1] + _syllable(before, vowel, _L) + _syllable(initial, bright, 0)
    return head + _syllable(initial, bright, 0)


def _harmony(vowel: str) -> str:
    return "아" if vowel in "ㅏㅗㅑ" else "어"


def _with_final(text: str, final: int) -> str:
    """``text`` with a consonant put under its last syllable, or 았 behind one that has its own."""
    initial, vowel, own = _parts(text[-1])
    if own:
        raise ValueError(f"{text} takes no second final consonant")
    return text[:-1] + _syllable(initial, vowel, final)


def _parts(syllable: str) -> tuple[int, str, int]:
    code = ord(syllable) - 0xAC00
    return code // 588, _VOWELS[code % 588 // 28], code % 28


def _syllable(initial: int, vowel: str, final: int) -> str:
    return chr(0xAC00 + initial * 588 + _VOWELS.index(vowel) * 28 + final)
