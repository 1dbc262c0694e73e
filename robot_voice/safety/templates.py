"""The robot's own fixed sentences. The only other place that makes ``SafeText`` is ``screen``."""

from __future__ import annotations

import re
import zlib
from functools import cache
from typing import Any, Literal, TypeAlias

from robot_voice.types import SafeText, ScreenAction

from .lexicon import read_data

KoreanLevel: TypeAlias = Literal["반말", "해요체", "합쇼체"]
"""Speech levels, as in ``ToneConfig.korean_level``."""

HelplineKind: TypeAlias = Literal["suicide", "emergency", "police", "women", "mental", "youth"]

_PLACEHOLDER = re.compile(r"\{(suicide|emergency|police)\}")


def apology(language: str, level: KoreanLevel = "해요체") -> SafeText:
    """What is said when an engine has failed. ``level`` matters in Korean only."""
    return template("apology", language, level)


def ask_again(language: str, level: KoreanLevel = "해요체", times: int = 0) -> SafeText:
    """What is said when the user's words were not clear, and have not been ``times`` times before.
    ``level`` matters in Korean only."""
    spoken, choices = _choices("ask_again", language, level)
    return SafeText(choices[times % len(choices)], spoken)


def cannot_translate(language: str, level: KoreanLevel = "해요체") -> SafeText:
    """What an interpreter says, to whom it cannot translate. ``level`` matters in Korean only."""
    return template("cannot_translate", language, level)


def thinking(language: str, level: KoreanLevel = "해요체", times: int = 0) -> SafeText:
    """What is said while an answer takes long, and has been ``times`` times before. ``level``
    matters in Korean only."""
    spoken, choices = _choices("thinking", language, level)
    return SafeText(choices[times % len(choices)], spoken)


def microphone(language: str, level: KoreanLevel = "해요체", *, present: bool = False) -> SafeText:
    """What is said when the microphone is gone, or is there again. ``level`` matters in Korean
    only."""
    return template("microphone_back" if present else "microphone_gone", language, level)


def template(
    category: str,
    language: str,
    level: KoreanLevel = "해요체",
    action: ScreenAction = "pass",
    instead_of: str = "",
    region: str = "",
) -> SafeText:
    """The fixed sentence of ``category``; which of several is decided by ``instead_of`` alone.

    A category without a sentence of its own gets the friendly fallback, a language without any
    gets English (and says so in ``SafeText.language``, so that it is also spoken as English).
    Telephone numbers are those of ``region`` (ISO 3166-1; empty: the language's usual one).
    """
    spoken, choices = _choices(category, language, level)
    pick = zlib.crc32(instead_of.encode("utf-8", "replace")) % len(choices)
    text = _PLACEHOLDER.sub(lambda kind: helpline(region, spoken, kind[1]), choices[pick])
    reason = "" if action == "pass" else category
    return SafeText(text, spoken, action, reason)


def helpline(region: str, language: str, kind: HelplineKind | str) -> str:
    """Whom to call, as words to be spoken: "the suicide prevention line, 109".

    ``region``: ISO 3166-1 code, or "EU"; empty: the usual one of ``language``. ``kind``: one of
    ``HelplineKind``; a region without such a line answers with its emergency number, a region that
    is not in ``helplines.toml`` with words without a number.
    """
    table = read_helplines()
    lines = table.get((region or table["default"].get(language, "")).upper(), {})
    line = lines.get(kind) or lines.get("emergency") or table["unknown"]
    return str(line.get(language) or line.get("number") or line["en"])


@cache
def read_helplines() -> dict[str, Any]:
    """By region, then by kind: ``number``, its names by language, ``source``."""
    return read_data("helplines.toml")


def _choices(category: str, language: str, level: KoreanLevel) -> tuple[str, list[str]]:
    """The language the sentences are in, and the sentences."""
    tables = _templates()
    spoken = language if language in tables else "en"
    texts = tables[spoken][level] if spoken == "ko" else tables[spoken]
    return spoken, texts.get(category) or texts["fallback"]


@cache
def _templates() -> dict[str, dict[str, Any]]:
    return read_data("templates.toml")
