"""Days as people name them, and which days these are. Pure.

The dates of Easter are computed; those of Seollal and Chuseok, which follow the moon, are a table
of the coming years. A day that it lacks, or that the calendar does (30 February), is unknown.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Shift:
    """So many days and months from ``base``, which is today if it is None."""

    days: int = 0
    months: int = 0
    base: Day | None = None


@dataclass(frozen=True, slots=True)
class Weekday:
    """Monday is 0. ``week``: counted from this one, which begins on Monday; None: the next such
    day, which may be today, or the last one, which may not."""

    number: int
    week: int | None = None
    past: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """A date; without a year, the next one. ``years``: counted from this one."""

    month: int
    day: int
    year: int | None = None
    years: int | None = None


@dataclass(frozen=True, slots=True)
class Feast:
    """One of ``FEASTS``; the next one, or that of the year, counted from this one."""

    name: str
    years: int | None = None


@dataclass(frozen=True, slots=True)
class Monthly:
    """The next day of a month that has this number."""

    day: int


Day: TypeAlias = Shift | Weekday | Calendar | Feast | Monthly
TODAY = Shift()


def resolve(day: Day, today: date) -> date | None:
    """Which date it is; None: there is none, or nobody here knows."""
    try:
        return _resolve(day, today)
    except (ValueError, OverflowError):
        return None


def _resolve(day: Day, today: date) -> date | None:
    match day:
        case Shift(days, months, base):
            begin = today if base is None else _resolve(base, today)
            return None if begin is None else _later(begin, months) + timedelta(days)
        case Weekday(number, None, past):
            away = (number - today.weekday()) % 7
            return today + timedelta(away - 7 if past else away)
        case Weekday(number, int(week)):
            monday = today - timedelta(today.weekday())
            return monday + timedelta(7 * week + number)
        case Calendar(month, number, year, years):
            if year is not None:
                return date(year, month, number)
            return _in_year(lambda each: _date(each, month, number), today, years)
        case Feast(name, years):
            return _in_year(FEASTS[name], today, years)
        case Monthly(number):
            later = (_later(today.replace(day=1), months) for months in range(3))
            found = (_date(each.year, each.month, number) for each in later)
            return next((each for each in found if each and each >= today), None)
    return None


def _in_year(
    find: Callable[[int], date | None], today: date, years: int | None, most: int = 8
) -> date | None:
    """That of the year asked for, else the next: 29 February may be ``most`` years away."""
    if years is not None:
        return find(today.year + years)
    found = (find(year) for year in range(today.year, today.year + most + 1))
    return next((day for day in found if day is not None and day >= today), None)


def _date(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if 1 <= day <= calendar.monthrange(year, month)[1] else None


def _later(day: date, months: int) -> date:
    """The same day of another month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, "Astronomical Algorithms", chapter 8)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    skipped = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - skipped + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * sunday) // 451
    month, day = divmod(epact + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _thanksgiving(year: int) -> date:
    """The fourth Thursday of November, as in the United States."""
    first = date(year, 11, 1)
    return first + timedelta((calendar.THURSDAY - first.weekday()) % 7 + 21)


_LUNAR = {
    "seollal": "2025-01-29 2026-02-17 2027-02-07 2028-01-27 2029-02-13 2030-02-03 2031-01-23"
    " 2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24"
    " 2040-02-12",
    "chuseok": "2025-10-06 2026-09-25 2027-09-15 2028-10-03 2029-09-22 2030-09-12 2031-10-01"
    " 2032-09-19 2033-09-08 2034-09-27 2035-09-16 2036-10-04 2037-09-24 2038-09-13 2039-10-02"
    " 2040-09-21",
}
"""In Korean time, in which a new moon may fall on the day after that in China. Checked against the
new moons of Meeus, chapter 49."""


def _lunar(name: str) -> Callable[[int], date | None]:
    days = {day.year: day for day in map(date.fromisoformat, _LUNAR[name].split())}
    return days.get


def _fixed(month: int, day: int) -> Callable[[int], date | None]:
    return lambda year: date(year, month, day)


FEASTS: dict[str, Callable[[int], date | None]] = {
    "new_year": _fixed(1, 1),
    "valentine": _fixed(2, 14),
    "samiljeol": _fixed(3, 1),
    "white_day": _fixed(3, 14),
    "st_patrick": _fixed(3, 17),
    "april_fools": _fixed(4, 1),
    "children": _fixed(5, 5),
    "parents": _fixed(5, 8),
    "teachers": _fixed(5, 15),
    "memorial_ko": _fixed(6, 6),
    "fourth_july": _fixed(7, 4),
    "constitution": _fixed(7, 17),
    "liberation": _fixed(8, 15),
    "foundation": _fixed(10, 3),
    "hangul": _fixed(10, 9),
    "halloween": _fixed(10, 31),
    "christmas_eve": _fixed(12, 24),
    "christmas": _fixed(12, 25),
    "new_year_eve": _fixed(12, 31),
    "easter": _easter,
    "thanksgiving": _thanksgiving,
    "seollal": _lunar("seollal"),
    "chuseok": _lunar("chuseok"),
}
"""Which day it is in a year; None: unknown."""
