"""Keeps the microphone and the loudspeaker open.

A PortAudio stream that dies says so at best by its finished callback and never by an exception;
one that stalls says nothing at all. So a stream is believed only while its callbacks come.
A device that was unplugged can be opened again by its name once it is back, but a device list
that changed is seen only after PortAudio was shut down and started anew, for which every stream
must be closed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from robot_voice.errors import VoiceError
from robot_voice.types import RATE

from .devices import Direction, find_device, list_devices, quiet, sounddevice
from .ring import Pcm
from .wire import DeviceStatus

_OPENING = 2.0
"""Seconds a stream has for its first callback. A sound server may take 1.9 s to begin."""

_STALL_BLOCKS = 10
_STALL_SECONDS = 0.25
"""No callback for so many blocks, and so many seconds, is a stall. On a loaded machine without
real-time priority a healthy stream was seen to pause for 0.18 s."""

_BACK_OFF = (0.1, 2.0)
"""First and longest pause in seconds between attempts to open; doubled each time."""

_POLL = 0.1
"""Seconds between looks at the streams."""

_REFRESH_AFTER = 3
"""Attempts after which a healthy stream is interrupted for a fresh list of devices."""


class Port:
    """One direction: its device, its stream and its state. Belongs to the supervisor's thread,
    except for the callbacks."""

    def __init__(
        self, direction: Direction, wanted: str | int, block: int, on_block: Callable[..., None]
    ) -> None:
        """``on_block(pcm, now, delay)`` is called by PortAudio for every block of ``block``
        samples: to be read (input) or filled (output). ``delay``: output latency in seconds."""
        self.direction: Direction = direction
        self.status = DeviceStatus(str(wanted), present=False)
        self.failures = 0
        self.retry_at = 0.0
        self.on_finished: Callable[[], None] = lambda: None
        self._wanted = wanted
        self._block = block
        self._on_block = on_block
        self._name = str(wanted)
        self._stream: Any = None
        self._latency = 0.0
        self._opened = 0.0
        self._last: float | None = None  # monotonic time of the last callback
        self._finished = False

    @property
    def is_open(self) -> bool:
        return self._stream is not None

    def open(self) -> None:
        """Try to open; ``status`` tells how it went."""
        try:
            module = sounddevice()
            device = find_device(self._wanted, self.direction, list_devices())
            kind = module.RawInputStream if self.direction == "input" else module.RawOutputStream
        except VoiceError as error:
            self._fail(str(error))
            return
        self._name, self._last, self._finished = device.name, None, False
        try:
            with quiet():
                stream = kind(
                    device=device.index,
                    samplerate=RATE,
                    blocksize=self._block,
                    channels=1,
                    dtype="int16",
                    latency="low",  # more makes callbacks come in bursts
                    callback=self._callback,
                    finished_callback=self._on_finished,
                )
                self._latency = stream.latency
                self._opened = time.monotonic()
                self._stream = stream
                stream.start()
        except module.PortAudioError as error:
            self.close()
            self._fail(f"{device.name} cannot be opened at {RATE} Hz: {error}")

    def close(self) -> None:
        """Close, losing what the card had queued."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with quiet():
                stream.abort(ignore_errors=True)
                stream.close(ignore_errors=True)

    def check(self, now: float) -> bool:
        """Look after the stream. False: it had died, and is closed now."""
        if self._stream is None:
            return True
        if self._last is not None and not self.status.present:
            self.status = DeviceStatus(self._name, present=True)
            self.failures = 0
        stall = max(_STALL_BLOCKS * self._block / RATE, _STALL_SECONDS)
        silent = now - self._last > stall if self._last else now - self._opened > _OPENING
        if not (self._finished or silent):
            return True
        # Said first, for closing may hang with the sound server.
        self._fail(f"{self._name} was unplugged" if self._finished else f"{self._name} has stalled")
        self.close()
        return False

    def _fail(self, reason: str) -> None:
        first, longest = _BACK_OFF
        self.retry_at = time.monotonic() + min(longest, first * 2**self.failures)
        self.failures += 1
        self.status = DeviceStatus(self._name, present=False, detail=reason)

    def _callback(self, buffer: Any, frames: int, when: Any, flags: Any) -> None:
        now = self._last = time.monotonic()
        pcm: Pcm = np.frombuffer(buffer, np.int16)
        self._on_block(pcm, now, max(self._latency, when.outputBufferDacTime - when.currentTime))

    def _on_finished(self) -> None:
        self._finished = True
        self.on_finished()


class Supervisor:
    """Opens the ports, and opens them again."""

    def __init__(
        self,
        ports: Sequence[Port],
        lost: Callable[[Port], None],
        idle: Callable[[Port], bool],
        may_rest: Callable[[Port], bool],
    ) -> None:
        """``lost(port)`` is called after a port was closed in the midst of its work.
        ``idle(port)``: would nobody mind if it were closed for 0.1 s? ``may_rest(port)``: is it
        of no use just now? Then its stream is closed, though it counts as present."""
        self._ports = ports
        self._lost = lost
        self._idle = idle
        self._may_rest = may_rest
        self._wake = threading.Event()
        self.working_since = 0.0
        """Monotonic time since when the thread has been inside PortAudio; 0: it is not."""
        for port in ports:
            port.on_finished = self.wake

    def run(self) -> None:
        """The thread. Never returns."""
        while True:
            self.working_since = time.monotonic()
            self._look()
            self.working_since = 0.0
            self._wake.wait(_POLL)
            self._wake.clear()

    def wake(self) -> None:
        """Something changed: look now."""
        self._wake.set()

    def _look(self) -> None:
        now = time.monotonic()
        for port in self._ports:
            if not port.check(now):
                self._lost(port)
            elif port.status.present and port.is_open and self._may_rest(port):
                port.close()
        due = [port for port in self._ports if self._is_due(port)]
        if due:
            self._refresh(max(port.failures for port in due))
            for port in self._ports:
                if self._is_due(port):
                    port.open()

    def _is_due(self, port: Port) -> bool:
        resting = port.status.present and self._may_rest(port)
        return not port.is_open and not resting and port.retry_at <= time.monotonic()

    def _refresh(self, failures: int) -> None:
        """Make PortAudio look at the devices again, unless that would disturb."""
        open_ports = [port for port in self._ports if port.is_open]
        patience = _REFRESH_AFTER if open_ports else 1
        if failures < patience or not all(map(self._idle, open_ports)):
            return
        for port in open_ports:
            port.close()
            self._lost(port)
        try:
            module = sounddevice()
        except VoiceError:
            return
        with quiet():
            module._terminate()
            module._initialize()
