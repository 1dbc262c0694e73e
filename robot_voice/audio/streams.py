"""One direction of sound: a device, opened in whatever format it takes, and watched.

A PortAudio stream that dies says so at best by its finished callback and never by an exception;
one that stalls says nothing at all. So a stream is believed only while its callbacks come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from robot_voice.errors import VoiceError
from robot_voice.types import RATE

from .devices import DeviceInfo, Direction, find_device, is_chosen, list_devices, quiet, sounddevice
from .formats import Callback, Format, OnBlock, adapter, formats, is_refusal
from .wire import DeviceStatus

_OPENING, _REOPENING = 2.0, 0.7
"""Seconds a stream has for its first callback. A sound server may take 1.9 s to begin; but one that
is connected in the moment in which a device comes may stay silent for good, so the first attempt at
a device that is back is given less."""

_STALL_BLOCKS = 10
_STALL_SECONDS = 0.25
"""No callback for so many blocks, and so many seconds, is a stall. On a loaded machine without
real-time priority a healthy stream was seen to pause for 0.18 s."""

_BACK_OFF = 0.1
"""First pause in seconds between attempts to open; doubled each time, up to the longest."""
_SOON, _LATER = (0.5, 2.0)
"""The longest pause in the first half minute, in which a plug or a sound server comes back if it
comes at all, and after it. Each attempt costs 22 ms of CPU time when it needs a list of devices."""
_SOON_ATTEMPTS = 60

_PRIMING = 10
"""Blocks by which a card fills its buffer even if it does not play, suspended as it may be."""


class Port:
    """One direction: its device, its stream and its state. Belongs to the supervisor's thread,
    except for the callbacks."""

    def __init__(
        self, direction: Direction, wanted: str | int, block: int, on_block: OnBlock
    ) -> None:
        """``on_block(pcm, now, delay)`` is called by PortAudio for every block of ``block``
        samples: to be read (input) or filled (output). ``delay``: output latency in seconds."""
        self.direction: Direction = direction
        self.status = DeviceStatus(str(wanted), present=False)
        self.failures = 0
        self.retry_at = 0.0
        self.on_finished: Callable[[], None] = lambda: None
        self.moved = False
        """Set by whoever sees that the sound server gave the stream another device."""
        self.starting = 0.0
        """Monotonic time since when PortAudio has been starting the stream; 0: it is not."""
        self.listed = True
        """Whether the device was in the list when it was last to be opened."""
        self._wanted = wanted
        self._block = block
        self._on_block = on_block
        self._name = str(wanted)
        self._format = Format()
        self._convert: Callback = lambda buffer, now, delay: None
        self._stream: Any = None
        self._latency = 0.0
        self._opened = 0.0
        self._last: float | None = None  # monotonic time of the last callback
        self._blocks = 0  # callbacks so far
        self._finished = False
        self._silent = False  # the latest stream had no callback at all
        self._patience = _OPENING

    @property
    def is_open(self) -> bool:
        return self._stream is not None

    @property
    def is_chosen(self) -> bool:
        """Whether it is this very device that is wanted, not whichever the system gives."""
        return is_chosen(self._wanted, self._name)

    def open(self) -> None:
        """Try to open; ``status`` tells how it went."""
        try:
            module = sounddevice()
            device = find_device(self._wanted, self.direction, list_devices())
        except VoiceError as error:
            self.listed = False
            self._fail(str(error))
            return
        self.listed, self._name = True, device.name
        self._last, self._blocks, self._finished = None, 0, False
        self._patience = _REOPENING if self.failures and not self._silent else _OPENING
        try:
            with quiet():
                self._stream = stream = self._negotiate(module, device)
                self._latency = stream.latency
                self.starting = self._opened = time.monotonic()
                stream.start()
        except module.PortAudioError as error:
            self.close()
            self._fail(f"{device.name} cannot be opened: {error}")
        finally:
            self.starting = 0.0

    def _negotiate(self, module: Any, device: DeviceInfo) -> Any:
        """A stream in the first format that the device takes. Raises ``PortAudioError``, the
        first refusal when it takes none."""
        kind = module.RawInputStream if self.direction == "input" else module.RawOutputStream
        refusal: Exception | None = None
        for form in formats(device, self.direction):
            self._format = form
            self._convert = adapter(self.direction, form, self._block, self._on_block)
            try:
                return kind(
                    device=device.index,
                    samplerate=form.rate,
                    blocksize=round(self._block * form.rate / RATE),
                    channels=form.channels,
                    dtype=form.dtype,
                    latency="low",  # more makes callbacks come in bursts
                    callback=self._callback,
                    finished_callback=self._on_finished,
                )
            except module.PortAudioError as error:
                refusal = refusal or error
                if not is_refusal(error):
                    raise
        raise refusal or module.PortAudioError("it has no channels")

    def close(self) -> None:
        """Close, losing what the card had queued."""
        stream, self._stream = self._stream, None
        self.moved = False
        if stream is not None:
            with quiet():
                stream.abort(ignore_errors=True)
                stream.close(ignore_errors=True)

    def check(self, now: float) -> bool:
        """Look after the stream. False: it had died, and is closed now."""
        if self._stream is None:
            return True
        primed = self.direction == "output" and self.failures
        if self._blocks > (_PRIMING if primed else 0) and not self.status.present:
            detail = "" if self._format == Format() else str(self._format)
            self.status = DeviceStatus(self._name, present=True, detail=detail)
            self.failures = 0
        reason = self._trouble(now)
        if not reason:
            return True
        # Said first, for closing may hang with the sound server.
        self._fail(f"{self._name} {reason}")
        self.close()
        return False

    def _trouble(self, now: float) -> str:
        """What is wrong with the stream; empty: nothing."""
        if self._finished:
            return "was unplugged"
        if self.moved and self.is_chosen:
            return "was replaced by the sound server, which has moved the stream elsewhere"
        if self._last is None:
            if now - self._opened <= self._patience:
                return ""
            self._silent = True
            return "gives no sound"
        self._silent = False
        stall = max(_STALL_BLOCKS * self._block / RATE, _STALL_SECONDS)
        return "has stalled" if now - self._last > stall else ""

    def _fail(self, reason: str) -> None:
        longest = _SOON if self.failures < _SOON_ATTEMPTS else _LATER
        self.retry_at = time.monotonic() + min(longest, _BACK_OFF * 2 ** min(self.failures, 10))
        self.failures += 1
        self.status = DeviceStatus(self._name, present=False, detail=reason)

    def _callback(self, buffer: Any, frames: int, when: Any, flags: Any) -> None:
        now = self._last = time.monotonic()
        self._blocks += 1
        delay = when.outputBufferDacTime - when.currentTime
        self._convert(buffer, now, max(self._latency, delay))

    def _on_finished(self) -> None:
        self._finished = True
        self.on_finished()
