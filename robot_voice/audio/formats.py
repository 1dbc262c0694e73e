"""What a sound card takes, and the way between that and the robot's own format.

The robot works on mono 16-bit sound at ``RATE``. Most cards, and every sound server, take that.
For the others the rate, the channels and the sample type are changed here, inside the card's
callback: with 0.03 ms a block it is cheaper than waking a thread, and nothing is queued for it.

The resampler is soxr's variable-rate engine. It gives 10 ms for 10 ms and holds back 12 to 15 ms;
the fixed-rate ones work in pieces and hold back 20 ms ("LQ", -13 dB at 7 kHz) to 40 ms ("HQ").
Measured from 48, 44.1 and 96 kHz: flat up to 7.5 kHz, what would alias is 108 dB down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from robot_voice.types import RATE, Samples

from .clips import to_float, to_int16
from .devices import DeviceInfo, Direction
from .ring import Pcm

OnBlock: TypeAlias = Callable[[Pcm, float, float], object]
"""``(pcm, now, delay)``: a block of mono sound at ``RATE``, to be read or filled; monotonic time;
and for the loudspeaker the seconds until its first sample is heard."""

Callback: TypeAlias = Callable[[Any, float, float], None]
"""The same for the card's own buffer, whatever is in it."""

_COMMON_RATES = (48_000, 44_100, 96_000, 32_000)


@dataclass(frozen=True, slots=True)
class Format:
    """How a card's samples come and go. The default is the robot's own format."""

    rate: int = RATE
    """Frames per second."""
    channels: int = 1
    dtype: Literal["int16", "float32"] = "int16"

    def __str__(self) -> str:
        channels = f"{self.channels} channel{'s'[: self.channels > 1]}"
        return f"{self.rate} Hz, {channels}, {self.dtype}"


def formats(device: DeviceInfo, direction: Direction) -> Iterator[Format]:
    """What to try, best first: as little conversion as possible, and then the card's own rate."""
    channels = [count for count in (1, 2) if count <= device.channels(direction)]
    for rate in dict.fromkeys([RATE, round(device.rate), *_COMMON_RATES]):
        for count in dict.fromkeys([*channels, device.channels(direction)]):
            yield Format(rate, count, "int16")
            yield Format(rate, count, "float32")


_REFUSALS = (-9994, -9997, -9998)
"""PortAudio's paSampleFormatNotSupported, paInvalidSampleRate, paInvalidChannelCount."""

_HOST_ERROR, _EINVAL = -9999, -22
"""paUnanticipatedHostError; and ALSA's word for "not with these parameters"."""


def is_refusal(error: Exception) -> bool:
    """Whether sounddevice's ``PortAudioError`` is about the format, not about the device."""
    code, host = (*error.args, None, None)[1:3]
    return code in _REFUSALS or (code == _HOST_ERROR and bool(host) and host[1] == _EINVAL)


def adapter(direction: Direction, form: Format, block: int, on_block: OnBlock) -> Callback:
    """The card's callback for ``on_block``, which keeps its blocks of ``block`` samples at
    ``RATE`` (the microphone's vary when they are resampled)."""
    if form == Format():
        return lambda buffer, now, delay: _pass(on_block, buffer, now, delay)
    if direction == "input":
        return _Capture(form, on_block)
    return _Playback(form, block, on_block)


def _pass(on_block: OnBlock, buffer: Any, now: float, delay: float) -> None:
    on_block(np.frombuffer(buffer, np.int16), now, delay)


class _Capture:
    """From the card."""

    def __init__(self, form: Format, on_block: OnBlock) -> None:
        self._form = form
        self._on_block = on_block
        self._resample = _resampler(form.rate, RATE)

    def __call__(self, buffer: Any, now: float, delay: float) -> None:
        pcm = to_int16(self._resample(self._mono(buffer)))
        if len(pcm):
            self._on_block(pcm, now, delay)

    def _mono(self, buffer: Any) -> Samples:
        """Both channels of a pair count, since some microphones fill only one. An array's first
        channel is its beam, or one of its microphones; the last may be the loudspeaker's."""
        samples = np.frombuffer(buffer, self._form.dtype).reshape(-1, self._form.channels)
        floats: Samples = to_float(samples) if self._form.dtype == "int16" else samples
        if self._form.channels == 2:
            floats = floats.mean(1, dtype=np.float32, keepdims=True)
        mono: Samples = np.ascontiguousarray(floats[:, 0])
        return mono


class _Playback:
    """To the card. Whole blocks are asked for; what the card does not want yet waits here."""

    def __init__(self, form: Format, block: int, on_block: OnBlock) -> None:
        self._form = form
        self._on_block = on_block
        self._resample = _resampler(RATE, form.rate)
        self._block: Pcm = np.zeros(block, np.int16)
        self._waiting: Samples = np.zeros(0, np.float32)
        self._asked = 0  # samples at RATE
        self._given = 0  # frames of the card

    def __call__(self, buffer: Any, now: float, delay: float) -> None:
        frames = np.frombuffer(buffer, self._form.dtype).reshape(-1, self._form.channels)
        while len(self._waiting) < len(frames):
            waits = self._asked / RATE - self._given / self._form.rate  # resampler and all
            self._on_block(self._block, now, delay + waits)
            self._asked += len(self._block)
            more = self._resample(to_float(self._block))
            self._waiting = np.concatenate([self._waiting, more])
        samples, self._waiting = np.split(self._waiting, [len(frames)])
        self._given += len(frames)
        if self._form.dtype == "int16":
            frames[:] = to_int16(samples)[:, None]
        else:
            frames[:] = np.clip(samples, -1, 1)[:, None]


def _resampler(before: int, after: int) -> Callable[[Samples], Samples]:
    """Resamples a stream, block by block."""
    if before == after:
        return lambda samples: samples
    import soxr

    resample: Callable[[Samples], Samples] = soxr.ResampleStream(
        before, after, 1, dtype="float32", vr=True
    ).resample_chunk
    return resample
