"""Every way to say every command, out of the declarations. Pure.

A phrase whose slots have values is written out with every one of them. One with a number or free
text in it becomes a pattern.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from robot_voice.errors import ConfigError
from robot_voice.types import Action

from . import numerals
from .catalogue import SLOT
from .declarations import Command, Declarations, NumberSlot, OpenSlot, TextSlot
from .wording import normalise

MAX_PHRASES = 20_000
LONGEST_WORDS = 300
"""Characters of what may fit a pattern."""
MARKS = "\ua000\ua001\ua002\ua003"
"""Letters (Yi) that stand for numbers and free text in a phrase: no phrase has them."""

Choice = tuple[str, str]
"""A slot's value, and what is said for it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase with numbers or free text in it."""

    phrase: str
    """Normalised; one of ``MARKS`` stands for each open slot."""
    language: str
    action: Action
    """Without the arguments that the open slots give."""
    slots: Sequence[tuple[str, OpenSlot]]
    expression: re.Pattern[str]
    """Of the whole phrase, with a group for each open slot, in the order of ``slots``."""

    def read(self, words: str) -> Action | None:
        """The action that ``words``, normalised, command."""
        match = self.expression.fullmatch(words) if len(words) <= LONGEST_WORDS else None
        return self.filled(match.groups()) if match else None

    def filled(self, texts: Sequence[str]) -> Action | None:
        """The action with these texts for its slots; None if one of them does not fit."""
        arguments = dict(self.action.arguments)
        for (name, slot), text in zip(self.slots, texts, strict=True):
            value = text.strip()
            if isinstance(slot, NumberSlot):
                number = numerals.value(value, self.language)
                value = "" if number is None else f"{number:g}"
            if not slot.accepts(value):
                return None
            arguments[name] = value
        return Action(self.action.name, arguments)


def expanded(declared: Declarations) -> tuple[dict[str, Action], list[Pattern]]:
    """What each phrase means, by its normalised words; and the patterns. Raises ``ConfigError``
    naming the place: for a phrase with two meanings, an unknown slot, too many phrases."""
    actions: dict[str, Action] = {}
    patterns: dict[str, Pattern] = {}
    for where, command in declared.commands:
        for spoken, pattern in _all(command, declared, where):
            if pattern.slots:
                known = patterns.setdefault(pattern.phrase, pattern).action
            else:
                known = actions.setdefault(pattern.phrase, pattern.action)
            if known != pattern.action:
                raise ConfigError(
                    f"{where}: {spoken!r} already commands {known.name!r}, "
                    f"it cannot command {pattern.action.name!r} too"
                )
            if len(actions) + len(patterns) > MAX_PHRASES:
                raise ConfigError(f"{where}: more than {MAX_PHRASES} phrases; use fewer slots")
    return actions, list(patterns.values())


def number_in(slot: NumberSlot, language: str) -> str:
    """A regular expression of such a number in normalised words; its first group is the number
    without the unit."""
    return numerals.expression(language, slot.unit.get(language, ()), slot.bare)


def _all(command: Command, declared: Declarations, where: str) -> Iterator[tuple[str, Pattern]]:
    """Every phrase of a command, its slots filled in every way: as it is said, and normalised."""
    if not command.phrases():
        raise ConfigError(f"{where}: command {command.action!r} has no phrases, as en = [...]")
    for language, phrases in command.phrases().items():
        if not isinstance(phrases, list) or not all(isinstance(p, str) for p in phrases):
            raise ConfigError(f"{where}: {language} must be a list of phrases")
        for phrase in phrases:
            if not normalise(SLOT.sub("x", phrase)):
                raise ConfigError(f"{where}: the phrase {phrase!r} has no words")
            yield from _filled(phrase, language, command, declared, where)


def _filled(
    phrase: str, language: str, command: Command, declared: Declarations, where: str
) -> Iterator[tuple[str, Pattern]]:
    """The phrase with every choice of values; open slots become marks."""
    opened: list[tuple[str, OpenSlot]] = []
    choices: dict[str, Sequence[Choice]] = {}
    for name in dict.fromkeys(SLOT.findall(phrase)):
        slot = _declared(name, declared, phrase, where)
        if isinstance(slot, NumberSlot | TextSlot):
            opened.append((name, slot))
            if not _may_be_read(phrase, opened):
                raise ConfigError(f"{where}: {phrase!r} has too many numbers and texts")
            choices[name] = [("", MARKS[len(opened) - 1])]
        else:
            choices[name] = _choices(name, language, slot, where)
    for values in itertools.product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        spoken = SLOT.sub(lambda match, c=chosen: c[match[1]][1], phrase)  # type: ignore[misc]
        words = normalise(spoken)
        meant = {name: value for name, (value, _) in chosen.items() if value}
        action = Action(command.action, {**command.arguments, **meant})
        expression = _expression(words, opened, language)
        yield spoken, Pattern(words, language, action, opened, expression)


def _may_be_read(phrase: str, opened: Sequence[tuple[str, OpenSlot]]) -> bool:
    """Each number and text once, and one text at most: where would it end, and the next begin?"""
    once = all(phrase.count(f"{{{name}}}") == 1 for name, _ in opened)
    texts = sum(isinstance(slot, TextSlot) for _, slot in opened)
    return once and texts <= 1 and len(opened) <= len(MARKS)


def _declared(name: str, declared: Declarations, phrase: str, where: str) -> object:
    if name not in declared.slots:
        known = ", ".join(sorted(declared.slots)) or "none"
        raise ConfigError(f"{where}: {phrase!r} has a slot {name!r}; the slots are: {known}")
    return declared.slots[name]


def _choices(name: str, language: str, slot: object, where: str) -> Sequence[Choice]:
    """The slot's values, each with every way to say it."""
    assert isinstance(slot, Mapping)
    found = [(value, spoken) for value, words in slot.items() for spoken in words.get(language, ())]
    if not found:
        raise ConfigError(f"{where}: slot {name!r} has no words in language {language!r}")
    return found


def _expression(
    phrase: str, slots: Sequence[tuple[str, OpenSlot]], language: str
) -> re.Pattern[str]:
    """Of the phrase with its marks; spaces between marks and words are as in the phrase."""
    text = re.escape(phrase)
    for mark, (_, slot) in zip(MARKS, slots, strict=False):
        inner = number_in(slot, language) if isinstance(slot, NumberSlot) else "(.+?)"
        text = text.replace(mark, inner)
    return re.compile(text)
