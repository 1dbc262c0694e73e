"""Speech to text with the real starter model, on speech made by espeak-ng."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from robot_voice.asr.whisper import FULL, WhisperAsr, check_folder, window
from robot_voice.config import AsrConfig, LanguageConfig
from robot_voice.errors import AsrError, ModelError
from robot_voice.types import RATE, Samples, Utterance

STARTER = Path(__file__).parents[1] / "models" / "starter" / "asr"
VOICES = {"en": "en-us", "ko": "ko"}
GOLDEN = [
    ("en", "Hello."),
    ("en", "What is your name?"),
    ("en", "Turn left."),
    ("en", "Wave your hand."),
    ("en", "Tell me a story."),
    ("en", "Thank you very much."),
    ("en", "Are you a robot?"),
    ("en", "Stop."),
    ("ko", "안녕하세요."),
    ("ko", "이름이 뭐예요?"),
    ("ko", "손을 흔들어 줘."),
    ("ko", "왼쪽으로 돌아."),
    ("ko", "만나서 반가워."),
    ("ko", "뭐 할 수 있어?"),
    ("ko", "조용히 해."),
    ("ko", "이야기해 줘."),
]
needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not there")


def load(
    model: Path = STARTER,
    language: LanguageConfig | None = None,
    window_seconds: float = 2.0,
) -> WhisperAsr:
    return WhisperAsr(model, language or LanguageConfig(), AsrConfig(), 1, window_seconds)


def heard(samples: Samples, rate: int = RATE) -> Utterance:
    return Utterance(samples, start=0.0, speech_end=len(samples) / rate, rate=rate)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


def spoken(language: str, text: str) -> Samples:
    """The sentence at ``RATE`` with 0.3 s of silence around it."""
    command = ["espeak-ng", "-v", VOICES[language], "-s", "165", "--stdout", text]
    made = subprocess.run(command, check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(made)) as file:
        rate = file.getframerate()
    raw = np.frombuffer(made[44 : 44 + (len(made) - 44) // 2 * 2], np.int16)
    speech = soxr.resample(raw.astype(np.float32) / 32768, rate, RATE).astype(np.float32)
    return np.concatenate([silence(0.3), speech, silence(0.3)])


@pytest.fixture(scope="module")
def asr() -> WhisperAsr:
    return load()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STARTER, tmp_path / "model"))


@needs_espeak
@pytest.mark.parametrize(("language", "text"), GOLDEN)
def test_it_hears_what_was_said_and_in_which_language(
    asr: WhisperAsr, language: str, text: str
) -> None:
    transcript = asr.transcribe(heard(spoken(language, text)))
    assert transcript.text == text
    assert transcript.language == language
    assert 0.6 < transcript.confidence <= 1.0
    assert 0.6 < transcript.language_confidence <= 1.0


@needs_espeak
def test_the_full_window_hears_the_same() -> None:
    full = load(window_seconds=30.0)
    assert full.transcribe(heard(spoken("en", "Turn left."))).text == "Turn left."
    assert full.transcribe(heard(spoken("ko", "안녕하세요."))).text == "안녕하세요."


class Counting:
    """A model that remembers the shapes of what its encoder was given."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.shapes = inner, list[tuple[int, ...]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def encode(self, features: Any, to_cpu: bool) -> Any:
        self.shapes.append(tuple(features.shape))
        return self.inner.encode(features, to_cpu=to_cpu)


@needs_espeak
def test_one_encoder_pass_serves_language_and_text() -> None:
    asr = load()
    asr._model.model = counting = Counting(asr._model.model)
    samples = spoken("en", "What is your name?")
    assert asr.transcribe(heard(samples)).text == "What is your name?"
    assert counting.shapes == [(1, 80, window(len(samples) / RATE, 200))]


def test_more_than_one_window_is_heard_to_its_end() -> None:
    asr = load()
    asr._model.model = counting = Counting(asr._model.model)
    noise = np.random.default_rng(2).standard_normal(65 * RATE, np.float32) / np.float32(10)
    assert 0.0 <= asr.transcribe(heard(noise)).confidence <= 1.0
    assert len(counting.shapes) >= 3
    assert set(counting.shapes) == {(1, 80, FULL)}


@needs_espeak
def test_one_language_needs_no_detection() -> None:
    korean = load(language=LanguageConfig(allowed=("ko",), default="ko"))
    transcript = korean.transcribe(heard(spoken("ko", "안녕하세요.")))
    assert (transcript.language, transcript.language_confidence) == ("ko", 1.0)


@needs_espeak
def test_nothing_touches_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert load().transcribe(heard(spoken("en", "Hello."))).text == "Hello."


@pytest.mark.parametrize("seconds", [0.0, 1 / RATE, 0.01, 0.099, 0.1, 0.5, 3.0])
def test_silence_has_no_words(asr: WhisperAsr, seconds: float) -> None:
    transcript = asr.transcribe(heard(silence(seconds)))
    assert (transcript.text, transcript.confidence) == ("", 0.0)


def test_it_survives_loud_noise_and_nonsense(asr: WhisperAsr) -> None:
    dice = np.random.default_rng(1)
    for scale in (1e-9, 0.1, 1.0, 1e6):
        noise = (dice.standard_normal(RATE) * scale).astype(np.float32)
        assert 0.0 <= asr.transcribe(heard(noise)).confidence <= 1.0


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (np.full(RATE, np.nan, np.float32), RATE, "NaN"),
        (np.full(RATE, np.inf, np.float32), RATE, "NaN"),
        (np.zeros((2, RATE), np.float32), RATE, "mono"),
        (np.zeros(48_000, np.float32), 48_000, "16000 Hz"),
    ],
)
def test_audio_that_is_none_is_an_error(
    asr: WhisperAsr, samples: Samples, rate: int, words: str
) -> None:
    with pytest.raises(AsrError, match=words):
        asr.transcribe(heard(samples, rate))


@pytest.mark.parametrize(
    ("seconds", "floor", "frames"),
    [
        (0.1, 200, 200),
        (1.6, 200, 250),
        (2.0, 200, 250),
        (2.01, 200, 300),
        (12.0, 1000, 1250),
        (29.4, 200, 3000),
        (31.0, 200, FULL),
        (1.0, 3000, FULL),
    ],
)
def test_the_window_is_as_short_as_may_be(seconds: float, floor: float, frames: int) -> None:
    assert window(seconds, floor) == frames


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no speech model folder .*nowhere.*asr\.model"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_missing_file_is_named(model: Path, name: str) -> None:
    (model / name).unlink()
    with pytest.raises(ModelError, match=f"not complete: {name} missing"):
        check_folder(model)


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


@pytest.mark.parametrize(
    "damage",
    [
        lambda model: cut(model / "model.bin", 0),
        lambda model: cut(model / "model.bin", 60),
        lambda model: cut(model / "model.bin", 100_000),
        lambda model: cut(model / "model.bin", 5_000_000),
        lambda model: cut(model / "tokenizer.json", 10_000),
        lambda model: cut(model / "vocabulary.json", 1_000),
        lambda model: cut(model / "config.json", 20),
        lambda model: (model / "config.json").write_text("{}"),
        lambda model: (model / "tokenizer.json").write_text("{}"),
        lambda model: (model / "model.bin").write_bytes(b"PK\3\4" + bytes(1000)),
        lambda model: (model / "model.bin").write_bytes(bytes(1000)),
    ],
)
def test_a_damaged_model_is_an_error_that_names_it(
    model: Path, damage: Callable[[Path], object]
) -> None:
    damage(model)
    with pytest.raises(ModelError, match=rf"{model.name} cannot be used: .*fetch it again"):
        load(model)


def test_languages_the_model_does_not_know(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ModelError, match=r"none of the languages.*ja"):
        load(language=LanguageConfig(allowed=("ja",), default="ja"))
    asr = load(language=LanguageConfig(allowed=("ja", "ko"), default="ja"))
    assert "does not know ja" in caplog.text
    assert asr.transcribe(heard(silence(1.0))).language == "ko"
