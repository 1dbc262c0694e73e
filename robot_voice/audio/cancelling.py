"""Cancelling the echo, as long as that works.

WebRTC's canceller (AEC3, measured: 30 dB from the first word on, in rooms of every kind) fails
when the sound's way changes: a device that was opened again, a sound server that moved the
stream, a loudspeaker at the other end of a radio. Then the robot would hear itself and stop. So
what the canceller leaves is watched (``echo_path``), and the robot is deaf while it speaks until
cancelling has been seen to work (``echo_trust``). Meanwhile the canceller goes on being fed.

A canceller that loses its echo needs 2 s to find it again, a new one 0.5 s: so it is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from robot_voice.errors import ConfigError
from robot_voice.types import RATE

from .echo import FRAME, EchoTime
from .echo_path import LEVEL_SECONDS, EchoPath
from .echo_trust import Evidence, Trust
from .ring import Pcm

_LONGEST = 0.5
"""Seconds. An echo that comes later is out of the canceller's reach (measured: 0.6 s is)."""

_CANCELLED_DB = 12.0
"""A converged canceller takes 20 dB and more away; one with a wrong reference up to 9 dB."""
_AUDIBLE_DB = 8.0
"""An echo is loud when it is so much louder than the room's noise, and gone within half of it."""
_QUIETEST_DB = -75.0
_RISE_DB = 2.0
"""The room's noise is the quietest moment of late: by so much it is taken to grow in a second."""
_SOUND_DB = -65.0
"""Of the loudspeaker's sound: below this nobody expects an echo of it."""

_ECHO_PEAK, _LEAK_PEAK, _MOVED_PEAK = 8.0, 7.0, 10.0
"""Peaks (see ``echo_path.Traces``) that are no chance; the last one anywhere."""

_JUMP = 0.025
"""Seconds by which ``Traces.way`` changes only when the way does: the strongest of a room's first
reflections may be taken for the sound itself, and they come within 0.02 s."""

_LOOK_SECONDS = 0.5
"""How often the delay is measured while all is well."""

_ABSENT_SECONDS = 0.3
"""Without a request from the loudspeaker its stream was closed, and what comes is a new one's."""


class Canceller(Protocol):
    """Removes an echo."""

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """As ``echo.Echo.process``."""


class Apm:
    """WebRTC's echo canceller (from livekit) with its high-pass filter.

    Noise suppression and gain control stay off: both make recognition worse.
    """

    def __init__(self) -> None:
        """Raises ``ConfigError`` when livekit is not installed."""
        try:
            from livekit import rtc
        except ImportError as error:
            raise ConfigError(
                'audio.echo = "aec" needs the extra [aec]: pip install livekit'
            ) from error
        self._frame: Any = rtc.AudioFrame
        self._apm = rtc.AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        for block in far.reshape(-1, FRAME):
            self._apm.process_reverse_stream(self._wrap(block))
        return np.concatenate([self._cancel(block) for block in near.reshape(-1, FRAME)])

    def _cancel(self, near: Pcm) -> Pcm:
        frame = self._wrap(near)
        self._apm.process_stream(frame)  # in place
        return np.frombuffer(frame.data, np.int16)

    def _wrap(self, samples: Pcm) -> Any:
        return self._frame(bytearray(samples.tobytes()), RATE, 1, len(samples))


class Cancelling:
    """Implements ``echo.Echo``."""

    def __init__(self, make: Callable[[], Canceller] = Apm) -> None:
        """``make`` gives a canceller that knows nothing yet. Raises what it raises."""
        self._make = make
        self._canceller = make()
        self._time = EchoTime()
        self._path = EchoPath()
        self._trust = Trust()
        self._levels = (0.0, 0.0, 0.0)
        self._floor = _QUIETEST_DB
        self._fresh = True  # and has no floor yet
        self._since_look = 0.0
        self._absent = 0  # samples of the microphone since the loudspeaker last wanted any
        self._changed = False  # by another thread
        self.reason = ""

    @property
    def mode(self) -> str:
        return "half-duplex" if self.reason else "aec"

    @property
    def cancels(self) -> bool:
        return self._time.echoes

    @property
    def delay(self) -> float | None:
        return self._time.delay

    def reset(self) -> None:
        self._changed = True

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        self._notice_gap(near, far)
        if self._changed:
            self._begin()
        self._time.push(near, far)
        if self._time.rests:
            return near
        left = self._canceller.process(near, far)
        self._path.push(near, left, far)
        self._levels = self._path.levels()
        seconds = min(len(near) / RATE, LEVEL_SECONDS)  # more at once show no more than that
        self._learn_floor(seconds)
        if not self._time.echoes:
            return left
        self._watch(seconds)
        return left if self._trust.listens else np.zeros_like(near)

    def _notice_gap(self, near: Pcm, far: Pcm) -> None:
        if not len(far):
            self._absent += len(near)
            return
        if self._absent > _ABSENT_SECONDS * RATE:
            self._changed = True
        self._absent = 0

    def _begin(self) -> None:
        self._changed = False
        self._canceller = self._make()
        self._path.clear()
        self._time.forget()
        self._fresh = True
        self._trust.restart()

    def _learn_floor(self, seconds: float) -> None:
        near = self._levels[0]
        floor = near if self._fresh else min(near, self._floor + _RISE_DB * seconds)
        self._floor, self._fresh = max(floor, _QUIETEST_DB), False

    def _watch(self, seconds: float) -> None:
        worked = self._trust.working
        self._trust.push(self._evidence(seconds), seconds)
        if worked and not self._trust.working:
            self._canceller = self._make()
        if self._trust.told != (not self.reason):
            self.reason = "" if self._trust.told else self._trouble()

    def _trouble(self) -> str:
        delay = self._time.delay
        if delay is not None and delay > _LONGEST:
            return f"the echo comes back after {delay:.2f} s, too late to be cancelled"
        return f"the echo {'is no longer' if self._trust.lost else 'was not yet'} cancelled"

    def _evidence(self, seconds: float) -> Evidence:
        (near, left, far), floor = self._levels, self._floor
        if not self._time.sounds:  # what is left now is somebody's, who made the robot stop
            return Evidence.NONE
        if near < floor + _AUDIBLE_DB:
            return Evidence.QUIET if far > _SOUND_DB else Evidence.NONE
        cancelled = left <= max(near - _CANCELLED_DB, floor + _AUDIBLE_DB / 2)
        self._since_look += seconds
        if not cancelled or self._time.delay is None or self._since_look >= _LOOK_SECONDS:
            seen = self._look()
            if not cancelled:
                return seen
        delay = self._time.delay
        return Evidence.NONE if delay is None or delay > _LONGEST else Evidence.CANCELLED

    def _look(self) -> Evidence:
        """Measure the delay; is there echo in what was left?"""
        self._since_look, before = 0.0, self._time.way
        traces = self._path.look()
        self._time.learn(traces)
        moved = before is not None and abs(traces.way - before) > _JUMP
        if traces.echo >= _ECHO_PEAK and traces.leak >= _LEAK_PEAK:
            return Evidence.MOVED if moved and traces.way == self._time.way else Evidence.LEAK
        return Evidence.LEAK if moved and traces.echo >= _MOVED_PEAK else Evidence.NONE
