"""What is known of each action: its arguments, how dangerous it is, who does it, what it is called.
Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from robot_voice.errors import ConfigError
from robot_voice.types import Action

from .declarations import (
    Command,
    Declarations,
    NumberSlot,
    Safety,
    Slot,
    TextSlot,
    strictest,
)
from .execution import ActionError, ExecutorConfig

SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say an action, and the arguments it then has."""

    language: str
    phrase: str
    fixed: Mapping[str, str]
    slots: Mapping[str, Slot]

    def fits(self, arguments: Mapping[str, str]) -> bool:
        """Whether these are its arguments, and their values are allowed."""
        if set(arguments) != {*self.fixed, *self.slots}:
            return False
        fixed = all(arguments[name] == value for name, value in self.fixed.items())
        return fixed and all(accepts(s, arguments[name]) for name, s in self.slots.items())

    def words(self, arguments: Mapping[str, str]) -> str:
        """The phrase with the arguments in their places."""
        return SLOT.sub(lambda match: self._spoken(match[1], arguments[match[1]]), self.phrase)

    def _spoken(self, name: str, value: str) -> str:
        slot = self.slots[name]
        if isinstance(slot, TextSlot):
            return value
        if isinstance(slot, NumberSlot):
            units = slot.unit.get(self.language, ())
            space = "" if self.language == "ko" else " "
            return f"{value}{space}{units[0]}" if units else value
        return next(iter(slot[value].get(self.language, ())), value)


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What all commands of one action say of it."""

    name: str
    safety: Safety
    confirm: bool
    """Whether the robot asks before it does it."""
    executor: str
    """Its name; empty: none, the action is but an event."""
    forms: Sequence[Form]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All actions, by name, and those who do them."""

    actions: Mapping[str, ActionSpec] = field(default_factory=dict)
    executors: Mapping[str, ExecutorConfig] = field(default_factory=dict)

    def check(self, action: Action) -> ActionSpec:
        """What is known of ``action``. Raises ``ActionError`` for a name or an argument that is
        not declared."""
        spec = self.actions.get(action.name)
        if spec is None:
            raise ActionError("there is no such action")
        if not any(form.fits(action.arguments) for form in spec.forms):
            raise ActionError(f"{action.name} cannot be done with these arguments")
        return spec

    def words(self, action: Action, language: str) -> str:
        """How a person would command ``action`` in ``language``; in any other if that is not
        declared, and its name if nothing is."""
        spec = self.actions.get(action.name)
        forms = [form for form in spec.forms if form.fits(action.arguments)] if spec else []
        forms.sort(key=lambda form: form.language != language)
        return forms[0].words(action.arguments) if forms else action.name.replace("_", " ")


def catalogue(declared: Declarations) -> Catalogue:
    """Gather what the commands say of each action. Raises ``ConfigError`` where they disagree."""
    specs: dict[str, ActionSpec] = {}
    for where, command in declared.commands:
        old = specs.get(command.action)
        new = _spec(command, declared.slots)
        specs[command.action] = _merged(old, new, where) if old else new
    done = {
        name: replace(spec, executor=spec.executor or declared.executor)
        for name, spec in specs.items()
    }
    return Catalogue(done, declared.executors)


def accepts(slot: Slot, value: str) -> bool:
    """Whether the slot may have this value."""
    return slot.accepts(value) if isinstance(slot, NumberSlot | TextSlot) else value in slot


def _spec(command: Command, slots: Mapping[str, Slot]) -> ActionSpec:
    forms = [
        Form(language, phrase, command.arguments, {n: slots[n] for n in SLOT.findall(phrase)})
        for language, phrases in command.phrases().items()
        for phrase in phrases
    ]
    confirm = command.confirm or command.safety == "strong"
    return ActionSpec(command.action, command.safety, confirm, command.executor, forms)


def _merged(old: ActionSpec, new: ActionSpec, where: str) -> ActionSpec:
    executors: Iterable[str] = {old.executor, new.executor} - {""}
    if len(list(executors)) > 1:
        raise ConfigError(
            f"{where}: {new.name!r} is done by {old.executor!r}, it cannot be done by"
            f" {new.executor!r} too"
        )
    return ActionSpec(
        old.name,
        strictest(old.safety, new.safety),
        old.confirm or new.confirm,
        old.executor or new.executor,
        [*old.forms, *new.forms],
    )
