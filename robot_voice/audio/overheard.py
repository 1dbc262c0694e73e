"""A voice beneath the robot's own, heard through a linear canceller.

The suppressor of WebRTC's canceller leaves a voice that is no louder than the echo in pieces, at
times for half a second nothing. What ``linear`` leaves has the whole voice in it, and a rest of the
echo 20 dB below: enough for the detector, if it is asked only about what is louder than that rest.
This is a second pair of ears for one question, whether to stop; what is recognised comes from the
other.

It is asked only while it works, which a clipping loudspeaker or a drifting clock prevents: the rest
of the echo is measured all the time. And the way of the sound may just have changed: so what was
taken off must have been there.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from robot_voice.engines import Vad
from robot_voice.types import RATE, Samples

from .linear import LinearCanceller
from .loudest import Loudest
from .ring import Pcm

_LIKENESS, _FADING = 1.0, 0.8
"""The detector's probabilities, added up; a fifth of the sum is forgotten with every window."""

_BELOW_DB = 14.0
"""How far below the echo a voice may be. What is less is the echo's rest, whatever the other ears
take it for."""
_WORKS_DB = -15.0
"""An echo that is not made less than that, in half of all windows, is none that was cancelled. In
good rooms it is made 24 dB less, from a loudspeaker that clips 7 dB."""
_LOUD_DB = 20.0
"""How far below the loudest an echo may be to count for that."""
_SHOWN, _KEPT = 24, 48
"""How many loud windows it takes, and over how many the rest is measured: 0.8 s, 1.5 s."""

_AGREES = 0.7
"""How much of what was taken off must have been there. All of it is where the filter is right,
whoever else speaks; nothing where the way of the sound has just changed."""

_JUMP = 0.025
"""Seconds by which the delay, counted in samples of both streams (see ``echo_path.Traces.way``),
changes only when there is another way to learn."""
_TINY = 1e-12


class Overheard:
    """Is given everything, so that it knows the way of the echo when one comes."""

    def __init__(self, vad: Vad) -> None:
        """``vad``: a detector of its own."""
        self._vad = vad
        self.forget()

    def forget(self) -> None:
        """The streams begin anew."""
        self._canceller: LinearCanceller | None = None
        self._delay = self._way = 0.0
        self._moved = False
        self._ahead = 0  # samples that the loudspeaker got more than the microphone gave
        self._echo = Loudest()
        self._rests: deque[float] = deque(maxlen=_KEPT)
        self._sums = np.zeros(3)  # likeness; power of what was taken and was there; was taken
        self.works = False
        """Whether it has been seen to cancel the echo, so that it would hear a voice."""
        self.alone = False
        """Whether the latest window had the robot's own voice in it and no other."""
        self._vad.reset()

    def cancel(self, near: Pcm, far: Pcm, delay: float | None) -> Pcm:
        """What is left of ``near``; as ``echo.Echo.process``. The echo comes back after ``delay``
        seconds; None: that is not known, and nothing is done."""
        if delay is None:
            if self._canceller is not None:
                self.forget()
            return near
        self._ahead += len(far) - len(near)
        if delay != self._delay:  # measured just now
            self._delay, way = delay, delay - self._ahead / RATE
            self._moved = abs(way - self._way) > _JUMP
        canceller = self._canceller
        if canceller is None or (self._moved and not self.works):
            self.forget()
            self._canceller = canceller = LinearCanceller(delay)
            self._delay = self._way = delay
        return canceller.process(near, far)

    def pause(self) -> None:
        """There is no echo just now."""
        self._sums[:] = 0.0

    def push(self, left: Samples, near: Samples) -> bool:
        """Take a window of what was left of ``near``. Whether it is a voice, provided that there
        is an echo just now, which is when this is to be called."""
        if self._canceller is None:
            return False
        speech, taken = self._vad.probability(left), near - left
        rest, heard = _level(left), _level(near)
        loudest = self._echo.push(heard)
        least = loudest - _LOUD_DB
        echoes = _level(taken) > least
        there = self.works and rest > loudest - _BELOW_DB
        self._sums *= _FADING
        if there and echoes:
            self._sums += np.array([speech, taken @ near, taken @ taken])
        likeness, common, all_taken = self._sums
        somebody = there and bool(common >= _AGREES * all_taken)
        self.alone = self.works and not there
        if echoes or (self._moved and heard > least):  # a filter for another way takes nothing
            self._measure(rest - heard)
        return somebody and bool(likeness >= _LIKENESS)

    def _measure(self, rest: float) -> None:
        self._rests.append(rest)
        self.works = len(self._rests) >= _SHOWN and float(np.median(self._rests)) <= _WORKS_DB


def _level(samples: Samples) -> float:
    """dB, without a constant offset."""
    return float(10 * np.log10(np.var(samples) + _TINY))
