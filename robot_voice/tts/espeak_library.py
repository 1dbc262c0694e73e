"""espeak-ng's library, in a process of its own that stays.

The library tells what of the text it says when, which the program ``espeak-ng`` does not; and it
has its voices loaded, so the first sound comes at once. In a process of its own (``espeak_child``)
because a crash in it is then an error and not ours, and its licence (GPL-3) stays its own.
"""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import select
import subprocess
import sys
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from robot_voice.engines import Cancelled
from robot_voice.errors import TtsError

from .espeak_child import EVENT, HEAD

LIBRARY = "ROBOT_VOICE_ESPEAK_LIBRARY"
"""Environment variable: which library instead of the one the system finds; "none" for none."""

_CHILD = Path(__file__).with_name("espeak_child.py")
_POLL_SECONDS = 0.02
_STOP_SECONDS = 0.05
"""It stops within 1 ms; one that needs longer than this is ended and started anew."""
_START_SECONDS = 10.0
"""How long it may take to start; 0.04 s, on a slow and busy computer perhaps 2."""

_READ_BYTES = 1 << 16
_MAX_FRAME = 1 << 20


class NoLibrary(Exception):
    """There is no library that can be used, and why."""


class Sound(NamedTuple):
    """Some sound: 16-bit samples of one channel."""

    pcm: bytes
    rate: int


class Event(NamedTuple):
    """What the library says happens at a moment of its sound."""

    kind: int
    """See ``espeak_child``."""
    sample: int
    position: int
    """Character of the text, from 1."""
    said: bytes
    """Of a phoneme, in IPA."""


@dataclass(frozen=True, slots=True)
class Order:
    """A sentence and how it is said, in the library's units."""

    text: str
    voice: str
    rate: int
    pitch: int
    volume: int

    def payload(self) -> bytes:
        voice = self.voice.replace("\n", " ")
        text = self.text.replace("\0", " ")
        lines = f"{self.rate}\n{self.pitch}\n{self.volume}\n{voice}\n{text}"
        return lines.encode("utf-8", "replace")


class Library:
    """One process at a time. It starts with the first sentence, and again when it was lost."""

    def __init__(self, timeout: float) -> None:
        """``timeout``: seconds without a word after which it hangs."""
        self._timeout = timeout
        self._name: str | None = None  # not looked for yet
        self._child: _Child | None = None

    def start(self) -> None:
        """Make sure that it runs. Raises ``NoLibrary`` when it cannot."""
        if self._name is None:
            self._name = os.environ.get(LIBRARY) or ctypes.util.find_library("espeak-ng") or "none"
        if self._name == "none":
            raise NoLibrary("there is no library espeak-ng")
        if self._child is None or not self._child.alive:
            self.close()
            self._child = _Child(self._name, self._timeout)

    def say(self, order: Order, cancelled: Cancelled) -> Iterator[Sound | list[Event]]:
        """Sound, and events of the sound that follows, as they come. Closing the iterator, or
        ``cancelled`` becoming true, stops it; the next sentence may come at once.

        Raises ``TtsError`` when it fails, and ``NoLibrary`` like ``start``.
        """
        self.start()
        child = self._child
        assert child is not None
        over = False
        try:
            child.send(b"S", order.payload())
            for kind, payload in child.frames(cancelled):
                over = kind in b"DX"
                if kind == b"X":
                    raise TtsError(payload.decode(errors="replace"))
                if over:
                    return
                if kind == b"A":
                    yield Sound(payload, child.rate)
                else:
                    yield [*map(Event._make, EVENT.iter_unpack(payload))]
        finally:
            if not over and not child.stopped():
                self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """One life of the process."""

    def __init__(self, library: str, timeout: float) -> None:
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                # Isolated and without site-packages: it starts in half the time.
                [sys.executable, "-I", "-S", str(_CHILD), library],
                stdin=pipe,
                stdout=pipe,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as error:
            raise TtsError(f"espeak-ng could not be started: {error}") from error
        self.end = weakref.finalize(self, _end, self._process)
        self._timeout = timeout
        self._buffer = b""
        self.rate = 0  # it has not started
        self.rate = self._greeting()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Raises ``TtsError`` when it is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(HEAD.pack(kind, len(payload)) + payload)
        except BrokenPipeError:
            raise self._gone() from None

    def frames(self, cancelled: Cancelled) -> Iterator[tuple[bytes, bytes]]:
        """What it says, frame by frame; none more once ``cancelled``. Raises ``TtsError`` when it
        dies, or hangs."""
        limit = self._timeout if self.rate else max(_START_SECONDS, self._timeout)
        patience = limit  # of waiting for it, not of our reader's leisure
        while not cancelled():
            if frame := self._frame():
                yield frame
                patience = limit
            elif not self._more(_POLL_SECONDS) and (patience := patience - _POLL_SECONDS) <= 0:
                self.end()
                says = f"espeak-ng said nothing for {limit:g} s"
                raise TtsError(f"{says} (see tts.timeout_seconds)")

    def stopped(self) -> bool:
        """Have it stop its sentence; whether it is ready for the next."""
        if not self.end.alive:
            return False
        waits = round(_STOP_SECONDS / _POLL_SECONDS)
        try:
            self.send(b"C")
            while waits >= 0:
                frame = self._frame()
                if frame and frame[0] in b"DX":
                    return True
                if not frame and not self._more(_POLL_SECONDS):
                    waits -= 1
        except TtsError:
            pass  # it is gone, which is quiet enough
        return False

    def _greeting(self) -> int:
        try:
            kind, said = next(self.frames(lambda: False))
        except TtsError as error:
            raise NoLibrary(str(error)) from error
        if kind != b"R":
            self.end()
            raise NoLibrary(said.decode(errors="replace"))
        return int(said)

    def _frame(self) -> tuple[bytes, bytes] | None:
        """The next of what was read, if there is a whole one."""
        if len(self._buffer) < HEAD.size:
            return None
        kind, length = HEAD.unpack_from(self._buffer)
        if length > _MAX_FRAME:
            self.end()
            raise TtsError("espeak-ng's process speaks nonsense")
        end = HEAD.size + length
        if len(self._buffer) < end:
            return None
        payload, self._buffer = self._buffer[HEAD.size : end], self._buffer[end:]
        return kind, payload

    def _more(self, seconds: float) -> bool:
        """Read on. False: nothing came for so long."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            return False
        data = os.read(self._process.stdout.fileno(), _READ_BYTES)
        if not data:
            raise self._gone()
        self._buffer += data
        return True

    def _gone(self) -> TtsError:
        self._process.kill()  # it may have closed its pipes only
        code = self._process.wait()
        self.end()
        return TtsError(f"espeak-ng's process ended by itself, with status {code}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave no process, no zombie and no file descriptor."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
