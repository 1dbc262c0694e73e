"""The robot's side of the loudspeaker: what was queued, and how much of it has been heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import numpy as np

from robot_voice.errors import VoiceError
from robot_voice.types import RATE, Speech

from .clips import to_int16
from .resample import Resampler
from .ring import Pcm
from .wire import Hold, Position, Sound, Stop, ToAudio

_CHUNK = RATE // 4
"""Samples in one packet."""


class RemoteSpeaker:
    """A loudspeaker at the other end of a wire.

    It keeps what has not been heard yet, so that a new audio process can go on where the one
    before it died. Each stop, and each such start, begins a new epoch: reports of earlier ones
    are void.
    """

    def __init__(
        self,
        ahead_seconds: float,
        send: Callable[[ToAudio], None],
        catch_up: Callable[[], None],
    ) -> None:
        """``send`` passes a message on; ``catch_up`` takes in the reports that have arrived."""
        self._send = send
        self._catch_up = catch_up
        self._ahead = round(ahead_seconds * RATE)
        self._resampler = Resampler(RATE)
        self._failure: VoiceError | None = None
        self._changed = asyncio.Event()
        self._held = False
        self._seen = 0  # end of the last window of the microphone that was taken in
        self._epoch = 0
        self._base = 0  # samples heard in this run before the epoch began
        self._stops = 0
        self._begin_run()

    def _begin_run(self) -> None:
        self._heard = 0  # samples since the last stop
        self._queued = 0  # the same, heard or not
        self._unheard: Pcm = np.zeros(0, np.int16)

    @property
    def heard(self) -> float:
        """Seconds heard since the last stop, as far as the audio process has told."""
        return self._heard / RATE

    async def play(self, speech: Speech) -> None:
        """Queue ``speech``; wait while more than ``ahead_seconds`` are queued. A ``stop`` while
        it waits drops the rest. Raises ``AudioError`` when there is no audio process any more."""
        stops = self._stops
        for chunk in _chunks(to_int16(self._resampler.push(speech))):
            await self._heard_reaches(lambda: self._queued - self._ahead)
            if stops != self._stops:
                return
            self._put(chunk)

    async def sounding(self) -> None:
        """Wait until the first sample queued since the last stop has left the device."""
        await self._heard_reaches(lambda: 1)

    async def drain(self) -> None:
        """Wait until all that was queued has been heard, or dropped."""
        for chunk in _chunks(to_int16(self._resampler.flush())):
            self._put(chunk)
        await self._heard_reaches(lambda: self._queued)

    def hold(self, held: bool) -> None:
        """Fall silent within one block of the sound card, keeping the queue; or go on from the
        very next sample. A voice the pipeline has not heard yet outweighs ``hold(False)``."""
        self._held = held
        self._send(Hold(held, self._seen))

    def stop(self) -> float:
        """Drop the queue. Return the seconds heard since the last stop, never too many: what is
        still inside the sound card does not count."""
        self._catch_up()
        heard = self._heard / RATE
        self._resampler.flush()
        self._stops += 1
        self._begin_run()
        self._begin_epoch()
        return heard

    def _put(self, chunk: Pcm) -> None:
        self._unheard = np.concatenate([self._unheard, chunk])
        self._queued += len(chunk)
        self._send(Sound(self._epoch, chunk))

    def _begin_epoch(self) -> None:
        """Make the audio process forget its queue, and give it what has not been heard."""
        self._epoch += 1
        self._base = self._heard
        self._send(Stop(self._epoch))
        for chunk in _chunks(self._unheard):
            self._send(Sound(self._epoch, chunk))
        self._changed.set()

    def _moved(self, position: Position) -> None:
        if position.epoch != self._epoch:
            return
        heard = self._base + position.heard
        self._unheard = self._unheard[heard - self._heard :]
        self._heard = heard
        self._changed.set()

    async def _heard_reaches(self, target: Callable[[], int]) -> None:
        """Wait until ``target()`` samples have been heard, or the queue is dropped."""
        stops = self._stops
        while self._heard < target() and stops == self._stops:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()


def _chunks(samples: Pcm) -> Iterator[Pcm]:
    return (samples[start : start + _CHUNK] for start in range(0, len(samples), _CHUNK))
