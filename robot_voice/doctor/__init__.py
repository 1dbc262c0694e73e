"""Whether this machine can run the robot, and how to mend what is wrong.

Every check is a small function of a ``Subject``; ``CHECKS`` is the order in which they are shown.
No check plays or records sound, creates a file, or loads a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from . import machine, software, sound
from .check import Check, Status, Subject

__all__ = ["CHECKS", "Check", "Status", "Subject", "examine", "healthy"]

CHECKS: tuple[Callable[[Subject], Iterable[Check]], ...] = (
    software.python,
    software.packages,
    software.configuration,
    software.models,
    software.profile,
    software.espeak,
    software.voices,
    sound.portaudio,
    sound.permissions,
    sound.microphone,
    sound.loudspeaker,
    sound.echo,
    machine.cores,
    machine.vector_instructions,
    machine.memory,
    machine.realtime,
    machine.state_folder,
)


def examine(subject: Subject) -> list[Check]:
    """The outcome of every check."""
    return [check for function in CHECKS for check in function(subject)]


def healthy(checks: Sequence[Check]) -> bool:
    """Whether nothing failed. A warning is something that works less well, or not everywhere."""
    return all(check.status != "fail" for check in checks)
