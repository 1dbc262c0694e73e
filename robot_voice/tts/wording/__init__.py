"""Written words to spoken words: numbers, dates, money, signs, by language. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from robot_voice.traced import Traced

from . import chinese, english, japanese, korean

_READERS: Mapping[str, Callable[[Traced], Traced]] = {
    "en": english.read,
    "ja": japanese.read,
    "ko": korean.read,
    "zh": chinese.read,
}


def read(text: Traced, language: str) -> Traced:
    """``text`` as it is said in ``language`` ("en", "en-gb"). One that has no rules here is left
    to the voice."""
    reader = _READERS.get(language.lower().partition("-")[0])
    return text if reader is None else reader(text)
