"""The real espeak-ng, as a library and as a program: sound, and no trace left behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from robot_voice.config import TtsConfig
from robot_voice.errors import ConfigError, ModelError, TtsError
from robot_voice.tts.espeak import EspeakTts, check_voices
from robot_voice.tts.espeak_library import LIBRARY
from robot_voice.tts.espeak_program import Program
from robot_voice.tts.speakable import speakable
from robot_voice.types import SafeText, Samples, Speech


def never() -> bool:
    return False


def sound(spoken: list[Speech]) -> Samples:
    return np.concatenate([block.samples for block in spoken])


@pytest.fixture(scope="module")
def tts() -> Iterator[EspeakTts]:
    voices = {**TtsConfig().voices, "zh": "cmn-latn-pinyin"}
    tts = EspeakTts(TtsConfig(voices=voices))
    assert list(tts.synthesize(SafeText("Hello", "en"), never))  # the library is looked for now
    yield tts
    tts.close()


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> EspeakTts:
    """As where the library is missing."""
    monkeypatch.setenv(LIBRARY, "none")
    return EspeakTts(TtsConfig())


@pytest.mark.parametrize(
    ("text", "language", "seconds"),
    [
        ("Hello there, how are you today? I am a robot.", "en", (2, 5)),
        ("안녕하세요. 만나서 반가워요.", "ko", (1, 5)),
        ("今日はいい天気です。", "ja", (1, 6)),
        ("你好。", "zh", (0.3, 3)),
        ("Guten Tag.", "de", (0.3, 3)),  # no voice configured: the language's code
        ("-v --help", "en", (0.5, 4)),
        ("[[h@loU]] <b>one</b>", "en", (0.5, 4)),
    ],
)
def test_it_speaks(tts: EspeakTts, text: str, language: str, seconds: tuple[float, float]) -> None:
    spoken = list(tts.synthesize(SafeText(text, language), never))
    assert all(0 < block.seconds <= 0.25 for block in spoken)
    assert {block.rate for block in spoken} == {22_050}
    assert all(block.samples.dtype == np.float32 for block in spoken)
    assert seconds[0] < sum(block.seconds for block in spoken) < seconds[1]
    assert 0.1 < np.abs(sound(spoken)).max() <= 1


def test_silence_is_trimmed(tts: EspeakTts) -> None:
    spoken = list(tts.synthesize(SafeText("Hello. I am here.", "en"), never))
    loud = np.flatnonzero(np.abs(sound(spoken)) > 0.004)
    assert loud[0] / 22_050 <= 0.021
    assert (len(sound(spoken)) - loud[-1]) / 22_050 <= 0.16


def test_the_same_words_sound_the_same(tts: EspeakTts) -> None:
    text = SafeText("One two three.", "en")
    first, second = (sound(list(tts.synthesize(text, never))) for _ in range(2))
    assert abs(len(first) - len(second)) < 0.02 * len(first)  # the library has a memory


@pytest.mark.parametrize("text", ["Hello there, you.", "-v --help", "[[h@loU]] <b>one</b>"])
def test_the_program_says_the_same_as_the_library(
    tts: EspeakTts, program: EspeakTts, text: str
) -> None:
    library, alone = (list(each.synthesize(SafeText(text, "en"), never)) for each in (tts, program))
    assert abs(len(sound(library)) - len(sound(alone))) < 0.02 * len(sound(alone))
    assert any(block.marks for block in library)
    assert not any(block.marks for block in alone)


@pytest.mark.parametrize("text", ["", " ", "...", "!?", "🎉", "---", "**", "\n"])
def test_nothing_to_say(tts: EspeakTts, text: str) -> None:
    assert list(tts.synthesize(SafeText(text, "en"), never)) == []


def test_config_is_heard() -> None:
    text = SafeText("A rather long sentence, for a robot of my size.", "en")

    def speak(**options: float) -> Samples:
        config = TtsConfig.model_validate({"voices": {"en": "en-us"}, **options})
        return sound(list(EspeakTts(config).synthesize(text, never)))

    plain = speak()
    assert len(speak(rate=330)) < 0.7 * len(plain)
    assert np.abs(speak(volume=0.25)).max() < 0.5 * np.abs(plain).max()
    silent = speak(volume=0.0)
    assert np.abs(silent).max() == 0
    assert len(silent) > 0.8 * len(plain)
    assert not np.array_equal(speak(pitch=90)[:20_000], plain[:20_000])


def test_cancelling_kills_the_program(program: EspeakTts) -> None:
    before = children()
    text = SafeText("This goes on and on. " * 40, "en")
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    assert len(list(program.synthesize(text, cancelled))) < 60  # of 200 and more
    assert children() == before


@pytest.mark.parametrize("voice", ["tts", "program"])
def test_a_slow_reader_is_no_timeout(voice: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(voice)
    slow = EspeakTts(TtsConfig(timeout_seconds=1.0))
    asked = 0
    for _ in slow.synthesize(SafeText("A few words. " * 100, "en"), never):
        asked += 1
        if asked == 2:
            time.sleep(1.1)
    slow.close()
    assert asked > 100


def children() -> set[str]:
    """Process ids of this process's children, zombies too."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        found.update((task / "children").read_text().split())
    return found


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("voice", ["tts", "program"])
def test_no_zombie_no_leak(voice: str, request: pytest.FixtureRequest) -> None:
    tts: EspeakTts = request.getfixturevalue(voice)
    text = SafeText("A sentence that is cut short at many places.", "en")
    list(tts.synthesize(text, never))  # a process that stays is there from now on
    before, files = children(), len(os.listdir("/proc/self/fd"))
    for cycle in range(100):
        stream = tts.synthesize(text, lambda cycle=cycle: cycle % 3 == 2)  # type: ignore[misc]
        for _, _ in zip(range(cycle % 5), stream, strict=False):
            pass
        stream.close()  # type: ignore[attr-defined]
    assert children() == before
    assert len(os.listdir("/proc/self/fd")) == files


def test_an_unknown_language_is_an_error(tts: EspeakTts, program: EspeakTts) -> None:
    with pytest.raises(TtsError, match="no voice 'qq'"):
        list(tts.synthesize(SafeText("hello", "qq"), never))
    assert list(tts.synthesize(SafeText("hello", "en"), never))
    with pytest.raises(TtsError, match=r"status 1: .*not exist"):
        list(program.synthesize(SafeText("hello", "qq"), never))


@pytest.mark.parametrize(
    ("language", "voice", "hint"),
    [("ko", "kor", "near it: ko"), ("en", "en-uss", "en-us"), ("en", "en+zorro", "variant")],
)
def test_an_unknown_voice_is_a_config_error(language: str, voice: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=rf"tts\.voices\.{language}") as failure:
        EspeakTts(TtsConfig(voices={language: voice}))
    assert hint in str(failure.value)


@pytest.mark.parametrize("voice", ["en", "en-us", "en-us+f3", "English (America)", "gmw/en-US"])
def test_a_voice_has_many_names(voice: str) -> None:
    EspeakTts(TtsConfig(voices={"en": voice}))


def test_check_voices() -> None:
    found = check_voices(TtsConfig(), ["en", "ko", "de", "xx"])
    assert list(found) == ["xx"]
    assert "'xx'" in found["xx"]


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ModelError, match="apt install espeak-ng"):
        EspeakTts(TtsConfig())


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("cat >/dev/null; echo oh dear >&2; exit 3", "status 3: oh dear"),
        ("exit 0", "no sound"),
        ("printf 'hello world, no sound'", "not a WAV"),
        ("sleep 5", "said nothing for 0.3 s"),
        ("printf RIFF; head -c 9000 /dev/zero", "not a WAV"),
    ],
)
def test_a_broken_program(program: EspeakTts, tmp_path: Path, script: str, complaint: str) -> None:
    before = children()
    path = tmp_path / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    program._program = Program(str(path), 0.3)
    with pytest.raises(TtsError, match=complaint):
        list(program.synthesize(SafeText("hello", "en"), never))
    assert children() == before
    program._program = Program(str(tmp_path / "gone"), 0.3)
    with pytest.raises(TtsError, match="could not be started"):
        list(program.synthesize(SafeText("hello", "en"), never))


@pytest.mark.parametrize(
    ("text", "language", "spoken"),
    [
        ("**Hello** _there_, `code`!", "en", "Hello there, code !"),
        ("# Title", "en", "Title"),
        ("- one\n- two", "en", "one two"),
        ("See [this page](https://a.b/c) or https://x.y/z?q=1.", "en", "See this page or link."),
        ("www.example.com 을 보세요", "ko", "링크 을 보세요"),
        ("Great 😊👍🏽!", "en", "Great !"),
        ("It is 20°C, 3 * 4 < 15 & 5%", "en", "It is 20°C, 3 4 < 15 & 5%"),
        ("a\u200bb\ud800\x00\ufe0f", "en", "ab"),
        ("<b>Hi</b>\n\tthere", "en", "Hi there"),
        ("안녕하세요", "ko", "안녕하세요"),
        ("snake_case", "en", "snake case"),
    ],
)
def test_speakable(text: str, language: str, spoken: str) -> None:
    assert speakable(text, language) == spoken
