"""Supertonic: the real library with toy weights, where it is installed; the checks without it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from robot_voice.config import TtsConfig
from robot_voice.errors import ConfigError, ModelError
from robot_voice.tts.supertonic import SupertonicTts
from robot_voice.types import SafeText, Samples

from .toy_voices import supertonic_voice

KOREAN = "오늘은 날씨가 아주 좋아서 산책을 가고 싶어요, 그런데 비가 올 것 같으니 우산을 가져가세요."
here = pytest.mark.skipif(
    importlib.util.find_spec("supertonic") is None, reason="supertonic is not installed"
)


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return supertonic_voice(tmp_path_factory.mktemp("voices") / "toy")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)


def say(tts: SupertonicTts, text: str, language: str, manner: str = "") -> Samples:
    safe = SafeText(text, language, manner=manner)  # type: ignore[arg-type]
    spoken = list(tts.synthesize(safe, never))
    assert all(0 < block.seconds <= 0.25 for block in spoken)
    assert {block.rate for block in spoken} == {44_100}
    return np.concatenate([block.samples for block in spoken])


@here
def test_it_speaks(folder: Path) -> None:
    tts = SupertonicTts(TtsConfig(), folder, {"en": "", "ko": "M1"})
    korean = say(tts, KOREAN, "ko")
    assert korean.dtype == np.float32
    assert len(korean) > 2 * len(say(tts, "Hello there.", "en")) > 0
    assert len(say(tts, "Hello there.", "en", "gentle")) > 1.05 * len(
        say(tts, "Hello there.", "en")
    )
    tts.close()


@here
def test_letters_it_does_not_know_are_left_out(folder: Path) -> None:
    tts = SupertonicTts(TtsConfig(rate=450), folder, {"en": ""})
    assert len(say(tts, "A \U00020000 letter", "en"))
    assert list(tts.synthesize(SafeText("...", "en"), never)) == []
    tts.close()


@pytest.mark.usefixtures("installed")
def test_missing_weights_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"lacks onnx/tts\.json, .*Nothing is fetched by itself"):
        SupertonicTts(TtsConfig(), tmp_path / "none", {})
    half = supertonic_voice(tmp_path / "half")
    (half / "onnx" / "vocoder.onnx").unlink()
    with pytest.raises(ModelError, match=r"it lacks onnx/vocoder\.onnx\."):
        SupertonicTts(TtsConfig(), half, {})


@pytest.mark.usefixtures("installed")
def test_unknown_styles_and_languages(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no style 'M9'; it has: F1, M1"):
        SupertonicTts(TtsConfig(), folder, {"ko": "M9"})
    with pytest.raises(ConfigError, match=r"does not speak 'zh' \(tts\.voices\.zh\)"):
        SupertonicTts(TtsConfig(), folder, {"zh": ""})


def test_a_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r'pip install "robot-voice\[supertonic\]"'):
        SupertonicTts(TtsConfig(), Path("x"), {})
