"""The room: what the loudspeaker plays comes back into the microphone.

    loudspeaker --> clipping --> delay --> gain --> impulse response --> air --> microphone

    python -m tests.rig.room --delay-ms 60 --gain-db -6 --rt60 0.25 --server "$PULSE_SERVER"

Runs until it is told to end. Whatever else is played into the air (a talker, noise) is mixed
with the echo by PulseAudio. ``--delay-ms`` comes on top of this process's own buffers.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .pasimple import PulseError, Stream

BLOCK_MS = 10
_REFLECTIONS = ((3.1, -0.5), (5.3, 0.42), (8.9, -0.33), (13.7, 0.27), (19.9, -0.2))
"""(milliseconds, gain)"""

Signal = NDArray[np.float64]


def impulse_response(rate: int, rt60: float, delay_ms: float) -> Signal:
    """The direct path, a few early reflections and a tail of decaying noise.

    Not a simulation of a given room: a reproducible stand-in of the right length and statistics.
    ``rt60 = 0`` gives the bare direct path.
    """
    delay = round(delay_ms * rate / 1000)
    length = round(rate * rt60)
    response = np.zeros(delay + max(1, length))
    response[delay] = 1.0
    if rt60 <= 0:
        return response
    for ms, gain in _REFLECTIONS:
        at = delay + int(ms * rate / 1000)
        if at < len(response):
            response[at] += gain
    tail = np.random.default_rng(1).standard_normal(length)
    tail *= np.exp(-6.91 * np.arange(length) / rate / rt60)
    tail[: int(0.004 * rate)] = 0
    response[delay:] += 0.35 * tail / np.sqrt(np.sum(tail**2))
    return response


class BlockFilter:
    """Uniformly partitioned overlap-save convolution: one block in, one out."""

    def __init__(self, response: Signal, block: int) -> None:
        self._block = block
        parts = -(-len(response) // block)
        padded = np.zeros(parts * block)
        padded[: len(response)] = response
        self._filter = np.fft.rfft(padded.reshape(parts, block), 2 * block, axis=1)
        self._blocks = np.zeros_like(self._filter)
        self._previous = np.zeros(block)

    def push(self, samples: Signal) -> Signal:
        self._blocks = np.roll(self._blocks, 1, axis=0)
        self._blocks[0] = np.fft.rfft(np.concatenate([self._previous, samples]))
        self._previous = samples
        spectrum = np.sum(self._blocks * self._filter, axis=0)
        return np.fft.irfft(spectrum)[self._block :]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default=os.environ.get("PULSE_SERVER", ""))
    parser.add_argument("--rate", type=int, default=16_000)
    parser.add_argument("--buffer-ms", type=int, default=30, help="raise on loaded machines")
    parser.add_argument("--delay-ms", type=float, default=40)
    parser.add_argument("--gain-db", type=float, default=-6)
    parser.add_argument("--rt60", type=float, default=0.25)
    parser.add_argument("--clip", type=float, default=1.0, help="loudest it can be, in (0, 1]")
    parser.add_argument("--noise-dbfs", type=float, help="add white noise at this level")
    parser.add_argument("--ready", type=Path, help="touch this file once it works")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    block = options.rate * BLOCK_MS // 1000
    response = impulse_response(options.rate, options.rt60, options.delay_ms)
    room = BlockFilter(response * 10 ** (options.gain_db / 20), block)
    dice = np.random.default_rng(0)
    noise = 0.0 if options.noise_dbfs is None else 32768 * 10 ** (options.noise_dbfs / 20)
    rate, server, loudest = options.rate, options.server, 32768 * options.clip
    try:
        with (
            Stream("record", "speaker.monitor", rate, server, BLOCK_MS) as loudspeaker,
            Stream("play", "air", rate, server, options.buffer_ms) as air,
        ):
            air.write(bytes(2 * rate * options.buffer_ms // 1000))
            if options.ready:
                options.ready.touch()
            while True:
                played = np.frombuffer(loudspeaker.read(2 * block), "<i2").astype(np.float64)
                played = np.clip(played, -loudest, loudest)
                echo = room.push(played) + noise * dice.standard_normal(block)
                air.write(np.clip(echo, -32768, 32767).astype("<i2").tobytes())
    except PulseError as error:
        sys.exit(f"room: {error}")


if __name__ == "__main__":
    main()
