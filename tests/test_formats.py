"""Cards that do not take the robot's own format: conversion, on arrays and on real streams."""

from __future__ import annotations

import threading
import time
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from robot_voice.audio.devices import DeviceInfo
from robot_voice.audio.formats import Format, adapter, formats
from robot_voice.audio.ring import Pcm
from robot_voice.audio.streams import Port
from robot_voice.types import RATE

from .rig.audiorig import AudioRig, refresh_portaudio

# --- formats -------------------------------------------------------------------


def test_our_own_format_comes_first_and_then_the_cards_own_rate() -> None:
    card = DeviceInfo("card", 0, "ALSA", 6, 2, 44100.0)
    inputs = list(formats(card, "input"))
    assert inputs[0] == Format()
    assert [form.rate for form in inputs[::6]] == [16000, 44100, 48000, 96000, 32000]
    assert [form.channels for form in inputs[:6:2]] == [1, 2, 6]
    assert {form.channels for form in formats(card, "output")} == {1, 2}
    assert str(Format(48000, 2, "float32")) == "48000 Hz, 2 channels, float32"
    assert str(Format()) == "16000 Hz, 1 channel, int16"


def tone(rate: int, seconds: float, hertz: float = 440.0) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def impurity(samples: NDArray[Any], rate: int) -> float:
    """The largest sample that is not the tone's, wherever that begins; a seam would be one."""
    angle = 2 * np.pi * 440.0 * np.arange(len(samples)) / rate
    basis = np.stack([np.sin(angle), np.cos(angle)], 1)
    weights = np.linalg.lstsq(basis, samples, rcond=None)[0]
    assert np.hypot(*weights) == pytest.approx(0.5, rel=0.01)
    return float(np.max(np.abs(samples - basis @ weights)))


LAYOUTS: tuple[tuple[int, Literal["int16", "float32"]], ...] = (
    (1, "int16"),
    (2, "int16"),
    (2, "float32"),
    (6, "float32"),
)

FORMATS = [
    Format(rate, channels, dtype)
    for rate in (16000, 44100, 48000, 96000)
    for channels, dtype in LAYOUTS
]


def on_card(samples: NDArray[np.float64], form: Format) -> bytes:
    pair = np.repeat(samples[:, None], form.channels, 1)
    scale = 32767 if form.dtype == "int16" else 1
    return (scale * pair).astype(form.dtype).tobytes()


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_what_the_card_records_arrives_without_a_seam(form: Format) -> None:
    heard, card = list[Pcm](), tone(form.rate, 2)
    take = adapter("input", form, 160, lambda pcm, now, delay: heard.append(pcm.copy()))
    step = form.rate // 100
    for at in range(0, len(card), step):
        take(on_card(card[at : at + step], form), 0.0, 0.0)
    got = np.concatenate(heard) / 32768
    assert 2 - len(got) / RATE < 0.02
    assert all(len(block) == 160 for block in heard[5:])  # the pace of time
    assert impurity(got[800:], RATE) < 0.001


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_what_is_played_reaches_the_card_without_a_seam(form: Format) -> None:
    source, delays = (32767 * tone(RATE, 3)).astype(np.int16), list[float]()

    def fill(pcm: Pcm, now: float, delay: float) -> None:
        at = 160 * len(delays)
        pcm[:] = source[at : at + 160]
        delays.append(delay)

    give, played = adapter("output", form, 160, fill), list[NDArray[Any]]()
    step = form.rate // 100
    for _ in range(200):
        buffer = np.full((step, form.channels), 7, form.dtype)
        give(buffer.data, 0.0, 0.03)
        played.append(buffer)
    card = np.concatenate(played) / (32768 if form.dtype == "int16" else 1)
    assert impurity(card[form.rate // 20 :, 0], form.rate) < 0.001
    assert np.array_equal(card[:, 0], card[:, -1])  # every channel sounds
    # Block n was asked for in callback n or before, and is heard n blocks after the first.
    assert all(0.03 <= delay < 0.03 + 0.031 for delay in delays)


def test_a_loud_sound_is_clipped_and_does_not_wrap_around() -> None:
    def fill(pcm: Pcm, now: float, delay: float) -> None:
        pcm[:80], pcm[80:] = 32767, -32768  # the resampler overshoots at such edges

    for dtype in ("int16", "float32"):
        form = Format(48000, 2, dtype)
        give, buffer = adapter("output", form, 160, fill), np.zeros((480, 2), dtype)
        for _ in range(10):
            give(buffer.data, 0.0, 0.0)
        card = buffer[:, 0] / (32768 if dtype == "int16" else 1)
        assert np.max(np.abs(card)) <= 1
        assert np.max(card) > 0.99
        assert np.sum(np.abs(np.diff(card)) > 0.2) < 24  # edges, no jumps from top to bottom


def test_one_live_channel_of_two_is_heard() -> None:
    heard, form = list[Pcm](), Format(16000, 2, "int16")
    take = adapter("input", form, 160, lambda pcm, now, delay: heard.append(pcm.copy()))
    take(np.array([[0, 1000]] * 160, np.int16).tobytes(), 0.0, 0.0)
    assert heard[0] == pytest.approx(500, abs=1)


# --- real streams --------------------------------------------------------------


class Hard:
    """sounddevice itself, but every card takes one format only, like one without a server."""

    def __init__(self, module: Any, form: Format) -> None:
        self._module = module
        self._form = form

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def RawInputStream(self, **options: Any) -> Any:
        return self._open(self._module.RawInputStream, options)

    def RawOutputStream(self, **options: Any) -> Any:
        return self._open(self._module.RawOutputStream, options)

    def _open(self, kind: Any, options: dict[str, Any]) -> Any:
        if options["samplerate"] != self._form.rate:
            raise self._module.PortAudioError("Invalid sample rate", -9997)
        if options["channels"] != self._form.channels:
            raise self._module.PortAudioError("Invalid number of channels", -9998)
        return kind(**options)


def test_a_card_of_48_khz_in_stereo_hears_and_speaks(
    audio_rig: AudioRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sounddevice

    refresh_portaudio()
    hard = Hard(sounddevice, Format(48000, 2))
    monkeypatch.setattr("robot_voice.audio.streams.sounddevice", lambda: hard)
    said, heard, at = (32000 * tone(RATE, 1.0)).astype(np.int16), list[Pcm](), 0

    def speak(pcm: Pcm, now: float, delay: float) -> None:
        nonlocal at
        part = said[at : at + len(pcm)]
        pcm[:] = np.pad(part, (0, len(pcm) - len(part)))
        at += len(pcm)

    microphone = Port("input", "rig_mic", 320, lambda pcm, now, delay: heard.append(pcm.copy()))
    loudspeaker = Port("output", "rig_spk", 160, speak)
    tap = audio_rig.tap_speaker()
    for port in (microphone, loudspeaker):
        port.open()
    threading.Thread(target=audio_rig.say, args=[said]).start()
    deadline = time.monotonic() + 20
    while at < 1.2 * RATE or sum(map(len, heard)) < 1.4 * RATE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for port in (microphone, loudspeaker):
        assert port.check(time.monotonic())
        assert port.status.detail == "48000 Hz, 2 channels, int16"
        port.close()
    for recording in (np.concatenate(heard), tap.stop()):
        loud = np.flatnonzero(np.abs(recording) > 4000)
        assert len(loud) == pytest.approx(0.839 * RATE, rel=0.03)  # as of any such tone
        whole = recording[loud[0] : loud[-1]].astype(float)
        rate = np.fft.rfftfreq(len(whole), 1 / RATE)[np.argmax(np.abs(np.fft.rfft(whole)))]
        assert rate == pytest.approx(440, abs=1)
        assert np.max(np.abs(whole)) == pytest.approx(16000, rel=0.1)
