"""Days and times of day in Korean. Pure. Texts are as ``plain`` leaves them: without spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .amounts import KO, number
from .days import TODAY, Calendar, Day, Feast, Monthly, Shift, Weekday
from .requests import Half, When

WEEKDAYS = "월화수목금토일"

_NAMED: dict[str, Day] = {
    "오늘": TODAY,
    "지금": TODAY,
    "내일": Shift(1),
    "낼": Shift(1),
    "모레": Shift(2),
    "내일모레": Shift(2),
    "글피": Shift(3),
    "어제": Shift(-1),
    "그제": Shift(-2),
    "그저께": Shift(-2),
    "엊그제": Shift(-2),
    "주말": Weekday(5),
    "이번주말": Weekday(5),
    "다음주말": Weekday(5, 1),
    "다음주주말": Weekday(5, 1),
}
_FEASTS = {
    "new_year": "새해(?:첫날)?|신정",
    "seollal": "(?:설날|설|구정|음력설)",
    "valentine": "(?:발렌타인|밸런타인)(?:데이)?",
    "samiljeol": "삼일절|3[.·]?1절",
    "white_day": "화이트데이",
    "april_fools": "만우절",
    "children": "어린이날",
    "parents": "어버이날",
    "teachers": "스승의날",
    "memorial_ko": "현충일",
    "constitution": "제헌절",
    "liberation": "광복절",
    "chuseok": "추석|한가위",
    "foundation": "개천절",
    "hangul": "한글날",
    "halloween": "(?:핼러윈|할로윈|핼로윈)(?:데이)?",
    "christmas_eve": "(?:크리스마스|성탄절)이브",
    "christmas": "크리스마스|성탄절|성탄",
    "new_year_eve": "연말|올해말|올해마지막날|12월마지막날",
    "easter": "부활절",
    "thanksgiving": "추수감사절",
}
_WEEK = {"이번주": 0, "금주": 0, "다음주": 1, "담주": 1, "내주": 1, "다다음주": 2} | {
    "지난주": -1,
    "저번주": -1,
    "지지난주": -2,
}
_YEAR = {"올해": 0, "금년": 0, "내년": 1, "작년": -1, "지난해": -1, "재작년": -2, "내후년": 2}
_THAT_YEAR = rf"(?:(?P<year>\d{{4}}|{KO})년도?|(?P<named>{'|'.join(_YEAR)}))?(?:의)?"
_SPELT = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7} | {
    "여드레": 8,
    "아흐레": 9,
    "열흘": 10,
    "보름": 15,
    "일주일": 7,
}
_UNITS = {"일": (1, 0), "주일": (7, 0), "주": (7, 0), "개월": (0, 1), "달": (0, 1), "년": (0, 12)}
_COUNT = rf"(?:(?P<spelt>{'|'.join(_SPELT)})|(?P<count>{KO})(?P<unit>주일|주|일|개월|달|년))"
_LATER = r"(?:뒤|후|있다가|이따가?|지나면|지나서)(?:에|의)?"


def day(text: str) -> Day | None:
    """The day that ``text`` names; None if it names none."""
    text = re.sub(r"(?:날에|날짜|에)$", "", text) or text
    if text in _NAMED:
        return _NAMED[text]
    for pattern, make in _DAYS:
        if found := pattern.fullmatch(text):
            return make(found)
    return None


def _shifted(sign: int) -> Callable[[re.Match[str]], Day | None]:
    def make(found: re.Match[str]) -> Day | None:
        base = day(found["base"]) if found["base"] else None
        if found["base"] and base is None:
            return None
        if found["spelt"]:
            return Shift(sign * _SPELT[found["spelt"]], base=base)
        count = number(found["count"], "ko")
        if count is None or count.denominator != 1:
            return None
        days, months = _UNITS[found["unit"]]
        return Shift(sign * int(count) * days, sign * int(count) * months, base)

    return make


def _weekday(found: re.Match[str]) -> Day:
    return Weekday(WEEKDAYS.index(found["weekday"]), _WEEK.get(found["week"] or ""))


def _date(found: re.Match[str]) -> Day | None:
    months = {"유": 6, "시": 10}
    month = months.get(found["month"]) or number(found["month"], "ko")
    day_ = number(found["day"], "ko")
    year = number(found["year"], "ko") if found["year"] else None
    if month is None or day_ is None or not 1 <= month <= 12:
        return None
    years = _YEAR.get(found["named"] or "")
    return Calendar(int(month), int(day_), None if year is None else int(year), years)


def _monthly(found: re.Match[str]) -> Day | None:
    number_ = number(found["day"], "ko")
    return None if number_ is None or number_.denominator != 1 else Monthly(int(number_))


def _feast(name: str) -> Callable[[re.Match[str]], Day]:
    return lambda found: Feast(name, _YEAR.get(found["named"] or ""))


_BASE = r"(?:(?P<base>.+?)(?:에서|로부터|부터|으로부터|의)?)??"
_DAYS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Day | None]]] = (
    (re.compile(rf"{_BASE}{_COUNT}{_LATER}"), _shifted(1)),
    (re.compile(rf"{_BASE}{_COUNT}전(?:에|의)?"), _shifted(-1)),
    (
        re.compile(
            rf"(?:(?P<week>{'|'.join(_WEEK)})의?|돌아오는|오는)?(?P<weekday>[{WEEKDAYS}])요일"
        ),
        _weekday,
    ),
    (re.compile(rf"{_THAT_YEAR}(?P<month>유|시|{KO})월(?P<day>{KO})일"), _date),
    (re.compile(rf"(?P<day>{KO})일"), _monthly),
    *(
        (re.compile(rf"(?P<named>{'|'.join(_YEAR)})?(?:의)?(?:{names})(?:당일)?"), _feast(name))
        for name, names in _FEASTS.items()
    ),
)

# --- times of day ----------------------------------------------------------------

_HALVES: dict[str, Half] = {
    "오전": "am",
    "아침": "am",
    "새벽": "am",
    "오후": "pm",
    "저녁": "pm",
    "낮": "pm",
    "점심": "pm",
    "밤": "night",
    "한밤중": "night",
}
WHEN = (
    rf"(?P<day>[^시분]*?요일|[^시분]*?일|[가-힣\d]{{1,8}}?)??(?:에|의)?(?P<half>{'|'.join(_HALVES)})?(?:에)?"
    rf"(?:(?P<hour>{KO})시(?:정각|(?P<minute>{KO})분|(?P<thirty>반))?"
    r"|(?P<digits>\d{1,2}:\d\d)|(?P<noon>정오)|(?P<midnight>자정))"
)
_WHEN = re.compile(WHEN)


def when(text: str) -> When | None:
    """The time that ``text`` names, with or without a day; None if it is anything else."""
    found = _WHEN.fullmatch(text)
    named = day(found["day"]) if found and found["day"] else None
    if found is None or (found["day"] and named is None):
        return None
    if found["noon"] or found["midnight"]:
        return When(12, 0, "pm" if found["noon"] else "night", named)
    if found["digits"]:
        hour, minute = map(int, found["digits"].split(":"))
    else:
        hour, minute = _whole(found["hour"]), 30 if found["thirty"] else _whole(found["minute"])
    if not (0 <= hour <= 24 and 0 <= minute < 60):
        return None
    return When(hour, minute, _HALVES.get(found["half"] or "", ""), named)


def _whole(text: str | None) -> int:
    """-1 for what is no whole number."""
    found = number(text, "ko") if text else 0
    return int(found) if found is not None and found == int(found) else -1
