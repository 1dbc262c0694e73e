"""Where the loudspeaker's sound comes back: after how long, and whether it survived cancelling.

Phase correlation (Knapp and Carter, "The generalized correlation method for estimation of time
delay", 1976, weighting PHAT): every frequency counts the same, whatever its strength, so a sound
that is contained in another with a delay makes one sharp peak at that delay, however reverberant
the room; two voices that have nothing to do with one another make none. A quarter of a second of
sound is enough. What clipping adds is new, but the phases survive it, and so does the peak.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from robot_voice.types import RATE, Samples

from .ring import Pcm

_SPAN = 16_384
"""Samples of the loudspeaker that are looked at: 1.02 s."""
_WINDOW = 4_096
"""Samples of the microphone: 0.26 s. With 0.13 s a leaking echo's peak (median 16 deviations) is
lost in the noise (up to 10) twice as often."""

REACH = (_SPAN - _WINDOW) / RATE
"""Seconds: the longest delay that is seen."""

_BAND_HZ = (200, 6000)
"""Speech; below is hum, above there is little but noise."""

_LATENCY = RATE * 8 // 1000
"""What leaves WebRTC's canceller is 8 ms late (measured: its filter banks), so a rest of the echo
is looked for that much after the echo itself."""
_JITTER = RATE // 1000
"""Give or take 1 ms."""

LEVEL_SECONDS = 0.064
"""Over which a level is taken: two windows of the detector."""
_TINY = 1e-6

_Spectrum: TypeAlias = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Traces:
    """What of the loudspeaker's sound is in the microphone's. Peaks are in standard deviations of
    the correlation at all delays; unrelated sounds reach 8 among all, and 4 at a given one."""

    delay: float
    """Seconds from handing the sound over to its return, by the highest peak."""
    way: float
    """The same counted in samples of both streams instead of time, from an unknown zero: blocks
    that come early or late do not change it, and so it changes only when the way does."""
    echo: float
    """That peak."""
    leak: float
    """The peak of what the canceller left, at the same delay."""


class EchoPath:
    """Remembers the last second of the loudspeaker and the last moments of the microphone."""

    def __init__(self, latency: int = _LATENCY) -> None:
        """``latency``: samples by which the canceller's output is late."""
        self._latency = latency
        self._taper = np.hanning(_WINDOW).astype(np.float32)
        low, high = (round(hz * _SPAN / RATE) for hz in _BAND_HZ)
        self._band = slice(low, high)
        self.clear()

    def clear(self) -> None:
        """The streams begin anew."""
        self._ahead = 0
        self._far = np.zeros(_SPAN, np.float32)
        self._near = np.zeros(_WINDOW, np.float32)
        self._left = np.zeros(_WINDOW, np.float32)

    def push(self, near: Pcm, left: Pcm, far: Pcm) -> None:
        """The latest from the microphone, what the canceller left of it, and what was handed to
        the loudspeaker meanwhile."""
        self._ahead += len(far) - len(near)
        self._near = _shifted(self._near, near)
        self._left = _shifted(self._left, left)
        self._far = _shifted(self._far, far)

    def levels(self) -> tuple[float, float, float]:
        """dB of the last 64 ms: microphone, what was left, loudspeaker. Of the differences between
        neighbouring samples, so that hum and a constant offset, which the canceller's high-pass
        filter removes as well, do not look like an echo that was cancelled."""
        return _level(self._near), _level(self._left), _level(self._far)

    def look(self) -> Traces:
        """Costs about 0.5 ms."""
        far = np.conj(self._phases(self._far))
        near = self._correlation(self._near, far)
        at = int(np.argmax(near))
        left = self._correlation(self._left, far)
        late = left[max(0, at + self._latency - _JITTER) : at + self._latency + _JITTER + 1]
        leak = float(late.max()) if len(late) else 0.0
        return Traces(at / RATE, (at - self._ahead) / RATE, float(near[at]), leak)

    def _correlation(self, window: Samples, far: _Spectrum) -> Samples:
        """With every delay up to ``REACH``, in standard deviations; negative ones count alike."""
        padded = np.zeros(_SPAN, np.float32)
        padded[-_WINDOW:] = window * self._taper
        found = np.fft.irfft(self._phases(padded) * far)[: _SPAN - _WINDOW]
        return (np.abs(found) / (float(np.std(found)) + _TINY**2)).astype(np.float32)

    def _phases(self, samples: Samples) -> _Spectrum:
        spectrum = np.fft.rfft(samples)
        phases = np.zeros(len(spectrum), np.complex64)
        part = spectrum[self._band]
        phases[self._band] = part / (np.abs(part) + _TINY)
        return phases


def _shifted(kept: Samples, new: Pcm) -> Samples:
    joined: Samples = np.concatenate([kept, new.astype(np.float32) / np.float32(32768)])
    return joined[-len(kept) :]


def _level(samples: Samples) -> float:
    change = np.diff(samples[-round(LEVEL_SECONDS * RATE) :])
    return float(10 * np.log10(np.mean(np.square(change)) + 1e-12))
