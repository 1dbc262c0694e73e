"""The rules the robot speaks by, for people, for the language model and for the judge. Pure.

They are data (``data/guidelines.toml``): ten short sentences in Korean and English, each with the
functions, categories and tests that enforce it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .lexicon import read_data

LANGUAGES = ("en", "ko")
"""Languages the rules are written in; others get English."""

_HEADS = {"en": "Rules for what the robot says:", "ko": "로봇이 말할 때 지키는 규칙:"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and what enforces it."""

    id: str
    en: str
    ko: str
    functions: tuple[str, ...]
    """Kinds of sentences in the training data: hurtful ``h_*``, benign neighbours ``b_*``."""
    categories: tuple[str, ...]
    """Of the lexicon, the policy and the templates."""
    tests: tuple[str, ...]
    """``module::function``, in ``tests/``."""

    def text(self, language: str) -> str:
        """The rule in ``language`` (ISO 639-1); English where it is not written in it."""
        return self.ko if language == "ko" else self.en


@cache
def load() -> tuple[Rule, ...]:
    """All rules, in their order."""
    return tuple(
        Rule(
            id=table["id"],
            en=table["en"],
            ko=table["ko"],
            functions=tuple(table["functions"]),
            categories=tuple(table["categories"]),
            tests=tuple(table["tests"]),
        )
        for table in read_data("guidelines.toml")["rule"]
    )


def rules(language: str) -> list[str]:
    """The rules as sentences, in ``language`` (ISO 639-1) or else in English."""
    return [rule.text(language) for rule in load()]


@cache
def rubric(language: str) -> str:
    """The rules as one compact paragraph for a language model, in ``language`` or in English."""
    numbered = [f"{number}. {text}" for number, text in enumerate(rules(language), start=1)]
    return " ".join([_HEADS.get(language, _HEADS["en"]), *numbered])
