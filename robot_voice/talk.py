"""Push-to-talk in a terminal. Works over ssh, with the microphone of the machine it runs on.

A terminal tells of key presses, not of releases. So the key works both ways: press it to begin
and again to end; or hold it, and the stream of repeats that a held key makes keeps the microphone
open until it stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console

from .audio.device import DeviceAudio
from .build import STARTER_NOTICE, Listen, assemble
from .errors import AudioError
from .events import EventBus
from .settings import Loaded
from .types import AudioFrame, Heard
from .view import LiveView

FIRST_REPEAT_SECONDS = 0.8
"""A held key begins to repeat within this (common terminals and X: 0.25 to 0.66 s)."""

REPEAT_GAP_SECONDS = 0.3
"""A held key repeats at least this often (common: 25 to 50 ms; slow links bunch them up)."""

HINT = "SPACE to talk: hold it, or press and press again · ESC silences · q quits"


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


def gated(listen: Listen, held: Callable[[], bool]) -> Listen:
    """Hear only while ``held()``: then everything is speech, else all is silence."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncIterator[Heard]]:
        async with listen() as frames:
            yield through(frames)

    async def through(frames: AsyncIterator[Heard]) -> AsyncIterator[Heard]:
        async for heard in frames:
            if held():
                yield replace(heard, speech=1.0)
            else:
                frame = heard.frame
                yield Heard(AudioFrame(np.zeros_like(frame.samples), frame.start, frame.rate), 0.0)

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
        async with assemble(loaded, device.listen, device, view) as assistant:
            with view:
                await assistant.pipeline.run()


async def _need_microphone(device: DeviceAudio) -> None:
    microphone = (await device.first_status()).microphone
    if not microphone.present:
        raise AudioError(
            f"no microphone: {microphone.detail}. `robot-voice devices` lists what there is; "
            "`robot-voice talk --input FILE` takes a recording instead"
        )


async def _talk(loaded: Loaded) -> None:
    config = loaded.config
    loop = asyncio.get_running_loop()
    view = LiveView(Console(), config.persona.name, HINT)
    events = EventBus(view)
    key = PushToTalk()
    async with DeviceAudio(config.audio, config.vad, events.emit, barge_in=False) as device:
        await _need_microphone(device)
        listen = gated(device.listen, lambda: key.held(loop.time()))
        async with (
            assemble(loaded, listen, device, view) as assistant,
            asyncio.TaskGroup() as tasks,
        ):
            if assistant.models.starter:
                view.say(STARTER_NOTICE)
            running = tasks.create_task(assistant.pipeline.run())
            with view, _keys() as pressed:
                async for letter in pressed:
                    if letter == " ":
                        key.press(loop.time())
                    elif letter == "\x1b":
                        await assistant.pipeline.interrupt()
                    elif letter in "qQ\x04":
                        break
            running.cancel()


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
