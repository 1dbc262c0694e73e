"""Short sounds that tell a state: I listen, I think, something went wrong. Pure; our own making.

Each is two struck notes: a sine that dies away, with a little of its octave that dies sooner, as
on a xylophone. They lie between 400 and 2000 Hz, where small loudspeakers are good. Upwards asks,
downwards ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from .types import RATE, Samples, Speech

Earcon: TypeAlias = Literal["listening", "thinking", "error"]

PEAK = 10 ** (-12 / 20)
"""The loudest sample at volume 1 (-12 dBFS): quieter than a voice."""

_ATTACK, _RELEASE = 0.012, 0.03
"""Seconds of the raised cosine at either end of a note. Nothing clicks that begins and ends so
gently: even the lowest takes five periods to rise."""

_OCTAVE = 0.18
"""Amplitude of the octave to that of the note when it is struck."""


@dataclass(frozen=True, slots=True)
class _Note:
    hertz: float
    start: float
    seconds: float
    decay: float
    """Seconds in which it falls to 1/e; its octave takes a third of them."""


_NOTES: dict[Earcon, tuple[_Note, ...]] = {
    "listening": (_Note(783.99, 0.0, 0.1, 0.06), _Note(1046.5, 0.07, 0.16, 0.07)),  # G5 C6
    "thinking": (_Note(523.25, 0.0, 0.13, 0.06), _Note(587.33, 0.1, 0.14, 0.06)),  # C5 D5
    "error": (_Note(659.26, 0.0, 0.11, 0.07), _Note(440.0, 0.09, 0.15, 0.08)),  # E5 A4
}

_LOUDNESS: dict[Earcon, float] = {"listening": 1.0, "thinking": 0.5, "error": 1.0}
"""Thinking may take long and repeat itself, so it is soft."""


def earcon(kind: Earcon, volume: float = 1.0) -> Speech:
    """The sound of ``kind``, at ``RATE``, shorter than 0.25 s. ``volume`` is from 0 to 1, what is
    beyond counts as the nearest; at 1 it peaks at -12 dBFS, "thinking" at -18."""
    notes = _NOTES[kind]
    samples = np.zeros(round(max(note.start + note.seconds for note in notes) * RATE))
    for note in notes:
        first, sound = round(note.start * RATE), _struck(note)
        samples[first : first + len(sound)] += sound
    peak = PEAK * _LOUDNESS[kind] * min(1.0, max(0.0, volume))
    samples *= peak / np.abs(samples).max()
    return Speech(samples.astype(np.float32), RATE)


def _struck(note: _Note) -> Samples:
    """One note with amplitude 1, from zero to zero."""
    time = np.arange(round(note.seconds * RATE)) / RATE
    phase = 2 * np.pi * note.hertz * time
    ground = np.exp(-time / note.decay) * np.sin(phase)
    octave = np.exp(-3 * time / note.decay) * np.sin(2 * phase)
    rise = np.minimum(1.0, time / _ATTACK)
    fall = np.minimum(1.0, (note.seconds - time) / _RELEASE)
    ends = np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2
    sound: Samples = ((ground + _OCTAVE * octave) * ends).astype(np.float32)
    return sound
