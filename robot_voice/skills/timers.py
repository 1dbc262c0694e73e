"""What is asked of timers and alarms, and what follows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from . import phrases
from .days import resolve
from .items import Item, Kind, State, label, local, ordered
from .moments import moment
from .requests import (
    AskLeft,
    Cancel,
    Cannot,
    Clock,
    Extend,
    Length,
    Request,
    SetAlarm,
    SetTimer,
    Snooze,
    Which,
)
from .voice import Voice

MOST = 20
"""Timers and alarms at once."""
LONGEST = 24 * 3600
"""Seconds of a timer; what is later is an alarm."""
MOST_TOLD = 3
"""Told in one breath."""
ASKED_SECONDS = 60.0
"""How long a question of the robot waits for its answer."""
SNOOZE_SECONDS = 600.0
"""How long after a ring "snooze" may mean it."""
MORE_SECONDS = 60.0
"""How long after it "five more minutes" may."""
Step: TypeAlias = tuple[str, State]
"""What is said, and what is true afterwards."""


def step(request: Request, state: State, voice: Voice) -> Step | None:
    """What ``request`` leads to; None: it asks for nothing here, or not now."""
    match request:
        case SetTimer():
            return _set_timer(request, state, voice)
        case SetAlarm():
            return _set_alarm(request, state, voice)
        case Cannot(why):
            return voice.say(why), state
        case Length() | Clock():
            return _answered(request, state, voice)
    return _about_set(request, state, voice)


def _about_set(request: Request, state: State, voice: Voice) -> Step | None:
    """What is asked of those that are set already."""
    match request:
        case Cancel(kind, which):
            return _cancel(kind, which, state, voice)
        case AskLeft(kind, which):
            return _tell(kind, which, state, voice), state
        case Extend():
            return _extend(request, state, voice)
        case Snooze():
            return _snooze(request, state, voice)
    return None


def _set_timer(request: SetTimer, state: State, voice: Voice) -> Step:
    if request.seconds is None:
        return voice.say("timer_how_long"), _asking(request, state, voice)
    if request.seconds > LONGEST:
        return voice.say("timer_too_long"), state
    due_at = voice.now.timestamp() + request.seconds
    item = Item("timer", due_at, request.seconds, request.name, request.remind, voice.language)
    duration = phrases.duration(request.seconds, voice.language)
    if request.remind:
        said = voice.say("remind_in", duration=duration)
    elif request.name:
        said = voice.say("timer_named", label=label(item, voice), duration=duration)
    else:
        said = voice.say("timer_set", duration=duration)
    return _added(item, said, state, voice)


def _set_alarm(request: SetAlarm, state: State, voice: Voice) -> Step:
    if request.when is None:
        return voice.say("alarm_when"), _asking(request, state, voice)
    at = moment(request.when, voice.now, request.wake)
    if at is None:
        return voice.say("alarm_past"), state
    at = at.astimezone()
    item = Item("alarm", at.timestamp(), 0, request.name, request.remind, voice.language)
    when = phrases.when(at, voice.now, voice.language)
    said = voice.say("remind_at" if request.remind else "alarm_set", when=when)
    return _added(item, said, state, voice)


def _added(item: Item, said: str, state: State, voice: Voice) -> Step:
    if len(state.items) >= MOST:
        return voice.say("full"), state
    return said, replace(state, items=ordered([*state.items, item]), asked=None)


def _asking(request: SetTimer | SetAlarm, state: State, voice: Voice) -> State:
    return replace(state, asked=request, asked_until=voice.now.timestamp() + ASKED_SECONDS)


def _answered(request: Length | Clock, state: State, voice: Voice) -> Step | None:
    """The answer to "for how long?" or "at what time?"."""
    if state.asked is None or voice.now.timestamp() > state.asked_until:
        return None
    match request, state.asked:
        case Length(seconds), SetTimer(_, name, remind):
            return _set_timer(SetTimer(seconds, name, remind), state, voice)
        case Length(seconds), SetAlarm(_, name, remind):
            return _set_timer(SetTimer(seconds, name, remind), state, voice)
        case Clock(when), SetAlarm() as asked:
            return _set_alarm(replace(asked, when=when), state, voice)
    return None


def _cancel(kind: Kind, which: Which, state: State, voice: Voice) -> Step:
    ringing = [item for item in state.items if item.kind == kind and item.rung]
    waiting = state.of(kind)
    if not ringing and not waiting:
        return voice.say(f"{kind}_none"), state
    if which.all:
        rest = tuple(item for item in state.items if item.kind != kind)
        return voice.say(f"{kind}s_cancelled"), replace(state, items=rest)
    found = ringing if which == Which() and ringing else _found(which, waiting, voice)
    if not found:
        return voice.say(f"{kind}_unknown"), state
    if len(found) > 1 and not ringing:
        return voice.say(f"{kind}_which", labels=_labels(found, voice)), state
    rest = tuple(item for item in state.items if item not in found)
    said = voice.say(f"{kind}_cancelled", label=label(found[0], voice))
    return said, replace(state, items=rest)


def _tell(kind: Kind, which: Which, state: State, voice: Voice) -> str:
    waiting = state.of(kind)
    if not waiting:
        return voice.say(f"{kind}_none")
    found = _found(which, waiting, voice)
    if not found:
        return voice.say(f"{kind}_unknown")
    gap = "" if voice.language in ("ja", "zh") else " "
    return gap.join(_told(item, voice) for item in found[:MOST_TOLD])


def _told(item: Item, voice: Voice) -> str:
    if item.kind == "alarm":
        return voice.say("alarm_at", when=phrases.when(local(item.due), voice.now, voice.language))
    left = phrases.duration(item.due - voice.now.timestamp(), voice.language)
    return voice.say("timer_left", label=label(item, voice), duration=left)


def _extend(request: Extend, state: State, voice: Voice) -> Step:
    waiting = state.of("timer")
    if not waiting:
        return _set_timer(SetTimer(request.seconds, request.which.name), state, voice)
    found = _found(request.which, waiting, voice)
    if not found:
        return voice.say("timer_unknown"), state
    if len(found) > 1:
        return voice.say("timer_which", labels=_labels(found, voice)), state
    old = found[0]
    new = replace(old, due=old.due + request.seconds, seconds=old.seconds + request.seconds)
    left = phrases.duration(new.due - voice.now.timestamp(), voice.language)
    said = voice.say("timer_extended", label=label(new, voice), duration=left)
    items = ordered([new if item is old else item for item in state.items])
    return said, replace(state, items=items)


def _snooze(request: Snooze, state: State, voice: Voice) -> Step | None:
    limit = SNOOZE_SECONDS if request.sure else MORE_SECONDS
    now = voice.now.timestamp()
    if state.rung is None or now - state.rung_at > limit:
        return None
    again = replace(state.rung, due=now + request.seconds, language=voice.language)
    said = voice.say("snoozed", duration=phrases.duration(request.seconds, voice.language))
    waiting = [item for item in state.items if not item.rung]
    return said, replace(state, items=ordered([*waiting, again]), rung=None)


def _found(which: Which, items: Sequence[Item], voice: Voice) -> list[Item]:
    """Those that are meant. A name or length that none has means none."""
    if which.name:
        return [item for item in items if _plain(which.name) in _plain(item.name)]
    if which.seconds is not None:
        return [item for item in items if item.seconds == which.seconds]
    found = list(items)
    if which.when is not None:
        asked = which.when
        found = [item for item in found if _rings_at(item, asked.hour, asked.minute, asked.half)]
    if which.day is not None:
        day = resolve(which.day, voice.now.date())
        found = [item for item in found if local(item.due).date() == day]
    return found


def _rings_at(item: Item, hour: int, minute: int, half: str) -> bool:
    at = local(item.due)
    if at.minute != minute or at.hour % 12 != hour % 12:
        return False
    return half not in ("am", "pm") or (at.hour < 12) == (half == "am")


def _labels(items: Sequence[Item], voice: Voice) -> str:
    return voice.listed([label(item, voice) for item in items[:MOST_TOLD]])


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "")
