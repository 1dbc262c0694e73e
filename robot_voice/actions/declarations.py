"""What the body can be told to do, as its owner has written it down. Pure but for reading files.

A file of ``configs/actions/`` is TOML::

    include = ["base"]                        # other files beside this one; theirs come first
    executor = "body"                         # does all actions, here and there, that name none

    [slots.direction]                         # values, each with what is said for it
    left = { en = ["left"], ko = ["왼쪽으로"] }

    [slots.angle]                             # a number with a unit; `bare = true`: or without
    type = "number"
    min = 1
    max = 360
    unit = { en = ["degrees", "degree"], ko = ["도"] }

    [slots.words]                             # whatever is said there
    type = "text"

    [[command]]
    action = "turn"
    arguments = { speed = "slow" }            # fixed ones
    safety = "moves"                          # "harmless", "moves" (the default) or "strong"
    confirm = true                            # ask first; "strong" ones always are
    executor = "body"                         # who does it; nobody: it is an event for listeners
    en = ["turn {direction} {angle}"]
    ko = ["{direction} {angle} 돌아"]

    [executors.body]
    kind = "process"                          # or "python", "http", "mqtt", "dry-run"
    argv = ["robotctl", "{action}", "{direction}"]

Several tables may command the same action. What one of them asks for in safety, confirmation and
executor then holds for all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from robot_voice.errors import ConfigError

from .execution import ExecutorConfig

Safety: TypeAlias = Literal["harmless", "moves", "strong"]
"""What can go wrong: nothing; somebody is in the way; somebody or something comes to harm."""
_RANKS: tuple[Safety, ...] = ("harmless", "moves", "strong")

MAX_FILES = 16
"""Of one declaration, with all that they include."""
MAX_TEXT = 100
"""Characters of a free text, unless its slot says otherwise."""

_T = TypeVar("_T")

Phrase = Annotated[str, Field(min_length=1, max_length=200)]
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")
_NAME = r"^[a-z][a-z0-9_.]*$"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NumberSlot(_Model):
    """A number from ``min`` to ``max``, both included."""

    type: Literal["number"]
    min: float = Field(allow_inf_nan=False, ge=0)
    max: float = Field(allow_inf_nan=False, le=999_999)
    unit: Mapping[str, tuple[Phrase, ...]] = {}
    """What is said after it, by ISO 639-1 code."""
    bare: bool = False
    """Whether it may be said without its unit."""

    @model_validator(mode="after")
    def _in_order(self) -> NumberSlot:
        if self.min > self.max:
            raise ValueError("min is more than max")
        return self

    def accepts(self, text: str) -> bool:
        return bool(_NUMBER.fullmatch(text)) and self.min <= float(text) <= self.max


class TextSlot(_Model):
    """Whatever is said there, as it was said but for case and punctuation."""

    type: Literal["text"]
    max_characters: int = Field(MAX_TEXT, ge=1, le=500)

    def accepts(self, text: str) -> bool:
        """What begins with a sign might be taken for an option of a program."""
        fits = 0 < len(text) <= self.max_characters and text.isprintable()
        return fits and text[0].isalnum()


Values: TypeAlias = Mapping[str, Mapping[str, tuple[Phrase, ...]]]
"""The words for each value of a slot, by ISO 639-1 code."""
OpenSlot: TypeAlias = NumberSlot | TextSlot
Slot: TypeAlias = Values | OpenSlot


def _slot_type(value: Any) -> str:
    found = value.get("type") if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else "values"


_AnySlot = Annotated[
    Annotated[NumberSlot, Tag("number")]
    | Annotated[TextSlot, Tag("text")]
    | Annotated[dict[str, dict[str, tuple[Phrase, ...]]], Tag("values")],
    Discriminator(_slot_type),
]


class Command(BaseModel):
    """One ``[[command]]``. What is no field of it is a language's phrases."""

    model_config = ConfigDict(frozen=True, extra="allow")

    action: str = Field(pattern=_NAME)
    arguments: dict[str, str] = {}
    safety: Safety = "moves"
    confirm: bool = False
    executor: str = ""

    def phrases(self) -> Mapping[str, Any]:
        """What is said in each language, by ISO 639-1 code."""
        return self.__pydantic_extra__ or {}


class _File(_Model):
    include: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
    executor: str = ""
    command: tuple[Command, ...] = Field(min_length=1)
    slots: dict[str, _AnySlot] = {}
    executors: dict[str, ExecutorConfig] = {}


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything that some files declare."""

    commands: Sequence[tuple[str, Command]]
    """Each with the place where it stands, for error messages: ``file:line``."""
    slots: Mapping[str, Slot]
    executors: Mapping[str, ExecutorConfig]
    executor: str = ""
    """Who does the actions that name none."""


def read_declarations(path: Path) -> Declarations:
    """Read a file and what it includes. Raises ``ConfigError`` naming the file, and the line where
    it is known."""
    commands: list[tuple[str, Command]] = []
    slots: dict[str, Slot] = {}
    executors: dict[str, ExecutorConfig] = {}
    general = ""
    for where, text, file in _files(path, []):
        general = file.executor or general  # the outermost file is the last
        for number, command in enumerate(file.command):
            commands.append((f"{where}:{_line(text, number)}", command))
        _add(slots, file.slots, f"{where}: the slot")
        _add(executors, file.executors, f"{where}: the executor")
    named = [(place, command.executor) for place, command in commands]
    for place, name in [*named, (str(path), general)]:
        if name and name not in executors:
            known = ", ".join(sorted(executors)) or "none"
            raise ConfigError(f"{place}: executor {name!r} is not among: {known}")
    return Declarations(commands, slots, executors, general)


def _add(known: dict[str, _T], new: Mapping[str, _T], what: str) -> None:
    for name, value in new.items():
        if known.setdefault(name, value) != value:
            raise ConfigError(f"{what} {name!r} is declared twice")


def strictest(one: Safety, other: Safety) -> Safety:
    """The one by which more can go wrong."""
    return max(one, other, key=_RANKS.index)


def _files(path: Path, seen: list[Path]) -> list[tuple[Path, str, _File]]:
    """The file with those it includes, which come first; each once."""
    if path in seen:
        return []
    seen.append(path)
    if len(seen) > MAX_FILES:
        raise ConfigError(f"{path}: more than {MAX_FILES} files include one another")
    text, file = _read(path)
    found = []
    for name in file.include:
        inner = path.parent / (name if name.endswith(".toml") else f"{name}.toml")
        found += _files(inner, seen)
    return [*found, (path, text, file)]


def _read(path: Path) -> tuple[str, _File]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, _File.model_validate(tomllib.loads(text))
    except OSError as error:
        raise ConfigError(
            f"{path}: the robot's commands cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a UTF-8 text file") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(_explain(path, text, error)) from error


def _explain(path: Path, text: str, error: ValidationError) -> str:
    first = error.errors()[0]
    place = first["loc"]
    line = _line(text, place[1]) if place[:1] == ("command",) and len(place) > 1 else None
    where = f"{path}:{line}" if line else str(path)
    return f"{where}: {'.'.join(map(str, place))}: {first['msg']}"


def _line(text: str, number: object) -> int | None:
    """The line on which the command with this index begins."""
    starts = [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "[[command]]"]
    return starts[number] if isinstance(number, int) and number < len(starts) else None
