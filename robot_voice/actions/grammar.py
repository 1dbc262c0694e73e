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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

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

Part: TypeAlias = Literal["reply", "inside", "alone"]
"""All of a reply; what comes behind ``OPEN``; one action, or ``{"action":"none"}``."""

_NUMBER = '[0-9]{1,6} ("." [0-9]{1,3})?'
_TEXT = r'"\"" [^"\\\x00-\x1f\x7f]{1,%d} "\""'


def gbnf(known: Catalogue, allowed: Iterable[str], part: Part = "reply") -> str:
    """The grammar of a reply with at most one of the ``allowed`` actions; or of a ``part``."""
    rules: dict[str, str] = {}
    names: list[str] = []
    for name in sorted(set(allowed) & set(known.actions)):
        names.append(f"action-{len(names)}")
        variants = {_variant(name, form, rules): None for form in known.actions[name].forms}
        rules[names[-1]] = " | ".join(variants)
    choice = " | ".join(names)
    if part == "inside":
        head = f'root ::= " "? ({choice}) {_text(CLOSE)}'
    elif part == "reply":
        action = f" ({_text(OPEN)} ({choice}) {_text(CLOSE)})?" if names else ""
        head = f"root ::= [^<]*{action}"
    else:
        every = " | ".join(filter(None, (_text(_json({"action": NONE})), choice)))
        head = f'root ::= " "? ({every})'  # vocabularies like a space before the first word
    return "\n".join([head, *(f"{name} ::= {rule}" for name, rule in rules.items())]) + "\n"


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


@dataclass(slots=True)
class Wished:
    """The actions in a reply that may yet prove to be one to words that were never said."""

    text: str
    """The user's words, as the conversation has them."""
    language: str
    """Of the reply."""
    written: Sequence[str]
    """What the model wrote, as ``parsed`` reads it."""
    passed: bool = False
    """Whether all of the reply may be said."""


def _variant(name: str, form: Form, rules: dict[str, str]) -> str:
    """One object with the arguments of ``form``. The rules of its slots are added to ``rules``."""
    parts = {key: _text(_json(value)) for key, value in form.fixed.items()}
    for slot_name, slot in form.slots.items():
        rule = _slot(slot)
        at = next((at for at, known in rules.items() if known == rule), f"slot-{len(rules)}")
        rules[at] = rule
        parts[slot_name] = at
    head = _text(f'{{"action":{_json(name)},"arguments":{{')
    pairs = ' "," '.join(f"{_text(_json(key) + ':')} {rule}" for key, rule in parts.items())
    return " ".join(filter(None, (head, pairs, _text("}}"))))


def _slot(slot: Slot) -> str:
    if isinstance(slot, NumberSlot):
        return _NUMBER
    if isinstance(slot, TextSlot):
        return _TEXT % slot.max_characters
    return " | ".join(_text(_json(value)) for value in slot)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(text: str) -> str:
    """``text`` to the letter, in GBNF."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    raise ActionError("the model's action has an argument that is neither text nor a number")


def _beginning(text: str, mark: str) -> int:
    """How many letters at the end of ``text`` may be the beginning of ``mark``."""
    lengths = range(min(len(mark) - 1, len(text)), 0, -1)
    return next((length for length in lengths if mark.startswith(text[-length:])), 0)
