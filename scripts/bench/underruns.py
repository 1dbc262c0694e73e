"""Does the loudspeaker ever run dry, though Python and both cores are busy?

    python -m scripts.bench.underruns [--seconds 60]

Noise, of which no sample is like another, is played through the sound devices on the virtual sound
card, while this program, which is the robot's main process, runs two threads that hardly ever let
go of the interpreter, and two other programs never rest. What the loudspeaker played is compared
with what was sent: sound that is missing, or silence in between, is an underrun.

Once with SCHED_RR, as configured, and once without, for the sound server as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from robot_voice.audio.clips import to_int16
from robot_voice.audio.device import DeviceAudio
from robot_voice.config import Config
from robot_voice.types import RATE, Samples, Speech
from tests.rig.audiorig import AudioRig, Pcm

from .common import machine, save
from .rigged import Tape, busy, gaps, prioritise
from .storyteller import on_rig

THREADS, CORES = 2, 2

_DRY = 8
"""Zeros in a row that noise, of which one sample in 8000 is zero, does not have."""


@contextmanager
def talkative(threads: int) -> Iterator[None]:
    """Threads of this very interpreter that work on text all the time."""
    over = threading.Event()

    def work() -> None:
        text = json.dumps({str(n): "some words of a reply " * 20 for n in range(200)})
        while not over.is_set():
            re.findall(r"(\w+) of", json.dumps(json.loads(text)))

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        over.set()
        for worker in workers:
            worker.join()


def noise(seconds: float) -> Samples:
    hiss = 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    samples: Samples = np.clip(hiss, -0.9, 0.9).astype(np.float32)
    return samples


def compare(sent: Pcm, tape: Pcm) -> dict[str, Any]:
    """Where the tape differs from what was sent: silences within it, and samples that are lost.

    ``sent`` must have no run of ``_DRY`` zeros.
    """
    sounding = np.flatnonzero(tape)
    if not len(sounding):
        return {"underruns": 0, "silence_ms": 0.0, "longest_ms": 0.0, "lost_ms": len(sent) * 1e3}
    played = tape[sounding[0] : sounding[-1] + 1]
    dry = [end - start for start, end in gaps(played, _DRY)]
    arrived = int(np.count_nonzero(played))
    return {
        "underruns": len(dry),
        "silence_ms": round(1000 * sum(dry) / RATE, 1),
        "longest_ms": round(1000 * max(dry, default=0) / RATE, 1),
        "lost_ms": round(1000 * (int(np.count_nonzero(sent)) - arrived) / RATE, 1),
        "exact": bool(np.array_equal(played[played != 0], sent[sent != 0])),
    }


async def play(rig: AudioRig, config: Config, seconds: float) -> dict[str, Any]:
    """Play noise for so long, with everything busy, and compare."""
    sent = noise(seconds)
    async with DeviceAudio(config.audio, config.vad, lambda event: None) as audio:
        status = await audio.first_status()
        with Tape(rig, "speaker.monitor") as tape, talkative(THREADS), busy(CORES):
            await audio.play(Speech(sent, RATE))
            await audio.drain()
            await asyncio.sleep(0.2)  # until the tape has it
        return {"priority": status.realtime, **compare(to_int16(sent), tape.cut(0))}


def measure(seconds: float, realtime: bool) -> dict[str, Any]:
    priority = () if realtime else ("audio.realtime_priority=0",)
    config = on_rig("audio.echo=off", *priority).config
    with AudioRig() as rig:
        if realtime:
            prioritise(rig.pid)
        return {"seconds": seconds, **asyncio.run(play(rig, config, seconds))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    result = {
        "machine": machine(on_rig()),
        "SCHED_RR": measure(options.seconds, realtime=True),
        "without": measure(options.seconds, realtime=False),
    }
    sys.stdout.write(f"{json.dumps(result, indent=2)}\n")
    if options.seconds >= 60:
        save("underruns", result)


if __name__ == "__main__":
    main()
