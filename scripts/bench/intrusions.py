"""Sounds that come while the robot speaks: noises without words, and words that are no speech."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from robot_voice.audio.clips import read_audio
from robot_voice.types import RATE, Samples

from .detectors import VOICES as TALKING
from .hearing import recordings, sound
from .stillness import motor

_SPEAKERS = {"en": ("en-gb+f3", "en-us+m7"), "ko": ("ko+f2", "ko+m3")}
"""Voices of espeak-ng that are not the robot's."""

BACKCHANNELS = (
    *(("en", "uh-huh"), ("ko", "네"), ("en", "mm-hm"), ("ko", "응")),
    *(("en", "yeah"), ("ko", "그래"), ("en", "okay"), ("ko", "맞아")),
)
STOPS = (
    *(("en", "stop"), ("ko", "멈춰"), ("en", "stop it"), ("ko", "그만")),
    *(("en", "be quiet"), ("ko", "그만해")),
)


@dataclass(frozen=True, slots=True)
class Intrusion:
    what: str
    samples: Samples
    voice: bool = True
    """Whether its level is that of a voice, and not of a noise."""


def word(said: tuple[str, str]) -> Intrusion:
    """A word in the voice of a stranger. Needs espeak-ng."""
    language, text = said
    speaker = _SPEAKERS[language][len(text) % 2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "word.wav"
        subprocess.run(["espeak-ng", "-v", speaker, "-s", "140", "-w", file, text], check=True)
        return Intrusion(text, read_audio(file))


def noises(shared: Path, times: int) -> Iterator[Intrusion]:
    """Half of them recorded, half of them made; none is longer than 1.5 s, and none has words."""
    dice = np.random.default_rng(0)
    recorded = [
        (Path(entry["file"]).stem, sound(shared, entry))
        for entry in recordings(shared, "noise", "music")
        if Path(entry["file"]).stem not in TALKING
    ]
    both = zip(cycle(recorded), cycle(_MADE.items()), strict=False)
    for (name, samples), (kind, make) in islice(both, -(-times // 2)):
        yield Intrusion(name, _piece(samples, dice), voice=False)
        yield Intrusion(kind, make(dice), voice=False)


def _piece(samples: Samples, dice: np.random.Generator) -> Samples:
    length = round(dice.uniform(0.4, 1.4) * RATE)
    start = int(dice.integers(len(samples) - length))
    return _faded(samples[start : start + length])


def _faded(samples: Samples) -> Samples:
    """Without a click at either end."""
    ramp = np.minimum(1.0, np.arange(len(samples)) / (RATE / 100))
    faded: Samples = (samples * ramp * ramp[::-1]).astype(np.float32)
    return faded


def _burst(dice: np.random.Generator, seconds: float, smooth: int, fade: float) -> Samples:
    """Noise that begins at once and dies away in ``fade`` s, the duller the larger ``smooth``."""
    hiss = dice.standard_normal(round(seconds * RATE))
    shaped = np.convolve(hiss, np.ones(smooth) / smooth, "same")
    dying: Samples = (shaped * np.exp(-np.arange(len(shaped)) / RATE / fade)).astype(np.float32)
    return dying


def _row(dice: np.random.Generator, count: int, gap: float, one: Callable[[], Samples]) -> Samples:
    """``count`` such sounds, about ``gap`` s apart."""
    parts: list[Samples] = []
    for _ in range(count):
        parts += [one(), np.zeros(round(gap * dice.uniform(0.7, 1.3) * RATE), np.float32)]
    return np.concatenate(parts)


def _door(dice: np.random.Generator) -> Samples:
    return _burst(dice, 0.6, 24, 0.12)


def _clap(dice: np.random.Generator) -> Samples:
    return _row(dice, 3, 0.25, lambda: _burst(dice, 0.08, 2, 0.015))


def _keyboard(dice: np.random.Generator) -> Samples:
    return _row(dice, 8, 0.09, lambda: _burst(dice, 0.03, 3, 0.006))


def _knock(dice: np.random.Generator) -> Samples:
    return _row(dice, 3, 0.2, lambda: _burst(dice, 0.1, 12, 0.03))


def _cough(dice: np.random.Generator) -> Samples:
    """Two puffs through a throat: noise with two broad resonances."""
    time = np.arange(round(0.25 * RATE)) / RATE

    def puff() -> Samples:
        resonances = [np.sin(2 * np.pi * pitch * time) for pitch in (600, 1500)]
        throat = np.exp(-time * 60) * np.add(*resonances)
        breath = _burst(dice, 0.25, 1, 0.06)
        coughed: Samples = np.convolve(breath, throat)[: len(breath)].astype(np.float32)
        return coughed

    return _row(dice, 2, 0.12, puff)


def _servo(dice: np.random.Generator) -> Samples:
    return _piece(motor(dice), dice)


_MADE: dict[str, Callable[[np.random.Generator], Samples]] = {
    "a door": _door,
    "clapping": _clap,
    "a keyboard": _keyboard,
    "a knock": _knock,
    "a cough": _cough,
    "a motor": _servo,
}
