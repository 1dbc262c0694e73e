"""Is this for the clock, the calendar, the timers or the calculator? Pure.

As with the body's commands, only a whole utterance that asks for it and nothing else counts; the
rest is the model's. English or Korean is decided by the letters, not by what the recogniser takes
the language for: it often takes short words for another.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from . import english, english_timers, korean, korean_timers
from .plain import is_korean, plain
from .requests import Request, SetAlarm, SetTimer

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
            return _as_said(request, text)
    return None


def _as_said(request: Request, text: str) -> Request:
    """``request`` with its name as the user wrote it: with spaces, capitals and marks."""
    if not isinstance(request, SetTimer | SetAlarm) or not request.name:
        return request
    letters = map(re.escape, request.name.replace(" ", ""))
    written = unicodedata.normalize("NFKC", text)
    found = re.search(r"\W*".join(letters), written, re.IGNORECASE)
    return replace(request, name=found.group()) if found else request
