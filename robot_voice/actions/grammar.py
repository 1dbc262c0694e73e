"""Actions inside a reply: a grammar that a model cannot leave, and what it wrote, read back. Pure.

The grammar is in GBNF, llama.cpp's notation (``grammars/README.md`` of that project). It allows
words, and after them at most one action, as JSON between two marks::

    I am coming. <do>{"action":"come_here","arguments":{}}</do>

A grammar that follows the declarations makes wrong names and arguments impossible, but for the
range of a number, which no context-free grammar can hold: ``parsed`` checks it all once more, also
because a server elsewhere may not know grammars.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from robot_voice.types import Action

from .catalogue import Catalogue, Form
from .declarations import NumberSlot, Slot, TextSlot
from .execution import ActionError

OPEN, CLOSE = "<do>", "</do>"
"""What stands before and after an action in a reply."""
NONE = "none"
"""The name by which a model that has to choose an action chooses none."""
MAX_JSON = 2000
"""Characters of one action; more are no action."""

_NUMBER = '[0-9] [0-9]? [0-9]? [0-9]? [0-9]? [0-9]? ("." [0-9] [0-9]? [0-9]?)?'


def gbnf(known: Catalogue, allowed: Iterable[str], *, reply: bool = True) -> str:
    """The grammar of a reply with at most one of the ``allowed`` actions; without ``reply``: of
    one action alone, or of ``{"action":"none"}``."""
    rules: dict[str, str] = {}
    names = []
    for number, name in enumerate(sorted(set(allowed) & set(known.actions))):
        variants = {_variant(form, rules): None for form in known.actions[name].forms}
        rules[f"action-{number}"] = " | ".join(variants)
        names.append(f"action-{number}")
    lines = ["root ::= speech" if reply else "root ::= none"]
    if names:
        lines = [
            f"root ::= speech ({_text(OPEN)} action {_text(CLOSE)})?"
            if reply
            else "root ::= action | none",
            f"action ::= {' | '.join(names)}",
        ]
    lines.append("speech ::= [^<]*" if reply else f"none ::= {_text(_json({'action': NONE}))}")
    return "\n".join([*lines, *(f"{name} ::= {rule}" for name, rule in rules.items())]) + "\n"


def parsed(text: str, known: Catalogue) -> Action | None:
    """The action that a model wrote; None if it is none. Raises ``ActionError`` for what is no
    action that is declared; its message holds nothing of ``text``."""
    if len(text) > MAX_JSON:
        raise ActionError("the model's action is too long")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ActionError("the model's action is no JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("action"), str):
        raise ActionError("the model's action has no name")
    if found["action"] == NONE:
        return None
    arguments = found.get("arguments", {})
    if set(found) - {"action", "arguments"} or not isinstance(arguments, dict):
        raise ActionError("the model's action has parts that are not known")
    action = Action(found["action"], {name: _plain(value) for name, value in arguments.items()})
    known.check(action)
    return action


@dataclass(slots=True)
class ReplySplitter:
    """Takes a streamed reply apart: what is to be said, and what is to be done."""

    actions: list[str] = field(default_factory=list)
    """The text of every action so far, for ``parsed``."""
    _held: str = ""  # may be the beginning of a mark, or of an action

    def feed(self, piece: str) -> str:
        """What of the reply can be said, now that ``piece`` has come."""
        self._held += piece
        said = ""
        while True:
            before, mark, rest = self._held.partition(OPEN)
            if not mark:
                kept = _beginning(before, OPEN)
                self._held = before[len(before) - kept :]
                return said + before[: len(before) - kept]
            action, closed, after = rest.partition(CLOSE)
            if not closed and len(rest) <= MAX_JSON:
                self._held = mark + rest
                return said + before
            said += before
            self.actions.append(action)
            self._held = after if closed else ""

    def end(self) -> str:
        """What was held back and can be said after all. An action that was not finished is
        dropped, and nothing after its mark is said."""
        held, self._held = self._held, ""
        return "" if held.startswith(OPEN) else held


def _variant(form: Form, rules: dict[str, str]) -> str:
    """The rule for one set of arguments; adds the rules of its slots."""
    parts = {**{name: _text(_json(value)) for name, value in form.fixed.items()}}
    parts |= {name: _slot(name, slot, rules) for name, slot in form.slots.items()}
    return _object(form, parts)


def _object(form: Form, parts: Mapping[str, str]) -> str:
    pairs = ' "," '.join(f"{_text(_json(name) + ':')} {rule}" for name, rule in parts.items())
    return f"{{head}} {pairs}".replace("{head}", "") if not form else f'{pairs or ""}'


def _slot(name: str, slot: Slot, rules: dict[str, str]) -> str:
    raise NotImplementedError
