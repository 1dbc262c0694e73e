"""Reads the configuration from where an owner may write it, and says exactly what is wrong.

From the weakest to the strongest:

1. the defaults in ``config``;
2. one TOML file: the one named (``--config FILE``, or ``--config NAME`` for a shipped one), else
   the user's own ``config.toml`` if there is one, else the shipped ``default.toml``;
3. the environment: ``ROBOT_VOICE__ASR__MODEL=base`` sets ``asr.model``;
4. ``--set asr.model=base``.

Tables are merged key by key, so setting one voice keeps the others. Values of 3 and 4 are TOML;
what is not TOML is text, so quotes are seldom needed. Types are strict: ``"4"`` is no number.

Why not the sources of pydantic-settings: they let unknown variables pass, read JSON where the file
is TOML, take no environment but the process's own, and forget where a value came from, which is
what an error must tell.
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from . import paths
from .config import Config
from .errors import ConfigError
from .mistakes import did_you_mean, explain
from .schema import KeyPath

ENVIRONMENT_PREFIX = "ROBOT_VOICE__"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from."""

    kind: Literal["default", "file", "environment", "option"]
    name: str = ""
    """The file, the variable, or the whole option."""
    line: int = 0
    """Line of the key in the file, from 1; 0 elsewhere."""

    def __str__(self) -> str:
        return {
            "default": "default",
            "file": f"{self.name}:{self.line}",
            "environment": f"environment variable {self.name}",
            "option": f"option --set {textwrap.shorten(self.name, 80)}",
        }[self.kind]


DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration and where it is from."""

    config: Config
    file: Path | None = None
    """The file that was read."""
    origins: Mapping[KeyPath, Origin] = field(default_factory=dict)
    """Of what was set anywhere; what is not in here has its default."""

    def base(self, path: KeyPath) -> Path | None:
        """What a relative path given as this key is relative to: the file's folder if it stands
        in the file, else (None) the current folder, which is where the user typed it."""
        if self.file is None or self.origin(path).kind != "file":
            return None
        return self.file.resolve().parent

    def origin(self, path: KeyPath) -> Origin:
        """Where the value of a key is from; of a table, where its strongest part is from."""
        return _origin(path, self.origins)


def load_config(
    source: Path | str | None, overrides: Sequence[str], environ: Mapping[str, str]
) -> Loaded:
    """Read, merge and check the configuration.

    ``source`` is a file, or the name of a configuration among ``configurations()``; None looks in
    the usual places. ``overrides`` are ``KEY=VALUE``. Raises ``ConfigError``, which tells of
    everything that is wrong, one line each.
    """
    file = _find(source)
    merged = _Merged()
    if file is not None:
        tree, lines = _read(file)
        merged.add(tree, lambda path: Origin("file", _short(file), lines[path]))
    for name, tree in _from_environment(environ):
        merged.add(tree, _everywhere(Origin("environment", name)))
    for text in overrides:
        merged.add(_from_option(text), _everywhere(Origin("option", text)))
    return Loaded(merged.validate(), file, merged.origins)


def configurations() -> dict[str, Path]:
    """The configurations that have a name: the shipped ones and the user's own, which win."""
    folders = (paths.configs(), paths.user_config())
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.toml"))}


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, on which each key and table of a valid TOML text begins.

    The parser itself finds where a statement ends: a part of one does not parse, whatever is in
    it. So quoted and dotted keys, inline tables and values over several lines need no rules here.
    """
    found: dict[KeyPath, int] = {}
    header = statement = ""
    start = 1
    for number, line in enumerate(text.split("\n"), 1):
        start = start if statement else number
        statement += line + "\n"
        is_header = statement.lstrip().startswith("[")
        try:
            tree = tomllib.loads(statement if is_header else header + statement)
        except tomllib.TOMLDecodeError:
            continue
        header = statement if is_header else header
        statement = ""
        for path in _paths((), tree):
            found.setdefault(path, start)
    return found


class _Merged:
    """Values from several places, the later ones stronger, and where each is from."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = Config().model_dump(mode="json")
        self.origins: dict[KeyPath, Origin] = {}

    def add(self, tree: dict[str, Any], origin: Callable[[KeyPath], Origin]) -> None:
        def merge(path: KeyPath, below: dict[str, Any], above: dict[str, Any]) -> None:
            for name, value in above.items():
                here = (*path, name)
                if isinstance(value, dict) and isinstance(below.get(name), dict):
                    merge(here, below[name], value)
                    continue
                below[name] = value
                self.origins.pop(here, None)  # so that the strongest comes last
                self.origins[here] = origin(here)

        merge((), self.tree, tree)

    def origin(self, path: KeyPath) -> Origin:
        return _origin(path, self.origins)

    def validate(self) -> Config:
        """Strictly, and as JSON: there a list is a tuple, but ``"4"`` is still no number."""
        try:
            return Config.model_validate_json(to_json(self.tree), strict=True)
        except ValidationError as error:
            raise ConfigError(explain(error, self.tree, self.origin)) from None
        except PydanticSerializationError as error:
            # Only variables and options can hold bytes that are no text; TOML was checked.
            raise ConfigError(f"environment or --set: not UTF-8 text: {error}") from None


def _everywhere(origin: Origin) -> Callable[[KeyPath], Origin]:
    return lambda path: origin


def _find(source: Path | str | None) -> Path | None:
    """The file that ``source`` means. Raises ``ConfigError`` for a name nobody knows."""
    if source is None:
        usual = (paths.user_config() / "config.toml", paths.configs() / "default.toml")
        return next((file for file in usual if file.is_file()), None)
    text = str(source)
    if isinstance(source, Path) or text.endswith(".toml") or Path(text).name != text:
        return Path(text).expanduser()
    named = configurations()
    if text in named:
        return named[text]
    raise ConfigError(
        f"{text}: no configuration of this name.{did_you_mean(text, named)} "
        f"Names: {', '.join(sorted(named)) or 'none'}; a file's name ends in .toml."
    )


def _read(file: Path) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    """The values in a file, and their lines."""
    name = _short(file)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        known = ", ".join(sorted(configurations()))
        raise ConfigError(f"{name}: no such file. By name there are: {known}.") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}.") from None
    try:
        text = data.decode("utf-8-sig")  # editors on Windows begin files with a mark
        return tomllib.loads(text), key_lines(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}:{line}: not UTF-8 text; save the file as UTF-8.") from None
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply.") from None
    except ValueError as error:  # TOMLDecodeError is one; numbers of 5,000 digits raise another
        raise ConfigError(_syntax(name, text, str(error))) from None


def _syntax(name: str, text: str, message: str) -> str:
    """A TOML syntax error as ``file:line:column: what``, with the line itself."""
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if place is None:
        end = text.rstrip().count("\n") + 1
        return f"{name}:{end}: not TOML: {message}."
    line, column = int(place[1]), int(place[2])
    hint = ' Text needs quotes: key = "text".' if "Invalid value" in message else ""
    shown = text.split("\n")[line - 1].strip()
    return f"{name}:{line}:{column}: not TOML: {message[: place.start()]}.{hint}\n    {shown}"


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """What each variable sets; a variable for a table comes before those for its keys."""
    ours = [name for name in environ if name.upper().startswith(ENVIRONMENT_PREFIX)]
    found = []
    for name in sorted(ours, key=lambda name: (name.count("__"), name)):
        path = name[len(ENVIRONMENT_PREFIX) :].lower().split("__")
        found.append((name, _nest(path, _value(environ[name]))))
    return found


def _from_option(override: str) -> dict[str, Any]:
    key, equals, value = override.partition("=")
    try:
        tree = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        tree = {}
    if not equals or len(tree) != 1:
        raise ConfigError(
            f"option --set {override}: expected KEY=VALUE, such as --set asr.model=starter."
        )
    return _nest(_paths((), tree)[-1], _value(value.strip()))


def _value(text: str) -> Any:
    """A TOML value; what is none is text."""
    try:
        tree = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return tree["value"] if len(tree) == 1 else text


def _nest(path: Sequence[str], value: Any) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    return dict(value)


def _paths(path: KeyPath, tree: dict[str, Any]) -> list[KeyPath]:
    found: list[KeyPath] = []
    for name, value in tree.items():
        here = (*path, name)
        found += [here, *(_paths(here, value) if isinstance(value, dict) else ())]
    return found


def _short(file: Path) -> str:
    """A file as the user would type it."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_absolute() and here in file.parents else file)


def _origin(path: KeyPath, origins: Mapping[KeyPath, Origin]) -> Origin:
    """Of the key, else of the table it was given with, else of the last key below it."""
    for length in range(len(path), 0, -1):
        if path[:length] in origins:
            return origins[path[:length]]
    below = [origin for here, origin in origins.items() if here[: len(path)] == path]
    return below[-1] if below else DEFAULT
