"""The endpointing benchmark's scripted part: it takes seconds, so the policy's bar is kept here."""

from __future__ import annotations

import pytest

from robot_voice.build import load_actions
from robot_voice.config import Config
from robot_voice.settings import Loaded
from scripts.bench.endpointing import hear, heard_by, scripted, summary, waits


def test_the_policy_is_sooner_and_cuts_in_less_than_any_time_out() -> None:
    config = Config()
    clips = [clip for clip in scripted() if clip.name in ("pause of 0.5 s", "pause of 0.8 s")]
    policies = waits(config, load_actions(Loaded(config)))
    found = {
        name: summary([hear(config, clip, wait) for clip in clips])
        for name, wait in policies.items()
    }
    assert found["policy"]["late_ms"]["p50"] <= 450 < found["500 ms"]["late_ms"]["p50"]
    assert found["policy"]["cut_in_percent_of_pauses"] <= 5
    assert found["700 ms"]["cut_in_percent_of_pauses"] >= 45  # all pauses of 0.8 s
    assert not any(figures["lost"] for figures in found.values())


@pytest.mark.parametrize(
    ("text", "language", "share", "said"),
    [
        ("one two three four.", "en", 0.0, "one"),
        ("one two three four.", "en", 0.4, "one two"),
        ("one, two three four.", "en", 0.3, "one,"),
        ("one two three four.", "en", 1.0, "one two three four."),
        ("나는 밥을 먹었다.", "ko", 0.5, "나는 밥을"),
        ("我想听音乐。", "zh", 0.4, "我想"),
    ],
)
def test_the_words_heard_so_far(text: str, language: str, share: float, said: str) -> None:
    assert text[: heard_by(text, language, share)].strip() == said
