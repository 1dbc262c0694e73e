"""Sound as engines hand it over, made into the blocks a player wants. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from robot_voice.types import Mark, Samples, Speech

BLOCK_SECONDS = 0.25
"""Longest block of speech an engine yields."""

HEAD_SECONDS = 0.02
"""Silence kept before the first sound."""

TAIL_SECONDS = 0.15
"""Silence kept after the last: a breath before the next sentence."""

FLOOR = 0.004
"""Quieter than this is silence: -48 dB of full scale, under espeak-ng's softest consonant."""


class WaveError(ValueError):
    """The bytes are not PCM audio of a kind we read."""


@dataclass(frozen=True, slots=True)
class WaveFormat:
    """Where the samples of a WAV stream begin, and how they are stored."""

    rate: int
    channels: int
    offset: int
    """Bytes before the first sample."""


def wave_format(data: bytes) -> WaveFormat | None:
    """Read the header of a WAV that is still arriving; None while too little of it is there.

    The sizes in the header are not looked at: a program that writes to a pipe cannot know them.
    Raises ``WaveError`` for anything but 16-bit PCM.
    """
    if data[:4] != b"RIFF"[: len(data)] or data[8:12] != b"WAVE"[: max(0, len(data) - 8)]:
        raise WaveError("not a WAV stream")
    at, found = 12, None
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if name == b"data":
            if found is None:
                raise WaveError("WAV data without a format")
            return WaveFormat(found[0], found[1], at)
        if name == b"fmt " and at + 16 <= len(data):
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
            if kind not in (1, 0xFFFE) or bits != 16 or not channels or not rate:
                raise WaveError(f"WAV format {kind} with {bits} bits is not 16-bit PCM")
            found = (rate, channels)
        at += size + size % 2
    return None


def mono(pcm: NDArray[np.int16], channels: int) -> Samples:
    """Interleaved 16-bit samples as one channel in [-1, 1]."""
    whole = pcm[: len(pcm) // channels * channels].reshape(-1, channels)
    return np.asarray(whole.mean(axis=1) / 32768, dtype=np.float32)


def read_sound(data: bytes) -> Speech:
    """A whole WAV, AIFF or AIFF-C file of 16-bit PCM, as speech. Raises ``WaveError``."""
    if data[:4] == b"FORM":
        return _read_aiff(data)
    form = wave_format(data)
    if form is None:
        raise WaveError("WAV file without samples")
    usable = (len(data) - form.offset) // 2 * 2
    pcm = np.frombuffer(data, "<i2", count=usable // 2, offset=form.offset)
    return Speech(mono(pcm.astype(np.int16), form.channels), form.rate)


def _read_aiff(data: bytes) -> Speech:
    if data[8:12] not in (b"AIFF", b"AIFC"):
        raise WaveError("not an AIFF file")
    at, common, pcm = 12, b"", b""
    while at + 8 <= len(data):
        name, size = struct.unpack_from(">4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        common = body if name == b"COMM" else common
        pcm = body[8:] if name == b"SSND" else pcm
        at += 8 + size + size % 2
    if len(common) < 18:
        raise WaveError("AIFF file without a format")
    channels, _, bits, exponent, mantissa = struct.unpack_from(">hIhHQ", common)
    kind = common[18:22] or b"NONE"
    if bits != 16 or channels < 1 or kind not in (b"NONE", b"twos", b"sowt"):
        raise WaveError(f"AIFF of kind {kind!r} with {bits} bits is not 16-bit PCM")
    rate = round(mantissa * 2.0 ** ((exponent & 0x7FFF) - 16383 - 63))
    if rate < 1:
        raise WaveError("AIFF file without a sample rate")
    order = "<i2" if kind == b"sowt" else ">i2"
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], order).astype(np.int16)
    return Speech(mono(samples, channels), rate)


def blocks(samples: Samples, rate: int, marks: Sequence[Mark] = ()) -> Iterator[Speech]:
    """``samples`` in pieces of at most ``BLOCK_SECONDS``, each with those of ``marks`` (whose times
    count from the first sample) that fall into it; what lies past the end is the end's."""
    size = max(1, int(rate * BLOCK_SECONDS))
    left = list(marks)
    for at in range(0, len(samples), size):
        piece = samples[at : at + size]
        last = at + size >= len(samples)
        start, end = at / rate, (at + len(piece)) / rate
        here = [mark for mark in left if last or mark.at < end]
        left = left[len(here) :]
        inside = (Mark(min(max(0.0, m.at - start), end - start), m.chars) for m in here)
        yield Speech(piece, rate, tuple(inside))


@dataclass
class Trimmer:
    """Takes the silence off both ends of speech that arrives in pieces.

    A pause is held back until it is known whether speech follows it.
    """

    rate: int
    floor: float = FLOOR
    """Samples below this magnitude are silence."""
    cut: int = 0
    """How many samples of the beginning were taken off: times of what is left count from there."""
    _begun: bool = False
    _held: list[Samples] = field(default_factory=list)

    def push(self, samples: Samples) -> Samples:
        """What may be played now that ``samples`` have arrived; perhaps nothing."""
        loud = np.flatnonzero(np.abs(samples) >= self.floor)
        if not len(loud):
            self._held.append(samples)
            return samples[:0]
        end = int(loud[-1]) + 1
        ready = np.concatenate([*self._held, samples[:end]])
        if not self._begun:
            silence = sum(map(len, self._held)) + int(loud[0])
            self.cut = max(0, silence - int(HEAD_SECONDS * self.rate))
            ready = ready[self.cut :]
        self._begun, self._held = True, [samples[end:]]
        return ready

    def finish(self) -> Samples:
        """The tail: what silence is kept after the last sound. Nothing if there was no sound."""
        if not self._begun:
            return np.zeros(0, np.float32)
        return np.concatenate(self._held)[: int(TAIL_SECONDS * self.rate)]
