"""The noise floor: what is no louder than the room starts nothing."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from robot_voice.config import VadConfig
from robot_voice.types import RATE, AudioFrame, Heard, SoftEnd, SpeechStarted
from robot_voice.vad.floor import MARGIN_DB, QUIETEST_DB, RISE_DB, NoiseFloor, level_db
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig

FRAME = 512 / RATE


def frame(decibels: float, number: int = 0) -> AudioFrame:
    amplitude = 10 ** (decibels / 20)
    return AudioFrame(np.full(512, amplitude, np.float32), number * FRAME)


def push(floor: NoiseFloor, decibels: float, seconds: float, *, speaking: bool = False) -> bool:
    """The last verdict."""
    clear = False
    for _ in range(round(seconds / FRAME)):
        clear = floor.push(frame(decibels), speaking)
    return clear


def test_levels() -> None:
    assert level_db(frame(-20)) == pytest.approx(-20, abs=0.01)
    assert level_db(frame(-120)) == QUIETEST_DB
    assert level_db(AudioFrame(np.zeros(0, np.float32), 0.0)) == QUIETEST_DB


def test_it_falls_fast_and_rises_slowly() -> None:
    floor = NoiseFloor(3.0)
    push(floor, -40, 1)
    assert floor.level == pytest.approx(-40)
    push(floor, -60, 0.5)
    assert floor.level == pytest.approx(-60, abs=0.5)
    push(floor, -30, 1)
    assert floor.level == pytest.approx(-60 + RISE_DB, abs=0.7)


def test_a_noise_that_stays_is_the_floor_in_the_end() -> None:
    floor = NoiseFloor(3.0)
    push(floor, -60, 1)
    assert push(floor, -35, 1)  # at first it is clearly louder
    assert not push(floor, -35, 6)
    assert push(floor, -31, 0.1)


def test_an_utterance_does_not_raise_it() -> None:
    floor = NoiseFloor(3.0)
    push(floor, -50, 1)
    push(floor, -20, 20, speaking=True)
    assert floor.level == pytest.approx(-50)
    push(floor, -60, 1, speaking=True)
    assert floor.level == pytest.approx(-60, abs=0.1)


@pytest.mark.parametrize(("margin", "starts"), [(0.0, 1), (3.0, 0)])
def test_a_detector_that_errs_on_the_room_starts_nothing(margin: float, starts: int) -> None:
    segmenter = Segmenter(SegmenterConfig(floor_margin_db=margin))
    found = []
    for number in range(100):
        speech = 0.9 if number >= 60 else 0.1
        found += list(segmenter.push(Heard(frame(-45, number), speech)))
    assert len([item for item in found if isinstance(item, SpeechStarted)]) == starts


def test_a_voice_above_the_room_is_heard_from_its_beginning_to_its_end() -> None:
    segmenter = Segmenter(SegmenterConfig(floor_margin_db=3.0))
    found = []
    for number in range(140):
        level = -30 if 60 <= number < 80 else -45  # its end is no louder than the room
        speech = 0.9 if 60 <= number < 100 else 0.1
        found += list(segmenter.push(Heard(frame(level, number), speech)))
    started, ended = found
    assert isinstance(started, SpeechStarted)
    assert isinstance(ended, SoftEnd)
    assert ended.utterance.speech_end == pytest.approx(100 * FRAME)


def test_every_detector_has_its_margin() -> None:
    assert set(get_args(VadConfig.model_fields["engine"].annotation)) == set(MARGIN_DB)
