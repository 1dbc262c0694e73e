"""What the robot has to do things with, besides talking: a body's commands, skills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robot_voice import paths
from robot_voice.actions.commands import CommandTable
from robot_voice.actions.execution import Executor
from robot_voice.actions.executors import make_executors
from robot_voice.config import Config
from robot_voice.cores import threads_for
from robot_voice.llm.prompt import spoken_name
from robot_voice.models.registry import FoundModel
from robot_voice.settings import Loaded
from robot_voice.skills.talk import Skills

from .guessing import Guesser
from .loading import actions_file


@dataclass(frozen=True, slots=True)
class Equipment:
    """Everything that ``doing.Doing`` does something with."""

    commands: CommandTable
    executors: Mapping[str, Executor]
    skills: Skills | None = None
    """None: the owner wants none."""
    guesser: Guesser | None = None
    """Which command words were meant to be that are none. None: nobody is asked."""

    def close(self) -> None:
        """Give the memory back. Executors are closed by who opened them."""
        if self.guesser is not None:
            self.guesser.close()


def load_equipment(loaded: Loaded, commands: CommandTable, model: FoundModel) -> Equipment:
    """Nothing is started or contacted before the first action. ``model``: the language model.
    Raises ``ConfigError`` or ``ModelError``."""
    config = loaded.config
    if config.mode == "interpret":  # an interpreter says what others say, and nothing else
        return Equipment(commands, {})
    base = actions_file(loaded).parent
    dry_run = config.actions.dry_run
    executors = make_executors(commands.known.executors, base, dry_run=dry_run)
    guesser: Guesser | None = None
    if config.actions.guess and not model.is_starter:
        guesser = Guesser(commands, model.path, threads_for(config, config.llm.threads))
    return Equipment(commands, executors, _skills(config), guesser)


def _skills(config: Config) -> Skills | None:
    if not config.skills.enabled:
        return None
    kept = paths.user_state() / "timers.json" if config.skills.keep_timers else None
    name = spoken_name(config.persona, config.language.default)
    return Skills(config.tone.korean_level, name, kept)
