"""How loud the microphone is, as a level meter shows it. Pure: time is counted in audio."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .types import AudioFrame

FLOOR = -100.0
"""dBFS that stand for silence; 16-bit sound has nothing below -96."""

_INTEGRATION = 0.3 / math.log(100)
"""Time constant of the RMS, in seconds: 99 % of a step after 0.3 s, as a VU meter has it
(IEC 60268-17)."""

_FALL = 20.0 / 1.7
"""dB a second by which the peak falls: that of a digital peak meter (IEC 60268-18)."""

_FULL_SCALE = 10 ** (-0.1 / 20)
_FULL_SAMPLES = 3
"""So many samples of one frame within 0.1 dB of full scale are no chance, but clipping."""

_CLIP_SECONDS = 1.5
"""How long clipping is told of: long enough to be read."""

_SILENT_SECONDS = 1.0
"""Digital silence after which there is no signal. A microphone that works has noise, and a key
that is pressed takes its moment."""


@dataclass(slots=True)
class Level:
    """The level of what was pushed. 0 dBFS is a square wave of full scale."""

    _power: float = field(default=0.0, init=False)
    _peak: float = field(default=0.0, init=False)
    _silence: float = field(default=0.0, init=False)
    _unclipped: float = field(default=math.inf, init=False)
    """Seconds since it last clipped."""

    def push(self, frame: AudioFrame) -> None:
        """Take the frame that follows."""
        samples, seconds = frame.samples, frame.seconds
        power = float(samples @ samples) / max(1, len(samples))
        keep = math.exp(-seconds / _INTEGRATION)
        self._power = keep * self._power + (1.0 - keep) * power
        self._peak *= 10 ** (-_FALL * seconds / 20)
        self._unclipped += seconds
        if power == 0.0:
            self._silence += seconds
            return
        self._silence = 0.0
        highest = max(float(samples.max()), -float(samples.min()))
        self._peak = max(self._peak, highest)
        if highest >= _FULL_SCALE and (abs(samples) >= _FULL_SCALE).sum() >= _FULL_SAMPLES:
            self._unclipped = 0.0

    @property
    def rms(self) -> float:
        """dBFS, at least ``FLOOR``."""
        return _db(math.sqrt(self._power))

    @property
    def peak(self) -> float:
        """dBFS, at least ``FLOOR``: rises at once, falls slowly."""
        return _db(self._peak)

    @property
    def no_signal(self) -> bool:
        """Whether there have been nothing but zeros for a while: no working microphone does that,
        but one that is muted does, or whose sound the system keeps back."""
        return self._silence >= _SILENT_SECONDS

    @property
    def too_loud(self) -> bool:
        """Whether it clipped a moment ago."""
        return self._unclipped < _CLIP_SECONDS


def _db(amplitude: float) -> float:
    return max(FLOOR, 20 * math.log10(amplitude)) if amplitude > 0 else FLOOR
