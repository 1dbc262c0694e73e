"""The robot must not answer itself: what its loudspeaker says comes back into its microphone.

Three ways out. ``cancelling.Cancelling`` subtracts the echo, and is deaf while it cannot.
``HalfDuplex`` is always deaf while the loudspeaker sounds: no barge-in by voice, but it always
works. ``NoEcho`` does nothing, for headphones.
"""

from __future__ import annotations

import importlib.util
from typing import Protocol

import numpy as np

from robot_voice.errors import ConfigError
from robot_voice.types import RATE

from .echo_path import EchoPath, Traces
from .ring import Pcm

FRAME = RATE // 100
"""Samples that sound comes in multiples of: 10 ms, the only length WebRTC's canceller takes."""

REST_SECONDS = 2.0
"""Silence of the loudspeaker after which there is no echo to cancel even in a cathedral, so that
listening costs no CPU for it."""

_RING_SECONDS = 0.3
"""Reverberation that a voice detector may take for a voice."""
_UNKNOWN_SECONDS = 0.8
"""How long a sound may take to come back, and ring, while that has not been measured."""

_LATE_SECONDS = 0.03
"""By which the blocks of one stream may lag behind those of the other."""

_SURE_PEAK = 12.0
"""Of ``Traces.echo``: the delay is no chance find."""
_LOOK_SECONDS = 0.5
"""How often the delay is measured."""


class Echo(Protocol):
    """Removes the loudspeaker's sound from the microphone's."""

    @property
    def mode(self) -> str:
        """How it does so just now: ``aec``, ``half-duplex`` or ``off``."""

    @property
    def reason(self) -> str:
        """Why that is not how it should; empty: it is."""

    @property
    def cancels(self) -> bool:
        """Whether an echo is being cancelled just now, so that a voice may come in pieces."""

    @property
    def delay(self) -> float | None:
        """Seconds that the echo which is to be cancelled needs to come back; None: there is none
        to cancel, or that is not known."""

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """What is left of ``near``, given ``far``, all that was handed to the loudspeaker since
        the last call. Both are multiples of ``FRAME``; ``far`` is empty while it rests."""

    def reset(self) -> None:
        """A stream was opened again or moved, or sound was lost: the echo may come back another
        way than before. May be called by any thread."""


class EchoTime:
    """How long after the loudspeaker's last sound may there still be an echo?"""

    def __init__(self) -> None:
        self.delay: float | None = None
        """Seconds that an echo needs to come back; None while that is not known."""
        self.way: float | None = None
        """The same, as ``Traces.way`` has it."""
        self._silence = round(REST_SECONDS * RATE)

    def push(self, near: Pcm, far: Pcm) -> None:
        """Take what passed meanwhile."""
        self._silence = 0 if far.any() else self._silence + len(near)

    def learn(self, traces: Traces) -> None:
        """Take a measurement, which may be of nothing."""
        if traces.echo >= _SURE_PEAK:
            self.delay, self.way = traces.delay, traces.way

    def forget(self) -> None:
        """The next echo may come another way."""
        self.delay = self.way = None

    @property
    def echoes(self) -> bool:
        """Whether the microphone may be hearing an echo."""
        wait = _UNKNOWN_SECONDS if self.delay is None else self.delay + _RING_SECONDS
        return self._silence < wait * RATE

    @property
    def sounds(self) -> bool:
        """Whether an echo may be coming back right now, reverberation aside."""
        wait = _UNKNOWN_SECONDS if self.delay is None else self.delay + _LATE_SECONDS
        return self._silence < wait * RATE

    @property
    def rests(self) -> bool:
        """Whether there has been nothing to hear for ``REST_SECONDS``."""
        return self._silence >= REST_SECONDS * RATE


class NoEcho:
    """Nothing to remove."""

    mode = "off"
    reason = ""
    cancels = False
    delay = None

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        return near

    def reset(self) -> None: ...


class HalfDuplex:
    """Hears nothing while the loudspeaker sounds, and until its echo has died away."""

    mode = "half-duplex"
    reason = ""
    cancels = False
    delay = None

    def __init__(self) -> None:
        self._time = EchoTime()
        self._path = EchoPath()
        self._since_look = 0

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        self._time.push(near, far)
        if self._time.rests:
            return near
        self._path.push(near, near, far)
        if not self._time.echoes:
            return near
        self._since_look += len(near)
        if self._since_look >= _LOOK_SECONDS * RATE:
            self._since_look = 0
            self._time.learn(self._path.look())
        return np.zeros_like(near)

    def reset(self) -> None:
        self._time.forget()


def resolve_echo(mode: str) -> str:
    """``auto`` means ``aec`` where livekit is installed, else ``half-duplex``."""
    if mode != "auto":
        return mode
    return "aec" if importlib.util.find_spec("livekit") else "half-duplex"


def make_echo(mode: str) -> Echo:
    """The processor for ``config.AudioConfig.echo``. Raises ``ConfigError``."""
    match resolve_echo(mode):
        case "aec":
            from .cancelling import Cancelling

            return Cancelling()
        case "half-duplex":
            return HalfDuplex()
        case "off":
            return NoEcho()
        case other:
            raise ConfigError(f"audio.echo: {other!r} is not one of auto, aec, half-duplex, off")
