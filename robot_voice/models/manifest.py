"""The models worth having: ``models/manifest.toml``, checked, and which suit a machine.

The manifest names repositories, files and licences. It holds no hashes: a revision that is a commit
pins every byte already, and the hub's own hashes are checked and kept at the pull (``lock``).
"""

from __future__ import annotations

import platform
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import psutil
from pydantic import Field, ValidationError, model_validator

from robot_voice import paths
from robot_voice.errors import ModelError
from robot_voice.mistakes import did_you_mean
from robot_voice.section import Section

from .lock import Kind, Name

USED: frozenset[Kind] = frozenset({"asr", "llm"})
"""The kinds this version has engines for. The others can be fetched and kept, no more."""

Megabytes: TypeAlias = Annotated[int, Field(gt=0)]
_DEVICE_TREE = Path("/proc/device-tree/model")


class Licence(Section):
    title: str
    url: str = Field(pattern="^https://")
    accept: bool = False
    """Whether it has to be accepted before the model is fetched."""


class Entry(Section):
    """A model on the hub."""

    kind: Kind
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = Field(pattern=r"^[\w.-]+$")
    """A commit, or a branch or tag, whose commit the model's lock then holds."""
    files: tuple[str, ...] = Field(min_length=1)
    """Paths in the repository; ``*`` stands for any part of a name."""
    licence: str
    """A key of ``licences``."""
    languages: tuple[str, ...] = Field(min_length=1)
    """ISO 639-1 codes; ``*`` for all that Whisper, or a large language model, commonly has."""
    disk_mb: Megabytes
    ram_mb: Megabytes
    """Of the model alone, loaded as this program loads it."""
    notes: str = ""


class Profile(Section):
    """Models that together suit a class of machines."""

    title: str
    ram_mb: Megabytes
    """What the machine should have, at least."""
    cores: int = Field(gt=0)
    board: Literal["", "jetson"] = ""
    """If set, this profile is for such boards and the only one for them."""
    models: tuple[Name, ...]


class Manifest(Section):
    licences: dict[str, Licence]
    profiles: dict[str, Profile]
    models: dict[Name, Entry]

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Manifest:
        for name, entry in self.models.items():
            if entry.licence not in self.licences:
                raise ValueError(f"models.{name}: no licence {entry.licence!r}")
        for name, profile in self.profiles.items():
            if missing := set(profile.models) - set(self.models):
                raise ValueError(f"profiles.{name}: no model {', '.join(sorted(missing))}")
        return self

    def entry(self, name: str) -> Entry:
        """Raises ``ModelError`` for a name that is not in the manifest."""
        if name in self.models:
            return self.models[name]
        raise ModelError(
            f"{name}: no such model in the manifest.{did_you_mean(name, self.models)} "
            "`robot-voice models list` shows them all."
        )

    def profile(self, name: str) -> Profile:
        """Raises ``ModelError`` for a profile that does not exist."""
        if name in self.profiles:
            return self.profiles[name]
        raise ModelError(f"{name}: no such profile. There are {', '.join(self.profiles)}.")

    def profiles_of(self, name: str) -> list[str]:
        """The profiles a model belongs to."""
        return [key for key, profile in self.profiles.items() if name in profile.models]


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides which models suit."""

    ram_mb: int
    cores: int
    jetson: bool

    @classmethod
    def here(cls) -> Machine:
        """This machine. A Jetson tells in the device tree what it is."""
        try:
            board = _DEVICE_TREE.read_text(errors="replace").lower()
        except OSError:
            board = ""
        cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
        ram = psutil.virtual_memory().total // 10**6
        return cls(ram, cores, jetson="jetson" in board and platform.machine() == "aarch64")

    def __str__(self) -> str:
        kind = "a Jetson, " if self.jetson else ""
        return f"{kind}{self.ram_mb / 1000:.1f} GB, {self.cores} cores"


def suggest(manifest: Manifest, machine: Machine) -> str | None:
    """The most demanding profile the machine can bear; None if it is too small for any.

    The manifest has them in order, the least demanding first.
    """

    def fits(profile: Profile) -> bool:
        return machine.ram_mb >= profile.ram_mb and machine.cores >= profile.cores

    profiles = manifest.profiles.items()
    boards = [name for name, one in profiles if one.board == "jetson" and fits(one)]
    if machine.jetson and boards:
        return boards[-1]
    fitting = [name for name, one in profiles if not one.board and fits(one)]
    return fitting[-1] if fitting else None


@lru_cache(maxsize=4)
def load_manifest(file: Path | None = None) -> Manifest:
    """The manifest that came with the program, or ``file``. Raises ``ModelError``."""
    file = file or paths.models() / "manifest.toml"
    try:
        return Manifest.model_validate(tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise ModelError(f"{file}: not a model manifest: {error}") from None
