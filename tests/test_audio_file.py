"""Sound files, and the microphone and loudspeaker made of them, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from robot_voice.audio.clips import read_audio, write_wav
from robot_voice.audio.file import FileMicrophone, FileSpeaker
from robot_voice.errors import AudioError
from robot_voice.types import RATE, Heard, Samples, Speech

from .virtual_time import run


def ramp(seconds: float) -> Samples:
    """No two samples alike, so that a sample lost or repeated shows."""
    count = round(seconds * RATE)
    return (np.arange(1, count + 1) / (count + 1)).astype(np.float32)


class LoudnessVad:
    """A detector without weights."""

    window = 512

    def __init__(self) -> None:
        self.resets = 0

    def probability(self, samples: Samples) -> float:
        return float(np.abs(samples).max() > 0.01)

    def reset(self) -> None:
        self.resets += 1


# --- files ---------------------------------------------------------------------


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, ramp(0.5))
    assert np.allclose(read_audio(path), ramp(0.5), atol=1e-4)


def test_any_rate_becomes_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100).astype(np.float32)
    write_wav(path, 0.5 * tone, 44_100)
    read = read_audio(path)
    assert len(read) == pytest.approx(RATE, abs=50)
    assert np.argmax(np.abs(np.fft.rfft(read[:RATE]))) == pytest.approx(440, abs=1)


def test_loud_samples_are_clipped_not_wrapped(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, np.array([2.0, -2.0] * 100, np.float32))
    read = read_audio(path)
    assert read.max() > 0.99
    assert read.min() < -0.99


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "header", "half", "stub"])
def test_what_is_no_sound_is_a_clear_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "question.wav"
    write_wav(path, ramp(0.5))
    whole = path.read_bytes()
    path.unlink()
    match kind:
        case "folder":
            path.mkdir()
        case "empty":
            path.touch()
        case "text":
            path.write_text("This is no sound. " * 100)
        case "header":
            path.write_bytes(whole[:44])
        case "half":
            path.write_bytes(whole[: len(whole) // 2])
        case "stub":
            path.write_bytes(whole[:20])
    with pytest.raises(AudioError, match=r"question\.wav"):
        read_audio(path)


def test_a_file_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be written"):
        write_wav(tmp_path / "no" / "a.wav", ramp(0.1))


# --- the microphone ------------------------------------------------------------


def test_clips_are_said_at_the_pace_of_time() -> None:
    async def scenario() -> None:
        loop, heard, times = asyncio.get_running_loop(), list[Heard](), list[float]()
        vad = LoudnessVad()
        microphone = FileMicrophone([ramp(0.5) + 0.02, ramp(0.25)], vad, lambda: True)
        async with microphone.listen() as frames:
            async for item in frames:
                heard.append(item)
                times.append(loop.time())
        assert vad.resets == 1
        assert [h.frame.start for h in heard] == pytest.approx(np.arange(len(heard)) * 0.032)
        assert times == pytest.approx([h.frame.start + h.frame.seconds for h in heard])
        voiced = [h.frame.start for h in heard if h.speech]
        gaps = np.diff(voiced)
        assert voiced[0] == pytest.approx(0.32)  # 0.3 s of silence, in whole windows
        assert sorted(gaps)[-1] == pytest.approx(0.544)  # 0.5 s, likewise
        whole = np.concatenate([h.frame.samples for h in heard])
        assert np.array_equal(whole[5120:13120], ramp(0.5) + np.float32(0.02))
        assert 0 < np.abs(whole[:5120]).max() < 1e-3  # low noise, not zeros

    run(scenario())


def test_the_next_clip_waits_for_the_answer() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        microphone = FileMicrophone(
            [ramp(0.5) + 0.02, ramp(0.5) + 0.02], LoudnessVad(), lambda: loop.time() > 5
        )
        async with microphone.listen() as frames:
            voiced = [h.frame.start async for h in frames if h.speech]
        assert sum(start < 1 for start in voiced) == 16
        assert sum(5 < start < 5.6 for start in voiced) == 16

    run(scenario())


def test_a_slow_listener_does_not_make_it_drift() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        microphone = FileMicrophone([ramp(2)], LoudnessVad(), lambda: True)
        async with microphone.listen() as frames:
            async for item in frames:
                late = loop.time() - item.frame.start - item.frame.seconds
                if item.frame.start < 0.6:
                    await asyncio.sleep(0.1)
        assert late == pytest.approx(0)

    run(scenario())


# --- the loudspeaker -----------------------------------------------------------


def test_what_is_played_is_heard_in_its_time() -> None:
    async def scenario() -> None:
        loop, speaker = asyncio.get_running_loop(), FileSpeaker()
        await speaker.play(Speech(ramp(1), RATE))
        await speaker.sounding()
        assert loop.time() == pytest.approx(1 / RATE)
        await speaker.drain()
        assert loop.time() == pytest.approx(1)
        assert np.array_equal(speaker.played(), ramp(1))
        assert speaker.stop() == 1

    run(scenario())


def test_a_full_queue_makes_the_robot_wait() -> None:
    async def scenario() -> None:
        loop, speaker = asyncio.get_running_loop(), FileSpeaker(ahead_seconds=2)
        for _ in range(4):
            await speaker.play(Speech(ramp(1), RATE))
        assert loop.time() == pytest.approx(1)

    run(scenario())


def test_a_hold_is_exact_to_the_sample() -> None:
    async def scenario() -> None:
        speaker = FileSpeaker()
        await speaker.play(Speech(ramp(1), RATE))
        await asyncio.sleep(0.25)
        speaker.hold(True)
        await asyncio.sleep(0.5)
        speaker.hold(True)
        speaker.hold(False)
        await speaker.drain()
        recording = speaker.recording()
        assert np.array_equal(speaker.played(), ramp(1))
        assert np.array_equal(recording[:4000], ramp(1)[:4000])
        assert not recording[4000:12000].any()
        assert np.array_equal(recording[12000:], ramp(1)[4000:])

    run(scenario())


def test_nobody_waits_for_a_queue_that_was_dropped() -> None:
    async def scenario() -> None:
        speaker = FileSpeaker(ahead_seconds=1)
        await speaker.play(Speech(ramp(3), RATE))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(speaker.drain())
            tasks.create_task(speaker.play(Speech(ramp(1), RATE)))
            await asyncio.sleep(0.5)
            assert speaker.stop() == pytest.approx(0.5)
        assert speaker.stop() == 0

    run(scenario())


def test_a_stop_while_held_counts_what_was_heard() -> None:
    async def scenario() -> None:
        speaker = FileSpeaker()
        await speaker.play(Speech(ramp(1), RATE))
        await asyncio.sleep(0.25)
        speaker.hold(True)
        await asyncio.sleep(1)
        assert speaker.stop() == 0.25
        speaker.hold(False)
        await speaker.play(Speech(ramp(0.5), RATE))
        await speaker.drain()
        assert speaker.stop() == 0.5

    run(scenario())


def test_sounding_waits_for_sound_and_for_its_release() -> None:
    async def scenario() -> None:
        loop, speaker = asyncio.get_running_loop(), FileSpeaker()
        speaker.hold(True)
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(speaker.sounding())
            await asyncio.sleep(1)
            await speaker.play(Speech(ramp(1), RATE))
            await asyncio.sleep(1)
            assert not waiting.done()
            speaker.hold(False)
            await waiting
            assert loop.time() == pytest.approx(2, abs=0.001)
            speaker.stop()

    run(scenario())


def test_blocks_of_another_rate_have_no_seams() -> None:
    async def scenario() -> None:
        speaker = FileSpeaker()
        tone = np.sin(2 * np.pi * 300 * np.arange(22_050) / 22_050).astype(np.float32)
        for block in np.split(tone, 9):
            await speaker.play(Speech(block, 22_050))
        await speaker.drain()
        played = speaker.played()
        assert speaker.stop() == pytest.approx(1, abs=0.001)
        expected = np.sin(2 * np.pi * 300 * np.arange(len(played)) / RATE)
        assert np.abs(played - expected)[100:-100].max() < 0.01

    run(scenario())
