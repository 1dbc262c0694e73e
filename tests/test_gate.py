"""Words the robot is not sure of, from the model's folder to the answer."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robot_voice import paths
from robot_voice.asr.gate import Gate
from robot_voice.asr.phantom import is_phantom
from robot_voice.build import judge, load_actions, stop_word
from robot_voice.config import Config
from robot_voice.demo import questions
from robot_voice.safety import ask_again
from robot_voice.settings import load_config
from robot_voice.types import RATE, Evidence, Judgement, Samples, Transcript, Utterance, Verdict


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
    loaded = load_config("default", [], {})
    stops = stop_word(loaded.config, load_actions(loaded))
    heard = Transcript(text, language, confidence)
    pre_roll = Config().vad.pre_roll_seconds
    judged = judge(Gate(0.8, 0.3), stops, pre_roll, heard, utterance(voice))
    assert judged.verdict == verdict


def test_the_detector_knows_better_how_long_the_voice_was() -> None:
    loaded = load_config("default", [], {})
    stops = stop_word(loaded.config, load_actions(loaded))
    heard, gate = Transcript("Turn left.", "en", 0.5), Gate(0.8, 0.3)
    assert judge(gate, stops, 0.5, heard, utterance(0.8)).reason == "unsure"
    told = replace(utterance(0.8), voiced=0.2)
    assert judge(gate, stops, 0.5, heard, told).reason == "too short"


# --- what speaks against words ----------------------------------------------------------

CLEAR = Evidence(no_speech=0.05, log_probability=-0.2, compression=0.9)
GUESSED = Evidence(no_speech=0.2, log_probability=-0.8, compression=0.9)
SILENT = Evidence(no_speech=0.8, log_probability=-1.3, compression=0.9)
IN_DOUBT = Evidence(no_speech=0.5, log_probability=-0.3, compression=0.9)
LOOPED = Evidence(no_speech=0.1, log_probability=-0.1, compression=8.0)


@pytest.mark.parametrize(
    ("text", "language", "evidence", "voiced", "judgement"),
    [
        # voice
        ("What time is it?", "en", CLEAR, 1.2, Judgement("accept")),
        ("What time is it?", "en", CLEAR, 0.0, Judgement("ignore", "no voice")),
        ("No.", "en", CLEAR, 0.05, Judgement("ignore", "no voice")),
        ("No.", "en", CLEAR, 0.2, Judgement("accept")),
        # no speech: both signs are needed
        ("What time is it?", "en", SILENT, 1.2, Judgement("ignore", "no speech")),
        ("What time is it?", "en", replace(SILENT, no_speech=0.5), 1.2, Judgement("ask", "unsure")),
        ("What time?", "en", replace(SILENT, log_probability=-0.3), 1.2, Judgement("accept")),
        # repetition
        ("no no " * 40, "en", LOOPED, 1.2, Judgement("ask", "repetition")),
        ("no no " * 40, "en", LOOPED, 0.3, Judgement("ignore", "repetition")),
        ("No, no, no, no, no, no!", "en", CLEAR, 1.2, Judgement("accept")),
        ("네 네 네 네 네 네", "ko", GUESSED, 1.2, Judgement("ask", "repetition")),
        # phantoms: only together with weak evidence
        ("Thank you.", "en", CLEAR, 0.6, Judgement("accept")),
        ("Thank you.", "en", CLEAR, 0.2, Judgement("ignore", "phantom")),
        ("Bye.", "en", CLEAR, 0.3, Judgement("accept")),
        ("Thank you.", "en", GUESSED, 0.6, Judgement("ignore", "phantom")),
        ("Thank you.", "en", IN_DOUBT, 0.6, Judgement("ignore", "phantom")),
        ("감사합니다.", "ko", CLEAR, 0.7, Judgement("accept")),
        ("감사합니다.", "ko", IN_DOUBT, 0.7, Judgement("ignore", "phantom")),
        ("Thanks for watching!", "en", CLEAR, 1.2, Judgement("accept")),
        ("Thanks for watching!", "en", IN_DOUBT, 1.2, Judgement("ignore", "phantom")),
        ("시청해주셔서 감사합니다.", "ko", GUESSED, 1.2, Judgement("ignore", "phantom")),
        ("MBC 뉴스 이덕영입니다.", "ko", IN_DOUBT, 1.2, Judgement("ignore", "phantom")),
        ("ご視聴ありがとうございました", "ja", GUESSED, 1.2, Judgement("ignore", "phantom")),
        ("Thank you for the tea.", "en", IN_DOUBT, 0.6, Judgement("accept")),
        # confidence
        ("What time is it?", "en", GUESSED, 1.2, Judgement("ask", "unsure")),
        ("What time is it?", "en", GUESSED, 0.2, Judgement("ignore", "too short")),
    ],
)
def test_the_evidence_decides_in_its_order(
    text: str, language: str, evidence: Evidence, voiced: float, judgement: Judgement
) -> None:
    heard = Transcript(text, language, math.exp(evidence.log_probability), evidence=evidence)
    assert Gate(0.6, 0.3).judge(heard, replace(utterance(1.2), voiced=voiced)) == judgement


@pytest.mark.parametrize(
    ("evidence", "voiced", "reason"),
    [
        (Evidence(0.5, -0.7), 1.2, "no speech"),
        (CLEAR, 0.15, "no voice"),
        (Evidence(0.05, -0.45), 1.2, "unsure"),
        (Evidence(0.25, -0.1), 1.2, "phantom"),
    ],
)
def test_a_robot_that_moves_believes_less(evidence: Evidence, voiced: float, reason: str) -> None:
    text = "Thank you." if reason == "phantom" else "Hello."
    heard = Transcript(text, "en", math.exp(evidence.log_probability), evidence=evidence)
    still = replace(utterance(1.2), voiced=voiced)
    assert Gate(0.45).judge(heard, still) == Judgement("accept")
    assert Gate(0.45).judge(heard, replace(still, motion=1.0)).reason == reason


@pytest.mark.parametrize(
    ("text", "evidence", "reason"),
    [
        ("Nuri.", CLEAR, ""),
        ("Nuri.", IN_DOUBT, "phantom"),
        ("Nuri, living room.", IN_DOUBT, "phantom"),
        ("Nuri, stop here.", IN_DOUBT, ""),
    ],
)
def test_a_prompt_that_comes_back_is_a_phantom(text: str, evidence: Evidence, reason: str) -> None:
    gate = Gate(0.6, 0.3, hot_words=("Nuri", "room", "living room"))
    heard = Transcript(text, "en", math.exp(evidence.log_probability), evidence=evidence)
    assert gate.judge(heard, replace(utterance(1.2), voiced=1.2)).reason == reason


@pytest.mark.parametrize(
    ("speech", "confidence", "judgement"),
    [
        (None, 0.93, Judgement("accept")),  # a detector that says yes or no
        (0.90, 0.93, Judgement("accept")),
        (0.90, 0.50, Judgement("ask", "unsure")),
        (0.82, 0.93, Judgement("accept")),
        (0.82, 0.50, Judgement("ignore", "no speech")),
        (0.70, 0.93, Judgement("ignore", "no speech")),  # a guitar
        (0.70, 0.985, Judgement("accept")),
    ],
)
def test_what_hardly_sounds_like_speech_needs_surer_words(
    speech: float | None, confidence: float, judgement: Judgement
) -> None:
    heard = Transcript("One.", "en", confidence, evidence=CLEAR)
    sound = replace(utterance(1.2), voiced=1.2, speech=speech)
    assert Gate(0.92, 0.3).judge(heard, sound) == judgement


def test_a_voice_lost_in_a_long_sound_is_none() -> None:
    knocks = Utterance(np.zeros(10 * RATE, np.float32), 0.0, 10.0, voiced=0.5)
    heard = Transcript("Hello.", "en", 0.9)
    assert Gate().judge(heard, knocks) == Judgement("ignore", "no voice")


@pytest.mark.parametrize(
    ("text", "language", "phantom"),
    [
        ("THANKS FOR WATCHING", "en", True),
        ("Thank you. Thanks for watching!", "en", True),
        ("Thank you. Where is the kitchen?", "en", False),
        ("Thanks for watching!", "ko", True),
        ("Subtitles by the Amara.org community", "fr", True),
        ("구독과 좋아요 부탁드립니다", "ko", True),
        ("구독 좋아요 부탁드려요~", "ko", True),
        ("감사합니다. 불 좀 꺼 줘.", "ko", False),
        ("字幕由Amara.org社区提供", "zh", True),
        ("음악 틀어 줘", "ko", False),
        ("", "en", False),
        ("...", "en", False),
        ("감사합니다", "xx", False),
    ],
)
def test_phantoms(text: str, language: str, phantom: bool) -> None:
    assert is_phantom(text, language) is phantom


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
