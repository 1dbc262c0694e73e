"""What the robot says of itself: truthful, short, and the same whatever model thinks for it. Pure.

``asked`` finds out whether somebody wants to know what the robot is, whether it can be wrong,
what it keeps, whether it is human, or who made it; ``answer`` tells, by this installation's facts.
Patterns and words are data (``data/disclosure.toml``); only ``screen`` makes them speakable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from .lexicon import read_data
from .normalise import normalise
from .templates import KoreanLevel

Question: TypeAlias = Literal["what", "wrong", "keeps", "human", "maker"]
QUESTIONS: tuple[Question, ...] = ("what", "wrong", "keeps", "human", "maker")

_MAX_CHARS = 120
"""A longer utterance is about more than this; its answer is the model's."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What this installation keeps, and sends. It never keeps sound."""

    history: bool = False
    """The conversation is saved (``conversation.save_history``)."""
    reports: bool = True
    """What hurt is filed."""
    report_texts: bool = False
    """With its words."""
    logs_words: bool = False
    """The log's level is "debug", where utterances appear."""
    memory: bool = False
    """What people ask it to remember is kept (``memory.enabled``)."""
    talks: bool = False
    """So is the gist of conversations (``memory.summaries``)."""
    remote: bool = False
    """The answers come from a model on another machine (``llm.remote.url``)."""


def asked(user_text: str, language: str) -> Question | Literal[""]:
    """What ``user_text`` asks about the robot; empty: nothing.

    ``language``: ISO 639-1 code; there are patterns for "en" and "ko", others give "".
    """
    if len(user_text) > _MAX_CHARS:
        return ""
    view = normalise(user_text).strict
    for kind, pattern in _patterns().get(language, ()):
        if pattern.search(view):
            return kind
    return ""


def answer(kind: Question, language: str, level: KoreanLevel, facts: Facts) -> str:
    """The answer in Korean at ``level``, or in English for every other language."""
    texts = _answers(language, level)
    if kind == "what" and facts.remote:
        return str(texts["what_remote"])
    if kind != "keeps":
        return str(texts[kind])
    history = "history_yes" if facts.history else "history_no"
    parts = ["audio_remote" if facts.remote else "audio"]
    parts.append("logs" if facts.logs_words and not facts.history else history)
    if facts.memory:
        parts.append("memory_talks" if facts.talks else "memory")
    if facts.reports:
        parts.append("reports_texts" if facts.report_texts else "reports_plain")
    return " ".join(texts[part] for part in parts)


def notice(language: str, level: KoreanLevel, facts: Facts, name: str) -> str:
    """What the robot says at a first meeting: what it is, that it may be wrong, what it keeps, and
    that one may stop and correct it. At most 20 s of speech with a name of usual length.

    ``name``: what the robot is called, as it is spoken in ``language``.
    """
    if facts.remote:
        kept = "kept_remote"
    elif facts.history or facts.logs_words:
        kept = "kept_history"
    elif facts.memory:
        kept = "kept_talks" if facts.talks else "kept_memory"
    else:
        kept = "kept_reports" if facts.reports and facts.report_texts else "kept_none"
    texts = _answers(language, level)
    # Not str.format: a name may have braces in it.
    return str(texts["notice"]).replace("{kept}", texts[kept]).replace("{name}", name)


def reminder(language: str, level: KoreanLevel) -> str:
    """What a child is told again from time to time."""
    return str(_answers(language, level)["reminder"])


def spoken_language(language: str) -> str:
    """The language in which these texts answer somebody who speaks ``language``."""
    return language if language in read_disclosure()["answer"] else "en"


@cache
def read_disclosure() -> dict[str, Any]:
    """``data/disclosure.toml``."""
    return read_data("disclosure.toml")


def _answers(language: str, level: KoreanLevel) -> dict[str, str]:
    spoken = spoken_language(language)
    texts: dict[str, Any] = read_disclosure()["answer"][spoken]
    return texts[level] if spoken == "ko" else texts


@cache
def _patterns() -> dict[str, tuple[tuple[Question, re.Pattern[str]], ...]]:
    """By language: each question with its ways of asking, in the order they are tried."""
    return {
        language: tuple(
            (table["kind"], re.compile("|".join(f"(?:{part})" for part in table["patterns"])))
            for table in tables
        )
        for language, tables in read_disclosure()["asked"].items()
    }
