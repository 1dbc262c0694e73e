"""Choosing, opening and watching sound devices: every card, every fault, on a fake PortAudio."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from robot_voice.audio.devices import DeviceInfo, Direction, find_device, is_chosen
from robot_voice.audio.formats import Format, adapter, formats, is_refusal
from robot_voice.audio.ring import Pcm
from robot_voice.audio.routes import Routes, find_server
from robot_voice.audio.streams import Port
from robot_voice.audio.supervisor import Supervisor
from robot_voice.errors import AudioError, ConfigError
from robot_voice.types import RATE

from .rig.audiorig import AudioRig

# --- choosing ------------------------------------------------------------------

DEVICES = [
    DeviceInfo("HDMI", 0, "ALSA", 0, 2, 48000.0),
    DeviceInfo("USB Audio: Mic (hw:1,0)", 1, "ALSA", 1, 0, 48000.0),
    DeviceInfo("USB Audio: Speaker (hw:1,1)", 2, "ALSA", 0, 2, 48000.0),
    DeviceInfo("Webcam: USB Mic (hw:2,0)", 3, "ALSA", 2, 0, 16000.0),
    DeviceInfo("default", 4, "ALSA", 32, 32, 44100.0, default_input=True, default_output=True),
]


@pytest.mark.parametrize(
    ("wanted", "direction", "index"),
    [
        ("default", "input", 4),
        (0, "output", 0),
        ("2", "output", 2),
        ("hdmi", "output", 0),
        ("webcam", "input", 3),
        ("*usb*mic*", "input", 1),  # of several any will do
        ("Webcam*", "input", 3),
        ("USB Audio: ?ic (hw:[0-9],0)", "input", 1),
        ("*", "output", 0),
    ],
)
def test_devices_are_found(wanted: str | int, direction: Direction, index: int) -> None:
    assert find_device(wanted, direction, DEVICES).index == index


def test_a_name_with_brackets_is_a_name_too() -> None:
    card = DeviceInfo("Mic [front]", 0, "Core Audio", 1, 0, 48000.0)
    assert find_device("mic [front]", "input", [card]) is card
    assert find_device("[front]", "input", [card]) is card


def test_what_is_not_found_is_told() -> None:
    with pytest.raises(AudioError, match=r"no microphone is called '\*Bluetooth\*'; there is 'USB"):
        find_device("*Bluetooth*", "input", DEVICES)
    with pytest.raises(ConfigError, match=r"may be any of .*; write more of it"):
        find_device("mic", "input", DEVICES)


def test_a_door_to_the_sound_server_is_no_chosen_device() -> None:
    assert is_chosen("*USB*", "USB Audio: Mic (hw:1,0)")
    assert not is_chosen("default", "USB Audio: Mic (hw:1,0)")
    assert not is_chosen("pulse", "pulse")
    assert not is_chosen(4, "default")


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


FORMATS = [
    Format(rate, channels, dtype)
    for rate in (16000, 44100, 48000, 96000)
    for channels, dtype in ((1, "int16"), (2, "int16"), (2, "float32"), (6, "float32"))
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


# --- a fake PortAudio ----------------------------------------------------------


class PortAudioError(Exception):
    """Arguments like sounddevice's: text, code, and what the host API said."""


def test_refusals_are_told_from_faults() -> None:
    assert is_refusal(PortAudioError("rate", -9997))
    assert is_refusal(PortAudioError("host", -9999, (8, -22, "Invalid argument")))
    assert not is_refusal(PortAudioError("host", -9999, (8, -5, "Input/output error")))
    assert not is_refusal(PortAudioError("gone"))


@dataclass
class Card:
    """A fake sounddevice module with one device that takes certain formats only."""

    takes: tuple[Format, ...] = (Format(),)
    name: str = "card"
    present: bool = True
    tried: list[Format] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    refreshed: int = 0
    PortAudioError = PortAudioError
    default = SimpleNamespace(device=(0, 0))

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA", "default_input_device": 0, "default_output_device": 0}]

    def query_devices(self) -> list[dict[str, Any]]:
        about = {"max_input_channels": 2, "max_output_channels": 2, "default_samplerate": 48000.0}
        return [{"name": self.name, "hostapi": 0, **about}]

    def RawInputStream(self, **options: Any) -> Stream:
        form = Format(options["samplerate"], options["channels"], options["dtype"])
        self.tried.append(form)
        if not self.present:
            raise PortAudioError("Unanticipated host error", -9999, (8, -5, "Input/output error"))
        if form.rate not in {taken.rate for taken in self.takes}:
            raise PortAudioError("Invalid sample rate", -9997)
        if form not in self.takes:
            raise PortAudioError("Invalid number of channels", -9998)
        self.streams.append(Stream(options))
        return self.streams[-1]

    RawOutputStream = RawInputStream

    def _terminate(self) -> None:
        self.refreshed += 1

    def _initialize(self) -> None: ...


class Stream:
    latency = 0.02

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.open = True

    def start(self) -> None: ...

    def abort(self, ignore_errors: bool) -> None: ...

    def close(self, ignore_errors: bool) -> None:
        self.open = False

    def call(self, seconds: float = 0.0) -> None:
        """A block has come or is wanted. ``seconds``: what the card says of its latency."""
        size = self.options["blocksize"] * self.options["channels"]
        buffer = np.zeros(size, self.options["dtype"])
        when = SimpleNamespace(outputBufferDacTime=seconds, currentTime=0.0)
        self.options["callback"](buffer.data, self.options["blocksize"], when, None)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    fake = Card()
    monkeypatch.setattr("robot_voice.audio.streams.sounddevice", lambda: fake)
    monkeypatch.setattr("robot_voice.audio.supervisor.sounddevice", lambda: fake)
    monkeypatch.setattr("robot_voice.audio.devices.sounddevice", lambda: fake)
    return fake


@pytest.mark.parametrize(
    "form",
    [Format(), Format(16000, 2, "float32"), Format(48000, 2, "int16"), Format(44100, 1, "float32")],
    ids=str,
)
def test_a_port_opens_in_what_the_card_takes(card: Card, form: Format) -> None:
    card.takes, blocks = (form,), list[tuple[int, float]]()
    port = Port("output", "card", 160, lambda pcm, now, delay: blocks.append((len(pcm), delay)))
    port.open()
    (stream,) = card.streams
    assert stream.options["blocksize"] == form.rate // 100
    assert stream.options["latency"] == "low"
    stream.call(0.05)
    assert port.check(time.monotonic())
    assert port.status.present
    assert port.status.detail == ("" if form == Format() else str(form))
    assert blocks[0] == (160, pytest.approx(0.05))


def test_a_card_that_takes_nothing_says_so(card: Card) -> None:
    card.takes = ()
    port = Port("input", "card", 160, lambda pcm, now, delay: None)
    port.open()
    assert not port.is_open
    assert "card cannot be opened" in port.status.detail
    assert "Invalid sample rate" in port.status.detail
    assert len(card.tried) > 10


def test_a_card_that_is_gone_is_asked_once(card: Card) -> None:
    card.present = False
    port = Port("input", "card", 160, lambda pcm, now, delay: None)
    port.open()
    assert card.tried == [Format()]
    assert port.status.detail == (
        "card cannot be opened: ('Unanticipated host error', -9999, (8, -5, 'Input/output error'))"
    )


# --- the supervisor ------------------------------------------------------------


@dataclass
class Keeper:
    """An owner that notes what it is told."""

    told: list[str] = field(default_factory=list)
    closed: bool = False

    def lost(self, port: Port) -> None:
        self.told.append("lost")

    def moved(self, port: Port) -> None:
        self.told.append("moved")

    def idle(self, port: Port) -> bool:
        return True

    def may_rest(self, port: Port) -> bool:
        return False

    def shut(self, port: Port) -> bool:
        return self.closed


def supervised(wanted: str) -> tuple[Port, Supervisor, Keeper]:
    port, keeper = Port("input", wanted, 320, lambda pcm, now, delay: None), Keeper()
    return port, Supervisor([port], keeper), keeper


def test_a_chosen_device_that_was_replaced_is_gone_and_wanted_back(card: Card) -> None:
    port, supervisor, keeper = supervised("card")
    supervisor._look()
    card.streams[0].call()
    supervisor._look()
    assert port.status.present
    port.moved, card.present = True, False
    supervisor._look()
    assert keeper.told == ["lost"]
    assert not card.streams[0].open
    assert not port.status.present
    assert "moved the stream elsewhere" in port.status.detail
    card.present = True
    supervisor.hurry()
    supervisor._look()
    card.streams[1].call()
    supervisor._look()
    assert port.status.present
    assert keeper.told == ["lost"]


def test_a_new_default_is_followed(card: Card) -> None:
    port, supervisor, keeper = supervised("default")
    supervisor._look()
    card.streams[0].call()
    supervisor._look()
    port.moved = True
    supervisor._look()
    supervisor._look()
    assert keeper.told == ["moved"]
    assert card.streams[0].open
    assert port.status.present


def test_a_shut_port_is_closed_and_stays_so(card: Card) -> None:
    port, supervisor, keeper = supervised("card")
    supervisor._look()
    card.streams[0].call()
    supervisor._look()
    keeper.closed = True
    supervisor._look()
    supervisor._look()
    assert not card.streams[0].open
    assert len(card.streams) == 1
    assert port.status.present  # as it was
    assert not keeper.told
    keeper.closed = False
    supervisor._look()
    assert card.streams[1].open
    assert port.status.present


def test_a_device_list_is_read_anew_for_a_device_that_is_gone(card: Card) -> None:
    port, supervisor, _ = supervised("card")
    card.present = False
    for _ in range(3):
        port.retry_at = 0.0
        supervisor._look()
    assert card.refreshed == 2
    opened = list[bool]()
    supervisor.on_open = lambda: opened.append(True)
    card.present, port.retry_at = True, 0.0
    supervisor._look()
    assert opened == [True]


# --- routes --------------------------------------------------------------------


def test_the_sound_server_is_where_the_environment_says(tmp_path: Path) -> None:
    assert find_server({"PULSE_SERVER": "tcp:robot"}) == "tcp:robot"
    nothing = {"XDG_RUNTIME_DIR": str(tmp_path)}
    if not Path("/run/pulse/native").exists():
        assert find_server(nothing) == ""
    (tmp_path / "pulse").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pulse" / "native"))
        assert find_server(nothing) == f"unix:{tmp_path}/pulse/native"


PACTL = """#!/bin/sh
echo "$@" >> {folder}/calls
case "$3 $4" in
subscribe*) echo $$ > {folder}/pid; exec tail -n +1 -f {folder}/events ;;
"list source-outputs") cat {folder}/streams ;;
esac
"""

LISTING = """Source Output #3
\tDriver: protocol-native.c
\tSource: 1
\tProperties:
\t\tapplication.process.id = "1"

Source Output #7
\tDriver: protocol-native.c
\tSource: {device}
\tProperties:
\t\tapplication.process.id = "{pid}"
"""

WATCHER = """
import sys, threading
from robot_voice.audio.routes import Routes
routes = Routes(lambda direction: print("moved", direction, flush=True),
                lambda: print("appeared", flush=True))
threading.Thread(target=routes.run, daemon=True).start()
routes.look()
sys.stdin.read()
"""


@pytest.fixture
def pactl(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A program that watches, and the folder in which its sound server is written down."""
    program = tmp_path / "pactl"
    program.write_text(PACTL.format(folder=tmp_path))
    program.chmod(0o755)
    (tmp_path / "events").touch()
    path = f"{tmp_path}:{os.environ['PATH']}"
    with subprocess.Popen(
        [sys.executable, "-c", WATCHER],
        env=os.environ | {"PATH": path, "PULSE_SERVER": "here"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as watcher:
        write(tmp_path, watcher, 1)
        until(lambda: (tmp_path / "pid").exists() and calls(tmp_path) >= 3)
        yield tmp_path, watcher
        watcher.kill()


def write(folder: Path, watcher: subprocess.Popen[str], device: int, event: str = "") -> None:
    """Our stream is connected to the device, and the server tells of something."""
    (folder / "streams").write_text(LISTING.format(device=device, pid=watcher.pid))
    with (folder / "events").open("a") as events:
        events.write(f"{event}\n" if event else "")


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines())


def until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_moved_stream_is_seen_and_others_are_not(
    pactl: tuple[Path, subprocess.Popen[str]],
) -> None:
    folder, watcher = pactl
    assert watcher.stdout
    write(folder, watcher, 1, "Event 'change' on source-output #7")
    until(lambda: calls(folder) == 4)
    write(folder, watcher, 2, "Event 'change' on source-output #3")  # somebody else's
    write(folder, watcher, 2, "Event 'change' on card #0")
    write(folder, watcher, 2**32 - 1, "Event 'change' on source-output #7")  # on its way
    until(lambda: calls(folder) == 5)
    write(folder, watcher, 2, "Event 'change' on source-output #7")
    assert watcher.stdout.readline() == "moved input\n"
    write(folder, watcher, 2, "Event 'new' on sink #4")
    assert watcher.stdout.readline() == "appeared\n"
    assert calls(folder) == 6


def test_the_listening_child_dies_with_us(pactl: tuple[Path, subprocess.Popen[str]]) -> None:
    folder, watcher = pactl
    child = Path("/proc") / (folder / "pid").read_text().strip()
    assert child.exists()
    watcher.kill()
    until(lambda: not child.exists())


def test_without_pactl_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    Routes(lambda direction: None, lambda: None).run()  # returns


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

    from .rig.audiorig import refresh_portaudio

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
    supervisor = Supervisor([microphone, loudspeaker], Keeper())
    threading.Thread(target=audio_rig.say, args=[said]).start()
    until(lambda: supervisor._look() or (at > 1.2 * RATE and sum(map(len, heard)) > 1.4 * RATE))
    for port in (microphone, loudspeaker):
        assert port.status.detail == "48000 Hz, 2 channels, int16"
        port.close()
    for recording in (np.concatenate(heard), tap.stop()):
        loud = np.flatnonzero(np.abs(recording) > 4000)
        assert len(loud) == pytest.approx(0.839 * RATE, rel=0.03)  # as of any such tone
        whole = recording[loud[0] : loud[-1]].astype(float)
        rate = np.fft.rfftfreq(len(whole), 1 / RATE)[np.argmax(np.abs(np.fft.rfft(whole)))]
        assert rate == pytest.approx(440, abs=1)
        assert np.max(np.abs(whole)) == pytest.approx(16000, rel=0.1)
