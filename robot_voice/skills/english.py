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
from .days import TODAY
from .english_days import day
from .requests import AskDay, AskDistance, AskTime, Convert, Operator, Request, Share, Sum

Rule: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str]], Request | None]]

_TELL = r"(?:(?:tell me|let me know|do you know|do you happen to know|any idea|say) )?"
_ISIT = r"(?:is it|it is|is)"
_THEN = r"(?P<day>.+)"
_IS = r"(?:is|was|will be|would be)"
_WHICH_DAY = (
    r"(?:what|which) (?:day of the week|day|date|weekday|day of the month)|what the date|what day"
    r"|what is the (?:date|day|weekday)|what was the date|on (?:what|which) day|when"
)


def _asks(pattern: str, make: Callable[[re.Match[str]], Request | None]) -> Rule:
    return re.compile(_TELL + f"(?:{pattern})"), make


def _day(found: re.Match[str]) -> Request | None:
    named = day(found["day"])
    return None if named is None else AskDay(named)


def _distance(found: re.Match[str]) -> Request | None:
    named = day(found["day"])
    weeks = "week" in (found.groupdict().get("unit") or "")
    return None if named is None else AskDistance(named, "weeks" if weeks else "days")


_MORE = rf"(?: (?P<unit>days|weeks))?(?: (?:is it|are there|are left|left|do we have|do i have|to go|have passed|has it been|is there))*"

_OPERATORS: dict[str, Operator] = {
    "plus": "+",
    "and": "+",
    "added to": "+",
    "minus": "-",
    "times": "*",
    "multiplied by": "*",
    "divided by": "/",
    "over": "/",
}
_SIGNED = rf"(?:(?:minus|negative) )?{EN}"
_BETWEEN = re.compile(r" (plus|minus|times|multiplied by|divided by|over) (?!minus|negative)")
_SUM = rf"(?P<sum>{_SIGNED}(?: (?:plus|minus|times|multiplied by|divided by|over) {_SIGNED}){{1,7}})"


def _sum(found: re.Match[str]) -> Request | None:
    """``found["sum"]``: numbers with operators between them."""
    pieces = re.split(
        r" (plus|minus|times|multiplied by|divided by|over) (?=(?:minus |negative )?\S)",
        found["sum"],
    )
    return _made([pieces[0], *pieces[2::2]], [_OPERATORS[word] for word in pieces[1::2]])


def _made(texts: Sequence[str], operators: Sequence[Operator]) -> Request | None:
    numbers = [_signed(text) for text in texts]
    known = [each for each in numbers if each is not None]
    return Sum(tuple(known), tuple(operators)) if len(known) == len(texts) else None


def _signed(text: str) -> Fraction | None:
    bare = re.sub(r"^(?:minus|negative) ", "", text)
    found = number(bare, "en")
    return found if found is None or bare == text else -found


def _share(found: re.Match[str]) -> Request | None:
    percent, whole = number(found["percent"], "en"), number(found["whole"], "en")
    return None if percent is None or whole is None else Share(percent, whole)


_UNIT = units.names("en")


def _converted(found: re.Match[str]) -> Request | None:
    amount = number(found["amount"] or "1", "en")
    source = units.unit(found["source"], "en")
    target = units.unit(found["target"], "en", source or "")
    return None if amount is None or not source or not target else Convert(amount, source, target)


_AMOUNT = rf"(?P<amount>(?:minus )?{EN}) (?P<source>{_UNIT})"
_TARGET = rf"(?P<target>{_UNIT})"

RULES: Sequence[Rule] = (
    _asks(rf"(?:what|which) time {_ISIT}", lambda found: AskTime()),
    _asks(r"what (?:is )?the (?:current |exact |correct |right )?time(?: is(?: it)?)?",
          lambda found: AskTime()),
    _asks(r"the time|what the time is|the current time|how late is it|current time|time check",
          lambda found: AskTime() if found.group() != "the time" else None),
    _asks(r"(?:do you have|have you got|got|give me|you got|you have) the (?:current )?time",
          lambda found: AskTime()),
    _asks(rf"(?:{_WHICH_DAY}) {_ISIT}(?: today)?|what is todays? (?:date|day|weekday)|what is today"
          r"|(?:what|which) (?:day|date|weekday|day of the week) is(?: it)? today"
          r"|what is the (?:date|day|weekday|day of the week)(?: of)?(?: today)?|what date today"
          r"|what day today is|todays date|the date(?: today)?|what day are we(?: on)?",
          lambda found: None if found.group() in ("the date", "when is it", "when it is", "when is")
          else AskDay()),
    _asks(rf"(?:what|which) month {_ISIT}(?: now)?|what month are we in",
          lambda found: AskDay(part="month")),
    _asks(rf"(?:what|which) year {_ISIT}(?: now)?|what year are we in",
          lambda found: AskDay(part="year")),
    _asks(rf"(?:{_WHICH_DAY}) (?:{_IS}|does)(?: it)?(?: going to be| be)? {_THEN}?(?: be| fall on| on)?",
          lambda found: _day(found) if found["day"] else None),
    _asks(rf"(?:what|which) (?:day|date|weekday|day of the week) (?:(?:will|would) (?:it )?be|(?:will|would)(?: it)?"
          rf"|does|did|it {_IS}) {_THEN}?(?: be| fall on| fall| on)?",
          lambda found: _day(found) if found["day"] else None),
    _asks(r"(?:(?:what|when) (?:is|was) )?(?P<day>tomorrow|yesterday)s? (?:date|day|weekday)", _day),
    _asks(rf"when (?:is|was|will be|does) {_THEN}", _day),
    _asks(rf"how (?:many|much)(?: longer)?{_MORE} (?:until|till|til|to|before|since) {_THEN}", _distance),
    _asks(rf"how (?:long|far)(?: is it| away is it)? (?:until|till|til|to|before|since) {_THEN}", _distance),
    _asks(rf"how (?:long|far|many (?P<unit>days|weeks)) away is {_THEN}", _distance),
    _asks(rf"(?:the )?(?:number of )?(?P<unit>days|weeks)(?: left)? (?:until|till|til|since) {_THEN}", _distance),
    _asks(rf"(?:what is |how much is |calculate |compute |work out |what does )?{_SUM}(?: equals?| is| make| equal to)?"
          r"(?: what)?", _sum),
    _asks(rf"(?:what is |how much is |calculate )?(?P<percent>{EN}) percent of (?P<whole>{EN})", _share),
    _asks(rf"(?:what is |how much is |convert |change )?{_AMOUNT} (?:in|to|into|as) {_TARGET}", _converted),
    _asks(rf"how (?:many|much) {_TARGET} (?:are (?:there )?in|is|are|in|does|make(?: up)?|is in)"
          rf" {_AMOUNT}(?: have)?", _converted),
)  # fmt: skip
"""In the order they are tried."""

NOTHING = TODAY
