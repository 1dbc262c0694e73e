"""Timers and alarms that run, and how they ring. Pure.

Everything there is to know is a ``State``, which is replaced, never changed; times are seconds
since the epoch, so that they outlive the process. What rings is told again until somebody speaks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from . import phrases
from .requests import SetAlarm, SetTimer
from .voice import Voice

AGAIN_SECONDS = 20.0
"""From one ring to the next."""
RINGS = {"timer": 3, "alarm": 10}
"""How often it is told that the time has come."""
LATE_SECONDS = 300.0
"""What rings later than this was missed, because the robot was off."""

Kind: TypeAlias = Literal["timer", "alarm"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that rings at ``due``. ``seconds``: how long a timer runs in all. ``remind``:
    ``name`` is what the user wants to be told. ``rung``: how often it has rung already."""

    kind: Kind
    due: float
    seconds: int = 0
    name: str = ""
    remind: bool = False
    language: str = "en"
    rung: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """All that there is."""

    items: tuple[Item, ...] = ()
    """The first to ring comes first."""
    asked: SetTimer | SetAlarm | None = None
    """What the robot has asked the length or the time of, until ``asked_until``."""
    asked_until: float = 0.0
    rung: Item | None = None
    """What has rung last, at ``rung_at``."""
    rung_at: float = 0.0

    def of(self, kind: Kind) -> list[Item]:
        """Those that have not rung yet."""
        return [item for item in self.items if item.kind == kind and not item.rung]


def quiet(state: State) -> State:
    """Somebody has spoken: nothing rings on, and no answer is waited for."""
    return replace(state, items=tuple(i for i in state.items if not i.rung), asked=None)


def due(state: State, now: float) -> tuple[list[Item], State]:
    """What rings at ``now``, as it was before, and the state afterwards."""
    ringing = [item for item in state.items if item.due <= now]
    if not ringing:
        return [], state
    again = [
        replace(item, due=now + AGAIN_SECONDS, rung=item.rung + 1)
        for item in ringing
        if item.rung + 1 < RINGS[item.kind] and not is_late(item, now)
    ]
    waiting = [item for item in state.items if item.due > now]
    last = replace(ringing[-1], rung=0)
    return ringing, replace(state, items=ordered([*waiting, *again]), rung=last, rung_at=now)


def ring(item: Item, voice: Voice) -> str:
    """What is said when ``item`` rings."""
    now = voice.now.timestamp()
    if is_late(item, now):
        time = phrases.clock(local(item.due), voice.language)
        return voice.say("missed", time=time, label=label(item, voice))
    if item.remind:
        return voice.say("reminder_rings", name=voice.yours(item.name))
    if item.kind == "alarm":
        return voice.say("alarm_rings", time=phrases.clock(voice.now, voice.language))
    return voice.say("timer_rings", label=label(item, voice))


def is_late(item: Item, now: float) -> bool:
    """Whether nobody was there to ring it."""
    return now - item.due > LATE_SECONDS


def local(seconds: float) -> datetime:
    """Seconds since the epoch as local time."""
    return datetime.fromtimestamp(seconds).astimezone()


def label(item: Item, voice: Voice) -> str:
    """What ``item`` is called."""
    if item.remind:
        return voice.word("label_reminder", name=voice.yours(item.name))
    values = {"name": item.name} if item.name else {}
    if item.kind == "alarm":
        values["when"] = phrases.when(local(item.due), voice.now, voice.language)
    elif not item.name:
        values["duration"] = phrases.duration(item.seconds, voice.language)
    return voice.word(f"label_{'named_' if item.name else ''}{item.kind}", **values)


def ordered(items: Iterable[Item]) -> tuple[Item, ...]:
    """The first to ring comes first."""
    return tuple(sorted(items, key=lambda item: item.due))
