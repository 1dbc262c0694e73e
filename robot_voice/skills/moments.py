"""Which moment a time of day is. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from .days import TODAY, Weekday, resolve
from .requests import When

_FIRST_MORNING, _LAST_MORNING = 6, 11
"""Hours that mean the morning on a day that was named: "tomorrow at three" is an afternoon."""
_NIGHT_ENDS = 6
"""Up to this hour, the night belongs to the day before."""


def moment(when: When, now: datetime, waking: bool = False) -> datetime | None:
    """The next moment after ``now`` that ``when`` may mean, as local time without a zone; None if
    it is over, or there is no such day.

    An hour that could be in either half of the day is the one that comes first; ``waking``: in the
    morning. A day without a half is read as people use it: seven is in the morning, three is not.
    """
    local = now.replace(tzinfo=None)
    day = resolve(when.day, local.date()) if when.day is not None else None
    if when.day is not None and day is None:
        return None
    if day is not None and when.day != TODAY:
        hour, later = _hour(when, _usual(when.hour, waking))
        at = datetime.combine(day, time(hour, when.minute)) + timedelta(later)
        if at <= local and isinstance(when.day, Weekday) and when.day.week is None:
            at += timedelta(7)
        return at if at > local else None
    today = [local.date()] if day is not None else [local.date(), local.date() + timedelta(1)]
    halves = [when.half] if when.half or when.hour > 12 else ["am"] if waking else ["am", "pm"]
    found = []
    for half in halves:
        hour, later = _hour(When(when.hour, when.minute, half), "am")  # type: ignore[arg-type]
        found += [
            datetime.combine(each, time(hour, when.minute)) + timedelta(later) for each in today
        ]
    return min((at for at in found if at > local), default=None)


def _usual(hour: int, waking: bool) -> str:
    return "am" if waking or _FIRST_MORNING <= hour <= _LAST_MORNING else "pm"


def _hour(when: When, usual: str) -> tuple[int, int]:
    """The hour of 0 to 23, and how many days later it is."""
    half = when.half or usual
    if when.hour > 12 or when.hour == 0:
        return when.hour % 24, int(when.hour == 24)
    if half == "night":
        if when.hour == 12:
            return 0, 1
        return (when.hour, 1) if when.hour < _NIGHT_ENDS else (when.hour + 12, 0)
    return when.hour % 12 + (12 if half == "pm" else 0), 0
