"""From the microphone's sound to windows without an echo, and whether there is a voice in them.

All that the ears decide, without their clock and their thread: so a benchmark can decide the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robot_voice.engines import Vad
from robot_voice.types import RATE, Samples
from robot_voice.vad.segmenter import VoiceOnset, raised

from .clips import to_float
from .echo import Echo
from .interruption import Interruption
from .overheard import Overheard
from .ring import Pcm

_DEAD_RMS = 10 ** (-70 / 20)
_DEAD_WINDOWS = 30
"""After so many windows (1 s) quieter than this the detector is not asked: below -70 dBFS there is
no speech that could be recognised, and its weights have left the CPU's cache each time it is
called, which makes it the dearest part of listening in a silent room. Not while an echo is
cancelled: what is left of a voice is silent in between, and the detector must hear that too."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A window of the detector's."""

    samples: Pcm
    """Without the echo."""
    speech: float
    """How likely somebody speaks, the robot itself left out."""
    begins: bool
    """Whether a voice has been there for long enough now, and was not before."""


class Listening:
    """Is given every sample, also while the robot is silent."""

    def __init__(self, echo: Echo, vad: Vad, threshold: float, seconds: float) -> None:
        """Of a voice with no echo: ``threshold`` of its probability, for so many ``seconds``."""
        self._echo, self._vad = echo, vad
        self._threshold = threshold
        self._onset = VoiceOnset(threshold, seconds)
        self._interruption = Interruption()
        self._overheard = Overheard(copy.copy(vad))  # it shares the weights; reset makes the rest
        self._voice = False
        self._dead_silence = 0  # windows
        self._parts: Pcm = np.zeros((3, 0), np.int16)
        """What is no whole window yet: without its echo, with it, and by ``Overheard``."""

    @property
    def wanted(self) -> int:
        """How many samples complete a window."""
        return self._vad.window - len(self._parts[0])

    def motion(self, level: float) -> None:
        """From now on the robot's own body moves this much, in [0, 1]."""
        self._onset.threshold = raised(self._threshold, level)
        self._interruption.motion = level

    def push(self, near: Pcm, far: Pcm) -> Iterator[Judged]:
        """Take what came from the microphone, and what was handed to the loudspeaker meanwhile, as
        ``Echo.process``. Every window that it completes."""
        left = self._echo.process(near, far)
        whole = self._overheard.cancel(near, far, self._echo.delay)
        self._parts = np.concatenate([self._parts, [left, near, whole]], axis=1)
        while self.wanted <= 0:
            windows, self._parts = np.split(self._parts, [self._vad.window], axis=1)
            yield self._judge(*windows)

    def forget(self) -> None:
        """There is a gap in the sound: what was before it tells nothing about what follows."""
        self._vad.reset()
        self._overheard.forget()
        self._interruption.forget()
        self._voice = self._onset.push(0.0, 0.0)
        self._echo.reset()

    def _judge(self, left: Pcm, near: Pcm, whole: Pcm) -> Judged:
        samples, raw = to_float(left), to_float(near)
        speech = self._speech(samples)
        into = False
        if self._echo.cancels:
            into = self._interruption.push(speech, samples, raw)
            into |= self._overheard.push(to_float(whole), raw)
            into &= not (self._overheard.alone or self._echo.reason)
            if self._overheard.alone or self._interruption.faint:
                speech = 0.0
        else:
            self._interruption.pause()
            self._overheard.pause()
        lasting = self._onset.push(speech, len(left) / RATE)
        before, self._voice = self._voice, lasting or into
        return Judged(left, speech, self._voice and not before)

    def _speech(self, samples: Samples) -> float:
        dead = float(samples @ samples) < len(samples) * _DEAD_RMS**2
        self._dead_silence = self._dead_silence + 1 if dead and not self._echo.cancels else 0
        return 0.0 if self._dead_silence > _DEAD_WINDOWS else self._vad.probability(samples)
