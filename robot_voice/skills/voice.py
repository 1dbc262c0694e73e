"""The skills' sentences, in a language and at a level of speech. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from robot_voice.safety.templates import KoreanLevel

from . import phrases

_PLACE = re.compile(r"\{(\w+)\}")
_PARTICLE = re.compile(r"([^\[\]]*?)\[([^|\]]+)\|([^\]]+)\]")
_YOURS = {"my": "your", "mine": "yours", "me": "you", "myself": "yourself", "i": "you"} | {
    "am": "are",
    "our": "your",
    "us": "you",
    "i'm": "you are",
    "we": "you",
}


@dataclass(frozen=True, slots=True)
class Voice:
    """Says things. ``language``: one of ``phrases.LANGUAGES``, see ``voice``."""

    language: str
    level: KoreanLevel
    now: datetime
    """Local time."""

    def say(self, category: str, **values: str) -> str:
        """The sentence of ``category`` with ``values`` filled in."""
        texts = phrases.read_answers()[self.language]
        text = (texts[self.level] if self.language == "ko" else texts)[category]
        said = self._filled(text, values)
        return said[:1].upper() + said[1:]

    def word(self, key: str, **values: str) -> str:
        """A part of a sentence, likewise."""
        return self._filled(phrases.read_answers()[self.language]["words"][key], values)

    def listed(self, names: list[str]) -> str:
        """Several, as a person would list them."""
        if self.language == "en":
            return " or ".join(f"the {name}" for name in names)
        return (", " if self.language == "ko" else "、").join(names)

    def about(self, text: str, exact: bool) -> str:
        """``text``, with "about" before it unless it is ``exact``."""
        if exact:
            return text
        gap = "" if self.language in ("ja", "zh") else " "
        return f"{self.word('about')}{gap}{text}"

    def yours(self, text: str) -> str:
        """What the user said of "my" things, said to the user."""
        if self.language != "en":
            return text
        words = text.split(" ")
        return " ".join(_YOURS.get(word.lower(), word) for word in words)

    def _filled(self, text: str, values: dict[str, str]) -> str:
        # In one pass: a user's words may have braces in them.
        filled = _PLACE.sub(
            lambda place: values[place[1]].replace("[", "(").replace("]", ")"), text
        )
        if self.language == "ko":
            filled = _PARTICLE.sub(
                lambda found: found[1] + phrases.fitting(found[1], found[2], found[3]), filled
            )
        return filled


def voice(language: str, level: KoreanLevel, now: datetime) -> Voice:
    """A voice of ``language`` (ISO 639-1 code), or of English if there are no sentences in it."""
    return Voice(language if language in phrases.LANGUAGES else "en", level, now)
