"""The configuration as text: what keys there are, what each takes, and the whole as TOML.

Everything is read off the JSON schema of ``Config``, so that messages, ``config schema`` and
``configs/default.toml`` cannot drift from what is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from .config import Config

KeyPath: TypeAlias = tuple[str, ...]
"""``("asr", "model")`` is what a TOML file calls ``asr.model``."""

_LANGUAGE_PATTERN = "^[a-z]{2,3}$"
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One key an owner may set."""

    path: KeyPath
    expected: str
    """What it takes, in words: ``a number from 0 to 1``."""
    choices: tuple[str, ...]
    """The values it takes, where these are few; else empty."""
    default: object
    """As JSON has it; None: unset."""
    help: str

    @property
    def key(self) -> str:
        return ".".join(self.path)


@cache
def json_schema() -> dict[str, Any]:
    """The JSON schema of the whole configuration."""
    return Config.model_json_schema()


@cache
def settings() -> Mapping[KeyPath, Setting]:
    """Every key, in the order of the schema. A table of free keys (``tts.voices``) is one."""
    return {setting.path: setting for setting in _walk((), json_schema())}


def keys_of(section: KeyPath) -> list[str]:
    """The names that may stand in a table, ``()`` being the top; empty if it is no table."""
    node = json_schema()
    for name in section:
        free = [*node.get("patternProperties", {}).values(), {}][0]  # of tables, perhaps
        node = _resolve(node.get("properties", {}).get(name, free))
    return list(node.get("properties", {}))


def describe(node: Mapping[str, Any]) -> str:
    """What a JSON schema node takes, in words."""
    node = _resolve(node)
    if "properties" in node:
        return f"a table of {', '.join(node['properties'])}"
    if "anyOf" in node:
        kinds = [describe(kind) for kind in node["anyOf"] if kind.get("type") != "null"]
        return ", or ".join(kinds)
    if "enum" in node or "const" in node:
        values = [toml_value(value) for value in _values(node)]
        return values[0] if len(values) == 1 else f"one of {', '.join(values)}"
    if node["type"] == "array":
        each = node["items"] if "items" in node else node["prefixItems"][0]  # a tuple's parts
        return f"a list{_range(node, 'Items', ' item')}, each {describe(each)}"
    if node["type"] == "object":
        [(names, values)] = node["patternProperties"].items()
        name = describe({"type": "string", "pattern": names})
        return f"a table from {name} to {describe(values)}"
    if node.get("pattern") == _LANGUAGE_PATTERN:
        return 'a language code such as "ko"'
    return _TYPES[node["type"]] + _range(node, "Length", " character") + _bounds(node)


def to_toml(config: Config, note: Callable[[Setting], str] = lambda setting: "") -> str:
    """A configuration as a TOML file.

    ``note`` gives each key a comment: of several lines above it, of one line behind it. A key
    that is unset stands there as a comment, for TOML has no word for nothing.
    """
    tree = config.model_dump(mode="json")
    lines: list[str] = []
    section: KeyPath = ()
    for setting in settings().values():
        if setting.path[:-1] != section:
            section = setting.path[:-1]
            lines += ["", f"[{'.'.join(section)}]"]
        lines += _assignment(setting, _get(tree, setting.path), note(setting))
    return "\n".join(lines).lstrip("\n") + "\n"


def default_toml() -> str:
    """``configs/default.toml``: every key with its default and what it means."""
    head = (
        "# Every key there is, with its default. Copy what you want to change into a file of your\n"
        "# own and leave the rest out: `robot-voice --help` tells where files are looked for.\n"
        "# Written by `robot-voice config schema --toml`; a test keeps it equal to the program.\n\n"
    )
    return head + to_toml(Config(), lambda setting: f"{setting.help}\nTakes {setting.expected}.")


def _walk(path: KeyPath, node: Mapping[str, Any]) -> Iterable[Setting]:
    """Keys before tables, as TOML demands of the top level."""
    children = {name: _resolve(child) for name, child in node["properties"].items()}
    for name, child in sorted(children.items(), key=lambda item: "properties" in item[1]):
        here = (*path, name)
        if "properties" in child:
            yield from _walk(here, child)
        else:
            yield Setting(
                path=here,
                expected=describe(child),
                choices=tuple(str(value) for value in _values(child)),
                default=_get(Config().model_dump(mode="json"), here),
                help=child["description"],
            )


def _resolve(node: Mapping[str, Any]) -> dict[str, Any]:
    """The node itself, or the definition it refers to."""
    if "$ref" in node:
        return dict(json_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    return dict(node)


def _values(node: Mapping[str, Any]) -> list[object]:
    """The values an enumeration, or a union with one, takes."""
    own = [node["const"]] if "const" in node else node.get("enum", [])
    return [*own, *(value for kind in node.get("anyOf", ()) for value in _values(kind))]


def _range(node: Mapping[str, Any], what: str, unit: str) -> str:
    """`` of 1 to 40 characters`` and its kin; empty without limits."""
    low, high = node.get(f"min{what}"), node.get(f"max{what}")
    if low is not None and high is not None:
        return f" of {low}{unit}s" if low == high else f" of {low} to {high}{unit}s"
    if low is not None:
        return f" of at least {low}{unit}{'' if low == 1 else 's'}"
    return f" of at most {high}{unit}s" if high is not None else ""


def _bounds(node: Mapping[str, Any]) -> str:
    low, above, high = (node.get(k) for k in ("minimum", "exclusiveMinimum", "maximum"))
    if above is not None:
        return f" above {above} and up to {high}" if high is not None else f" above {above}"
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else ""


def _get(tree: Mapping[str, Any], path: KeyPath) -> object:
    value: Any = tree
    for name in path:
        value = value[name]
    return value


def toml_value(value: object) -> str:
    """A value as TOML writes it. JSON strings are TOML basic strings, save for DEL."""
    if isinstance(value, dict):
        inside = ", ".join(f"{name} = {toml_value(item)}" for name, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    # Dates and times, which JSON lacks, reach this only inside a complaint about them.
    return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")


def _assignment(setting: Setting, value: object, note: str) -> list[str]:
    name = setting.path[-1]
    line = f"# {name} =    (unset)" if value is None else f"{name} = {toml_value(value)}"
    if "\n" not in note:
        return [f"{line}  # {note}" if note else line]
    return ["", *(f"# {text}" for text in note.splitlines()), line]
