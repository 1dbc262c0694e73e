"""Korean as it is said: numbers, counters, times, dates, money, units, letters, signs. Pure.

The native numbers go with counters, the Chinese ones with everything else; the order of the rules
below settles what is what. What remains to be heard, how the words run into one another, is
``korean_sounds``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from robot_voice.traced import Traced

from . import korean_counts, korean_signs
from .korean_counts import COUNTER
from .korean_numbers import clock, date, digits, month, sino
from .rules import NUMBER, Rule, Span, apply, dictated, phones

_NAMES = [*"공일이삼사오육칠팔구", "플러스 "]
_SHORT = "109|11[23479]|182|911|988|1339|1366|1388|139[138]"
_COUNTED = rf"[\d:/]|[.,]\d| ?(?:(?!도){COUNTER}|[%℃]|[kcm]?[mgl]\b)"
_HELP = "(?:전화|신고|연락|문의|걸|알리|알려|도와|도움|상담|연결|말할)"
_HOTLINES = (
    rf"(?<![\w.,:/-])({_SHORT})(?:(?=번)|(?!{_COUNTED}))",
    rf"(?<![\w.,:/-])(11\d|1[3568]\d\d)(?=번?(?:으로|로|에|와|을|를|이|가)\b[^.!?]{{0,15}}{_HELP})",
    r"(?<![\w.,:/-])(\d{2,5}(?:[ -]\d{1,4}){0,4})(?=번?(?:으로|로|에) ?(?:전화|연락|신고))",
    r"(?<![\w.,:/-])(\d{3,4})(?= (?:상담|긴급|구조|신고))",
    r"(?:전화|상담|콜|번호|라인|사마리탄스)(?:[은는이가]? |[은는이가])"
    rf"((?:\d[ -]?){{2,}}\d)(?!{_COUNTED})",
)
"""Numbers to dial or to type: the short ones of emergencies always, others by their company."""

_DIALLED = [re.compile(pattern) for pattern in _HOTLINES]
_ENDLESS = re.compile(r"(\d{21,})")
_CALLED = re.compile(r"(?<![\d.,-])(01[016-9]\d{7,8}|0\d{1,2}\)\d{3,4}-\d{4})(?!\d)")
_OF_DAY = r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?![\d:])"


def _hours(match: re.Match[str]) -> str:
    if int(match[1]) > 24:
        return f"{sino(match[1])} 대 {sino(match[2])}"
    return clock(*match.groups())


def _half_day(match: re.Match[str]) -> str:
    hours, minutes, half = match.groups()
    name = "오전" if half.lower().startswith("a") else "오후"
    return f"{name} {clock(hours, minutes or '0', None)}"


_MONTH, _DAY = "(0?[1-9]|1[0-2])", "(0?[1-9]|[12]\\d|3[01])"
_TO_DAY = r"(?:\. ?|-|/)"
_DAY_NAMED = "(?= ?(?:절|운동|혁명|민주|사태|전쟁|정상|선언))"

DATES: tuple[Rule, ...] = (
    (
        re.compile(rf"(?<!\d)([12]\d{{3}}){_TO_DAY}{_MONTH}{_TO_DAY}{_DAY}(?:\.(?= |\())?(?!\d)"),
        lambda match: date(match[1], match[2], match[3]),
    ),
    (
        re.compile(rf"(?<!\d){_MONTH}[/.] ?{_DAY}\.?(?= ?\([월화수목금토일]\))"),
        lambda match: f"{month(int(match[1]))} {sino(match[2].lstrip('0'))}일",
    ),
    (re.compile(r"(?<=일) ?\(([월화수목금토일])(?:요일)?\)"), lambda match: f" {match[1]}요일"),
    (
        re.compile(rf"(?<![\d.])(\d{{1,2}})(?:[·ㆍ‧]|\.(?=\d+{_DAY_NAMED}))(\d{{1,2}})(?!\d)"),
        lambda match: digits(match[1]) + digits(match[2]),
    ),
    (re.compile(r"(\d\d)(?=학번)"), lambda match: digits(match[1])),
)
"""Days, and events that are called by theirs: 3·1절."""

TIMES: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d:\d\d) ?[-–] ?(?=\d{1,2}:\d\d)"), "에서 "),
    (
        re.compile(r"(?:(?<=스코어 )|(?<=점수 )|(?<=비율 )|(?<=화면비 ))(\d+) ?: ?(\d+)"),
        lambda match: f"{sino(match[1])} 대 {sino(match[2])}",
    ),
    (re.compile(r"(?<![\d:.])(\d{1,2})(?::([0-5]\d))? ?([AaPp]\.?[Mm]\b\.?)"), _half_day),
    (re.compile(rf"(?<![\d:.,]){_OF_DAY}"), _hours),
    (re.compile(r"(\d+(?:\.\d+)?) ?: ?(\d+(?:\.\d+)?)"), lambda m: f"{sino(m[1])} 대 {sino(m[2])}"),
)

VERSIONS: tuple[Rule, ...] = (
    (re.compile(r"\b[vV](?:er\.?)? ?(?=\d)"), "버전 "),
    (
        re.compile(r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d])"),
        lambda match: " 점 ".join(sino(part) for part in match.group().split(".")),
    ),
)

REST: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)-(?=\d)"), " 다시 "),
    (re.compile(NUMBER), lambda match: sino(match.group())),
)

_RULES: tuple[Rule, ...] = (
    korean_signs.LAUGHS,
    korean_signs.CIRCLED,
    korean_signs.HASH,
    *TIMES,
    *VERSIONS,
    *korean_signs.FRACTIONS,
    *korean_signs.MONEY,
    *korean_signs.SUMS,
    *korean_signs.UNITS,
    *korean_counts.RULES,
    *korean_signs.LETTERS,
    *REST,
    *korean_signs.SIGNS,
)


def read(text: Traced) -> Traced:
    """``text`` in words that can be read aloud letter by letter; English words stay as they are."""
    text = apply(text, DATES)
    text = dictated(text, _dialled(text.text), _NAMES, " ")
    return apply(text, _RULES)


def _dialled(text: str) -> Iterator[Span]:
    yield from phones(text)
    for pattern in (*_DIALLED, _CALLED, _ENDLESS):
        yield from (match.span(1) for match in pattern.finditer(text))
