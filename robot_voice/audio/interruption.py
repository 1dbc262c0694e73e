"""Does somebody talk into the robot's words?

While an echo is cancelled a voice as loud as that echo gets through in pieces only: WebRTC's
suppressor takes away whatever may be echo, and the detector, which knows whole voices, says 0.2
where it would say 0.9. So a second witness is asked: the level. What is left of the echo alone is
22 dB and more below the echo; a piece of a voice is not. With it a little likeness to a voice is
enough.

It is enough where the suppressor lets pieces through. Where it does not, ``overheard`` hears more.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from robot_voice.types import Samples
from robot_voice.vad.segmenter import raised

_LIKENESS, _FADING = 0.3, 0.8
"""The detector's probabilities, added up; a fifth of the sum is forgotten with every window. With
0.2 a noise would be enough, 0.5 hears 20 ms later."""

_BELOW_DB = 18.0
"""How far below the echo a voice may be. From 15 to 20 dB there are the same voices heard; at 23 dB
the robot interrupts itself."""

_FAINT_DB = 30.0
"""Reverberation that outlasts the canceller's filter was seen at 36 dB below the echo."""

_TINY = 1e-12

_MEMORY = 40
"""Windows (1.3 s) in which the loudest of the microphone's sound is the echo's level: longer than
any pause of a sentence."""


class Interruption:
    """Is given every window in which there may be an echo, and remembers how loud that was: the
    first sound after a silence says nothing about it."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._powers: deque[float] = deque(maxlen=_MEMORY)
        self.faint = True
        """Whether so little was left of the latest window that it is the room's reverberation,
        which the canceller's filter is too short for, and which has the robot's own voice."""
        self.motion = 0.0
        """How much the robot's own body moves, in [0, 1]."""

    def pause(self) -> None:
        """There is no echo just now."""
        self._sum = 0.0

    def push(self, speech: float, left: Samples, near: Samples) -> bool:
        """Take a window: the detector's probability for ``left``, what the canceller left of
        ``near``. Whether it is somebody's voice, provided that there is an echo just now."""
        self._powers.append(_power(near))
        below = _power(left) / (max(self._powers) + _TINY)
        self.faint = below < 10 ** (-_FAINT_DB / 10)
        loud = below > 10 ** (-_BELOW_DB / 10)
        self._sum = _FADING * self._sum + (speech if loud else 0.0)
        return loud and self._sum >= raised(_LIKENESS, self.motion)


def _power(samples: Samples) -> float:
    """Without a constant offset, which cheap microphones have and the canceller takes away."""
    return float(np.var(samples))
