"""Timers, alarms and reminders in English. Pure. Texts are as ``plain`` leaves them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .amounts import LENGTH_EN, seconds
from .english import Make, Rule
from .english_days import day, when
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

_SET = (
    r"(?:set up|set|start|make|create|begin|put on|run|add|give me|get me|i need|i want"
    r"|i would like"
    r"|can i have|could i have|may i have|can i get)(?: me| us)?"
)
_NEW = r"(?:(?:a new|another|one more|a|an|one) )?"
_ANY = r"(?:(?:a new|another|one more|the|my|a|an|one) )?"
_NOT = r"(?!(?:what|me|that|this|it|whom?|later|all|which|the|my|a|an|now|today|alarm|of|in|at)\b)"
_WORD = rf"{_NOT}[a-z]+"
_NAME = rf"{_WORD}(?: {_WORD}){{0,2}}"
_TIMER = r"(?:kitchen )?(?:timer|countdown)"
_CALLED = rf"(?: (?:called|named|labell?ed|for)(?: the| my)? (?P<name>{_NAME}))?"
_SURELY_CALLED = rf"(?: (?:called|named|labell?ed)(?: the| my)? (?P<name>{_NAME}))?"
_BEFORE = rf"(?:(?P<kind>{_WORD}) )?"
_LENGTH = rf"(?P<length>{LENGTH_EN})"
_OFF = (
    r"(?:cancel|stop|delete|remove|clear|turn off|switch off|shut off|end|kill|forget|drop|silence"
    r"|dismiss)"
)
_ALL = r"(?:(?P<all>all(?: of)?|every|both)(?: of)? )?(?:(?:the|my|that|this) )?"
_EVERY = re.compile(
    r"\b(?:every|each) (?:single )?(?:day|morning|evening|night|week|weekday|weekend|hour"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|\b(?:daily|weekly|weekdays|hourly"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b"
)


def _length(found: re.Match[str]) -> int | None:
    text = found.groupdict().get("length")
    return seconds(text, "en") if text else None


def _name(found: re.Match[str]) -> str:
    groups = found.groupdict()
    name = groups.get("name") or groups.get("kind") or ""
    return "" if name in ("kitchen", "new", "short", "quick") else name


def _set(found: re.Match[str]) -> Request | None:
    length = _length(found)
    if length is None and found.groupdict().get("length"):
        return None
    return SetTimer(length, _name(found))


def _remind(found: re.Match[str]) -> Request | None:
    length, about = _length(found), found.groupdict().get("about") or ""
    return None if length is None else SetTimer(length, about, bool(about))


def _which(found: re.Match[str]) -> Which:
    groups = found.groupdict()
    text = groups.get("when") or ""
    time, named = when(text), day(text)
    if time is not None:
        named = time.day
    all_ = bool(groups.get("all") or groups.get("many"))
    return Which(_name(found), _length(found), time, named, all_)


def _cancel(found: re.Match[str]) -> Request | None:
    kind = "alarm" if "alarm" in found.group() else "timer"
    which = _which(found)
    unknown = found.groupdict().get("when") and which.when is None and which.day is None
    return None if unknown else Cancel(kind, which)  # type: ignore[arg-type]


def _left(found: re.Match[str]) -> Request | None:
    return AskLeft("timer", Which(_name(found), _length(found)))


def _extend(found: re.Match[str]) -> Request | None:
    length = _length(found)
    return None if length is None else Extend(length, Which(_name(found)))


def _alarm(found: re.Match[str]) -> Request | None:
    groups = found.groupdict()
    said = " ".join(filter(None, (groups.get("early"), groups.get("when"))))
    if _EVERY.search(found.group()):
        return Cannot("alarm_once")
    wake = "wake" in found.group() or "get me up" in found.group()
    if not said or (wake and said in ("tomorrow", "tomorrow morning", "in the morning")):
        return SetAlarm(None, wake=wake)
    time, about = when(said), groups.get("about") or ""
    return None if time is None else SetAlarm(time, about or _name(found), bool(about), wake)


def _remind_at(found: re.Match[str]) -> Request | None:
    """The time is behind what is to be said, which may have an "at" of its own."""
    text = found["rest"]
    for gap in re.finditer(
        r" (?=(?:at|by|on|this|tomorrow|today|tonight|next|every|each)\b)", text
    ):
        rest = text[gap.end() :]
        once = " ".join(_EVERY.sub(" ", rest).split())
        if once != rest and (not once or when(once)):
            return Cannot("alarm_once")
        if time := when(rest):
            return SetAlarm(time, text[: gap.start()], remind=True)
    return SetAlarm(None, text, remind=True) if found["to"] else None


def _snooze(found: re.Match[str]) -> Request | None:
    length = seconds(found["length"] or "5 minutes", "en")
    return None if length is None else Snooze(length, sure="snooze" in found.group())


def _clock(found: re.Match[str]) -> Request | None:
    time = when(found.group())
    return None if time is None else Clock(time)


def _only_length(found: re.Match[str]) -> Request | None:
    length = _length(found)
    return None if length is None else Length(length)


def _rule(make: Make, *patterns: str) -> Rule:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)), make


def _rules(make: Make, *patterns: str) -> list[Rule]:
    """A rule each, for patterns that have groups of the same name."""
    return [_rule(make, pattern) for pattern in patterns]


_MANY = rf"{_TIMER}(?P<many>s)?"
_AT = r"(?P<when>.+?)"
RULES: Sequence[Rule] = (
    *_rules(
        _set,
        rf"(?:{_SET} )?{_NEW}{_LENGTH} (?:long )?{_BEFORE}{_TIMER}{_CALLED}",
        rf"{_SET} {_ANY}{_BEFORE}{_TIMER}(?: for| of| to| at)? {_LENGTH}{_CALLED}",
        rf"{_SET} {_ANY}{_TIMER}{_CALLED} (?:for|of|at|to) {_LENGTH}",
        rf"{_TIMER}(?: for| of)? {_LENGTH}{_CALLED}",
        rf"(?:count down|countdown)(?: from| for)? {_LENGTH}",
        rf"time(?: me| it)?(?: for)? {_LENGTH}",
        rf"{_SET} {_NEW}{_BEFORE}{_TIMER}{_SURELY_CALLED}",
        rf"set the {_TIMER}",
    ),
    *_rules(
        _remind,
        rf"remind me (?:to |about |that )?(?P<about>.+?) (?:in|after) {_LENGTH}(?: from now)?",
        rf"(?:in|after) {_LENGTH} remind me (?:to |about |that )?(?P<about>.+)",
        rf"remind me (?:in|after) {_LENGTH}(?: from now)? (?:to |about |that )?(?P<about>.+)",
        rf"(?:remind|alert|notify|call|tell|warn|ping|wake) me(?: up)? (?:again )?(?:in|after)"
        rf" {_LENGTH}",
        rf"let me know (?:in|after) {_LENGTH}",
        rf"(?:let me know|tell me|call me|alert me) when {_LENGTH}"
        r" (?:is|are|have|has)(?: been)? (?:up|over|passed|gone by|gone|done)",
    ),
    *_rules(
        _extend,
        rf"(?:add|put) (?:another )?{_LENGTH}(?: more)? (?:to|on) (?:the|my) {_BEFORE}{_TIMER}",
        rf"(?:extend|prolong) (?:the|my) {_BEFORE}{_TIMER} by {_LENGTH}",
    ),
    *_rules(
        _cancel,
        rf"{_OFF} {_ALL}(?:{_LENGTH} )?{_BEFORE}{_MANY}{_CALLED}",
        rf"(?:turn|switch) {_ALL}{_BEFORE}{_MANY} off",
        rf"{_OFF} {_ALL}{_TIMER} for {_LENGTH}",
        rf"{_OFF} {_ALL}alarms?(?: (?:clock )?(?:for|at|on) {_AT})?",
        rf"{_OFF} (?P<all>all(?: of)?(?: the| my)?|both|every|my|the) alarms?(?P<many>s)?",
        rf"{_OFF} (?:the |my ){_AT} alarm",
        r"(?:turn|switch) (?:the |my )alarms? off",
    ),
    _rule(
        lambda found: Cannot("timer_no_pause"),
        rf"(?:pause|resume|hold|unpause) (?:the|my) {_BEFORE}{_TIMER}s?",
    ),
    *_rules(
        _left,
        rf"how (?:long|much (?:time|longer)|many (?:minutes|seconds|hours))"
        r"(?: (?:is|are|do i have|have i got|does|has))?(?: there)?(?: still)?(?: left| remaining)?"
        rf"(?: on| for| until| till| before| in)?(?: the| my) (?:{_LENGTH} )?{_BEFORE}{_TIMER}s?"
        r"(?: left| remaining| have left| have| got| got left| goes off| rings| ends| is done"
        r"| run)?",
        rf"(?:how is|check(?: on)?|what about|how about) (?:the|my) {_BEFORE}{_TIMER}s?(?: doing)?",
        rf"time (?:left|remaining) on (?:the|my) {_BEFORE}{_TIMER}",
        rf"(?:when|what time) (?:does|will|is) (?:the|my) {_BEFORE}{_TIMER}"
        r" (?:go off|end|ring|finish|be done|done|over)",
        rf"(?:what|which) {_TIMER}s? (?:are|do i have|is|have i)(?: set| running| active| on)*",
        rf"(?:list|show|read)(?: me)?(?: all)?(?: of)?(?: the| my) {_TIMER}s",
        rf"(?:are there|do i have) (?:any |a )?{_TIMER}s?(?: set| running| active| on)*",
        rf"is (?:the|my|a|any) {_BEFORE}{_TIMER} (?:still )?(?:running|on|set|active)",
    ),
    _rule(
        lambda found: AskLeft("alarm"),
        r"(?:what|which) alarms? (?:are|do i have|is|have i)(?: set| on| active)*",
        r"(?:list|show|read|check)(?: me)?(?: all)?(?: of)?(?: the| my) alarms?",
        r"(?:when|what time|for when|for what time) (?:is|does|will) (?:the|my) (?:next )?alarm"
        r"(?: set| going off| go off| ring)*(?: for)?",
        r"(?:are there|do i have|is there|have i got) (?:any |an )?alarms?(?: set| on| active)*"
        r"(?: for tomorrow)?",
        r"is (?:the|my|an) alarm (?:set|on)",
    ),
    *_rules(
        _alarm,
        rf"(?:(?P<early>tomorrow(?: morning)?|tonight|on \w+day) )?(?:wake|get) (?:me|us) up"
        rf"(?: (?:at|by|around|for))? {_AT}",
        rf"(?:(?P<early>tomorrow(?: morning)?|on \w+day) )?wake me (?:at|by|around|tomorrow) {_AT}",
        r"wake me up",
        rf"{_SET} {_ANY}(?:alarm clock|alarm|wake up call)"
        rf"(?: (?:for|at|to))? {_AT}(?: (?:called|named|labell?ed) (?P<name>{_NAME}))?",
        rf"{_SET} {_NEW}{_AT} alarm(?: (?P<early>tomorrow(?: morning)?))?",
        rf"alarm (?:for|at) {_AT}",
        rf"{_SET} {_ANY}alarm(?: clock)?",
        r"remind me (?P<early>tomorrow (?:morning )?)?(?:at|on|tomorrow) (?P<when>.+?)"
        r" (?:to|about|that) (?P<about>.+)",
    ),
    _rule(_remind_at, r"remind me (?:(?P<to>to) |about |that |of )(?P<rest>.+)"),
    _rule(_alarm, rf"remind me at {_AT}"),
    *_rules(
        _snooze,
        rf"snooze(?: (?:the|my) alarm| it)?(?: for)?(?: {_LENGTH})?",
        rf"{_LENGTH} (?:more|longer)",
    ),
    _rule(_only_length, rf"(?:for |make it )?(?!a )(?!one s){_LENGTH}"),
    _rule(
        _clock,
        r"(?:(?:at|for|tomorrow|today|tonight|on \w+day) .+|.+ (?:am|pm|oclock)(?: .+)?"
        r"|\d{1,2}:\d\d|noon|midnight|.+ in the (?:morning|evening|afternoon)|half past .+"
        r"|[a-z]+(?: [a-z]+)?)",
    ),
)
"""In the order they are tried."""
