"""Spoken to through a virtual sound card: the robot answers, is interrupted, and falls silent."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_voice import paths
from robot_voice.audio.clips import read_audio, to_float, to_int16
from robot_voice.audio.device import DeviceAudio
from robot_voice.audio.resample import Resampler
from robot_voice.build import Assistant, assemble, load_tts
from robot_voice.config import VadConfig
from robot_voice.engines import Cancelled
from robot_voice.events import Dismissed, Event, SpeakingStarted, TurnEnded, UserStarted
from robot_voice.settings import Loaded, load_config
from robot_voice.types import RATE, Message, SafeText
from robot_voice.vad import load_vad

from .daemon import Daemon
from .rig.audiorig import AudioRig, Pcm, Recorder

RIG = ("audio.input=rig_mic", "audio.output=rig_spk", "audio.echo=off", "disclosure.notice=off")
"""Without an echo path there is none to cancel."""

CONFIG = """
[disclosure]
notice = "off"

[audio]
input = "rig_mic"
output = "rig_spk"
echo = "off"
[conversation]
save_history = true
"""

HANGING_ASR = """
import sys, time
if "run" in sys.orig_argv:
    from robot_voice.asr.whisper import WhisperAsr
    WhisperAsr.transcribe = lambda self, utterance: time.sleep(60)
"""
"""A ``sitecustomize`` for a daemon that will never hear what was said."""

STORY = (
    "Once there was a small robot, and it lived beside the sea.",
    "Every morning it counted the boats, and every evening it counted the stars.",
    "One day a cat came to the beach, and the robot gave it some milk.",
)
"""About thirteen seconds of speech."""

ENDED = 0.6
"""Seconds of silence that no pause between two sentences lasts."""


def question(name: str) -> Pcm:
    return to_int16(read_audio(paths.starter_models() / "questions" / f"{name}.wav"))


def noise() -> Pcm:
    """A box that falls: half a second, loud, low and fading."""
    hiss = np.random.default_rng(1).standard_normal(RATE // 2)
    low = np.convolve(hiss, np.ones(24) / 24, "same")
    return to_int16((1.2 * low * np.exp(-np.arange(len(low)) / 2400)).astype(np.float32))


def sounds(recording: Pcm) -> list[tuple[float, float]]:
    """From when to when there was sound, in seconds; pauses shorter than ``ENDED`` count as
    sound."""
    loud = np.flatnonzero(np.abs(recording.astype(np.int32)) > 30) / RATE
    if not len(loud):
        return []
    gaps = np.flatnonzero(np.diff(loud) > ENDED)
    starts, ends = [loud[0], *loud[gaps + 1]], [*loud[gaps], loud[-1]]
    return list(zip(map(float, starts), map(float, ends), strict=True))


def until_sound(tap: Recorder, seconds: float = 0.0, limit: float = 20.0) -> None:
    """Wait until the loudspeaker has been sounding for ``seconds``."""
    deadline = time.monotonic() + limit
    while not any(end - start >= seconds for start, end in sounds(tap.so_far())):
        assert time.monotonic() < deadline, "the loudspeaker stays silent"
        time.sleep(0.02)


def until_silence(tap: Recorder, seconds: float = ENDED + 0.4) -> Pcm:
    """Wait until the loudspeaker has sounded and been silent for so long; what it played."""
    until_sound(tap)
    while len(tap.so_far()) / RATE - sounds(tap.so_far())[-1][1] < seconds:
        time.sleep(0.05)
    return tap.so_far()


def speech_share(recording: Pcm) -> float:
    """How much of it the voice detector takes for speech."""
    vad = load_vad(VadConfig())
    windows = to_float(recording)[: len(recording) // vad.window * vad.window]
    judged = [vad.probability(window) >= 0.5 for window in windows.reshape(-1, vad.window)]
    return sum(judged) / len(judged)


def spoken(text: str, language: str) -> Pcm:
    """``text`` as the robot says it."""
    tts = load_tts(loaded())
    resampler = Resampler(RATE)
    parts = [
        resampler.push(block)
        for sentence in re.findall(r".+?[.!?]", text)
        for block in tts.synthesize(SafeText(sentence.strip(), language), lambda: False)
    ]
    return to_int16(np.concatenate([*parts, resampler.flush()]))


def trimmed(recording: Pcm) -> Pcm:
    found = sounds(recording)
    return recording[int(found[0][0] * RATE) : int(found[-1][1] * RATE)]


def alike(one: Pcm, other: Pcm) -> float:
    """Correlation of how loud the two are from one fiftieth of a second to the next."""
    step = RATE // 50
    length = min(len(one), len(other)) // step * step
    first, second = (
        np.sqrt((to_float(pcm[:length]).reshape(-1, step) ** 2).mean(1)) for pcm in (one, other)
    )
    return float(np.corrcoef(first, second)[0, 1])


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def saved(robot: Daemon) -> list[tuple[str, str]]:
    messages = json.loads((robot.state / "history.json").read_text("utf-8"))["messages"]
    return [(message["role"], message["text"]) for message in messages]


def test_the_daemon_answers_until_it_is_told_to_end(audio_rig: AudioRig, tmp_path: Path) -> None:
    with Daemon(tmp_path, CONFIG) as robot:
        robot.ready()
        tap = audio_rig.tap_speaker()
        audio_rig.say(question("4-ko-hello"))
        recording = until_silence(tap)
        tap.stop()
        answer = trimmed(recording)
        assert speech_share(answer) > 0.5
        (asked, replied) = saved(robot)
        assert asked == ("user", "안녕하세요.")
        assert replied[0] == "assistant"
        expected = trimmed(spoken(replied[1], "ko"))
        assert abs(len(answer) - len(expected)) < 0.1 * RATE
        assert alike(answer, expected) > 0.8

        tap = audio_rig.tap_speaker()
        audio_rig.say(question("2-en-what-can-you-do"))
        until_sound(tap, 1.5)
        robot.send(signal.SIGTERM)
        told = time.monotonic() - tap.started
        assert robot.ended(5) == 0
        time.sleep(0.5)
        ((_, silent),) = sounds(tap.stop())
        print(f"SIGTERM: silent after {silent - told:.2f} s")  # noqa: T201 - for pytest -s
        assert silent - told < 0.5
        history = saved(robot)
        assert history[:2] == [asked, replied]
        assert history[2] == ("user", "What can you do?")
        heard = history[3][1]
        assert words(heard)
        assert not heard.endswith(".")  # it was cut short
        assert "Traceback" not in robot.log
        for text in ("안녕", "what can", replied[1], heard):
            assert text.lower() not in robot.log.lower()


def test_the_daemon_ends_though_an_engine_does_not(audio_rig: AudioRig, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HANGING_ASR)
    with Daemon(tmp_path, CONFIG, environment={"PYTHONPATH": str(tmp_path)}) as robot:
        robot.ready()
        audio_rig.say(question("1-en-hello"))
        while "user_paused" not in robot.log:  # the pytest time-out watches
            time.sleep(0.02)
        robot.send(signal.SIGTERM)
        assert robot.ended(5) == 0
        assert "an engine did not end in time" in robot.log


def test_a_device_that_is_not_there_is_named(audio_rig: AudioRig, tmp_path: Path) -> None:
    with Daemon(tmp_path, CONFIG.replace("rig_mic", "no such microphone")) as robot:
        robot.ready()
        assert re.search(r"WARNING .*waiting for the microphone: .*no such mic", robot.log)
        assert "loudspeaker" not in robot.log


class StoryTeller:
    """A language model that tells a story, and says little when asked anything after it."""

    def __init__(self) -> None:
        self.answers: list[str] = ["Of course.", " ".join(STORY)]

    def generate(self, messages: Sequence[Message], cancelled: Cancelled) -> Iterator[str]:
        for word in self.answers[-1].split():
            yield f"{word} "

    def close(self) -> None:
        self.answers.clear()


class Scene:
    """An assistant at work, what it tells, and the loudspeaker's recording."""

    def __init__(self, assistant: Assistant, events: list[Event], tap: Recorder) -> None:
        self.assistant = assistant
        self.events = events
        self.tap = tap

    async def until(self, kind: type[Event], count: int = 1) -> None:
        async with asyncio.timeout(30):
            while len(self.of(kind)) < count:  # noqa: ASYNC110 - events come by plain callback
                await asyncio.sleep(0.01)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def loaded() -> Loaded:
    return load_config("default", RIG, {})


@asynccontextmanager
async def story(rig: AudioRig, teller: StoryTeller) -> AsyncIterator[Scene]:
    """A robot that has told a second and a half of its story."""
    events = list[Event]()
    config = loaded().config
    async with (
        DeviceAudio(config.audio, config.vad, events.append) as device,
        assemble(loaded(), device.listen, device, events.append) as assistant,
    ):
        assert (await device.first_status()).microphone.present
        tap = rig.tap_speaker()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(assistant.pipeline.run())
            await asyncio.sleep(0.3)
            rig.say_later(question("1-en-hello"))
            scene = Scene(assistant, events, tap)
            await scene.until(SpeakingStarted)
            teller.answers.pop()
            await asyncio.sleep(1.5)
            yield scene
            running.cancel()
        tap.stop()


@pytest.fixture
def teller(monkeypatch: pytest.MonkeyPatch) -> StoryTeller:
    model = StoryTeller()
    monkeypatch.setattr("robot_voice.build.loading.load_llm", lambda *_: model)
    return model


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 50))


def test_words_end_the_story(audio_rig: AudioRig, teller: StoryTeller) -> None:
    async def scenario() -> None:
        async with story(audio_rig, teller) as scene:
            voice = question("2-en-what-can-you-do")
            called = time.monotonic() - scene.tap.started
            audio_rig.say_later(voice)
            await scene.until(TurnEnded, 2)
            await asyncio.sleep(ENDED)
            recording = scene.tap.stop()
            messages = scene.assistant.conversation.messages()
        told, answered = scene.of(TurnEnded)
        onset = called + sounds(voice)[0][0]
        silent = max(end for start, end in sounds(recording) if start < onset)
        print(f"barge-in: silent {silent - onset:.2f} s after the voice")  # noqa: T201
        assert -ENDED < silent - onset < 1.0  # it may have been drawing breath
        assert not told.finished
        assert told.heard
        assert " ".join(STORY).startswith(told.heard)
        assert answered.finished
        assert [message.text for message in messages] == [
            *("Hello.", told.heard),
            *("What can you do?", "Of course."),
        ]
        assert sounds(recording)[-1][0] > silent + ENDED  # it was heard to be answered

    run(scenario())


def test_a_noise_does_not_end_the_story(audio_rig: AudioRig, teller: StoryTeller) -> None:
    async def scenario() -> None:
        async with story(audio_rig, teller) as scene:
            audio_rig.say_later(noise())
            await asyncio.sleep(2)
            babble = question("1-en-hello")[::-1]  # a voice, but no word
            audio_rig.say_later(babble)
            await scene.until(TurnEnded)
        (told,) = scene.of(TurnEnded)
        assert told.finished
        assert told.heard == " ".join(STORY)
        assert len(scene.of(UserStarted)) >= 2  # the question, the babble
        assert scene.of(Dismissed)

    run(scenario())
