"""While the robot's own body moves, its motors are heard: voices have to be clearer."""

from __future__ import annotations

import numpy as np
import pytest

from robot_voice.types import RATE, AudioFrame, Heard, SoftEnd, Utterance
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig, raised

FRAME = 0.032


class Ear:
    """A segmenter that is fed frames of a given speech probability."""

    def __init__(self) -> None:
        self.segmenter = Segmenter(SegmenterConfig())
        self._frames = 0

    def hear(self, speech: float, seconds: float) -> list[Utterance]:
        """The utterances that softly ended meanwhile."""
        ended = []
        for _ in range(round(seconds / FRAME)):
            frame = AudioFrame(np.zeros(int(RATE * FRAME), np.float32), self._frames * FRAME)
            self._frames += 1
            for item in self.segmenter.push(Heard(frame, speech)):
                if isinstance(item, SoftEnd):
                    ended.append(item.utterance)
        return ended


def test_the_formula() -> None:
    assert raised(0.7, 0.0) == 0.7
    assert raised(0.7, 1.0) == pytest.approx(0.85)
    assert raised(0.5, 1.0) == pytest.approx(0.75)
    assert raised(1.0, 1.0) == 1.0


def test_a_motor_that_resembles_a_voice_starts_nothing_while_it_is_known_to_run() -> None:
    ear = Ear()
    assert ear.hear(0.75, 1) + ear.hear(0.0, 0.5)
    ear = Ear()
    ear.segmenter.motion(0.6)
    assert ear.hear(0.75, 1) + ear.hear(0.0, 0.5) == []


def test_a_motor_does_not_keep_an_utterance_open() -> None:
    ear = Ear()
    ear.segmenter.motion(1.0)
    assert len(ear.hear(0.95, 1) + ear.hear(0.7, 0.5)) == 1  # 0.7 would be a voice at rest


def test_an_utterance_knows_the_strongest_motion_meanwhile() -> None:
    ear = Ear()
    ear.hear(0.95, 0.5)
    ear.segmenter.motion(0.8)
    ear.hear(0.95, 0.2)
    ear.segmenter.motion(0.3)
    (said,) = ear.hear(0.95, 0.5) + ear.hear(0.0, 0.3)
    assert said.motion == 0.8
    ear.segmenter.close()
    ear.segmenter.motion(0.0)
    ear.hear(0.0, 1)
    (said,) = ear.hear(0.95, 0.5) + ear.hear(0.0, 0.3)
    assert said.motion == 0.0


@pytest.mark.parametrize(("level", "taken"), [(-1.0, 0.0), (7.0, 1.0)])
def test_levels_are_kept_in_bounds(level: float, taken: float) -> None:
    ear = Ear()
    ear.segmenter.motion(level)
    (said,) = ear.hear(0.95, 0.5) + ear.hear(0.0, 0.3)
    assert said.motion == taken
