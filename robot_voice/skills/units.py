"""Units of measure, and their amounts in one another. Pure.

The factors are exact by definition (NIST Special Publication 811, appendix B), but for the Korean
평, which is 400/121 square metres.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache


@dataclass(frozen=True, slots=True)
class Unit:
    """``size``: how many of its kind's basic unit it is. ``english``, ``korean``: regular
    expressions of what it is called."""

    kind: str
    size: Fraction
    english: str
    korean: str
    offset: Fraction = Fraction(0)
    """What is added afterwards, of the basic unit: only degrees have one."""


def _units(kind: str, *rows: tuple[str, str, str, str]) -> dict[str, Unit]:
    return {
        name: Unit(kind, Fraction(size), english, korean) for name, size, english, korean in rows
    }


UNITS: dict[str, Unit] = {
    **_units(
        "length",
        ("kilometer", "1000", "kilomet(?:er|re)s?|kms?", "킬로미터|킬로|km"),
        ("meter", "1", "met(?:er|re)s?|m", "미터|m"),
        ("centimeter", "0.01", "centimet(?:er|re)s?|cms?", "센티미터|센티|센치|cm"),
        ("millimeter", "0.001", "millimet(?:er|re)s?|mm", "밀리미터|mm"),
        ("mile", "1609.344", "miles?", "마일"),
        ("yard", "0.9144", "yards?", "야드"),
        ("foot", "0.3048", "foot|feet|ft", "피트"),
        ("inch", "0.0254", "inch(?:es)?", "인치"),
    ),
    **_units(
        "mass",
        ("kilogram", "1000", "kilo(?:gram)?s?|kgs?", "킬로그램|킬로|kg"),
        ("gram", "1", "grams?|g", "그램|g"),
        ("pound", "453.59237", "pounds?|lbs?", "파운드"),
        ("ounce", "28.349523125", "ounces?|oz", "온스"),
        ("ton", "1000000", "metric tons?|tonnes?", "톤"),
    ),
    **_units(
        "volume",
        ("liter", "1000", "lit(?:er|re)s?", "리터"),
        ("milliliter", "1", "millilit(?:er|re)s?|ml", "밀리리터|ml"),
        ("gallon", "3785.411784", "gallons?", "갤런"),
        ("cup", "236.5882365", "cups?", "컵"),
        ("tablespoon", "14.78676478125", "tablespoons?", "큰술|테이블스푼"),
        ("teaspoon", "4.92892159375", "teaspoons?", "작은술|티스푼"),
    ),
    **_units(
        "area",
        ("square_meter", "1", "square met(?:er|re)s?", "제곱미터|평방미터"),
        ("square_foot", "0.09290304", "square (?:foot|feet)", "제곱피트"),
        ("pyeong", "400/121", "pyeong", "평"),
    ),
    **_units(
        "time",
        ("second", "1", "seconds?", "초"),
        ("minute", "60", "minutes?", "분"),
        ("hour", "3600", "hours?", "시간"),
        ("day", "86400", "days?", "일|하루"),
        ("week", "604800", "weeks?", "주|주일"),
    ),
    "celsius": Unit("heat", Fraction(1), "(?:degrees? )?celsius|(?:degrees? )?centigrade", "섭씨"),
    "fahrenheit": Unit(
        "heat", Fraction(5, 9), "(?:degrees? )?fahrenheit", "화씨", Fraction(-160, 9)
    ),
}


def convert(amount: Fraction, source: str, target: str) -> Fraction | None:
    """The same in ``target``; None if they measure different things."""
    one, other = UNITS[source], UNITS[target]
    if one.kind != other.kind:
        return None
    return (amount * one.size + one.offset - other.offset) / other.size


def names(language: str) -> str:
    """A regular expression of every unit's name in "en" or "ko"."""
    return "|".join(_by_length(language))


def unit(name: str, language: str, like: str = "") -> str | None:
    """Which unit is called so. ``like``: one of which it is to measure the same; a name such as
    킬로 fits several."""
    called = [key for key, each in UNITS.items() if _called(key, language).fullmatch(name)]
    if like:
        called = [key for key in called if UNITS[key].kind == UNITS[like].kind]
    return called[0] if called else None


@cache
def _called(key: str, language: str) -> re.Pattern[str]:
    return re.compile(UNITS[key].korean if language == "ko" else UNITS[key].english)


@cache
def _by_length(language: str) -> tuple[str, ...]:
    """So that "square feet" is tried before "feet"."""
    all_ = [each.korean if language == "ko" else each.english for each in UNITS.values()]
    return tuple(sorted(all_, key=len, reverse=True))
