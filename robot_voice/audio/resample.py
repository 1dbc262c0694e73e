"""From a voice's sample rate to the loudspeaker's, without a seam between blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from robot_voice.types import Samples, Speech

_USUAL_RATE = 22_050
"""What espeak-ng makes, and the rate the resampler is warmed up for."""


class Resampler:
    """Resamples a run of blocks as the one signal they are.

    Blocks resampled one by one would click at every joint. The price is that the last 28 ms
    stay inside until the next block or ``flush``.
    """

    def __init__(self, rate: int) -> None:
        """``rate``: samples per second of what comes out. Takes about 0.1 s the first time."""
        import soxr

        self._open = soxr.ResampleStream
        self._rate = rate
        self._from = rate
        self._stream: Any = None
        self.push(Speech(np.zeros(_USUAL_RATE // 10, np.float32), _USUAL_RATE))  # 40 ms of set-up
        self.flush()

    def push(self, speech: Speech) -> Samples:
        """The part of the signal that is settled now."""
        before = self.flush() if speech.rate != self._from else _NOTHING
        self._from = speech.rate
        samples: Samples = np.asarray(speech.samples, np.float32)
        if speech.rate != self._rate:
            if self._stream is None:
                self._stream = self._open(speech.rate, self._rate, 1, dtype="float32")
            samples = self._stream.resample_chunk(samples)
        return np.concatenate([before, samples]) if len(before) else samples

    def flush(self) -> Samples:
        """The rest of the signal. What is pushed next begins a new one."""
        stream, self._stream = self._stream, None
        if stream is None:
            return _NOTHING
        rest: Samples = stream.resample_chunk(_NOTHING, last=True)
        return rest


_NOTHING: Samples = np.zeros(0, np.float32)
