"""Which words command the body to do what. Pure but for reading the table.

A command is recognised only when it is all that was said: "stop" is one, "don't stop believing"
is not. Before comparing, both the table's phrases and the user's words lose case, punctuation,
spacing (in Hangul) and politeness ("could you ... please", "... 좀 해 주세요"), so the table lists
each phrase once, at its plainest.

The table is TOML::

    [slots.direction]
    left = { en = ["left"], ko = ["왼쪽으로"] }

    [[command]]
    action = "turn"
    en = ["turn {direction}"]
    ko = ["{direction} 돌아"]

A slot's key ("left") becomes the action's argument. ``arguments`` gives fixed ones.
"""

from __future__ import annotations

import itertools
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from robot_voice.errors import ConfigError
from robot_voice.types import Action, Transcript

_SLOT = re.compile(r"\{(\w+)\}")
_HANGUL = re.compile(r"[가-힣]")
_UNSPOKEN = re.compile(r"[^\w\s']|_")
_COURTESY = r"(?:please|now|right now|for me|thanks|thank you|robot|okay|ok|hey robot|hey|then)"
_BEFORE = re.compile(
    rf"^(?:{_COURTESY} |(?:can|could|would|will) you (?:please |kindly )?|i (?:want|need) you to )+"
)
_AFTER = re.compile(rf"(?: {_COURTESY})+$")
_KOREAN_ASIDE = re.compile(r"(?:^|(?<=\s))(?:제발|지금|이제|어서|로봇아|로봇|자|네|그럼)\s")
_KOREAN_POLITE = re.compile(
    r"(?:줄수있(?:어요?|나요|니|을까요?)|주실수있(?:어요|나요|을까요)|주시겠(?:어요|습니까)|주실래요?"
    r"|주실까요|주십시오|주세요|줄래요?|줘요?|줘라)$"
)
_MAX_PHRASES = 20_000

Phrase = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class _Command(_Model):
    action: str = Field(pattern=r"^[a-z][a-z0-9_.]*$")
    arguments: dict[str, str] = {}

    def phrases(self) -> Mapping[str, object]:
        """What is said in each language, by ISO 639-1 code."""
        return self.__pydantic_extra__ or {}


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[_Command, ...] = Field(min_length=1)
    slots: dict[str, dict[str, dict[str, tuple[Phrase, ...]]]] = {}


@dataclass(frozen=True, slots=True)
class CommandTable:
    """Every way to say every command."""

    actions: Mapping[str, Action]
    """By what ``normalise`` makes of the words."""

    def match(self, transcript: Transcript) -> Action | None:
        """The action that the words command, if they are a command and nothing else.

        The transcript's language does not matter: recognisers take short words for another.
        """
        words = normalise(transcript.text)
        return self.actions.get(words) if words else None


def normalise(text: str) -> str:
    """``text`` without what does not change which command it is."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = " ".join(_UNSPOKEN.sub(" ", text).split())
    if not _HANGUL.search(text):
        return _AFTER.sub("", _BEFORE.sub("", text))
    plain = _KOREAN_ASIDE.sub("", text).replace(" ", "").replace("좀", "")
    return _KOREAN_POLITE.sub("", plain) or plain


def load_commands(path: Path) -> CommandTable:
    """Read a table. Raises ``ConfigError`` naming the file, and the line where it is known."""
    try:
        text = path.read_text(encoding="utf-8")
        table = _Table.model_validate(tomllib.loads(text))
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

    return CommandTable(_indexed(table, path, text))


def _indexed(table: _Table, path: Path, text: str) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for number, command in enumerate(table.command):
        where = f"{path}:{_line(text, number)}"
        for phrase, action in _expanded(command, table, where):
            known = actions.setdefault(normalise(phrase), action)
            if known != action:
                raise ConfigError(
                    f"{where}: {phrase!r} already commands {known.name!r}, "
                    f"it cannot command {action.name!r} too"
                )
            if len(actions) > _MAX_PHRASES:
                raise ConfigError(f"{where}: more than {_MAX_PHRASES} phrases; use fewer slots")
    return actions


def _expanded(command: _Command, table: _Table, where: str) -> Iterator[tuple[str, Action]]:
    """Every phrase of a command, its slots filled in every way, with the action it means."""
    if not command.phrases():
        raise ConfigError(f"{where}: command {command.action!r} has no phrases, as en = [...]")
    for language, phrases in command.phrases().items():
        if not isinstance(phrases, list) or not all(isinstance(p, str) for p in phrases):
            raise ConfigError(f"{where}: {language} must be a list of phrases")
        for phrase in phrases:
            if not normalise(_SLOT.sub("x", phrase)):
                raise ConfigError(f"{where}: the phrase {phrase!r} has no words")
            yield from _filled(phrase, command, _choices(phrase, language, table, where))


def _filled(
    phrase: str, command: _Command, choices: dict[str, list[tuple[str, str]]]
) -> Iterator[tuple[str, Action]]:
    for values in itertools.product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        spoken = _SLOT.sub(lambda m, chosen=chosen: chosen[m.group(1)][1], phrase)  # type: ignore[misc]
        meant = {slot: value for slot, (value, _) in chosen.items()}
        yield spoken, Action(command.action, {**command.arguments, **meant})


def _choices(
    phrase: str, language: str, table: _Table, where: str
) -> dict[str, list[tuple[str, str]]]:
    """For each slot in ``phrase``: its values, each with every way to say it."""
    choices: dict[str, list[tuple[str, str]]] = {}
    for slot in _SLOT.findall(phrase):
        if slot not in table.slots:
            known = ", ".join(sorted(table.slots)) or "none"
            raise ConfigError(f"{where}: {phrase!r} has a slot {slot!r}; the slots are: {known}")
        choices[slot] = [
            (value, spoken)
            for value, languages in table.slots[slot].items()
            for spoken in languages.get(language, ())
        ]
        if not choices[slot]:
            raise ConfigError(f"{where}: slot {slot!r} has no words in language {language!r}")
    return choices


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
