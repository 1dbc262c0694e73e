"""What a user may ask of the skills. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from .days import TODAY, Day

Half: TypeAlias = Literal["", "am", "pm", "night"]
"""Which half of the day an hour up to twelve is in. At night, twelve is midnight and one follows
it; empty: nobody said."""


@dataclass(frozen=True, slots=True)
class When:
    """A time of day, and perhaps the day."""

    hour: int
    minute: int = 0
    half: Half = ""
    day: Day | None = None


@dataclass(frozen=True, slots=True)
class Which:
    """Which of the timers or alarms: by name, length, time or day, or all; else the only one."""

    name: str = ""
    seconds: int | None = None
    when: When | None = None
    day: Day | None = None
    all: bool = False


@dataclass(frozen=True, slots=True)
class AskTime:
    """What time is it?"""


@dataclass(frozen=True, slots=True)
class AskDay:
    """Which day, month or year is it then?"""

    day: Day = TODAY
    part: Literal["day", "month", "year"] = "day"


@dataclass(frozen=True, slots=True)
class AskDistance:
    """How long from today to then?"""

    day: Day
    unit: Literal["days", "weeks"] = "days"


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Tell in so many seconds; None: that was not said. ``remind``: ``name`` is what of."""

    seconds: int | None
    name: str = ""
    remind: bool = False


@dataclass(frozen=True, slots=True)
class SetAlarm:
    """Tell at that time; None: it was not said. ``wake``: from sleep."""

    when: When | None
    name: str = ""
    remind: bool = False
    wake: bool = False


@dataclass(frozen=True, slots=True)
class Cannot:
    """What there is not: an alarm for every day, a timer that is paused."""

    why: Literal["alarm_once", "timer_no_pause"]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Forget a timer, or an alarm."""

    kind: Literal["timer", "alarm"]
    which: Which = Which()


@dataclass(frozen=True, slots=True)
class AskLeft:
    """How long do the timers run on, or when do the alarms ring?"""

    kind: Literal["timer", "alarm"]
    which: Which = Which()


@dataclass(frozen=True, slots=True)
class Extend:
    """Let a timer run longer by so many seconds."""

    seconds: int
    which: Which = Which()


@dataclass(frozen=True, slots=True)
class Snooze:
    """Tell of what has just rung again, in so many seconds. Not ``sure``: only right after it."""

    seconds: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time, and nothing else: an answer to "for how long?"."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, and nothing else: an answer to "at what time?"."""

    when: When


Operator: TypeAlias = Literal["+", "-", "*", "/"]


@dataclass(frozen=True, slots=True)
class Sum:
    """One number more than operators; products go first."""

    numbers: tuple[Fraction, ...]
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """So many percent of a number."""

    percent: Fraction
    whole: Fraction


@dataclass(frozen=True, slots=True)
class Convert:
    """An amount of one of ``units.UNITS`` in another one."""

    amount: Fraction
    source: str
    target: str


Request: TypeAlias = (
    AskTime
    | AskDay
    | AskDistance
    | SetTimer
    | SetAlarm
    | Cannot
    | Cancel
    | AskLeft
    | Extend
    | Snooze
    | Length
    | Clock
    | Sum
    | Share
    | Convert
)
