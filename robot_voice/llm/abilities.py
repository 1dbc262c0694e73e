"""What a model is told of the robot's body: what it can do, and how the model may ask for it. Pure.

It stands in the system message, so it depends on the declarations and the language alone.
"""

from __future__ import annotations

from collections.abc import Collection

from robot_voice.actions.catalogue import SLOT, ActionSpec, Catalogue, Form
from robot_voice.actions.declarations import NumberSlot, Slot, TextSlot
from robot_voice.actions.grammar import CLOSE, OPEN

MOST = 40
"""Actions that are named; with a longer list models are slower to start, and small ones lost."""

_BODY = (
    "You have a robot's body. People command it in plain words, and apart from talking these are"
    " all of its abilities: {abilities}. If somebody wants anything else of your body, say that you"
    " cannot do it."
)
_BODY_KO = (
    "당신에게는 로봇의 몸이 있습니다. 사람들은 말로 몸에 명령하며, 말하기를 빼면 할 수 있는 일은"
    " 이것이 전부입니다: {abilities}. 그 밖의 동작을 부탁받으면 할 수 없다고 말하세요."
)
_NO_BODY = "You cannot move or do anything but talk. If somebody wants that of you, say so."
_NO_BODY_KO = (
    "당신은 말하는 것 말고는 움직이거나 다른 일을 할 수 없습니다. 부탁받으면 그렇다고 말하세요."
)
_ASK = (
    " If the user asks for one of them in other words, say so in a short sentence and end your"
    " reply with exactly one such mark: {example}. Never write it otherwise, and never speak of it."
)
_ASK_KO = (
    " 사용자가 다른 말로 그중 하나를 부탁하면 짧은 한 문장으로 답하고, 답의 맨 끝에 이런 표시를"
    " 하나만 적으세요: {example}. 다른 때는 절대 적지 말고, 이 표시에 대해 말하지도 마세요."
)


def abilities(known: Catalogue, forbidden: Collection[str], language: str, *, asks: bool) -> str:
    """A paragraph on the actions that somebody does (an executor) and that are not ``forbidden``
    (names or classes of safety). ``language``: ISO 639-1 code of the replies. ``asks``: whether the
    model may ask for them, as ``actions.grammar`` reads it. Empty where actions are but events:
    nobody knows whether they are done, so the model promises and denies nothing."""
    korean = language == "ko"
    able = possible(known, forbidden)
    if not able:
        events = any(not spec.executor for spec in known.actions.values())
        return "" if events else _NO_BODY_KO if korean else _NO_BODY
    named = "; ".join(_named(spec, language, asks) for spec in able[:MOST])
    if len(able) > MOST:
        named += " 등" if korean else "; and some more"
    text = (_BODY_KO if korean else _BODY).format(abilities=named)
    if not asks:
        return text
    return text + (_ASK_KO if korean else _ASK).replace("{example}", _example(able[0]))


def possible(known: Catalogue, forbidden: Collection[str]) -> list[ActionSpec]:
    """The actions that an executor does, but for those that are ``forbidden``."""
    done = [spec for spec in known.actions.values() if spec.executor]
    return [spec for spec in done if not {spec.name, spec.safety} & {*forbidden}]


def _named(spec: ActionSpec, language: str, asks: bool) -> str:
    """How a person would command it; with its name and its arguments if the model ``asks``."""
    form = min(spec.forms, key=lambda form: form.language != language)
    if not asks:
        return SLOT.sub(lambda place: _value(form.slots[place[1]]), form.phrase)
    values = {name: {value} for name, value in form.fixed.items()}
    for other in spec.forms:
        if other.fixed.keys() == form.fixed.keys() and not other.slots:
            for name, value in other.fixed.items():
                values[name].add(value)
    parts = [f"{name}: {' or '.join(sorted(found))}" for name, found in values.items()]
    parts += [f"{name}: {_value(slot)}" for name, slot in form.slots.items()]
    return f"{spec.name} ({', '.join(parts)})" if parts else spec.name


def _value(slot: Slot) -> str:
    if isinstance(slot, NumberSlot):
        return f"{slot.min:g} to {slot.max:g}"
    return "words" if isinstance(slot, TextSlot) else " or ".join(slot)


def _some(slot: Slot) -> str:
    if isinstance(slot, NumberSlot):
        return f"{slot.min:g}"
    return "..." if isinstance(slot, TextSlot) else next(iter(slot))


def _example(spec: ActionSpec) -> str:
    form: Form = min(spec.forms, key=lambda form: len(form.slots))
    given = {**form.fixed, **{name: _some(slot) for name, slot in form.slots.items()}}
    pairs = ",".join(f'"{name}":"{value}"' for name, value in given.items())
    return f'{OPEN}{{"action":"{spec.name}","arguments":{{{pairs}}}}}{CLOSE}'
