"""Half an hour that nobody says anything: what the recogniser must stay silent at.

Sounds of other making than those of ``noise.py``, which training has heard, in pieces of 2 to 10 s:
engines, rain, birds, alarms, drums and chords, silence, and the babble of voices that training has
not heard. Recordings that were kept from training come in where they are at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot_voice.audio.clips import read_audio
from robot_voice.types import RATE

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Sound = Callable[[np.random.Generator, int], Doubles]

RECORDINGS = (
    "noise/leopard_empty.flac", "noise/mfa_breaths.flac", "noise/webrtcvad_leak.flac",
    "music/guitar_16k.flac",
)  # fmt: skip
PEAKS = (0.003, 0.6)
"""Of a piece, from hardly audible to loud."""


def pieces(
    voices: Sequence[Floats], shared: Path, minutes: float = 30.0
) -> Iterator[tuple[str, Floats]]:
    """Kind and samples (16 kHz, mono) of pieces that add up to ``minutes``."""
    rng = np.random.default_rng(2026)
    recordings = [read_audio(shared / name) for name in RECORDINGS if (shared / name).is_file()]
    kinds: dict[str, Sound] = {
        "noise": rain, "music": chords, "silence": silence, "engine": engine, "birds": birds,
        "alarm": alarm, "babble": lambda rng, length: babble(rng, length, voices),
    }  # fmt: skip
    if recordings:
        kinds["recorded"] = lambda rng, length: _from(rng, recordings, length)
    left = int(60 * minutes * RATE)
    names = list(kinds)
    turn = 0
    while left > 0:
        length = int(rng.uniform(2.0, 10.0) * RATE)
        name = names[turn % len(names)]
        sound = kinds[name](rng, length)
        if name != "silence":
            low, high = np.log(PEAKS)
            sound = sound / (np.abs(sound).max() + 1e-9) * np.exp(rng.uniform(low, high))
        yield name, (sound + 1e-4 * rng.standard_normal(length)).astype(np.float32)
        turn += 1
        left -= length


def silence(rng: np.random.Generator, length: int) -> Doubles:
    """Nothing, or the noise of a microphone's amplifier."""
    return float(rng.choice([0.0, 1e-4, 1e-3])) * rng.standard_normal(length)


def rain(rng: np.random.Generator, length: int) -> Doubles:
    """Thousands of drops, each a very short ringing."""
    drops = rng.standard_normal(length) * (rng.random(length) < rng.uniform(0.0005, 0.05))
    time = np.arange(160) / RATE
    ring = np.sin(2 * np.pi * rng.uniform(500, 5000) * time) * np.exp(-time * 500)
    return np.convolve(drops, ring)[:length] + 0.02 * rng.standard_normal(length)


def engine(rng: np.random.Generator, length: int) -> Doubles:
    """Pulses whose rate rises and falls, through two resonances."""
    speed = rng.uniform(20, 90) * (1.3 + np.sin(np.linspace(0, rng.uniform(1, 12), length)))
    pulses = np.diff(np.floor(np.cumsum(speed) / RATE), prepend=0.0)
    time = np.arange(800) / RATE
    for resonance in rng.uniform(80, 1500, 2):
        ring = np.sin(2 * np.pi * resonance * time) * np.exp(-time * 90)
        pulses = np.convolve(pulses, ring)[:length]
    return pulses + 0.05 * float(np.abs(pulses).max()) * rng.standard_normal(length)


def birds(rng: np.random.Generator, length: int) -> Doubles:
    """Whistles that glide, some with a trill."""
    sound = np.zeros(length)
    for _ in range(rng.integers(2, 20)):
        time = np.arange(int(RATE * rng.uniform(0.05, 0.5))) / RATE
        glide = rng.uniform(1500, 6000) + rng.uniform(-4000, 4000) * time
        trill = 1.0 + rng.uniform(0, 1) * np.sin(2 * np.pi * rng.uniform(5, 40) * time)
        first = int(rng.integers(0, length - len(time)))
        call = np.sin(2 * np.pi * np.cumsum(glide) / RATE) * trill
        sound[first : first + len(time)] += call * np.hanning(len(time))
    return sound


def alarm(rng: np.random.Generator, length: int) -> Doubles:
    """Two tones in turn, or a siren."""
    time = np.arange(length) / RATE
    wave = np.sin(2 * np.pi * rng.uniform(0.3, 4.0) * time)
    wave = np.sign(wave) if rng.random() < 0.5 else wave
    pitch = rng.uniform(400, 2000) * (1.0 + rng.uniform(0.05, 0.4) * wave)
    return np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / RATE)) * rng.uniform(0.3, 1.0)


def chords(rng: np.random.Generator, length: int) -> Doubles:
    """Sawtooth chords that change with the beat, and a drum on it."""
    beat = int(RATE * rng.uniform(0.3, 0.8))
    sound = np.zeros(length)
    for first in range(0, length, beat):
        time = np.arange(min(beat, length - first)) / RATE
        root = 110.0 * 2.0 ** (rng.integers(0, 24) / 12)
        for step in (0, 4, 7):
            sound[first : first + len(time)] += (root * 2 ** (step / 12) * time) % 1.0 - 0.5
        drum = rng.standard_normal(len(time)) * np.exp(-time * 40)
        sound[first : first + len(time)] += rng.uniform(0, 4) * drum
    return sound


def babble(rng: np.random.Generator, length: int, voices: Sequence[Floats]) -> Doubles:
    """Five to eight people talking at once."""
    return sum((_from(rng, voices, length) for _ in range(rng.integers(5, 9))), np.zeros(length))


def _from(rng: np.random.Generator, sounds: Sequence[Floats], length: int) -> Doubles:
    sound = np.asarray(sounds[int(rng.integers(0, len(sounds)))], np.float64)
    sound = np.tile(sound, length // len(sound) + 2)
    first = int(rng.integers(0, len(sound) - length))
    cut: Doubles = sound[first : first + length] / (np.abs(sound).max() + 1e-9)
    return cut
