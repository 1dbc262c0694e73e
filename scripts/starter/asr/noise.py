"""Sound that is not speech, as log-mel spectrograms: made here, and a few recordings if at hand.

Household noise, hum, clicks, thumps, music, coloured noise. ``RECORDINGS`` are the permissively
licensed clips of the shared test material that may be trained on; all others there are kept for
the evaluation.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_voice.audio.clips import read_audio

from .features import RATE, SILENCE, Floats, log_mel

Doubles = NDArray[np.float64]

RECORDINGS = ("doing_the_dishes", "exercise_bike", "speechbrain_noise3", "junkchunk16khz")
PEAK = 0.3
SECONDS = 6.0


def bank(rng: np.random.Generator, recordings: Path | None = None) -> list[Floats]:
    """Pieces of noise, each of shape (frames, 80), unclamped log10 powers."""
    sounds = [coloured(rng, SECONDS, exponent % 6 * 0.4) for exponent in range(18)]
    sounds += [music(rng, SECONDS) for _ in range(40)]
    sounds += [hum(rng, SECONDS) for _ in range(8)] + [clicks(rng, SECONDS) for _ in range(12)]
    for name in RECORDINGS if recordings else ():
        path = Path(recordings or "") / f"{name}.flac"
        if path.is_file():
            sounds.append(read(path))
    return [log_mel((PEAK * sound).astype(np.float32)) for sound in sounds]


def read(path: Path) -> Doubles:
    """A recording as mono at 16 kHz with a peak of 1, shape (n,)."""
    return _peak_1(read_audio(path).astype(np.float64))


def coloured(rng: np.random.Generator, seconds: float, exponent: float) -> Doubles:
    """Noise whose power falls as 1 / frequency ** exponent: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(int(seconds * RATE)))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** (exponent / 2)
    return _peak_1(np.fft.irfft(spectrum))


def music(rng: np.random.Generator, seconds: float) -> Doubles:
    """Notes of random pitch, timbre and decay, over a little noise."""
    length = int(seconds * RATE)
    sound = np.zeros(length)
    for _ in range(rng.integers(4, 40)):
        pitch = 55.0 * 2.0 ** (rng.integers(0, 54) / 12)
        first = int(rng.integers(0, length))
        time = np.arange(min(length - first, int(RATE * rng.uniform(0.15, 2.0)))) / RATE
        vibrato = rng.uniform(0.0, 0.01) * np.sin(2 * np.pi * rng.uniform(4, 7) * time)
        note = _tones(rng, pitch, time + vibrato, int(rng.integers(2, 10)))
        sound[first : first + len(time)] += note * np.exp(-time * rng.uniform(0.5, 6.0))
    return _peak_1(sound) + rng.standard_normal(length) * float(10.0 ** rng.uniform(-4, -2))


def hum(rng: np.random.Generator, seconds: float) -> Doubles:
    """Mains or a motor: a low tone with overtones, which may speed up and slow down."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = rng.choice([50.0, 60.0, rng.uniform(70, 300)])
    drift = rng.uniform(0.0, 0.2) * np.sin(2 * np.pi * rng.uniform(0.05, 0.5) * time)
    tones = _tones(rng, pitch, time + drift, int(rng.integers(4, 16)))
    return _peak_1(tones + rng.uniform(0.01, 0.5) * rng.standard_normal(len(time)))


def clicks(rng: np.random.Generator, seconds: float) -> Doubles:
    """Bursts: keys, steps, doors, dishes; each a decaying noise or a decaying tone."""
    length = int(seconds * RATE)
    sound = 0.01 * rng.standard_normal(length)
    for _ in range(rng.integers(3, 60)):
        time = np.arange(int(RATE * rng.uniform(0.005, 0.25)))
        ring = np.sin(2 * np.pi * rng.uniform(100, 5000) / RATE * time)
        burst = rng.standard_normal(len(time)) if rng.random() < 0.6 else ring
        first = int(rng.integers(0, length - len(time)))
        decay = np.exp(-5.0 * time / len(time)) * rng.uniform(0.1, 1.0)
        sound[first : first + len(time)] += burst * decay
    return _peak_1(sound)


def cut(sounds: Sequence[Floats], frames: int, rng: random.Random) -> Floats:
    """``frames`` frames from somewhere in one of the sounds, repeated if it is shorter."""
    sound = rng.choice(sounds)
    if len(sound) < frames:
        sound = np.tile(sound, (frames // len(sound) + 1, 1))
    first = rng.randrange(len(sound) - frames + 1)
    return np.asarray(sound[first : first + frames], np.float32)


def babble(speech: Sequence[Floats], frames: int, rng: random.Random) -> Floats:
    """Many people at once: the sum of the powers of cuts from ``speech``."""
    power = np.full((frames, 80), 10.0**SILENCE, np.float32)
    for mel in speech:
        power += 10.0 ** cut([mel], frames, rng)
    return np.log10(power)


def _tones(rng: np.random.Generator, pitch: float, time: Doubles, count: int) -> Doubles:
    """A tone of ``count`` - 1 harmonics of random strength."""
    overtones = np.arange(1, count)[:, None]
    strengths = rng.uniform(0.1, 1.0, (count - 1, 1)) / overtones
    tone: Doubles = np.sum(strengths * np.sin(2 * np.pi * pitch * overtones * time), axis=0)
    return tone


def _peak_1(sound: Doubles) -> Doubles:
    peak: Doubles = sound / (np.abs(sound).max() + 1e-9)
    return peak
