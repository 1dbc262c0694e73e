"""What the benchmarks on the virtual sound card share: tapes with a clock, levels, busy cores.

Every position is a sample of a tape. A tape knows when the sound server had a sample, so what the
loudspeaker did can be compared with what the microphone heard, however late this program runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import numpy as np

from robot_voice.audio.clips import to_float, to_int16
from robot_voice.audio.device import DeviceAudio
from robot_voice.audio.wire import Window
from robot_voice.engines import Vad
from robot_voice.types import RATE, Samples
from robot_voice.vad.segmenter import VoiceOnset
from tests.rig.audiorig import AudioRig, Pcm
from tests.rig.pasimple import PulseError, Stream

from .hearing import ABOVE_NOISE_DB, STEP, levels, probabilities, quiet, voiced

SERVER_PRIORITY = 20
"""SCHED_RR priority of the sound server and the room, which on a robot are the kernel and the
air: a loaded machine must not slow them."""

ONSET_DB = 25.0
"""A voice begins with the first 10 ms that is less than this below its own level."""

PROMPT_SECONDS = 0.25

_NEAR = 300
"""Blocks on either side within which the promptest one tells a tape's clock: 3 s."""


class Tape:
    """A recording of a source of the rig, from construction on."""

    def __init__(self, rig: AudioRig, source: str) -> None:
        """``source``: ``mic`` or ``speaker.monitor``."""
        self._stream = Stream("record", source, rig.rate, rig.server, 10)
        self._blocks: list[bytes] = []
        self._arrived: list[float] = []
        self._running = True
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def _record(self) -> None:
        with suppress(PulseError):  # the rig ended first
            while self._running:
                self._blocks.append(self._stream.read(2 * STEP))
                self._arrived.append(time.monotonic())

    def __len__(self) -> int:
        """Samples so far."""
        return len(self._arrived) * STEP

    def cut(self, start: int, end: int | None = None) -> Pcm:
        """Samples ``start`` to ``end``; what is not there yet is left out."""
        first, last = max(0, start) // STEP, len(self._arrived)
        if end is not None:
            last = min(last, -(-max(0, end) // STEP))
        joined = np.frombuffer(b"".join(self._blocks[first:last]), "<i2")
        return joined[max(0, start) - first * STEP :][: None if end is None else end - start]

    def time_of(self, sample: int) -> float:
        """Monotonic time at which the sound server had this sample. A block may be read late but
        never early, so the promptest in the neighbourhood is right."""
        block = min(sample // STEP, len(self._arrived) - 1)
        first, last = max(0, block - _NEAR), block + _NEAR
        arrived = np.array(self._arrived[first:last])
        starts = arrived - STEP / RATE * np.arange(first + 1, first + 1 + len(arrived))
        return float(starts.min()) + sample / RATE

    def at(self, when: float) -> int:
        """The sample that the sound server had at this monotonic time."""
        newest = max(0, len(self) - 1)
        return newest + round((when - self.time_of(newest)) * RATE)

    def stop(self) -> None:
        self._running = False
        self._thread.join(2)
        self._stream.close()

    def __enter__(self) -> Tape:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class WatchedAudio(DeviceAudio):
    """The sound devices, and every window they have heard."""

    windows: tuple[Window, ...] = ()

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    def _heard_window(self, window: Window) -> None:
        self.windows = (*self.windows[-1000:], window)
        super()._heard_window(window)


# --- where something is on a tape ----------------------------------------------


def find(clip: Pcm, recording: Pcm) -> tuple[int, float]:
    """Where in ``recording`` the clip begins, and how alike they are there, from 0 to 1."""
    short, long = to_float(clip), to_float(recording)
    if len(long) < len(short):
        return 0, 0.0
    size = 1 << (len(long) + len(short)).bit_length()
    product = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    match = np.fft.irfft(product, size)[: len(long) - len(short) + 1]
    sums = np.cumsum(np.concatenate([[0.0], np.square(long, dtype=np.float64)]))
    power = sums[len(short) :] - sums[: -len(short)]
    alike = match / np.sqrt(power * float(np.sum(np.square(short))) + 1e-9)
    best = int(np.argmax(alike))
    return best, float(alike[best])


def gaps(recording: Pcm, least: int) -> list[tuple[int, int]]:
    """From where to where there is nothing but zeros, for ``least`` samples or more."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], recording == 0, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= least]


# --- how loud ------------------------------------------------------------------


def speech_level(samples: Samples) -> float:
    """dBFS of the parts that are speech; -100 of silence."""
    active = np.repeat(voiced(samples), STEP)
    power = float(np.mean(np.square(samples[: len(active)][active]))) if active.any() else 0.0
    return float(10 * np.log10(power + 1e-10))


def loudness(samples: Samples) -> float:
    """dBFS of a noise: of its loudest quarter, for a noise is mostly silence."""
    level = levels(samples)
    loudest = np.sort(level)[-max(1, len(level) // 4) :]
    return float(10 * np.log10(np.mean(10 ** (loudest / 10))))


def at_level(samples: Samples, now: float, wanted: float) -> Pcm:
    """``samples``, whose level is ``now``, at the level ``wanted``."""
    return to_int16(np.asarray(samples * 10 ** ((wanted - now) / 20), np.float32))


def onset(samples: Samples) -> int:
    """The sample with which the voice in a recording begins: see ``ONSET_DB``; and it is clearly
    above the recording's own noise."""
    level = levels(samples)
    floor = float(np.percentile(level, 5)) + ABOVE_NOISE_DB
    return int(np.argmax(level > max(floor, speech_level(samples) - ONSET_DB))) * STEP


def begins_with_voice(vad: Vad, samples: Samples) -> bool:
    """Whether the first sound in a recording is the voice, and no button or breath: the detector,
    alone with it, hears a voice ``PROMPT_SECONDS`` after the first sound."""
    alone = np.concatenate([quiet(0.5), samples, quiet(0.5)])
    lasts = VoiceOnset(0.7, 0.09)
    lasting = [lasts.push(p, vad.window / RATE) for p in probabilities(vad, alone)]
    heard = (int(np.argmax(lasting)) + 1) * vad.window - RATE // 2
    return any(lasting) and 0 < heard - onset(samples) <= PROMPT_SECONDS * RATE


# --- the machine ---------------------------------------------------------------


def prioritise(pid: int, priority: int = SERVER_PRIORITY) -> None:
    """Give every thread of a program SCHED_RR, where the system allows it. PulseAudio drops what
    it inherits; a sound server that is late makes the room's echo later for good."""
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(priority))


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """So many programs that never rest, at the usual priority."""
    hogs = [subprocess.Popen([sys.executable, "-c", _HOG]) for _ in range(cores)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


_HOG = "while True: pass"
