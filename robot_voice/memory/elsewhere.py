"""Where people's words are on the disk besides the memory, for "forget everything about me"."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from robot_voice import paths
from robot_voice.errors import EngineError
from robot_voice.reports import ReportStore, reports_path
from robot_voice.skills.talk import Skills

from .file import erase

_SAVED = ("history.json*", ".history.json.*", ".timers.json.*")
"""The conversation (``service.journal``) whole, damaged or half written; timers half written."""


def forget_elsewhere(skills: Skills | None = None) -> None:
    """Delete what people said from filed reports, the saved conversation and the timers. ``skills``
    are those of the robot that runs; it saves the conversation anew when it goes on.

    Blocks for the disk. What fails does not keep the rest from being done; it raises
    ``EngineError``.
    """
    with ExitStack() as deeds:  # each is done whatever becomes of the others
        deeds.callback(_forget_saved)
        deeds.callback(_forget_timers, skills)
        deeds.callback(ReportStore(reports_path()).forget_texts)


def _forget_timers(skills: Skills | None) -> None:
    kept = paths.user_state() / "timers.json"
    if skills is None and kept.exists():
        skills = Skills(path=kept)
    _erase(kept)
    if skills is not None:
        skills.forget()  # saves what is left


def _forget_saved() -> None:
    for pattern in _SAVED:
        for file in paths.user_state().glob(pattern):
            _erase(file)


def _erase(file: Path) -> None:
    try:
        erase(file)
    except FileNotFoundError:
        pass  # whoever was writing it was faster
    except OSError as error:
        raise EngineError(
            f"{file} cannot be deleted: {error}. What people said is in it; delete it yourself"
        ) from error
