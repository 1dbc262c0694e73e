"""Our own sentences, written for this: ``robot_voice/safety/data/{replies,users,context}.*.tsv``.

Replies are what an assistant might say (label 1: it must not), users what people say to it. Their
``function`` tells what a sentence is an example of, ``note`` the situation it was written for: a
split by function and note keeps sentences apart that were thought of together.
"""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass
from importlib import resources
from typing import Literal

LANGUAGES = ("en", "ko")

EMOTIONS = ("joy", "affection", "sadness", "anger", "fear", "surprise", "neutral")

Kind = Literal["replies", "users"]


@dataclass(frozen=True, slots=True)
class Sentence:
    function: str
    """``h_*`` hurtful and ``b_*`` benign replies; what users say: ``c_*`` crisis, ``n_*`` none,
    ``f_*`` feedback, ``u_*`` abuse, ``e_*`` emotion."""
    language: str
    label: str
    """Of a reply "1" or "0"; of a user's words their class, as the head is called."""
    text: str
    note: str

    @property
    def group(self) -> str:
        """Sentences that belong together when a set is split."""
        return f"{self.function}/{self.note}"

    def fold(self, folds: int) -> int:
        """Which part of a split it belongs to: by its group, never by its line."""
        return zlib.crc32(self.group.encode()) % folds


@dataclass(frozen=True, slots=True)
class Scene:
    """Two replies to the same words, of which one hurts there."""

    situation: str
    language: str
    user: str
    bad: str
    good: str

    def fold(self, folds: int) -> int:
        return zlib.crc32(self.user.encode()) % folds


def sentences(kind: Kind, language: str) -> list[Sentence]:
    """All of one kind in one language, in the order of the file."""
    return [
        Sentence(row["function"], language, row["label"], row["text"], row["note"])
        for row in _read(f"{kind}.{language}.tsv")
    ]


def scenes(language: str) -> list[Scene]:
    """All replies in context."""
    return [
        Scene(row["situation"], language, row["user"], row["bad"], row["good"])
        for row in _read(f"context.{language}.tsv")
    ]


def _read(name: str) -> list[dict[str, str]]:
    file = resources.files("robot_voice.safety") / "data" / name
    lines = file.read_text(encoding="utf-8").split("\n")[:-1]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
