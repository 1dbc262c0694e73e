from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from robot_voice.types import (
    AudioFrame,
    Heard,
    SoftEnd,
    SpeechCut,
    SpeechResumed,
    SpeechStarted,
    Utterance,
)
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


def parts_of(found: list[Found]) -> list[Utterance]:
    return [item.utterance for item in found if isinstance(item, SpeechCut | SoftEnd)]


def test_a_monologue_is_cut_with_an_overlap() -> None:
    segmenter = Segmenter(SegmenterConfig(max_seconds=5.0))
    found = feed(segmenter, (0.9, 12), (0.0, 0.4))
    assert kinds(found) == [SpeechStarted, SpeechCut, SpeechCut, SoftEnd]
    parts = parts_of(found)
    for before, after in pairwise(parts):
        overlap = before.start + before.seconds - after.start
        assert 0.3 <= overlap <= 0.5 + 2 * FRAME
        shared = round(overlap / FRAME) * 512
        assert np.array_equal(before.samples[-shared:], after.samples[:shared])
        assert before.speech_end <= before.start + before.seconds + 1e-6


def test_a_monologue_is_cut_where_it_is_quietest() -> None:
    segmenter = Segmenter(SegmenterConfig(max_seconds=5.0))
    found = feed(segmenter, (0.9, 3.5), (0.3, 2 * FRAME), (0.9, 3), (0.0, 0.4))
    first, second = parts_of(found)
    assert first.start + first.seconds == pytest.approx(3.5, abs=3 * FRAME)
    assert second.start == pytest.approx(3.5 - 0.3, abs=3 * FRAME)


@pytest.mark.parametrize("seed", range(30))
def test_the_parts_of_a_monologue_hold_all_of_it(seed: int) -> None:
    dice = random.Random(seed)
    most = dice.choice([1.0, 2.0, 5.0, 25.0])
    segmenter = Segmenter(SegmenterConfig(max_seconds=most))
    dips = [(dice.choice([0.8, 0.3, 0.6]), FRAME * dice.randint(1, 5)) for _ in range(300)]
    runs = [run for dip in dips for run in ((0.95, FRAME * dice.randint(1, 9)), dip)]
    parts = parts_of(feed(segmenter, *runs, (0.95, 0.5), (0.0, 0.4)))
    covered = parts[0].start
    for before, after in pairwise(parts):
        covered = before.start + before.seconds
        assert before.start < after.start <= covered  # it goes on, and nothing is left out
        assert before.seconds <= most + FRAME
    assert covered <= parts[-1].start + parts[-1].seconds


def test_what_was_said_so_far() -> None:
    segmenter = Segmenter(SegmenterConfig())
    assert segmenter.so_far() is None
    feed(segmenter, (0.0, 1), (0.9, 1))
    said = segmenter.so_far()
    assert said is not None
    assert said.seconds == pytest.approx(1.5, abs=2 * FRAME)
    said.samples[:] = -1  # a copy
    found = feed(segmenter, (0.0, 0.3), start=62)
    assert segmenter.so_far() is None  # the soft end has handed it over
    assert min(parts_of(found)[0].samples) >= 0
    segmenter.close()
    assert segmenter.so_far() is None


def test_an_utterance_knows_how_much_of_it_was_voice() -> None:
    found = feed(Segmenter(SegmenterConfig()), (0.1, 2), (0.9, 0.64), (0.6, 0.32), (0.4, 0.3))
    (said,) = parts_of(found)
    assert said.voiced == pytest.approx(0.96, abs=FRAME)
    assert said.speech == pytest.approx((0.9 * 20 + 0.6 * 10) / 30)
    assert said.motion == 0.0


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
