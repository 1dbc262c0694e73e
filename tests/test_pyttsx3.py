"""The real pyttsx3 in its throw-away process."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_voice.config import TtsConfig
from robot_voice.errors import ModelError, TtsError
from robot_voice.tts import pyttsx3_engine
from robot_voice.tts.pyttsx3_child import choose
from robot_voice.tts.pyttsx3_engine import Pyttsx3Tts
from robot_voice.types import SafeText, Samples


def never() -> bool:
    return False


def speak(text: str, language: str, **options: float) -> Samples:
    tts = Pyttsx3Tts(TtsConfig.model_validate(options))
    spoken = list(tts.synthesize(SafeText(text, language), never))
    assert {block.rate for block in spoken} == {22_050}
    assert all(0 < block.seconds <= 0.25 for block in spoken)
    return np.concatenate([block.samples for block in spoken])


@pytest.mark.parametrize(
    ("text", "language"),
    [("Hello there, how are you today?", "en"), ("안녕하세요, 저는 로봇이에요.", "ko")],
)
def test_it_speaks(text: str, language: str) -> None:
    samples = speak(text, language)
    assert 0.8 < len(samples) / 22_050 < 6
    assert 0.1 < np.abs(samples).max() <= 1
    loud = np.flatnonzero(np.abs(samples) > 0.004)
    assert loud[0] / 22_050 <= 0.021


def test_config_is_heard() -> None:
    text = "A rather long sentence, for a robot of my size."
    plain = speak(text, "en")
    assert len(speak(text, "en", rate=330)) < 0.8 * len(plain)
    assert np.abs(speak(text, "en", volume=0.25)).max() < 0.6 * np.abs(plain).max()
    assert not np.array_equal(speak(text, "ko")[:9000], plain[:9000])


def test_a_manner_is_heard() -> None:
    tts = Pyttsx3Tts(TtsConfig())
    plain, gentle = (
        np.concatenate([block.samples for block in tts.synthesize(text, never)])
        for text in (SafeText("I am sorry.", "en"), SafeText("I am sorry.", "en", manner="gentle"))
    )
    assert len(gentle) > 1.02 * len(plain)
    assert np.abs(gentle).max() < 0.95 * np.abs(plain).max()


def test_it_speaks_every_time() -> None:
    first, second = (speak("Once more.", "en") for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("text", ["", "...", "🎉"])
def test_nothing_to_say(text: str) -> None:
    assert list(Pyttsx3Tts(TtsConfig()).synthesize(SafeText(text, "en"), never)) == []


def children() -> set[str]:
    """Process ids of this process's children, zombies too; nothing where there is no /proc."""
    tasks = Path("/proc/self/task")
    listed = tasks.iterdir() if tasks.is_dir() else ()
    return {child for task in listed for child in (task / "children").read_text().split()}


def test_cancelling_kills_it() -> None:
    asked, before = 0, children()

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    text = SafeText("This is said to nobody.", "en")
    assert list(Pyttsx3Tts(TtsConfig()).synthesize(text, cancelled)) == []
    assert children() == before


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("import time; time.sleep(9)", "longer than 0.3 s"),
        ("raise RuntimeError('no voice today')", "no voice today"),
        ("pass", "no usable sound"),
        (
            "import json,sys; open(json.load(sys.stdin)['file'],'w').write('not sound')",
            "no usable sound: not a WAV",
        ),
    ],
)
def test_failures_are_tts_errors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, complaint: str
) -> None:
    child = tmp_path / "child.py"
    child.write_text(script)
    monkeypatch.setattr(pyttsx3_engine, "_CHILD", child)
    tts = Pyttsx3Tts(TtsConfig(timeout_seconds=0.3 if "sleep" in script else 10))
    with pytest.raises(TtsError, match=complaint):
        list(tts.synthesize(SafeText("hello", "en"), never))


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install pyttsx3"):
        Pyttsx3Tts(TtsConfig())


def test_the_engine_leaves_the_library_to_its_child() -> None:
    assert "pyttsx3" not in sys.modules


@dataclass
class Listed:
    id: str
    name: str
    languages: list[Any] = field(default_factory=list)


def test_choosing_a_voice() -> None:
    voices = [
        Listed("com.apple.Alex", "Alex", ["en_US"]),
        Listed("com.apple.Yuna", "Yuna", [b"\x05ko-KR"]),
        Listed("gmw/en-us", "English (America)", ["en-us"]),
        Listed("HKEY_X", "Microsoft Heami Desktop - Korean", []),
        Listed("roa/es", "No en ningún sitio", []),
    ]
    assert choose(voices, "alex", "en") == "com.apple.Alex"
    assert choose(voices, "gmw/en-US", "en") == "gmw/en-us"
    assert choose(voices, "heami", "ko") == "HKEY_X"
    assert choose(voices, "nobody", "ko") == "com.apple.Yuna"
    assert choose(voices, "en", "en") == "com.apple.Alex", "a language's code is no name"
    assert choose(voices, "nobody", "de") is None
