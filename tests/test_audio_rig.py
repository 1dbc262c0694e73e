"""Through real PortAudio streams: the audio process on a virtual sound card."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from robot_voice.audio.clips import read_audio, to_int16
from robot_voice.audio.device import DeviceAudio
from robot_voice.config import AudioConfig, VadConfig
from robot_voice.events import DeviceChanged, Event, Muted
from robot_voice.types import RATE, Heard, Samples, Speech

from .rig.audiorig import AudioRig, Device, Pcm
from .rig.selftest import find

PLUGS: tuple[Device, ...] = ("mic", "speaker")

MARGIN = 0.25
"""Seconds that sound buffers and a loaded machine may add; alone it is about 0.05."""


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    if not shutil.which("espeak-ng"):
        pytest.skip("espeak-ng is not installed")
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    subprocess.run(
        ["espeak-ng", "-v", "en-us", "-w", str(path), "Wait a moment please, robot, wait."],
        check=True,
    )
    return read_audio(path)


def speech(seconds: float) -> Speech:
    """Noise: no sample twice, so what is lost or repeated shows; no voice to the detector."""
    noise = np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return Speech(np.clip(0.1 * noise, -0.9, 0.9).astype(np.float32), RATE)


@asynccontextmanager
async def opened(
    events: list[Event] | None = None, echo: str = "off", **ends: str
) -> AsyncIterator[DeviceAudio]:
    settings = {"input": "rig_mic", "output": "rig_spk", "echo": echo, **ends}
    config = AudioConfig.model_validate(settings)
    async with DeviceAudio(config, VadConfig(), ([] if events is None else events).append) as audio:
        status = await audio.first_status()
        assert status.microphone.present, status
        assert status.loudspeaker.present, status
        yield audio


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 40))


async def until(condition: Any, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - events come by plain callback
            await asyncio.sleep(0.01)


async def take(frames: AsyncIterator[Heard], seconds: float) -> AsyncGenerator[Heard, None]:
    start: float | None = None
    async for heard in frames:
        start = heard.frame.start if start is None else start
        yield heard
        if heard.frame.start - start >= seconds:
            return


@asynccontextmanager
async def kept(frames: AsyncIterator[Heard]) -> AsyncIterator[list[Heard]]:
    """What is heard meanwhile. A robot's ears never stop."""
    heard = list[Heard]()

    async def keep() -> None:
        async for item in frames:
            heard.append(item)

    async with asyncio.TaskGroup() as tasks:
        ears = tasks.create_task(keep())
        yield heard
        ears.cancel()


def together(heard: list[Heard]) -> Pcm:
    return to_int16(np.concatenate([item.frame.samples for item in heard]))


def sounded(recording: Pcm) -> Pcm:
    """The recording without its silence. Noise has hardly a zero of its own."""
    return np.asarray(recording[recording != 0], np.int16)


def test_a_voice_arrives_as_frames_with_speech(audio_rig: AudioRig, voice: Samples) -> None:
    async def scenario() -> None:
        async with opened() as audio, audio.listen() as frames:
            audio_rig.say_later(to_int16(voice))
            heard = [h async for h in take(frames, len(voice) / RATE + 0.7)]
        _, equal = find(to_int16(voice), together(heard))
        assert equal > 0.9  # off by one in rounding at worst
        assert sum(h.speech >= 0.7 for h in heard) * 0.032 > 0.5 * len(voice) / RATE
        assert not any(h.speech >= 0.7 for h in heard[-6:])

    run(scenario())


def test_what_is_played_is_heard(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        said = speech(1)
        async with opened() as audio:
            tap = audio_rig.tap_speaker()
            await audio.play(said)
            await audio.sounding()
            await audio.drain()
            heard = audio.stop()
            await asyncio.sleep(0.1)
            recording = tap.stop()
        assert heard == 1
        assert find(to_int16(said.samples), recording)[1] > 0.99

    run(scenario())


def test_a_hold_is_quick_and_loses_nothing(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        said = speech(1.5)
        async with opened() as audio:
            tap = audio_rig.tap_speaker()
            await audio.play(said)
            await audio.sounding()
            await asyncio.sleep(0.4)
            audio.hold(True)
            before = len(sounded(tap.so_far()))
            await asyncio.sleep(0.5)
            after = len(sounded(tap.so_far()))
            await asyncio.sleep(0.2)
            assert len(sounded(tap.so_far())) == after  # silent
            audio.hold(False)
            await audio.drain()
            heard = audio.stop()
            await asyncio.sleep(0.1)
            recording = tap.stop()
        assert after < 1.4 * RATE
        assert after - before < MARGIN * RATE
        assert np.array_equal(sounded(recording), sounded(to_int16(said.samples)))
        assert heard == 1.5

    run(scenario())


def test_a_stop_never_claims_too_much(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        async with opened() as audio:
            for wait in (0.0, 0.05, 0.3):
                tap = audio_rig.tap_speaker()
                await audio.play(speech(2))
                await audio.sounding()
                await asyncio.sleep(wait)
                heard = audio.stop()
                await asyncio.sleep(MARGIN)
                played = len(tap.stop().nonzero()[0]) / RATE
                assert 0 < heard <= played + 0.001  # a zero or two in the noise
                assert played < heard + MARGIN
                assert audio.stop() == 0

    run(scenario())


def test_a_dropped_queue_does_not_count_for_the_next(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        async with opened() as audio:
            await audio.play(speech(1))
            await audio.sounding()
            audio.stop()
            await audio.play(speech(0.3))
            await audio.drain()
            assert audio.stop() == pytest.approx(0.3)

    run(scenario())


def test_a_voice_holds_the_loudspeaker_while_the_robot_is_busy(
    audio_rig: AudioRig, voice: Samples
) -> None:
    async def scenario() -> None:
        said = speech(2.5)  # as much as may wait in the player
        async with opened() as audio, audio.listen() as frames:
            _ = [h async for h in take(frames, 0.3)]
            tap = audio_rig.tap_speaker()
            await audio.play(said)
            await audio.sounding()
            audio_rig.say_later(to_int16(voice))
            time.sleep(1.5)  # noqa: ASYNC251 - the robot's interpreter is busy
            silent = len(sounded(tap.so_far()))
            assert silent < 1.2 * RATE  # espeak's first word has long begun by then
            audio.hold(False)  # says someone who has not heard the voice yet
            await asyncio.sleep(0)
            async for heard in take(frames, 2.5):
                if heard.speech >= 0.7:
                    audio.hold(True)
            assert len(sounded(tap.so_far())) == silent
            audio.hold(False)
            async with kept(frames):
                await audio.drain()
            await asyncio.sleep(0.1)
            assert np.array_equal(sounded(tap.stop()), sounded(to_int16(said.samples)))

    run(scenario())


def test_a_voice_the_robot_does_not_mind_stops_it_only_shortly(
    audio_rig: AudioRig, voice: Samples
) -> None:
    async def scenario() -> None:
        async with opened() as audio, audio.listen() as frames:
            await audio.play(speech(2))
            audio_rig.say_later(to_int16(voice))
            async with kept(frames):
                await audio.drain()
            assert audio.stop() == pytest.approx(2)

    run(scenario())


@pytest.mark.parametrize("echo", ["aec", "half-duplex"])
def test_the_robot_does_not_hear_itself(audio_rig: AudioRig, voice: Samples, echo: str) -> None:
    if echo == "aec":
        pytest.importorskip("livekit")

    async def voiced(echo: str) -> float:
        """How much of the robot's own sentence its detector takes for a voice, in seconds."""
        async with opened(echo=echo) as audio, audio.listen() as frames:
            await audio.play(speech(2))  # the canceller learns the room
            await audio.play(Speech(voice, RATE))
            # Where it takes itself for somebody it pauses, a few times.
            heard = [h async for h in take(frames, 4.5 + len(voice) / RATE)]
        return sum(h.frame.seconds for h in heard if h.speech >= 0.7)

    async def scenario() -> None:
        room = audio_rig.room(delay_ms=40, gain_db=-10, rt60=0.2)
        try:
            untreated, left = await voiced("off"), await voiced(echo)
        finally:
            room.kill()
            room.wait()
        assert untreated > 0.5 * len(voice) / RATE  # the room does bring the voice back
        assert left < 0.1 * untreated  # a block lost on a busy machine costs a few frames

    run(scenario())


@pytest.mark.parametrize(("plug", "device"), [("mic", "microphone"), ("speaker", "loudspeaker")])
def test_a_pulled_plug_is_told_and_mended(audio_rig: AudioRig, plug: Any, device: str) -> None:
    async def scenario() -> None:
        events = list[Event]()

        def changes() -> list[bool]:
            return [
                e.present for e in events if isinstance(e, DeviceChanged) and e.device == device
            ]

        async with opened(events) as audio, audio.listen() as frames, kept(frames) as heard:
            await audio.play(speech(4))
            await audio.sounding()
            audio_rig.unplug(plug)
            try:
                await until(lambda: changes() == [False])
                before = len(heard)
                await until(lambda: len(heard) > before + 10)  # time goes on
            finally:
                audio_rig.replug(plug)
            await until(lambda: changes() == [False, True])
            await audio.drain()
            assert audio.stop() == pytest.approx(4)
            said = to_int16(speech(0.5).samples)
            audio_rig.say_later(said)
            await until(lambda: find(said, together(heard[-100:]))[1] > 0.9)

    run(scenario())


def test_a_new_audio_process_goes_on_with_the_sentence(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        said = speech(1.5)
        async with opened() as audio:
            tap = audio_rig.tap_speaker()
            await audio.play(said)
            await audio.sounding()
            await asyncio.sleep(0.3)
            assert audio.pid
            os.kill(audio.pid, signal.SIGKILL)
            await audio.drain()
            assert audio.stop() == pytest.approx(1.5)
            await asyncio.sleep(0.1)
            recording = tap.stop()
        end = to_int16(said.samples)[-RATE // 2 :]
        assert find(end, recording)[1] > 0.99

    run(scenario())


def test_a_frozen_sound_server_is_survived(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        events = list[Event]()
        async with opened(events) as audio, audio.listen() as frames, kept(frames) as heard:
            await asyncio.sleep(0.3)
            audio_rig.freeze()
            try:
                await until(lambda: any(isinstance(e, DeviceChanged) for e in events))
                before = len(heard)
                await until(lambda: len(heard) > before + 10)
            finally:
                audio_rig.freeze(False)
            await until(lambda: returned(events))
            said = to_int16(speech(0.5).samples)
            audio_rig.say_later(said)
            await until(lambda: find(said, together(heard[-100:]))[1] > 0.9)

    run(scenario())


def changes(events: list[Event], device: str) -> list[bool]:
    return [e.present for e in events if isinstance(e, DeviceChanged) and e.device == device]


def test_a_new_sound_server_is_taken(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        events = list[Event]()
        async with opened(events) as audio, audio.listen() as frames, kept(frames) as heard:
            await audio.play(speech(2))
            await audio.sounding()
            audio_rig.kill_server()
            await until(lambda: False in changes(events, "microphone"))
            await asyncio.sleep(0.5)
            audio_rig.restart_server()
            await until(lambda: returned(events))
            await audio.drain()
            assert audio.stop() == pytest.approx(2)
            said = to_int16(speech(0.5).samples)
            audio_rig.say_later(said)
            await until(lambda: find(said, together(heard[-100:]))[1] > 0.9)
        assert changes(events, "microphone") == [False, True]  # told once
        assert changes(events, "loudspeaker") == [False, True]

    run(scenario())


@pytest.mark.parametrize(("plug", "device"), [("mic", "microphone"), ("speaker", "loudspeaker")])
def test_a_chosen_device_is_not_traded_for_another(
    audio_rig: AudioRig, plug: Any, device: str
) -> None:
    async def scenario() -> None:
        events = list[Event]()
        async with opened(events) as audio, audio.listen() as frames, kept(frames) as heard:
            await audio.play(speech(2))
            await audio.sounding()
            audio_rig.unplug(plug, rescue=True)
            try:
                await until(lambda: changes(events, device) == [False])
                await asyncio.sleep(0.3)
                assert changes(events, device) == [False]
            finally:
                audio_rig.replug(plug)
            await until(lambda: changes(events, device) == [False, True])
            await audio.drain()
            assert audio.stop() == pytest.approx(2)
            said = to_int16(speech(0.5).samples)
            audio_rig.say_later(said)
            await until(lambda: find(said, together(heard[-100:]))[1] > 0.9)

    run(scenario())


def test_the_systems_default_is_followed(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        events, said = list[Event](), to_int16(speech(0.5).samples)
        ends = {"input": "default", "output": "default"}
        async with opened(events, **ends) as audio, audio.listen() as frames, kept(frames) as heard:
            await audio.play(speech(3))
            await audio.sounding()
            for plug in PLUGS:
                audio_rig.reroute(plug)
            try:
                Thread(target=audio_rig.say, args=[said, "other_mic"]).start()
                await until(lambda: find(said, together(heard[-100:]))[1] > 0.9)
            finally:
                for plug in PLUGS:
                    audio_rig.reroute(plug, on=False)
            await audio.drain()
            assert audio.stop() == pytest.approx(3)
            audio_rig.say_later(said)
            await until(lambda: find(said, together(heard[-20:]))[1] > 0.9)
        assert not [event for event in events if isinstance(event, DeviceChanged)]

    run(scenario())


def test_muted_means_that_nothing_records(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        events, said = list[Event](), to_int16(speech(0.5).samples)
        async with opened(events) as audio, audio.listen() as frames, kept(frames) as heard:
            await until(lambda: len(heard) > 5)
            assert recording(audio_rig, audio) == 1
            audio.mute(True)
            assert audio.muted
            await until(lambda: recording(audio_rig, audio) == 0)
            before = len(heard)
            audio_rig.say_later(said)
            await audio.play(speech(1))
            await audio.drain()
            assert audio.stop() == 1  # the loudspeaker goes on
            assert len(heard) - before > 20  # and so does time
            assert not any(item.frame.samples.any() for item in heard[before + 2 :])

            assert audio.pid
            os.kill(audio.pid, signal.SIGKILL)  # the next one is as deaf
            before = len(heard)
            await until(lambda: len(heard) > before + 20 and returned(events))
            assert recording(audio_rig, audio) == 0

            asked = time.monotonic()
            audio.mute(False)
            audio_rig.say_later(said)
            await until(lambda: find(said, together(heard[-100:]))[1] > 0.9)
            print(f"heard {time.monotonic() - asked:.2f} s after the mute")  # noqa: T201
        assert [event.muted for event in events if isinstance(event, Muted)] == [True, False]
        assert not changes(events, "microphone")

    run(scenario())


def recording(rig: AudioRig, audio: DeviceAudio) -> int:
    """How many streams of ours the sound server records for."""
    streams = rig._pactl("list", "source-outputs")
    return streams.count(f'application.process.id = "{audio.pid}"')


def returned(events: list[Event]) -> bool:
    latest = {e.device: e.present for e in events if isinstance(e, DeviceChanged)}
    return all(latest.values())


def test_nothing_is_left_running(audio_rig: AudioRig) -> None:
    async def scenario() -> None:
        async with opened() as audio:
            pids.append(audio.pid)

    pids = list[int | None]()
    run(scenario())
    assert not Path(f"/proc/{pids[0]}").exists()
