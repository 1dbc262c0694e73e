"""When is the user done? Pure.

A fixed silence time-out is either slow or rude. The words tell more: after a sentence that is
complete a short silence is enough; after "and", "음" or a connective ending the user is thinking.
So do the dialogue (the answer to a question may be short) and the voice (its melody falls). The
policy is a table per language (``endings``), looked at from the end of the transcript.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from robot_voice.types import Transcript

from .endings import TABLE
from .numbers import dictated, is_whole

LEAST, MOST = 0.25, 1.5
"""Seconds. Below it the breath between two words would end a turn; beyond it people ask "hello?".
An owner who wants ``Patience.unfinished`` to be longer than that gets it."""

SWAY = 0.4
"""How much an acoustic turn model may shorten or lengthen the patience when it is certain. For a
published one (smart-turn v3.2) measured here: it called 83 % of complete Korean sentences
complete, but also 32 % of those cut at a pause. That is a hint, so it never decides."""

SHORT_ANSWER = 3
"""Words of an answer that a question leads one to expect, or twice as many characters in scripts
without spaces."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence that end a turn."""

    complete: float = 0.4
    unknown: float = 0.7
    unfinished: float = 1.3
    command: float = 0.25


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What is known besides the words."""

    command: bool = False
    """The words are a command of the robot's table."""
    question: bool = False
    """The robot has just asked something."""
    finished: float | None = None
    """The probability in [0, 1] that the turn is over, by the sound of it; None: not asked."""


_NOTHING_KNOWN = Dialogue()
_TRAILING_OFF = re.compile(r"(?:\.\.+|…|[,、，:;\-—~])$")
_FULL_STOP = re.compile(r"[.!?。！？]$")
_CLOSING = re.compile(r"[\"'”’»)\]」』】）\s]+$")
_UNSPACED = ("ja", "zh")


def patience(
    transcript: Transcript, config: Patience, dialogue: Dialogue = _NOTHING_KNOWN
) -> float:
    """How many seconds of silence end the turn after this transcript.

    A command the robot knows is complete by definition, and nothing the voice does changes that.
    """
    most = max(MOST, config.unfinished)
    if dialogue.command:
        return min(most, max(LEAST, config.command))
    seconds = _by_words(transcript, config, dialogue.question)
    if dialogue.finished is not None:
        seconds *= 1.0 + SWAY * (1.0 - 2.0 * dialogue.finished)
    return min(most, max(LEAST, seconds))


def _by_words(transcript: Transcript, config: Patience, question: bool) -> float:
    """A trailing comma or ellipsis and an ending that no sentence has outrank a full stop, because
    Whisper ends nearly everything with one; a question mark is believed."""
    text = _CLOSING.sub("", transcript.text.strip().lower())
    if not text:
        return config.unknown
    if text.endswith(("?", "？")):
        return config.complete
    stopped = bool(_FULL_STOP.search(text))
    words = text.rstrip(".!。！,、，…-—~ ")
    if digits := dictated(words, transcript.language):
        return config.complete if is_whole(digits, words) else max(MOST, config.unfinished)
    if _TRAILING_OFF.search(text) or _wants_more(words, transcript.language, stopped, question):
        return config.unfinished
    endings = TABLE.get(transcript.language)
    if endings is None:
        complete = stopped
    else:
        complete = bool(
            endings.complete.search(words) or (stopped and endings.stopped.search(words))
        )
    if complete:
        return config.complete
    if not question:
        return config.unknown
    short = _is_short(words, transcript.language)
    return config.complete if short else (config.complete + config.unknown) / 2


def _wants_more(words: str, language: str, stopped: bool, question: bool) -> bool:
    """Whether the sentence cannot end like this. After a question "because I like it" can."""
    endings = TABLE.get(language)
    if endings is None or words.split(" ")[-1] in endings.exceptions:
        return False
    if question and (endings.answers.search(words) and not endings.fillers.search(words)):
        return False
    if endings.unfinished.search(words) or endings.fillers.search(words):
        return True
    if not stopped and endings.hanging.search(words):
        return True
    return not question and bool(endings.opening.search(words))


def _is_short(words: str, language: str) -> bool:
    if language in _UNSPACED:
        return len(words) <= 2 * SHORT_ANSWER
    return len(words.split()) <= SHORT_ANSWER
