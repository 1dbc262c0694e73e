"""The room: microphone and loudspeaker, in a process of their own.

    async with DeviceAudio(config.audio, config.vad, emit) as audio:
        status = await audio.first_status()
        async with audio.listen() as frames: ...

The audio process is started anew when it dies or falls silent; the microphone's stream goes on
and the loudspeaker goes on with the sample that was next. Only when it dies again and again do
the streams raise ``AudioError``.
"""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType

from robot_voice import errors
from robot_voice.config import AudioConfig, VadConfig
from robot_voice.errors import AudioError, VoiceError
from robot_voice.events import DeviceChanged, EchoChanged, Event, Muted, SoundLost
from robot_voice.types import RATE, AudioFrame, Heard, Stream

from .clips import to_float
from .link import Link
from .remote import RemoteSpeaker
from .settings import settings_of
from .wire import (
    MUTED,
    DeviceStatus,
    Lost,
    Motion,
    Mute,
    Position,
    Refusal,
    Status,
    ToAudio,
    ToRobot,
    Window,
)

_SILENCE_SECONDS = 3.0
"""The audio process says something 30 times a second. After so long without a word it hangs."""

_START_SECONDS = 15.0
"""The same for its first word; imports take 0.5 s, on a slow and busy computer 5."""

_LIVES = 5
"""Deaths in a row after which it is given up. A life of ``_LONG_SECONDS`` clears the count."""
_LONG_SECONDS = 10.0

_QUEUE_WINDOWS = 300
"""Windows kept for a pipeline that does not take them, about 10 s. The oldest are dropped."""

_GRACE_WINDOWS = 12
"""A voice made the audio process hold the loudspeaker. Once the pipeline has taken in so many
more windows without a ``hold(True)``, it does not agree, and its word counts."""


class DeviceAudio(RemoteSpeaker):
    """Both ``Microphone`` and ``Speaker``. Use it as an async context manager."""

    def __init__(
        self,
        config: AudioConfig,
        vad: VadConfig,
        emit: Callable[[Event], None],
        barge_in: bool = True,
    ) -> None:
        """``emit`` is told of devices that go and come, and of lost sound. ``barge_in``: a voice
        holds the loudspeaker at once; switch it off for push-to-talk."""
        super().__init__(config.ahead_seconds, self._pass_on, self._take_in)
        self._settings = settings_of(config, vad, barge_in)
        self._emit = emit
        self._link: Link | None = None
        self._status: Status | None = None
        self._level = 0.0  # of the body's motion
        self._present = {"microphone": True, "loudspeaker": True}  # as was last told
        self._windows: deque[Window] = deque(maxlen=_QUEUE_WINDOWS)
        self._arrived = asyncio.Event()
        self._listening = False
        self._offset = 0  # samples heard by earlier audio processes
        self._end = 0  # end of the newest window
        self._deaths = 0
        self._born = self._progress = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> DeviceAudio:
        self._start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._fail(AudioError("the sound devices were closed"))
        link, self._link = self._link, None
        if link is not None:
            await link.end()

    @property
    def progress(self) -> float:
        """Loop time at which sound last came from the audio process. While there is no microphone
        silence comes instead, so a robot with its microphone unplugged still makes progress."""
        return self._progress

    @property
    def pid(self) -> int | None:
        """The audio process; None while there is none."""
        return self._link.pid if self._link else None

    async def first_status(self) -> Status:
        """Wait until both devices were opened, or could not be; tell how it is now. Raises
        ``ConfigError`` or ``ModelError`` when the audio process cannot work as configured, and
        ``AudioError`` when it cannot be started."""
        while self._status is None:
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()
        return self._status

    def motion(self, level: float) -> None:
        """From now on the robot's own body moves this much, from 0 to 1: a sound must be more like
        a voice to hold the loudspeaker."""
        self._level = level
        self._pass_on(Motion(level))

    @property
    def muted(self) -> bool:
        """Whether the microphone is closed because somebody wanted that."""
        return self._settings.muted

    def mute(self, muted: bool) -> None:
        """Close the microphone, or open it again. Closed, nothing records, in any process of
        ours; ``listen`` gives silence, the loudspeaker goes on, and a microphone that comes or
        goes meanwhile is not told of. Opening takes about 0.1 s."""
        if muted == self.muted:
            return
        self._settings = replace(self._settings, muted=muted)  # for a new audio process, too
        self._pass_on(Mute(muted))
        self._emit(Muted(asyncio.get_running_loop().time(), muted))

    def listen(self) -> Stream[Heard]:
        """The microphone, from now on. One listener at a time. A pipeline that does not keep up
        loses the oldest frames; the next one's ``start`` tells. Raises ``AudioError`` when there
        is no audio process any more."""

        @asynccontextmanager
        async def opened() -> AsyncIterator[AsyncIterator[Heard]]:
            self._windows.clear()
            self._listening = True
            try:
                yield self._frames()
            finally:
                self._listening = False

        return opened()

    async def _frames(self) -> AsyncIterator[Heard]:
        unsure = 0
        while True:
            while not self._windows:
                if self._failure is not None:
                    raise self._failure
                self._arrived.clear()
                await self._arrived.wait()
            window = self._windows.popleft()
            self._seen = window.start + len(window.samples)
            unsure = unsure + 1 if window.held else 0
            if unsure > _GRACE_WINDOWS:
                self.hold(self._held)
            samples = to_float(window.samples)
            yield Heard(AudioFrame(samples, (self._offset + window.start) / RATE), window.speech)

    # --- the audio process's lives ---------------------------------------------

    def _start(self) -> None:
        self._offset += self._end
        self._end = self._seen = 0
        self._link = Link(self._settings, self._receive, self._gone)
        self._born = asyncio.get_running_loop().time()
        self._begin_epoch()
        self.hold(self._held)
        self._pass_on(Motion(self._level))
        self._watch()

    def _watch(self) -> None:
        """Every second: is it alive?"""
        loop = asyncio.get_running_loop()
        self._take_in()  # if it was this loop that slept, its words are here already
        if self._link is None:
            return
        if self._progress > self._born:
            deadline = self._progress + _SILENCE_SECONDS
        else:
            deadline = self._born + _START_SECONDS
        if loop.time() > deadline:
            self._gone("the audio process hung and was ended")
        else:
            self._timer = loop.call_later(1.0, self._watch)

    def _gone(self, reason: str = "") -> None:
        loop = asyncio.get_running_loop()
        link, self._link = self._link, None
        if link is None or self._failure is not None:
            return
        code = link.kill()
        reason = reason or f"the audio process was ended by {_cause(code)}"
        self._cancel_timer()
        self._windows.clear()
        for device in self._present:
            if not (self.muted and device == "microphone"):  # nobody will see it come back
                self._tell(device, DeviceStatus("", present=False, detail=reason))
        self._deaths = 1 if loop.time() - self._born > _LONG_SECONDS else self._deaths + 1
        if self._deaths > _LIVES:
            self._fail(AudioError(f"{reason}, for the {self._deaths}th time in a row"))
        else:
            self._timer = loop.call_later(min(2.0, 0.05 * 2**self._deaths), self._start)

    def _fail(self, error: VoiceError) -> None:
        self._failure = self._failure or error
        self._cancel_timer()
        self._changed.set()
        self._arrived.set()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    # --- the wire --------------------------------------------------------------

    def _pass_on(self, message: ToAudio) -> None:
        if self._link is not None:
            self._link.send(message)

    def _take_in(self) -> None:
        if self._link is not None:
            self._link.catch_up()

    def _receive(self, message: ToRobot) -> None:
        match message:
            case Window():
                self._heard_window(message)
            case Position():
                self._moved(message)
            case Lost(samples):
                self._emit(SoundLost(asyncio.get_running_loop().time(), samples / RATE))
            case Status():
                self._took_status(message)
            case Refusal(kind, reason):
                self._fail(getattr(errors, kind, AudioError)(reason))

    def _heard_window(self, window: Window) -> None:
        self._progress = asyncio.get_running_loop().time()
        self._end = window.start + len(window.samples)
        if not self._listening:
            self._seen = self._end
            if window.held:  # nobody else will say that the voice does not matter
                self.hold(self._held)
            return
        if len(self._windows) == _QUEUE_WINDOWS:
            lost = self._windows.popleft()
            self._emit(SoundLost(self._progress, len(lost.samples) / RATE))
        self._windows.append(window)
        self._arrived.set()

    def _took_status(self, status: Status) -> None:
        devices = {"microphone": status.microphone, "loudspeaker": status.loudspeaker}
        for name, device in devices.items():
            known = device.present or device.detail  # else it is still being opened
            if known and device.detail != MUTED:
                self._tell(name, device)
        if self._status and status.echo_reason != self._status.echo_reason:
            now = asyncio.get_running_loop().time()
            self._emit(EchoChanged(now, status.echo, status.echo_reason))
        if all(device.present or device.detail for device in devices.values()) or self._status:
            self._status = status
            self._changed.set()

    def _tell(self, device: str, status: DeviceStatus) -> None:
        if self._present[device] != status.present:
            self._present[device] = status.present
            now = asyncio.get_running_loop().time()
            detail = status.detail or status.name
            if status.present and status.detail:
                detail = f"{status.name} ({status.detail})"
            self._emit(DeviceChanged(now, device, status.present, detail))


def _cause(code: int) -> str:
    """``code`` as ``subprocess`` gives it: negative when a signal did it."""
    return signal.Signals(-code).name if code < 0 else f"itself (exit code {code})"
