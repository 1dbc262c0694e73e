from __future__ import annotations

import random

import numpy as np
import pytest

from robot_voice.types import AudioFrame, Heard, SoftEnd, SpeechCut, SpeechResumed, SpeechStarted
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig

FRAME = 0.032
Found = SpeechStarted | SpeechResumed | SoftEnd | SpeechCut


def feed(segmenter: Segmenter, *runs: tuple[float, float], start: int = 0) -> list[Found]:
    """Feed runs of (probability, seconds) in frames. Every sample is its frame's number."""
    found: list[Found] = []
    n = start
    for speech, seconds in runs:
        for _ in range(round(seconds / FRAME)):
            frame = AudioFrame(np.full(512, n, np.float32), n * FRAME)
            found += segmenter.push(Heard(frame, speech))
            n += 1
    return found


def kinds(found: list[Found]) -> list[type[Found]]:
    return [type(item) for item in found]


def test_silence_is_nothing() -> None:
    assert feed(Segmenter(SegmenterConfig()), (0.0, 5)) == []


def test_a_click_is_nothing() -> None:
    assert feed(Segmenter(SegmenterConfig()), (0.0, 1), (0.9, 0.064), (0.0, 1)) == []


def test_speech_pauses_softly_with_its_pre_roll() -> None:
    segmenter = Segmenter(SegmenterConfig())
    started, paused = feed(segmenter, (0.0, 2), (0.9, 1), (0.0, 0.3))
    assert isinstance(started, SpeechStarted)
    assert isinstance(paused, SoftEnd)
    assert paused.utterance.start == pytest.approx(2.0 - 0.5, abs=2 * FRAME)
    assert paused.utterance.speech_end == pytest.approx(3.0, abs=2 * FRAME)
    assert segmenter.silence == pytest.approx(0.3, abs=FRAME)


def test_every_soft_end_hands_over_the_whole_utterance() -> None:
    segmenter = Segmenter(SegmenterConfig())
    found = feed(segmenter, (0.9, 1), (0.0, 0.4), (0.9, 1), (0.0, 0.4))
    assert kinds(found) == [SpeechStarted, SoftEnd, SpeechResumed, SoftEnd]
    first, second = (item.utterance for item in found if isinstance(item, SoftEnd))
    assert first.start == second.start
    assert len(second.samples) > len(first.samples)
    assert np.array_equal(second.samples[: len(first.samples)], first.samples)


def test_doubt_keeps_the_present_state() -> None:
    assert feed(Segmenter(SegmenterConfig()), (0.6, 3)) == []
    assert kinds(feed(Segmenter(SegmenterConfig()), (0.9, 1), (0.6, 3))) == [SpeechStarted]


def test_a_click_in_a_pause_neither_resumes_nor_restarts_the_silence() -> None:
    segmenter = Segmenter(SegmenterConfig())
    found = feed(segmenter, (0.9, 1), (0.0, 0.5), (0.9, 0.064), (0.0, 0.5))
    assert kinds(found) == [SpeechStarted, SoftEnd]
    assert segmenter.silence == pytest.approx(1.0, abs=2 * FRAME)


def test_closing_begins_anew_without_the_words_before() -> None:
    segmenter = Segmenter(SegmenterConfig())
    feed(segmenter, (0.9, 1), (0.0, 0.4))
    segmenter.close()
    assert segmenter.silence == 0.0
    found = feed(segmenter, (0.9, 1), (0.0, 0.4), start=44)
    assert kinds(found) == [SpeechStarted, SoftEnd]
    (second,) = (item.utterance for item in found if isinstance(item, SoftEnd))
    assert second.start >= 1.0  # not the words before the close
    assert second.start < 44 * FRAME  # but what came between


def test_a_monologue_is_cut_without_a_gap() -> None:
    segmenter = Segmenter(SegmenterConfig(max_seconds=5.0))
    found = feed(segmenter, (0.9, 12), (0.0, 0.4))
    assert kinds(found) == [SpeechStarted, SpeechCut, SpeechCut, SoftEnd]
    parts = [item.utterance for item in found if isinstance(item, SpeechCut | SoftEnd)]
    numbers = np.concatenate([part.samples[::512] for part in parts])
    assert np.array_equal(numbers, np.arange(len(numbers)))


def test_the_end_of_the_audio_hands_over_what_is_being_said() -> None:
    segmenter = Segmenter(SegmenterConfig())
    feed(segmenter, (0.9, 1))
    assert kinds(list(segmenter.flush())) == [SoftEnd]
    assert list(segmenter.flush()) == []


@pytest.mark.parametrize("seed", range(100))
def test_whatever_is_heard_its_memory_is_bounded_and_its_events_alternate(seed: int) -> None:
    dice = random.Random(seed)
    segmenter = Segmenter(SegmenterConfig(max_seconds=3.0))
    state, longest = "quiet", 0.0
    for n in range(2000):
        speech = dice.choice([0.0, 0.6, 0.9]) if dice.random() < 0.3 else 0.9 * (n // 40 % 2)
        frame = AudioFrame(np.zeros(512, np.float32), n * FRAME)
        for item in segmenter.push(Heard(frame, speech)):
            match item:
                case SpeechStarted():
                    assert state == "quiet"
                    state = "speaking"
                case SpeechResumed():
                    assert state == "paused"
                    state = "speaking"
                case SoftEnd(utterance):
                    assert state == "speaking"
                    longest = max(longest, utterance.seconds)
                    state = "paused"
                case SpeechCut(utterance):
                    assert state == "speaking"
                    longest = max(longest, utterance.seconds)
        if state == "paused" and dice.random() < 0.1:
            segmenter.close()
            state = "quiet"
    assert longest <= 3.0 + 3.0  # the longest utterance, and a pause that was long to end
