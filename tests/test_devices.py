"""Choosing, opening and watching sound devices: every card, every fault, on a fake PortAudio."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from robot_voice.audio.devices import DeviceInfo, Direction, find_device, is_chosen
from robot_voice.audio.formats import Format, is_refusal
from robot_voice.audio.streams import Port
from robot_voice.audio.supervisor import Supervisor
from robot_voice.errors import AudioError, ConfigError

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
    monkeypatch.setattr("robot_voice.audio.supervisor._ALONE_SECONDS", 0.0)
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
    assert blocks[0][0] == 160
    assert blocks[0][1] == pytest.approx(0.05)


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


def again(port: Port, supervisor: Supervisor) -> None:
    port.retry_at = 0.0
    supervisor._look()


def test_the_list_of_devices_is_read_anew_now_and_then(card: Card) -> None:
    port, supervisor, _ = supervised("card")
    card.present = False
    for _ in range(7):
        again(port, supervisor)
    assert card.refreshed == 2
    port, supervisor, _ = supervised("another")  # not in the list: each time
    for _ in range(4):
        again(port, supervisor)
    assert card.refreshed == 2 + 3
    opened = list[bool]()
    supervisor.on_open = lambda: opened.append(True)
    card.present, card.name = True, "another"
    again(port, supervisor)
    assert opened == [True]


def test_a_healthy_stream_is_interrupted_only_upon_news(card: Card) -> None:
    ports = [
        Port("input", "card", 320, lambda *_: None),
        Port("output", "x", 320, lambda *_: None),
    ]
    keeper = Keeper()
    supervisor = Supervisor(ports, keeper)
    supervisor._look()
    card.streams[0].call()
    for _ in range(12):
        again(ports[1], supervisor)
    assert card.refreshed == 0
    assert ports[1].failures > 10
    supervisor.hurry()
    supervisor._look()
    assert card.refreshed == 1
    assert keeper.told == ["lost"]
    supervisor._look()
    assert ports[0].is_open


def test_streams_are_opened_one_at_a_time_and_the_lost_one_first(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = [
        Port("input", "card", 320, lambda *_: None),
        Port("output", "card", 320, lambda *_: None),
    ]
    supervisor = Supervisor(ports, Keeper())
    supervisor._look()
    assert [port.is_open for port in ports] == [True, False]
    supervisor._look()
    assert all(port.is_open for port in ports)
    for port in ports:
        port.close()
    ports[1].failures = 1
    monkeypatch.setattr("robot_voice.audio.supervisor._ALONE_SECONDS", 60.0)
    for _ in range(3):
        supervisor._look()
    assert [port.is_open for port in ports] == [False, True]


def test_a_card_that_only_fills_its_buffer_does_not_play(card: Card) -> None:
    port = Port("output", "card", 160, lambda pcm, now, delay: None)
    card.present = False
    port.open()
    card.present = True
    port.open()
    for _ in range(4):
        card.streams[0].call()
    port.check(time.monotonic())
    assert not port.status.present
    for _ in range(10):
        card.streams[0].call()
    port.check(time.monotonic())
    assert port.status.present


def test_a_device_that_is_back_but_silent_is_opened_again_soon(card: Card) -> None:
    port, supervisor, _ = supervised("card")
    card.present = False
    again(port, supervisor)
    card.present = True
    for attempt, patience in enumerate((0.7, 2.0, 2.0)):
        again(port, supervisor)
        assert len(card.streams) == attempt + 1
        opened = time.monotonic()
        assert port.check(opened + patience - 0.2)
        assert not port.check(opened + patience + 0.2)
        assert "gives no sound" in port.status.detail


def test_a_start_that_never_returns_is_seen(card: Card) -> None:
    port, supervisor, _ = supervised("card")
    assert not supervisor.hung()
    port.starting = time.monotonic() - 3
    assert supervisor.hung()


def test_hours_without_a_device(card: Card) -> None:
    port, _, _ = supervised("card")
    card.present, port.failures = False, 5000
    port.open()
    assert port.retry_at - time.monotonic() == pytest.approx(2, abs=0.5)
