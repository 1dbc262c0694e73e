"""What a user may ask of the robot's memory. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

MAX_FACT = 300
"""Characters of a fact; what is longer is cut at a word."""


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep ``fact``, in the user's own words."""

    fact: str


@dataclass(frozen=True, slots=True)
class ForgetThat:
    """Forget what is about ``about``; empty: what was remembered or told last."""

    about: str = ""


@dataclass(frozen=True, slots=True)
class ForgetAll:
    """Forget everything."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Tell what is kept about ``about``; empty: all of it."""

    about: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """Write all that is kept to a file."""


@dataclass(frozen=True, slots=True)
class Retain:
    """Keep everything for so many days, and no longer."""

    days: int


Request: TypeAlias = Remember | ForgetThat | ForgetAll | Recall | Export | Retain


def trimmed(fact: str) -> str:
    """``fact`` on one line, without the marks around it, cut to ``MAX_FACT`` characters."""
    fact = fact.strip(" \t\n,.;:!~…\"'“”。")
    if len(fact) <= MAX_FACT:
        return fact
    return fact[: MAX_FACT + 1].rsplit(" ", 1)[0][:MAX_FACT].rstrip(" ,.;:")
