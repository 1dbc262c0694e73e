"""What both sides have said. The robot remembers only what was heard aloud. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .llm.summary import Limits, Window
from .tts.graphemes import may_cut
from .types import Mark, Message

_SYLLABIC = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
"""Kana, Han, Hangul: every character is a syllable, or nearly so."""

_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese, Khmer: no space shows where a word ends."""

_SMALL = "ゃゅょぁぃぅぇぉゎャュョァィゥェォヮー"
_MARKS = r"[\u0300-\u036f\u3099\u309a\ufe00-\ufe0f]*[^\w\s]*\s*"
"""What belongs to the character before: small kana; accents, punctuation, space."""

_UNIT = re.compile(
    rf"[{_SYLLABIC}][{_SMALL}]*{_MARKS}|[{_UNSPACED}]{_MARKS}"
    rf"|(?:(?![{_SYLLABIC}{_UNSPACED}])\S)+\s*"
)
"""The smallest pieces a sentence may be cut into: a syllable where each character is one, a word
elsewhere. A cut never falls between a letter and its marks."""

_LONG_WORD = 9
"""A word of more letters may be cut: "opportunity" has five syllables, and to claim none of them,
or all, would be three off; some languages write half a sentence as one word."""

_NEARLY = 0.62
"""A word of which this share was said counts as heard: two of three syllables do, two of four do
not. So no short word stops in its middle, and no claim is more than two syllables off."""

_ASKS = re.compile(r"[?？][\s\"'”’」』)]*$")

_EPSILON = 1e-3
"""Seconds by which a sum of block lengths may be off."""

_UNDER_WAY = 0.03
"""Seconds of sound that a card has already taken when it is told to stop, and that nobody can call
back: what the loudspeaker says was heard, and a recording of it, were 28 to 52 ms apart
(``scripts.bench.truth``)."""

MAX_CHARS = 4000
"""Longest message: someone who talks for an hour is remembered from here on."""


_SECONDS = (
    (re.compile(r"[\uac00-\ud7a3]"), 0.21),
    (re.compile(rf"[\u3040-\u30ff](?<![{_SMALL}])"), 0.13),
    (re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"), 0.28),
    (re.compile(r"\d"), 0.30),
    (re.compile(rf"[^\W\d_{_SYLLABIC}]"), 0.06),
)
"""What a character takes to say, by its script: fitted by least squares to the times that espeak-ng
tells of sentences in four languages, at its usual rate. Only their proportions matter, and only in
a sentence that mixes them. ``scripts.bench.truth`` tells how well they do."""

_WORD_SECONDS = 0.06
"""What every word of an alphabet takes besides its letters."""

_PAUSES = ((re.compile(r"[.!?…。！？]\W*$"), 0.33), (re.compile(r"[,;:、，；：]\W*$"), 0.16))
"""How long a voice rests after punctuation inside a sentence, likewise."""

_TAIL_SECONDS = 0.15
"""Silence that every voice leaves at the end (``tts.pcm``)."""


def _weight(unit: str) -> float:
    """How long a unit takes to say, in seconds of a voice of usual rate."""
    seconds = sum(each * len(script.findall(unit)) for script, each in _SECONDS)
    return max(0.06, seconds + _WORD_SECONDS * (not re.match(f"[{_SYLLABIC}{_UNSPACED}]", unit)))


def _pause(unit: str) -> float:
    return next((seconds for after, seconds in _PAUSES if after.search(unit)), 0.0)


def first_part(sentence: str, share: float) -> str:
    """The units of ``sentence`` that are over when ``share`` of its sound is, by their weights."""
    units = _UNIT.findall(sentence)
    pauses = [*map(_pause, units[:-1]), _TAIL_SECONDS]
    budget = share * (sum(map(_weight, units)) + sum(pauses)) + 1e-6
    chars = 0
    for unit, pause in zip(units, pauses, strict=False):
        weight = _weight(unit)
        if budget < weight:
            chars += int(_letters(unit) * max(0.0, budget) / weight)
            break
        chars += len(unit)
        budget -= weight + pause
    return first_units(sentence, chars)


def first_units(sentence: str, chars: int) -> str:
    """The units of ``sentence`` that are over when its first ``chars`` characters are."""
    end = 0
    for unit in _UNIT.finditer(sentence):
        said = chars - unit.start()
        letters = _letters(unit.group())
        if said < _NEARLY * letters:
            end = chars if said > 0 and letters > _LONG_WORD else unit.start()
            break
        end = unit.end()
    return _cut(sentence, end)


def _letters(unit: str) -> int:
    """Its length without the punctuation and space behind it, but at least 1."""
    return len(re.sub(r"\W+$", "", unit)) or 1


def _cut(text: str, end: int) -> str:
    """``text`` up to ``end``, or a little less: no character a reader sees is broken."""
    while 0 < end < len(text) and not may_cut(text, end):
        end -= 1
    return text[:end].rstrip()


@dataclass(slots=True)
class _Sentence:
    text: str
    start: float
    end: float
    whole: bool = False
    """Whether ``end`` is where the sentence ends, or only where its sound ends so far."""
    marks: list[Mark] = field(default_factory=list)
    """Their times are those of the turn's playback."""

    def until(self, seconds: float) -> str:
        if self.whole and seconds >= self.end:
            return self.text
        if self.marks:
            end = seconds + _UNDER_WAY
            over = (mark.chars for mark in self.marks if mark.at <= end)
            return first_units(self.text, max(over, default=0))
        if not self.whole:
            return ""
        return first_part(self.text, (seconds - self.start) / (self.end - self.start))


class Spoken:
    """A turn's sentences, and where in its playback each begins and ends, in seconds."""

    def __init__(self) -> None:
        self._sentences: list[_Sentence] = []

    @property
    def seconds(self) -> float:
        """Length of all that was handed to the loudspeaker."""
        return self._sentences[-1].end if self._sentences else 0.0

    @property
    def text(self) -> str:
        """All that was handed to the loudspeaker, or is being handed."""
        return " ".join(sentence.text for sentence in self._sentences)

    def begin(self, text: str) -> None:
        self._sentences.append(_Sentence(text, self.seconds, self.seconds))

    def extend(self, seconds: float, marks: Sequence[Mark] = ()) -> None:
        """More sound of the present sentence was handed over. ``marks``: how far the sentence gets
        in it, as ``Speech.marks``."""
        sentence = self._sentences[-1]
        sentence.marks += (Mark(sentence.end + mark.at, mark.chars) for mark in marks)
        sentence.end += seconds

    def finish(self) -> None:
        """All sound of the present sentence was handed over."""
        self._sentences[-1].whole = True

    def until(self, seconds: float) -> str:
        """The text heard in the first ``seconds``.

        A sentence cut short keeps the units that its marks say are over; a word of an alphabet
        also when only its last syllable was missing. Without marks they are estimated from the
        sentence's length; where that is not known yet it keeps none: an estimate is no excuse for
        a claim ahead of the sound.
        """
        heard = []
        for sentence in self._sentences:
            if sentence.end > sentence.start:  # else it made no sound
                heard.append(sentence.until(seconds + _EPSILON))
            if seconds + _EPSILON < sentence.end:
                break
        return " ".join(filter(None, heard))


class Conversation:
    """The messages shown to the language model."""

    def __init__(self, max_messages: int = 20, window: Window | None = None) -> None:
        """``window``: how much is shown, if that is not just a number of messages."""
        self.window = window or Window(Limits(max_messages))

    def add(self, role: Literal["user", "assistant"], text: str) -> None:
        """Append ``text``; join it to the last message when the same side speaks twice.

        A user who pauses and goes on is one message, not two: that is all it takes to
        resume a turn that was cancelled before the robot had said anything.
        """
        self.window.put(self._with(role, text))

    def preview(self, user: str) -> list[Message]:
        """What is shown if the user says this, a note on what came before included. Nothing is
        remembered."""
        return self.window.shown(self._with("user", user))

    def messages(self) -> list[Message]:
        """Those that are shown word for word."""
        return self.window.messages()

    @property
    def question(self) -> bool:
        """Whether the robot has just asked something."""
        messages = self.messages()
        last = messages[-1] if messages else None
        return last is not None and last.role == "assistant" and bool(_ASKS.search(last.text))

    @property
    def said(self) -> str:
        """What was heard of the robot last; empty when it has said nothing yet."""
        return next((m.text for m in reversed(self.messages()) if m.role == "assistant"), "")

    def clear(self) -> None:
        """Forget all that was said."""
        self.window.clear()

    def restore(self, messages: list[Message]) -> None:
        """Go on from an earlier conversation, of which ``preview("")`` was kept."""
        self.window.put(messages)

    def _with(self, role: Literal["user", "assistant"], text: str) -> list[Message]:
        messages = self.messages()
        if text:
            if messages and messages[-1].role == role:
                text = f"{messages.pop().text} {text}"
            messages.append(Message(role, text[-MAX_CHARS:]))
        return messages
