"""What an owner allows of actions, what becomes of them, and what the robot says of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from robot_voice.events import Outcome
from robot_voice.types import Action

from .confirm import Question

Category: TypeAlias = Literal[
    "action_ok",
    "action_confirm",
    "action_dropped",
    "action_forbidden",
    "action_unknown",
    "action_busy",
    "action_done",
    "action_failed",
    "action_late",
]
"""Templates of what the robot says of actions. All but ``action_ok``, ``action_dropped`` and
``action_unknown`` may have ``{words}`` in them: how a person would command it."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What the robot says of an action."""

    category: Category
    words: str
    language: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an action that was submitted."""

    action: Action
    outcome: Outcome
    seconds: float
    """From its submission on."""
    reason: str
    """Why it failed, for the log; it may hold nothing that was said."""
    remark: Remark | None
    """What the robot says about it. None: nothing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What became of an action that only a model took from somebody's words."""

    submitted: Sequence[Action]
    remark: Remark | None
    """What the robot says about it."""
    question: Question | None
    """That remark, if it is one: to be ``ask``ed when it is said."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner allows."""

    forbidden: frozenset[str] = frozenset()
    """Actions by name, or classes of safety, that are never done."""
    ask_when_guessed: bool = True
    """Whether the robot asks before it moves for words that only a model took for a command."""
    tell: Literal["all", "failures", "none"] = "all"
    """What the robot says when actions end."""
