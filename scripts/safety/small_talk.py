"""Everyday conversation: what the generator of the starter's dialogues writes.

Sentences written to be hard make a head see danger everywhere; these are what is mostly said. The
same seed gives the same turns, as long as the filter that the generator asks stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from scripts.starter.llm.dialogues.make import Maker

DIALOGUES, SEED = 3000, 7

GRAVE = frozenset({"crisis", "worthless", "insult_robot", "hurt", "bullied"})
"""Kinds of turns in which somebody may be in danger, or angry with the robot."""

LOW = GRAVE | {
    "sad",
    "grief",
    "pet_loss",
    "breakup",
    "sick",
    "stress",
    "homesick",
    "lonely",
    "angry",
}
LOW |= {"scared", "nervous", "tired", "guilty", "crying", "disappointed", "insomnia", "failed"}
LOW |= {"angry", "fight", "after low", "sorry", "after chat", "unclear", "bored", "hungry"}
"""Kinds in which somebody may feel low."""


@dataclass(frozen=True, slots=True)
class Exchange:
    kind: str
    user: str
    reply: str


@cache
def small_talk(language: str) -> tuple[Exchange, ...]:
    """What people say, and what a robot answers; no exchange twice."""
    maker = Maker(SEED, held=False)
    found: dict[tuple[str, str], Exchange] = {}
    for _ in range(DIALOGUES):
        dialogue = maker.dialogue()
        for turn in dialogue["turns"]:
            if dialogue["language"] == language and turn["learn"]:
                pair = turn["user"], turn["reply"]
                found.setdefault(pair, Exchange(turn["kind"], *pair))
    return tuple(found.values())
