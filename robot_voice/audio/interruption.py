"""Does somebody talk into the robot's words?

While an echo is cancelled a voice as loud as that echo gets through in pieces only: WebRTC's
suppressor takes away whatever may be echo, and the detector, which knows whole voices, says 0.2
where it would say 0.9. So a second witness is asked: the level. What is left of the echo alone is
22 dB and more below the echo; a piece of a voice is not. With it a little likeness to a voice is
enough.

Measured offline (``scripts/bench/echo``) with voices as loud as the echo: heard within a second are
99 of 100 with it, 80 without.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from robot_voice.types import Samples
from robot_voice.vad.segmenter import raised

_LIKENESS = 0.4
"""The detector's probabilities of two windows in a row, together. 0.3 hears 5 ms earlier, 0.6 hears
2 in 100 less."""

_BELOW_DB = 18.0
"""How far below the echo a voice may be. From 15 to 20 dB there are the same voices heard; at 23 dB
the robot interrupts itself."""

_MEMORY = 40
"""Windows (1.3 s) in which the loudest of the microphone's sound is the echo's level: longer than
any pause of a sentence."""


class Interruption:
    """Asked for every window; one that is not asked for forgets nothing."""

    def __init__(self) -> None:
        self._before = 0.0
        self._powers: deque[float] = deque(maxlen=_MEMORY)
        self.motion = 0.0
        """How much the robot's own body moves, in [0, 1]."""

    def push(self, speech: float, left: Samples, near: Samples) -> bool:
        """Take a window: the detector's probability for ``left``, what the canceller left of
        ``near``. Whether it is somebody's voice, provided that there is an echo just now."""
        self._powers.append(_power(near))
        loud = _power(left) > max(self._powers) * 10 ** (-_BELOW_DB / 10)
        likeness = speech if loud else 0.0
        before, self._before = self._before, likeness
        return before + likeness >= 2 * raised(_LIKENESS / 2, self.motion) and likeness > 0.0


def _power(samples: Samples) -> float:
    """Without a constant offset, which cheap microphones have and the canceller takes away."""
    return float(np.var(samples))
