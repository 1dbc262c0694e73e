"""The audio process and its parts, without a sound card: the devices asked for do not exist."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_voice.audio.device import DeviceAudio
from robot_voice.audio.devices import DeviceInfo, find_device
from robot_voice.audio.ears import Ears, Freshness
from robot_voice.audio.echo import NoEcho
from robot_voice.audio.outbox import Outbox
from robot_voice.audio.player import Player
from robot_voice.audio.ring import Pcm, Ring
from robot_voice.audio.settings import Settings
from robot_voice.audio.wire import (
    MUTED,
    DeviceStatus,
    Hold,
    Lost,
    Motion,
    Mute,
    Position,
    Refusal,
    Sound,
    Status,
    Stop,
    ToAudio,
    ToRobot,
    Window,
    decode_for_audio,
    decode_for_robot,
    encode,
)
from robot_voice.config import AudioConfig, VadConfig
from robot_voice.errors import AudioError, ConfigError
from robot_voice.events import DeviceChanged, Event, Muted
from robot_voice.types import RATE, Samples, Speech


def pcm(start: int, stop: int) -> Pcm:
    return np.arange(start, stop, dtype=np.int16)


# --- the wire ------------------------------------------------------------------

STATUS = Status(
    DeviceStatus("a", present=True), DeviceStatus("b", present=False, detail="왜?"), 10, "aec"
)


def fields(message: ToAudio | ToRobot) -> dict[str, Any]:
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in asdict(message).items()}


@pytest.mark.parametrize(
    "message", [Sound(3, pcm(-5, 5)), Hold(True, 2**40), Stop(7), Motion(0.5), Mute(True)]
)
def test_what_the_robot_says_arrives(message: ToAudio) -> None:
    decoded = decode_for_audio(encode(message))
    assert type(decoded) is type(message)
    assert fields(decoded) == fields(message)


@pytest.mark.parametrize(
    "message",
    [
        Window(2**40, 0.5, True, pcm(0, 512)),
        Position(1, 2**33),
        Lost(480),
        STATUS,
        Refusal("ModelError", "no weights"),
    ],
)
def test_what_the_audio_process_says_arrives(message: ToRobot) -> None:
    decoded = decode_for_robot(encode(message))
    assert type(decoded) is type(message)
    assert fields(decoded) == fields(message)


@pytest.mark.parametrize("decode", [decode_for_audio, decode_for_robot])
def test_an_unknown_packet_is_an_error(decode: Callable[[bytes], Any]) -> None:
    with pytest.raises(AudioError, match="packet"):
        decode(b"?what")


# --- ring ----------------------------------------------------------------------


def test_a_ring_gives_what_it_was_given() -> None:
    ring, got = Ring(100), list[int]()
    for start in range(0, 3000, 30):
        ring.write(pcm(start, start + 30))
        got += ring.read(20).tolist()
        while len(ring) >= 20:
            got += ring.read(20).tolist()
    assert got == list(range(3000))
    assert ring.lost == 0


def test_a_full_ring_drops_the_oldest_and_counts() -> None:
    ring = Ring(100)
    for start in range(0, 250, 10):
        ring.write(pcm(start, start + 10))
    assert ring.read(50).tolist() == list(range(200, 250))
    assert ring.lost == 200
    assert len(ring) == 0
    assert len(ring.read(1)) == 0


# --- player --------------------------------------------------------------------


def fill(player: Player, at: float, delay: float = 0.03, block: int = 160) -> list[int]:
    out: Pcm = np.ones(block, np.int16)
    player.fill(out, at, delay)
    return [int(sample) for sample in out]


def test_only_what_has_left_the_card_was_heard() -> None:
    player = Player(RATE)
    player.put(0, pcm(1, 321))
    for n in range(5):
        fill(player, n * 0.01)
    assert player.position() == (0, 160)  # at 40 ms: the first block, which began at 30
    fill(player, 0.051)
    assert player.position() == (0, 320)
    assert player.idle


def test_a_hold_keeps_the_queue() -> None:
    player = Player(RATE)
    player.put(0, pcm(1, 481))
    assert fill(player, 0) == list(range(1, 161))
    player.hold(True, 0)
    assert fill(player, 0.01) == [0] * 160
    player.hold(False, 0)
    assert fill(player, 0.02) == list(range(161, 321))


def test_a_voice_outweighs_an_older_release() -> None:
    player = Player(RATE)
    player.put(0, pcm(1, 1000))
    player.hold_for_voice(5000)
    player.hold(False, 4000)  # the robot had not heard the voice when it said so
    assert not any(fill(player, 0))
    assert player.held_for_voice
    player.hold(False, 5000)
    assert any(fill(player, 0))


def test_a_voice_then_a_wish_then_a_release() -> None:
    player = Player(RATE)
    player.put(0, pcm(1, 1000))
    player.hold_for_voice(5000)
    player.hold(True, 5000)
    assert not any(fill(player, 0))
    player.hold(False, 9000)
    assert any(fill(player, 0))


def test_a_cut_drops_the_queue_and_late_sound() -> None:
    player = Player(RATE)
    player.put(0, pcm(1, 1000))
    fill(player, 0)
    player.cut(1)
    player.put(0, pcm(1, 1000))
    assert not any(fill(player, 1))
    assert player.position() == (1, 0)
    player.put(1, pcm(1, 161))
    assert fill(player, 2) == list(range(1, 161))


def test_a_lost_card_gives_back_what_it_had_not_played() -> None:
    player = Player(RATE)
    player.put(0, pcm(1, 641))
    for n in range(3):
        fill(player, n * 0.01, delay=0.005)
    heard = player.position()[1]
    player.rewind()
    assert fill(player, 1)[0] == heard + 1


def test_a_queue_wraps_around() -> None:
    player, got = Player(1000), list[int]()
    for start in range(0, 9000, 300):
        player.put(0, pcm(start, start + 300))
        for n in range(3):
            got += fill(player, start + n, delay=0, block=100)
    assert got == list(range(9000))


# --- ears ----------------------------------------------------------------------


def test_a_backlog_is_stale_but_its_end_is_fresh() -> None:
    fresh = Freshness()
    assert all(fresh.push(n * 0.01, 0.01) for n in range(10))
    burst = [fresh.push(2.6 + n * 0.0002, 0.01) for n in range(250)]
    assert burst.index(True) == pytest.approx(230, abs=3)
    assert all(burst[burst.index(True) :])


def test_a_stall_without_a_backlog_costs_one_block() -> None:
    fresh = Freshness()
    assert [fresh.push(at, 0.01) for at in (0.0, 2.0, 2.01, 2.02)] == [True, False, True, True]


def test_a_robot_that_does_not_listen_loses_the_oldest() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        theirs.setblocking(False)
        outbox = Outbox(ours, 512)
        for n in range(1000):
            outbox.window(Window(n * 512, 0.0, False, pcm(0, 512)))
            outbox.latest(Position(0, n))
            outbox.flush()
        got = list[ToRobot]()
        for _ in range(10):
            while True:
                try:
                    got.append(decode_for_robot(theirs.recv(65536)))
                except BlockingIOError:
                    break
            outbox.flush()
    starts = [message.start for message in got if isinstance(message, Window)]
    lost = sum(message.samples for message in got if isinstance(message, Lost))
    assert starts == sorted(starts)
    assert starts[-1] == 999 * 512
    assert len(starts) * 512 + lost == 1000 * 512
    assert [m.heard for m in got if isinstance(m, Position)][-1] == 999


class Whine:
    """A detector that takes everything for a voice, more or less."""

    window = 512

    def probability(self, samples: Samples) -> float:
        return 0.8

    def reset(self) -> None: ...


@pytest.mark.parametrize(("level", "held"), [(0.0, True), (1.0, False)])
def test_motors_that_are_known_to_run_do_not_hold_the_loudspeaker(level: float, held: bool) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        player = Player(RATE)
        ears = Ears(Settings(), NoEcho(), Whine(), player, Outbox(ours, 512))
        ears.motion(level)
        for n in range(30):
            ears.block_heard(np.full(160, 3000, np.int16), 5.0 + n / 100)
        ears._listen()
        assert player.held_for_voice == held


# --- devices -------------------------------------------------------------------

DEVICES = [
    DeviceInfo("HDMI", 0, "ALSA", 0, 2, 48000.0),
    DeviceInfo("USB Audio: Mic (hw:1,0)", 1, "ALSA", 1, 0, 48000.0),
    DeviceInfo("USB Audio: Speaker (hw:1,1)", 2, "ALSA", 0, 2, 48000.0),
    DeviceInfo("default", 3, "ALSA", 32, 32, 44100.0, default_input=True, default_output=True),
    DeviceInfo("default surround", 4, "ALSA", 0, 8, 44100.0),
]


def test_devices_are_found_by_name_index_or_default() -> None:
    assert find_device("default", "input", DEVICES).index == 3
    assert find_device("usb", "input", DEVICES).index == 1
    assert find_device("speaker", "output", DEVICES).index == 2
    assert find_device(0, "output", DEVICES).name == "HDMI"
    assert find_device("2", "output", DEVICES).index == 2


def test_a_device_that_is_not_there_is_told_with_near_names() -> None:
    with pytest.raises(AudioError, match=r"USB Audio: Mic"):
        find_device("USB Audo Mic", "input", DEVICES)
    with pytest.raises(AudioError, match="no device 9"):
        find_device(9, "input", DEVICES)
    with pytest.raises(AudioError, match="no microphone"):
        find_device("default", "input", DEVICES[:1])


def test_a_device_that_cannot_be_meant_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"audio\.input: device 0 \(HDMI\) is no microphone"):
        find_device(0, "input", DEVICES)
    with pytest.raises(ConfigError, match="may be any of"):
        find_device("a", "output", DEVICES)


# --- the process ---------------------------------------------------------------


def device(events: list[Event], **audio: Any) -> DeviceAudio:
    config = AudioConfig.model_validate({"input": "nowhere", "output": "nowhere", **audio})
    return DeviceAudio(config, VadConfig(engine="webrtc"), events.append)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def test_without_devices_it_listens_to_silence_and_says_why() -> None:
    async def scenario() -> None:
        loop, events = asyncio.get_running_loop(), list[Event]()
        async with device(events) as audio:
            status = await audio.first_status()
            assert not status.microphone.present
            assert not status.loudspeaker.present
            assert "microphone" in status.microphone.detail
            async with audio.listen() as frames:
                heard = [item async for item in take(frames, 30)]
            assert loop.time() - audio.progress < 1
        starts = [item.frame.start for item in heard]
        assert np.diff(starts) == pytest.approx(0.03)
        assert not any(item.frame.samples.any() or item.speech for item in heard)
        assert {e.device for e in events if isinstance(e, DeviceChanged)} == {
            "microphone",
            "loudspeaker",
        }

    run(scenario())


def test_who_starts_muted_looks_for_no_microphone() -> None:
    async def scenario() -> None:
        events = list[Event]()

        def told() -> set[str]:
            return {event.device for event in events if isinstance(event, DeviceChanged)}

        async with device(events, muted=True) as audio:
            status = await audio.first_status()
            assert status.microphone.detail == MUTED
            assert audio.muted
            async with audio.listen() as frames:
                heard = [item async for item in take(frames, 20)]  # time goes on
                assert not any(item.frame.samples.any() for item in heard)
                assert told() == {"loudspeaker"}
                audio.mute(True)
                audio.mute(False)
                while told() != {"loudspeaker", "microphone"}:
                    _ = [item async for item in take(frames, 1)]
        assert [event.muted for event in events if isinstance(event, Muted)] == [False]

    run(scenario())


async def take(frames: Any, count: int) -> Any:
    async for item in frames:
        yield item
        count -= 1
        if not count:
            return


def test_a_dead_audio_process_is_replaced() -> None:
    async def scenario() -> None:
        events = list[Event]()
        async with device(events) as audio:
            await audio.first_status()
            async with audio.listen() as frames:
                before = [item.frame.start async for item in take(frames, 10)]
                first = audio.pid
                assert first
                os.kill(first, signal.SIGKILL)
                after = [item.frame.start async for item in take(frames, 20)]
            assert audio.pid != first
            assert np.all(np.diff([*before, *after]) > 0)

    run(scenario())


def test_an_audio_process_that_dies_again_and_again_is_given_up() -> None:
    async def scenario() -> None:
        async with device([]) as audio:
            await audio.first_status()

            async def shoot() -> None:
                while True:
                    if audio.pid:
                        os.kill(audio.pid, signal.SIGKILL)
                    await asyncio.sleep(0.01)

            shooter = asyncio.ensure_future(shoot())
            async with audio.listen() as frames:
                with pytest.raises(AudioError, match="in a row"):
                    _ = [item async for item in frames]
            with pytest.raises(AudioError, match="in a row"):
                await audio.play(Speech(np.ones(10 * RATE, np.float32), RATE))
            shooter.cancel()

    run(scenario())


def test_a_hung_audio_process_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robot_voice.audio.device._SILENCE_SECONDS", 0.5)
    monkeypatch.setattr("robot_voice.audio.device._START_SECONDS", 5.0)

    async def scenario() -> None:
        events = list[Event]()
        async with device(events) as audio:
            await audio.first_status()
            async with audio.listen() as frames:
                _ = [item async for item in take(frames, 3)]
                first = audio.pid
                assert first
                os.kill(first, signal.SIGSTOP)
                _ = [item async for item in take(frames, 60)]
            assert audio.pid != first

    run(scenario())


def test_nothing_is_heard_without_a_loudspeaker_and_stop_says_so() -> None:
    async def scenario() -> None:
        async with device([]) as audio:
            await audio.first_status()
            await audio.play(Speech(np.ones(RATE, np.float32), RATE))
            await asyncio.sleep(0.1)
            assert audio.stop() == 0

    run(scenario())


def test_a_detector_that_cannot_be_loaded_is_told_and_not_tried_again() -> None:
    async def scenario() -> None:
        audio = device([])
        audio._settings = type(audio._settings)(echo="nonsense")
        async with audio:
            with pytest.raises(ConfigError, match="nonsense"):
                await audio.first_status()

    run(scenario())


PARENT = """
import asyncio, sys
from robot_voice.audio.device import DeviceAudio
from robot_voice.config import AudioConfig, VadConfig

async def main():
    vad = VadConfig(engine="webrtc")
    async with DeviceAudio(AudioConfig(input="nowhere"), vad, lambda event: None) as audio:
        await audio.first_status()
        sys.stdout.write(f"{audio.pid}\\n")
        sys.stdout.flush()
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_it_dies_with_its_parent_and_not_by_a_keypress() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    try:
        with parent.stdout:
            child = int(parent.stdout.readline())
        os.kill(child, signal.SIGINT)
        os.kill(child, signal.SIGTERM)
        time.sleep(0.2)
        assert alive(child)
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
