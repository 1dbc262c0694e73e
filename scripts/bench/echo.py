"""The echo canceller and its fallback in simulated rooms, many times faster than real time.

    python -m scripts.bench.echo [--seconds 60]

The robot speaks all the time (espeak-ng, and a reader of audio books), and its sound comes back at
-6 dB: from rooms of several sizes, from a loudspeaker that is driven too hard, with a clock that
drifts, by a way that changes in the midst of a sentence, later than a canceller can reach, and to
one that is given a wrong reference. First nobody else speaks: every onset is the robot
interrupting itself. Then somebody does, as loud as the echo, with the robot going on regardless:
how many are heard within a second, and how long after their first sound. The decisions are those
of the audio process; the sound card's part is missing (``barge_in`` has it).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from robot_voice.audio.cancelling import Apm, Cancelling
from robot_voice.audio.clips import to_int16
from robot_voice.audio.echo import FRAME, Echo, make_echo
from robot_voice.audio.listening import Listening
from robot_voice.audio.ring import Pcm
from robot_voice.types import RATE, Samples
from robot_voice.vad.segmenter import SegmenterConfig
from robot_voice.vad.silero import SileroVad
from tests.rig.room import impulse_response

from .common import defaults, machine, save, spread
from .hearing import STEP, add_shared, recordings, sound, spoken_from_to, voiced
from .self_interruption import sentences

FAR_DB, ECHO_DB, NOISE_DB = -22.0, -6.0, -60.0
"""dBFS of the robot's speech as it is played, and of the quiet room; the echo relative to it."""

CLIPS = ("ko_emotiontts", "en_digits", "en_short", "en_arctic", "en_libri/", "en_read")
READERS = ("en_ljspeech",)

WITHIN = 1.0
"""Seconds after its first sound in which a voice must be noticed."""

BLOCKS = (3 * FRAME, 3 * FRAME, 4 * FRAME)
"""What the audio process handles at once: whole blocks that fill a window of the detector."""


@dataclass(frozen=True, slots=True)
class Way:
    """From the loudspeaker to the microphone."""

    name: str
    delay_ms: float = 60
    rt60: float = 0.2
    overdrive_db: float = 0.0
    drift: float = 0.0
    then_ms: float | None = None
    """Another delay from the middle of the run on."""
    reference: bool = True
    """Whether the canceller is given what is played."""
    mode: str = "aec"


WAYS = (
    *(
        Way(f"{delay} ms, rt60 {rt}", delay, rt)
        for delay in (20, 60, 120, 300)
        for rt in (0.2, 0.6)
    ),
    Way("loudspeaker 10 dB too loud", overdrive_db=10),
    Way("clock 100 ppm fast", drift=1e-4),
    Way("delay 150 ms, then 60 ms", 150, then_ms=60),
    Way("delay 60 ms, then 400 ms", 60, then_ms=400),
    Way("delay 600 ms", 600),
    Way("wrong reference", reference=False),
    Way("half-duplex", 300, 0.6, mode="half-duplex"),
    Way("off", mode="off"),
)


class Misled:
    """A canceller that is given something else than what is played."""

    def __init__(self) -> None:
        self._apm = Apm()
        self._dice = np.random.default_rng(0)

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        return self._apm.process(near, self._dice.integers(-3000, 3000, len(far)).astype(np.int16))


@dataclass(frozen=True, slots=True)
class Voice:
    samples: Samples
    starts: float
    """Seconds into it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of each run")
    add_shared(parser)
    options = parser.parse_args()
    robots = {"espeak": espeak(options.seconds), "human": reader(options.shared, options.seconds)}
    voices = list(talkers(options.shared))
    ways = {
        f"{way.name}, {name}": tried(way, far, voices)
        for way in WAYS
        for name, far in robots.items()
    }
    result = {"machine": machine(defaults()), "seconds": options.seconds, "ways": ways}
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    if options.seconds >= 60:
        save("echo", result)


# --- who speaks ----------------------------------------------------------------


def espeak(seconds: float) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        return _one_after_another(list(sentences(Path(folder))), seconds)


def reader(shared: Path, seconds: float) -> Samples:
    entries = [e for e in recordings(shared, "human") if e["file"].startswith(READERS)]
    return _one_after_another([sound(shared, entry) for entry in entries], seconds)


def _one_after_another(sounds: list[Samples], seconds: float) -> Samples:
    dice = np.random.default_rng(0)
    parts, count = list[Samples](), 0
    while count < seconds * RATE:
        for each in sounds:
            pause = np.zeros(round(dice.uniform(0.1, 0.5) * RATE), np.float32)
            parts += [at_level(each, FAR_DB), pause]
            count += len(parts[-2]) + len(pause)
    return np.concatenate(parts)[: round(seconds * RATE)]


def at_level(samples: Samples, decibels: float) -> Samples:
    """Its speech, without the pauses, at this level."""
    spoken = np.repeat(voiced(samples), STEP)
    now = np.sqrt(np.mean(np.square(samples[: len(spoken)][spoken])))
    return np.asarray(samples * (10 ** (decibels / 20) / now), np.float32)


def talkers(shared: Path) -> Iterator[Voice]:
    """Clips whose beginning is where their level says, because the detector agrees to 0.3 s."""
    for entry in recordings(shared, "human"):
        if not entry["file"].startswith(CLIPS):
            continue
        clip = sound(shared, entry)
        first, last = spoken_from_to(clip)
        begin = max(0.0, first - 0.1)
        cut = clip[round(begin * RATE) : round(min(last + 0.1, first + 2.5) * RATE)]
        voice = Voice(at_level(cut, FAR_DB + ECHO_DB), first - begin)
        alone = to_int16(np.concatenate([room_noise(0.5), voice.samples]))
        if 0 <= next(iter(onsets(make_echo("off"), alone, alone * 0)), 9) - voice.starts < 0.8:
            yield voice


def room_noise(seconds: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(round(seconds * RATE))
    return (10 ** (NOISE_DB / 20) * noise).astype(np.float32)


# --- where it goes -------------------------------------------------------------


def echoed(way: Way, far: Samples) -> Samples:
    """What comes back."""
    played = far
    if way.drift:
        at = np.arange(len(far))
        played = np.interp(at * (1 + way.drift), at, far).astype(np.float32)
    if way.overdrive_db:
        most = 10 ** ((FAR_DB + 10 - way.overdrive_db) / 20)  # speech peaks 10 dB above its level
        played = np.clip(played, -most, most)
    back = _through(played, way.delay_ms, way.rt60)
    if way.then_ms is not None:
        middle = len(far) // 2
        back[middle:] = _through(played, way.then_ms, way.rt60)[middle:]
    return back


def _through(played: Samples, delay_ms: float, rt60: float) -> Samples:
    response = impulse_response(RATE, rt60, delay_ms) * 10 ** (ECHO_DB / 20)
    size = 1 << (len(played) + len(response)).bit_length()
    back = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(response, size), size)
    return back[: len(played)].astype(np.float32)


# --- what becomes of it --------------------------------------------------------


def tried(way: Way, far: Samples, voices: list[Voice]) -> dict[str, Any]:
    """Alone, then with somebody talking into it."""
    echo = echoed(way, far) + room_noise(len(far) / RATE)
    pcm = to_int16(far)
    make = partial(make_echo, way.mode) if way.reference else partial(Cancelling, Misled)
    alone = run(make, to_int16(echo), pcm)
    talk, starts = talked(voices, len(far))
    both = run(make, to_int16(echo + talk), pcm)
    late = [first_after(both.onsets, start) for start in starts]
    heard = [1000 * value for value in late if value is not None]
    return {
        "self_interruptions": len(alone.onsets),
        "echo_changes": alone.changes,
        "echo_changes_with_voices": both.changes,
        "heard": len(heard),
        "of": len(starts),
        "onset_ms": spread(heard, 0) if heard else None,
        "cpu_ms_per_s": round(alone.cpu_ms, 1),
    }


def talked(voices: list[Voice], length: int) -> tuple[Samples, list[float]]:
    """Somebody now and then, and when they begin; the canceller gets three seconds first."""
    dice = np.random.default_rng(2)
    talk, starts, at = np.zeros(length, np.float32), list[float](), 3 * RATE
    while True:
        voice = voices[int(dice.integers(len(voices)))]
        if at + len(voice.samples) + RATE > length:
            return talk, starts
        talk[at : at + len(voice.samples)] += voice.samples
        starts.append(at / RATE + voice.starts)
        at += len(voice.samples) + round(dice.uniform(1.2, 2.0) * RATE)


def first_after(found: list[float], start: float) -> float | None:
    """Seconds from ``start`` to the first onset soon after it."""
    return next((at - start for at in found if -0.03 < at - start < WITHIN), None)


@dataclass(frozen=True, slots=True)
class Run:
    onsets: list[float]
    changes: list[str]
    cpu_ms: float
    """Of the echo alone, in a second of sound."""


def run(make: Callable[[], Echo], near: Pcm, far: Pcm) -> Run:
    echo, changes = make(), list[str]()
    spent = 0.0

    def process(near: Pcm, far: Pcm) -> Pcm:
        nonlocal spent
        before, began = echo.reason, time.process_time()
        left = echo.process(near, far)
        spent += time.process_time() - began
        if echo.reason != before:
            changes.append(f"{echo.mode}: {echo.reason}")
        return left

    found = list(onsets(echo, near, far, process))
    return Run(found, changes, 1000 * spent / (len(near) / RATE))


def onsets(
    echo: Echo, near: Pcm, far: Pcm, process: Callable[[Pcm, Pcm], Pcm] | None = None
) -> Iterator[float]:
    """When the ears would hold the loudspeaker, in seconds: see ``audio.ears``."""
    config = SegmenterConfig()
    listening = Listening(echo, SileroVad(), config.start_threshold, config.start_seconds)
    at = end = number = 0
    while at < len(near):
        block = slice(at, at + BLOCKS[number % len(BLOCKS)])
        at, number = block.stop, number + 1
        if len(near[block]) % FRAME:
            return
        for window in listening.push(near[block], far[block]):
            end += len(window.samples)
            if window.begins:
                yield end / RATE


if __name__ == "__main__":
    main()
