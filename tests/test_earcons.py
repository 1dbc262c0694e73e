"""The robot's earcons: pleasant as far as a test can tell, and never a voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pytest

from robot_voice.earcons import PEAK, Earcon, earcon
from robot_voice.types import RATE
from robot_voice.vad import load_vad

KINDS: tuple[Earcon, ...] = get_args(Earcon)
every = pytest.mark.parametrize("kind", KINDS)


@dataclass(frozen=True)
class Silero:
    engine: str = "silero"
    aggressiveness: int = 0


def test_they_differ() -> None:
    sounds = {earcon(kind).samples.tobytes() for kind in KINDS}
    assert len(sounds) == len(KINDS) == 3


@every
def test_it_is_short_and_quiet(kind: Earcon) -> None:
    sound = earcon(kind)
    assert sound.rate == RATE
    assert sound.samples.dtype == np.float32
    assert 0.1 < sound.seconds < 0.25
    assert 0.1 < np.abs(sound.samples).max() <= PEAK + 1e-6


@every
def test_its_volume_is_a_factor(kind: Earcon) -> None:
    loud = earcon(kind).samples
    assert np.allclose(earcon(kind, 0.25).samples, loud / 4, atol=1e-6)
    assert np.array_equal(earcon(kind, 7.0).samples, loud)
    assert not earcon(kind, 0.0).samples.any()
    assert not earcon(kind, -1.0).samples.any()


@every
def test_it_sounds_where_small_loudspeakers_do_and_does_not_click(kind: Earcon) -> None:
    samples = earcon(kind).samples
    power = np.abs(np.fft.rfft(samples, 1 << 16)) ** 2
    hertz = np.fft.rfftfreq(1 << 16, 1 / RATE)
    assert power[(hertz >= 400) & (hertz <= 2000)].sum() > 0.98 * power.sum()
    assert power[hertz > 4000].sum() < 1e-6 * power.sum()  # a click is heard up there
    assert abs(samples[0]) < 1e-4
    assert abs(samples[-1]) < 1e-4


@every
@pytest.mark.parametrize("gain", [0.05, 1.0, 3.0])
def test_no_detector_takes_it_for_a_voice(kind: Earcon, gain: float) -> None:
    """Near or far, in any phase to the detector's windows, once or again and again."""
    vad = load_vad(Silero())
    sound = gain * earcon(kind).samples
    pause = np.zeros(RATE // 4, np.float32)
    noise = np.random.default_rng(1).normal(0, 3e-4, 3 * RATE).astype(np.float32)
    highest = 0.0
    for phase in range(0, vad.window, vad.window // 4):
        samples = np.concatenate([np.zeros(RATE // 2 + phase), *[sound, pause] * 3])
        samples = (samples + noise[: len(samples)]).astype(np.float32)
        vad.reset()
        for start in range(0, len(samples) - vad.window + 1, vad.window):
            highest = max(highest, vad.probability(samples[start : start + vad.window]))
    assert highest < 0.5
