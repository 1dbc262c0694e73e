"""Answers of the clock, the calendar and the calculator. Pure."""

from __future__ import annotations

from fractions import Fraction

from . import phrases, units
from .days import resolve
from .requests import AskDay, AskDistance, AskTime, Convert, Request, Share, Sum
from .voice import Voice

_MOST = 10**15
"""A larger result could hardly be listened to."""


def answer(request: Request, voice: Voice) -> str | None:
    """What is said to ``request`` at ``voice.now``; None: it is for the timers, or nothing is known
    of such a day."""
    match request:
        case AskTime():
            return voice.say("time", time=phrases.clock(voice.now, voice.language))
        case AskDay():
            return _day(request, voice)
        case AskDistance():
            return _distance(request, voice)
        case Sum():
            return _sum(request, voice)
        case Share(percent, whole):
            said = voice.word("percent", percent=_digits(percent), whole=_digits(whole))
            return _result(said, percent * whole / 100, voice)
        case Convert():
            return _convert(request, voice)
    return None


def _day(request: AskDay, voice: Voice) -> str | None:
    today = voice.now.date()
    day = resolve(request.day, today)
    if day is None:
        return None
    if request.part == "month":
        return voice.say("month", month=phrases.month(day, voice.language))
    if request.part == "year":
        return voice.say("year", year=str(day.year))
    subject = phrases.subject(request.day, day, today, voice.language, dated=False)
    date = phrases.date_(day, today, voice.language)
    return voice.say("day_was" if day < today else "day", subject=subject, date=date)


def _distance(request: AskDistance, voice: Voice) -> str | None:
    today = voice.now.date()
    day = resolve(request.day, today)
    if day is None:
        return None
    days = (day - today).days
    subject = phrases.subject(request.day, day, today, voice.language, dated=True)
    if days == 0:
        return voice.say("until_today", subject=subject)
    far = phrases.distance(abs(days), request.unit, voice.language)
    return voice.say("until" if days > 0 else "since", distance=far, subject=subject)


def _sum(request: Sum, voice: Voice) -> str:
    words = [_digits(request.numbers[0])]
    for operator, number in zip(request.operators, request.numbers[1:], strict=True):
        words += [voice.word(operator), _digits(number)]
    try:
        result = worked_out(request)
    except ZeroDivisionError:
        return voice.say("zero")
    gap = "" if voice.language in ("ja", "zh") else " "
    return _result(gap.join(words), result, voice)


def worked_out(request: Sum) -> Fraction:
    """The value. Raises ``ZeroDivisionError``."""
    terms = [request.numbers[0]]
    for operator, number in zip(request.operators, request.numbers[1:], strict=True):
        if operator in "+-":
            terms.append(number if operator == "+" else -number)
        else:
            terms[-1] = terms[-1] * number if operator == "*" else terms[-1] / number
    return sum(terms, Fraction(0))


def _result(said: str, result: Fraction, voice: Voice) -> str:
    if abs(result) > _MOST:
        return voice.say("too_large")
    text, exact = phrases.number(result)
    return voice.say("sum", sum=said, result=voice.about(text, exact))


def _convert(request: Convert, voice: Voice) -> str | None:
    result = units.convert(request.amount, request.source, request.target)
    if result is None:
        return None
    if abs(result) > _MOST:
        return voice.say("too_large")
    said = phrases.measure(request.amount, request.source, voice.language)
    found = phrases.measure(result, request.target, voice.language)
    return voice.say("sum", sum=said, result=voice.about(found, phrases.number(result)[1]))


def _digits(value: Fraction) -> str:
    return phrases.number(value)[0]
