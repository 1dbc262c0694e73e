"""What speaks for and against a transcript."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from robot_voice.asr.evidence import decoded, repeats
from robot_voice.asr.gate import least_seconds


@dataclass
class Window:
    text: str
    tokens: list[int]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


def test_several_windows_say_one_thing() -> None:
    windows = [Window(" Hello", [1, 2, 3], -0.1, 0.7, 0.8), Window(" there. ", [4], -0.7, 0.2, 1.9)]
    heard = decoded(windows)
    assert heard.text == "Hello there."
    assert heard.evidence.log_probability == pytest.approx((4 * -0.1 + 2 * -0.7) / 6)
    assert (heard.evidence.no_speech, heard.evidence.compression) == (0.2, 1.9)
    assert heard.confidence == pytest.approx(0.7408, abs=1e-3)


@pytest.mark.parametrize("text", ["", " ", "...", "\ufffd", " ♪ "])
def test_marks_are_no_words(text: str) -> None:
    heard = decoded([Window(text, [1], -0.1, 0.1, 0.5)])
    assert (heard.text, heard.confidence) == ("", 0.0)
    assert heard.evidence.log_probability == -0.1
    assert decoded([]).confidence == 0.0


@pytest.mark.parametrize(
    ("text", "looped"),
    [
        ("no no no no no", True),
        ("No no no no.", False),
        ("I am, I am, I am, I am, I am", True),
        ("네 네 네 네 네", True),
        ("하하하하하하하하하하", True),
        ("はいはいはいはいはい", True),
        ("the number is 1000000", False),
        ("Goooood morning", False),
        ("Turn left, then turn right, then turn left.", False),
        ("오른쪽으로 돌고 오른쪽으로 가 줘", False),
        ("", False),
    ],
)
def test_loops(text: str, looped: bool) -> None:
    assert repeats(text) is looped


def test_no_sentence_is_said_in_no_time() -> None:
    assert least_seconds("Thank you.") == pytest.approx(0.32)
    assert least_seconds("감사합니다.") == pytest.approx(0.35)
    assert least_seconds("?!") == 0
