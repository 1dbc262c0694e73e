"""Push-to-talk in a terminal. Works over ssh, with the microphone of the machine it runs on.

A terminal tells of key presses, not of releases. So the key works both ways: press it to begin
and again to end; or hold it, and the stream of repeats that a held key makes keeps the microphone
open until it stops.

Where the echo is not cancelled the microphone is closed while the key is up; the echo canceller,
which has to know the room, is given its sound all the time, and nobody else is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from rich.console import Console

from .audio import wire
from .audio.device import DeviceAudio
from .audio.echo import resolve_echo
from .build import STARTER_NOTICE, Listen, assemble
from .errors import AudioError
from .events import EventBus
from .settings import Loaded
from .types import AudioFrame, Heard, Stream
from .vad.segmenter import SegmenterConfig
from .view import LiveView

FIRST_REPEAT_SECONDS = 0.8
"""A held key begins to repeat within this (common terminals and X: 0.25 to 0.66 s)."""

REPEAT_GAP_SECONDS = 0.3
"""A held key repeats at least this often (common: 25 to 50 ms; slow links bunch them up)."""

OPENING_SECONDS = 0.4
"""How long a microphone may stay silent after the key was pressed until that silence is believed:
it takes 0.1 s to open, and half-duplex is deaf for 0.25 s after the robot's own sound."""

VOICE_SECONDS = SegmenterConfig().start_seconds
"""The shortest voice to which the pipeline gives the floor."""

HINT = "hold SPACE to talk, or tap twice · m mute · ESC silence · q quit"
MUTED = "The microphone is muted; m opens it again."
UNMUTED = "The microphone is no longer muted."


@dataclass(slots=True)
class PushToTalk:
    """Turns key presses into "held". Pure: times are given, in seconds."""

    pressed_at: float | None = None
    repeated_at: float | None = None

    def press(self, now: float) -> None:
        if not self.held(now):
            self.pressed_at, self.repeated_at = now, None
        elif self.repeated_at is not None or now - self._began < FIRST_REPEAT_SECONDS:
            self.repeated_at = now
        else:
            self.pressed_at = self.repeated_at = None

    def held(self, now: float) -> bool:
        if self.pressed_at is None:
            return False
        if self.repeated_at is not None and now - self.repeated_at > REPEAT_GAP_SECONDS:
            self.pressed_at = self.repeated_at = None
            return False
        return True

    @property
    def _began(self) -> float:
        return self.pressed_at or 0.0


class Device(Protocol):
    """What the talk key needs of the sound devices."""

    def listen(self) -> Stream[Heard]: ...

    def mute(self, muted: bool) -> None:
        """Close the microphone, or open it again. Meanwhile there are frames of silence."""

    def hold(self, held: bool) -> None:
        """Silence the loudspeaker at once, keeping what it has to say; or let it go on."""


class Gate:
    """The talk key between the microphone and the pipeline.

    While it is held all that is heard is speech; else all is silence. Pressing it silences the
    robot at once. What the robot was saying is over when there were words, and goes on if not.
    """

    def __init__(
        self,
        device: Device,
        closes: bool,
        hear: Callable[[AudioFrame | None], None],
        now: Callable[[], float],
    ) -> None:
        """``closes``: while the key is up the microphone is closed, not only ignored. ``hear`` is
        given every frame that is let through, and None when the key is let go. ``now``: the time
        in seconds. The microphone is closed from now on if need be."""
        self._device, self._closes, self._hear, self._now = device, closes, hear, now
        self._key = PushToTalk()
        self.muted = False
        """Whether the user wants to be heard by nobody, key or no key."""
        self._closed = self._held = False
        self._pressed_at = 0.0
        self._is_open = False  # sound has come since the key was pressed
        self._owed = 0.0  # seconds of voice until the pipeline knows that the key was pressed
        self._settle()

    def press(self) -> None:
        """The talk key was pressed, or repeats itself. Without effect while muted."""
        if not self.muted:
            self._key.press(self._now())
            self._settle()

    def mute(self, muted: bool) -> None:
        """Let go of the talk key and close the microphone; or let the key decide again."""
        self.muted, self._key = muted, PushToTalk()
        self._settle()

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[AsyncIterator[Heard]]:
        """The microphone as the pipeline hears it."""
        async with self._device.listen() as frames:
            yield self._through(frames)

    async def _through(self, frames: AsyncIterator[Heard]) -> AsyncIterator[Heard]:
        async for heard in frames:
            self._settle()
            frame, passes = heard.frame, self._held and self._opened(heard.frame)
            if passes:
                self._hear(frame)
            else:
                frame = AudioFrame(np.zeros_like(frame.samples), frame.start, frame.rate)
            # A key that was let go too soon counts as a short silence: whoever took the floor has
            # to give it back.
            speech = 1.0 if passes or (not self._held and self._owed > 0) else 0.0
            self._owed -= speech * frame.seconds
            yield replace(heard, frame=frame, speech=speech)

    def _opened(self, frame: AudioFrame) -> bool:
        """Has the microphone begun to hear since the key was pressed?"""
        waited = self._now() - self._pressed_at >= OPENING_SECONDS
        self._is_open = self._is_open or waited or bool(frame.samples.any())
        return self._is_open

    def _settle(self) -> None:
        """Let the devices follow the keys."""
        held = not self.muted and self._key.held(self._now())
        closed = self.muted or (self._closes and not held)
        if closed != self._closed:
            self._closed = closed
            self._device.mute(closed)
        if held and not self._held:
            self._device.hold(True)
            self._pressed_at, self._is_open, self._owed = self._now(), False, VOICE_SECONDS
        elif self._held and not held:
            self._hear(None)
        self._held = held


def metered(listen: Listen, hear: Callable[[AudioFrame], None]) -> Listen:
    """The same, and ``hear`` is given every frame."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncIterator[Heard]]:
        async with listen() as frames:
            yield through(frames)

    async def through(frames: AsyncIterator[Heard]) -> AsyncIterator[Heard]:
        async for heard in frames:
            hear(heard.frame)
            yield heard

    return opened


def run_talk(loaded: Loaded) -> None:
    """Talk until the user quits. Raises ``AudioError`` without a terminal or a microphone."""
    if not sys.stdin.isatty():
        raise AudioError(
            "talk needs a terminal to read the talk key from; "
            "`robot-voice talk --input FILE` and `robot-voice ask FILE...` take recorded speech"
        )
    config = loaded.config.model_copy(update={"mode": "push-to-talk"})
    asyncio.run(_talk(replace(loaded, config=config)))


def run_interpreter(loaded: Loaded) -> None:
    """Interpret what the microphone hears until Ctrl-C. Raises ``AudioError`` without one."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_interpret(loaded))


async def _interpret(loaded: Loaded) -> None:
    config = loaded.config
    view = LiveView(Console(), config.persona.name, f"{'<->'.join(config.interpret.between)}")
    events = EventBus(view)
    async with DeviceAudio(config.audio, config.vad, events.emit, barge_in=False) as device:
        await _need_microphone(device)
        listen = metered(device.listen, view.hear)
        async with assemble(loaded, listen, device, view) as assistant:
            with view:
                await assistant.pipeline.run()


async def _need_microphone(device: DeviceAudio) -> None:
    microphone = (await device.first_status()).microphone
    if not microphone.present and microphone.detail != wire.MUTED:
        raise AudioError(
            f"no microphone: {microphone.detail}. `robot-voice devices` lists what there is; "
            "`robot-voice talk --input FILE` takes a recording instead"
        )


async def _talk(loaded: Loaded) -> None:
    config = loaded.config
    view = LiveView(Console(), config.persona.name, HINT)
    events = EventBus(view)
    async with DeviceAudio(config.audio, config.vad, events.emit, barge_in=False) as device:
        await _need_microphone(device)
        closes = resolve_echo(config.audio.echo) != "aec"
        gate = Gate(device, closes, view.hear, asyncio.get_running_loop().time)
        async with (
            assemble(loaded, gate.listen, device, view) as assistant,
            asyncio.TaskGroup() as tasks,
        ):
            if assistant.models.starter:
                view.say(STARTER_NOTICE)
            running = tasks.create_task(assistant.pipeline.run())
            with view, _keys() as pressed:
                await _obey(pressed, gate, assistant.pipeline.interrupt, view.say)
            running.cancel()


async def _obey(
    pressed: AsyncIterator[str],
    gate: Gate,
    interrupt: Callable[[], Awaitable[None]],
    say: Callable[[str], None],
) -> None:
    """Do what the keys say, until one of them quits."""
    async for letter in pressed:
        match letter:
            case " ":
                gate.press()
            case "m" | "M":
                gate.mute(not gate.muted)
                say(MUTED if gate.muted else UNMUTED)
            case "\x1b":
                await interrupt()
            case "q" | "Q" | "\x04":
                return


@contextmanager
def _keys() -> Iterator[AsyncIterator[str]]:
    """Keys as they are pressed, without waiting for Enter; the terminal is restored after."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[str] = asyncio.Queue(64)

    def read() -> None:
        typed = os.read(terminal, 64)
        if len(typed) > 1 and typed.startswith(b"\x1b"):  # an arrow key, or another escape code
            return
        for letter in typed.decode(errors="ignore") if typed else "\x04":
            if not waiting.full():  # a key that leans on the queue is a held key: repeats may go
                waiting.put_nowait(letter)

    async def pressed() -> AsyncIterator[str]:
        while True:
            yield await waiting.get()

    tty.setcbreak(terminal)
    loop.add_reader(terminal, read)
    try:
        yield pressed()
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
