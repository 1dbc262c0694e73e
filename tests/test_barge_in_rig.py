"""A voice in the midst of the robot's own, in a room with an echo: what the benchmark measures."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine
from typing import Any

import numpy as np
import pytest

from robot_voice.audio.clips import read_audio, to_float, to_int16
from robot_voice.audio.echo import resolve_echo
from robot_voice.paths import starter_models
from robot_voice.types import RATE
from scripts.bench.barge_in import disturb, interrupt, summary, undisturbed
from scripts.bench.intrusions import Intrusion
from scripts.bench.rigged import Tape, at_level, find, gaps, onset, prioritise
from scripts.bench.storyteller import Stage, on_rig, stage
from scripts.bench.underruns import compare, noise

from .rig.audiorig import AudioRig, Pcm

QUESTION = starter_models() / "questions" / "2-en-what-can-you-do.wav"


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 40))


# --- the benchmark's own instruments -------------------------------------------


def hiss(seconds: float, seed: int = 1) -> Pcm:
    dice = np.random.default_rng(seed)
    return to_int16((0.1 * dice.standard_normal(round(seconds * RATE))).astype(np.float32))


def test_a_clip_is_found_in_a_recording_that_is_as_loud() -> None:
    clip, other = hiss(0.3, 1), hiss(2.0, 2)
    mixed = other.copy()
    mixed[9000 : 9000 + len(clip)] += clip
    place, alike = find(clip, mixed)
    assert place == 9000
    assert 0.6 < alike < 0.8  # half of the power there is the clip's
    assert find(clip, other)[1] < 0.1


def test_silences_are_runs_of_zeros() -> None:
    recording = np.concatenate([hiss(0.1), np.zeros(900, np.int16), hiss(0.1)])
    (silence,) = gaps(recording, 800)
    assert silence[0] == pytest.approx(1600, abs=2)
    assert silence[1] == pytest.approx(2500, abs=2)
    assert not gaps(recording, 1000)


def test_the_onset_is_where_the_voice_begins() -> None:
    voice = read_audio(QUESTION)
    silence = np.zeros(RATE // 2, np.float32)
    assert onset(np.concatenate([silence, voice])) == pytest.approx(onset(voice) + RATE // 2, 160)


def test_a_sound_is_brought_to_a_level() -> None:
    quiet = to_float(hiss(0.1))
    assert np.abs(at_level(quiet, -20.0, -14.0)).max() == pytest.approx(
        2 * np.abs(to_int16(quiet)).max(), rel=0.01
    )


def test_an_underrun_is_seen() -> None:
    sent = to_int16(noise(0.5))
    around = np.zeros(500, np.int16)
    whole = np.concatenate([around, sent, around])
    assert compare(sent, whole)["exact"]
    assert compare(sent, whole)["underruns"] == 0
    broken = np.concatenate([around, sent[:3000], around, sent[3160:], around])
    assert not compare(sent, broken)["exact"]
    assert compare(sent, broken)["underruns"] == 1
    assert compare(sent, broken)["lost_ms"] == pytest.approx(10, abs=0.2)


# --- a robot in a room ---------------------------------------------------------


@pytest.fixture
def room(audio_rig: AudioRig) -> AudioRig:
    if resolve_echo("auto") != "aec":
        pytest.skip("the extra [aec] is not installed")
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    prioritise(audio_rig.room(40, -6, 0.3).pid)
    prioritise(audio_rig.pid)
    return audio_rig


def test_a_tape_knows_when_it_heard_what(audio_rig: AudioRig) -> None:
    with Tape(audio_rig, "mic") as tape:
        clip = hiss(0.2)
        audio_rig.say(clip)
        place, alike = find(clip, tape.cut(0))
        assert alike > 0.99
        assert tape.at(tape.time_of(place)) == pytest.approx(place, abs=160)


def test_a_voice_is_heard_and_a_noise_changes_nothing(room: AudioRig) -> None:
    click = np.zeros(RATE // 4, np.float32)
    click[::800] = 0.5

    async def scenario(robot: Stage) -> None:
        disturbed = await disturb(robot, Intrusion("clicks", click, voice=False), 0, 1)
        assert undisturbed([disturbed])["resumed"] == 1, disturbed
        assert disturbed["exact"], disturbed
        heard = await interrupt(robot, Intrusion("a question", read_audio(QUESTION)), 0)
        assert summary([heard])["heard"] == 1, heard

    async def on_stage() -> None:
        async with stage(room, on_rig()) as robot:
            await scenario(robot)

    run(on_stage())
