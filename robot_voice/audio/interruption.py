"""Does somebody talk into the robot's words?

While an echo is cancelled a voice as loud as that echo gets through in pieces only: WebRTC's
suppressor takes away whatever may be echo, and the detector, which knows whole voices, says 0.2
where it would say 0.9. So a second witness is asked: the level. What is left of the echo alone is
22 dB and more below the echo; a piece of a voice is not. With it a little likeness to a voice is
enough.

It is enough where the suppressor lets pieces through. Where it does not, ``overheard`` hears more.
"""

from __future__ import annotations

import numpy as np

from robot_voice.types import Samples
from robot_voice.vad.segmenter import raised

from .loudest import Loudest

_LIKENESS, _FADING = 0.5, 0.8
"""The detector's probabilities, added up; a fifth of the sum is forgotten with every window. With
0.2 a noise would be enough; 0.3 hears 20 ms sooner, but takes a single window in which a young
canceller left more of the echo than usual."""

_YOUNG, _SURE = 90, 1.5
"""For so many windows of echo (2.9 s) a canceller is young: it lets the robot's own words through
for a window or two. Until then a voice must be there for three."""

_BELOW_DB = 18.0
"""How far below the echo a voice may be. From 15 to 20 dB there are the same voices heard; at 23 dB
the robot interrupts itself."""

_FAINT_DB = 30.0
"""Reverberation that outlasts the canceller's filter was seen at 36 dB below the echo."""

_TINY = 1e-12


class Interruption:
    """Is given every window in which there may be an echo, and remembers how loud that was: the
    first sound after a silence says nothing about it."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._age = 0  # windows
        self._echo = Loudest()
        self.faint = True
        """Whether so little was left of the latest window that it is the room's reverberation,
        which the canceller's filter is too short for, and which has the robot's own voice."""
        self.motion = 0.0
        """How much the robot's own body moves, in [0, 1]."""

    def forget(self) -> None:
        """The streams begin anew."""
        self.pause()
        self._age = 0
        self._echo.forget()

    def pause(self) -> None:
        """There is no echo just now."""
        self._sum = 0.0

    def push(self, speech: float, left: Samples, near: Samples) -> bool:
        """Take a window: the detector's probability for ``left``, what the canceller left of
        ``near``. Whether it is somebody's voice, provided that there is an echo just now."""
        below = self._echo.push(_level(near)) - _level(left)
        self.faint = below > _FAINT_DB
        loud = below < _BELOW_DB
        self._sum = _FADING * self._sum + (speech if loud else 0.0)
        self._age += 1
        enough = _SURE if self._age <= _YOUNG else raised(_LIKENESS, self.motion)
        return loud and self._sum >= enough


def _level(samples: Samples) -> float:
    """dB, without a constant offset, which cheap microphones have and the canceller takes away."""
    return float(10 * np.log10(np.var(samples) + _TINY))
