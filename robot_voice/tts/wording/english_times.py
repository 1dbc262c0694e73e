"""English dates, years and times of day in words. Pure."""

from __future__ import annotations

import re

from .english_numbers import cardinal, ordinal, plural, year
from .rules import Rule

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = (
    "|".join(_MONTHS) + r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?(?=,?\s\d|\s?$)"
)
_YEAR = r"1\d{3}|20\d\d"
_TH = r"(?:st|nd|rd|th)?"
_DAY = rf"(?P<day>3[01]|[12]\d|0?[1-9]){_TH}"

_HOUR = r"[01]?\d|2[0-3]"
_HALF = r"(?P<half>[ap]\.?\s?m\b\.?|[AP]\.?M\b\.?)"

_BEFORE_YEAR = re.compile(
    r"(?:\b(?i:in|since|of|by|from|until|till|before|after|during|year|circa|around|early|late|mid"
    r"|spring|summer|fall|autumn|winter|and|to|through|between|for|the|"
    + "|".join(_MONTHS)
    + r"),?\s|\(|^)$"
)
_COUNTED = re.compile(
    r"\s(?:people|won|yen|men|women|children|feet|percent|steps|[a-z]+s)\b"
    r"(?<!\sis)(?<!\swas)(?<!\shas)(?<!\sas)(?<!\sits)(?<!\sthis)"
)
_AFTER_YEAR = re.compile(
    r"\s?(?:[.,;:!?)\"'’]|$)|\s(?:was|is|will|has|had|and|or|to|in|at|on|when|were|would|the|for"
    r"|but|we|he|she|they|I|it|as|with|by|that|there)\b"
)
_MODERN = 1900
"""From here on four digits are a year where nothing says that they are not."""


def _month(name: str) -> str:
    return next(full for full in _MONTHS if full.startswith(name[:3]))


def _date(month: str, day: str, year_: str | None) -> str:
    words = f"{month} {ordinal(day)}"
    return f"{words}, {year(year_)}" if year_ else words


def _iso(match: re.Match[str]) -> str:
    return _date(_MONTHS[int(match["month"]) - 1], match["day"], match["year"])


def _slashed(match: re.Match[str]) -> str:
    """Month first, as in America, unless that cannot be."""
    month, day = match["first"], match["second"]
    if int(month) > len(_MONTHS):
        month, day = day, month
    if int(month) > len(_MONTHS):
        return match.group()
    return _date(_MONTHS[int(month) - 1], day, match["year"])


def _short(match: re.Match[str]) -> str:
    return _date(_MONTHS[int(match["month"]) - 1], match["day"], None)


def _day_first(match: re.Match[str]) -> str:
    words = f"{ordinal(match['day'])} of {_month(match['month'])}"
    if not match["the"]:
        words = f"the {words}"
    return f"{match['the'] or ''}{words}" + (f", {year(match['year'])}" if match["year"] else "")


def _month_first(match: re.Match[str]) -> str:
    words = f"{_month(match['month'])} {ordinal(match['day'])}"
    if match["last"]:
        words += f" to {ordinal(match['last'])}"
    return words + (f", {year(match['year'])}" if match["year"] else "")


def _clock(match: re.Match[str]) -> str:
    hour, minute, half = int(match["hour"]), match["minute"], match["half"]
    words = cardinal(str(hour))
    if minute is not None and minute != "00":
        words += f" oh {cardinal(minute[1])}" if minute[0] == "0" else f" {cardinal(minute)}"
    elif not half:
        words = _full_hour(hour, words)
    if match["second"]:
        words += f" and {cardinal(str(int(match['second'])))} seconds"
    return f"{words} {half[0].lower()}.m." if half else words


def _full_clock(match: re.Match[str]) -> str:
    return f"{cardinal(str(int(match['hour'])))} {match['half'][0].lower()}.m."


def _full_hour(hour: int, words: str) -> str:
    if hour == 0:
        return "midnight"
    return f"{words} o'clock" if hour <= 12 else f"{words} hundred"


def _decade(match: re.Match[str]) -> str:
    return plural(year(match.group(1)) if len(match.group(1)) == 4 else cardinal(match.group(1)))


def _year(match: re.Match[str]) -> str:
    """Four digits, as a year if what stands around them says so, else as they are."""
    text, digits_ = match.string, match.group()
    rest = text[match.end() :]
    if digits_.endswith("0") and _COUNTED.match(rest):
        return digits_
    if _BEFORE_YEAR.search(text, 0, match.start()):
        return year(digits_)
    return year(digits_) if int(digits_) >= _MODERN and _AFTER_YEAR.match(rest) else digits_


DATES: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?<![\w-])(?P<year>{_YEAR})([-/.])(?P<month>0?[1-9]|1[0-2])\2{_DAY}(?![\w-])"
        ),
        _iso,
    ),
    (
        re.compile(
            rf"(?<![\w/])(?P<first>[0-3]?\d)/(?P<second>[0-3]?\d)/(?P<year>{_YEAR})(?![\w/])"
        ),
        _slashed,
    ),
    (
        re.compile(rf"(?<=\b[oO]n )(?P<month>0?[1-9]|1[0-2])/{_DAY}(?![\w/])"),
        _short,
    ),
)
"""Dates in digits. They come before ranges and telephone numbers, which look alike."""

RULES: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?P<the>\bthe\s)?(?<![\w$£€.,:-]){_DAY}\s(?:of\s)?(?P<month>{_MONTH})"
            rf"(?:,?\s(?P<year>{_YEAR}))?\b"
        ),
        _day_first,
    ),
    (
        re.compile(
            rf"\b(?P<month>{_MONTH})\s(?:the\s)?{_DAY}(?:\sto\s(?P<last>[0-3]?\d){_TH})?"
            rf"(?![\w:%]|[.,]\d)(?:,?\s(?P<year>{_YEAR})(?!\w))?"
        ),
        _month_first,
    ),
    (
        re.compile(
            rf"(?<![\w:.,])(?P<hour>{_HOUR}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
            rf"(?:\s?{_HALF})?(?![\w:])"
        ),
        _clock,
    ),
    (re.compile(rf"(?<![\w:.,])(?P<hour>{_HOUR})\s?{_HALF}(?!\w)"), _full_clock),
    (re.compile(r"(?<!\w)['’]([1-9]0)s\b"), _decade),
    (re.compile(r"(?<!\w)['’](\d\d)\b"), lambda match: year(f"19{match[1]}").split(" ", 1)[1]),
    (re.compile(r"(?<![\w,.])((?:1[1-9]|20)\d0|[2-9]0)s\b"), _decade),
)

YEARS: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?<![\w,.:/$£€₩¥-])(?:{_YEAR})(?![\w%°/-]|[.,:]\d)|(?<=[\d(] to )(?:{_YEAR})(?!\w)"
        ),
        _year,
    ),
)
"""Years that stand alone. They come after measures: 1200 rpm is none."""
