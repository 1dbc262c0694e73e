"""What is said to a robot: commands, other ways to say them, and what only sounds like them.

``tuning.txt`` and ``held_out.txt`` are written by hand, ``*.heard.tsv`` is what the starter model
makes of the same sentences, spoken (``scripts.bench.actions_heard``).

The set that was held out first showed false actions: "city town" (sit down), "for me" (follow me),
and "great" (go right) in ordinary talk. The rules became stricter, that set became part of
``tuning.txt``, and the present ``held_out.txt`` was written afterwards. Whoever tunes on it has to
write another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robot_voice.types import Action

FOLDER = Path(__file__).parent
SETS = ("tuning", "held_out")


@dataclass(frozen=True, slots=True)
class Saying:
    """Something said, and what the robot should do about it."""

    language: str
    kind: str
    """"exact", "paraphrase"; or no command: "about" (it speaks of one), "other"."""
    wanted: Action | None
    text: str
    heard: str | None = None
    """What the recogniser made of it; None: it was written, not spoken."""
    verdict: str = "accept"
    """Whether the gate believed what was heard."""


def written(name: str) -> Iterator[Saying]:
    """The sayings of a set, as they were written."""
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            head, wanted, texts = line.split(" | ")
            language, kind = head.split()
            for text in texts.split(" / "):
                yield Saying(language, kind, _action(wanted), text)


def heard(name: str) -> Iterator[Saying]:
    """The same as they were heard."""
    for line in (FOLDER / f"{name}.heard.tsv").read_text("utf-8").splitlines():
        language, kind, wanted, text, said, verdict = line.split("\t")
        yield Saying(language, kind, _action(wanted), text, said, verdict)


def shown(action: Action | None) -> str:
    """An action as the files write it."""
    if action is None:
        return "-"
    return " ".join([action.name, *(f"{key}={value}" for key, value in action.arguments.items())])


def _action(text: str) -> Action | None:
    name, *pairs = text.split()
    return None if name == "-" else Action(name, dict(pair.split("=", 1) for pair in pairs))
