"""What the filter makes of a text, for whoever wants to see it: ``robot-voice screen``. Pure.

A reply is examined as the robot would before saying it, except that a text longer than a sentence
may be is cut, and that the user's danger does not decide about the reply. What a user says is
``crisis`` where the robot answers with its script, and ``block`` where it is abuse, or what the
robot would not say itself.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from robot_voice.types import Draft

from .policy import MAX_CHARS, Verdict
from .reading import Reading
from .screen import SafetyScreen

Decision: TypeAlias = Literal["pass", "soften", "block", "crisis", "gray"]

_DECISIONS: dict[str, Decision] = {"replace": "block"}
_GRAVITY = ("pass", "gray", "soften", "block", "crisis")


@dataclass(frozen=True, slots=True)
class Examined:
    """``gray``: the judge would be asked, and there is none; the robot says such a sentence."""

    action: Decision
    category: str
    scores: Mapping[str, float]
    """Probability of every head that was asked."""
    reading: Reading
    """Of the user's words, or of a reply without any of the reply's."""
    words: str = ""
    """What it is about, in the text's own spelling."""

    def to_json(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "category": self.category,
            "scores": {name: round(score, 4) for name, score in self.scores.items()},
            "emotion": self.reading.emotion,
        }


def examine_reply(
    screen: SafetyScreen, text: str, language: str, user: str = "", previous: str = ""
) -> Examined:
    """What would become of ``text`` if the robot were about to say it to ``user``."""
    pieces = [text]
    if len(text) > MAX_CHARS:  # a run without a space stays whole, and is not said
        pieces = textwrap.wrap(text, MAX_CHARS, break_long_words=False) or [text]
    found = [_reply(screen, Draft(piece, language, user, previous)) for piece in pieces]
    return max(found, key=lambda each: _GRAVITY.index(each.action))


def examine_user(screen: SafetyScreen, text: str, language: str) -> Examined:
    """What a user's words are taken for."""
    reading = screen.reading(text, language)
    if reading.danger:
        return Examined("crisis", reading.danger, reading.scores, reading)
    if reading.abuse:
        return Examined("block", "abuse", reading.scores, reading)
    as_reply = examine_reply(screen, text, language)
    scores = {**as_reply.scores, **reading.scores}
    rude = as_reply.category not in ("hurt", "too_long", "invalid", "wrong_language")
    if as_reply.action in ("block", "soften") and rude:
        return Examined("block", as_reply.category, scores, reading, as_reply.words)
    return Examined("pass", "feedback" if reading.feedback else "", scores, reading)


def _reply(screen: SafetyScreen, draft: Draft) -> Examined:
    verdict: Verdict = screen.examine(draft)
    action: Decision = _DECISIONS.get(verdict.action, verdict.action)  # type: ignore[arg-type]
    start, end = verdict.span or (0, 0)
    return Examined(
        action,
        verdict.category if action != "pass" else "",
        verdict.scores or {},
        screen.reading(draft.user or draft.text, draft.language),
        draft.text[start:end],
    )
