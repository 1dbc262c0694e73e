"""What a person sees: captions while the words come, and what stays of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console, Group

from robot_voice.events import (
    Captioned,
    Committed,
    DeviceChanged,
    Dismissed,
    EchoChanged,
    Event,
    Muted,
    SpeakingStarted,
    StopRequested,
    Transcribed,
    TurnEnded,
    UserPaused,
    UserStarted,
)
from robot_voice.meter import Level
from robot_voice.types import AudioFrame, Transcript
from robot_voice.view import CaptionLine, LiveView, meter, news

SAID = Transcript("turn to the left", "en")


def terminal(*, watched: bool = True) -> Console:
    return Console(file=io.StringIO(), force_terminal=watched, width=60, color_system=None)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_captions_grow_and_the_committed_words_stay() -> None:
    console = terminal()
    line = CaptionLine(console)
    line(UserStarted(0.5))
    line(Captioned(2.6, "turn to", "the lift", "en"))
    line(Committed(4.0, 1, SAID, 0.4, 0.4))
    line.close()
    text = written(console)
    assert "turn to the lift" in text
    assert text.rstrip().splitlines()[-1].endswith("turn to the left")


def test_where_nobody_watches_only_committed_words_are_printed() -> None:
    console = terminal(watched=False)
    line = CaptionLine(console)
    line(Captioned(2.6, "turn to", "the lift", "en"))
    line(Dismissed(3.0, 1, "no words"))
    line(Committed(4.0, 2, SAID, 0.4, 0.4))
    line(Committed(9.0, 3, Transcript("", "en"), 0.4, 0.4))  # asked for again
    line.close()
    assert written(console).strip() == "turn to the left"


def test_the_view_shows_a_caption_while_the_user_speaks() -> None:
    console = terminal()
    with LiveView(console, "Nuri") as view:
        view(UserStarted(0.5))
        view(Captioned(2.6, "turn to", "the lift", "en"))
        view._live.refresh()
        during = written(console)
    assert "turn to the lift" in during


def test_the_caption_stays_until_the_words_are_there() -> None:
    view = LiveView(terminal(), "Nuri")
    view(UserStarted(0.5))
    view(Captioned(2.6, "turn to", "the lift", "en"))
    view(UserPaused(3.0, 1, 0.2))
    assert "turn to the lift" in screen(view)
    view(Transcribed(3.2, 1, SAID))
    assert "turn to the lift" not in screen(view)
    assert "turn to the left" in screen(view)


def screen(view: LiveView) -> str:
    """What the view shows right now, below what stays."""
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(Group(*view._present()))
    return written(console)


def frames(amplitude: float, seconds: float = 0.5) -> list[AudioFrame]:
    signs = np.resize(np.array([1, -1], np.float32), 512)
    return [AudioFrame(amplitude * signs, n * 0.032) for n in range(round(seconds / 0.032))]


@pytest.mark.parametrize(
    ("decibels", "shown"),
    [
        (-80, "▯▯▯▯▯▯ -80 dB"),
        (-60, "▯▯▯▯▯▯ -60 dB"),
        (-52, "▮▯▯▯▯▯ -52 dB"),
        (-23, "▮▮▮▮▯▯ -23 dB"),
        (-1, "▮▮▮▮▮▮ -1 dB"),
    ],
)
def test_the_meter_shows_the_level(decibels: float, shown: str) -> None:
    level = Level()
    for frame in frames(10 ** (decibels / 20)):
        level.push(frame)
    assert meter(level).plain == shown


def test_the_meter_keeps_the_peak() -> None:
    level = Level()
    for frame in frames(0.1) + frames(0.003, 0.3):
        level.push(frame)
    assert meter(level).plain.startswith("▮▮▯▮▯▯")


def test_the_meter_says_what_is_wrong() -> None:
    level = Level()
    for frame in frames(1.0):
        level.push(frame)
    assert meter(level).plain.endswith("too loud")
    for frame in frames(0.0, 3.0):
        level.push(frame)
    assert meter(level).plain == "no signal: is it muted?"


def test_the_meter_is_shown_only_while_somebody_is_listened_to() -> None:
    view = LiveView(terminal(), "Nuri")
    assert "dB" not in screen(view)
    view(UserStarted(0.5))
    for frame in frames(0.1):
        view.hear(frame)
    assert "hearing you ▮▮▮▮▯▯ -20 dB" in screen(view)
    view.hear(None)
    assert "dB" not in screen(view)


def test_being_deaf_to_its_own_voice_is_no_fault_of_the_microphone() -> None:
    view = LiveView(terminal(), "Nuri")
    view(UserPaused(1.0, 1, 0.2))
    view(SpeakingStarted(2.0, 1))
    for frame in frames(0.0, 3.0):
        view.hear(frame)
    assert "dB" not in screen(view)
    view(TurnEnded(5.0, 1, "", finished=True))
    for frame in frames(0.0):
        view.hear(frame)
    assert "no signal" not in screen(view)
    for frame in frames(0.0, 1.0):
        view.hear(frame)
    assert "no signal" in screen(view)


def test_a_closed_microphone_is_seen() -> None:
    view = LiveView(terminal(), "Nuri")
    view(Muted(1.0, muted=True))
    assert "mic off" in screen(view)
    view(UserPaused(2.0, 1, 0.2))
    assert "thinking" in screen(view)  # that matters more
    view(Dismissed(3.0, 1))
    assert "mic off" in screen(view)
    view(Muted(4.0, muted=False))
    assert "listening" in screen(view)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (StopRequested(1.0, "멈춰"), "stop!   멈춰"),
        (EchoChanged(1.0, "half-duplex", "it clips"), "echo: half-duplex, because it clips"),
        (EchoChanged(1.0, "aec"), "echo: aec"),
        (DeviceChanged(1.0, "microphone", False, "unplugged"), "The microphone is gone: unplugged"),
        (DeviceChanged(1.0, "microphone", True), "The microphone is back"),
    ],
)
def test_news_stay_on_the_screen(event: Event, line: str) -> None:
    console = terminal()
    LiveView(console, "Nuri")(event)
    assert written(console) == f"{line}\n"


def test_most_events_are_no_news() -> None:
    assert news(UserStarted(1.0)) is None
    assert news(Muted(1.0, muted=True)) is None
