"""The level meter: what it reads, and what it warns of."""

from __future__ import annotations

import numpy as np
import pytest

from robot_voice.meter import FLOOR, Level
from robot_voice.types import RATE, AudioFrame, Samples

WINDOW = 512


def tone(amplitude: float, seconds: float = 1.0) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def after(*sounds: Samples) -> Level:
    level = Level()
    samples = np.concatenate(sounds)
    for start in range(0, len(samples) - WINDOW + 1, WINDOW):
        level.push(AudioFrame(samples[start : start + WINDOW], start / RATE))
    return level


@pytest.mark.parametrize("decibels", [0, -20, -40, -60])
def test_it_reads_the_level_of_a_tone(decibels: int) -> None:
    level = after(tone(10 ** (decibels / 20)))
    assert level.rms == pytest.approx(decibels - 3.01, abs=0.1)
    assert level.peak == pytest.approx(decibels, abs=0.1)


def test_it_rises_within_a_vu_meters_time() -> None:
    assert after(tone(0.1, 0.32)).rms > -23.01 - 0.1


def test_the_peak_falls_slowly_and_the_mean_fast() -> None:
    level = after(tone(0.5, 1.024), tone(0.0005, 1.7))
    assert level.peak == pytest.approx(-6.0 - 20.0, abs=0.5)
    assert level.rms == pytest.approx(-66.0 - 3.01, abs=0.5)


def test_nothing_has_the_level_of_the_floor() -> None:
    level = Level()
    assert (level.rms, level.peak) == (FLOOR, FLOOR)
    assert not level.no_signal
    assert after(tone(0.0)).rms == FLOOR


def test_digital_silence_is_no_signal_but_the_quietest_noise_is_one() -> None:
    silence = tone(0.0, 1.2)
    assert after(silence).no_signal
    assert not after(silence[: RATE // 2]).no_signal
    assert not after(silence, tone(1 / 32768, 0.04)).no_signal


def test_clipping_is_told_of_for_as_long_as_it_takes_to_read() -> None:
    clipped = np.clip(tone(2.0, 0.1), -1, 1)
    assert after(clipped).too_loud
    assert after(clipped, tone(0.1, 1.0)).too_loud
    assert not after(clipped, tone(0.1, 2.0)).too_loud
    assert not after(tone(0.95)).too_loud


def test_one_full_sample_is_no_clipping() -> None:
    click = tone(0.1)
    click[1000] = 1.0
    assert not after(click).too_loud
