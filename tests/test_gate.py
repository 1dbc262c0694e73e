"""Words the robot is not sure of, from the model's folder to the answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robot_voice import paths
from robot_voice.asr.gate import Gate
from robot_voice.build import judge, load_actions
from robot_voice.config import Config
from robot_voice.demo import questions
from robot_voice.safety import ask_again
from robot_voice.settings import load_config
from robot_voice.types import RATE, Samples, Transcript, Utterance, Verdict


def utterance(voice: float, pre_roll: float = 0.5) -> Utterance:
    """``voice`` seconds of voice, with what is recorded around it."""
    samples: Samples = np.zeros(round((pre_roll + voice + 0.2) * RATE), np.float32)
    return Utterance(samples, 3.0, 3.0 + pre_roll + voice)


@pytest.mark.parametrize(
    ("text", "language", "confidence", "voice", "verdict"),
    [
        ("Turn left.", "en", 0.9, 0.8, "accept"),
        ("Turn left.", "en", 0.7, 0.8, "ask"),
        ("Turn left.", "en", 0.7, 0.2, "ignore"),
        ("Stop!", "en", 0.1, 0.8, "accept"),
        ("Please stop.", "en", 0.1, 0.2, "accept"),
        ("멈춰.", "ko", 0.1, 0.3, "accept"),
        ("I stopped smoking.", "en", 0.1, 0.8, "ask"),
    ],
)
def test_a_robot_that_may_have_been_told_to_stop_stops(
    text: str, language: str, confidence: float, voice: float, verdict: Verdict
) -> None:
    commands = load_actions(load_config("default", [], {}))
    heard = Transcript(text, language, confidence)
    pre_roll = Config().vad.pre_roll_seconds
    assert judge(Gate(0.8, 0.3), commands, pre_roll, heard, utterance(voice)) == verdict


def test_unclear_questions_are_asked_for_again(tmp_path: Path) -> None:
    model = tmp_path / "asr"
    shutil.copytree(paths.starter_models() / "asr", model)
    (model / "gate.json").write_text('{"confidence": 1.0}')  # nothing is ever as sure as that
    command = [sys.executable, "-m", "robot_voice", "ask", str(questions()[2])]
    options = ["--fast", "--json", "-o", str(tmp_path / "out"), "-s", f"asr.model={model}"]
    done = subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
    )
    assert done.returncode == 6, done.stderr
    assert "not clear" in json.loads(done.stdout)["error"]["message"]
    (turn,) = json.loads((tmp_path / "out" / "trace.json").read_text())["turns"]
    assert turn["heard"] == ask_again("en").text
    assert turn["transcript"]["verdict"] == "ask"
    assert turn["actions"] == []
