"""Days and times of day in English. Pure. Texts are as ``plain`` leaves them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .amounts import EN, number
from .days import TODAY, Calendar, Day, Feast, Monthly, Shift, Weekday
from .requests import Half, When

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
]
_WEEKDAY = "|".join(WEEKDAYS)
_MONTH = "|".join(MONTHS)
_SHORT = {name[:3]: number for number, name in enumerate(MONTHS, 1)}

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6} | {
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
    "thirtieth": 30,
}
_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?|(?:twenty |thirty )?(?:"
    + "|".join(_ORDINALS)
    + r")|(?:twenty |thirty )?(?:one|two|three|four|five|six|seven|eight|nine)|ten|eleven|twelve"
    r"|\w+teen|twenty|thirty)"
)

_FEASTS = {
    "new_year": r"(?:the )?new years?(?: day)?",
    "new_year_eve": r"new years eve|the end of the year|the last day of the year",
    "valentine": r"valentines?(?: day)?",
    "white_day": r"white day",
    "st_patrick": r"(?:st|saint) patricks?(?: day)?",
    "april_fools": r"april fools?(?: day)?",
    "easter": r"easter(?: sunday)?",
    "fourth_july": r"(?:the )?fourth of july|independence day",
    "halloween": r"halloween",
    "thanksgiving": r"thanksgiving(?: day)?",
    "christmas_eve": r"christmas eve",
    "christmas": r"christmas(?: day)?|xmas",
    "seollal": r"seollal|(?:the )?(?:lunar|korean) new years?(?: day)?",
    "chuseok": r"chuseok|korean thanksgiving(?: day)?",
    "hangul": r"(?:hangul|hangeul) day",
    "children": r"(?:korean )?childrens day",
    "liberation": r"(?:korean )?liberation day",
}
_NAMED: dict[str, Day] = {
    "today": TODAY,
    "now": TODAY,
    "tomorrow": Shift(1),
    "tomorrows": Shift(1),
    "yesterday": Shift(-1),
    "the day after tomorrow": Shift(2),
    "day after tomorrow": Shift(2),
    "the day before yesterday": Shift(-2),
    "the weekend": Weekday(5),
    "this weekend": Weekday(5),
    "next weekend": Weekday(5, 1),
}
_UNITS = {"day": (1, 0), "week": (7, 0), "fortnight": (14, 0), "month": (0, 1), "year": (0, 12)}
_COUNT = rf"(?P<count>{EN}) (?P<unit>day|week|fortnight|month|year)s?"
_YEAR = {"": None, "this year": 0, "next year": 1, "last year": -1}
_THAT_YEAR = r"(?: (?:of )?(?P<year>\d{4}|this year|next year|last year))?"


def day(text: str) -> Day | None:
    """The day that ``text`` names; None if it names none."""
    text = re.sub(r"^(?:on|by) ", "", text.strip())
    if text in _NAMED:
        return _NAMED[text]
    for pattern, make in _DAYS:
        if found := pattern.fullmatch(text):
            return make(found)
    return None


def _shifted(sign: int, base: Day | None = None) -> Callable[[re.Match[str]], Day | None]:
    def make(found: re.Match[str]) -> Day | None:
        count = number(found["count"], "en")
        begin = day(found["base"]) if "base" in found.groupdict() else base
        if count is None or count.denominator != 1 or ("base" in found.groupdict() and not begin):
            return None
        days, months = _UNITS[found["unit"]]
        return Shift(sign * int(count) * days, sign * int(count) * months, begin)

    return make


def _weekday(found: re.Match[str]) -> Day:
    index = WEEKDAYS.index(found["weekday"])
    if found["which"] == "next":
        return Weekday(index, 1)
    return Weekday(index, past=found["which"] == "last")


def _date(found: re.Match[str]) -> Day | None:
    month, day_ = _SHORT[found["month"][:3]], _ordinal(found["day"])
    year = found["year"] or ""
    if day_ is None:
        return None
    if year in _YEAR:
        return Calendar(month, day_, years=_YEAR[year])
    return Calendar(month, day_, int(year))


def _monthly(found: re.Match[str]) -> Day | None:
    number_ = _ordinal(found["day"])
    return None if number_ is None else Monthly(number_)


def _ordinal(text: str) -> int | None:
    if digits := re.match(r"\d+", text):
        return int(digits.group())
    tens, _, last = text.rpartition(" ")
    ones = _ORDINALS.get(last) or number(last, "en")
    return None if ones is None else {"": 0, "twenty": 20, "thirty": 30}[tens] + int(ones)


def _feast(name: str) -> Callable[[re.Match[str]], Day]:
    return lambda found: Feast(name, _YEAR[found["year"] or ""])


_IN = re.compile
_DAYS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], Day | None]]] = (
    (_IN(rf"(?:in|after) {_COUNT}(?: time)?"), _shifted(1)),
    (_IN(rf"{_COUNT} (?:from|after) (?:now|today)"), _shifted(1)),
    (_IN(rf"{_COUNT} (?:from|after) (?P<base>.+)"), _shifted(1)),
    (_IN(rf"{_COUNT} (?:ago|before today|before now)"), _shifted(-1)),
    (_IN(rf"{_COUNT} before (?P<base>.+)"), _shifted(-1)),
    (_IN(rf"(?:(?P<which>this|next|coming|last|this coming) )?(?P<weekday>{_WEEKDAY})"), _weekday),
    (_IN(rf"(?P<month>{_MONTH}) (?:the )?(?P<day>{_ORDINAL}){_THAT_YEAR}"), _date),
    (_IN(rf"(?:the )?(?P<day>{_ORDINAL})(?: day)? (?:of )?(?P<month>{_MONTH}){_THAT_YEAR}"), _date),
    (_IN(r"the (?P<day>\d{1,2}(?:st|nd|rd|th)|(?:twenty |thirty )?\w+(?:st|nd|rd|th))"), _monthly),
    *(
        (_IN(rf"(?:{names})(?: (?P<year>this year|next year|last year))?"), _feast(name))
        for name, names in _FEASTS.items()
    ),
)

# --- times of day ----------------------------------------------------------------

_HALVES: Sequence[tuple[re.Pattern[str], Half]] = (
    (re.compile(r"\b(?:early )?(?:in the |this )?morning\b|\bam\b"), "am"),
    (re.compile(r"\b(?:in the |this )?(?:afternoon|evening)\b|\bpm\b"), "pm"),
    (re.compile(r"\bat night\b|\bthis night\b|\btonight\b|\bnight\b"), "night"),
)
_DAY_WORDS = re.compile(
    rf"\b(?:the day after tomorrow|today|tomorrow|(?:on )?(?:(?:this|next|coming|this coming) )?"
    rf"(?:{_WEEKDAY})|on (?:(?:{_MONTH}) (?:the )?{_ORDINAL}|the {_ORDINAL} of (?:{_MONTH})))\b"
)
_CLOCK = r"(?P<hour>\d{1,2}|[a-z]+(?: one| two| three)?)"
_TIMES = (
    re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d\d)"),
    re.compile(
        rf"(?P<past>half|quarter|{EN})(?: minutes?)? (?P<side>past|after|to|before) {_CLOCK}"
    ),
    re.compile(rf"{_CLOCK} (?:oh |o )?(?P<minute>\d\d?|[a-z]+(?: [a-z]+)?)"),
    re.compile(_CLOCK),
)
_PAST = {"half": 30, "quarter": 15}
_HALF_SIX = re.compile(
    r"\bhalf (?=(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)"
)
"""In Britain, half six is half past six."""


def when(text: str) -> When | None:
    """The time that ``text`` names, with or without a day; None if it is anything else."""
    words = f" {text} "
    half: Half = ""
    named: Day | None = None
    for pattern, meaning in _HALVES:
        if found := pattern.search(words):
            half = meaning
            tonight = "tonight" in found.group() or "this" in found.group()
            named = TODAY if tonight else None
            words = pattern.sub(" ", words, count=1)
            break
    if found := _DAY_WORDS.search(words):
        named = day(found.group().strip())
        words = words[: found.start()] + " " + words[found.end() :]
    words = _HALF_SIX.sub("half past ", words)
    words = re.sub(r"\b(?:at|for|by|around|about|oclock|sharp|exactly|a quarter)\b", _kept, words)
    return _time(" ".join(words.split()), half, named)


def _kept(found: re.Match[str]) -> str:
    return "quarter" if "quarter" in found.group() else " "


def _time(text: str, half: Half, named: Day | None) -> When | None:
    if text in ("noon", "midday", "12 noon"):
        return When(12, 0, "pm", named)
    if text in ("midnight", "12 midnight"):
        return When(12, 0, "night", named)
    for pattern in _TIMES:
        if (found := pattern.fullmatch(text)) and (time := _clock(found.groupdict())):
            return When(*time, half, named)
    return None


def _clock(parts: dict[str, str | None]) -> tuple[int, int] | None:
    """Hour and minute, if they are any."""
    hour = _whole(parts["hour"] or "")
    minute = 0
    if past := parts.get("past"):
        minutes = _PAST.get(past) or _whole(past)
        if hour is None or minutes is None:
            return None
        minute = minutes if parts["side"] in ("past", "after") else -minutes
        hour, minute = ((hour - 2) % 12 + 1, 60 + minute) if minute < 0 else (hour, minute)
    elif spoken := parts.get("minute"):
        found = _whole(spoken)
        if found is None:
            return None
        minute = found
    return None if hour is None or not (0 <= hour <= 24 and 0 <= minute < 60) else (hour, minute)


def _whole(text: str) -> int | None:
    if text in ("a", "an", "and", "half"):
        return None
    found = number(text, "en")
    return int(found) if found is not None and found.denominator == 1 else None
