"""The robot must not answer itself: what its loudspeaker says comes back into its microphone.

Three ways out. ``Aec`` subtracts the echo (WebRTC's AEC3, measured: 38 dB within a second, and
every barge-in is still heard). ``HalfDuplex`` is deaf while the loudspeaker sounds: no barge-in
by voice, but it always works. ``NoEcho`` does nothing, for headphones.
"""

from __future__ import annotations

import importlib.util
from typing import Any, Protocol

import numpy as np

from robot_voice.errors import ConfigError
from robot_voice.types import RATE

from .ring import Pcm

FRAME = RATE // 100
"""Samples of one call: 10 ms, the only length WebRTC's canceller takes."""

_ECHO_SECONDS = 0.25
"""How long a sound comes back after it was handed to the loudspeaker: the way through both sound
buffers and the air (measured: about 0.1 s), and 0.15 s of reverberation."""

_REST_SECONDS = 2.0
"""Silence of the loudspeaker after which there is no echo to cancel even in a cathedral, so that
listening costs no CPU for it."""


class Echo(Protocol):
    """Removes the loudspeaker's sound from the microphone's."""

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """What is left of ``near``, given ``far``, all that was handed to the loudspeaker since
        the last call. Both are multiples of ``FRAME``; ``far`` is empty while it rests."""


class _Since:
    """How long ago did the loudspeaker sound?"""

    def __init__(self, seconds: float) -> None:
        self._limit = round(seconds * RATE)
        self._silence = self._limit

    def sound(self, near: Pcm, far: Pcm) -> bool:
        """Less than the given seconds of microphone ago?"""
        self._silence = 0 if far.any() else self._silence + len(near)
        return self._silence < self._limit


class NoEcho:
    """Nothing to remove."""

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        return near


class HalfDuplex:
    """Hears nothing while the loudspeaker sounds, and for ``_ECHO_SECONDS`` after."""

    def __init__(self) -> None:
        self._since = _Since(_ECHO_SECONDS)

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        return np.zeros_like(near) if self._since.sound(near, far) else near


class Aec:
    """WebRTC's echo canceller (from livekit) with its high-pass filter.

    Noise suppression and gain control stay off: both make recognition worse.
    """

    def __init__(self) -> None:
        try:
            from livekit import rtc
        except ImportError as error:
            raise ConfigError(
                'audio.echo = "aec" needs the extra [aec]: pip install livekit'
            ) from error
        self._frame: Any = rtc.AudioFrame
        self._since = _Since(_REST_SECONDS)
        self._apm = rtc.AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        if not self._since.sound(near, far):
            return near
        for block in far.reshape(-1, FRAME):
            self._apm.process_reverse_stream(self._wrap(block))
        return np.concatenate([self._cancel(block) for block in near.reshape(-1, FRAME)])

    def _cancel(self, near: Pcm) -> Pcm:
        frame = self._wrap(near)
        self._apm.process_stream(frame)  # in place
        return np.frombuffer(frame.data, np.int16)

    def _wrap(self, samples: Pcm) -> Any:
        return self._frame(bytearray(samples.tobytes()), RATE, 1, len(samples))


def resolve_echo(mode: str) -> str:
    """``auto`` means ``aec`` where livekit is installed, else ``half-duplex``."""
    if mode != "auto":
        return mode
    return "aec" if importlib.util.find_spec("livekit") else "half-duplex"


def make_echo(mode: str) -> Echo:
    """The processor for ``config.AudioConfig.echo``. Raises ``ConfigError``."""
    match resolve_echo(mode):
        case "aec":
            return Aec()
        case "half-duplex":
            return HalfDuplex()
        case "off":
            return NoEcho()
        case other:
            raise ConfigError(f"audio.echo: {other!r} is not one of auto, aec, half-duplex, off")
