"""Golden turns: real audio through the real engines and the starter models, by the command."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_voice.audio.clips import read_audio, write_wav
from robot_voice.audio.file import FileMicrophone, FileSpeaker
from robot_voice.build import STARTER_NOTICE, assemble, load_vad
from robot_voice.clock import FastLoop
from robot_voice.config import VadConfig
from robot_voice.demo import questions
from robot_voice.events import Committed, Dismissed, TurnEnded, UserPaused, Withdrawn
from robot_voice.service.ledger import STEPS, Ledger, TurnRecord
from robot_voice.settings import load_config
from robot_voice.types import RATE, Samples
from robot_voice.vad import load_vad as load_detector

GOLDEN = [
    ("en", "Hello.", None),
    ("en", "What can you do?", None),
    ("en", "Wave your hand.", "wave"),
    ("ko", "안녕하세요.", None),
    ("ko", "너는 누구야?", None),
    ("ko", "고개 끄덕여.", "nod"),
]


def robot(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "robot_voice", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("demo")
    done = robot("demo", "--fast", "--json", "-c", "default", "-o", folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder


def test_the_demo_answers_in_both_languages(answers: tuple[dict[str, Any], Path]) -> None:
    trace, _ = answers
    heard = [
        (turn["transcript"]["language"], turn["transcript"]["text"]) for turn in trace["turns"]
    ]
    assert heard == [(language, text) for language, text, _ in GOLDEN]
    for turn, (language, _, action) in zip(trace["turns"], GOLDEN, strict=True):
        assert turn["finished"]
        assert turn["heard"] == turn["reply"] != ""
        assert [a["name"] for a in turn["actions"]] == ([action] if action else [])
        assert turn["screened"]
        assert all(s["action"] == "pass" and s["language"] == language for s in turn["screened"])
        in_hangul = any("가" <= letter <= "힣" for letter in turn["reply"])
        assert in_hangul == (language == "ko")


def test_the_trace_is_whole(answers: tuple[dict[str, Any], Path]) -> None:
    trace, folder = answers
    assert json.loads((folder / "trace.json").read_text()) == trace
    assert set(trace) == {"models", "turns"}
    assert {len(model["sha256"]) for model in trace["models"].values()} == {12}
    for turn in trace["turns"]:
        latency = turn["latency"]
        assert set(latency) == {*STEPS, "patience"}
        assert latency["commit"] >= latency["patience"] - 1
        assert latency["first_sample"] >= max(latency["commit"], latency["reply_ready"])


def test_the_answers_are_speech(answers: tuple[dict[str, Any], Path]) -> None:
    _, folder = answers
    vad = load_detector(VadConfig())
    together = 0
    for n in range(1, len(GOLDEN) + 1):
        samples = read_audio(folder / f"turn-{n}.wav")
        together += len(samples)
        windows = samples[: len(samples) // vad.window * vad.window].reshape(-1, vad.window)
        vad.reset()
        voiced = np.mean([vad.probability(window) > 0.5 for window in windows])
        assert voiced > 0.5, f"turn {n}: {voiced:.0%} of it is speech"
    assert len(read_audio(folder / "replies.wav")) == together


def test_real_time_gives_the_same_answers_as_fast(
    answers: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    done = robot("ask", "--json", "-c", "default", "-o", tmp_path, questions()[0])
    assert done.returncode == 0, done.stderr
    (slow,) = json.loads(done.stdout)["turns"]
    quick = answers[0]["turns"][0]
    assert slow["transcript"] == quick["transcript"]
    assert (slow["reply"], slow["heard"]) == (quick["reply"], quick["heard"])
    # espeak-ng's voice depends a little on what it has said before.
    lengths = [len(read_audio(folder / "turn-1.wav")) for folder in (tmp_path, answers[1])]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.02)


def test_people_see_the_turn(tmp_path: Path) -> None:
    done = robot("ask", "--fast", "-c", "default", "-o", tmp_path, questions()[2])
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert shown.count("starter models:") == 1
    assert STARTER_NOTICE.split(";")[0] in shown
    for expected in ("Wave your hand.", "en 100%", "Action wave", "pass", "first sample out"):
        assert expected in shown


def test_a_file_without_words_is_said_so(tmp_path: Path) -> None:
    write_wav(tmp_path / "silence.wav", np.zeros(2 * RATE, np.float32), RATE)
    done = robot("ask", "--fast", "-o", tmp_path / "out", tmp_path / "silence.wav")
    assert done.returncode == 6
    assert "no words were heard" in done.stderr


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    done = robot("ask", "--fast", "-o", tmp_path / "out", questions()[0])
    assert done.returncode == 5
    assert str(tmp_path / "out") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_so(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "trace.json").symlink_to("/dev/full")
    done = robot("ask", "--fast", "-o", folder, questions()[0])
    assert done.returncode == 5
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def sounding(clip: Samples) -> Samples:
    """The clip without the silence at its ends."""
    loud = np.flatnonzero(np.abs(clip) > 0.01)
    return clip[loud[0] : loud[-1] + 1]


def converse(gap_seconds: float) -> tuple[list[TurnRecord], list[type]]:
    """Two questions in one clip, this far apart, without waiting for an answer."""
    loaded = load_config("default", (), {})
    hello, wave = (sounding(read_audio(questions()[n])) for n in (0, 2))
    silence = np.random.default_rng(0).normal(0, 1e-4, round(gap_seconds * RATE))
    clip = np.concatenate([hello, silence, wave]).astype(np.float32)
    records: list[TurnRecord] = []
    kinds: list[type] = []

    async def scenario() -> None:
        speaker = FileSpeaker()
        microphone = FileMicrophone(
            [clip], load_vad(loaded.config), lambda: assistant.pipeline.idle
        )
        ledger = Ledger(on_end=records.append)
        async with assemble(
            loaded, microphone.listen, speaker, ledger, lambda event: kinds.append(type(event))
        ) as assistant:
            await assistant.pipeline.run()

    with asyncio.Runner(loop_factory=FastLoop) as runner:
        runner.run(scenario())
    return records, kinds


def test_a_user_who_goes_on_is_heard_as_a_whole() -> None:
    records, kinds = converse(gap_seconds=0.3)
    assert kinds.count(Withdrawn) >= 1
    assert kinds.count(Committed) == kinds.count(TurnEnded) == len(records)
    assert kinds.count(UserPaused) == (
        kinds.count(Committed) + kinds.count(Withdrawn) + kinds.count(Dismissed)
    )


def test_a_second_question_interrupts_the_first_answer() -> None:
    records, _ = converse(gap_seconds=0.8)
    first, second = records
    assert (first.finished, second.finished) == (False, True)
    assert first.transcript
    assert first.transcript.text == "Hello."
    assert first.reply.startswith(first.heard)
    assert second.transcript
    assert second.transcript.text == "Wave your hand."
    assert [action.name for action in second.actions] == ["wave"]


def test_nothing_of_a_conversation_is_kept(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": "", "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
    command = [sys.executable, "-m", "robot_voice", "chat", "--json", "-c", "default"]
    done = subprocess.run(
        command,
        input="Hello.\n안녕하세요.\nWave your hand.\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **home},
        cwd=tmp_path,
    )
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [reply["language"] for reply in replies] == ["en", "ko", "en"]
    assert [reply["actions"] for reply in replies] == [[], [], ["wave"]]
    assert all(reply["reply"] for reply in replies)
    # That the robot has introduced itself is all it remembers.
    [met] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (met.name, met.read_bytes()) == ("met", b"")


def test_listening_leaves_nothing_behind_but_the_answers(tmp_path: Path) -> None:
    """No history, no cache, and no telemetry's traces of a library that would report home."""
    home = {"HOME": str(tmp_path / "home")}
    for variable in ("STATE", "DATA", "CONFIG", "CACHE"):
        home[f"XDG_{variable}_HOME"] = ""
    command = [sys.executable, "-m", "robot_voice", "ask", "--fast", "-c", "default"]
    subprocess.run(
        [*command, "-o", str(tmp_path / "out"), str(questions()[0])],
        capture_output=True,
        check=True,
        env={**os.environ, **home},
        cwd=tmp_path,
    )
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"out/turn-1.wav", "out/replies.wav", "out/trace.json"}


def test_a_turn_that_failed_is_no_answer(tmp_path: Path) -> None:
    done = robot("ask", "--fast", "-o", tmp_path, "-s", "llm.timeout_seconds=1e-9", questions()[0])
    assert done.returncode == 6
    assert "llm" in done.stderr
