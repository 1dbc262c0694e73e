"""The file of dialogues: read, checked, given the persona's instructions, and split.

A line is one conversation, as JSON:

    {"language": "en", "turns": [{"user": "Hello!", "reply": "Welcome to our museum!"}]}

Every fifth is held out: it is never trained on. So put what is alike together, with another wording
in each fifth line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_voice.config import Config
from robot_voice.llm.prompt import compose

EVERY = 5
"""One in so many dialogues is held out."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation: who said what, and in which language the robot answers (ISO 639-1)."""

    language: str
    turns: tuple[tuple[str, str], ...]
    """What the user said, and what the robot is to answer."""


def read(path: Path) -> list[Dialogue]:
    """All of a file. Raises ``SystemExit`` that names the first line which is no dialogue."""
    return list(_lines(path))


def split(dialogues: Sequence[Dialogue]) -> tuple[list[Dialogue], list[Dialogue]]:
    """Those to train on, and those held out."""
    train = [one for number, one in enumerate(dialogues, 1) if number % EVERY]
    return train, list(dialogues[EVERY - 1 :: EVERY])


def chained(dialogues: Sequence[Dialogue], dice: random.Random, most: int) -> list[Dialogue]:
    """The same exchanges in another order, joined to conversations of up to ``most`` of them in one
    language: so the instructions, which are longer than all replies, are read once for many."""
    found: list[Dialogue] = []
    order = dice.sample(dialogues, len(dialogues))
    for language in sorted({one.language for one in order}):
        turns = [turn for one in order if one.language == language for turn in one.turns]
        while turns:
            length = dice.randint(1, most)
            found.append(Dialogue(language, tuple(turns[:length])))
            turns = turns[length:]
    return found


def instructions(config: Config, language: str) -> str:
    """The system message with which the starter's model is run as this persona."""
    return compose([], language, config.persona, config.tone)[0].text


def _lines(path: Path) -> Iterator[Dialogue]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield _dialogue(json.loads(line))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise SystemExit(
                    f"{path}:{number}: not a dialogue ({error}); see {__file__}"
                ) from None


def _dialogue(entry: Any) -> Dialogue:
    turns = tuple((turn["user"].strip(), turn["reply"].strip()) for turn in entry["turns"])
    if not turns or not all(map(all, turns)):
        raise ValueError("it needs turns, and each of them words of both sides")
    return Dialogue(str(entry["language"]), turns)
