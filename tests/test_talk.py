"""The talk key, and what is heard while it is up. (The terminal itself: test_talk_tty.)"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from robot_voice.talk import (
    FIRST_REPEAT_SECONDS,
    MUTED,
    OPENING_SECONDS,
    REPEAT_GAP_SECONDS,
    UNMUTED,
    Gate,
    PushToTalk,
    _obey,
    metered,
)
from robot_voice.types import AudioFrame, Heard, SoftEnd, SpeechStarted
from robot_voice.vad.segmenter import Segmenter, SegmenterConfig

WINDOW = 512
FRAME = WINDOW / 16_000


def test_press_and_press_again() -> None:
    key = PushToTalk()
    assert not key.held(0.0)
    key.press(1.0)
    assert key.held(1.0)
    assert key.held(60.0)
    key.press(60.0)
    assert not key.held(60.0)


def test_a_held_key_is_held_until_its_repeats_stop() -> None:
    key = PushToTalk()
    key.press(1.0)
    at = 1.0 + FIRST_REPEAT_SECONDS / 2
    while at < 5.0:
        key.press(at)
        assert key.held(at)
        at += 0.05
    assert key.held(at + REPEAT_GAP_SECONDS / 2)
    assert not key.held(at + REPEAT_GAP_SECONDS)
    key.press(at + 2)
    assert key.held(at + 2)


class Room:
    """A microphone that hears a loud room, but for the time it is closed, or silent by itself.

    Its clock is that of its frames; ``then[n]`` is done right before the n-th.
    """

    def __init__(self, frames: int, opening: int = 2) -> None:
        """``opening``: frames it takes to open."""
        self.calls: list[str] = []
        self.then: dict[int, Callable[[], None]] = {}
        self.silent = False
        self.time = 0.0
        self._frames, self._opening = frames, opening
        self._deaf = 0.0  # frames to come

    def mute(self, muted: bool) -> None:
        self.calls.append("closed" if muted else "open")
        self._deaf = float("inf") if muted else self._opening

    def hold(self, held: bool) -> None:
        self.calls.append("hold" if held else "release")

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[Heard]]:
        yield self._heard()

    async def _heard(self) -> AsyncIterator[Heard]:
        for n in range(self._frames):
            self.time = n * FRAME
            self.then.get(n, lambda: None)()
            deaf = self.silent or self._deaf > 0
            self._deaf -= 1
            samples = np.full(WINDOW, 0.0 if deaf else 0.5, np.float32)
            yield Heard(AudioFrame(samples, self.time), 0.3)


class Meter:
    """How many frames were shown between two releases of the key."""

    def __init__(self) -> None:
        self.shown = [0]

    def __call__(self, frame: AudioFrame | None) -> None:
        if frame is None:
            self.shown.append(0)
        else:
            self.shown[-1] += 1


def gate_of(room: Room, closes: bool, hear: Callable[[AudioFrame | None], None]) -> Gate:
    return Gate(room, closes, hear, lambda: room.time)


def hear_all(gate: Gate) -> list[Heard]:
    async def scenario() -> list[Heard]:
        async with gate.listen() as frames:
            return [heard async for heard in frames]

    return asyncio.run(scenario())


def speech(heard: Sequence[Heard]) -> str:
    """A letter a frame: what the pipeline hears ("!" speech, "?" speech without a sound)."""
    letters = {(1.0, True): "!", (1.0, False): "?", (0.0, False): "."}
    return "".join(letters[each.speech, bool(each.frame.samples.any())] for each in heard)


def test_nothing_is_heard_while_the_key_is_up() -> None:
    room, meter = Room(40), Meter()
    gate = gate_of(room, False, meter)
    room.then = {5: gate.press, 35: gate.press}
    assert speech(hear_all(gate)) == "....." + 30 * "!" + "....."
    assert room.calls == ["hold"]  # the microphone stays open: the echo canceller listens
    assert meter.shown == [30, 0]


def test_the_microphone_is_closed_while_the_key_is_up() -> None:
    room, meter = Room(40, opening=3), Meter()
    gate = gate_of(room, True, meter)
    assert room.calls == ["closed"]  # before anybody listens
    room.then = {5: gate.press, 35: gate.press}
    assert speech(hear_all(gate)) == "....." + "..." + 27 * "!" + "....."  # heard once it is open
    assert room.calls == ["closed", "open", "hold", "closed"]
    assert meter.shown == [27, 0]


def test_the_microphone_closes_when_the_repeats_of_a_held_key_stop() -> None:
    room = Room(60)
    gate = gate_of(room, True, Meter())
    room.then = {n: gate.press for n in range(5, 30)}
    heard = speech(hear_all(gate))
    assert room.calls == ["closed", "open", "hold", "closed"]
    assert (heard.rindex("!") + 2) * FRAME > 29 * FRAME + REPEAT_GAP_SECONDS
    assert heard.endswith(".....")


@pytest.mark.parametrize("closes", [True, False])
def test_a_silent_microphone_is_believed_after_a_while(closes: bool) -> None:
    room, meter = Room(40), Meter()
    room.silent = True
    gate = gate_of(room, closes, meter)
    room.then = {5: gate.press}
    first = speech(hear_all(gate)).index("?")
    assert (first - 5 - 1) * FRAME < OPENING_SECONDS <= (first - 5) * FRAME
    assert meter.shown == [40 - first]  # and the meter can tell that there is no signal


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("held", [1, 2, 3, 12])
def test_however_short_a_press_the_floor_is_given_back(closes: bool, held: int) -> None:
    """Pressing holds the loudspeaker; the pipeline lets it go at the end of what it took for an
    utterance, so there must be one."""
    room = Room(30)
    gate = gate_of(room, closes, Meter())
    room.then = {5: gate.press, 5 + held: lambda: gate.mute(True)}
    segmenter = Segmenter(SegmenterConfig(soft_end_seconds=0.05))
    found = [type(each) for heard in hear_all(gate) for each in segmenter.push(heard)]
    assert found == [SpeechStarted, SoftEnd]
    assert room.calls.count("hold") == 1


@pytest.mark.parametrize("closes", [True, False])
def test_muted_means_closed_key_or_no_key(closes: bool) -> None:
    room = Room(60)
    gate = gate_of(room, closes, Meter())

    def unmute() -> None:
        gate.mute(False)

    room.then = {5: gate.press, 20: lambda: gate.mute(True), 25: gate.press, 40: unmute}
    assert "!" not in speech(hear_all(gate))[20:]  # the press while muted does not count later
    before, after = (["closed", "open"], []) if closes else ([], ["open"])
    assert room.calls == [*before, "hold", "closed", *after]


def test_an_interpreter_has_a_meter_too() -> None:
    room, meter = Room(4), Meter()

    async def scenario() -> list[Heard]:
        async with metered(room.listen, meter)() as frames:
            return [heard async for heard in frames]

    assert [heard.speech for heard in asyncio.run(scenario())] == [0.3] * 4
    assert meter.shown == [4]


def test_keys() -> None:
    room = Room(0)
    gate = gate_of(room, False, Meter())
    said: list[str] = []

    async def keys() -> AsyncIterator[str]:
        for letter in " xm m\x1b qm":
            yield letter

    async def interrupt() -> None:
        said.append("silence")

    asyncio.run(_obey(keys(), gate, interrupt, said.append))
    assert said == [MUTED, UNMUTED, "silence"]
    assert room.calls == ["hold", "closed", "open", "hold"]


def test_the_end_of_the_keys_is_the_end() -> None:
    gate = gate_of(Room(0), False, Meter())

    async def keys() -> AsyncIterator[str]:
        yield "\x04"
        raise AssertionError("read on after the end")

    async def interrupt() -> None: ...

    asyncio.run(_obey(keys(), gate, interrupt, lambda line: None))
