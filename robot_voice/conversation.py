"""What both sides have said. The robot remembers only what was heard aloud. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .types import Message

_SYLLABIC = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
"""Kana, Han, Hangul: every character is a syllable."""

_MARKS = r"[\u0300-\u036f\u3099\u309a\ufe00-\ufe0f]*[^\w\s]*\s*"
"""What belongs to the character before: accents, punctuation, space."""

_UNIT = re.compile(rf"[{_SYLLABIC}]{_MARKS}|(?:(?![{_SYLLABIC}])\S)+\s*")
"""The smallest pieces a sentence may be cut into: a syllable where each character is one, a word
elsewhere. A cut never falls between a letter and its marks."""


_ASKS = re.compile(r"[?？][\s\"'”’」』)]*$")

_EPSILON = 1e-3
"""Seconds by which a sum of block lengths may be off."""

MAX_CHARS = 4000
"""Longest message: someone who talks for an hour is remembered from here on."""


def _weight(unit: str) -> float:
    """How long a unit takes to say, relative to the others of its sentence."""
    return max(1.0, len(unit.rstrip()) * (2.0 if unit[:1] >= "\u3040" else 1.0))


def first_part(sentence: str, share: float) -> str:
    """The units of ``sentence`` that are over when ``share`` of its sound is."""
    units = _UNIT.findall(sentence)
    budget = share * sum(map(_weight, units)) + 1e-6
    said = ""
    for unit in units:
        budget -= _weight(unit)
        if budget < 0:
            break
        said += unit
    return said.rstrip()


@dataclass(slots=True)
class _Mark:
    text: str
    start: float
    end: float
    whole: bool = False
    """Whether ``end`` is where the sentence ends, or only where its sound ends so far."""


class Spoken:
    """A turn's sentences, and where in its playback each begins and ends, in seconds."""

    def __init__(self) -> None:
        self._marks: list[_Mark] = []

    @property
    def seconds(self) -> float:
        """Length of all that was handed to the loudspeaker."""
        return self._marks[-1].end if self._marks else 0.0

    def begin(self, text: str) -> None:
        self._marks.append(_Mark(text, self.seconds, self.seconds))

    def extend(self, seconds: float) -> None:
        """More sound of the present sentence was handed over."""
        self._marks[-1].end += seconds

    def finish(self) -> None:
        """All sound of the present sentence was handed over."""
        self._marks[-1].whole = True

    def until(self, seconds: float) -> str:
        """The text heard in the first ``seconds``.

        A sentence cut short keeps its first units. One whose full length is not known yet keeps
        none: the claim is never ahead of the sound.
        """
        heard = []
        for mark in self._marks:
            if mark.end == mark.start:  # it made no sound
                continue
            if mark.whole and seconds + _EPSILON < mark.end:
                heard.append(
                    first_part(mark.text, (seconds - mark.start) / (mark.end - mark.start))
                )
            elif mark.whole:
                heard.append(mark.text)
            if seconds + _EPSILON < mark.end:
                break
        return " ".join(filter(None, heard))


class Conversation:
    """The messages shown to the language model."""

    def __init__(self, max_messages: int = 20) -> None:
        self._messages: list[Message] = []
        self._max_messages = max_messages

    def add(self, role: Literal["user", "assistant"], text: str) -> None:
        """Append ``text``; join it to the last message when the same side speaks twice.

        A user who pauses and goes on is one message, not two: that is all it takes to
        resume a turn that was cancelled before the robot had said anything.
        """
        self._messages = self._with(role, text)

    def preview(self, user: str) -> list[Message]:
        """The messages as they would be if the user had said this. Nothing is remembered."""
        return self._with("user", user)

    def messages(self) -> list[Message]:
        return list(self._messages)

    @property
    def question(self) -> bool:
        """Whether the robot has just asked something."""
        last = self._messages[-1] if self._messages else None
        return last is not None and last.role == "assistant" and bool(_ASKS.search(last.text))

    @property
    def said(self) -> str:
        """What was heard of the robot last; empty when it has said nothing yet."""
        return next((m.text for m in reversed(self._messages) if m.role == "assistant"), "")

    def restore(self, messages: list[Message]) -> None:
        """Go on from an earlier conversation."""
        self._messages = _from_user(messages[-self._max_messages :])

    def _with(self, role: Literal["user", "assistant"], text: str) -> list[Message]:
        messages = list(self._messages)
        if text:
            if messages and messages[-1].role == role:
                text = f"{messages.pop().text} {text}"
            messages.append(Message(role, text[-MAX_CHARS:]))
        return _from_user(messages[-self._max_messages :])


def _from_user(messages: list[Message]) -> list[Message]:
    """Chat templates want the user to speak first."""
    return messages[1:] if messages and messages[0].role == "assistant" else messages
