"""Which engine speaks which language, and what is wrong with a voice before it ever speaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from robot_voice.config import TtsConfig
from robot_voice.doctor import Check, Subject, software
from robot_voice.engines import Cancelled
from robot_voice.errors import ConfigError, ModelError, TtsError
from robot_voice.settings import load_config
from robot_voice.tts.clauses import LEAST, clauses
from robot_voice.tts.manners import MANNERS
from robot_voice.tts.pcm import BLOCK_SECONDS, HEAD_SECONDS, Trimmer, blocks
from robot_voice.tts.voices import Place, Voices, VoiceSpec, load_voices, parse_voice, specs
from robot_voice.types import Mark, SafeText, Speech

from .toy_voices import piper_voice, supertonic_voice


def never() -> bool:
    return False


# --- what a voice in the configuration means ------------------------------------


@pytest.mark.parametrize(
    ("voice", "meant"),
    [
        ("en-us+f3", VoiceSpec("espeak", "en-us+f3")),
        ("espeak:ko", VoiceSpec("espeak", "ko")),
        ("pyttsx3:Microsoft Heami", VoiceSpec("pyttsx3", "Microsoft Heami")),
        ("piper:a/b.onnx", VoiceSpec("piper", "", Path("/etc/robot/a/b.onnx"))),
        ("Piper: /v/b.onnx#amy", VoiceSpec("piper", "amy", Path("/v/b.onnx"))),
        ("piper:/odd#name/b.onnx#7", VoiceSpec("piper", "7", Path("/odd#name/b.onnx"))),
        ("piper:~/b.onnx", VoiceSpec("piper", "", Path("~/b.onnx").expanduser())),
        ("supertonic:st#M2", VoiceSpec("supertonic", "M2", Path("/etc/robot/st"))),
        ("com.apple.voice:x", VoiceSpec("espeak", "com.apple.voice:x")),
    ],
)
def test_a_voice_is_read(voice: str, meant: VoiceSpec) -> None:
    assert parse_voice(voice, "espeak", Path("/etc/robot")) == meant


def test_without_a_prefix_it_is_the_engine_s() -> None:
    assert parse_voice("Yuna", "pyttsx3") == VoiceSpec("pyttsx3", "Yuna")


@pytest.mark.parametrize("voice", ["", " ", "espeak:", "piper:", "piper:#amy", "supertonic: "])
def test_a_voice_without_a_name(voice: str) -> None:
    with pytest.raises(ConfigError, match=r"tts\.voices: .* names no"):
        parse_voice(voice, "espeak")


def test_relative_paths_are_each_relative_to_where_they_were_written(tmp_path: Path) -> None:
    bases = {"en": tmp_path / "file's", "ko": None}
    config = TtsConfig(voices={"en": "piper:a.onnx", "ko": "supertonic:b"})
    found = specs(config, ["en", "ko", "de"], lambda language: bases.get(language))
    assert found["en"].path == tmp_path / "file's" / "a.onnx"
    assert found["ko"].path == Path.cwd() / "b"
    assert found["de"] == VoiceSpec("espeak", "de")


# --- who speaks ------------------------------------------------------------------


@dataclass
class Tone:
    """An engine whose every sentence is one block."""

    said: list[str] = field(default_factory=list)

    def close(self) -> None:
        pass

    def synthesize(self, text: SafeText, cancelled: Cancelled) -> Iterator[Speech]:
        self.said.append(text.language)
        yield Speech(np.ones(100, np.float32), 16_000)


def test_every_language_has_its_engine_and_each_is_made_once() -> None:
    made: dict[Place, tuple[Tone, dict[str, str]]] = {}

    def make(place: Place, names: object) -> Tone:
        assert place not in made
        assert isinstance(names, dict)
        made[place] = Tone(), names
        return made[place][0]

    voice = Path("/v.onnx")
    spoken = {
        "en": VoiceSpec("piper", "amy", voice),
        "de": VoiceSpec("piper", "eva", voice),
        "ko": VoiceSpec("espeak", "ko"),
    }
    voices = Voices(spoken, "espeak", make)
    assert not made, "nobody is made before it is needed"
    for language in ("en", "de", "ko", "fr", "en", "ja"):
        assert len(list(voices.synthesize(SafeText("a", language), never))) == 1
    assert {place: tone.said for place, (tone, _) in made.items()} == {
        ("piper", voice): ["en", "de", "en"],
        ("espeak", None): ["ko", "fr", "ja"],
    }
    assert made["piper", voice][1] == {"en": "amy", "de": "eva"}
    assert made["espeak", None][1] == {"ko": "ko"}


def test_an_engine_that_cannot_be_made_later_is_a_turn_s_error() -> None:
    def make(place: Place, names: object) -> Tone:
        raise ModelError("there is no such file")

    with pytest.raises(TtsError, match="no such file"):
        Voices({}, "espeak", make).synthesize(SafeText("a", "en"), never)


def test_languages_in_use_are_checked_at_load_others_are_not(tmp_path: Path) -> None:
    pytest.importorskip("piper")
    config = TtsConfig(voices={"en": "piper:none.onnx", "ko": "espeak:ko"})
    load_voices(config, [])
    with pytest.raises(ModelError, match=r"There is no .*none\.onnx"):
        load_voices(config, ["en"], lambda _: tmp_path)


def test_a_robot_speaks_two_languages_with_two_engines(tmp_path: Path) -> None:
    pytest.importorskip("piper")
    piper_voice(tmp_path)
    voices = load_voices(
        TtsConfig(voices={"en": "piper:toy.onnx", "ko": "pyttsx3:ko"}),
        ["en", "ko"],
        lambda _: tmp_path,
    )
    for language, text in (("en", "Hello."), ("ko", "안녕하세요.")):
        assert list(voices.synthesize(SafeText(text, language), never))


# --- what the doctor says --------------------------------------------------------


def examined(*overrides: str) -> list[Check]:
    return list(software.voices(Subject(load_config("default", overrides, {}))))


def test_the_doctor_finds_nothing_where_espeak_speaks() -> None:
    assert examined() == []


def test_the_doctor_on_neural_voices(tmp_path: Path) -> None:
    pytest.importorskip("piper")
    good = piper_voice(tmp_path)
    english, korean = examined(f"tts.voices.en=piper:{good}", "tts.voices.ko=piper:/none.onnx")
    assert (english.name, english.status) == ("voice of en", "ok")
    assert str(good) in english.detail
    assert (korean.name, korean.status) == ("voice of ko", "fail")
    assert "/none.onnx" in korean.detail
    assert "tts.voices" in korean.mend


def test_a_path_is_relative_to_the_file_it_stands_in(tmp_path: Path) -> None:
    pytest.importorskip("piper")
    piper_voice(tmp_path)
    file = tmp_path / "own.toml"
    file.write_text('[tts.voices]\nen = "piper:toy.onnx"\n')
    [english] = software.voices(Subject(load_config(file, [], {})))
    assert english.status == "ok"


def test_the_doctor_on_a_voice_without_a_path() -> None:
    subject = Subject(load_config("default", ["tts.voices.ko=piper:"], {}))
    [check] = software.voices(subject)
    assert check.status == "fail"
    assert "names no path" in check.detail
    assert list(software.espeak(subject)) == []


def test_the_doctor_asks_espeak_only_for_its_own(tmp_path: Path) -> None:
    subject = Subject(
        load_config("default", [f"tts.voices.ko=supertonic:{supertonic_voice(tmp_path / 'x')}"], {})
    )
    checks = list(software.espeak(subject))
    if checks[0].status == "fail":
        pytest.skip("espeak-ng is not installed")
    assert [check.status for check in checks] == ["ok", "ok"]
    assert checks[1].detail == "en"


# --- clauses, marks, manners ------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("  ", []),
        ("Hello, I am a robot.", ["Hello, I am a robot."]),
        (
            "Well, if you want me to come over there, just tell me, and I will be there.",
            ["Well, if you want me to come over there,", "just tell me, and I will be there."],
        ),
        (
            "오늘은 날씨가 아주 좋아서 산책을 가요, 그런데 비가 올 것 같으니 우산을 가져가요.",
            [
                "오늘은 날씨가 아주 좋아서 산책을 가요,",
                "그런데 비가 올 것 같으니 우산을 가져가요.",
            ],
        ),
        (
            "今日はとてもいい天気ですね、散歩に行きましょうか。お昼は何を食べたいですか。",
            ["今日はとてもいい天気ですね、", "散歩に行きましょうか。お昼は何を食べたいですか。"],
        ),
        (
            "It costs 1,234,567 in all, which is not what I had in mind.",
            ["It costs 1,234,567 in all,", "which is not what I had in mind."],
        ),
    ],
)
def test_clauses(text: str, pieces: list[str]) -> None:
    assert [text[first:last] for first, last in clauses(text)] == pieces


def test_no_clause_is_short() -> None:
    text = "one two, " * 40
    assert all(last - first >= LEAST for first, last in clauses(text))
    assert len(clauses(text)) > 8


def test_marks_go_to_the_block_in_which_they_fall() -> None:
    rate = 1000
    marks = [Mark(0.0, 1), Mark(0.1, 2), Mark(0.25, 3), Mark(0.6, 4), Mark(0.9, 5)]
    found = list(blocks(np.zeros(600, np.float32), rate, marks))
    assert [block.seconds for block in found] == [0.25, 0.25, 0.1]
    assert [[mark.chars for mark in block.marks] for block in found] == [[1, 2], [3], [4, 5]]
    absolute = [
        at * BLOCK_SECONDS + mark.at for at, block in enumerate(found) for mark in block.marks
    ]
    np.testing.assert_allclose(absolute, [0, 0.1, 0.25, 0.6, 0.6])
    assert list(blocks(np.zeros(0, np.float32), rate, marks)) == []


def test_the_trimmer_tells_what_it_took_off() -> None:
    rate = 1000
    trimmer = Trimmer(rate)
    sound = np.concatenate([np.zeros(300), np.ones(50), np.zeros(400)]).astype(np.float32)
    out = np.concatenate([trimmer.push(sound[:100]), trimmer.push(sound[100:]), trimmer.finish()])
    assert trimmer.cut == 300 - int(HEAD_SECONDS * rate)
    np.testing.assert_array_equal(out, sound[trimmer.cut :][: len(out)])


def test_who_is_upset_is_spoken_to_calmly() -> None:
    plain, gentle, bright = (MANNERS[name] for name in ("", "gentle", "bright"))
    assert gentle.rate < plain.rate == 1 < bright.rate
    assert gentle.pitch < plain.pitch == 0 < bright.pitch
    assert gentle.volume < plain.volume == 1
    assert bright.volume == 1, "louder than full scale is distorted"
