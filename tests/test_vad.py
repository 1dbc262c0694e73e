"""The detectors, on a synthetic voice."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from robot_voice.audio.clips import read_audio
from robot_voice.config import VadConfig
from robot_voice.engines import Vad
from robot_voice.errors import ModelError
from robot_voice.types import RATE, Samples
from robot_voice.vad import load_vad
from robot_voice.vad.silero import SileroVad

ENGINES = ["silero", "webrtc"]


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    text = "Good morning robot, please tell me a long story about the sea."
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(path), text], check=True)
    return read_audio(path)


def noise(seconds: float, level: float) -> Samples:
    samples = np.random.default_rng(0).standard_normal(int(RATE * seconds))
    return (level * samples).astype(np.float32)


def load(engine: str) -> Vad:
    return load_vad(VadConfig.model_validate({"engine": engine}))


def judge(vad: Vad, samples: Samples) -> Samples:
    count = len(samples) // vad.window
    windows = samples[: count * vad.window].reshape(count, vad.window)
    return np.array([vad.probability(window) for window in windows], np.float32)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_voice_is_speech(engine: str, voice: Samples) -> None:
    assert np.mean(judge(load(engine), voice) >= 0.7) > 0.6


@pytest.mark.parametrize("engine", ENGINES)
def test_silence_is_not(engine: str) -> None:
    assert not np.any(judge(load(engine), noise(2, 1e-4)) >= 0.5)
    assert not np.any(judge(load(engine), np.zeros(2 * RATE, np.float32)) >= 0.5)


def test_noise_is_not_speech_to_silero() -> None:
    assert np.mean(judge(load("silero"), noise(3, 0.05)) >= 0.7) < 0.05


def test_a_voice_in_noise_is_found_and_so_is_its_end(voice: Samples) -> None:
    vad = load("silero")
    quiet = noise(1, 0.002)
    scene = np.concatenate([quiet, voice + noise(10, 0.002)[: len(voice)], quiet])
    speech = judge(vad, scene)
    second = RATE // vad.window
    assert not np.any(speech[: second - 3] >= 0.7)
    assert np.any(speech[second : 2 * second] >= 0.7)
    assert not np.any(speech[-second // 2 :] >= 0.5)


def test_a_reset_detector_is_as_new(voice: Samples) -> None:
    vad = load("silero")
    first = judge(vad, voice[:RATE])
    vad.reset()
    assert np.array_equal(first, judge(vad, voice[:RATE]))


@pytest.mark.parametrize(("engine", "window"), [("silero", 512), ("webrtc", 480)])
def test_windows(engine: str, window: int) -> None:
    assert load(engine).window == window


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.onnx"):
        SileroVad(tmp_path / "nowhere.onnx")


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"damaged\.onnx"):
        SileroVad(path)


def test_weights_that_are_not_installed_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="faster-whisper"):
        SileroVad()
