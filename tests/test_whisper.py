"""Speech to text with the real starter model, on speech made by espeak-ng."""

from __future__ import annotations

import io
import math
import shutil
import socket
import subprocess
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soxr

from robot_voice.asr.folder import check_folder
from robot_voice.asr.whisper import HOT_TOKENS, WhisperAsr
from robot_voice.asr.windowed import window
from robot_voice.audio.clips import read_audio
from robot_voice.build import load_asr
from robot_voice.config import AsrConfig, Config, LanguageConfig, PersonaConfig
from robot_voice.errors import AsrError, ModelError
from robot_voice.models.convert import convert
from robot_voice.models.registry import find_model
from robot_voice.types import RATE, Evidence, Samples, Utterance

from . import whisper_weights as ww

STARTER = Path(__file__).parents[1] / "models" / "starter" / "asr"
QUESTION = STARTER.parent / "questions" / "3-en-wave.wav"
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


SHORT = AsrConfig(min_window_seconds=2.0, window_margin_seconds=0.5)
OPENAI, FULL = AsrConfig(), 3000


def load(
    model: Path = STARTER, language: LanguageConfig | None = None, config: AsrConfig = SHORT
) -> WhisperAsr:
    return WhisperAsr(model, language or LanguageConfig(), config, 1)


def untrained(folder: Path, *, english_only: bool = False) -> Path:
    """A model of random weights; an English one has no token for any language."""
    tokens, words = (51864, 50256) if english_only else (51865, 50257)
    dims = replace(ww.DIMS, n_vocab=tokens, n_text_layer=1)
    source = folder / "ggml-random.bin"
    ww.write_ggml(source, ww.random_weights(dims), ww.words(words), dims)
    return convert(source, folder / "untrained").path


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
    full = load(config=AsrConfig(min_window_seconds=30.0))
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
    utterance = heard(samples)
    assert asr.transcribe(utterance).text == "What is your name?"
    assert asr.translate(utterance).text == "What is your name?"
    assert counting.shapes == [(1, 80, window(len(samples) / RATE, SHORT, 1000))]


def test_more_than_one_window_is_heard_to_its_end() -> None:
    asr = load()
    asr._model.model = counting = Counting(asr._model.model)
    noise = np.random.default_rng(2).standard_normal(65 * RATE, np.float32) / np.float32(10)
    assert 0.0 <= asr.transcribe(heard(noise)).confidence <= 1.0
    assert len(counting.shapes) >= 3
    assert set(counting.shapes) == {(1, 80, 1000)}  # the starter's own full window


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
    ("seconds", "config", "full", "frames"),
    [
        (0.1, SHORT, 1000, 200),
        (1.6, SHORT, 1000, 250),
        (2.0, SHORT, 1000, 250),
        (2.01, SHORT, 1000, 300),
        (12.0, SHORT, 1000, 1000),
        (3.0, OPENAI, FULL, 1000),
        (8.0, OPENAI, FULL, 1000),
        (12.0, OPENAI, FULL, 1400),
        (28.1, OPENAI, FULL, FULL),
        (31.0, OPENAI, FULL, FULL),
        (1.0, AsrConfig(min_window_seconds=30.0), FULL, FULL),
    ],
)
def test_the_window_is_as_short_as_may_be(
    seconds: float, config: AsrConfig, full: int, frames: int
) -> None:
    assert window(seconds, config, full) == frames


# --- guards and their second try ----------------------------------------------------------


@dataclass
class Window:
    """What the library makes of one window."""

    text: str
    avg_logprob: float = -0.2
    no_speech_prob: float = 0.01
    compression_ratio: float = 0.9
    end: float = 2.0

    @property
    def tokens(self) -> list[int]:
        return list(range(len(self.text.split())))


class Scripted:
    """Stands in for faster-whisper: what it hears depends on the window."""

    full, frames, model = 1000, 0, SimpleNamespace(is_multilingual=True)

    def __init__(self, short: Window | None, full: Window | None) -> None:
        self.windows, self.asked = {True: full, False: short}, list[tuple[int, str]]()

    def language_probabilities(self, samples: Samples, frames: int) -> dict[str, float]:
        return {"en": 0.9, "ko": 0.1}

    def transcribe(self, samples: Samples, **options: Any) -> tuple[Iterator[Window], None]:
        self.asked.append((self.frames, options["task"]))
        found = self.windows[self.frames == self.full]
        return iter([found] if found else []), None


def replaced(asr: WhisperAsr, model: Scripted) -> Scripted:
    vars(asr)["_model"] = model
    return model


GOOD = Window("Where is the kitchen?")
LOOP = Window("the the", compression_ratio=3.0)
NO_NO = Window("no no no no no no", compression_ratio=1.5)
GUESS = Window("Wherever it chicken", avg_logprob=-1.4)
WORSE = Window("Wherefore chickens", avg_logprob=-1.8)
VOICED, UNVOICED = 1.5, 0.1


@pytest.mark.parametrize(
    ("short", "full", "voiced", "text", "guard"),
    [
        (GOOD, None, VOICED, GOOD.text, ""),
        (LOOP, GOOD, VOICED, GOOD.text, "compression"),
        (NO_NO, GOOD, VOICED, GOOD.text, "n-grams"),
        (GUESS, GOOD, VOICED, GOOD.text, "log-probability"),
        (None, GOOD, VOICED, GOOD.text, "no tokens"),
        # the better of both is kept
        (GUESS, WORSE, VOICED, GUESS.text, "log-probability"),
        (WORSE, GUESS, VOICED, GUESS.text, "log-probability"),
        (LOOP, GUESS, VOICED, GUESS.text, "compression"),
        (GUESS, LOOP, VOICED, GUESS.text, "log-probability"),
        (None, GUESS, VOICED, "", "no tokens"),
        (LOOP, None, UNVOICED, "", "compression"),
        (LOOP, None, VOICED, LOOP.text, "compression"),
        # nobody spoke: there is nothing to be found in a longer window
        (None, GOOD, UNVOICED, "", ""),
        (None, GOOD, None, "", ""),
        (replace(GUESS, no_speech_prob=0.9), GOOD, VOICED, GUESS.text, ""),
    ],
)
def test_each_guard_has_the_full_window_decoded_as_well(
    short: Window | None, full: Window | None, voiced: float | None, text: str, guard: str
) -> None:
    asr = load()
    scripted = replaced(asr, Scripted(short, full))
    found = asr.transcribe(replace(heard(silence(2.0)), voiced=voiced))
    assert (found.text, found.evidence.retried) == (text, guard)
    assert [frames for frames, _ in scripted.asked] == [250, 1000][: 2 if guard else 1]


def test_the_full_window_is_that_of_the_weights(tmp_path: Path) -> None:
    asr = load(untrained(tmp_path))
    asr._model.model = counting = Counting(asr._model.model)
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    found = asr.transcribe(replace(heard(noise), voiced=1.5))
    assert found.evidence.retried != ""  # of random weights nothing sensible can come
    assert counting.shapes == [(1, 80, 250), (1, 80, FULL)]


def test_a_full_window_is_not_decoded_twice() -> None:
    asr = load(config=AsrConfig(min_window_seconds=30.0))
    scripted = replaced(asr, Scripted(None, LOOP))
    assert asr.transcribe(heard(silence(2.0))).evidence.retried == ""
    assert len(scripted.asked) == 1


def test_a_translation_begins_with_the_window_that_was_better() -> None:
    asr = load(language=LanguageConfig(allowed=("ko",), default="ko"))
    scripted = replaced(asr, Scripted(LOOP, GOOD))
    utterance = heard(silence(2.0))
    asr.transcribe(utterance)
    asr.translate(utterance)
    assert scripted.asked == [(250, "transcribe"), (1000, "transcribe"), (1000, "translate")]


def test_the_evidence_is_that_of_the_library() -> None:
    asr = load()
    replaced(asr, Scripted(Window("Hello.", -0.3, 0.2, 0.7), None))
    found = asr.transcribe(heard(silence(2.0)))
    assert found.evidence == Evidence(0.2, -0.3, 0.7)
    assert found.confidence == pytest.approx(math.exp(-0.3))
    assert found.choice is not None and found.choice.detected["en"] == pytest.approx(0.9)


# --- what else is asked of it -------------------------------------------------------------


@needs_espeak
def test_korean_is_translated(asr: WhisperAsr) -> None:
    found = asr.translate(heard(spoken("ko", "손을 흔들어 줘.")))
    assert (found.text, found.language) == ("Wave your hand.", "en")
    assert found.choice is not None and found.choice.language == "ko"


def test_a_model_of_one_language_does_not_translate(tmp_path: Path) -> None:
    english = load(untrained(tmp_path, english_only=True), LanguageConfig(allowed=("en",)))
    with pytest.raises(AsrError, match=r"only knows English.*multilingual"):
        english.translate(heard(silence(1.0)))


def test_words_have_their_time() -> None:
    asr = load(config=SHORT.model_copy(update={"word_timestamps": True}))
    utterance = replace(heard(read_audio(QUESTION)), start=7.0, speech_end=9.0)
    found = asr.transcribe(utterance)
    assert " ".join(word.text for word in found.words) == found.text
    assert all(7.0 <= word.start <= word.end <= 7.0 + utterance.seconds for word in found.words)
    assert [word.start for word in found.words] == sorted(word.start for word in found.words)


def test_the_starter_hears_as_it_was_trained_and_others_as_it_is_set(model: Path) -> None:
    config = Config(
        persona=PersonaConfig(name="Bora"),
        asr=AsrConfig(min_window_seconds=7.0, window_margin_seconds=1.0, hot_words=("Zoë",)),
    )
    starter = load_asr(config, find_model("asr", "starter", None))._config
    assert (starter.min_window_seconds, starter.window_margin_seconds) == (2.0, 0.5)
    assert starter.hot_words == ()
    other = load_asr(config, find_model("asr", str(model), None))._config
    assert (other.min_window_seconds, other.window_margin_seconds) == (7.0, 1.0)
    assert other.hot_words == ("Bora", "Zoë")


def test_hot_words_come_before_the_text(caplog: pytest.LogCaptureFixture) -> None:
    asr = load(config=AsrConfig(hot_words=("Nuri", "Zoë")))
    prompts: list[Any] = []

    class Listening(Counting):
        def generate(self, features: Any, given: Any, **options: Any) -> Any:
            prompts.append(given[0])
            return self.inner.generate(features, given, **options)

    asr._model.model = Listening(asr._model.model)
    asr.transcribe(heard(silence(1.0)))
    assert asr._model.hf_tokenizer.decode(prompts[0]).strip() == "Nuri, Zoë"
    assert not caplog.records
    many = tuple(f"name{number}" for number in range(99))
    asr = load(config=AsrConfig(hot_words=many))
    assert "no room for" in caplog.text
    asr._model.model = Listening(asr._model.model)
    asr.transcribe(heard(np.full(30 * RATE, 1e-3, np.float32)))
    assert HOT_TOKENS / 2 < len(prompts[1]) <= HOT_TOKENS + 5


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
