"""How loud an echo is. Pure."""

from __future__ import annotations

from collections import deque

_MEMORY = 40
"""Windows of sound (1.3 s) of which the loudest counts: longer than any pause of a sentence."""
_SOUND_DB = 25.0
"""A window so far below the loudest is a pause. The end of a sentence and the first breath of the
next are no measure: what a canceller leaves of them is as loud as they are."""
_SOFTER = 60
"""Windows of pauses in a row (1.9 s, in which the robot speaks) after which it was not a pause: the
loudest was a knock, or somebody has turned the volume down."""


class Loudest:
    """The level of the loudest of the latest windows of sound."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=_MEMORY)
        self._pauses = 0

    def push(self, level: float) -> float:
        """Take a window's level, and tell the loudest: dB."""
        loudest = max(self._levels, default=level)
        if level >= loudest - _SOUND_DB:
            self._levels.append(level)
            self._pauses = 0
            return max(loudest, level)
        self._pauses += 1
        if self._pauses >= _SOFTER:
            self._levels.clear()
        return loudest

    def forget(self) -> None:
        """What comes has nothing to do with what was."""
        self._levels.clear()
        self._pauses = 0
