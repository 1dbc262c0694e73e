"""Questions to the clock, the calendar and the calculator in English. Pure.

Texts are as ``plain`` leaves them. A pattern covers a whole utterance, so that "the time of my
life" and "what time does the shop open" are none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeAlias

from . import units
from .amounts import EN, number
from .english_days import day
from .requests import AskDay, AskDistance, AskTime, Convert, Operator, Request, Share, Sum

Make: TypeAlias = Callable[[re.Match[str]], Request | None]
Rule: TypeAlias = tuple[re.Pattern[str], Make]

_TELL = r"(?:(?:tell me|let me know|do you know|do you happen to know|any idea|say) )?"
_WHAT = r"(?:what|which) (?:day of the week|day of the month|day|date|weekday)"
_WHAT_IS = r"what (?:is|was) the (?:day of the week|date|day|weekday)"
_IS = r"(?:is|was|will be|would be)"
_THEN = r"(?P<day>.+?)"
_UNTIL = r"(?:until|till|til|to|before|since)"
_LEFT = (
    r"(?: (?:is it|are there|is there|are left|left|do (?:we|i) have|to go|have passed|has it been"
    r"|have we got))*"
)

_WORDS: dict[str, Operator] = {
    "plus": "+",
    "minus": "-",
    "times": "*",
    "multiplied by": "*",
    "divided by": "/",
    "over": "/",
}
_BETWEEN = re.compile(f" ({'|'.join(_WORDS)}) ")
_SIGNED = rf"(?:(?:minus|negative) )?{EN}"
_SUM = rf"(?P<sum>{_SIGNED}(?: (?:{'|'.join(_WORDS)}) {_SIGNED}){{1,7}})"
_WORK_OUT = r"(?:(?:what is|how much is|calculate|compute|work out|what does) )?"
_UNIT = units.names("en")
_AMOUNT = rf"(?P<amount>(?:minus )?{EN}) (?P<source>{_UNIT})"


def _day(found: re.Match[str]) -> Request | None:
    named = day(found["day"])
    return None if named is None else AskDay(named)


def _distance(found: re.Match[str]) -> Request | None:
    named = day(found["day"])
    weeks = found.groupdict().get("unit") == "weeks"
    return None if named is None else AskDistance(named, "weeks" if weeks else "days")


def _sum(found: re.Match[str]) -> Request | None:
    numbers, operators = _BETWEEN.split(found["sum"])[::2], _BETWEEN.findall(found["sum"])
    known = [each for text in numbers if (each := _signed(text)) is not None]
    if len(known) < len(numbers):
        return None
    return Sum(tuple(known), tuple(_WORDS[word] for word in operators))


def _signed(text: str) -> Fraction | None:
    bare = re.sub(r"^(?:minus|negative) ", "", text)
    found = number(bare, "en")
    return found if found is None or bare == text else -found


def _share(found: re.Match[str]) -> Request | None:
    percent, whole = number(found["percent"], "en"), number(found["whole"], "en")
    return None if percent is None or whole is None else Share(percent, whole)


def _converted(found: re.Match[str]) -> Request | None:
    amount = _signed(found["amount"])
    source = units.unit(found["source"], "en")
    target = units.unit(found["target"], "en", source or "")
    return None if amount is None or not source or not target else Convert(amount, source, target)


def _asks(make: Make, *patterns: str) -> Rule:
    return re.compile(_TELL + "(?:" + "|".join(patterns) + ")"), make


RULES: Sequence[Rule] = (
    _asks(
        lambda found: AskTime(),
        r"(?:what|which) time (?:is it|it is|is)|how late is it|what the time is|time check",
        r"what is the (?:current |exact |right |correct )?time|(?:the )?current time",
        r"(?:do you have|have you got|got|give me|you got|tell me) the (?:current )?time",
        r"(?<=tell me )the time|(?<=know )the time",
    ),
    _asks(
        lambda found: AskDay(),
        rf"{_WHAT} (?:is it|it is|is today|today is|is it today|today)",
        rf"{_WHAT_IS}(?: today| of today)?|what is today|what day are we|what date are we on",
        r"what is todays (?:date|day|weekday)|todays date|the date today|(?<=tell me )the date",
    ),
    _asks(lambda found: AskDay(part="month"), r"(?:what|which) month (?:is it|it is|are we in)"),
    _asks(lambda found: AskDay(part="year"), r"(?:what|which) year (?:is it|it is|are we in)"),
    _asks(
        _day,
        rf"(?:on )?{_WHAT} (?:{_IS}|it {_IS}|does|did)(?: it)?(?: be)? {_THEN}"
        r"(?: be| fall on| on)?",
    ),
    _asks(_day, rf"(?:on )?{_WHAT} (?:will|would)(?: it)?(?: be)? {_THEN}(?: be| fall on| be on)?"),
    _asks(_day, rf"{_WHAT_IS} (?:of |on |for )?{_THEN}"),
    _asks(_day, r"(?:what (?:is|was) )?(?P<day>tomorrow|yesterday)s (?:date|day|weekday)"),
    _asks(_day, rf"when {_IS} {_THEN}"),
    _asks(
        _distance,
        rf"how many (?:more )?(?P<unit>days|weeks){_LEFT} {_UNTIL} {_THEN}",
    ),
    _asks(_distance, rf"how (?:long|much longer){_LEFT} {_UNTIL} {_THEN}"),
    _asks(_distance, rf"how (?:far|long|many (?P<unit>days|weeks)) away is {_THEN}"),
    _asks(_distance, rf"(?P<unit>days|weeks)(?: left)? {_UNTIL} {_THEN}"),
    _asks(_sum, rf"{_WORK_OUT}{_SUM}(?: equals?| is| make| equal)?(?: what)?"),
    _asks(_share, rf"{_WORK_OUT}(?P<percent>{EN}) percent of (?P<whole>{EN})"),
    _asks(
        _converted,
        rf"(?:(?:what is|how much is|convert|change|turn) )?{_AMOUNT} (?:in|to|into|as)"
        rf" (?P<target>{_UNIT})",
    ),
    _asks(
        _converted,
        rf"how (?:many|much) (?P<target>{_UNIT}) (?:(?:are|is) (?:there )?(?:in )?|in|does|do|make)"
        rf" ?{_AMOUNT}(?: have| make)?",
    ),
)
"""In the order they are tried."""
