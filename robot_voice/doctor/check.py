"""What is examined, and what a check says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from robot_voice.config import Config
from robot_voice.errors import ConfigError
from robot_voice.settings import Loaded

Status: TypeAlias = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    status: Status
    detail: str
    """What was found; for a warning or a failure, what does not work because of it."""
    mend: str = ""
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The configuration to be served; the defaults when there is no valid one."""

    loaded: Loaded
    mistake: ConfigError | None = None
    """Why the owner's own configuration cannot be used."""

    @property
    def config(self) -> Config:
        return self.loaded.config
