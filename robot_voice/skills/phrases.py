"""Times, days, lengths and amounts as words of a language. Pure.

Numbers stay digits: ``tts.wording`` says them as the language does.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from robot_voice.hangul import apart, is_syllable
from robot_voice.tts.wording.korean_numbers import digits, sino

from .days import Calendar, Day, Feast
from .english_days import MONTHS, WEEKDAYS
from .korean_days import WEEKDAYS as WEEKDAYS_KO

LANGUAGES = ("en", "ko", "ja", "zh")
_WEEKDAYS = {"ko": WEEKDAYS_KO, "ja": "月火水木金土日", "zh": "一二三四五六日"}
_NAMED = {0: "today", 1: "tomorrow", 2: "after_tomorrow", -1: "yesterday"}
_LENGTHS = {
    "en": ("hour", "minute", "second"),
    "ko": ("시간", "분", "초"),
    "ja": ("時間", "分", "秒"),
    "zh": ("小时", "分钟", "秒"),
}
_DISTANCES = {"ko": ("일", "주"), "ja": ("日", "週間"), "zh": ("天", "周")}
_HEAT = {
    "en": "{} degrees {}",
    "ko": "{1} {0}도",
    "ja": "{1}{0}度",
    "zh": "{1}{0}度",
}
_SCALES = {
    "celsius": {"en": "Celsius", "ko": "섭씨", "ja": "摂氏", "zh": "摄氏"},
    "fahrenheit": {"en": "Fahrenheit", "ko": "화씨", "ja": "華氏", "zh": "华氏"},
}
_EXACT = 100
"""Results are rounded to this fraction, 0.01; those below one to three digits."""


@cache
def read_answers() -> dict[str, Any]:
    """``data/answers.toml``."""
    file = resources.files("robot_voice.skills") / "data" / "answers.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def clock(at: datetime, language: str) -> str:
    """The time of day, on a twelve-hour clock."""
    hour, morning = (at.hour - 1) % 12 + 1, at.hour < 12
    if language == "en":
        if at.minute == 0 and at.hour % 12 == 0:
            return "midnight" if morning else "noon"
        minute = f":{at.minute:02}" if at.minute else ""
        return f"{hour}{minute} {'AM' if morning else 'PM'}"
    if language == "ko":
        minute = f" {at.minute}분" if at.minute else ""
        if at.hour % 12 == 0:
            return f"{'밤' if morning else '낮'} 12시{minute}"
        return f"{'오전' if morning else '오후'} {hour}시{minute}"
    minute = f"{at.minute}分" if at.minute else ""
    if language == "ja":
        return f"{'午前' if morning else '午後'}{at.hour % 12}時{minute}"
    return f"{'上午' if morning else '下午'}{hour}点{minute}"


def date_(day: date, today: date, language: str) -> str:
    """The date with its weekday, and with its year if that is not the current one."""
    other = day.year != today.year
    if language == "en":
        weekday, month = WEEKDAYS[day.weekday()].title(), MONTHS[day.month - 1].title()
        return f"{weekday}, {month} {day.day}" + (f", {day.year}" if other else "")
    weekday = _WEEKDAYS[language][day.weekday()]
    if language == "ko":
        year = f"{day.year}년 " if other else ""
        return f"{year}{day.month}월 {day.day}일 {weekday}요일"
    year = f"{day.year}年" if other else ""
    if language == "ja":
        return f"{year}{day.month}月{day.day}日、{weekday}曜日"
    return f"{year}{day.month}月{day.day}日，星期{weekday}"


def month(day: date, language: str) -> str:
    """The month's name."""
    if language == "en":
        return MONTHS[day.month - 1].title()
    return f"{day.month}{'월' if language == 'ko' else '月'}"


def subject(named: Day, day: date, today: date, language: str, dated: bool) -> str:
    """What ``named``, which is ``day``, is called. ``dated``: a date where it has no name."""
    if isinstance(named, Feast):
        name = read_answers()["feasts"][named.name]
        return str(name.get(language) or name["en"])
    near = _NAMED.get((day - today).days)
    if near is None or isinstance(named, Calendar):
        if dated:
            return date_(day, today, language)
        near = near or "that"
    return str(read_answers()["subjects"][language][near])


def when(at: datetime, now: datetime, language: str) -> str:
    """A time of day with its day: "tomorrow at 7 AM", 내일 오전 7시."""
    away = (at.date() - now.date()).days
    time = clock(at, language)
    if away in (0, 1):
        day = str(read_answers()["subjects"][language][_NAMED[away]])
    else:
        day = date_(at.date(), now.date(), language)
    return {"en": f"{day} at {time}", "ko": f"{day} {time}"}.get(language, f"{day}{time}")


def duration(seconds: float, language: str) -> str:
    """A length of time; of a long one, the seconds are left out."""
    left = max(1, round(seconds))
    if left > 600 and left % 60:
        left = max(60, round(left / 60) * 60)
    hours, rest = divmod(left, 3600)
    names = _LENGTHS[language]
    parts = zip((hours, *divmod(rest, 60)), names, strict=True)
    if language == "en":
        return " and ".join(_plural(count, name) for count, name in parts if count)
    return (" " if language == "ko" else "").join(f"{n}{name}" for n, name in parts if n)


def distance(days: int, unit: str, language: str) -> str:
    """So many days, or weeks and days."""
    weeks, rest = divmod(days, 7) if unit == "weeks" else (0, days)
    if language == "en":
        parts = [_plural(n, name) for n, name in ((weeks, "week"), (rest, "day")) if n]
        return " and ".join(parts) or "0 days"
    day, week = _DISTANCES[language]
    gap = " " if language == "ko" else ""
    return gap.join(f"{n}{name}" for n, name in ((weeks, week), (rest, day)) if n) or f"0{day}"


def number(value: Fraction) -> tuple[str, bool]:
    """In digits, and whether they are exact."""
    if value.denominator == 1:
        return f"{value.numerator:,}", True
    if abs(value) >= 1:
        rounded = Fraction(round(value * _EXACT), _EXACT)
    else:
        rounded = Fraction(f"{float(value):.3g}")
    text = f"{float(rounded):,.6f}".rstrip("0").rstrip(".")
    return text, rounded == value and Fraction(text.replace(",", "")) == value


def measure(value: Fraction, unit: str, language: str) -> str:
    """An amount with its unit, without saying whether it is exact."""
    text, _ = number(value)
    if unit in _SCALES:
        return _HEAT[language].format(text, _SCALES[unit][language])
    names = read_answers()["units"][unit]
    if language != "en":
        return f"{text}{names[language]}"
    one, many = names["en"], names.get("many") or f"{names['en']}s"
    return f"{text} {one if value == 1 else many}"


def fitting(word: str, closed: str, open_: str) -> str:
    """The Korean particle, or ending, that fits ``word``: ``closed`` after a final consonant. The
    particle 으로 is not said after ㄹ."""
    last = word.rstrip(" .,!?)\"'")
    if last[-1:].isdecimal():
        last = _read_number(last)
    if not last or not is_syllable(last[-1]):
        return open_
    final = apart(last[-1])[2]
    return closed if final and not (closed == "으로" and final == "ㄹ") else open_


def _read_number(text: str) -> str:
    """The number that ``text`` ends with, in Hangul."""
    start = len(text)
    while start and (text[start - 1].isdecimal() or text[start - 1] in ".,"):
        start -= 1
    whole, point, fraction = text[start:].replace(",", "").partition(".")
    return digits(fraction, "영") if point else sino(whole)


def _plural(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
