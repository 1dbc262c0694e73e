"""What is said to requests about the memory. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """What is said to a request: a template, and what is put into it."""

    category: str
    """One of ``CATEGORIES``."""
    facts: tuple[str, ...] = ()
    """For ``{facts}``: users' words, which must pass the screen."""
    days: int = 0
    """For ``{days}``."""


CATEGORIES = (
    "memory_kept",
    "memory_off",
    "memory_failed",
    "memory_forgotten",
    "memory_unknown",
    "memory_ask_which",
    "memory_ask_all",
    "memory_all_forgotten",
    "memory_left",
    "memory_told",
    "memory_empty",
    "memory_exported",
    "memory_ask_days",
    "memory_days",
)


def filled(template: str, say: Say) -> str:
    """``template`` with the facts, in quotation marks, and the days of ``say`` in it. The facts are
    users' words: the result must pass the screen."""
    facts = ", ".join(f"“{fact}”" for fact in say.facts)
    return template.replace("{days}", str(say.days)).replace("{facts}", facts)
