"""What is wrong with a configuration, said so that its owner can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from . import schema
from .schema import KeyPath

_SHOWN = 60
"""Characters of a wrong value that are shown."""


def explain(
    error: ValidationError, tree: Mapping[str, Any], origin: Callable[[KeyPath], object]
) -> str:
    """One line for every key that is wrong: where it was set, what was expected, what was meant.

    ``tree`` is what was validated; ``origin`` tells where a key was set.
    """
    lines: dict[KeyPath, str] = {}
    for detail in error.errors(include_url=False):
        path, value = _locate(detail, tree)
        # A union complains once for each of its kinds; the setting's description has them all.
        lines.setdefault(path, f"{origin(path)}: {_problem(path, value, detail)}")
    return "\n".join(lines.values())


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """`` Did you mean "..."?`` if one of ``known`` is like the word, else nothing."""
    match = difflib.get_close_matches(word.lower(), list(known), 1, cutoff)
    return f' Did you mean "{match[0]}"?' if match else ""


def _locate(detail: ErrorDetails, tree: Mapping[str, Any]) -> tuple[KeyPath, object]:
    """The key an error is about, and its value. pydantic goes on into lists and unions."""
    path: list[str] = []
    node: Any = tree
    for name in detail["loc"]:
        if not isinstance(node, dict) or name not in node:
            break
        path.append(str(name))
        node = node[name]
    return tuple(path), node


def _problem(path: KeyPath, value: object, detail: ErrorDetails) -> str:
    key = ".".join(path)
    if detail["type"] == "extra_forbidden":
        return f"{key}: no such key.{_nearest_key(path)}"
    if detail["type"] == "value_error":
        return f"{key}: {detail['msg'].removeprefix('Value error, ')}."
    shown = schema.toml_value(value)
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
    if schema.keys_of(path):
        return f"{key} = {shown}: expected a table, [{key}]."
    # A key of the owner's own, as in tts.voices, has no setting; the table it is in has.
    known = schema.settings()
    setting = next(known[path[:end]] for end in range(len(path), 0, -1) if path[:end] in known)
    meant = did_you_mean(str(value), setting.choices)
    return f"{key} = {shown}: expected {setting.expected}.{meant}"


def _nearest_key(path: KeyPath) -> str:
    """The key that was meant: of the same table, else of another, else what there is."""
    *section, name = path
    word = name.replace("-", "_")
    here = schema.keys_of(tuple(section))
    elsewhere = {known.path[-1]: known.key for known in schema.settings().values()}
    match = difflib.get_close_matches(word.lower(), elsewhere, 1, 0.8)
    other = f' Did you mean "{elsewhere[match[0]]}"?' if match else ""
    return did_you_mean(word, here) or other or f" Keys here: {', '.join(here)}."
