"""Which words command the body to do what. Pure but for reading the table.

A command is recognised only when it is all that was said: "stop" is one, "don't stop believing"
is not. Before comparing, both the table's phrases and the user's words lose case, punctuation,
spacing (in Hangul) and politeness ("could you ... please", "... 좀 해 주세요"), so the table lists
each phrase once, at its plainest.

``declarations`` explains the table; ``matching``, what is understood besides: words that sound like
a command, as recognisers write them that made a mistake.

A slot's key ("left") becomes the action's argument; a number becomes digits. ``arguments`` gives
fixed ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from robot_voice.types import Action, Transcript

from .catalogue import Catalogue, catalogue
from .declarations import NumberSlot, read_declarations
from .matching import Nearest
from .phrases import MARKS, Pattern, expanded, number_in
from .wording import is_korean, normalise

__all__ = ["STOP", "CommandTable", "Found", "load_commands", "normalise"]


STOP = "stop"
"""The action that ends all others. Its commands are believed even when they were heard badly."""


@dataclass(frozen=True, slots=True)
class Found:
    """A command in somebody's words."""

    action: Action
    how: Literal["exact", "near", "scored"]
    """Whether the words were those of the table, or sounded like them, or a model took them for
    the same."""
    phrase: str
    """The table's phrase, normalised."""


@dataclass(frozen=True)
class CommandTable:
    """Every way to say every command."""

    actions: Mapping[str, Action]
    """By what ``normalise`` makes of the words."""
    patterns: Sequence[Pattern] = ()
    """Those with numbers and free text in them."""
    known: Catalogue = field(default_factory=Catalogue)
    """What is declared of the actions, besides how they are said."""

    def match(self, transcript: Transcript) -> Action | None:
        """The action that the words command, to the letter, if they are a command and nothing else.

        The transcript's language does not matter: recognisers take short words for another.
        """
        found = self._exact(normalise(transcript.text))
        return found.action if found is not None else None

    def find(self, transcript: Transcript) -> Found | None:
        """The same; or else the command that the words sound like."""
        words = normalise(transcript.text)
        return self._exact(words) or self._near(words)

    def _exact(self, words: str) -> Found | None:
        if action := self.actions.get(words):
            return Found(action, "exact", words)
        for pattern in self.patterns:
            if action := pattern.read(words):
                return Found(action, "exact", pattern.phrase)
        return None

    def _near(self, words: str) -> Found | None:
        if near := self.nearest.find(words):
            action = self.actions.get(near.phrase)
            return Found(action, "near", near.phrase) if action else None
        for number, without, slot in self._numbers(words):
            near = self.nearest.find(without)
            pattern = self._numeric.get(near.phrase) if near else None
            if pattern is not None and pattern.slots[0][1] == slot:
                action = pattern.filled([number])
                return Found(action, "near", pattern.phrase) if action else None
        return None

    def _numbers(self, words: str) -> Iterator[tuple[str, str, NumberSlot]]:
        """Every kind of number that is in ``words`` once, and the words with a mark in its
        place."""
        language = "ko" if is_korean(words) else "en"
        for expression, slot in self._kinds.get(language, ()):
            found = list(expression.finditer(words))
            if len(found) == 1:
                start, end = found[0].span()
                yield found[0][1], f"{words[:start]}{MARKS[0]}{words[end:]}", slot

    # --- made of the above --------------------------------------------------------------

    nearest: Nearest = field(init=False, repr=False, compare=False)
    """Of all phrases but those with free text, or with several numbers."""
    _numeric: Mapping[str, Pattern] = field(init=False, repr=False, compare=False)
    _kinds: Mapping[str, Sequence[tuple[re.Pattern[str], NumberSlot]]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        numeric: dict[str, Pattern] = {}
        kinds: dict[str, list[tuple[re.Pattern[str], NumberSlot]]] = {}
        for pattern in self.patterns:
            slot = pattern.slots[0][1]
            if len(pattern.slots) > 1 or not isinstance(slot, NumberSlot):
                continue
            numeric[pattern.phrase] = pattern
            kind = re.compile(number_in(slot, pattern.language)), slot
            if kind not in kinds.setdefault(pattern.language, []):
                kinds[pattern.language].append(kind)
        meanings: dict[str, object] = {p.phrase: (p.action, p.slots) for p in numeric.values()}
        object.__setattr__(self, "_numeric", numeric)
        object.__setattr__(self, "_kinds", kinds)
        object.__setattr__(self, "nearest", Nearest({**self.actions, **meanings}))


def load_commands(path: Path) -> CommandTable:
    """Read a table. Raises ``ConfigError`` naming the file, and the line where it is known."""
    declared = read_declarations(path)
    actions, patterns = expanded(declared)
    return CommandTable(actions, patterns, catalogue(declared))
