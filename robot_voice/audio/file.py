"""A microphone and a loudspeaker made of files, in this process, in the event loop's time.

The loop's clock is the only one they know: on a loop whose time jumps they run faster than real
time, with the same result to the sample.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import numpy as np

from robot_voice.engines import Vad
from robot_voice.types import RATE, AudioFrame, Heard, Samples, Speech, Stream

from .resample import Resampler

_NOISE_LEVEL = 1e-4
"""RMS of the "silence" around clips (-80 dBFS): no microphone gives exact zeros, and some
detectors and recognisers behave oddly on them."""


class FileMicrophone:
    """Says clips one after the other, each when the one before has been answered."""

    def __init__(
        self,
        clips: Sequence[Samples],
        vad: Vad,
        ready: Callable[[], bool],
        lead_seconds: float = 0.3,
        tail_seconds: float = 0.5,
    ) -> None:
        """``clips``: mono at ``types.RATE``. ``ready``: is the robot done with what it heard?
        ``lead_seconds``: silence before the first clip. ``tail_seconds``: least silence after
        each; a clip, and the end, come only when this has passed and ``ready()`` is true."""
        self._clips = clips
        self._vad = vad
        self._ready = ready
        self._lead = lead_seconds
        self._tail = tail_seconds

    def listen(self) -> Stream[Heard]:
        """Frames of ``vad.window`` samples at the pace of a real microphone."""

        @asynccontextmanager
        async def opened() -> AsyncIterator[AsyncIterator[Heard]]:
            yield self._frames()

        return opened()

    async def _frames(self) -> AsyncIterator[Heard]:
        loop = asyncio.get_running_loop()
        opened = loop.time()
        self._vad.reset()
        at = 0
        for window in self._windows():
            at += len(window)
            # A deadline, not a pause: lateness does not add up.
            await asyncio.sleep(max(0.0, opened + at / RATE - loop.time()))
            frame = AudioFrame(window, (at - len(window)) / RATE)
            yield Heard(frame, self._vad.probability(window))

    def _windows(self) -> Iterator[Samples]:
        """What the microphone picks up, window by window; asked for no sooner than it sounds."""
        size = self._vad.window
        dice = np.random.default_rng(0)

        def noise(samples: int) -> Samples:
            return _NOISE_LEVEL * dice.standard_normal(samples, np.float32)

        def silence(seconds: float) -> Iterator[Samples]:
            for _ in range(-(-round(seconds * RATE) // size)):
                yield noise(size)

        yield from silence(self._lead)
        for clip in self._clips:
            padded = np.concatenate([clip, noise(-len(clip) % size)], dtype=np.float32)
            yield from padded.reshape(-1, size)
            yield from silence(self._tail)
            while not self._ready():
                yield noise(size)


class FileSpeaker:
    """Plays in loop time and keeps a recording of what a listener would have heard."""

    def __init__(self, ahead_seconds: float = 4.0, rate: int = RATE) -> None:
        """``ahead_seconds``: how much may wait in the queue. ``rate``: of the recording."""
        self.rate = rate
        self._ahead = round(ahead_seconds * rate)
        self._resampler = Resampler(rate)
        self._queue = _NOTHING
        self._heard = 0  # samples since the last stop
        self._queued = 0  # samples since the last stop, heard or not
        self._stops = 0
        self._held = False
        self._opened: float | None = None  # loop time of the recording's first sample
        self._played_until = 0  # on the recording's time line
        self._sounded: list[tuple[int, Samples]] = []
        self._changed = asyncio.Event()

    async def play(self, speech: Speech) -> None:
        """Queue ``speech``; wait while more than ``ahead_seconds`` are queued."""
        await self._heard_reaches(lambda: self._queued - self._ahead)
        self._put(self._resampler.push(speech))

    async def sounding(self) -> None:
        """Wait until the first sample queued since the last stop has been heard."""
        await self._heard_reaches(lambda: 1)

    async def drain(self) -> None:
        """Wait until all that was queued has been heard, or dropped."""
        self._put(self._resampler.flush())
        await self._heard_reaches(lambda: self._queued)

    def hold(self, held: bool) -> None:
        """Fall silent at this very sample, keeping the queue; or go on from it."""
        self._settle()
        self._held = held
        self._changed.set()

    def stop(self) -> float:
        """Drop the queue. Return the seconds heard since the last stop."""
        self._settle()
        self._resampler.flush()
        heard = self._heard / self.rate
        self._queue, self._heard, self._queued = _NOTHING, 0, 0
        self._stops += 1
        self._changed.set()
        return heard

    @property
    def heard(self) -> float:
        """Seconds heard since the last stop."""
        self._settle()
        return self._heard / self.rate

    def recording(self) -> Samples:
        """All that sounded and the silence between, from the first call on this loudspeaker."""
        self._settle()
        recording = np.zeros(self._played_until, np.float32)
        for start, samples in self._sounded:
            recording[start : start + len(samples)] = samples
        return recording

    def played(self) -> Samples:
        """Only what sounded."""
        self._settle()
        return np.concatenate([_NOTHING, *(samples for _, samples in self._sounded)])

    def _put(self, samples: Samples) -> None:
        self._settle()
        self._queue = np.concatenate([self._queue, samples])
        self._queued += len(samples)
        self._changed.set()

    def _settle(self) -> None:
        """Play what has become due since the last call."""
        now = asyncio.get_running_loop().time()
        if self._opened is None:
            self._opened = now
        start, self._played_until = (
            self._played_until,
            int((now - self._opened) * self.rate + 1e-3),  # forgives rounding of the clock
        )
        due = 0 if self._held else min(len(self._queue), self._played_until - start)
        if due > 0:
            self._sounded.append((start, self._queue[:due]))
            self._queue = self._queue[due:]
            self._heard += due

    async def _heard_reaches(self, target: Callable[[], int]) -> None:
        """Wait until ``target()`` samples have been heard, or the queue is dropped."""
        loop, stops = asyncio.get_running_loop(), self._stops
        while True:
            self._settle()
            missing = target() - self._heard
            if missing <= 0 or stops != self._stops:
                return
            self._changed.clear()
            comes = not self._held and missing <= len(self._queue)
            alarm = loop.call_later(missing / self.rate, self._changed.set) if comes else None
            try:
                await self._changed.wait()
            finally:
                if alarm is not None:
                    alarm.cancel()


_NOTHING: Samples = np.zeros(0, np.float32)
