"""Recordings of any length, as text, subtitles or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import typer

from robot_voice.asr import subtitles
from robot_voice.asr.recording import LONGEST, joined
from robot_voice.asr.whisper import WhisperAsr
from robot_voice.audio.clips import read_audio, write_wav
from robot_voice.build import STARTER_HEARING
from robot_voice.commands.common import Run
from robot_voice.commands.transcribing import Output, transcribe
from robot_voice.config import AsrConfig, LanguageConfig
from robot_voice.demo import questions
from robot_voice.errors import AudioError
from robot_voice.paths import starter_models
from robot_voice.types import RATE, Passage, Samples, Utterance

STARTER = Run(overrides=('asr.model="starter"',))
SAID = [
    "Hello.",
    "What can you do?",
    "Wave your hand.",
    "안녕하세요.",
    "너는 누구야?",
    "고개 끄덕여.",
]


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's questions, one after the other, with pauses: 16 s."""
    parts = [part for file in questions() for part in (read_audio(file), silence(1.5))]
    target = tmp_path_factory.mktemp("talk") / "talk.wav"
    write_wav(target, np.concatenate(parts))
    return target


def written(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


# --- subtitles ------------------------------------------------------------------------------

PASSAGES = [
    Passage(0.0, 1.5, "Hello\n\nthere <b>& all --> of you", "en"),
    Passage(3661.0017, 3661.0017, "안녕하세요.", "ko"),
]


def test_subrip() -> None:
    assert subtitles.srt(PASSAGES) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello there <b>& all → of you\n"
        "\n2\n01:01:01,002 --> 01:01:01,003\n안녕하세요.\n"
    )
    assert subtitles.srt([]) == ""


def test_webvtt() -> None:
    assert subtitles.vtt(PASSAGES) == (
        "WEBVTT\n"
        "\n00:00:00.000 --> 00:00:01.500\nHello there &lt;b&gt;&amp; all --&gt; of you\n"
        "\n01:01:01.002 --> 01:01:01.003\n안녕하세요.\n"
    )
    assert subtitles.vtt([]) == "WEBVTT\n"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "00:00:00.000"),
        (-1.0, "00:00:00.000"),
        (59.9996, "00:01:00.000"),
        (3599.9994, "00:59:59.999"),
        (360_000.0, "100:00:00.000"),
    ],
)
def test_timestamps(seconds: float, written: str) -> None:
    assert subtitles.timestamp(seconds, ".") == written


# --- pieces ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "pieces"),
    [
        ([], []),
        ([(1.0, 2.0), (2.5, 4.0)], [(1.0, 4.0)]),
        ([(1.0, 2.0), (2.7, 4.0)], [(1.0, 2.0), (2.7, 4.0)]),
        ([(0.0, 6.0), (6.0, 9.9), (9.9, 12.0)], [(0.0, 9.9), (9.9, 12.0)]),
    ],
)
def test_pieces_are_joined_while_there_is_room(
    found: Sequence[tuple[float, float]], pieces: Sequence[tuple[float, float]]
) -> None:
    assert joined(found) == pieces
    assert all(end - start <= LONGEST for start, end in pieces)


def load(*languages: str) -> WhisperAsr:
    hearing = AsrConfig().model_copy(update=STARTER_HEARING)
    language = LanguageConfig(allowed=languages, default=languages[0])
    return WhisperAsr(starter_models() / "asr", language, hearing, 1)


def test_a_long_recording_is_heard_piece_by_piece_each_in_its_language(talk: Path) -> None:
    samples = read_audio(talk)
    passages = list(load("en", "ko").recording(samples).passages)
    assert [passage.text for passage in passages] == SAID
    assert [passage.language for passage in passages] == ["en"] * 3 + ["ko"] * 3
    times = [time for passage in passages for time in (passage.start, passage.end)]
    assert times == sorted(times) and times[-1] <= len(samples) / RATE
    assert all(passage.confidence > 0.6 for passage in passages)


def test_nobody_speaks_in_silence() -> None:
    asr = load("ko", "en")
    for seconds in (0.0, 0.05, 3.0, 20.0):
        recording = asr.recording(silence(seconds))
        assert list(recording.passages) == []
        assert recording.choice.language in ("ko", "en")


def test_a_piece_that_fails_a_guard_is_heard_alone(
    talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = iter(["compression", "", "", "", "", ""])
    monkeypatch.setattr("robot_voice.asr.recording.failed_guard", lambda *_: next(failed))
    asr, heard = load("en", "ko"), list[Utterance]()

    def spy(utterance: Utterance, latest: object, task: str) -> object:
        heard.append(utterance)
        return WhisperAsr._hear(asr, utterance, latest, task)  # type: ignore[arg-type]

    vars(asr)["_hear"] = spy
    assert [passage.text for passage in asr.recording(read_audio(talk)).passages] == SAID
    assert [utterance.start < 2.0 for utterance in heard] == [True]


# --- the command ----------------------------------------------------------------------------


def test_plain_text_names_the_files(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transcribe(STARTER, [questions()[2]])
    assert written(capsys) == "Wave your hand.\n"
    transcribe(STARTER, [questions()[2], questions()[5]])
    assert written(capsys).splitlines() == [
        f"{questions()[2]}: Wave your hand.",
        f"{questions()[5]}: 고개 끄덕여.",
    ]


def test_subtitles_have_a_passage_each(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transcribe(STARTER, [talk], output=Output.srt)
    text = written(capsys)
    assert [block.splitlines()[2] for block in text.split("\n\n")] == SAID
    assert len(re.findall(r"^\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}$", text, re.M)) == 6


def test_json_holds_all_there_is(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = Run(overrides=(*STARTER.overrides, "asr.word_timestamps=true"), json=True)
    transcribe(words, [talk, questions()[3]], language="ko", translate=True)
    long, short = json.loads(written(capsys))["files"]
    assert (short["text"], short["language"], short["spoken"]) == ("Hello.", "en", "ko")
    assert short["language_confidence"] == 1.0
    # English taken for Korean need not come out as anything.
    assert len(long["passages"]) >= 4
    assert "Hello." in [passage["text"] for passage in long["passages"]]
    transcribe(words, [talk])
    [long] = json.loads(written(capsys))["files"]
    for passage in long["passages"]:
        assert " ".join(word["text"] for word in passage["words"]) == passage["text"]
        assert passage["start"] - 0.5 <= passage["words"][0]["start"]
        assert passage["words"][-1]["end"] <= passage["end"] + 0.5


def test_a_folder_gets_a_file_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "3-en-wave.flac"
    other.write_bytes(questions()[2].read_bytes())  # what a file is does not depend on its name
    files = [questions()[2], other, questions()[0]]
    transcribe(STARTER, files, output=Output.vtt, folder=tmp_path / "deep" / "out")
    made = sorted(file.name for file in (tmp_path / "deep" / "out").iterdir())
    assert made == ["1-en-hello.vtt", "3-en-wave.flac.vtt", "3-en-wave.wav.vtt"]
    assert "Wave your hand." in (tmp_path / "deep" / "out" / made[1]).read_text("utf-8")
    assert written(capsys) == ""


def test_subtitles_of_several_files_do_not_mix() -> None:
    with pytest.raises(typer.BadParameter, match="--folder"):
        transcribe(STARTER, questions()[:2], output=Output.srt)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioError, match="cannot be written"):
        transcribe(STARTER, questions()[:1], folder=tmp_path / "file")


def test_the_starter_says_what_it_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    transcribe(STARTER, questions()[:1])
    assert "cannot take dictation" in capsys.readouterr().err
