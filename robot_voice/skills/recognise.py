"""Is this for the clock, the calendar, the timers or the calculator? Pure.

As with the body's commands, only a whole utterance that asks for it and nothing else counts; the
rest is the model's. English or Korean is decided by the letters, not by what the recogniser takes
the language for: it often takes short words for another.
"""

from __future__ import annotations

from . import english, english_timers, korean, korean_timers
from .plain import is_korean, plain
from .requests import Request

_ENGLISH = (*english.RULES, *english_timers.RULES)
_KOREAN = (*korean.RULES, *korean_timers.RULES)


def skill_request(text: str, name: str = "") -> Request | None:
    """What ``text``, English or Korean, asks for; None: nothing that code could answer.

    ``name``: what the robot is called, which may stand before or behind a request.
    """
    words = plain(text, name)
    for pattern, make in _KOREAN if is_korean(words) else _ENGLISH:
        found = pattern.fullmatch(words)
        if found is not None and (request := make(found)) is not None:
            return request
    return None
