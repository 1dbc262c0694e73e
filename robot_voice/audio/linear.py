"""Taking an echo off by a linear filter alone, which leaves voices whole.

A Kalman filter in the frequency domain, its impulse response cut into blocks of 10 ms (Enzner and
Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones",
2006; Kuech, Mabande and Enzner, "State-space architecture of the partitioned-block-based acoustic
echo controller", 2014). It knows how unsure it is of each coefficient, and so does not unlearn
while somebody else speaks. It takes 20 to 28 dB away after 3 s, less than WebRTC's canceller, and
nothing of what a clipping loudspeaker adds; but that one also takes pieces of a voice.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from robot_voice.types import RATE, Samples

from .clips import to_float, to_int16
from .echo import FRAME
from .ring import Pcm

_PARTS = 25
"""Blocks: 0.25 s of reverberation. More learn more slowly."""

_EARLY = 4 * FRAME
"""The filter begins so much before the echo: the loudspeaker's blocks come up to 30 ms late."""

_FORGETTING = 0.999
"""How much of what was learnt is still true 10 ms later; 0.9997 gains 2 dB where nothing moves."""

_SMOOTHING = 0.9
_UNSURE, _SUREST = 1.0, 1e-7
_NOISE = 1e-3
_TINY = 1e-10

_Blocks: TypeAlias = NDArray[np.complex64]


class LinearCanceller:
    """Costs up to 15 ms for a second of the loudspeaker's sound, and little while it is silent."""

    def __init__(self, delay: float) -> None:
        """``delay``: seconds in which the echo comes back."""
        bins = FRAME + 1
        self._far = np.zeros(max(0, round(delay * RATE) - _EARLY) // FRAME * FRAME, np.float32)
        self._last = np.zeros(FRAME, np.float32)
        self._silent = 0  # blocks
        self._played: _Blocks = np.zeros((_PARTS, bins), np.complex64)
        self._response: _Blocks = np.zeros((_PARTS, bins), np.complex64)
        self._doubt = np.full((_PARTS, bins), _UNSURE, np.float32)
        self._rest = np.full(bins, _NOISE, np.float32)  # power of what is not echo

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """As ``echo.Echo.process``."""
        self._far = np.concatenate([self._far, to_float(far)])[-RATE:]
        blocks = [self._cancel(block) for block in to_float(near).reshape(-1, FRAME)]
        return to_int16(np.concatenate(blocks))

    @property
    def rests(self) -> bool:
        """Whether the loudspeaker has been silent for so long that nothing is left to cancel."""
        return self._silent > _PARTS + 1

    def _cancel(self, near: Samples) -> Samples:
        far, self._far = self._far[:FRAME], self._far[FRAME:]
        self._silent = 0 if far.any() else self._silent + 1
        if self.rests:
            return near
        self._take(np.concatenate([far, np.zeros(FRAME - len(far), np.float32)]))  # it may be late
        both = np.fft.irfft(np.sum(self._played * self._response, axis=0))
        left: Samples = (near - both[FRAME:]).astype(np.float32)
        self._adapt(np.fft.rfft(np.concatenate([np.zeros_like(left), left])).astype(np.complex64))
        return left

    def _take(self, far: Samples) -> None:
        self._played[1:] = self._played[:-1]
        self._played[0] = np.fft.rfft(np.concatenate([self._last, far]))
        self._last = far

    def _adapt(self, left: _Blocks) -> None:
        power = np.square(np.abs(self._played))
        rest = _SMOOTHING * self._rest + (1 - _SMOOTHING) * np.square(np.abs(left))
        self._rest = rest.astype(np.float32)
        expected = np.sum(self._doubt * power, axis=0) / 2 + 2 * self._rest
        step = self._doubt / (expected + _TINY)
        change = np.fft.irfft(step * np.conj(self._played) * left, axis=1)
        change[:, FRAME:] = 0  # a block's response is no longer than the block
        self._response = (_FORGETTING * (self._response + np.fft.rfft(change, axis=1))).astype(
            np.complex64
        )
        doubt = _FORGETTING**2 * (1 - step * power / 2) * self._doubt
        doubt += (1 - _FORGETTING**2) * np.square(np.abs(self._response))
        self._doubt = np.maximum(doubt, _SUREST).astype(np.float32)
